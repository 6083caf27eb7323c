use std::path::{Path, PathBuf};

use super::application::{self, Application};
use super::attestation::About;
use super::cache::{BuildCache, Step};
use super::complete;
use super::encoded::{self, Stored};
use super::native::{self, Carried, Native, Needs, Package, Stripped};
use super::output::{self, Output};
use super::seal::{Built, Parts};
use super::slim::{self, Slimmed};
use super::slots::{self, SlotPlan};
use super::startable;
use super::{BuildError, Finding, Settings};
use crate::elf::StripOutcome;
use crate::format::{Blake3, Program};
use crate::libraries::Machine;
use crate::manifest::Manifest;
use crate::package::{self, SignedPackage};
use crate::python::install::{Distribution, Subject};
use crate::report::{Reporter, Stopwatch, Took};
use crate::sign::Fingerprint;
use crate::slot::EncodedSlot;
use crate::stub::{LauncherOrigin, Stub};

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
    pub distributions: Vec<Distribution>,
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

#[derive(Clone, Debug)]
pub struct SlotReport {
    pub name: String,
    pub stored_size: u64,
    pub plain_size: u64,
    pub files: u64,
    pub operations: String,
}

/// Makes a package. The output is published by one rename, or not at all.
///
/// # Errors
/// See [`BuildError`]; an existing output file is kept then.
pub fn pack(
    manifest: &Manifest,
    settings: &Settings,
    reporter: &dyn Reporter,
) -> Result<PackReport, BuildError> {
    let total = Stopwatch::start();
    // The cheap checks come before the expensive work.
    if manifest.policy.max_age_days.is_some() && settings.epoch == 0 {
        return Err(BuildError::NoBuildTime);
    }
    let is_known = settings.output.is_some() || !manifest.package_name.is_empty();
    let output = is_known
        .then(|| destination(manifest, settings))
        .transpose()?;
    let signing = settings.key.load()?;
    let mut stub = settings.stub()?;
    let launcher_stripped = settings.strip.then(|| strip_launcher(&mut stub));
    let cache = BuildCache::open(settings.cache, &manifest.path)?;
    let (manifest, facts) = application::state(manifest, settings, &cache, reporter)?;
    let manifest = &*manifest;
    let application = manifest
        .is_python()
        .then(|| application::build(manifest, facts, settings, stub.family, &cache, reporter))
        .transpose()?;
    // The name of a requirement is known only now.
    let named = application
        .as_ref()
        .and_then(|application| application.named.clone());
    let manifest = named.as_ref().unwrap_or(manifest);
    let output = match output.filter(|_| named.is_none()) {
        Some(output) => output,
        None => destination(manifest, settings)?,
    };
    reporter.begin(encoded::PHASE);
    let clock = Stopwatch::start();
    let mut plans = slots::plan(
        manifest,
        application.as_ref(),
        settings,
        stub.family,
        &cache,
    )?;
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
    findings.extend(complete::check(
        manifest,
        application.as_ref(),
        &plans,
        stub.family,
        &cache,
        reporter,
    )?);
    let (stored, threads) = encoded::encode_slots(
        &mut plans,
        settings,
        &stub,
        application.as_ref(),
        &cache,
        reporter,
    )?;
    reporter.phase(
        encoded::PHASE,
        &encoded::outcome(&stored, threads),
        clock.took(),
    );
    let slimmed = match &application {
        Some(application) => slim::check(application, &plans, &stored, settings, &cache, reporter)?,
        None => None,
    };
    let package = Package {
        manifest,
        application: application.as_ref(),
        plans: &plans,
        stored: &stored,
        cache: &cache,
        machine: &Machine::new(),
    };
    let (needs, found) = native::judge(&package)?;
    findings.extend(found);
    if let (Some(floor), Some((slot, file))) = (needs.glibc, &needs.glibc_by) {
        tracing::info!(%floor, slot, file, "the newest glibc that a file asks for");
    }
    let clock = Stopwatch::start();
    let version = version(manifest, application.as_ref())?;
    let native = stored.iter().fold(Native::default(), |sum, stored| {
        sum.plus(stored.native.clone())
    });
    let subject = application
        .as_ref()
        .and_then(|application| application.subject.clone());
    let (python, programs, commands, evidence, in_use) = match application {
        Some(Application {
            python,
            programs,
            commands,
            evidence,
            in_use,
            ..
        }) => (Some(python), programs, commands, Some(evidence), in_use),
        None => (None, own_command(manifest), Vec::new(), None, Vec::new()),
    };
    let built = Built {
        manifest,
        settings,
        version: &version,
        stub: &stub,
        plans: &plans,
        stored: &stored,
    };
    let about = About {
        built,
        subject: subject.as_ref(),
        python: evidence.as_ref(),
    };
    let attestation = about.slot(&signing.key, &cache)?;
    let parts = Parts {
        built,
        attestation: &attestation,
        python,
        programs,
        commands,
        needs: &needs,
    };
    let metadata = parts.metadata();
    package::check(&metadata)?;
    let signed = SignedPackage::new(&metadata, stub.bytes.len() as u64, &signing.key)?;
    reporter.phase(
        "sign",
        signing.key.public().fingerprint().short(),
        clock.took(),
    );
    let files: Vec<_> = stored
        .iter()
        .map(|stored| &stored.slot)
        .chain([&attestation])
        .map(|slot| &slot.file)
        .collect();
    let written = Output {
        path: &output,
        signed: &signed,
        launcher: &stub.bytes,
        slots: &files,
    };
    let (last, fresh) = written.publish(cache.project(), settings, reporter)?;
    let digest = last.digest;
    let slots: Vec<SlotReport> = plans
        .iter()
        .zip(&stored)
        .map(|(plan, stored)| slot_report(plan, &stored.slot))
        .collect();
    let clock = Stopwatch::start();
    let steps = cache.finish(Some(last), settings.cache_max_size);
    drop(in_use);
    reporter.phase("clean up", "working files removed", clock.took());
    findings.extend(over_budget(
        manifest,
        &output,
        signed.size(),
        stub.bytes.len() as u64,
        &slots,
    ));
    Ok(PackReport {
        findings,
        subject,
        path: output,
        manifest: manifest.clone(),
        name: manifest.package_name.clone(),
        version,
        size: signed.size(),
        digest,
        fresh,
        steps,
        launcher_size: stub.bytes.len() as u64,
        launcher: stub.origin,
        slots,
        distributions: evidence.map_or_else(Vec::new, |evidence| evidence.distributions),
        signer: signing.key.public().fingerprint(),
        key_made_in: signing.made_in,
        carried: carried(&plans, &stored),
        needs,
        launcher_stripped,
        stripped: native.stripped,
        slimmed,
        verified: settings.verify,
        took: total.took(),
    })
}

