//! The build cache: the result of equal inputs is reused.
//!
//! ```text
//! <cache>/build/<layer>/<key>/tree     the result
//! <cache>/build/<layer>/<key>/entry    inputs (the key is their digest), digest, description
//! <cache>/build/<layer>/<key>/stat     stat cache: verifies the tree without reading it
//! <cache>/build/staging/               work in progress; unlocked directories are leftovers
//! <cache>/build/stat/                  stat caches of trees elsewhere: sources, interpreters
//! <cache>/build/projects/              per manifest: inputs and output of the last pack
//! ```
//!
//! An entry is published by one rename and never changes. Every use verifies its digest; a damaged
//! entry is made again. A shared lock on an entry's directory marks it as in use.

mod explain;
mod inputs;
mod local;
mod project;
mod stat_cache;
mod store;
mod usage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(super) use inputs::Inputs;
pub(super) use project::{LastOutput, Project};
pub(super) use stat_cache::{HashedTree, hash_tree};
pub(super) use store::{CacheEntry, StagedEntry};
pub use usage::{CacheStats, Cleaned, LayerStats, cache_stats, clean_cache};

use local::{LocalStore, temporary_staging};
use store::{Made, Store, StoredEntry};

use crate::format::Blake3;
use crate::fs::{
    self, CACHE_TAG, CacheRoot, Candidate, IoContext, Look, Staging, belongs_to_another, cache_tag,
    create_private_dir, make_once, replace_file, takes_files,
};

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// A relocated, slim interpreter with its bytecode.
    Runtime,
    /// A virtual environment with a build back end.
    BuildEnv,
    /// Installed distributions.
    Deps,
    /// The content of the project's wheel.
    App,
    /// Bytecode of a tree.
    Bytecode,
    /// Encoded slots.
    Slots,
}

impl Layer {
    /// All layers, in the order in which a pack uses them.
    pub const ALL: [Self; 6] = [
        Self::Runtime,
        Self::BuildEnv,
        Self::Deps,
        Self::App,
        Self::Bytecode,
        Self::Slots,
    ];

    /// Name of its directory, also used in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::BuildEnv => "build-env",
            Self::Deps => "deps",
            Self::App => "app",
            Self::Bytecode => "bytecode",
            Self::Slots => "slots",
        }
    }
}

/// How a pack uses the build cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheUse {
    /// Existing results are used, new ones are kept.
    #[default]
    Full,
    /// The same, but distributions from indexes and find-links are resolved again.
    Refresh,
    /// Nothing is read and nothing is kept.
    Off,
}

/// One step of a pack and the origin of its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it makes: `deps`, `slot data`.
    pub name: String,
    pub layer: Layer,
    /// Whether the result came from the cache.
    pub reused: bool,
    /// Why it was made again, one reason per line; `None` if it came from the cache.
    pub because: Option<Vec<String>>,
    /// Bytes of the result.
    pub bytes: u64,
}

/// The build cache as used by one pack.
pub(super) struct BuildCache {
    store: Box<dyn Store>,
    /// The directory on this machine with everything that is not an entry.
    root: PathBuf,
    usage: CacheUse,
    /// Removed at the end of the pack; inside the cache, so that results can be renamed into it.
    work: Staging,
    project: Project,
    steps: Mutex<Vec<Step>>,
    /// Changes found, by the stat cache file.
    changes: Mutex<BTreeMap<PathBuf, Vec<String>>>,
}

impl BuildCache {
    /// Opens the cache named by the environment. If there is none, or it is not wanted, a temporary
    /// directory is used instead.
    pub(super) fn open(usage: CacheUse, manifest: &Path) -> fs::Result<Self> {
        let root = match usage {
            CacheUse::Off => None,
            CacheUse::Full | CacheUse::Refresh => place().filter(|root| create(root)),
        };
        let (root, work) = if let Some(root) = root {
            mark(&root);
            let store = LocalStore::at(&root);
            store.sweep();
            let work = store.staging()?;
            (root, work)
        } else {
            let work = temporary_staging()?;
            let root = work.path().join("cache");
            create(&root);
            (root, work)
        };
        let store = Box::new(LocalStore::at(&root));
        Ok(Self::with_store(store, root, usage, work, manifest))
    }

