//! What a file system does not have.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::io::Errno;

use super::{IoContext, Result};

/// Something that an environment needs and a file system does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    #[error("the file system there has no symbolic links")]
    SymbolicLinks,
    /// Upper and lower case are one to it, or two ways to write an accent.
    #[error("to the file system there this name is the same as another one of the tree")]
    Names,
    #[error("the file system there does not mark files as programs")]
    Programs,
}

impl Lack {
    /// The cause of an [`super::Error`].
    pub fn error(self) -> io::Error {
        io::Error::new(io::ErrorKind::Unsupported, self)
    }

    /// What the user can do.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::SymbolicLinks => {
                "a directory on a file system with symbolic links, where programs may run"
            }
            Self::Names => "a directory on a file system that tells upper case from lower case",
            Self::Programs => {
                "a directory on a file system with permissions, where programs may run"
            }
        }
    }

    /// What an error is about, if it was made by [`Self::error`].
    pub fn of(error: &io::Error) -> Option<Self> {
        error
            .get_ref()
            .and_then(|inner| inner.downcast_ref())
            .copied()
    }
}

/// Whether a file system says that it knows no such call. `PERM` is what Linux says of links (`symlink(2)`, `link(2)`), and
/// of modes where there are none; who calls has made the file and may do all that can be done to it.
pub(super) fn is_unknown(errno: Errno) -> bool {
    matches!(errno, Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS)
}

/// Why a symbolic link could not be made.
pub(super) fn no_symlink(errno: Errno) -> io::Error {
    if is_unknown(errno) {
        Lack::SymbolicLinks.error()
    } else {
        errno.into()
    }
}

/// Makes a symbolic link.
pub fn symlink(target: &Path, path: &Path) -> Result<()> {
    rustix::fs::symlink(target, path)
        .map_err(no_symlink)
        .on("create link", path)
}

/// Sets the mode of something that this process has made. Where there are no modes the one that is there stays.
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