/// The output path, if it is writable.
fn destination(manifest: &Manifest, settings: &Settings) -> Result<PathBuf, BuildError> {
    let output = settings.output_path(manifest);
    if output.canonicalize().is_ok_and(|output| {
        manifest
            .path
            .canonicalize()
            .is_ok_and(|manifest| manifest == output)
    }) {
        return Err(BuildError::OutputInTheWay { path: output });
    }
    output::prepare_directory(&output)?;
    Ok(output)
}

fn strip_launcher(stub: &mut Stub) -> (u64, u64) {
    match stub.strip() {
        StripOutcome::Stripped { before, after } => (before as u64, after as u64),
        StripOutcome::Unchanged(_) => (stub.bytes.len() as u64, stub.bytes.len() as u64),
    }
}

fn version(manifest: &Manifest, application: Option<&Application>) -> Result<String, BuildError> {
    let computed = application.map(|application| application.version.clone());
    manifest
        .version
        .clone()
        .or(computed)
        .filter(|version| !version.is_empty())
        .ok_or(BuildError::NoVersion)
}

/// The command of a package without Python.
fn own_command(manifest: &Manifest) -> Vec<Program> {
    let argv = manifest
        .execution
        .command
        .iter()
        .flatten()
        .chain(&manifest.execution.args)
        .cloned()
        .collect();
    vec![Program {
        name: manifest.package_name.clone(),
        argv,
    }]
}

/// Whatever exceeds `[tool.flavor.budget]`.
fn over_budget(
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

fn carried(plans: &[SlotPlan], stored: &[Stored]) -> Vec<(String, Carried)> {
    let slots = plans.iter().zip(stored);
    slots
        .flat_map(|(plan, one)| {
            one.native
                .carried
                .iter()
                .map(|one| (plan.name.clone(), one.clone()))
        })
        .collect()
}

fn slot_report(plan: &SlotPlan, slot: &EncodedSlot) -> SlotReport {
    SlotReport {
        name: plan.name.clone(),
        stored_size: slot.stored_size,
        plain_size: slot.plain_size,
        files: slot.files,
        operations: slot.operations.to_string(),
    }
}
