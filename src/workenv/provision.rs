//! What the caller supplies to provide an environment.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::WorkenvError;
use crate::fs::{Lock, LockKind, Result};

/// How thoroughly a start checks the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// What a start depends on, with a few `stat`s.
    #[default]
    Seal,
    /// Every byte.
    Strict,
}

/// Receives the progress of an extraction.
pub trait Progress {
    /// `total` uncompressed bytes are about to be extracted. Other threads add to `done`.
    fn begin(&self, total: u64, done: &Arc<AtomicU64>);
    /// The package's set-up commands run.
    fn setting_up(&self);
    /// This process waits for `what`.
    fn waiting(&self, what: &str);
    /// The last step has ended, successfully or not.
    fn end(&self);
}

impl dyn Progress + '_ {
    /// Takes a lock, and reports what it is waiting for.
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

/// The output of the set-up commands, below an environment. Locked as long as one of them runs,
/// even after the start that ran them was killed.
pub const SET_UP_LOG: &str = ".flavor/set-up.log";

/// Runs the set-up commands of a package. The cache itself never starts a program.
pub trait SetUp {
    /// Runs all commands for the environment at `workenv`, its final path.
    fn run(&self, workenv: &Path) -> std::result::Result<(), WorkenvError>;
}

/// How an environment is to be provided.
#[derive(Clone, Copy)]
pub struct Provision<'a> {
    pub check: Check,
    pub progress: &'a dyn Progress,
    pub set_up: &'a dyn SetUp,
}
