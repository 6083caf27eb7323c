use std::fs::File;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Layer;
use super::inputs::Inputs;
use super::stat_cache::HashedTree;
use crate::format::Blake3;
use crate::fs::{self, Lock, Staging, create_private_dir};

/// The directory with the result, in an entry and in a staging directory.
pub(super) const TREE: &str = "tree";

/// Where entries are kept. A key is the digest of all inputs, so an entry may come from another
/// directory, user or machine.
///
/// An entry is immutable: with `find`, `lock`, `find`, `stage` and `publish`, a pack makes each one
/// once ([`crate::fs::make_once`]).
pub(in crate::pack) trait Store: Send + Sync {
    /// The entry with this key, verified, and not removed while the value lives; `None` if there is
    /// none.
    fn find(&self, layer: Layer, key: &str) -> Option<Result<StoredEntry, Damage>>;

    /// The description of an entry, whose tree is not verified; `None` if it is missing or damaged.
    fn describe(&self, layer: Layer, key: &str) -> Option<Description>;

    /// Removes an entry that cannot be used, after waiting for its users.
    fn remove(&self, layer: Layer, key: &str) -> fs::Result<()>;

    /// Waits until no other pack makes this entry, and is held while this one does.
    fn lock(&self, layer: Layer, key: &str) -> fs::Result<Lock>;

    /// A directory in which an entry is made.
    fn stage(&self) -> fs::Result<StagedEntry>;

    /// Publishes an entry. An existing one is equal, made by a faster pack, and is kept unless
    /// `replace` is set.
    fn publish(
        &self,
        layer: Layer,
        staged: StagedEntry,
        made: Made<'_>,
        replace: bool,
    ) -> fs::Result<StoredEntry>;
}

/// What is known of a tree that is to be published. Its key is that of its inputs.
pub(in crate::pack) struct Made<'a> {
    pub(super) inputs: &'a Inputs,
    /// The description of the tree, in JSON.
    pub(super) facts: Box<RawValue>,
}

/// An entry of a store, verified.
pub(in crate::pack) struct StoredEntry {
    pub(super) tree: PathBuf,
    pub(super) hashed: HashedTree,
    pub(super) facts: Box<RawValue>,
    /// Whether it existed before.
    pub(super) reused: bool,
    /// Locked shared: protects it from removal.
    pub(super) in_use: Option<File>,
}

/// An entry of the cache, verified and locked against eviction while this value lives.
pub(in crate::pack) struct CacheEntry<F> {
    pub(in crate::pack) tree: PathBuf,
    pub(in crate::pack) hashed: HashedTree,
    pub(in crate::pack) facts: F,
    /// Whether it existed before.
    pub(in crate::pack) reused: bool,
    _in_use: Option<File>,
}

impl StoredEntry {
    /// With the description of its tree.
    pub(super) fn typed<F: DeserializeOwned>(self) -> Result<CacheEntry<F>, Damage> {
        let facts = serde_json::from_str(self.facts.get()).map_err(|_| Damage::Record)?;
        Ok(self.with(facts))
    }

    pub(super) fn with<F>(self, facts: F) -> CacheEntry<F> {
        CacheEntry {
            tree: self.tree,
            hashed: self.hashed,
            facts,
            reused: self.reused,
            _in_use: self.in_use,
        }
    }
}

/// The description of an entry.
#[derive(Serialize, Deserialize)]
pub(in crate::pack) struct Description {
    pub(super) inputs: Inputs,
    /// Digest of the tree.
    pub(super) digest: Blake3,
    /// Size of the tree.
    pub(super) bytes: u64,
    pub(super) facts: Box<RawValue>,
}

/// Why an entry cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::pack) enum Damage {
    #[error("the description of the entry is damaged")]
    Record,
    #[error("the content of the entry does not match its digest")]
    Content,
}

/// A directory in which an entry is made. Removed on drop unless it was published.
pub(in crate::pack) struct StagedEntry(Staging);

