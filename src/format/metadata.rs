//! The signed JSON.
//!
//! The outer keys are PSPF's, with the meanings that FlavorPack gives them. Everything specific to
//! flavor is under the one key `flavor` ([`Facts`]). A package with that key is one of ours and
//! must satisfy the strict rules of `docs/format.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::facts::{Facts, SCHEMA};
use super::json::{at_most_slots, check_json};
use super::{FormatError, Operations, Sha256, from_json, limits};

/// Name of the slot with the SBOM and the provenance.
pub const ATTESTATION_SLOT: &str = "_attestation";

/// Everything a package says about itself, covered by its signature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    #[serde(default)]
    pub format: String,
    #[serde(default)]
    pub format_version: String,
    #[serde(default)]
    pub package: Package,
    #[serde(default, deserialize_with = "at_most_slots")]
    pub slots: Vec<SlotRecord>,
    #[serde(default)]
    pub execution: Execution,
    #[serde(default)]
    pub verification: Verification,
    #[serde(default)]
    pub build: Build,
    #[serde(default)]
    pub launcher: LauncherRecord,
    #[serde(default)]
    pub compatibility: Compatibility,
    #[serde(default, skip_serializing_if = "Runtime::is_empty")]
    pub runtime: Runtime,
    /// What the publisher requires of the machine. The index has a digest of it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PackagePolicy>,
    /// The set-up commands of a foreign package; ours do not use this key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup_commands: Vec<Value>,
    /// Specific to flavor; absent in packages made by FlavorPack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavor: Option<Facts>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// One slot as PSPF describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRecord {
    #[serde(default)]
    pub slot: u64,
    /// The slot's name.
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub source: String,
    /// The path of the slot in the work environment. In our packages it begins with [`WORKENV`](super::WORKENV).
    #[serde(default)]
    pub target: String,
    /// Stored bytes in our packages. FlavorPack records the size of the source.
    #[serde(default)]
    pub size: i64,
    /// SHA-256 of the stored bytes, with prefix. Empty or abbreviated in some foreign packages.
    #[serde(default)]
    pub checksum: String,
    #[serde(default)]
    pub operations: String,
    #[serde(default)]
    pub purpose: String,
    #[serde(default)]
    pub lifecycle: String,
    /// Octal text, such as `0755`.
    #[serde(default)]
    pub permissions: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// One line, for launchers that split it. Ours reads [`Facts::programs`].
    #[serde(default)]
    pub command: String,
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    #[serde(default)]
    pub integrity_seal: IntegritySeal,
    #[serde(default)]
    pub signed: bool,
    #[serde(default)]
    pub require_verification: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegritySeal {
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub algorithm: String,
}

/// The builder of the package. `timestamp` is ISO 8601.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Build {
    #[serde(default)]
    pub tool: String,
    #[serde(default)]
    pub tool_version: String,
    #[serde(default)]
    pub timestamp: String,
    #[serde(default)]
    pub deterministic: bool,
    #[serde(default)]
    pub platform: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LauncherRecord {
    #[serde(default)]
    pub tool: String,
    #[serde(default)]
    pub tool_version: String,
    #[serde(default)]
    pub size: u64,
    /// SHA-256 of the launcher, with prefix. FlavorPack doubles the prefix.
    #[serde(default)]
    pub checksum: String,
    #[serde(default)]
    pub capabilities: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compatibility {
    #[serde(default)]
    pub min_format_version: String,
    #[serde(default)]
    pub features: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runtime {
    #[serde(default)]
    pub env: RuntimeEnv,
}

/// A package's own policy. The order of the fields is the order in which their digest is computed.
/// FlavorPack's launchers require all but the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagePolicy {
    /// Days since [`Facts::build_timestamp`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<u64>,
    /// Such as `linux_amd64`; empty for all.
    #[serde(default)]
    pub platforms: Vec<String>,
    #[serde(default)]
    pub refuse_root: bool,
    /// Variables that must be set.
    #[serde(default)]
    pub require_env: Vec<String>,
}

impl PackagePolicy {
    /// The digest in the index: of compact JSON with sorted keys.
    pub fn digest(&self) -> Sha256 {
        Sha256::of(&serde_json::to_vec(self).unwrap_or_default())
    }
}

impl Runtime {
    fn is_empty(&self) -> bool {
        self.env == RuntimeEnv::default()
    }
}

/// Changes to the caller's environment, in this order: unset, map, set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeEnv {
    /// Names or glob patterns to remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<String>,
    /// Names or glob patterns exempt from `unset`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pass: Vec<String>,
    /// Renames: old name → new name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
}

/// When a slot is extracted and how long it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lifecycle {
    /// Extracted before the program starts; kept.
    #[default]
    Eager,
    /// Extracted on request.
    Lazy,
    /// Extracted for one run.
    Temporary,
    /// Exists only while set-up commands run.
    Init,
    /// Never extracted at a start: for tools that inspect a package.
    Attestation,
}

