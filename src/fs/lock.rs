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

/// Whether the lock is shared or exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    Shared,
    Exclusive,
}

/// A kernel lock (`flock`) on a file that is never removed, or on a directory. The kernel releases
/// it when the holder dies.
///
/// Some network file systems do not support locks. There the value holds no lock
/// ([`Self::is_held`]), and the holder must expect concurrent work and publish in a way that lets
/// the first one win.
#[derive(Debug)]
pub struct Lock {
    file: File,
    held: bool,
}

/// Lower descriptors belong to the program: 0–2, and 3 and up by the socket-activation convention.
const HIGH_DESCRIPTORS: i32 = 200;

impl Lock {
    /// Takes the lock, and blocks while another process holds it.
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

    /// Takes the lock without blocking; `None` if another process holds it.
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

    /// Takes the exclusive lock as proof that no other process has the file locked. `None` if
    /// another has, or if locks are not supported.
    pub fn alone(path: &Path) -> Result<Option<Self>> {
        Ok(Self::try_acquire(path, LockKind::Exclusive)?.filter(Self::is_held))
    }

    /// Whether the lock is held; false if the file system has no locks.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Turns an exclusive lock into a shared one.
    pub fn share(&self) {
        if self.held {
            // If this fails, the exclusive lock is merely slower for others.
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

    /// Sets the time of the file. `false` if that is not allowed.
    pub fn touch(&self) -> bool {
        self.file.set_modified(SystemTime::now()).is_ok()
    }

    /// Makes the lock outlive this program: moves it to a high descriptor that stays open across
    /// `exec`, so that the kernel holds it until the last process of the started program has ended.
    ///
    /// The descriptor is returned so that the caller decides its lifetime: dropping it releases the
    /// lock.
    pub fn keep_across_exec(self, path: &Path) -> Result<OwnedFd> {
        let duplicate = match rustix::io::fcntl_dupfd_cloexec(self.file.as_fd(), HIGH_DESCRIPTORS) {
            // With a low limit on open files, any descriptor will do.
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

/// The errors of file systems without locks.
fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        errno(error),
        Some(Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS)
    )
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}

/// Opens a lock file, and creates it if necessary. A shared lock is opened for reading first, so
/// that a start from a read-only cache does not try to write.
fn open(path: &Path, kind: LockKind) -> Result<File> {
    if kind == LockKind::Shared {
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other.on("open lock", path),
        }
    }
    // World-readable: the cache of an image is locked by every user who starts a program from it.
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
