//! The metadata that describes, and through its signature vouches for, everything that has been built.

use std::collections::BTreeMap;

use super::Settings;
use super::encoded::Stored;
use super::slots::SlotPlan;
use crate::elf::GlibcVersion;
use crate::format::{
    Build, Compatibility, Execution, Facts, IntegritySeal, LauncherRecord, Metadata, Package, Program, PythonFacts,
    Runtime, RuntimeEnv, SCHEMA, SlotFacts, SlotRecord, Verification,
};
use crate::manifest::Manifest;
use crate::slot::EncodedSlot;
use crate::stub::{Family, Stub};

/// Name of our launcher in the metadata.
pub const OWN_LAUNCHER: &str = "flavor-launcher";

/// Everything that goes into the metadata.
pub(super) struct Parts<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) settings: &'a Settings,
    pub(super) version: &'a str,
    pub(super) stub: &'a Stub,
    pub(super) plans: &'a [SlotPlan],
    pub(super) stored: &'a [Stored],
    pub(super) python: Option<PythonFacts>,
    pub(super) programs: Vec<Program>,
    pub(super) glibc_floor: Option<GlibcVersion>,
}

impl Parts<'_> {
    /// Composes the metadata. The same parts give the same bytes.
    pub(super) fn metadata(self) -> Metadata {
        let manifest = self.manifest;
        let command = self.programs.first().map(|program| command_line(&program.argv)).unwrap_or_default();
        Metadata {
            format: "PSPF/2025".into(),
            format_version: "1.0.0".into(),
            package: Package {
                name: manifest.package_name.clone(),
                version: self.version.into(),
                description: manifest.project.description.clone(),
            },
            slots: self
                .plans
                .iter()
                .zip(self.stored)
                .enumerate()
                .map(|(at, (plan, stored))| record(at, plan, &stored.slot))
                .collect(),
            execution: Execution { command, env: manifest.execution.env.iter().cloned().collect() },
            verification: Verification {
                integrity_seal: IntegritySeal { required: true, algorithm: "ed25519".into() },
                signed: true,
                require_verification: true,
            },
            build: Build {
                tool: "flavor".into(),
                tool_version: env!("CARGO_PKG_VERSION").into(),
                timestamp: timestamp(self.settings.epoch),
                deterministic: true,
                platform: BTreeMap::from([("os".into(), "linux".into()), ("arch".into(), "amd64".into())]),
            },
            launcher: LauncherRecord {
                tool: launcher_name(self.stub.family).into(),
                tool_version: if self.stub.family == Family::Flavor { env!("CARGO_PKG_VERSION") } else { "unknown" }
                    .into(),
                size: self.stub.bytes.len() as u64,
                checksum: self.stub.sha256().to_string(),
                capabilities: Vec::new(),
            },
            compatibility: Compatibility { min_format_version: "1.0.0".into(), features: Vec::new() },
            runtime: Runtime { env: runtime_env(manifest) },
            setup_commands: Vec::new(),
            flavor: Some(Facts {
                schema: SCHEMA,
                target: format!("linux-{}", std::env::consts::ARCH),
                slots: self.stored.iter().map(|stored| facts(&stored.slot)).collect(),
                programs: self.programs,
                python: self.python,
                set_up: manifest.post_extract.clone(),
                glibc_floor: self.glibc_floor.map(|version| version.to_string()),
                build_timestamp: self.settings.epoch,
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

fn facts(slot: &EncodedSlot) -> SlotFacts {
    SlotFacts { blake3: slot.blake3, plain_size: slot.plain_size, files: slot.files }
}

fn runtime_env(manifest: &Manifest) -> RuntimeEnv {
    let wishes = &manifest.execution.runtime_env;
    RuntimeEnv {
        unset: wishes.unset.clone(),
        pass: wishes.pass.clone(),
        map: wishes.map.iter().cloned().collect(),
        set: wishes.set.iter().cloned().collect(),
    }
}

/// One line for launchers that expand placeholders first and split into words afterwards: quotes keep a cache path with
/// blanks whole.
fn command_line(argv: &[String]) -> String {
    let plain = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./=:,+@".contains(&byte))
    };
    argv.iter().map(|word| if plain(word) { word.clone() } else { format!("\"{word}\"") }).collect::<Vec<_>>().join(" ")
}

/// ISO 8601 in UTC, by Howard Hinnant's `civil_from_days` (<https://howardhinnant.github.io/date_algorithms.html>).
fn timestamp(epoch: u64) -> String {
    let (days, seconds) = (epoch / 86_400, epoch % 86_400);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}+00:00", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_iso_8601() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00+00:00");
        assert_eq!(timestamp(951_782_400), "2000-02-29T00:00:00+00:00");
        assert_eq!(timestamp(1_735_689_599), "2024-12-31T23:59:59+00:00");
    }

    #[test]
    fn words_with_blanks_and_placeholders_are_quoted() {
        let words = ["{workenv}/bin/x".to_owned(), "-I".into(), "a b".into()];
        assert_eq!(command_line(&words), "\"{workenv}/bin/x\" -I \"a b\"");
    }
}
