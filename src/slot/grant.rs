//! What a slot may cost its reader.

use std::time::{Duration, Instant};

use crate::format::limits;

/// What a reader gives for a slot, beside what is signed of it.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// Plain bytes, where nothing signed says how many there are.
    pub plain: u64,
    /// Entries of an archive, where nothing signed says how many there are.
    pub entries: u64,
    /// log2 of the largest window of zstd in bytes.
    pub window_log: u32,
    /// Bytes of memory for the decoder of xz.
    pub xz_memory: u64,
    /// When the reader gives up.
    pub deadline: Option<Deadline>,
}

/// A moment after which a reader gives up.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    granted: Duration,
}

impl Deadline {
    /// So much time from now.
    pub fn after(granted: Duration) -> Option<Self> {
        Instant::now()
            .checked_add(granted)
            .map(|at| Self { at, granted })
    }

    /// The time that was granted, if it is over.
    pub(super) fn passed(&self) -> Option<Duration> {
        (Instant::now() >= self.at).then_some(self.granted)
    }
}

impl Grant {
    /// For a slot of ours, of which everything is signed: what our writer asks of its readers, and
    /// no more.
    pub const DECLARED: Self = Self {
        plain: 0,
        entries: 0,
        window_log: limits::ZSTD_WINDOW_LOG,
        xz_memory: limits::XZ_MEMORY,
        deadline: None,
    };

    /// For one of so many slots of a package of which nothing signed says what comes out.
    pub fn undeclared(stored_size: u64, slots: usize) -> Self {
        Self {
            plain: limits::undeclared_plain(stored_size, slots),
            entries: limits::undeclared_entries(slots),
            window_log: limits::FOREIGN_ZSTD_WINDOW_LOG,
            xz_memory: limits::FOREIGN_XZ_MEMORY,
            deadline: None,
        }
    }

    /// For a slot whose package is trusted to cost what it costs. Memory stays bounded.
    pub fn unlimited() -> Self {
        Self {
            plain: u64::MAX,
            entries: u64::MAX,
            ..Self::undeclared(0, 1)
        }
    }
}
