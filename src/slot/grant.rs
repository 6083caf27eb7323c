//! The limits on the cost of reading a slot.

use std::time::{Duration, Instant};

use crate::codec::DecoderMemory;
use crate::format::limits;

/// What a reader grants to a slot in addition to its signed sizes.
#[derive(Clone, Copy, Debug)]
pub struct Grant {
    /// Uncompressed bytes, if the size is not signed.
    pub plain: u64,
    /// Entries of an archive, if their number is not signed.
    pub entries: u64,
    pub memory: DecoderMemory,
    /// When the reader gives up.
    pub deadline: Option<Deadline>,
}

/// A time limit.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    granted: Duration,
}

impl Deadline {
    /// This much time from now.
    pub fn after(granted: Duration) -> Option<Self> {
        Instant::now()
            .checked_add(granted)
            .map(|at| Self { at, granted })
    }

    /// The granted time, if it has passed.
    pub(super) fn passed(&self) -> Option<Duration> {
        (Instant::now() >= self.at).then_some(self.granted)
    }
}

impl Grant {
    /// For a slot of ours, whose sizes are all signed: what our writer requires of readers, and no
    /// more.
    pub const DECLARED: Self = Self {
        plain: 0,
        entries: 0,
        memory: DecoderMemory::Own,
        deadline: None,
    };

    /// For one of this many slots of a package whose content sizes are not signed.
    pub fn undeclared(stored_size: u64, slots: usize) -> Self {
        Self {
            plain: limits::undeclared_plain(stored_size, slots),
            entries: limits::undeclared_entries(slots),
            memory: DecoderMemory::Foreign,
            deadline: None,
        }
    }

    /// For a slot of a trusted package, without limits on size and time. Memory stays bounded.
    pub fn unlimited() -> Self {
        Self {
            plain: u64::MAX,
            entries: u64::MAX,
            ..Self::undeclared(0, 1)
        }
    }
}
