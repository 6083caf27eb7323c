use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;

use super::durability::Written;
use super::{EnvId, SlotKey, WorkenvError};
use crate::fs::{
    IoContext, Lock, Marked, Put, names_in, remove_tree, room, set_mode, staging_name,
};
use crate::interrupt::Leftover;
use crate::report::Bytes;

/// The layout below the cache root; a change of it gets a new name and leaves the old one alone.
const LAYOUT: &str = "v1";

/// A directory that holds extracted packages.
#[derive(Clone, Debug)]
pub struct Cache {
    pub(super) root: PathBuf,
    layout: PathBuf,
    pub(super) kind: Kind,
}

/// What a cache is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The user's own.
    Own,
    /// Vanishes when the program ends.
    Temporary,
    /// Travels in an image and is read by other users.
    Portable,
}

impl Cache {
    pub(super) fn at(root: PathBuf, kind: Kind) -> Self {
        Self {
            layout: root.join(LAYOUT),
            root,
            kind,
        }
    }

    /// Checks what only an extraction needs: that programs may run from here and that there is room.
    pub(super) fn check_room(&self, needed: u64) -> Result<(), WorkenvError> {
        if self.is_noexec()? {
            return Err(WorkenvError::NoExec {
                path: self.root.clone(),
            });
        }
        let available = room(&self.layout)?;
        if available < needed {
            return Err(WorkenvError::NoSpace {
                path: self.root.clone(),
                needed: Bytes(needed),
                available: Bytes(available),
            });
        }
        Ok(())
    }

    /// Whether the file system does not let programs start.
    pub(super) fn is_noexec(&self) -> Result<bool, WorkenvError> {
        Ok(is_noexec(&self.root).on("examine", &self.root)?)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a slot is, or will be.
    pub fn slot_dir(&self, key: &SlotKey) -> PathBuf {
        self.layout.join("slots").join(key.as_str())
    }

    /// Where an environment is, or will be.
    pub fn workenv_dir(&self, id: &EnvId) -> PathBuf {
        self.layout.join("workenv").join(id.as_str())
    }

    pub(super) fn layout(&self) -> &Path {
        &self.layout
    }

    pub(super) fn directory(&self, name: &str) -> PathBuf {
        self.layout.join(name)
    }

    pub(super) fn env_lock(&self, id: &EnvId) -> PathBuf {
        self.layout.join("locks").join(id.as_str())
    }

    /// Held by the one process that makes or repairs an environment. Apart from [`Self::env_lock`], which running programs
    /// hold: a repair need not wait until they end.
    pub(super) fn making_lock(&self, id: &EnvId) -> PathBuf {
        self.layout.join("locks").join(format!("making-{id}"))
    }

    pub(super) fn slot_lock(&self, key: &SlotKey) -> PathBuf {
        self.layout.join("locks").join(format!("slot-{key}"))
    }

    /// Held shared while anything is added, exclusively while anything is removed.
    pub(super) fn content_lock(&self) -> PathBuf {
        self.layout.join("locks").join("content")
    }

    /// What to note about something that is being written now.
    pub(super) fn written_now(&self) -> Result<Written, WorkenvError> {
        match self.kind {
            // One does not outlive the machine's boot; whoever makes the other synchronises it at the end.
            Kind::Temporary | Kind::Portable => Ok(Written::Settled),
            Kind::Own => Ok(Written::now(&self.layout)?),
        }
    }

    /// Whether the file system keeps the modes that files are given. One that cannot be written to is believed to.
    pub(super) fn keeps_modes(&self) -> bool {
        // Of a slot's directories. Some mounts keep the owner's modes and give others none.
        const MODE: u32 = 0o555;
        let Ok(staging) = self.stage() else {
            return true;
        };
        set_mode(&staging.path, MODE).is_err()
            || staging
                .path
                .metadata()
                .map_or(true, |metadata| metadata.mode() & 0o777 == MODE)
    }

    /// A new directory to work in, gone again when dropped.
    pub(super) fn stage(&self) -> Result<Staging, WorkenvError> {
        loop {
            let path = self.layout.join("staging").join(staging_name("work"));
            match Leftover::make(&path, || {
                std::fs::DirBuilder::new().mode(0o700).create(&path)
            }) {
                // Two containers with one cache and one process number at one moment.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                other => {
                    let (leftover, ()) = other.on("create directory", &path)?;
                    return Ok(Staging {
                        path,
                        _leftover: leftover,
                    });
                }
            }
        }
    }

    /// Removes what killed processes left in the staging area. The caller holds the content lock exclusively.
    pub(super) fn sweep_staging(&self) -> Result<(), WorkenvError> {
        let staging = self.layout.join("staging");
        for name in names_in(&staging)? {
            remove_tree(&staging.join(name))?;
        }
        Ok(())
    }

    /// Sweeps what a start has left that was killed after it had published: the starts after it find everything there and
    /// have nothing to extract. The number of links tells; where the file system does not count subdirectories (overlays, Btrfs,
    /// most network file systems) the directory is listed.
    pub(super) fn sweep_litter(&self) {
        let staging = self.layout.join("staging");
        let is_littered = match staging.metadata().map(|staging| staging.nlink()) {
            Ok(1) => names_in(&staging).is_ok_and(|names| !names.is_empty()),
            links => links.is_ok_and(|links| links > 2),
        };
        if is_littered && let Ok(Some(_alone)) = Lock::alone(&self.content_lock()) {
            // Somebody else will, if not now.
            drop(self.sweep_staging());
        }
    }
}

/// Whether a file system does not let programs start.
pub(super) fn is_noexec(directory: &Path) -> std::io::Result<bool> {
    Ok(rustix::fs::statvfs(directory)?
        .f_flag
        .contains(StatVfsMountFlags::NOEXEC))
}

/// A directory below `staging/`.
pub(super) struct Staging {
    pub(super) path: PathBuf,
    _leftover: Leftover,
}

impl Staging {
    /// Publishes a directory that is below this one.
    pub(super) fn publish(&self, made: &Path, place: Marked<'_>) -> Result<Put, WorkenvError> {
        Ok(place.put(made, &self.path.join(staging_name("old")))?)
    }

    /// Takes something away, so that it goes with the rest.
    pub(super) fn take(&self, place: Marked<'_>) -> Result<(), WorkenvError> {
        Ok(place.clear(&self.path.join(staging_name("old")))?)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = remove_tree(&self.path) {
            tracing::debug!("left behind: {error}");
        }
    }
}
