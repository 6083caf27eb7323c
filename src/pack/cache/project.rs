use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::explain::differences;
use super::inputs::Inputs;
use crate::format::Blake3;
use crate::fs::{Stamp, replace_file};

/// The inputs of the last pack of a manifest, and its outputs: for explanations, and to recognise
/// an unchanged output.
pub(in crate::pack) struct Project {
    manifest: PathBuf,
    file: PathBuf,
    last: Last,
    now: Mutex<Now>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Last {
    manifest: PathBuf,
    steps: BTreeMap<String, Inputs>,
    outputs: BTreeMap<PathBuf, LastOutput>,
}

#[derive(Default)]
struct Now {
    steps: BTreeMap<String, Inputs>,
    /// Why an existing result for a step could not be used.
    notes: BTreeMap<String, String>,
}

/// A package that was written, verified, and stat'ed afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::pack) struct LastOutput {
    pub(in crate::pack) path: PathBuf,
    /// [`crate::package::SignedPackage::identity`].
    pub(in crate::pack) identity: Blake3,
    /// Digest of the whole file.
    pub(in crate::pack) digest: Blake3,
    /// Whether it was read back and verified.
    pub(in crate::pack) verified: bool,
    pub(in crate::pack) mode: u32,
    pub(in crate::pack) stamp: Stamp,
    /// When the file was examined, in nanoseconds since 1970.
    pub(in crate::pack) looked_at: i64,
}

impl Project {
    pub(super) fn load(root: &Path, manifest: &Path) -> Self {
        let manifest = std::path::absolute(manifest).unwrap_or_else(|_| manifest.to_path_buf());
        let name = Blake3::of(manifest.as_os_str().as_encoded_bytes()).hex();
        let file = root.join("projects").join(name);
        let last = std::fs::read(&file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self {
            manifest,
            file,
            last,
            now: Mutex::default(),
        }
    }

    /// The last package written to `path`.
    pub(in crate::pack) fn output(&self, path: &Path) -> Option<&LastOutput> {
        self.last.outputs.get(path)
    }

    /// The inputs with which a step was last made.
    pub(super) fn last(&self, step: &str) -> Option<&Inputs> {
        self.last.steps.get(step)
    }

    /// Records why an existing result for a step could not be used.
    pub(super) fn note(&self, step: &str, why: &str) {
        self.lock().notes.insert(step.into(), why.into());
    }

    pub(super) fn forget(&self, step: &str) {
        self.lock().steps.remove(step);
    }

    pub(super) fn remember(&self, step: &str, inputs: &Inputs) {
        self.lock().steps.insert(step.into(), inputs.clone());
    }

    /// Why a step's result has to be made, one reason per line.
    pub(super) fn because(&self, step: &str, inputs: &Inputs) -> Vec<String> {
        let note = self.lock().notes.get(step).cloned();
        if let Some(note) = note {
            return vec![note];
        }
        match self.last.steps.get(step) {
            None => vec!["made for the first time".into()],
            Some(old) if old.key() == inputs.key() => vec!["the cache no longer had it".into()],
            Some(old) => differences(old, inputs, &self.manifest),
        }
    }

    /// Writes the inputs of this pack, if they have changed.
    pub(super) fn save(self, output: Option<LastOutput>) {
        let mut next = Last {
            manifest: self.manifest,
            steps: self
                .now
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)
                .steps,
            outputs: self.last.outputs.clone(),
        };
        next.outputs.retain(|path, _| path.exists());
        next.outputs
            .extend(output.map(|output| (output.path.clone(), output)));
        if next == self.last {
            return;
        }
        let written = serde_json::to_vec(&next)
            .map_err(|error| error.to_string())
            .and_then(|bytes| replace_file(&self.file, &bytes).map_err(|error| error.to_string()));
        if let Err(error) = written {
            tracing::debug!(error, "the inputs of this pack are not remembered");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
