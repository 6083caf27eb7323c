use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::inputs::Inputs;
use super::lock_directory;
use super::stat_cache::{HashedTree, hash_tree};
use crate::format::Blake3;
use crate::fs::{
    self, IoContext, Lock, LockKind, Marked, create_private_dir, is_at, names_in, remove_tree,
    staging_name, walk,
};
use crate::interrupt::Leftover;

const TREE: &str = "tree";
const ENTRY: &str = "entry";
const STAT: &str = "stat";
/// Prefix of a staging directory in the directory for temporary files.
const TEMPORARY: &str = "flavor-pack";

/// An entry of the cache, verified and locked against eviction while this value lives.
pub(in crate::pack) struct CacheEntry<F> {
    pub(in crate::pack) tree: PathBuf,
    pub(in crate::pack) hashed: HashedTree,
    pub(in crate::pack) facts: F,
    /// Whether it existed before.
    pub(in crate::pack) reused: bool,
    _in_use: Option<File>,
}

/// The content of the file `entry`, after a line with its BLAKE3.
#[derive(Serialize, Deserialize)]
pub(super) struct EntryDescription<F> {
    pub(super) inputs: Inputs,
    digest: Blake3,
    /// Digest of the tree.
    pub(super) bytes: u64,
    facts: F,
}

impl<F> EntryDescription<F> {
    pub(super) fn into_facts(self) -> F {
        self.facts
    }
}

/// Why an entry cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Damage {
    #[error("the description of the entry is damaged")]
    Record,
    #[error("the content of the entry does not match its digest")]
    Content,
}

impl<F: DeserializeOwned> CacheEntry<F> {
    /// `None` if there is no such entry.
    pub(super) fn open(path: &Path) -> Option<Result<Self, Damage>> {
        let directory = File::open(path).ok()?;
        let in_use = lock_directory(&directory);
        // Between opening and locking it may have been evicted.
        if !is_at(&directory, path) {
            return None;
        }
        Some(Self::check(path).map(|made| {
            // Eviction is by least recent use. In a read-only cache nothing is evicted anyway.
            drop(directory.set_modified(SystemTime::now()));
            Self {
                reused: true,
                _in_use: in_use.then_some(directory),
                ..made
            }
        }))
    }

    fn check(path: &Path) -> Result<Self, Damage> {
        let record: EntryDescription<F> = read_record(path).ok_or(Damage::Record)?;
        let tree = path.join(TREE);
        let hashed = walk(&tree)
            .and_then(|entries| hash_tree(entries, &path.join(STAT)))
            .map_err(|_| Damage::Content)?;
        if hashed.digest != record.digest {
            return Err(Damage::Content);
        }
        Ok(Self {
            tree,
            hashed,
            facts: record.facts,
            reused: false,
            _in_use: None,
        })
    }
}

