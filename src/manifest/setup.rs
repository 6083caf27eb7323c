//! The files of setuptools that describe a project without `[project]`. They are detected here, and
//! read only by setuptools.

use std::path::{Path, PathBuf};

use crate::pyproject::{self, MANIFEST};

const SCRIPT: &str = "setup.py";
const CONFIG: &str = "setup.cfg";

/// The origin of `setup`: setuptools, or libraries based on it.
const SETUPS: [&str; 4] = ["setuptools", "distutils", "skbuild", "import setup"];

/// The file that describes the project in a directory: `pyproject.toml` if there is one, else one
/// of setuptools' own.
pub fn description_in(directory: &Path) -> Option<PathBuf> {
    [MANIFEST, SCRIPT, CONFIG]
        .iter()
        .map(|name| directory.join(name))
        .find(|path| match path.file_name() {
            Some(name) if name == MANIFEST => path.exists(),
            _ => describes(path),
        })
}

/// Whether a file is a description for setuptools.
pub fn is_setup(path: &Path) -> bool {
    is_description(path) && describes(path)
}

/// Whether a `pyproject.toml`, or a file beside it, describes a project. Other tools keep settings
/// there, too.
pub fn describes_project(manifest: &Path) -> bool {
    let table = match pyproject::read(manifest) {
        Ok(table) => table,
        // Reported by the parser of the manifest.
        Err(pyproject::Error::Syntax(_)) => return true,
        Err(pyproject::Error::Read(_)) => toml::Table::new(),
    };
    let of_tool = |tool: &str| {
        table
            .get("tool")
            .is_some_and(|tools| tools.get(tool).is_some())
    };
    ["project", "build-system"]
        .iter()
        .any(|key| table.contains_key(*key))
        || ["flavor", "poetry", "flit"].into_iter().any(of_tool)
        || is_beside(manifest)
}

/// Whether a file has the name of one of setuptools' own.
pub(super) fn is_description(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name == SCRIPT || name == CONFIG)
}

/// Whether there is a description for setuptools beside the manifest `path`, or at `path`.
pub fn is_beside(path: &Path) -> bool {
    [SCRIPT, CONFIG]
        .iter()
        .any(|name| describes(&path.with_file_name(name)))
}

/// Whether a file describes a project. Programs may have modules called `setup`, and many tools
/// keep their settings in `setup.cfg`.
fn describes(path: &Path) -> bool {
    let Ok(text) = std::fs::read(path) else {
        return false;
    };
    let text = String::from_utf8_lossy(&text);
    if path.ends_with(CONFIG) {
        return text
            .lines()
            .map(str::trim_end)
            .any(|line| line == "[metadata]" || line == "[options]");
    }
    let calls = |line: &str| line.contains("setup(") && !line.trim_start().starts_with("def ");
    text.lines().any(calls) && SETUPS.iter().any(|name| text.contains(name))
}
