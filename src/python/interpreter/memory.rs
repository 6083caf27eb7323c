use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::error::Result;
use super::probe::{Interpreter, ProbeAnswer};
use crate::fs::{Stamp, replace_file};

/// A cache file of interpreters' answers to the probe: running an interpreter costs more than
/// everything else in an unchanged pack.
///
/// An answer is valid as long as the executable, the link that leads to it and the `pyvenv.cfg`
/// beside it are unchanged.
pub struct ProbeMemory {
    file: PathBuf,
    answers: Mutex<BTreeMap<PathBuf, Answer>>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Answer {
    stamps: Vec<Option<Stamp>>,
    facts: ProbeAnswer,
}

impl ProbeMemory {
    /// Reads the file; a missing or damaged one is empty.
    pub fn load(file: PathBuf) -> Self {
        let answers = std::fs::read(&file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self {
            file,
            answers: Mutex::new(answers.unwrap_or_default()),
        }
    }

    /// Runs the interpreter unless its answer is known.
    pub(super) fn probe(&self, path: &Path) -> Result<Interpreter> {
        let stamps = stamps(path);
        let known = self
            .lock()
            .get(path)
            .filter(|answer| answer.stamps == stamps)
            .map(|answer| answer.facts.clone());
        if let Some(facts) = known {
            return Ok(facts.into_interpreter());
        }
        let facts = Interpreter::ask(path)?;
        let mut answers = self.lock();
        answers.insert(
            path.to_path_buf(),
            Answer {
                stamps,
                facts: facts.clone(),
            },
        );
        answers.retain(|path, _| path.exists());
        // Without the file the next pack runs it again.
        if let Ok(bytes) = serde_json::to_vec(&*answers) {
            drop(replace_file(&self.file, &bytes));
        }
        drop(answers);
        Ok(facts.into_interpreter())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamps(path: &Path) -> Vec<Option<Stamp>> {
    let link = path.symlink_metadata();
    let target = path.metadata();
    let settings = path
        .parent()
        .and_then(Path::parent)
        .map(|prefix| prefix.join("pyvenv.cfg").metadata());
    let all = [Some(link), Some(target), settings];
    all.into_iter()
        .map(|metadata| metadata?.ok().map(|metadata| Stamp::of(&metadata)))
        .collect()
}