impl StagedEntry {
    pub(super) fn new(staging: Staging) -> Self {
        Self(staging)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Creates the directory whose content becomes the entry.
    pub(in crate::pack) fn tree(&self) -> fs::Result<PathBuf> {
        let tree = self.path().join(TREE);
        create_private_dir(&tree)?;
        Ok(tree)
    }
}

#[cfg(test)]
mod tests {
    use super::super::local::LocalStore;
    use super::super::{BuildCache, CacheUse, create};
    use super::*;

    /// The entries of another cache are used, new ones are kept in the own one.
    struct Shared {
        own: LocalStore,
        other: LocalStore,
    }

    impl Store for Shared {
        fn find(&self, layer: Layer, key: &str) -> Option<Result<StoredEntry, Damage>> {
            let own = self.own.find(layer, key);
            own.or_else(|| self.other.find(layer, key))
        }

        fn describe(&self, layer: Layer, key: &str) -> Option<Description> {
            let own = self.own.describe(layer, key);
            own.or_else(|| self.other.describe(layer, key))
        }

        fn remove(&self, layer: Layer, key: &str) -> fs::Result<()> {
            self.own.remove(layer, key)
        }

        fn lock(&self, layer: Layer, key: &str) -> fs::Result<Lock> {
            self.own.lock(layer, key)
        }

        fn stage(&self) -> fs::Result<StagedEntry> {
            self.own.stage()
        }

        fn publish(
            &self,
            layer: Layer,
            staged: StagedEntry,
            made: Made<'_>,
            replace: bool,
        ) -> fs::Result<StoredEntry> {
            self.own.publish(layer, staged, made, replace)
        }
    }

    fn cache(store: impl Store + 'static, root: &Path) -> BuildCache {
        let work = LocalStore::at(root).staging().expect("a directory");
        let manifest = root.join("pyproject.toml");
        let root = root.to_path_buf();
        BuildCache::with_store(Box::new(store), root, CacheUse::Full, work, &manifest)
    }

    /// The entry for a word, whose tree is one file with it.
    fn entry(cache: &BuildCache, word: &str) -> CacheEntry<usize> {
        let mut inputs = Inputs::default();
        inputs.add("word", word);
        let make = |tree: &Path| {
            std::fs::write(tree.join("file"), word).expect("written");
            Ok::<_, fs::Error>(word.len())
        };
        cache
            .make("step", Layer::App, &inputs, |_| Ok(()), make)
            .expect("made")
    }

    #[test]
    fn another_store_gives_entries_to_the_same_pipeline() {
        let base = tempfile::tempdir().expect("a directory");
        let [first, second] = ["first", "second"].map(|name| base.path().join(name));
        assert!(create(&first) && create(&second));
        let there = cache(LocalStore::at(&first), &first);
        assert!(!entry(&there, "one").reused);
        assert!(entry(&there, "one").reused);

        let shared = Shared {
            own: LocalStore::at(&second),
            other: LocalStore::at(&first),
        };
        let here = cache(shared, &second);
        let one = entry(&here, "one");
        assert!(one.reused && one.facts == 3);
        assert!(one.tree.starts_with(&first));
        let other = entry(&here, "other");
        assert!(!other.reused && other.facts == 5);
        assert!(other.tree.starts_with(&second));
        let read = std::fs::read_to_string(other.tree.join("file"));
        assert_eq!(read.expect("read"), "other");
        drop((one, other));

        // What is damaged is made again.
        let own = LocalStore::at(&second);
        let mut inputs = Inputs::default();
        inputs.add("word", "other");
        let path = second.join("app").join(inputs.key()).join("tree/file");
        std::fs::write(path, "damaged").expect("written");
        let damage = own.find(Layer::App, &inputs.key()).expect("there").err();
        assert_eq!(damage, Some(Damage::Content));
        assert!(!entry(&here, "other").reused);
        assert!(entry(&here, "other").reused);
    }
}
