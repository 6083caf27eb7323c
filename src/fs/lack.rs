//! Features that a file system lacks.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::io::Errno;

use super::{IoContext, Result};

/// A feature that an environment needs and a file system lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    #[error("the file system does not support symbolic links")]
    SymbolicLinks,
    /// Case-insensitive, or normalises Unicode.
    #[error("the file system treats this name as equal to another one in the tree")]
    Names,
    #[error("the file system does not support executable files")]
    Programs,
}

impl Lack {
    /// The cause in an [`super::Error`].
    pub fn error(self) -> io::Error {
        io::Error::new(io::ErrorKind::Unsupported, self)
    }

    /// The remedy, for the user.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::SymbolicLinks => {
                "a directory on a file system with symbolic links, where programs may run"
            }
            Self::Names => "a directory on a case-sensitive file system",
            Self::Programs => {
                "a directory on a file system with permissions, where programs may run"
            }
        }
    }

    /// The missing feature, if the error was made by [`Self::error`].
    pub fn of(error: &io::Error) -> Option<Self> {
        error
            .get_ref()
            .and_then(|inner| inner.downcast_ref())
            .copied()
    }
}

/// Whether an error means that the file system does not support the call. Linux returns `PERM` for
/// unsupported links (`symlink(2)`, `link(2)`), and for modes where there are none. The caller
/// created the file, so it has every permission it needs.
pub(super) fn is_unknown(errno: Errno) -> bool {
    matches!(errno, Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS)
}

/// Diagnoses why a symbolic link could not be created.
pub(super) fn no_symlink(errno: Errno) -> io::Error {
    if is_unknown(errno) {
        Lack::SymbolicLinks.error()
    } else {
        errno.into()
    }
}

/// Creates a symbolic link.
pub fn symlink(target: &Path, path: &Path) -> Result<()> {
    rustix::fs::symlink(target, path)
        .map_err(no_symlink)
        .on("create link", path)
}

/// Sets the mode of a file that this process created. On a file system without modes it is left
/// unchanged.
pub fn set_mode(path: &Path, mode: u32) -> Result<()> {
    let outcome = std::fs::set_permissions(path, Permissions::from_mode(mode));
    match outcome
        .as_ref()
        .map_err(|error| error.raw_os_error().map(Errno::from_raw_os_error))
    {
        Err(Some(errno)) if is_unknown(errno) => Ok(()),
        _ => outcome.on("set the mode of", path),
    }
}
