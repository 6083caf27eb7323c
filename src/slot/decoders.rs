//! Threads that decode one slot after another.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::whole::WholeFrames;

/// The maximum memory kept between two slots, in bytes, which bounds the memory of a start.
const KEPT: usize = 16 << 20;

/// The number of decoding threads, their progress, and the memory they reuse between slots, which
/// saves page faults (`docs/adr/0040-what-a-first-start-hashes.md`).
pub struct Decoders {
    jobs: usize,
    /// Uncompressed bytes so far.
    progress: Arc<AtomicU64>,
    idle: Mutex<Vec<WholeFrames>>,
}

impl Decoders {
    /// Up to `jobs` threads at once.
    pub fn new(jobs: usize) -> Self {
        Self {
            jobs,
            progress: Arc::default(),
            idle: Mutex::default(),
        }
    }

    /// The maximum number of threads.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// Counts uncompressed bytes while slots are decoded.
    pub fn progress(&self) -> &Arc<AtomicU64> {
        &self.progress
    }

    pub(super) fn add_progress(&self, plain: u64) {
        self.progress.fetch_add(plain, Ordering::Relaxed);
    }

    pub(super) fn take(&self) -> WholeFrames {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
            .unwrap_or_default()
    }

    pub(super) fn give_back(&self, frames: WholeFrames) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let held = idle
            .iter()
            .chain([&frames])
            .fold(0_usize, |sum, frames| sum.saturating_add(frames.held()));
        if held <= KEPT {
            idle.push(frames);
        }
    }

    /// Frees the memory, for decoders that need their own.
    pub(super) fn clear(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
