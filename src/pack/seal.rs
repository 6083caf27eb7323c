//! Composes the metadata, which describe everything that was built; the signature covers the rest
//! through them.

use std::collections::BTreeMap;

use super::BuildError;
use super::attestation::About;
use super::built::Built;
use super::contents::Contents;
use super::context::Pack;
use super::encoded::Encoded;
use super::slots::SlotPlan;
use crate::format::{
    ATTESTATION_SLOT, Build, Compatibility, Execution, FORMAT, FORMAT_REVISION, Facts,
    IntegritySeal, LauncherRecord, Lifecycle, Metadata, Package, PackagePolicy, Runtime,
    RuntimeEnv, SCHEMA, SlotFacts, SlotRecord, Verification, WORKENV, timestamp,
};
use crate::manifest::{Manifest, Policy};
use crate::package::{self, SignedPackage};
use crate::report::Stopwatch;
use crate::sign::SecretKey;
use crate::slot::EncodedSlot;
use crate::stub::Family;
use crate::target::Target;

/// Name of our launcher in the metadata.
pub const OWN_LAUNCHER: &str = "flavor-launcher";

/// A package that is signed and not yet written.
pub(super) struct Sealed {
    pub(super) version: String,
    /// The last slot.
    pub(super) attestation: EncodedSlot,
    pub(super) signed: SignedPackage,
}

impl Sealed {
    /// Attests, composes the metadata, and signs.
    pub(super) fn new(pack: Pack, encoded: &Encoded, key: &SecretKey) -> Result<Self, BuildError> {
        let clock = Stopwatch::start();
        let contents = &encoded.contents;
        let pack = pack.with(&contents.manifest);
        let version = version(contents)?;
        let built = Built {
            pack,
            encoded,
            version: &version,
        };
        let attestation = About { built }.slot(key)?;
        let metadata = built.metadata(&attestation);
        package::check(&metadata)?;
        let signed = SignedPackage::new(&metadata, pack.stub.bytes.len() as u64, key)?;
        let signer = key.public().fingerprint();
        pack.reporter.phase("sign", signer.short(), clock.took());
        Ok(Self {
            version,
            attestation,
            signed,
        })
    }
}

fn version(contents: &Contents) -> Result<String, BuildError> {
    let computed = || Some(contents.application.version.clone());
    contents
        .manifest
        .version
        .clone()
        .or_else(computed)
        .filter(|version| !version.is_empty())
        .ok_or(BuildError::NoVersion)
}

impl Built<'_> {
    /// Composes the metadata. Equal input gives equal bytes.
    fn metadata(&self, attestation: &EncodedSlot) -> Metadata {
        let Pack {
            manifest,
            settings,
            stub,
            ..
        } = self.pack;
        let stored = &self.encoded.stored;
        let needs = &self.encoded.needs;
        let application = &self.encoded.contents.application;
        let command = application
            .programs
            .first()
            .map(|program| command_line(&program.argv))
            .unwrap_or_default();
        Metadata {
            format: FORMAT.into(),
            format_version: FORMAT_REVISION.into(),
            package: Package {
                name: manifest.package_name.clone(),
                version: self.version.into(),
                description: manifest.project.description.clone(),
            },
            slots: self
                .slots()
                .enumerate()
                .map(|(at, (plan, stored))| record(at, plan, &stored.slot))
                .chain([attestation_record(stored.len(), attestation)])
                .collect(),
            execution: Execution {
                command,
                env: execution_env(manifest),
            },
            verification: Verification {
                integrity_seal: IntegritySeal {
                    required: true,
                    algorithm: "ed25519".into(),
                },
                signed: true,
                require_verification: true,
            },
            build: Build {
                tool: "flavor".into(),
                tool_version: env!("CARGO_PKG_VERSION").into(),
                timestamp: timestamp(*settings.epoch),
                deterministic: true,
                platform: BTreeMap::from([
                    ("os".into(), Target::SYSTEM.into()),
                    ("arch".into(), stub.target.processor.short_name().into()),
                ]),
            },
            launcher: LauncherRecord {
                tool: launcher_name(stub.family).into(),
                tool_version: if stub.family == Family::Flavor {
                    env!("CARGO_PKG_VERSION")
                } else {
                    "unknown"
                }
                .into(),
                size: stub.bytes.len() as u64,
                checksum: stub.sha256().to_string(),
                capabilities: Vec::new(),
            },
            compatibility: Compatibility {
                min_format_version: FORMAT_REVISION.into(),
                features: Vec::new(),
            },
            runtime: Runtime {
                env: runtime_env(manifest),
            },
            policy: policy(manifest),
            setup_commands: Vec::new(),
            flavor: Some(Facts {
                schema: SCHEMA,
                target: stub.target.name().into(),
                slots: stored
                    .iter()
                    .map(|stored| &stored.slot)
                    .chain([attestation])
                    .map(facts)
                    .collect(),
                programs: application.programs.clone(),
                commands: application.commands.clone(),
                python: application.python.clone(),
                set_up: manifest.post_extract.clone(),
                rotations: settings.rotations.clone(),
                glibc_floor: needs.glibc.map(|version| version.to_string()),
                libraries: needs.libraries.clone(),
                build_timestamp: *settings.epoch,
                metadata: manifest.metadata.clone(),
            }),
        }
    }
}

