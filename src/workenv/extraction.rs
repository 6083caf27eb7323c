use super::provision::Provision;
use super::slots::{CachedSlot, Tools};
use super::{Cache, WorkenvError};
use crate::slot::{Decoders, processors};

/// Runs an operation that extracts slots: checks free space, shows progress and sets a fixed umask,
/// so that modes do not depend on the caller's.
pub(super) fn extraction(
    cache: &Cache,
    how: Provision<'_>,
    slots: &[&CachedSlot<'_>],
    work: impl FnOnce(&Tools<'_>) -> Result<(), WorkenvError>,
) -> Result<(), WorkenvError> {
    let total = slots.iter().map(|slot| slot.facts.plain_size).sum();
    cache.check_room(total)?;
    let decoders = Decoders::new(processors());
    how.progress.begin(total, decoders.progress());
    // World-readable, writable by the owner only.
    let umask = rustix::process::umask(rustix::fs::Mode::WGRP | rustix::fs::Mode::WOTH);
    let outcome = work(&Tools {
        cache,
        decoders: &decoders,
        progress: how.progress,
    });
    rustix::process::umask(umask);
    how.progress.end();
    outcome
}
