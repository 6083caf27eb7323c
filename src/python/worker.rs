//! Programs that an interpreter runs on modules: they read a task from standard input and print the
//! answer, both JSON.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::child;
use super::command::{StartError, not_started};
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::fs::{self, IoContext as _};
use crate::report::ended;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Fs(#[from] fs::Error),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("`{}`, which was to import the packed modules, {outcome}", executable.display())]
    NoAnswer {
        executable: PathBuf,
        outcome: String,
    },
}

impl Diagnostic for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Fs(error) => error.code().into(),
            Self::Start(error) => error.diagnosis(),
            Self::NoAnswer { .. } => Code::PROGRAM_STOPPED.into(),
        }
    }
}

/// Runs the program with a task, and returns its answer.
pub(super) fn answer<T: DeserializeOwned>(command: &mut Command, task: &Value) -> Result<T, Error> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| not_started(command, source))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A process that has ended already says so by its output.
        drop(stdin.write_all(task.to_string().as_bytes()));
    }
    let executable = PathBuf::from(command.get_program());
    let output = child::finish(child).on("wait for", &executable)?;
    serde_json::from_slice(&output.stdout).map_err(|_| Error::NoAnswer {
        executable,
        outcome: ended(output.status),
    })
}
