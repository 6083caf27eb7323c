use std::fs::{File, OpenOptions, TryLockError};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::io::{Errno, FdFlags};

use super::{IoContext, Result};

/// Whether others may hold the lock too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    Shared,
    Exclusive,
}

/// A kernel lock (`flock`) on a file that is never removed: when the holder dies, the kernel frees it.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Descriptors below belong to the program: 0–2, and 3 and up by the socket-activation convention.
const HIGH_DESCRIPTORS: i32 = 200;

impl Lock {
    /// Takes the lock, waiting for as long as another process holds it.
    pub fn acquire(path: &Path, kind: LockKind) -> Result<Self> {
        let file = open(path)?;
        match kind {
            LockKind::Shared => file.lock_shared(),
            LockKind::Exclusive => file.lock(),
        }
        .on("lock", path)?;
        Ok(Self { file })
    }

    /// Takes the lock if that is possible at once; `None` when another process holds it.
    pub fn try_acquire(path: &Path, kind: LockKind) -> Result<Option<Self>> {
        let file = open(path)?;
        let outcome = match kind {
            LockKind::Shared => file.try_lock_shared(),
            LockKind::Exclusive => file.try_lock(),
        };
        match outcome {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).on("lock", path),
        }
    }

    /// Lets others share what was held exclusively.
    ///
    /// The same descriptor is converted: a second one of this process would wait for the first.
    pub fn share(&self) {
        // Keeping it exclusively is no worse than slow.
        drop(self.file.lock_shared());
    }

    /// Makes the lock outlive this program: it moves to a high descriptor that `exec` keeps open, so that the kernel
    /// holds it until the last process of the started program has ended.
    ///
    /// The descriptor is returned only so that the caller decides its life: dropping it gives the lock up.
    pub fn keep_across_exec(self, path: &Path) -> Result<OwnedFd> {
        let duplicate = match rustix::io::fcntl_dupfd_cloexec(self.file.as_fd(), HIGH_DESCRIPTORS) {
            // A tight limit on open files: any descriptor is better than none.
            Err(Errno::INVAL | Errno::MFILE) => rustix::io::fcntl_dupfd_cloexec(self.file.as_fd(), 3),
            other => other,
        };
        let descriptor = duplicate.map_err(std::io::Error::from).on("keep the lock on", path)?;
        rustix::io::fcntl_setfd(&descriptor, FdFlags::empty()).on("keep the lock on", path)?;
        Ok(descriptor)
    }
}

fn open(path: &Path) -> Result<File> {
    match OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path) {
        // A read-only cache: flock needs no write access.
        Err(error) if matches!(error.raw_os_error(), Some(code) if Errno::from_raw_os_error(code) == Errno::ROFS || Errno::from_raw_os_error(code) == Errno::ACCESS) => {
            File::open(path).on("open lock", path)
        }
        other => other.on("open lock", path),
    }
}
