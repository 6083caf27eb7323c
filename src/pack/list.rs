//! Lists what would go into a package, without making one.

use std::path::PathBuf;

use super::application;
use super::cache::BuildCache;
use super::slots;
use super::startable;
use super::{BuildError, Finding, Settings};
use crate::manifest::Manifest;
use crate::report::Reporter;

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
/// Those of the same steps of [`super::pack()`].
pub fn list_files(
    manifest: &Manifest,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<Listing, BuildError> {
    let stub = settings.stub()?;
    let cache = BuildCache::open(settings.cache, &manifest.path)?;
    let (manifest, facts) = application::state(manifest, settings, &cache, reporter)?;
    let manifest = &*manifest;
    let application = manifest
        .is_python()
        .then(|| application::build(manifest, facts, settings, stub.family, &cache, reporter))
        .transpose()?;
    let named = application
        .as_ref()
        .and_then(|application| application.named.clone());
    let manifest = named.as_ref().unwrap_or(manifest);
    let plans = slots::plan(
        manifest,
        application.as_ref(),
        settings,
        stub.family,
        &cache,
    )?;
    let listed = plans.iter().map(|plan| {
        let files = plan
            .files()
            .into_iter()
            .map(|(path, size)| ListedFile { path, size })
            .collect();
        ListedSlot {
            name: plan.name.clone(),
            target: plan.target.clone(),
            files,
        }
    });
    let slots = listed.collect();
    let mut findings = application
        .as_ref()
        .map(|application| application.findings.clone())
        .unwrap_or_default();
    findings.extend(plans.iter().filter_map(|plan| plan.secrets(manifest)));
    findings.extend(startable::check(
        manifest,
        application.as_ref(),
        &plans,
        stub.family,
    )?);
    Ok(Listing { slots, findings })
}
