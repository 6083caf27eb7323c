use std::path::{Path, PathBuf};

use zip::result::ZipError;

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::fs;

/// Result of the operations on wheels.
pub(super) type Result<T> = std::result::Result<T, WheelError>;

/// Why a wheel cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WheelError {
    #[error(transparent)]
    Fs(#[from] fs::Error),

    #[error("cannot unpack the wheel `{}`: {reason}", wheel.display())]
    Bad { wheel: PathBuf, reason: String },
}

impl Diagnostic for WheelError {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Fs(error) => error.code().into(),
            Self::Bad { .. } => Code::BAD_WHEEL
                .with_hint("the wheel is damaged or violates PEP 427; download or build it again"),
        }
    }
}

pub(super) fn bad(wheel: &Path, error: &ZipError) -> WheelError {
    WheelError::Bad {
        wheel: wheel.to_path_buf(),
        reason: archive_reason(error),
    }
}

/// Describes the fault of an archive.
pub(super) fn archive_reason(error: &ZipError) -> String {
    match error {
        ZipError::Io(error) if error.raw_os_error().is_some() => {
            format!("it cannot be read: {error}")
        }
        ZipError::Io(_) | ZipError::InvalidArchive(_) => "it is not a complete zip archive".into(),
        ZipError::FileNotFound => "it lacks a file".into(),
        _ => "it uses an unsupported compression or encryption".into(),
    }
}
