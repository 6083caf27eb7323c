//! The stages `plan` and `build`: what goes into a package, slot by slot, before anything is
//! encoded.

use std::path::PathBuf;

use super::application::Application;
use super::context::{Pack, Resources};
use super::language::{BuiltApplication, Language, Planned};
use super::languages;
use super::slots::{self, SlotPlan};
use super::startable;
use super::{BuildError, Finding, Settings};
use crate::manifest::Manifest;
use crate::report::{Reporter, Stopwatch};

/// The name of the stages from here to the encoded slots in the output.
pub(super) const PHASE: &str = "slots";

/// What goes into a package.
pub(super) struct Contents {
    /// The manifest, complete.
    pub(super) manifest: Manifest,
    pub(super) application: Application,
    pub(super) language: Box<dyn Language>,
    /// In the order of the package.
    pub(super) plans: Vec<SlotPlan>,
    pub(super) findings: Vec<Finding>,
    /// Runs since the slots were begun.
    pub(super) clock: Stopwatch,
}

impl Contents {
    /// Builds the application, plans all slots, and rejects programs that can never start.
    pub(super) fn build(pack: Pack, planned: Planned) -> Result<Self, BuildError> {
        let Planned { manifest, build } = planned;
        let built = match build {
            Some(build) => build(pack.with(&manifest))?,
            None => languages::none(&manifest),
        };
        let BuiltApplication {
            named,
            mut application,
            language,
        } = built;
        // The name of a requirement is known only now.
        let manifest = named.unwrap_or(manifest);
        pack.reporter.begin(PHASE);
        let clock = Stopwatch::start();
        let pack = pack.with(&manifest);
        let plans = slots::plan(pack, &application)?;
        let mut findings = std::mem::take(&mut application.findings);
        findings.extend(plans.iter().filter_map(|plan| plan.secrets(&manifest)));
        findings.extend(startable::check(pack, &application, &plans)?);
        if manifest.execution.command.is_none() {
            findings.extend(language.not_startable(pack, &plans)?);
        }
        Ok(Self {
            manifest,
            application,
            language,
            plans,
            findings,
            clock,
        })
    }
}

/// A slot of the package.
#[derive(Clone, Debug)]
pub struct ListedSlot {
    pub name: String,
    /// Its path, beginning with `{workenv}`.
    pub target: String,
    /// Files and links in the order of the slot, relative to the target; for a single-file slot,
    /// its path in the environment.
    pub files: Vec<ListedFile>,
}

#[derive(Clone, Debug)]
pub struct ListedFile {
    pub path: PathBuf,
    /// Size before stripping and compression; 0 for a link.
    pub size: u64,
}

/// The content of a package, and warnings about it.
#[derive(Clone, Debug)]
pub struct Listing {
    pub slots: Vec<ListedSlot>,
    pub findings: Vec<Finding>,
}

/// Lists what [`super::pack()`] would put into the package, slot by slot. Nothing is encoded or
/// signed, and only the build cache is written: the content of an application is known only after
/// building it.
///
/// # Errors
/// Those of the same stages of [`super::pack()`].
pub fn list_files(
    manifest: &Manifest,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Listing, BuildError> {
    let resources = Resources::open(manifest, settings)?;
    let pack = resources.pack(manifest, settings, reporter);
    let contents = Contents::build(pack, languages::plan(pack)?)?;
    Ok(Listing {
        slots: contents.plans.iter().map(listed).collect(),
        findings: contents.findings,
    })
}

fn listed(plan: &SlotPlan) -> ListedSlot {
    let files = plan.files().into_iter();
    ListedSlot {
        name: plan.name.clone(),
        target: plan.target.clone(),
        files: files
            .map(|(path, size)| ListedFile { path, size })
            .collect(),
    }
}
