//! What builds and tools leave in a tree: it would be taken for sources, or change what the next build makes.

use std::path::Path;

use crate::fs::is_cache;

/// Directories of tools, wherever they are.
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

/// What tools leave where git is told to ignore it; elsewhere it may be anything.
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

/// Files beside which `build` and `dist` are what a build has made.
const MANIFESTS: &[&str] = &["pyproject.toml", "setup.py", "setup.cfg"];

/// Whether a directory holds what has been made or fetched, as far as its name and content tell.
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
        // A package may well be called `build`.
        || (matches!(name, "build" | "dist") && !directory.join("__init__.py").exists() && (at_top || beside_manifest()))
}

/// Whether something that git ignores is a tool's own, and none that a build has made.
pub(super) fn is_tools_own(name: &str) -> bool {
    IGNORED.contains(&name) || name.starts_with(".coverage.")
}
