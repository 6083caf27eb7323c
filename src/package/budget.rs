//! The total cost of all slots of a package.

use crate::format::{Facts, FormatError, limits};
use crate::slot::{Deadline, Grant};

/// How much time and disk space a reader grants to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// The sizes that the format allows, without a time limit: for a start.
    Format,
    /// The same sizes, and time in proportion to the size of the package: for inspecting a package
    /// that is not trusted yet.
    Look,
    /// No limits. Memory use is bounded nevertheless.
    None,
}

/// The limits for one package.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    limits: Limits,
    deadline: Option<Deadline>,
}

impl Budget {
    /// For a package of this many bytes. Its time starts now.
    pub(super) fn new(limits: Limits, package_size: u64) -> Self {
        let time = (limits == Limits::Look).then(|| limits::time(package_size));
        Self {
            limits,
            deadline: time.and_then(Deadline::after),
        }
    }

    /// Checks the sizes that one of our packages declares for its slots, given their stored sizes,
    /// against the limits.
    ///
    /// # Errors
    /// [`FormatError::OverBudget`].
    pub(super) fn hold(&self, facts: &Facts, stored: &[u64]) -> Result<(), FormatError> {
        if self.limits == Limits::None {
            return Ok(());
        }
        let (mut plain, mut entries, mut all_stored) = (0_u64, 0_u64, 0_u64);
        for (slot, stored) in facts.slots.iter().zip(stored) {
            within(
                "unpacked bytes of a slot",
                slot.plain_size,
                limits::slot_plain(*stored),
            )?;
            within(
                "entries of an archive",
                slot.entries,
                limits::ARCHIVE_ENTRIES,
            )?;
            plain = plain.saturating_add(slot.plain_size);
            entries = entries.saturating_add(slot.entries);
            all_stored = all_stored.saturating_add(*stored);
        }
        within(
            "unpacked bytes of all slots",
            plain,
            limits::package_plain(all_stored),
        )?;
        within("entries of all archives", entries, limits::PACKAGE_ENTRIES)
    }

    /// The limits of one of this many slots. `declared` is true for our packages.
    pub(super) fn grant(&self, declared: bool, stored_size: u64, slots: usize) -> Grant {
        let grant = match self.limits {
            _ if declared => Grant::DECLARED,
            Limits::None => Grant::unlimited(),
            Limits::Format | Limits::Look => Grant::undeclared(stored_size, slots),
        };
        Grant {
            deadline: self.deadline,
            ..grant
        }
    }
}

fn within(what: &'static str, found: u64, limit: u64) -> Result<(), FormatError> {
    if found <= limit {
        Ok(())
    } else {
        Err(FormatError::OverBudget { what, found, limit })
    }
}