    fn with_store(
        store: Box<dyn Store>,
        root: PathBuf,
        usage: CacheUse,
        work: Staging,
        manifest: &Path,
    ) -> Self {
        let project = Project::load(&root, manifest);
        Self {
            store,
            root,
            usage,
            work,
            project,
            steps: Mutex::default(),
            changes: Mutex::default(),
        }
    }

    /// A directory for this pack alone.
    pub(super) fn work(&self) -> &Path {
        self.work.path()
    }

    /// The stat cache file for the tree `root`. `what` distinguishes different selections from one
    /// tree.
    pub(super) fn memory(&self, root: &Path, what: &str) -> PathBuf {
        let name = format!("{}\n{what}", root.display());
        self.root
            .join("stat")
            .join(Blake3::of(name.as_bytes()).hex())
    }

    /// What has changed since the last pack, for a tree that may be hashed more than once in this
    /// one: after the first time the stat cache is up to date.
    pub(super) fn changes_in_this_pack(&self, memory: &Path, found: Vec<String>) -> Vec<String> {
        let mut all = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(memory.into()).or_default();
        if !found.is_empty() {
            *known = found;
        }
        known.clone()
    }

    /// The file that keeps interpreters' answers.
    pub(super) fn interpreters(&self) -> PathBuf {
        self.root.join("interpreters.json")
    }

    pub(super) fn project(&self) -> &Project {
        &self.project
    }

    /// An empty staging directory for an entry.
    pub(super) fn stage(&self) -> fs::Result<StagedEntry> {
        self.store.stage()
    }

    /// The existing result for these inputs, if it is `acceptable` and undamaged.
    pub(super) fn find<F: DeserializeOwned>(
        &self,
        step: &str,
        layer: Layer,
        inputs: &Inputs,
        acceptable: impl FnOnce(&F) -> Result<(), String>,
    ) -> fs::Result<Option<CacheEntry<F>>> {
        if self.usage == CacheUse::Refresh && matches!(layer, Layer::Deps | Layer::BuildEnv) {
            self.project.note(step, "resolved again, as requested");
            return Ok(None);
        }
        let key = inputs.key();
        let Some(found) = self.store.find(layer, &key) else {
            return Ok(None);
        };
        let problem = match found.and_then(StoredEntry::typed) {
            Ok(made) => match acceptable(&made.facts) {
                Ok(()) => {
                    self.record(step, layer, inputs, None, made.hashed.bytes());
                    return Ok(Some(made));
                }
                Err(why) => why,
            },
            Err(damage) => {
                let path = self.root.join(layer.name()).join(&key);
                tracing::warn!(layer = layer.name(), path = %path.display(), "build cache: {damage}, made again");
                damage.to_string()
            }
        };
        self.project.note(step, &problem);
        self.store.remove(layer, &key)?;
        Ok(None)
    }

    /// Returns the cached result for these inputs, or else what `make` makes in an empty directory.
    pub(super) fn make<F, E>(
        &self,
        step: &str,
        layer: Layer,
        inputs: &Inputs,
        acceptable: impl Fn(&F) -> Result<(), String>,
        make: impl FnOnce(&Path) -> Result<F, E>,
    ) -> Result<CacheEntry<F>, E>
    where
        F: Serialize + DeserializeOwned,
        E: From<fs::Error>,
    {
        match self.find(step, layer, inputs, &acceptable)? {
            Some(made) => Ok(made),
            None => self.make_missing(step, layer, inputs, acceptable, make),
        }
    }

    /// Like [`Self::make`], after [`Self::find`] has found nothing.
    pub(super) fn make_missing<F, E>(
        &self,
        step: &str,
        layer: Layer,
        inputs: &Inputs,
        acceptable: impl Fn(&F) -> Result<(), String>,
        make: impl FnOnce(&Path) -> Result<F, E>,
    ) -> Result<CacheEntry<F>, E>
    where
        F: Serialize + DeserializeOwned,
        E: From<fs::Error>,
    {
        let look = |look| match (look, self.usage) {
            (Look::Locked, CacheUse::Full) => Ok(self.find(step, layer, inputs, &acceptable)?),
            // The caller has looked. An entry that is to be made again is not wanted.
            _ => Ok(None),
        };
        // Making an entry of one layer may need another layer, never the same one, so there are no
        // deadlocks.
        let lock = || Ok(self.store.lock(layer, &inputs.key())?);
        let once = make_once(look, lock, |_| {
            let staging = self.stage()?;
            let facts = make(&staging.tree()?)?;
            Ok::<_, E>(self.publish(step, layer, inputs, staging, facts)?)
        })?;
        Ok(once.into_inner())
    }

