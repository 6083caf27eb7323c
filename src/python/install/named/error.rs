use std::path::{Path, PathBuf};

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::python::command::redact;

/// Result of the operations of this module.
pub(super) type Result<T> = std::result::Result<T, NamedSourceError>;

/// A source that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the source of `{name}` in `{}` cannot be used: {reason}", path.display())]
pub struct NamedSourceError {
    /// The manifest.
    pub path: PathBuf,
    pub name: String,
    pub reason: Box<str>,
}

impl Diagnostic for NamedSourceError {
    fn diagnosis(&self) -> Diagnosis {
        Code::NO_SOURCE_THERE.with_hint("correct the source, or remove it")
    }
}

/// The error for an unsupported source.
pub(super) fn refused(path: &Path, name: &str, reason: impl Into<String>) -> NamedSourceError {
    NamedSourceError {
        path: path.to_path_buf(),
        name: name.to_owned(),
        reason: redact(&reason.into()).into(),
    }
}
