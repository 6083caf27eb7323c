//! Slots in the cache: extracted once, published by one rename.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use super::{Cache, SlotKey, WorkenvError};
use crate::format::SlotFacts;
use crate::fs::{IoContext, Lock, LockKind, Modes};
use crate::package::{Reader, Slot};
use crate::report::Stopwatch;
use crate::slot::{Destination, digest_range, extract};

/// Name below a slot's directory of the tree, or of the file.
pub(super) const TREE: &str = "tree";
const SEAL: &str = "seal";

/// A slot of a package with its place in the cache.
pub(super) struct CachedSlot<'a> {
    pub(super) slot: Slot<'a>,
    pub(super) facts: &'a SlotFacts,
    pub(super) key: SlotKey,
    /// The tree, or the file, in the cache.
    pub(super) tree: PathBuf,
}

impl<'a> CachedSlot<'a> {
    /// All slots of one of our packages.
    pub(super) fn all(cache: &Cache, reader: &'a Reader) -> Result<Vec<Self>, WorkenvError> {
        reader
            .slots()
            .filter_map(|slot| slot.facts.map(|facts| (slot, facts)))
            .map(|(slot, facts)| {
                let key = SlotKey::of(&slot, facts, slot.operations()?);
                let tree = cache.slot_dir(&key).join(TREE);
                Ok(Self { slot, facts, key, tree })
            })
            .collect()
    }

    pub(super) fn is_there(&self, cache: &Cache) -> bool {
        cache.slot_dir(&self.key).join(SEAL).is_file() && self.tree.exists()
    }

    /// Whether the slot was extracted after a file was written.
    pub(super) fn is_newer_than(&self, cache: &Cache, file: &Path) -> bool {
        let written = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
        written(&cache.slot_dir(&self.key).join(SEAL)) > written(file)
    }

    /// Makes the slot be there. Of several processes one extracts; the others wait for it.
    pub(super) fn ensure(
        &self,
        cache: &Cache,
        reader: &Reader,
        jobs: usize,
        progress: &AtomicU64,
    ) -> Result<(), WorkenvError> {
        if self.is_there(cache) {
            tracing::debug!(slot = self.slot.name(), "cache hit");
            return Ok(());
        }
        let _lock = Lock::acquire(&cache.slot_lock(&self.key), LockKind::Exclusive)?;
        if self.is_there(cache) {
            tracing::debug!(slot = self.slot.name(), "cache hit, extracted by another process");
            return Ok(());
        }
        self.extract(cache, reader, jobs, progress)
    }

    fn extract(&self, cache: &Cache, reader: &Reader, jobs: usize, progress: &AtomicU64) -> Result<(), WorkenvError> {
        let clock = Stopwatch::start();
        let stored = self.slot.stored()?;
        let found = digest_range(stored.file, stored.offset, stored.stored_size, jobs).on("read", reader.path())?;
        if found != self.facts.blake3 {
            return Err(WorkenvError::SlotDigest {
                slot: self.slot.name().into(),
                found: found.to_string(),
                signed: self.facts.blake3.to_string(),
            });
        }
        tracing::trace!(slot = self.slot.name(), took = %clock.took(), "verify");
        let staging = cache.stage()?;
        let made = &staging.path;
        let tree = made.join(TREE);
        let destination = if stored.operations.tar {
            std::fs::create_dir(&tree).on("create directory", &tree)?;
            Destination::Tree(&tree, Modes::ReadOnly)
        } else {
            Destination::File { directory: made, name: TREE.as_ref(), mode: self.slot.record.mode() & 0o555 }
        };
        let done = extract(&stored, destination, jobs, progress)
            .map_err(|source| WorkenvError::Extract { slot: self.slot.name().into(), source })?;
        let seal = made.join(SEAL);
        let text = format!(
            "slot {}\nblake3 {}\nfiles {}\nbytes {}\n",
            self.slot.name(),
            self.facts.blake3,
            done.files,
            done.bytes
        );
        std::fs::write(&seal, text).on("write", &seal)?;
        let place = cache.slot_dir(&self.key);
        if stored.operations.tar {
            std::fs::set_permissions(&tree, Permissions::from_mode(0o555)).on("set the mode of", &tree)?;
        }
        // What is there without a seal is not a slot.
        if place.exists() {
            cache.discard(&place)?;
        }
        staging.publish(&place)?;
        tracing::info!(slot = self.slot.name(), files = done.files, bytes = done.bytes, took = %clock.took(), "extract");
        Ok(())
    }
}
