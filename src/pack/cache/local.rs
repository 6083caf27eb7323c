//! The store in a directory of this machine.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Layer;
use super::stat_cache::hash_tree;
use super::store::{Damage, Description, Made, StagedEntry, Store, StoredEntry, TREE};
use crate::format::Blake3;
use crate::fs::{self, IoContext, Lock, LockKind, Marked, Staging, is_at, names_in, walk};

const ENTRY: &str = "entry";
const STAT: &str = "stat";
const STAGING: &str = "staging";
/// Prefix of a staging directory in the directory for temporary files.
const TEMPORARY: &str = "flavor-pack";
/// There are this many locks for the entries of a layer.
const STRIPES: usize = 64;

/// Entries in a directory, which may be shared by the packs of one machine.
#[derive(Clone, Debug)]
pub(super) struct LocalStore {
    root: PathBuf,
}

impl LocalStore {
    /// The store in an existing directory.
    pub(super) fn at(root: &Path) -> Self {
        Self { root: root.into() }
    }

    fn entry(&self, layer: Layer, key: &str) -> PathBuf {
        self.root.join(layer.name()).join(key)
    }

    /// Held shared while a staging directory is created but not yet locked, exclusively while
    /// abandoned ones are removed.
    fn sweep_lock(&self) -> PathBuf {
        self.root.join("locks/staging")
    }

    /// A staging directory on the same file system.
    pub(super) fn staging(&self) -> fs::Result<Staging> {
        // Otherwise the directory could be removed as an abandoned one before it is locked.
        let _not_swept = Lock::acquire(&self.sweep_lock(), LockKind::Shared)?;
        Staging::locked_in(&self.root.join(STAGING), "pack")
    }

    /// Removes staging directories that no running pack holds. Every pack does this, because packs
    /// that make nothing new and packs that fail never evict; usually there are none.
    pub(super) fn sweep(&self) {
        let staging = self.root.join(STAGING);
        if names_in(&staging).unwrap_or_default().is_empty() {
            return;
        }
        // The holder of the lock is about to lock what it created.
        if let Ok(Some(_alone)) = Lock::try_acquire(&self.sweep_lock(), LockKind::Exclusive) {
            Staging::sweep_unlocked(&staging, "");
        }
    }

    /// Removes the entry at a path. The caller has locked it exclusively.
    pub(super) fn discard(&self, path: &Path) -> fs::Result<()> {
        // Renamed first, so that no process sees a partial entry.
        self.staging()?.take(Marked {
            path,
            mark: Path::new(ENTRY),
        })
    }
}

impl Store for LocalStore {
    fn find(&self, layer: Layer, key: &str) -> Option<Result<StoredEntry, Damage>> {
        open(&self.entry(layer, key))
    }

    fn describe(&self, layer: Layer, key: &str) -> Option<Description> {
        description(&self.entry(layer, key))
    }

    fn remove(&self, layer: Layer, key: &str) -> fs::Result<()> {
        let path = self.entry(layer, key);
        let Ok(directory) = File::open(&path) else {
            return Ok(());
        };
        directory.lock().on("lock", &path)?;
        if is_at(&directory, &path) {
            self.discard(&path)?;
        }
        Ok(())
    }

    fn lock(&self, layer: Layer, key: &str) -> fs::Result<Lock> {
        let stripe = usize::from_str_radix(key.get(..4).unwrap_or("0"), 16).unwrap_or(0) % STRIPES;
        let name = format!("{}-{stripe:02}", layer.name());
        Lock::acquire(&self.root.join("locks").join(name), LockKind::Exclusive)
    }

    fn stage(&self) -> fs::Result<StagedEntry> {
        self.staging().map(StagedEntry::new)
    }

    fn publish(
        &self,
        layer: Layer,
        staged: StagedEntry,
        Made { inputs, facts }: Made<'_>,
        replace: bool,
    ) -> fs::Result<StoredEntry> {
        let key = inputs.key();
        let place = self.entry(layer, &key);
        let from = staged.path();
        let mut hashed = hash_tree(walk(&from.join(TREE))?, &from.join(STAT))?;
        let description = Description {
            inputs: inputs.clone(),
            digest: hashed.digest,
            bytes: hashed.bytes(),
            facts,
        };
        let path = from.join(ENTRY);
        let json = serde_json::to_vec(&description)
            .map_err(std::io::Error::from)
            .on("write", &path)?;
        let text = [Blake3::of(&json).hex().as_bytes(), b"\n", &json].concat();
        std::fs::write(&path, text).on("write", &path)?;
        loop {
            match std::fs::rename(from, &place) {
                Err(error) if is_occupied(&error, &place) => {}
                outcome => {
                    outcome.on("publish", &place)?;
                    break;
                }
            }
            if !replace && let Some(Ok(existing)) = open(&place) {
                return Ok(existing);
            }
            self.remove(layer, &key)?;
        }
        let tree = place.join(TREE);
        for entry in &mut hashed.entries {
            entry.path = tree.join(&entry.relative);
        }
        // The lock of the staging directory is on the entry now.
        let in_use = File::open(&place).ok().filter(lock_shared);
        Ok(StoredEntry {
            tree,
            hashed,
            facts: description.facts,
            reused: false,
            in_use,
        })
    }
}

/// A staging directory for a pack without a cache, in the directory for temporary files. Removes
/// those of killed packs.
pub(super) fn temporary_staging() -> fs::Result<Staging> {
    let parent = std::env::temp_dir();
    Staging::sweep_unlocked(&parent, &format!("{TEMPORARY}-"));
    Staging::locked_in(&parent, TEMPORARY)
}

fn open(path: &Path) -> Option<Result<StoredEntry, Damage>> {
    let directory = File::open(path).ok()?;
    let is_locked = lock_shared(&directory);
    // Between opening and locking it may have been evicted.
    if !is_at(&directory, path) {
        return None;
    }
    Some(check(path).map(|entry| {
        // Eviction is by least recent use. In a read-only cache nothing is evicted anyway.
        drop(directory.set_modified(SystemTime::now()));
        StoredEntry {
            in_use: is_locked.then_some(directory),
            ..entry
        }
    }))
}

fn check(path: &Path) -> Result<StoredEntry, Damage> {
    let description = description(path).ok_or(Damage::Record)?;
    let tree = path.join(TREE);
    let hashed = walk(&tree)
        .and_then(|entries| hash_tree(entries, &path.join(STAT)))
        .map_err(|_| Damage::Content)?;
    if hashed.digest != description.digest {
        return Err(Damage::Content);
    }
    Ok(StoredEntry {
        tree,
        hashed,
        facts: description.facts,
        reused: true,
        in_use: None,
    })
}

/// Reads the description of the entry at a path, which follows a line with its BLAKE3; `None` if it
/// is missing or damaged.
pub(super) fn description(path: &Path) -> Option<Description> {
    let bytes = std::fs::read(path.join(ENTRY)).ok()?;
    let (digest, json) = bytes.split_at_checked(65)?;
    if digest.strip_suffix(b"\n")? != Blake3::of(json).hex().as_bytes() {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// A shared lock on a directory; none if directories cannot be locked.
fn lock_shared(directory: &File) -> bool {
    directory.try_lock_shared().is_ok()
}

/// Some network file systems return EPERM for an existing name.
fn is_occupied(error: &std::io::Error, place: &Path) -> bool {
    use std::io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, PermissionDenied};
    match error.kind() {
        DirectoryNotEmpty | AlreadyExists => true,
        PermissionDenied => place.is_dir(),
        _ => false,
    }
}
