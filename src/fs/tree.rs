use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::{Error, IoContext, Result};

/// Bytes of one path component, the limit of every file system in use.
const MAX_COMPONENT: usize = 255;
/// Bytes of a whole path inside an archive.
pub const MAX_PATH: usize = 4096;

/// Why an archive's entry is not written.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    #[error("the name `{name}` leaves the directory or is not a plain relative path")]
    UnsafePath { name: String },
    #[error("the link `{name}` points to `{target}`, outside the directory")]
    UnsafeLink { name: String, target: String },
    #[error(transparent)]
    Io(#[from] Error),
}

/// Accepts a name from an archive: relative, no empty, `.` or `..` part, no NUL, parts and whole within limits.
///
/// # Errors
/// [`TreeError::UnsafePath`].
pub fn checked_path(name: &[u8]) -> std::result::Result<&Path, TreeError> {
    let refuse = || TreeError::UnsafePath { name: String::from_utf8_lossy(name).escape_debug().to_string() };
    if name.is_empty() || name.len() > MAX_PATH || name.contains(&0) {
        return Err(refuse());
    }
    for part in name.split(|byte| *byte == b'/') {
        if part.is_empty() || part == b"." || part == b".." || part.len() > MAX_COMPONENT {
            return Err(refuse());
        }
    }
    Ok(Path::new(OsStr::from_bytes(name)))
}

/// What becomes of the permission bits that an archive asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modes {
    /// They are kept, set-uid and its kin excepted.
    Keep,
    /// Nobody may write: for a tree that is shared and must not change.
    ReadOnly,
}

impl Modes {
    fn apply(self, mode: u16) -> u16 {
        match self {
            Self::Keep => mode & 0o777,
            Self::ReadOnly => mode & 0o555,
        }
    }
}

/// Writes the entries of an archive below one directory that is private to this process.
///
/// Links are kept back and made by [`Self::finish`]: while files are written there is no link in the tree that a name
/// could lead through. All methods may be called from several threads.
pub struct TreeWriter {
    root: PathBuf,
    root_fd: OwnedFd,
    modes: Modes,
    late: Mutex<Late>,
}

/// What is done when all files are there.
#[derive(Default)]
struct Late {
    hard_links: Vec<(PathBuf, PathBuf)>,
    symlinks: Vec<(PathBuf, PathBuf)>,
    /// Directories whose mode is not the one they were made with.
    directory_modes: Vec<(PathBuf, u16)>,
}

/// A file being written.
#[derive(Debug)]
pub struct TreeFile {
    fd: OwnedFd,
    path: PathBuf,
}

