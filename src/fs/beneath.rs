//! Opens paths below a directory without ever leaving it.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// How many directories stay open: one for each of a few threads that write to different ones.
const KEPT_OPEN: usize = 4;
/// A concurrent rename anywhere on the machine can make the kernel return `EAGAIN`.
const ATTEMPTS: usize = 16;

/// A directory, and access to whatever is below it without following links.
pub(super) struct Beneath {
    root: Arc<OwnedFd>,
    /// Whether `openat2` (Linux 5.6) exists and is allowed.
    whole_paths: AtomicBool,
    /// The most recently used directories, newest first.
    recent: Mutex<Vec<(PathBuf, Arc<OwnedFd>)>>,
}

impl Beneath {
    pub(super) fn open(root: &Path) -> rustix::io::Result<Self> {
        let root = rustix::fs::openat(CWD, root, DIRECTORY, Mode::empty())?;
        Ok(Self {
            root: Arc::new(root),
            whole_paths: AtomicBool::new(true),
            recent: Mutex::default(),
        })
    }

    /// The parent directory of a path, and the last component. Operations on that component must
    /// not follow links.
    pub(super) fn parent<'a>(
        &self,
        path: &'a Path,
    ) -> rustix::io::Result<(Arc<OwnedFd>, &'a OsStr)> {
        let name = path.file_name().ok_or(Errno::INVAL)?;
        let directory = path.parent().unwrap_or(Path::new(""));
        if directory.as_os_str().is_empty() {
            return Ok((Arc::clone(&self.root), name));
        }
        if let Some((_, opened)) =
            self.recent(|recent| recent.iter().find(|(path, _)| path == directory).cloned())
        {
            return Ok((opened, name));
        }
        let opened = match self.at(directory, DIRECTORY) {
            // The directories that are kept open may have exhausted the limit.
            Err(Errno::MFILE) => {
                self.recent(Vec::clear);
                self.at(directory, DIRECTORY)?
            }
            other => other?,
        };
        let opened = Arc::new(opened);
        self.recent(|recent| {
            recent.insert(0, (directory.into(), Arc::clone(&opened)));
            recent.truncate(KEPT_OPEN);
        });
        Ok((opened, name))
    }

    /// Opens a path below the directory.
    ///
    /// # Errors
    /// `LOOP` or `NOTDIR` if a component is a link.
    pub(super) fn at(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        if self.whole_paths.load(Ordering::Relaxed) {
            let resolve =
                ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
            for _ in 0..ATTEMPTS {
                match rustix::fs::openat2(&*self.root, path, flags, Mode::empty(), resolve) {
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    // The kernel is too old, or a sandbox blocks the call.
                    Err(Errno::NOSYS | Errno::PERM) => {
                        self.whole_paths.store(false, Ordering::Relaxed);
                        break;
                    }
                    other => return other,
                }
            }
        }
        self.step_by_step(path, flags)
    }

    /// The same, one component after the other.
    fn step_by_step(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let mut open: Option<OwnedFd> = None;
        let mut names = path.iter().peekable();
        while let Some(name) = names.next() {
            let flags = if names.peek().is_some() {
                DIRECTORY
            } else {
                flags
            };
            let directory = open.as_ref().unwrap_or(&self.root);
            open = Some(rustix::fs::openat(directory, name, flags, Mode::empty())?);
        }
        open.ok_or(Errno::INVAL)
    }

    fn recent<T>(&self, then: impl FnOnce(&mut Vec<(PathBuf, Arc<OwnedFd>)>) -> T) -> T {
        then(&mut self.recent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

const DIRECTORY: OFlags = OFlags::PATH
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn no_link_is_followed_with_and_without_the_call() {
        let scratch = tempfile::tempdir().expect("a directory");
        let root = scratch.path().join("root");
        std::fs::create_dir_all(root.join("a/b")).expect("directories");
        std::fs::create_dir(scratch.path().join("outside")).expect("a directory");
        std::os::unix::fs::symlink("../outside", root.join("link")).expect("a link");
        std::os::unix::fs::symlink("a", root.join("inner")).expect("a link");
        for whole_paths in [true, false] {
            let beneath = Beneath::open(&root).expect("open");
            beneath.whole_paths.store(whole_paths, Ordering::Relaxed);
            assert!(beneath.at(Path::new("a/b"), DIRECTORY).is_ok());
            assert!(beneath.parent(Path::new("a/b/c")).is_ok());
            for bad in ["link/x", "inner/b/x"] {
                let refused = beneath.parent(Path::new(bad)).expect_err(bad);
                assert!(
                    matches!(refused, Errno::LOOP | Errno::NOTDIR),
                    "{bad}: {refused}"
                );
            }
            assert_eq!(
                beneath.parent(Path::new("none/x")).expect_err("missing"),
                Errno::NOENT
            );
        }
    }
}
