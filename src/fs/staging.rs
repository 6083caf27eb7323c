use std::fs::DirBuilder;
#[cfg(feature = "cli")]
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

#[cfg(feature = "cli")]
use super::is_at;
use super::{IoContext, Marked, Put, Result, names_in, remove_tree, staging_name};
use crate::interrupt::Leftover;

/// A private directory for work in progress, removed when this is dropped or a signal ends the
/// process. A killed process leaves it behind; a later sweep removes it.
///
/// A lock distinguishes an abandoned directory from one in use: its own ([`Self::locked_in`]), or
/// one that its owner holds for all of a parent directory ([`Self::unlocked_in`]).
pub struct Staging {
    path: PathBuf,
    /// Locked shared. Without locks it is never taken for an abandoned one.
    #[cfg(feature = "cli")]
    _in_use: Option<File>,
    _leftover: Leftover,
}

impl Staging {
    /// Creates one in a directory for whose content the caller holds a lock.
    pub fn unlocked_in(parent: &Path, prefix: &str) -> Result<Self> {
        let (path, leftover) = create(parent, prefix)?;
        Ok(Self {
            path,
            #[cfg(feature = "cli")]
            _in_use: None,
            _leftover: leftover,
        })
    }

    /// Creates one that is locked while it is in use.
    #[cfg(feature = "cli")]
    pub fn locked_in(parent: &Path, prefix: &str) -> Result<Self> {
        loop {
            let (path, leftover) = create(parent, prefix)?;
            // Before it is locked, another process may remove it as an abandoned one.
            let directory = match File::open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                other => other.on("open", &path)?,
            };
            let is_locked = directory.try_lock_shared().is_ok();
            if is_at(&directory, &path) {
                return Ok(Self {
                    path,
                    _in_use: is_locked.then_some(directory),
                    _leftover: leftover,
                });
            }
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Publishes a directory below this one.
    pub fn publish(&self, directory: &Path, place: Marked<'_>) -> Result<Put> {
        place.put(directory, &self.path.join(staging_name("old")))
    }

    /// Moves something here, so that it is removed together with this directory.
    pub fn take(&self, place: Marked<'_>) -> Result<()> {
        place.clear(&self.path.join(staging_name("old")))
    }

    /// Removes everything in a directory. The caller holds the lock for its content exclusively.
    pub fn sweep(parent: &Path) -> Result<()> {
        for name in names_in(parent)? {
            remove_tree(&parent.join(name))?;
        }
        Ok(())
    }

    /// Removes the abandoned ones with this prefix: directories that no process has locked. Best
    /// effort: a later sweep removes what cannot be removed now, such as a directory to which a
    /// child of the killed process still writes. Those of other users are left alone.
    #[cfg(feature = "cli")]
    pub fn sweep_unlocked(parent: &Path, prefix: &str) {
        for name in names_in(parent).unwrap_or_default() {
            let path = parent.join(&name);
            if name.to_string_lossy().starts_with(prefix)
                && path
                    .symlink_metadata()
                    .is_ok_and(|metadata| metadata.is_dir())
                && File::open(&path).is_ok_and(|directory| directory.try_lock().is_ok())
            {
                tracing::debug!(path = %path.display(), "swept");
                drop(remove_tree(&path));
            }
        }
    }
}

fn create(parent: &Path, prefix: &str) -> Result<(PathBuf, Leftover)> {
    loop {
        let path = parent.join(staging_name(prefix));
        match Leftover::make(&path, || DirBuilder::new().mode(0o700).create(&path)) {
            // Containers that share a cache may have equal process ids.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            other => {
                let (leftover, ()) = other.on("create directory", &path)?;
                return Ok((path, leftover));
            }
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // If it cannot be removed now, a later sweep does it.
        if let Err(error) = remove_tree(&self.path) {
            tracing::debug!("cannot remove: {error}");
        }
    }
}
