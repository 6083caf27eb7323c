//! Threads that decode one slot after the other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::whole::WholeFrames;

/// Most bytes of memory that are kept between two slots, so that a start stays within what it may hold.
const KEPT: usize = 16 << 20;

/// How many threads decode, how far they are, and the memory that they keep from slot to slot: a tenth of a short extraction
/// is the kernel's work of giving memory.
pub struct Decoders {
    jobs: usize,
    /// Plain bytes so far.
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

    /// The most threads at once.
    pub fn jobs(&self) -> usize {
        self.jobs
    }

    /// Counts plain bytes while slots are decoded.
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

    /// Gives the memory back, for decoders that need their own.
    pub(super) fn clear(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