impl TreeWriter {
    /// Starts a tree in `root`, an existing directory.
    pub fn new(root: &Path, modes: Modes) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let root_fd = rustix::fs::openat(CWD, root, flags, Mode::empty()).map_err(io::Error::from);
        Ok(Self { root: root.into(), root_fd: root_fd.on("open directory", root)?, modes, late: Mutex::default() })
    }

    /// What becomes of the permission bits that an archive asks for.
    pub fn mode(&self, mode: u16) -> u16 {
        self.modes.apply(mode)
    }

    /// Makes a directory. Writable until [`Self::finish`], whatever `mode` says.
    pub fn directory(&self, name: &[u8], mode: u16) -> std::result::Result<(), TreeError> {
        let path = checked_path(name)?;
        match rustix::fs::mkdirat(&self.root_fd, path, Mode::RWXU) {
            Err(Errno::NOENT) => self.create_parents(path).and_then(|()| {
                rustix::fs::mkdirat(&self.root_fd, path, Mode::RWXU).on("create directory", self.root.join(path))
            })?,
            Ok(()) | Err(Errno::EXIST) => {}
            other => other.on("create directory", self.root.join(path))?,
        }
        self.late().directory_modes.push((path.into(), mode));
        Ok(())
    }

    /// Creates a regular file; its name must be new.
    pub fn file(&self, name: &[u8], mode: u16) -> std::result::Result<TreeFile, TreeError> {
        let path = checked_path(name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(u32::from(self.modes.apply(mode)));
        let opened = match rustix::fs::openat(&self.root_fd, path, flags, mode) {
            Err(Errno::NOENT) => {
                self.create_parents(path)?;
                rustix::fs::openat(&self.root_fd, path, flags, mode)
            }
            other => other,
        };
        let fd = opened.map_err(io::Error::from).on("create file", self.root.join(path))?;
        Ok(TreeFile { fd, path: path.into() })
    }

    /// Notes a hard link to a regular file of this tree.
    pub fn hard_link(&self, name: &[u8], target: &[u8]) -> std::result::Result<(), TreeError> {
        let link = (checked_path(name)?.into(), checked_path(target)?.into());
        self.late().hard_links.push(link);
        Ok(())
    }

    /// Notes a symbolic link; refused when its target is absolute or leads out of the tree.
    pub fn symlink(&self, name: &[u8], target: &[u8]) -> std::result::Result<(), TreeError> {
        let path = checked_path(name)?;
        let target_path = Path::new(OsStr::from_bytes(target));
        if target.is_empty() || target.contains(&0) || !stays_inside(path, target_path) {
            return Err(TreeError::UnsafeLink {
                name: path.display().to_string(),
                target: target_path.display().to_string(),
            });
        }
        self.late().symlinks.push((path.into(), target_path.into()));
        Ok(())
    }

    /// Makes the links, then gives every directory its mode: deepest first, because a directory may lose its write bit.
    pub fn finish(self) -> std::result::Result<(), TreeError> {
        let late = std::mem::take(&mut *self.late());
        for (path, target) in &late.hard_links {
            let link = || rustix::fs::linkat(&self.root_fd, target, &self.root_fd, path, AtFlags::empty());
            self.retry_with_parents(path, link)?;
        }
        for (path, target) in &late.symlinks {
            self.retry_with_parents(path, || rustix::fs::symlinkat(target, &self.root_fd, path))?;
        }
        let mut modes = late.directory_modes;
        modes.sort_by(|a, b| b.0.cmp(&a.0));
        for (path, mode) in modes {
            let mode = Mode::from_raw_mode(u32::from(self.modes.apply(mode)));
            if mode != Mode::RWXU {
                rustix::fs::chmodat(&self.root_fd, &path, mode, AtFlags::empty())
                    .on("set the mode of", self.root.join(&path))?;
            }
        }
        Ok(())
    }

    fn retry_with_parents(&self, path: &Path, make: impl Fn() -> rustix::io::Result<()>) -> Result<()> {
        match make() {
            Err(Errno::NOENT) => {
                self.create_parents(path)?;
                make()
            }
            other => other,
        }
        .on("create link", self.root.join(path))
    }

    /// Makes the directories above `path` that an archive did not list.
    fn create_parents(&self, path: &Path) -> Result<()> {
        let mut so_far = PathBuf::new();
        for part in path.parent().unwrap_or(Path::new("")).components() {
            so_far.push(part);
            match rustix::fs::mkdirat(&self.root_fd, &so_far, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                other => other.on("create directory", self.root.join(&so_far))?,
            }
        }
        Ok(())
    }

    fn late(&self) -> std::sync::MutexGuard<'_, Late> {
        self.late.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl TreeFile {
    /// Writes all of `bytes` at `offset`.
    pub fn write_at(&self, mut bytes: &[u8], mut offset: u64) -> Result<()> {
        while !bytes.is_empty() {
            match rustix::io::pwrite(&self.fd, bytes, offset) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero)).on("write", &self.path),
                Ok(count) => {
                    bytes = &bytes[count..];
                    offset += count as u64;
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(io::Error::from(errno)).on("write", &self.path),
            }
        }
        Ok(())
    }
}

/// Whether a symbolic link at `path` with this target leads to a place inside the tree, by the text alone.
pub fn stays_inside(path: &Path, target: &Path) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir => match depth.checked_sub(1) {
                Some(up) => depth = up,
                None => return false,
            },
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
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

    #[test]
    fn links_may_climb_only_inside() {
        assert!(stays_inside(Path::new("lib/a.so"), Path::new("../bin/a.so.1")));
        assert!(!stays_inside(Path::new("lib/a.so"), Path::new("../../etc/passwd")));
        assert!(!stays_inside(Path::new("a"), Path::new("/etc/passwd")));
        assert!(!stays_inside(Path::new("a"), Path::new("b/../../c")));
    }
}
