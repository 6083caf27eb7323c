use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::format::{Sha256, from_json};
use crate::sign::{PublicKey, SecretKey};

/// The in-toto statement's type (<https://in-toto.io/Statement/v1>).
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// SLSA's provenance predicate (<https://slsa.dev/spec/v1.0/provenance>).
const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";
/// The build type, which defines the meaning of `externalParameters`.
const BUILD_TYPE: &str = "urn:flavor:pack:1";
const BUILDER: &str = "urn:flavor:builder";
/// The payload type of an in-toto statement in DSSE.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// How a package was built.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// The parts of the package.
    pub subjects: Vec<Subject>,
    /// The parameters of the build: options and manifest.
    pub parameters: Map<String, Value>,
    /// What it was built from.
    pub materials: Vec<Material>,
    /// The build time, in seconds since 1970, used throughout the package.
    pub source_date_epoch: u64,
}

/// A part of the package.
#[derive(Clone, Debug)]
pub struct Subject {
    pub name: String,
    pub sha256: Sha256,
}

/// An input of the build.
#[derive(Clone, Debug)]
pub struct Material {
    pub name: String,
    pub uri: Option<String>,
    /// Digests in hex, by in-toto's name of the algorithm.
    pub digest: (&'static str, String),
}

impl Material {
    /// `digest` is in hex, by in-toto's name of the algorithm.
    pub fn new(name: &str, uri: Option<String>, algorithm: &'static str, digest: String) -> Self {
        Self {
            name: name.into(),
            uri,
            digest: (algorithm, digest),
        }
    }
}

impl Provenance {
    /// Encodes the in-toto statement. Equal provenance gives equal bytes; it contains no clock
    /// time.
    pub fn statement(&self) -> Value {
        let subjects = self.subjects.iter().map(
            |subject| json!({ "name": subject.name, "digest": { "sha256": subject.sha256.hex() } }),
        );
        let materials = self.materials.iter().map(|material| {
            let mut descriptor = json!({ "name": material.name, "digest": { material.digest.0: material.digest.1 } });
            if let Some(uri) = &material.uri {
                descriptor["uri"] = uri.as_str().into();
            }
            descriptor
        });
        json!({
            "_type": STATEMENT_TYPE,
            "subject": subjects.collect::<Vec<_>>(),
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": self.parameters,
                    "internalParameters": { "SOURCE_DATE_EPOCH": self.source_date_epoch },
                    "resolvedDependencies": materials.collect::<Vec<_>>(),
                },
                "runDetails": {
                    "builder": { "id": BUILDER, "version": { "flavor": env!("CARGO_PKG_VERSION") } },
                },
            },
        })
    }
}

/// A signed statement: DSSE 1.0 (<https://github.com/secure-systems-lab/dsse>).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Signature {
    keyid: String,
    sig: String,
}

/// Why an envelope is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("the provenance is not an in-toto statement in a DSSE envelope")]
    Malformed,
    #[error("the provenance is not signed by the package's key")]
    NotSigned,
}

impl Envelope {
    /// Signs a statement.
    pub fn sign(statement: &Value, key: &SecretKey) -> Self {
        let payload = statement.to_string();
        let signature = key.sign(&pre_authentication(PAYLOAD_TYPE, payload.as_bytes()));
        Self {
            payload: BASE64.encode(payload),
            payload_type: PAYLOAD_TYPE.into(),
            signatures: vec![Signature {
                keyid: key.public().fingerprint().as_str().into(),
                sig: BASE64.encode(signature),
            }],
        }
    }

    /// The statement, if it is signed by `key`.
    pub fn open(&self, key: &PublicKey) -> Result<Value, EnvelopeError> {
        let payload = BASE64
            .decode(&self.payload)
            .map_err(|_| EnvelopeError::Malformed)?;
        let message = pre_authentication(&self.payload_type, &payload);
        let signed = self.signatures.iter().any(|signature| {
            let bytes = BASE64
                .decode(&signature.sig)
                .ok()
                .and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
            bytes.is_some_and(|bytes| key.verify(&message, &bytes).is_ok())
        });
        if !signed {
            return Err(EnvelopeError::NotSigned);
        }
        let statement = from_json(&payload)
            .ok()
            .filter(|_| self.payload_type == PAYLOAD_TYPE);
        statement.ok_or(EnvelopeError::Malformed)
    }
}

/// The signed message: DSSE's pre-authentication encoding, which separates type and payload
/// unambiguously.
fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut text = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    )
    .into_bytes();
    text.extend_from_slice(payload);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_opens_for_its_key_only() {
        let key = SecretKey::from_seed("one");
        let statement = json!({ "_type": STATEMENT_TYPE });
        let envelope = Envelope::sign(&statement, &key);
        assert_eq!(envelope.open(&key.public()), Ok(statement));
        assert_eq!(
            envelope.open(&SecretKey::from_seed("other").public()),
            Err(EnvelopeError::NotSigned)
        );
        let changed = Envelope {
            payload: BASE64.encode("{}"),
            ..envelope
        };
        assert_eq!(changed.open(&key.public()), Err(EnvelopeError::NotSigned));
    }

    /// The example in DSSE's protocol specification.
    #[test]
    fn the_encoding_is_that_of_the_protocol() {
        let encoded = pre_authentication("http://example.com/HelloWorld", b"hello world");
        assert_eq!(
            encoded,
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }
}
