use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::fs::{self, code_of};

/// Result of the operations of this module.
pub(super) type Result<T> = std::result::Result<T, SourcesError>;

/// Why the files of a directory cannot be listed or copied.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    #[error(transparent)]
    Fs(#[from] fs::Error),
    #[error("there is no project in `{}`", path.display())]
    NoProjectAt { path: PathBuf },
    #[error(transparent)]
    Entry(#[from] SourceError),
}

impl Diagnostic for SourcesError {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Fs(error) => error.code().into(),
            Self::NoProjectAt { .. } => {
                Code::NO_MANIFEST.with_hint("a project is a directory with a `pyproject.toml`")
            }
            Self::Entry(error) => error.diagnosis(),
        }
    }
}

/// The name of the ignore file.
pub(super) const IGNORE_FILE: &str = ".flavorignore";

/// An entry of a directory that cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("the link `{}` leads to `{}`, outside `{}`", path.display(), target.display(), directory.display())]
    LeadsOut {
        directory: PathBuf,
        path: PathBuf,
        target: PathBuf,
    },
    #[error("the link `{}` is broken: `{}`", path.display(), target.display())]
    Dangling { path: PathBuf, target: PathBuf },
    #[error("the link `{}` is a loop", path.display())]
    Loop { path: PathBuf },
    #[error("`{}` is a device, socket or pipe", path.display())]
    Special { path: PathBuf },
    #[error("cannot read `{}`", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
}

impl Diagnostic for SourceError {
    fn diagnosis(&self) -> Diagnosis {
        let leave_out = format!("leave it out with a line in `{IGNORE_FILE}`");
        match self {
            Self::LeadsOut { .. } => {
                Code::ESCAPING_LINK.with_hint(format!("replace the link by a copy, or {leave_out}"))
            }
            Self::Dangling { .. } => {
                Code::DANGLING_LINK.with_hint(format!("remove the link, or {leave_out}"))
            }
            Self::Loop { .. } => {
                Code::LINK_LOOP.with_hint(format!("remove the link, or {leave_out}"))
            }
            Self::Special { .. } => Code::SPECIAL_FILE.with_hint(leave_out),
            Self::Unreadable { source, .. } => code_of(source).with_hint(leave_out),
        }
    }
}

impl SourceError {
    /// The path it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::LeadsOut { path, .. }
            | Self::Dangling { path, .. }
            | Self::Loop { path }
            | Self::Special { path }
            | Self::Unreadable { path, .. } => path,
        }
    }
}
