//! What `pack` made, for the summary, the files of timings and `--json`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Finding;
use super::cache::Step;
use super::encoded::{Encoded, Stored};
use super::native::{Carried, Stripped};
use super::needs::Needs;
use super::slim::Slimmed;
use super::slots::SlotPlan;
use crate::format::Blake3;
use crate::manifest::Manifest;
use crate::python::install::Subject;
use crate::report::Took;
use crate::sign::Fingerprint;
use crate::stub::LauncherOrigin;

/// The result of `pack`.
#[derive(Clone, Debug)]
pub struct PackReport {
    pub path: PathBuf,
    /// The manifest, completed with the metadata from the build back end.
    pub manifest: Manifest,
    pub name: String,
    pub version: String,
    /// Bytes of the package.
    pub size: u64,
    /// BLAKE3 of the whole file.
    pub digest: Blake3,
    /// Whether an identical file existed already.
    pub fresh: bool,
    /// The steps, and which of them came from the build cache.
    pub steps: Vec<Step>,
    pub launcher_size: u64,
    pub launcher: LauncherOrigin,
    pub slots: Vec<SlotReport>,
    pub signer: Fingerprint,
    /// The directory of a newly generated key.
    pub key_made_in: Option<PathBuf>,
    /// Requirements on the target machine.
    pub needs: Needs,
    /// Libraries of this machine that are in the package, each with its slot; not those of the
    /// interpreter.
    pub carried: Vec<(String, Carried)>,
    /// Length of the launcher before and after stripping; `None` if stripping was not requested.
    pub launcher_stripped: Option<(u64, u64)>,
    pub stripped: Stripped,
    /// What `--slim` left out; `None` if it was not requested.
    pub slimmed: Option<Slimmed>,
    /// What a requirement resolved to.
    pub subject: Option<Subject>,
    pub findings: Vec<Finding>,
    /// Whether the finished file was read back and verified.
    pub verified: bool,
    pub took: Took,
}

impl PackReport {
    /// Requirements beyond what `[tool.flavor.target]` promises.
    pub fn beyond_target(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|warning| warning.is_beyond_target())
    }

    /// Whatever exceeds `[tool.flavor.budget]`.
    pub fn over_budget(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|warning| matches!(warning, Finding::OverBudget { .. }))
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct SlotReport {
    pub name: String,
    pub operations: String,
    #[serde(rename = "size")]
    pub stored_size: u64,
    #[serde(rename = "uncompressed_size")]
    pub plain_size: u64,
    pub files: u64,
}

/// Whatever exceeds `[tool.flavor.budget]`.
pub(super) fn over_budget(
    manifest: &Manifest,
    package: &Path,
    size: u64,
    launcher: u64,
    slots: &[SlotReport],
) -> Vec<Finding> {
    let budget = &manifest.budget;
    let named = slots.iter().map(|slot| {
        (
            format!("slot `{}`", slot.name),
            slot.stored_size,
            budget.slots.get(&slot.name).copied(),
        )
    });
    let whole = [
        ("the package".into(), size, budget.total),
        ("the launcher".into(), launcher, budget.launcher),
    ];
    let all = whole.into_iter().chain(named);
    all.filter_map(|(what, found, limit)| {
        let limit = limit.filter(|limit| found > *limit)?;
        Some(Finding::OverBudget {
            package: package.into(),
            what,
            found,
            limit,
        })
    })
    .collect()
}

/// The libraries of this machine in each slot.
pub(super) fn carried(plans: &[SlotPlan], stored: &[Stored]) -> Vec<(String, Carried)> {
    let slots = plans.iter().zip(stored);
    slots
        .flat_map(|(plan, stored)| {
            let carried = stored.native.carried.iter();
            carried.map(|library| (plan.name.clone(), library.clone()))
        })
        .collect()
}

/// The slots in the order of the package.
pub(super) fn slots(encoded: &Encoded) -> Vec<SlotReport> {
    let slots = encoded.contents.plans.iter().zip(&encoded.stored);
    slots
        .map(|(plan, Stored { slot, .. })| SlotReport {
            name: plan.name.clone(),
            stored_size: slot.stored_size,
            plain_size: slot.plain_size,
            files: slot.files,
            operations: slot.operations.to_string(),
        })
        .collect()
}

/// What stripping saved in all slots.
pub(super) fn stripped(stored: &[Stored]) -> Stripped {
    let all = stored.iter().map(|stored| stored.native.stripped);
    all.fold(Stripped::default(), Stripped::plus)
}
