//! Determines the extension modules that a program imports unconditionally: by imports at the top
//! of modules, outside `try`, `if` and functions. The interpreter parses the sources, but does not
//! run them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;

use super::child;
use super::command::command;
use super::error::{Error, Result};
use crate::fs::IoContext as _;
use crate::report::ended;

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
) -> Result<Vec<String>> {
    let mut command = command(executable);
    command.args(["-I", "-S", "-B", "-c", WORKER]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().map_err(|source| Error::Start {
        program: executable.into(),
        source,
    })?;
    let task = json!({ "roots": roots, "start": start.words() }).to_string();
    if let Some(mut stdin) = child.stdin.take() {
        // A process that has ended already says so by its output.
        drop(stdin.write_all(task.as_bytes()));
    }
    let output = child::finish(child).on("wait for", executable)?;
    serde_json::from_slice(&output.stdout).map_err(|_| Error::ImportCheck {
        executable: executable.into(),
        outcome: ended(output.status),
    })
}
