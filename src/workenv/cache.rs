use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::StatVfsMountFlags;

use super::durability::Durability;
use super::{EnvId, SlotKey, WorkenvError};
use crate::fs::{CacheRoot, IoContext, Lock, Staging, names_in, room, set_mode};
use crate::report::Bytes;

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
    /// Removed when the program ends.
    Temporary,
    /// Part of an image, and read by other users.
    Portable,
}

impl Cache {
    pub(super) fn at(root: PathBuf, kind: Kind) -> Self {
        Self {
            layout: CacheRoot::environments(&root),
            root,
            kind,
        }
    }

    /// Checks the requirements of an extraction only: that programs may run from here and that
    /// there is enough space.
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

    /// Whether the file system is mounted noexec.
    pub(super) fn is_noexec(&self) -> Result<bool, WorkenvError> {
        Ok(is_noexec(&self.root).on("examine", &self.root)?)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a slot, whether it exists or not.
    pub fn slot_dir(&self, key: &SlotKey) -> PathBuf {
        self.layout.join("slots").join(key.as_str())
    }

    /// The path of an environment, whether it exists or not.
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

    /// Held by the one process that creates or repairs an environment. Separate from
    /// [`Self::env_lock`], which running programs hold, so that a repair need not wait for them to
    /// end.
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

    /// The durability to record for what is being written now.
    pub(super) fn written_now(&self) -> Result<Durability, WorkenvError> {
        match self.kind {
            // A temporary cache does not outlive the boot; a portable one is synchronised as a
            // whole when it is complete.
            Kind::Temporary | Kind::Portable => Ok(Durability::Settled),
            Kind::Own => Ok(Durability::now(&self.layout)?),
        }
    }

    /// Whether the file system stores file modes. A cache that cannot be written to is assumed to.
    pub(super) fn keeps_modes(&self) -> bool {
        // The mode of a slot's directories. Some mounts apply the owner's bits and drop the others.
        const MODE: u32 = 0o555;
        let Ok(staging) = self.stage() else {
            return true;
        };
        set_mode(staging.path(), MODE).is_err()
            || staging
                .path()
                .metadata()
                .map_or(true, |metadata| metadata.mode() & 0o777 == MODE)
    }

    /// A new working directory, removed when dropped.
    pub(super) fn stage(&self) -> Result<Staging, WorkenvError> {
        Ok(Staging::unlocked_in(&self.layout.join("staging"), "work")?)
    }

    /// Removes what killed processes left in the staging area. The caller holds the content lock
    /// exclusively.
    pub(super) fn sweep_staging(&self) -> Result<(), WorkenvError> {
        Ok(Staging::sweep(&self.layout.join("staging"))?)
    }

    /// Removes what a start left in the staging area that was killed after it had published: later
    /// starts find everything and never extract. The number of links of the directory shows whether
    /// there is anything; on file systems that do not count subdirectories (overlayfs, Btrfs, most
    /// network file systems) the directory is listed.
    pub(super) fn sweep_litter(&self) {
        let staging = self.layout.join("staging");
        let is_littered = match staging.metadata().map(|staging| staging.nlink()) {
            Ok(1) => names_in(&staging).is_ok_and(|names| !names.is_empty()),
            links => links.is_ok_and(|links| links > 2),
        };
        if is_littered && let Ok(Some(_alone)) = Lock::alone(&self.content_lock()) {
            // If not now, a later start does it.
            drop(self.sweep_staging());
        }
    }
}

/// Whether a file system is mounted noexec.
pub(super) fn is_noexec(directory: &Path) -> std::io::Result<bool> {
    Ok(rustix::fs::statvfs(directory)?
        .f_flag
        .contains(StatVfsMountFlags::NOEXEC))
}