    /// Drops a step from the statistics: its result is not needed after all.
    pub(super) fn forget(&self, step: &str) {
        self.steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|one| one.name != step);
        self.project.forget(step);
    }

    /// The last result of `step`, if all inputs except those named in `except` are unchanged.
    pub(super) fn last<F: DeserializeOwned>(
        &self,
        step: &str,
        layer: Layer,
        inputs: &Inputs,
        except: &[&str],
    ) -> Option<CacheEntry<F>> {
        let last = self.project.last(step)?;
        last.same_but(inputs, except)
            .then(|| self.store.find(layer, &last.key())?.ok()?.typed().ok())
            .flatten()
    }

    /// The description of the last result of `step`, whatever its inputs.
    pub(super) fn latest<F: DeserializeOwned>(&self, step: &str, layer: Layer) -> Option<F> {
        let key = self.project.last(step)?.key();
        serde_json::from_str(self.store.describe(layer, &key)?.facts.get()).ok()
    }

    /// Publishes the content of `staging` in the cache, with its description.
    pub(super) fn publish<F: Serialize + DeserializeOwned>(
        &self,
        step: &str,
        layer: Layer,
        inputs: &Inputs,
        staging: StagedEntry,
        facts: F,
    ) -> fs::Result<CacheEntry<F>> {
        let because = self.project.because(step, inputs);
        let made = Made {
            inputs,
            facts: serde_json::value::to_raw_value(&facts)
                .map_err(std::io::Error::from)
                .on("write", staging.path())?,
        };
        let replace = self.usage == CacheUse::Refresh;
        let stored = self.store.publish(layer, staging, made, replace)?;
        // The tree may be that of a faster pack.
        let facts = serde_json::from_str(stored.facts.get()).unwrap_or(facts);
        let made = stored.with(facts);
        self.record(step, layer, inputs, Some(because), made.hashed.bytes());
        Ok(made)
    }

    /// Records inputs for the next pack, updates counters, and evicts. Returns the steps.
    pub(super) fn finish(self, output: Option<LastOutput>, max_size: u64) -> Vec<Step> {
        let steps = self
            .steps
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if self.usage != CacheUse::Off {
            self.project.save(output);
            usage::count(&self.root, &steps);
            if steps.iter().any(|step| !step.reused) {
                usage::evict(&self.root, max_size);
            }
        }
        steps
    }

    fn record(
        &self,
        step: &str,
        layer: Layer,
        inputs: &Inputs,
        because: Option<Vec<String>>,
        bytes: u64,
    ) {
        tracing::debug!(
            step,
            layer = layer.name(),
            reused = because.is_none(),
            "build cache"
        );
        self.project.remember(step, inputs);
        let step = Step {
            name: step.into(),
            layer,
            reused: because.is_none(),
            because,
            bytes,
        };
        self.steps
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(step);
    }
}

/// Creates the directories of a cache. Whether there is one now.
fn create(root: &Path) -> bool {
    Layer::ALL
        .iter()
        .map(|layer| layer.name())
        .chain(["staging", "stat", "projects", "locks"])
        .all(|name| {
            create_private_dir(&root.join(name))
                .inspect_err(|error| tracing::debug!(%error, "no build cache"))
                .is_ok()
        })
}

/// Marks the cache as such, so that a project that contains it does not treat it as sources. Best
/// effort.
fn mark(root: &Path) {
    let tag = root.join(CACHE_TAG);
    if !tag.exists()
        && let Err(error) = replace_file(&tag, cache_tag().as_bytes())
    {
        tracing::debug!(%error, "cache not marked");
    }
}

/// The build cache, in the first writable candidate.
fn place() -> Option<PathBuf> {
    // Files created in another user's home could be inaccessible to that user.
    let may = |candidate: &Candidate| !candidate.optional || !belongs_to_another(&candidate.path);
    let mut places = CacheRoot::candidates()
        .filter(may)
        .map(|candidate| CacheRoot::build(&candidate.path));
    let takes = |root: &PathBuf| {
        takes_files(root)
            .inspect_err(|error| tracing::debug!(%error, "no build cache"))
            .is_ok()
    };
    places.find(takes)
}

/// Counters of a layer, as stored.
type Counters = BTreeMap<Layer, (u64, u64)>;
