//! `flavor inspect --sbom`, `--provenance` and `--licenses`.

use flavor::analysis::PackedDistribution;
use flavor::evidence::Envelope;
use flavor::format::{ATTESTATION_SLOT, from_json, limits};
use flavor::package::{Authenticity, Reader};
use flavor::report::printable;
use serde_json::{Value, json};

use crate::error::Error;
use crate::output;

/// The SBOM, as in the package.
pub(super) fn sbom(reader: &Reader) -> Result<(), Error> {
    let mut attestation = read(reader)?;
    let sbom = attestation
        .get_mut("sbom")
        .map(Value::take)
        .ok_or_else(|| none(reader))?;
    output::json(&sbom)
}

/// The provenance, or with `envelope` the signed envelope.
pub(super) fn provenance(reader: &Reader, envelope: bool) -> Result<(), Error> {
    let mut attestation = read(reader)?;
    let provenance = attestation
        .get_mut("provenance")
        .map(Value::take)
        .ok_or_else(|| none(reader))?;
    if envelope || reader.authenticity() != Authenticity::Complete {
        return output::json(&provenance);
    }
    let failed = |source| Error::Provenance {
        path: reader.path().into(),
        source,
    };
    let signed: Envelope = serde_json::from_value(provenance)
        .map_err(|_| failed(flavor::evidence::EnvelopeError::Malformed))?;
    output::json(&signed.open(reader.signer()).map_err(failed)?)
}

/// The licences declared by the distributions in the package.
pub(super) fn licenses(as_json: bool, distributions: &[PackedDistribution]) -> Result<(), Error> {
    if as_json {
        let each: Vec<Value> = distributions
            .iter()
            .map(|distribution| json!({ "name": distribution.name, "version": distribution.version, "license": distribution.license }))
            .collect();
        return output::json(&json!({ "licenses": each }));
    }
    let widest = distributions
        .iter()
        .map(|distribution| distribution.name.len() + distribution.version.len() + 1)
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for distribution in distributions {
        let name =
            printable(&format!("{} {}", distribution.name, distribution.version)).to_string();
        let license = distribution.license.as_deref().unwrap_or("not declared");
        text.push_str(&format!("{name:<widest$}  {}\n", printable(license)));
    }
    output::data(&text)
}

fn read(reader: &Reader) -> Result<Value, Error> {
    let slot = reader
        .slots()
        .find(|slot| slot.name() == ATTESTATION_SLOT)
        .ok_or_else(|| none(reader))?;
    if reader.authenticity() != Authenticity::Complete {
        tracing::warn!("made by FlavorPack: its attestation slot is not authenticated");
    }
    let path = reader.path().to_path_buf();
    let stored = slot.stored().map_err(|error| Error::Package {
        path: path.clone(),
        source: error.into(),
    })?;
    let failed = |source| Error::Extract {
        path: path.clone(),
        slot: slot.name().into(),
        declared: slot.facts.is_some(),
        source,
    };
    let bytes = stored.bytes(limits::ATTESTATION).map_err(failed)?;
    from_json(&bytes).map_err(|_| none(reader))
}

fn none(reader: &Reader) -> Error {
    Error::NoAttestation {
        path: reader.path().into(),
    }
}