impl Lifecycle {
    /// PSPF's code.
    pub fn code(self) -> u8 {
        match self {
            Self::Init => 0,
            Self::Temporary => 5,
            Self::Lazy => 6,
            Self::Eager => 7,
            Self::Attestation => 11,
        }
    }

    /// PSPF's name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Attestation => "attestation",
            Self::Temporary => "temporary",
            Self::Lazy => "lazy",
            Self::Eager => "eager",
        }
    }

    /// Parses PSPF's name.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Eager,
            Self::Lazy,
            Self::Temporary,
            Self::Init,
            Self::Attestation,
        ]
        .into_iter()
        .find(|one| one.word() == word)
    }
}

impl Metadata {
    /// The text that is signed.
    ///
    /// # Errors
    /// [`FormatError::OverLimit`] if FlavorPack's launchers would truncate it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let text = serde_json::to_vec(self)
            .map_err(|error| FormatError::BadMetadata(error.to_string()))?;
        if text.len() > limits::METADATA_WRITTEN {
            return Err(FormatError::OverLimit {
                what: "bytes of metadata",
                found: text.len() as u64,
                limit: limits::METADATA_WRITTEN as u64,
            });
        }
        Ok(text)
    }

    /// Parses the signed text.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`] if it is not the JSON of a package, or is ours but has another
    /// schema version or is not exactly what [`Self::to_bytes`] writes. The last rule ensures that
    /// all readers interpret it alike.
    pub fn from_bytes(text: &[u8]) -> Result<Self, FormatError> {
        let bad =
            |error: serde_json::Error| FormatError::BadMetadata(on_one_line(&error.to_string()));
        // Ordinary texts are proven to be canonical below.
        if text.len() > LONG_TEXT {
            check_json(text).map_err(bad)?;
        }
        let metadata: Self = serde_json::from_slice(text).map_err(bad)?;
        metadata.check_words()?;
        let Some(facts) = &metadata.flavor else {
            return from_json(text).map_err(bad);
        };
        if facts.schema != SCHEMA {
            return Err(FormatError::BadMetadata(format!(
                "schema version {} is not {SCHEMA}",
                facts.schema
            )));
        }
        if facts.slots.len() != metadata.slots.len() {
            return Err(FormatError::SlotCount {
                rows: facts.slots.len(),
                slots: metadata.slots.len(),
            });
        }
        let own = serde_json::to_vec(&metadata).map_err(bad)?;
        if let Some(at) = own.iter().zip(text).position(|(own, found)| own != found) {
            return Err(FormatError::MetadataForm { at });
        }
        if own.len() != text.len() {
            return Err(FormatError::MetadataForm {
                at: own.len().min(text.len()),
            });
        }
        Ok(metadata)
    }
}

impl Metadata {
    /// Rejects control characters, which could affect a terminal or forge lines of output, in every
    /// text that is ever shown.
    fn check_words(&self) -> Result<(), FormatError> {
        let mut words = vec![
            &self.format,
            &self.format_version,
            &self.package.name,
            &self.package.version,
        ];
        words.extend(&self.package.description);
        words.extend([
            &self.build.tool,
            &self.build.tool_version,
            &self.build.timestamp,
            &self.launcher.checksum,
        ]);
        words.extend([
            &self.launcher.tool,
            &self.launcher.tool_version,
            &self.execution.command,
        ]);
        for slot in &self.slots {
            words.extend([
                &slot.id,
                &slot.target,
                &slot.checksum,
                &slot.operations,
                &slot.purpose,
                &slot.lifecycle,
            ]);
            words.extend(&slot.permissions);
        }
        if let Some(facts) = &self.flavor {
            words.extend(
                [&facts.target]
                    .into_iter()
                    .chain(&facts.glibc_floor)
                    .chain(&facts.libraries),
            );
        }
        match words
            .into_iter()
            .find(|word| word.chars().any(char::is_control))
        {
            None => Ok(()),
            Some(word) => Err(FormatError::BadMetadata(format!(
                "control characters in `{}`",
                word.escape_debug()
            ))),
        }
    }
}

/// An error message that may quote the text.
fn on_one_line(message: &str) -> String {
    let shown = |one: char| {
        if one.is_control() {
            one.escape_debug().to_string()
        } else {
            one.to_string()
        }
    };
    message.chars().map(shown).collect()
}

/// Texts longer than this are checked before they are parsed.
const LONG_TEXT: usize = 64 << 10;

impl SlotRecord {
    /// The signed digest of the stored bytes, if it is a full one.
    pub fn sha256(&self) -> Option<Sha256> {
        Sha256::parse(&self.checksum)
    }

    /// The signed operations, parsed from PSPF's spelling as our packages write it.
    pub fn chain(&self) -> Option<Operations> {
        Operations::parse(&self.operations).filter(|chain| chain.codec.is_written())
    }

    /// The signed permission bits; 0 when the text is not octal.
    pub fn mode(&self) -> u16 {
        self.permissions
            .as_deref()
            .and_then(|text| u16::from_str_radix(text, 8).ok())
            .unwrap_or(0)
    }
}
