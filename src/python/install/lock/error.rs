use std::path::{Path, PathBuf};

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::fs;
use crate::python::command::indented;
use crate::python::install::named::NamedSourceError;

/// Result of the operations of this module.
pub(super) type Result<T> = std::result::Result<T, Error>;

/// Why a lock file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Fs(#[from] fs::Error),

    #[error(transparent)]
    NamedSource(#[from] NamedSourceError),

    #[error("cannot use the lock file `{}`\n{}", path.display(), indented("lock", said))]
    Unusable { path: PathBuf, said: Vec<String> },

    /// `path` is the lock file.
    #[error("the lock file `{}` does not match the project: {reason}", path.display())]
    Stale { path: PathBuf, reason: Box<str> },

    /// `requirement` is without credentials.
    #[error("{}:{line}: `{requirement}` is not a valid requirement: {reason}", path.display())]
    BadLine {
        path: PathBuf,
        line: usize,
        requirement: Box<str>,
        reason: Box<str>,
    },
}

impl Diagnostic for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Fs(error) => error.code().into(),
            Self::NamedSource(error) => error.diagnosis(),
            Self::Unusable { .. } => {
                Code::BAD_LOCK.with_hint("create it again, for example with `uv lock`")
            }
            Self::Stale { path, .. } => Code::STALE_LOCK.with_hint(format!(
                "create it again with `{}`, or ignore it with `--refresh`",
                lock_command(path)
            )),
            Self::BadLine { .. } => {
                Code::BAD_REQUIREMENT.with_hint("write it like `rich>=13,<15`, one a line")
            }
        }
    }
}

/// The command that makes a lock file again.
fn lock_command(lock: &Path) -> &'static str {
    match lock.file_name().and_then(|name| name.to_str()) {
        Some("poetry.lock") => "poetry lock",
        Some("pdm.lock") => "pdm lock",
        Some("pylock.toml") => "uv export --output-file pylock.toml",
        Some("uv.lock") => "uv lock",
        Some(name)
            if Path::new(name)
                .extension()
                .is_some_and(|extension| extension == "lock") =>
        {
            "uv lock --script"
        }
        _ => "uv pip compile --generate-hashes",
    }
}

/// The error for an unusable lock.
pub(in super::super) fn unusable(file: &Path, reason: impl Into<String>) -> Error {
    Error::Unusable {
        path: file.to_path_buf(),
        said: vec![reason.into()],
    }
}

/// The error for an outdated lock.
pub(super) fn stale(file: &Path, reason: impl Into<String>) -> Error {
    Error::Stale {
        path: file.to_path_buf(),
        reason: reason.into().into(),
    }
}
