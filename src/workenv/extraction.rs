use super::provision::Provision;
use super::slots::{CachedSlot, Tools};
use super::{Cache, WorkenvError};
use crate::slot::{Decoders, processors};

/// Does work that extracts slots, with room checked, progress shown, and modes that do not depend on the caller.
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
    // All may read, nobody else may write.
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
