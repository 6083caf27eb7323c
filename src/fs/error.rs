use std::io;
use std::path::{Path, PathBuf};

use crate::code::Code;

/// An operation on a path that the system refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} `{}`", path.display())]
pub struct Error {
    /// What was tried, as a verb phrase that reads after "cannot": `read`, `create directory`.
    pub operation: &'static str,
    /// What it was tried on.
    pub path: PathBuf,
    /// Why it did not work.
    pub source: io::Error,
}

impl Error {
    /// Its code, by what the system says.
    pub fn code(&self) -> Code {
        code_of(&self.source)
    }
}

/// The code of what the system says.
pub fn code_of(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::NotFound => Code::NOT_FOUND,
        io::ErrorKind::PermissionDenied => Code::PERMISSION_DENIED,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::NO_ROOM,
        _ => Code::SYSTEM,
    }
}

/// Shorthand for operations of this module.
pub type Result<T> = std::result::Result<T, Error>;

/// Adds the operation and the path to an [`io::Result`].
pub trait IoContext<T> {
    /// Names what was tried (`operation` reads after "cannot") and on which path.
    fn on(self, operation: &'static str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn on(self, operation: &'static str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|source| Error { operation, path: path.as_ref().to_path_buf(), source })
    }
}

impl IoContext<()> for rustix::io::Result<()> {
    fn on(self, operation: &'static str, path: impl AsRef<Path>) -> Result<()> {
        self.map_err(|errno| Error { operation, path: path.as_ref().to_path_buf(), source: errno.into() })
    }
}