/// Reads the description of an entry; `None` if it is missing or damaged.
pub(super) fn read_record<F: DeserializeOwned>(path: &Path) -> Option<EntryDescription<F>> {
    let bytes = std::fs::read(path.join(ENTRY)).ok()?;
    let (digest, json) = bytes.split_at_checked(65)?;
    if digest.strip_suffix(b"\n")? != Blake3::of(json).hex().as_bytes() {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// Held shared while a staging directory is created but not yet locked, exclusively while leftovers
/// are removed.
pub(super) fn sweep_lock(root: &Path) -> PathBuf {
    root.join("locks/staging")
}

/// A staging directory. While its lock is held it is not removed as a leftover of a killed pack.
/// Removed on drop unless it was published.
pub(in crate::pack) struct Staging {
    path: PathBuf,
    _in_use: Option<File>,
    _leftover: Leftover,
}

impl Staging {
    pub(super) fn within(root: &Path) -> fs::Result<Self> {
        // Otherwise the directory could be removed as a leftover before it is locked.
        let _not_swept = Lock::acquire(&sweep_lock(root), LockKind::Shared)?;
        Self::make(root.join("staging").join(staging_name("pack")))
    }

    /// One in the directory for temporary files, for a pack without a cache. Removes those of
    /// killed packs.
    pub(super) fn temporary() -> fs::Result<Self> {
        let parent = std::env::temp_dir();
        for name in names_in(&parent).unwrap_or_default() {
            if name.to_string_lossy().starts_with(&format!("{TEMPORARY}-")) {
                remove_dead(&parent.join(name));
            }
        }
        loop {
            let made = Self::make(parent.join(staging_name(TEMPORARY)))?;
            // Before it was locked, another pack may have removed it as a leftover.
            if made.path.exists() {
                return Ok(made);
            }
        }
    }

    /// The cache that it is in.
    fn root(&self) -> &Path {
        self.path.ancestors().nth(2).unwrap_or(&self.path)
    }

    fn make(path: PathBuf) -> fs::Result<Self> {
        let (leftover, ()) = Leftover::make(&path, || create_private_dir(&path))?;
        let directory = File::open(&path).on("open", &path)?;
        let in_use = lock_directory(&directory).then_some(directory);
        Ok(Self {
            path,
            _in_use: in_use,
            _leftover: leftover,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The directory whose content becomes the entry.
    pub(in crate::pack) fn tree(&self) -> fs::Result<PathBuf> {
        let tree = self.path.join(TREE);
        create_private_dir(&tree)?;
        Ok(tree)
    }

    /// Moves something here, so that it is removed together with this directory.
    pub(super) fn take_in(&self, path: &Path) -> fs::Result<()> {
        Marked {
            path,
            mark: Path::new(ENTRY),
        }
        .clear(&self.path.join("taken"))
    }

    /// Writes the description of the content and publishes the entry. An existing entry is equal,
    /// made by a faster pack, and is kept unless `replace` is set.
    pub(super) fn publish<F: Serialize + DeserializeOwned>(
        self,
        place: &Path,
        inputs: &Inputs,
        facts: F,
        replace: bool,
    ) -> fs::Result<CacheEntry<F>> {
        let mut hashed = hash_tree(walk(&self.path.join(TREE))?, &self.path.join(STAT))?;
        let record = EntryDescription {
            inputs: inputs.clone(),
            digest: hashed.digest,
            bytes: hashed.bytes(),
            facts,
        };
        let description = self.path.join(ENTRY);
        let json = serde_json::to_vec(&record)
            .map_err(std::io::Error::from)
            .on("write", &description)?;
        let text = [Blake3::of(&json).hex().as_bytes(), b"\n", &json].concat();
        std::fs::write(&description, text).on("write", &description)?;
        loop {
            match std::fs::rename(&self.path, place) {
                Err(error) if is_occupied(&error, place) => {}
                outcome => {
                    outcome.on("publish", place)?;
                    break;
                }
            }
            if !replace && let Some(Ok(made)) = CacheEntry::open(place) {
                return Ok(made);
            }
            self.clear(place)?;
        }
        let tree = place.join(TREE);
        for entry in &mut hashed.entries {
            entry.path = tree.join(&entry.relative);
        }
        // The lock of the staging directory is on the entry now.
        let in_use = File::open(place).ok().filter(lock_directory);
        Ok(CacheEntry {
            tree,
            hashed,
            facts: record.facts,
            reused: false,
            _in_use: in_use,
        })
    }

    /// Removes an entry, after waiting for its users.
    pub(super) fn clear(&self, place: &Path) -> fs::Result<()> {
        let Ok(directory) = File::open(place) else {
            return Ok(());
        };
        directory.lock().on("lock", place)?;
        if is_at(&directory, place) {
            Self::within(self.root())?.take_in(place)?;
        }
        Ok(())
    }
}

/// Removes a staging directory unless a running pack holds it.
pub(super) fn remove_dead(path: &Path) {
    if path
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.is_dir())
        && File::open(path).is_ok_and(|directory| directory.try_lock().is_ok())
    {
        tracing::debug!(path = %path.display(), "swept");
        // If a process of the killed pack still writes to it, a later sweep removes it.
        drop(remove_tree(path));
    }
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

impl Drop for Staging {
    fn drop(&mut self) {
        // If it cannot be removed now, a later pack does it.
        if let Err(error) = remove_tree(&self.path) {
            tracing::debug!(%error, "left behind");
        }
    }
}