fn launcher_name(family: Family) -> &'static str {
    match family {
        Family::Flavor => OWN_LAUNCHER,
        Family::FlavorPack => "flavorpack-launcher",
    }
}

fn record(at: usize, plan: &SlotPlan, slot: &EncodedSlot) -> SlotRecord {
    SlotRecord {
        slot: at as u64,
        id: plan.name.clone(),
        source: plan.source.clone(),
        target: plan.target.clone(),
        size: i64::try_from(slot.stored_size).unwrap_or(i64::MAX),
        checksum: slot.sha256.to_string(),
        operations: slot.operations.to_string(),
        purpose: plan.purpose.clone(),
        lifecycle: plan.lifecycle.word().into(),
        permissions: Some(format!("{:04o}", plan.mode)),
    }
}

/// In FlavorPack's form.
fn attestation_record(at: usize, slot: &EncodedSlot) -> SlotRecord {
    SlotRecord {
        slot: at as u64,
        id: ATTESTATION_SLOT.into(),
        source: String::new(),
        target: format!("{WORKENV}/{ATTESTATION_SLOT}"),
        size: i64::try_from(slot.stored_size).unwrap_or(i64::MAX),
        checksum: slot.sha256.to_string(),
        operations: slot.operations.to_string(),
        purpose: "data".into(),
        lifecycle: Lifecycle::Attestation.word().into(),
        permissions: Some("0644".into()),
    }
}

fn facts(slot: &EncodedSlot) -> SlotFacts {
    let EncodedSlot {
        blake3,
        plain_size,
        files,
        entries,
        ..
    } = *slot;
    SlotFacts {
        blake3,
        plain_size,
        files,
        entries,
    }
}

fn policy(manifest: &Manifest) -> Option<PackagePolicy> {
    let Policy {
        platforms,
        refuse_root,
        max_age_days,
        require_env,
    } = &manifest.policy;
    let (platforms, require_env) = (platforms.clone(), require_env.clone());
    let policy = PackagePolicy {
        max_age_days: *max_age_days,
        platforms,
        refuse_root: *refuse_root,
        require_env,
    };
    (policy != PackagePolicy::default()).then_some(policy)
}

/// The variable with the search path of commands.
const PATH: &str = "PATH";

/// Variables that are set last.
fn execution_env(manifest: &Manifest) -> BTreeMap<String, String> {
    let mut env: BTreeMap<_, _> = manifest.execution.env.iter().cloned().collect();
    if let Some(path) = env.get_mut(PATH).filter(|_| manifest.execution.path) {
        *path = with_own_commands(path);
    }
    env
}

/// A search path that begins with the package's own commands.
fn with_own_commands(path: &str) -> String {
    let own = format!("{WORKENV}/bin:");
    if path.starts_with(&own) {
        path.into()
    } else {
        own + path
    }
}

fn runtime_env(manifest: &Manifest) -> RuntimeEnv {
    let wishes = &manifest.execution.runtime_env;
    let mut set: BTreeMap<_, _> = wishes.set.iter().cloned().collect();
    if manifest.execution.path && manifest.execution.env.iter().all(|(name, _)| name != PATH) {
        // Without the variable, programs are found in the system's default directories.
        let path = set
            .entry(PATH.into())
            .or_insert_with(|| "{env:PATH:-/usr/local/bin:/usr/bin:/bin}".into());
        *path = with_own_commands(path);
    }
    RuntimeEnv {
        unset: wishes.unset.clone(),
        pass: wishes.pass.clone(),
        map: wishes.map.iter().cloned().collect(),
        set,
    }
}

/// One line for launchers that first expand placeholders and then split into words: quotes keep a
/// cache path with blanks together.
fn command_line(argv: &[String]) -> String {
    let plain = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_./=:,+@".contains(&byte))
    };
    argv.iter()
        .map(|word| {
            if plain(word) {
                word.clone()
            } else {
                format!("\"{word}\"")
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_blanks_and_placeholders_are_quoted() {
        let words = ["{workenv}/bin/x".to_owned(), "-I".into(), "a b".into()];
        assert_eq!(command_line(&words), "\"{workenv}/bin/x\" -I \"a b\"");
    }
}
