//! Build outputs and files of tools in a tree, which must not be mistaken for sources or affect the
//! next build.

use std::path::Path;

use crate::fs::is_cache;

/// Directories of tools, at any depth.
const DIRECTORIES: &[&str] = &[
    "__pycache__",
    ".hg",
    ".svn",
    ".bzr",
    ".jj",
    ".venv",
    "node_modules",
    ".tox",
    ".nox",
    ".eggs",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
];

/// Outputs of tools if git ignores them; otherwise they may be anything.
const IGNORED: &[&str] = &[
    ".DS_Store",
    ".cache",
    ".coverage",
    ".direnv",
    ".hypothesis",
    ".idea",
    ".ipynb_checkpoints",
    ".pdm-build",
    ".pdm-python",
    ".pixi",
    ".pytype",
    ".vscode",
    "_skbuild",
    "htmlcov",
];

/// Files beside which `build` and `dist` are build outputs.
const MANIFESTS: &[&str] = &["pyproject.toml", "setup.py", "setup.cfg"];

/// Whether a directory contains generated or downloaded files, judged by its name and content.
pub(super) fn is_left_behind(directory: &Path, name: &str, at_top: bool) -> bool {
    let beside_manifest = || {
        directory
            .parent()
            .is_some_and(|parent| MANIFESTS.iter().any(|name| parent.join(name).is_file()))
    };
    DIRECTORIES.contains(&name)
        || name.ends_with(".egg-info")
        || directory.join("pyvenv.cfg").is_file()
        || is_cache(directory)
        // A package may be called `build`.
        || (matches!(name, "build" | "dist") && !directory.join("__init__.py").exists() && (at_top || beside_manifest()))
}

/// Whether an ignored entry belongs to a tool rather than to a build.
pub(super) fn is_tools_own(name: &str) -> bool {
    IGNORED.contains(&name) || name.starts_with(".coverage.")
}
