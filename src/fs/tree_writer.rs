//! Writes a tree from an archive to a directory.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::beneath::Beneath;
use super::lack::{is_unknown, no_symlink};
use super::tree::{MOST_IMPLIED, checked_link, checked_path, link_fault, printable};
use super::{
    Error, IoContext, Lack, Modes, Result, Tree, TreeError, TreeFile, TreeLinks, names_in,
};

/// Writes the entries of an archive below one directory, which is private to this process and
/// empty.
///
/// Links are deferred to [`Self::finish`], so no entry can be written through a link of the
/// archive. The kernel does not follow links either, in case another process creates one. All
/// methods may be called from several threads.
pub struct TreeWriter {
    root: PathBuf,
    beneath: Beneath,
    modes: Modes,
    /// Directories that were created for their entries without being listed.
    implied: AtomicU64,
    late: Mutex<Late>,
}

/// What is done after all files are written.
#[derive(Default)]
struct Late {
    hard_links: Vec<(PathBuf, PathBuf)>,
    symlinks: TreeLinks,
    /// Every directory that the archive lists, and its mode.
    directories: BTreeMap<PathBuf, u16>,
}

/// A hard link of the archive, and what was created for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeLink {
    pub path: PathBuf,
    pub result: LinkResult,
}

/// What is created for a hard link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkResult {
    /// Another name of the file with this name.
    Link(PathBuf),
    /// A copy of the file.
    Copy { mode: u16, size: u64 },
}

impl TreeWriter {
    /// Starts a tree in `root`, an existing directory.
    pub fn new(root: &Path, modes: Modes) -> Result<Self> {
        let beneath = Beneath::open(root)
            .map_err(io::Error::from)
            .on("open directory", root)?;
        Ok(Self {
            root: root.into(),
            beneath,
            modes,
            implied: AtomicU64::new(0),
            late: Mutex::default(),
        })
    }

    /// Creates the links, then sets the mode of every directory: deepest first, because a directory
    /// may lose its write bit.
    ///
    /// # Errors
    /// [`TreeError::UnsafeLink`] if a symbolic link could lead out of the tree,
    /// [`TreeError::ThroughLink`] if an entry is below one.
    pub fn finish(self) -> std::result::Result<Vec<MadeLink>, TreeError> {
        let late = std::mem::take(&mut *self.late());
        let directories = late
            .directories
            .len()
            .saturating_add(usize::try_from(MOST_IMPLIED).unwrap_or(usize::MAX));
        late.symlinks.check(directories).map_err(link_fault)?;
        let hard_links = self.hard_links_now(late.hard_links)?;
        for (path, target) in late.symlinks.iter() {
            self.make(path, |parent, name| {
                rustix::fs::symlinkat(target, parent, name)
            })
            .map_err(|why| match why {
                Failed::Kernel(errno) if is_unknown(errno) => Error {
                    operation: "create link",
                    path: self.root.join(path),
                    source: no_symlink(errno),
                }
                .into(),
                why => self.refused("create link", path, why),
            })?;
        }
        for (path, mode) in late.directories.iter().rev() {
            let mode = Mode::from_raw_mode(u32::from(self.modes.apply(*mode)));
            if mode != Mode::RWXU {
                let open = self.beneath.at(path, OFlags::RDONLY | OFlags::DIRECTORY);
                match open.and_then(|directory| rustix::fs::fchmod(&directory, mode)) {
                    // The file system has no modes.
                    Err(errno) if is_unknown(errno) => {}
                    other => other.on("set the mode of", self.root.join(path))?,
                }
            }
        }
        Ok(hard_links)
    }

    /// The number of hard links is limited (`EMLINK`; 65,000 on ext4), and some file systems have
    /// none at all. Then a name becomes a copy, and later names become links to that copy.
    fn hard_links_now(
        &self,
        links: Vec<(PathBuf, PathBuf)>,
    ) -> std::result::Result<Vec<MadeLink>, TreeError> {
        let mut copies: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        let mut done = Vec::with_capacity(links.len());
        for (path, target) in links {
            let old = copies.get(&target).unwrap_or(&target);
            let result = match self.hard_link_now(&path, old) {
                Err(Failed::Kernel(errno))
                    if is_unknown(errno) || matches!(errno, Errno::MLINK | Errno::XDEV) =>
                {
                    let copied = self.copy_now(&path, old, errno);
                    let (mode, size) =
                        copied.map_err(|why| self.not_linked(&path, &target, why))?;
                    copies.insert(target, path.clone());
                    LinkResult::Copy { mode, size }
                }
                other => {
                    other.map_err(|why| self.not_linked(&path, &target, why))?;
                    LinkResult::Link(old.clone())
                }
            };
            done.push(MadeLink { path, result });
        }
        Ok(done)
    }

    fn hard_link_now(&self, path: &Path, target: &Path) -> std::result::Result<(), Failed> {
        let (from, old) = self.beneath.parent(target).map_err(|_| Errno::NOENT)?;
        self.make(path, |parent, name| {
            rustix::fs::linkat(&*from, old, parent, name, AtFlags::empty())
        })
    }

