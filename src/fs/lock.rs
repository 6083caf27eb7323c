use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::SystemTime;

use rustix::io::{Errno, FdFlags};

use super::{IoContext, Result};

/// Whether an open file or directory is still the one at `path`.
#[cfg(feature = "cli")]
pub fn is_at(open: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(opened), Ok(there)) = (open.metadata(), path.symlink_metadata()) else {
        return false;
    };
    opened.ino() == there.ino() && opened.dev() == there.dev()
}

/// Whether others may hold the lock too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    Shared,
    Exclusive,
}

/// A kernel lock (`flock`) on a file that is never removed, or on a directory: when the holder dies, the kernel frees it.
///
/// Some network file systems have no locks. There the value is a hold on nothing ([`Self::is_held`]): who has it must
/// not conclude that nobody else does the same, and publishes in a way that lets the first one win.
#[derive(Debug)]
pub struct Lock {
    file: File,
    held: bool,
}

/// Descriptors below belong to the program: 0–2, and 3 and up by the socket-activation convention.
const HIGH_DESCRIPTORS: i32 = 200;

impl Lock {
    /// Takes the lock, waiting for as long as another process holds it.
    pub fn acquire(path: &Path, kind: LockKind) -> Result<Self> {
        let file = open(path, kind)?;
        loop {
            let outcome = match kind {
                LockKind::Shared => file.lock_shared(),
                LockKind::Exclusive => file.lock(),
            };
            match outcome {
                Ok(()) => return Ok(Self { file, held: true }),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_unsupported(&error) => return Ok(Self { file, held: false }),
                Err(error) => return Err(error).on("lock", path),
            }
        }
    }

    /// Takes the lock if that is possible at once; `None` when another process holds it.
    pub fn try_acquire(path: &Path, kind: LockKind) -> Result<Option<Self>> {
        let file = open(path, kind)?;
        let outcome = match kind {
            LockKind::Shared => file.try_lock_shared(),
            LockKind::Exclusive => file.try_lock(),
        };
        match outcome {
            Ok(()) => Ok(Some(Self { file, held: true })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) if is_unsupported(&error) => {
                Ok(Some(Self { file, held: false }))
            }
            Err(TryLockError::Error(error)) => Err(error).on("lock", path),
        }
    }

    /// Takes the exclusive lock if that proves that nobody else has the file locked. `None` when somebody has, and where
    /// there are no locks.
    pub fn alone(path: &Path) -> Result<Option<Self>> {
        Ok(Self::try_acquire(path, LockKind::Exclusive)?.filter(Self::is_held))
    }

    /// Whether the file system has locks.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Lets others share what was held exclusively.
    pub fn share(&self) {
        if self.held {
            // Keeping it exclusively is no worse than slow.
            drop(self.file.lock_shared());
        }
    }

    /// When the file was last written to, or [touched](Self::touch).
    pub fn modified(&self) -> Option<SystemTime> {
        self.file
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
    }

    /// Notes the time on the file. `false` where that is not allowed.
    pub fn touch(&self) -> bool {
        self.file.set_modified(SystemTime::now()).is_ok()
    }

    /// Makes the lock outlive this program: it moves to a high descriptor that `exec` keeps open, so that the kernel
    /// holds it until the last process of the started program has ended.
    ///
    /// The descriptor is returned only so that the caller decides its life: dropping it gives the lock up.
    pub fn keep_across_exec(self, path: &Path) -> Result<OwnedFd> {
        let duplicate = match rustix::io::fcntl_dupfd_cloexec(self.file.as_fd(), HIGH_DESCRIPTORS) {
            // A tight limit on open files: any descriptor is better than none.
            Err(Errno::INVAL | Errno::MFILE) => {
                rustix::io::fcntl_dupfd_cloexec(self.file.as_fd(), 3)
            }
            other => other,
        };
        let descriptor = duplicate
            .map_err(io::Error::from)
            .on("keep the lock on", path)?;
        rustix::io::fcntl_setfd(&descriptor, FdFlags::empty()).on("keep the lock on", path)?;
        Ok(descriptor)
    }
}

/// What file systems without locks answer.
fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        errno(error),
        Some(Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS)
    )
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}

/// Opens a lock file, and makes it if it is not there. A shared lock needs no more than reading, so that a start from a
/// cache that cannot be written to does not even try to write.
fn open(path: &Path, kind: LockKind) -> Result<File> {
    if kind == LockKind::Shared {
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other.on("open lock", path),
        }
    }
    // Others may read it: the cache of an image is locked by whoever starts a program from it.
    match OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .open(path)
    {
        // A read-only cache, or a directory: flock needs no write access.
        Err(error)
            if matches!(
                errno(&error),
                Some(Errno::ROFS | Errno::ACCESS | Errno::PERM | Errno::ISDIR)
            ) =>
        {
            File::open(path).map_err(|second| {
                if second.kind() == io::ErrorKind::NotFound {
                    error
                } else {
                    second
                }
            })
        }
        other => other,
    }
    .on("open lock", path)
}
