//! Determines the extension modules that a program imports unconditionally: by imports at the top
//! of modules, outside `try`, `if` and functions. The interpreter parses the sources, but does not
//! run them.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::command::command;
use super::worker;

/// Source of the program that follows imports.
const WORKER: &str = include_str!("reach_worker.py");

/// The entry of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A file, relative to the first root.
    File(String),
    Module(String),
    /// A package that is run by its `__main__`.
    Package(String),
}

impl Start {
    /// Encoded as one string.
    pub fn text(&self) -> String {
        let (kind, text) = self.words();
        format!("{kind} {text}")
    }

    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::File(text) => ("file", text),
            Self::Module(text) => ("module", text),
            Self::Package(text) => ("package", text),
        }
    }
}

/// The extension modules imported from `start` on. A root is a tree and a directory in it; results
/// are relative to their tree.
pub fn reach(
    executable: &Path,
    roots: &[(PathBuf, PathBuf)],
    start: &Start,
) -> Result<Vec<String>, worker::Error> {
    let mut command = command(executable);
    command.args(["-I", "-S", "-B", "-c", WORKER]);
    let task = json!({ "roots": roots, "start": start.words() });
    worker::answer(&mut command, &task)
}
