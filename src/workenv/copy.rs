//! Packages of other tools that others could change while they start: their launchers open the file by its path again and
//! believe what they find. A copy that only its user can write to takes the place of such a file.
//!
//! `foreign/<key>/<file name>` has the name of the original, from which those launchers derive the place of their own cache.
//! The running program holds a shared lock on `locks/foreign-<key>`, whose time is that of the last start.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::evict::FOREIGN;
use super::{Cache, WorkenvError};
use crate::fs::{IoContext, Lock, LockKind, Marked, create_private_dir, set_mode};
use crate::package::{PackageError, Reader, Verified, verify};

/// A private copy, verified.
#[derive(Debug)]
pub struct PrivateCopy {
    /// Of the copy. For messages and for what is noted about its signer it has the original's path.
    pub reader: Reader,
    pub verified: Verified,
    lock: Lock,
    lock_path: PathBuf,
}

impl PrivateCopy {
    /// The copy's reader, and the lock that keeps it there, made to outlive this program.
    ///
    /// # Errors
    /// Those of duplicating a descriptor.
    pub fn keep_across_exec(self) -> Result<(Reader, OwnedFd), WorkenvError> {
        let keep = self.lock.keep_across_exec(&self.lock_path)?;
        Ok((self.reader, keep))
    }
}

/// Why there is no private copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Workenv(#[from] WorkenvError),
}

impl From<crate::fs::Error> for CopyError {
    fn from(error: crate::fs::Error) -> Self {
        Self::Workenv(error.into())
    }
}

impl Cache {
    /// A copy of a package that nobody but this user can change. It is verified whether it was there already or not: nothing
    /// that happens to the original after this matters.
    ///
    /// # Errors
    /// [`CopyError::Package`] when what was copied is not what was signed.
    pub fn private_copy(&self, original: &Reader) -> Result<PrivateCopy, CopyError> {
        self.make_way();
        let key = key_of(original);
        let place = self.directory(FOREIGN).join(&key);
        let name = Path::new(original.path().file_name().unwrap_or("package".as_ref()));
        let lock_path = self.copy_lock(&key);
        let _adding = Lock::acquire(&self.content_lock(), LockKind::Shared)?;
        let lock = Lock::acquire(&lock_path, LockKind::Shared)?;
        lock.touch();
        if let Ok((reader, verified)) = checked(&place.join(name), original, &key) {
            return Ok(PrivateCopy {
                reader,
                verified,
                lock,
                lock_path,
            });
        }
        let _making = Lock::acquire(
            &self
                .directory("locks")
                .join(format!("making-{FOREIGN}-{key}")),
            LockKind::Exclusive,
        )?;
        if let Ok((reader, verified)) = checked(&place.join(name), original, &key) {
            return Ok(PrivateCopy {
                reader,
                verified,
                lock,
                lock_path,
            });
        }
        let len = original.index().package_size;
        self.check_room(len)?;
        let staging = self.stage()?;
        let made = staging.path.join(FOREIGN);
        create_private_dir(&made)?;
        write(original, len, &made.join(name))?;
        let (reader, verified) = checked(&made.join(name), original, &key)?;
        create_private_dir(&self.directory(FOREIGN))?;
        staging.publish(
            &made,
            Marked {
                path: &place,
                mark: name,
            },
        )?;
        Ok(PrivateCopy {
            reader,
            verified,
            lock,
            lock_path,
        })
    }

    /// Removes old copies before there is another one: somebody who starts packages of other tools alone never has the daily
    /// look at the cache.
    fn make_way(&self) {
        if let Ok(Some(_alone)) = Lock::alone(&self.content_lock()) {
            // Somebody else will, if not now.
            drop(self.sweep_copies(super::COPIES_KEPT));
        }
    }
}

/// What names a copy: all that says what the file holds, and the file's name.
fn key_of(reader: &Reader) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("flavor 2026 foreign package v1");
    hasher.update(&reader.index().encode());
    hasher.update(blake3::hash(reader.text()).as_bytes());
    for slot in reader.slots() {
        hasher.update(&slot.row.encode());
    }
    hasher.update(reader.path().file_name().unwrap_or_default().as_bytes());
    hex::encode(&hasher.finalize().as_bytes()[..20])
}

/// Copies what the original's descriptor leads to, and no more of it than there was.
fn write(original: &Reader, len: u64, to: &Path) -> Result<(), CopyError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .on("create", to)?;
    // Where the file system can share blocks it does.
    std::io::copy(&mut original.file().take(len), &mut file).on("copy to", to)?;
    Ok(set_mode(to, 0o500)?)
}

/// Opens a copy and verifies every byte of it. The descriptor is one that cannot write: with another one about, the kernel
/// would not execute the file.
fn checked(path: &Path, original: &Reader, key: &str) -> Result<(Reader, Verified), PackageError> {
    let reader = Reader::from_file(File::open(path).on("open", path)?, original.path())?;
    if key_of(&reader) != key {
        return Err(PackageError::Changed {
            path: original.path().into(),
        });
    }
    let verified = verify(&reader)?;
    Ok((reader, verified))
}
