//! Private copies of packages of other tools that other users could modify during the start: their
//! launchers open the file by its path again without verifying it. A copy that only its user can
//! write to is started instead.
//!
//! `foreign/<key>/<file name>` has the name of the original, from which those launchers derive the
//! path of their own cache. The running program holds a shared lock on `locks/foreign-<key>`, whose
//! modification time is that of the last start.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::evict::FOREIGN;
use super::{Cache, WorkenvError};
use crate::fs::{IoContext, Lock, LockKind, Marked, create_private_dir, make_once, set_mode};
use crate::package::{PackageError, Reader, Verified, verify};

/// A private copy, verified.
#[derive(Debug)]
pub struct PrivateCopy {
    /// The path of the copy. Messages and the known-signer record use the original's.
    pub reader: Reader,
    pub verified: Verified,
    lock: Lock,
    lock_path: PathBuf,
}

impl PrivateCopy {
    /// The copy's reader, and the lock that protects it from removal and outlives this program.
    ///
    /// # Errors
    /// Errors in duplicating a descriptor.
    pub fn keep_across_exec(self) -> Result<(Reader, OwnedFd), WorkenvError> {
        let keep = self.lock.keep_across_exec(&self.lock_path)?;
        Ok((self.reader, keep))
    }
}

/// Why no private copy could be made.
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
    /// Provides a copy of a package that only this user can modify. It is verified even if it
    /// existed before, so later changes to the original do not matter.
    ///
    /// # Errors
    /// [`CopyError::Package`] if the copied bytes do not match the signature.
    pub fn private_copy(&self, original: &Reader) -> Result<PrivateCopy, CopyError> {
        self.make_way();
        let key = key_of(original);
        let place = self.directory(FOREIGN).join(&key);
        let name = Path::new(original.path().file_name().unwrap_or("package".as_ref()));
        let lock_path = self.copy_lock(&key);
        let _adding = Lock::acquire(&self.content_lock(), LockKind::Shared)?;
        let lock = Lock::acquire(&lock_path, LockKind::Shared)?;
        lock.touch();
        let making = self
            .directory("locks")
            .join(format!("making-{FOREIGN}-{key}"));
        let make = |_: &Lock| {
            let len = original.index().package_size;
            self.check_room(len)?;
            let staging = self.stage()?;
            let made = staging.path().join(FOREIGN);
            create_private_dir(&made)?;
            write(original, len, &made.join(name))?;
            let copy = checked(&made.join(name), original, &key)?;
            create_private_dir(&self.directory(FOREIGN))?;
            staging.publish(
                &made,
                Marked {
                    path: &place,
                    mark: name,
                },
            )?;
            Ok::<_, CopyError>(copy)
        };
        let once = make_once(
            |_| Ok(checked(&place.join(name), original, &key).ok()),
            || Ok(Lock::acquire(&making, LockKind::Exclusive)?),
            make,
        )?;
        let (reader, verified) = once.into_inner();
        Ok(PrivateCopy {
            reader,
            verified,
            lock,
            lock_path,
        })
    }

    /// Removes old copies before a new one is made: a user who starts only packages of other tools
    /// never triggers the daily cleaning.
    fn make_way(&self) {
        if let Ok(Some(_alone)) = Lock::alone(&self.content_lock()) {
            // If not now, a later start does it.
            drop(self.sweep_copies(super::COPIES_KEPT));
        }
    }
}

/// The name of a copy: a digest of everything that determines the content of the file, and the
/// file's name.
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

/// Copies from the original's descriptor, up to the length it had when it was opened.
fn write(original: &Reader, len: u64, to: &Path) -> Result<(), CopyError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .on("create", to)?;
    // Shares blocks (reflink) if the file system can.
    std::io::copy(&mut original.file().take(len), &mut file).on("copy to", to)?;
    Ok(set_mode(to, 0o500)?)
}

/// Opens a copy read-only and verifies every byte of it. While a writable descriptor is open, the
/// kernel refuses to execute the file (ETXTBSY).
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
