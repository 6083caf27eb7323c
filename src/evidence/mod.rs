//! The attestations of a package: SBOM and provenance.
//!
//! Both are in one slot, as in PSPF, and are authenticated with it. A start never reads them.

mod bill;
mod provenance;
mod purl;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::format::from_json;

pub use bill::{Archive, Bill, Component, Kind, License};
pub use provenance::{Envelope, EnvelopeError, Material, Provenance, STATEMENT_TYPE, Subject};
pub use purl::escaped;

/// The content of the attestation slot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attestation {
    pub provenance: Envelope,
    /// CycloneDX 1.6.
    pub sbom: Value,
}

impl Attestation {
    /// Compact JSON with sorted keys.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Parses the output of [`Self::to_bytes`]. FlavorPack's attestation slots have another format.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        from_json(bytes).ok()
    }
}
