//! What the metadata and the attestation describe.

use super::context::Pack;
use super::encoded::{Encoded, Stored};
use super::slots::SlotPlan;

/// What was built, before the metadata exist.
#[derive(Clone, Copy)]
pub(super) struct Built<'a> {
    /// With the complete manifest.
    pub(super) pack: Pack<'a>,
    pub(super) encoded: &'a Encoded,
    pub(super) version: &'a str,
}

impl<'a> Built<'a> {
    /// The slots in order: what was planned, and what is stored.
    pub(super) fn slots(&self) -> impl Iterator<Item = (&'a SlotPlan, &'a Stored)> + use<'a> {
        self.encoded.contents.plans.iter().zip(&self.encoded.stored)
    }
}
