//! What a tree from an archive consists of, and which names and links it accepts. Independent of
//! where it is written.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::{Error, IoContext, LinkFault, Result};

/// The maximum length of a path component, on every file system in use.
const MAX_COMPONENT: usize = 255;
/// The maximum length of a path inside an archive.
pub const MAX_PATH: usize = 4096;
/// The maximum number of components in a path; far deeper than any real tree.
const MAX_DEPTH: usize = 256;
/// The maximum number of parent directories that an archive may imply without listing them.
pub(super) const MOST_IMPLIED: u64 = 10_000;

/// Why an entry of an archive is not written.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    #[error("the name `{name}` is not a plain relative path inside the directory")]
    UnsafePath { name: String },
    #[error("the link `{name}` points to `{target}`, outside the directory")]
    UnsafeLink { name: String, target: String },
    #[error("`{name}` already exists")]
    Twice { name: String },
    #[error("a parent of `{name}` is not a directory")]
    ThroughLink { name: String },
    #[error("more than {MOST_IMPLIED} parent directories are missing from the archive")]
    Implied,
    #[error("the hard link `{name}` points to `{target}`, which is not a file of the archive")]
    NoTarget { name: String, target: String },
    #[error(transparent)]
    Io(#[from] Error),
}

/// Accepts a name from an archive: relative; no empty, `.` or `..` component; no NUL; components
/// and whole within limits.
///
/// # Errors
/// [`TreeError::UnsafePath`].
pub fn checked_path(name: &[u8]) -> std::result::Result<&Path, TreeError> {
    let refuse = || TreeError::UnsafePath {
        name: String::from_utf8_lossy(name).escape_debug().to_string(),
    };
    if name.is_empty() || name.len() > MAX_PATH || name.contains(&0) {
        return Err(refuse());
    }
    if name.split(|byte| *byte == b'/').nth(MAX_DEPTH).is_some() {
        return Err(refuse());
    }
    for part in name.split(|byte| *byte == b'/') {
        if part.is_empty() || part == b"." || part == b".." || part.len() > MAX_COMPONENT {
            return Err(refuse());
        }
    }
    Ok(Path::new(OsStr::from_bytes(name)))
}

/// How the permission bits in an archive are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modes {
    /// Kept, except for set-user-id, set-group-id and sticky.
    Keep,
    /// Without any write bits: for a tree that is shared and must not change.
    ReadOnly,
}

impl Modes {
    /// The resulting bits of an entry.
    pub fn apply(self, mode: u16) -> u16 {
        match self {
            Self::Keep => mode & 0o777,
            Self::ReadOnly => mode & 0o555,
        }
    }
}

/// Accepts the entries of an archive, from several threads.
pub trait Tree: Sync {
    /// How the permission bits in an archive are applied.
    fn mode(&self, mode: u16) -> u16;

    /// Creates a directory.
    fn directory(&self, name: &[u8], mode: u16) -> std::result::Result<(), TreeError>;

    /// Creates a regular file. The name must be unused.
    fn file(&self, name: &[u8], mode: u16) -> std::result::Result<TreeFile, TreeError>;

    /// Records a hard link to a regular file of this tree.
    fn hard_link(&self, name: &[u8], target: &[u8]) -> std::result::Result<(), TreeError>;

    /// Records a symbolic link.
    fn symlink(&self, name: &[u8], target: &[u8]) -> std::result::Result<(), TreeError>;
}

/// A file being written.
#[derive(Debug)]
pub struct TreeFile {
    /// `None` discards the content.
    fd: Option<OwnedFd>,
    path: PathBuf,
}

impl TreeFile {
    /// A file that `fd` writes; errors name `path`.
    pub(super) fn new(fd: OwnedFd, path: &Path) -> Self {
        Self {
            fd: Some(fd),
            path: path.into(),
        }
    }

    /// A missing file.
    pub(super) fn nowhere() -> Self {
        Self {
            fd: None,
            path: PathBuf::new(),
        }
    }

    pub fn write_at(&self, mut bytes: &[u8], mut offset: u64) -> Result<()> {
        let Some(fd) = &self.fd else { return Ok(()) };
        while !bytes.is_empty() {
            match rustix::io::pwrite(fd, bytes, offset) {
                Ok(0) => {
                    return Err(io::Error::from(io::ErrorKind::WriteZero)).on("write", &self.path);
                }
                Ok(count) => {
                    bytes = bytes.get(count..).unwrap_or_default();
                    offset = offset.saturating_add(count as u64);
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(io::Error::from(errno)).on("write", &self.path),
            }
        }
        Ok(())
    }
}

/// The errors for faulty links.
pub(super) fn link_fault(fault: LinkFault<'_>) -> TreeError {
    match fault {
        LinkFault::LeadsOut { path, target } => unsafe_link(path, target),
        LinkFault::Behind { path } => TreeError::ThroughLink {
            name: printable(path),
        },
        LinkFault::Scattered => TreeError::Implied,
    }
}

/// Accepts the name and the target of a symbolic link from an archive.
pub(super) fn checked_link<'a>(
    name: &'a [u8],
    target: &'a [u8],
) -> std::result::Result<(&'a Path, &'a Path), TreeError> {
    let (path, target_path) = (checked_path(name)?, Path::new(OsStr::from_bytes(target)));
    if target.is_empty() || target.len() > MAX_PATH || target.contains(&0) {
        return Err(unsafe_link(path, target_path));
    }
    Ok((path, target_path))
}

fn unsafe_link(path: &Path, target: &Path) -> TreeError {
    TreeError::UnsafeLink {
        name: printable(path),
        target: printable(target),
    }
}

/// A name from an archive, escaped for a message.
pub(super) fn printable(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_are_refused() {
        for bad in ["", "/a", "../a", "a/../b", "a//b", "./a", "a/", "a\0b"] {
            assert!(checked_path(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(checked_path(b"a/b.c").is_ok());
    }
}
