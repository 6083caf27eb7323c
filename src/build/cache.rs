//! The build cache: what was made once from the same inputs is not made again.
//!
//! ```text
//! <cache>/build/<layer>/<key>/tree      what was made
//! <cache>/build/<layer>/<key>/inputs    the named inputs that the key is a digest of
//! ```

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::format::Blake3;
use crate::fs::{self, IoContext, Lock, LockKind, cache_candidates, create_private_dir, remove_tree, staging_name};

/// Named inputs of one step. Their digest is the key of what the step makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inputs(String);

impl Inputs {
    /// Adds an input. Names are words; values may be anything, line breaks are escaped.
    pub(super) fn add(&mut self, name: &str, value: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        _ = writeln!(self.0, "{name} = {}", value.to_string().escape_debug());
    }

    fn key(&self) -> String {
        Blake3::of(self.0.as_bytes()).hex()
    }
}

/// The directory of the build cache; `None` when there is no place for one.
#[derive(Clone, Debug)]
pub(super) struct BuildCache {
    root: Option<PathBuf>,
}

impl BuildCache {
    /// The cache that the environment names.
    pub(super) fn from_env() -> Self {
        let root = cache_candidates().into_iter().map(|candidate| candidate.path.join("build"));
        Self { root: root.into_iter().find(|root| create_private_dir(root).is_ok()) }
    }

    /// Removes an entry that turned out to be damaged.
    pub(super) fn discard(&self, layer: &str, inputs: &Inputs) -> fs::Result<()> {
        match &self.root {
            Some(root) => remove_tree(&root.join(layer).join(inputs.key())),
            None => Ok(()),
        }
    }

    /// Returns what `make` makes in an empty directory, from the cache if the same inputs have been there before.
    ///
    /// `scratch` is used when there is no cache.
    pub(super) fn tree<E: From<fs::Error>>(
        &self,
        layer: &str,
        inputs: &Inputs,
        scratch: &Path,
        make: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<(PathBuf, bool), E> {
        let Some(root) = &self.root else {
            let tree = scratch.join(layer);
            create_private_dir(&tree)?;
            make(&tree)?;
            return Ok((tree, false));
        };
        let entry = root.join(layer).join(inputs.key());
        let tree = entry.join("tree");
        if entry.is_dir() {
            tracing::debug!(layer, "build cache hit");
            return Ok((tree, true));
        }
        create_private_dir(&root.join(layer))?;
        let _lock = Lock::acquire(&root.join(layer).join(format!("{}.lock", inputs.key())), LockKind::Exclusive)?;
        if entry.is_dir() {
            return Ok((tree, true));
        }
        tracing::debug!(layer, "build cache miss");
        let staging = root.join(layer).join(staging_name(".staging"));
        let outcome = fill(&staging, inputs, make)
            .and_then(|()| std::fs::rename(&staging, &entry).on("publish", &entry).map_err(E::from));
        if outcome.is_err() {
            remove_tree(&staging)?;
        }
        outcome.map(|()| (tree, false))
    }
}

fn fill<E: From<fs::Error>>(
    staging: &Path,
    inputs: &Inputs,
    make: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    let tree = staging.join("tree");
    create_private_dir(&tree)?;
    make(&tree)?;
    let path = staging.join("inputs");
    Ok(std::fs::write(&path, &inputs.0).on("write", &path)?)
}