    /// Copies a file that could not be linked because of `why`. Returns the copy's mode and length.
    fn copy_now(
        &self,
        path: &Path,
        target: &Path,
        why: Errno,
    ) -> std::result::Result<(u16, u64), Failed> {
        let source = self.beneath.at(target, OFlags::RDONLY | OFlags::NONBLOCK)?;
        let stat = rustix::fs::fstat(&source)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(why.into());
        }
        let mode = Mode::from_raw_mode(stat.st_mode & 0o777);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let copy = self.make(path, |parent, name| {
            rustix::fs::openat(parent, name, flags, mode)
        })?;
        let size =
            io::copy(&mut File::from(source), &mut File::from(copy)).map_err(Failed::Copy)?;
        Ok((
            u16::try_from(stat.st_mode & 0o777).unwrap_or_default(),
            size,
        ))
    }

    fn not_linked(&self, path: &Path, target: &Path, why: Failed) -> TreeError {
        match why {
            // Directories cannot have hard links, and the parent of the new name was just created.
            Failed::Kernel(Errno::NOENT | Errno::PERM) => TreeError::NoTarget {
                name: printable(path),
                target: printable(target),
            },
            why => self.refused("create link", path, why),
        }
    }

    /// Performs an operation on a name in its directory, which is created if the archive did not
    /// list it before.
    fn make<T>(
        &self,
        path: &Path,
        make: impl Fn(BorrowedFd<'_>, &OsStr) -> rustix::io::Result<T>,
    ) -> std::result::Result<T, Failed> {
        let attempt = || {
            let (parent, name) = self.beneath.parent(path)?;
            make(parent.as_fd(), name)
        };
        match attempt() {
            Err(Errno::NOENT) => {
                self.create_parents(path)?;
                Ok(attempt()?)
            }
            other => Ok(other?),
        }
    }

    /// Creates the parents of `path` that an archive did not list.
    fn create_parents(&self, path: &Path) -> std::result::Result<(), Failed> {
        let mut so_far = PathBuf::new();
        for part in path.parent().unwrap_or(Path::new("")) {
            so_far.push(part);
            let (parent, name) = self.beneath.parent(&so_far)?;
            match rustix::fs::mkdirat(&*parent, name, Mode::from_raw_mode(0o755)) {
                Ok(()) if self.implied.fetch_add(1, Ordering::Relaxed) >= MOST_IMPLIED => {
                    return Err(Failed::Implied);
                }
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    fn is_directory(&self, path: &Path) -> bool {
        let stat = self.beneath.parent(path).and_then(|(parent, name)| {
            rustix::fs::statat(&*parent, name, AtFlags::SYMLINK_NOFOLLOW)
        });
        stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
    }

    /// Whether a path exists though its directory does not list the name: the file system treats
    /// another name as equal.
    fn has_under_another_name(&self, path: &Path) -> bool {
        let whole = self.root.join(path);
        let (Some(directory), Some(name)) = (whole.parent(), whole.file_name()) else {
            return false;
        };
        names_in(directory).is_ok_and(|names| !names.iter().any(|other| other == name))
    }

    /// Interprets an error of the kernel, given that no other process writes to the directory.
    fn refused(&self, what: &'static str, path: &Path, why: Failed) -> TreeError {
        match why {
            Failed::Implied => TreeError::Implied,
            Failed::Copy(source) => Error {
                operation: "copy to",
                path: self.root.join(path),
                source,
            }
            .into(),
            Failed::Kernel(Errno::EXIST) if self.has_under_another_name(path) => Error {
                operation: what,
                path: self.root.join(path),
                source: Lack::Names.error(),
            }
            .into(),
            Failed::Kernel(Errno::EXIST) => TreeError::Twice {
                name: printable(path),
            },
            Failed::Kernel(Errno::NOTDIR | Errno::LOOP) => TreeError::ThroughLink {
                name: printable(path),
            },
            Failed::Kernel(errno) => Error {
                operation: what,
                path: self.root.join(path),
                source: errno.into(),
            }
            .into(),
        }
    }

    fn late(&self) -> std::sync::MutexGuard<'_, Late> {
        self.late
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Tree for TreeWriter {
    fn mode(&self, mode: u16) -> u16 {
        self.modes.apply(mode)
    }

    /// It stays writable until [`TreeWriter::finish`], whatever `mode` says.
    fn directory(&self, name: &[u8], mode: u16) -> std::result::Result<(), TreeError> {
        let path = checked_path(name)?;
        match self.make(path, |parent, name| {
            rustix::fs::mkdirat(parent, name, Mode::RWXU)
        }) {
            // Created for a file that was given to another thread first.
            Err(Failed::Kernel(Errno::EXIST)) if self.is_directory(path) => {}
            other => other.map_err(|why| self.refused("create directory", path, why))?,
        }
        match self.late().directories.insert(path.into(), mode) {
            None => Ok(()),
            Some(_) => Err(TreeError::Twice {
                name: printable(path),
            }),
        }
    }

    fn file(&self, name: &[u8], mode: u16) -> std::result::Result<TreeFile, TreeError> {
        let path = checked_path(name)?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(u32::from(self.modes.apply(mode)));
        let fd = self
            .make(path, |parent, name| {
                rustix::fs::openat(parent, name, flags, mode)
            })
            .map_err(|why| self.refused("create file", path, why))?;
        Ok(TreeFile::new(fd, path))
    }

    fn hard_link(&self, name: &[u8], target: &[u8]) -> std::result::Result<(), TreeError> {
        let link = (checked_path(name)?.into(), checked_path(target)?.into());
        self.late().hard_links.push(link);
        Ok(())
    }

    fn symlink(&self, name: &[u8], target: &[u8]) -> std::result::Result<(), TreeError> {
        let (path, target) = checked_link(name, target)?;
        if self.late().symlinks.add(path.into(), target.into()) {
            Ok(())
        } else {
            Err(TreeError::Twice {
                name: printable(path),
            })
        }
    }
}

/// Diagnoses why an entry could not be created.
enum Failed {
    Kernel(Errno),
    Implied,
    Copy(io::Error),
}

impl From<Errno> for Failed {
    fn from(errno: Errno) -> Self {
        Self::Kernel(errno)
    }
}
