//! What providing an environment needs from whoever asks for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::WorkenvError;
use crate::fs::{Lock, LockKind, Result};

/// How closely a start looks at what is in the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// What a start depends on, by a few `stat`s.
    #[default]
    Seal,
    /// Every byte.
    Strict,
}

/// Told how an extraction goes.
pub trait Progress {
    /// `total` plain bytes are about to be extracted; `done` counts them from other threads.
    fn begin(&self, total: u64, done: &Arc<AtomicU64>);
    /// The package's set-up commands run.
    fn setting_up(&self);
    /// This process waits for `what`.
    fn waiting(&self, what: &str);
    /// What was begun last is over, well or not.
    fn end(&self);
}

impl dyn Progress + '_ {
    /// Takes a lock. If that takes time, says what for.
    pub(super) fn wait(&self, path: &Path, kind: LockKind, what: &str) -> Result<Lock> {
        if let Some(lock) = Lock::try_acquire(path, kind)? {
            return Ok(lock);
        }
        self.waiting(what);
        let lock = Lock::acquire(path, kind);
        self.end();
        lock
    }
}

/// Below an environment: what its set-up commands say. Locked as long as one of them runs, even when the start that ran them
/// has been killed.
pub const SET_UP_LOG: &str = ".flavor/set-up.log";

/// Runs the set-up commands of a package. The cache itself never starts a program.
pub trait SetUp {
    /// Runs all commands for the environment at `workenv`, which is where it will stay.
    fn run(&self, workenv: &Path) -> std::result::Result<(), WorkenvError>;
}

/// How an environment is to be provided.
#[derive(Clone, Copy)]
pub struct Provision<'a> {
    pub check: Check,
    pub progress: &'a dyn Progress,
    pub set_up: &'a dyn SetUp,
}
