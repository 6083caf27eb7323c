use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::application::{self, Application};
use super::cache::BuildCache;
use super::encoded;
use super::native::Stripped;
use super::seal::Parts;
use super::slots::{self, SlotPlan};
use super::{BuildError, Settings};
use crate::elf::StripOutcome;
use crate::format::Program;
use crate::fs::IoContext;
use crate::manifest::{Manifest, Policy};
use crate::package::{Contents, Reader, verify, write};
use crate::python::install::Distribution;
use crate::report::{Bytes, Reporter, Stopwatch, Took};
use crate::sign::Fingerprint;
use crate::slot::EncodedSlot;
use crate::stub::{Origin, Stub};

/// What `pack` made.
#[derive(Clone, Debug)]
pub struct PackReport {
    pub path: PathBuf,
    pub name: String,
    pub version: String,
    /// Bytes of the package.
    pub size: u64,
    pub launcher_size: u64,
    pub launcher: Origin,
    pub slots: Vec<SlotReport>,
    pub distributions: Vec<Distribution>,
    pub signer: Fingerprint,
    /// Where a key has been made, if this was the first use.
    pub key_made_in: Option<PathBuf>,
    /// Lowest glibc that the package works with; `None` when nothing in it needs one.
    pub glibc_floor: Option<String>,
    /// Bytes of the launcher before and after stripping; `None` when it was not asked for.
    pub launcher_stripped: Option<(u64, u64)>,
    pub stripped: Stripped,
    /// What is larger than `[tool.flavor.budget]` allows, a sentence each.
    pub over_budget: Vec<String>,
    /// Whether the finished file was read back and checked.
    pub verified: bool,
    pub took: Took,
}

#[derive(Clone, Debug)]
pub struct SlotReport {
    pub name: String,
    pub stored_size: u64,
    pub plain_size: u64,
    pub files: u64,
    pub operations: String,
}

/// Makes a package. The output appears whole, by one rename, or not at all.
///
/// # Errors
/// See [`BuildError`]; a file that was at the place of the output is still there then.
pub fn pack(manifest: &Manifest, settings: &Settings, reporter: &dyn Reporter) -> Result<PackReport, BuildError> {
    let total = Stopwatch::start();
    let output = settings
        .output
        .clone()
        .unwrap_or_else(|| manifest.directory.join("dist").join(format!("{}.psp", manifest.package_name)));
    // The cheap refusals come before the expensive work.
    if manifest.policy != Policy::default() {
        return Err(BuildError::Policy);
    }
    if output.canonicalize().is_ok_and(|output| manifest.path.canonicalize().is_ok_and(|manifest| manifest == output)) {
        return Err(BuildError::OutputInTheWay { path: output });
    }
    let directory = prepare_directory(&output)?;
    let signing = settings.key.load()?;
    let mut stub = match &settings.launcher_bin {
        Some(path) => Stub::read(path)?,
        None => Stub::embedded(),
    };
    let launcher_stripped = settings.strip.then(|| strip_launcher(&mut stub));
    let scratch = tempfile::tempdir().on("create a directory in", std::env::temp_dir())?;
    let work = scratch.path();
    let cache = BuildCache::from_env();
    let application = manifest
        .is_python()
        .then(|| application::build(manifest, settings, stub.family, &cache, work, reporter))
        .transpose()?;
    let plans = slots::plan(manifest, application.as_ref(), settings, stub.family, work)?;
    reporter.begin("slots");
    let clock = Stopwatch::start();
    let runtime = application.as_ref().map(|application| &application.runtime_inputs);
    let encoded = encoded::encode_slots(&plans, runtime, settings, stub.family, &cache, work)?;
    reporter.phase("slots", &format!("{} encoded with {} jobs", plans.len(), settings.jobs), clock.took());
    let clock = Stopwatch::start();
    let version = version(manifest, application.as_ref())?;
    let glibc_floor = plans.iter().filter_map(|plan| plan.native.glibc_floor).max();
    let (python, programs, distributions) = match application {
        Some(application) => (Some(application.python), application.programs, application.distributions),
        None => (None, own_command(manifest), Vec::new()),
    };
    let metadata = Parts {
        manifest,
        settings,
        version: &version,
        stub: &stub,
        plans: &plans,
        encoded: &encoded,
        python,
        programs,
        glibc_floor,
    }
    .metadata();
    let slots = encoded.iter().map(|slot| &slot.file).collect();
    let contents = Contents { launcher: &stub.bytes, metadata: &metadata, slots, key: &signing.key };
    let size = publish(&contents, &directory, &output)?;
    reporter.phase("write", &output.display().to_string(), clock.took());
    if settings.verify {
        reporter.begin("verify");
        let clock = Stopwatch::start();
        check(&output).inspect_err(|_| drop(std::fs::remove_file(&output)))?;
        reporter.phase("verify", "every byte", clock.took());
    }
    let slots: Vec<SlotReport> = plans.iter().zip(&encoded).map(|(plan, slot)| slot_report(plan, slot)).collect();
    Ok(PackReport {
        over_budget: over_budget(manifest, size, stub.bytes.len() as u64, &slots),
        path: output,
        name: manifest.package_name.clone(),
        version,
        size,
        launcher_size: stub.bytes.len() as u64,
        launcher: stub.origin,
        slots,
        distributions,
        signer: signing.key.public().fingerprint(),
        key_made_in: signing.made_in,
        glibc_floor: metadata.flavor.as_ref().and_then(|facts| facts.glibc_floor.clone()),
        launcher_stripped,
        stripped: plans.iter().fold(Stripped::default(), |sum, plan| sum.plus(plan.native.stripped)),
        verified: settings.verify,
        took: total.took(),
    })
}

/// Makes the directory of the output and tries whether a file can be made there.
fn prepare_directory(output: &Path) -> Result<PathBuf, BuildError> {
    let directory = match output.parent() {
        Some(parent) if parent != Path::new("") => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    std::fs::create_dir_all(&directory).on("create directory", &directory)?;
    // Devices, pipes and links are never replaced by a package.
    if output.symlink_metadata().is_ok_and(|there| !there.is_file()) {
        return Err(BuildError::OutputInTheWay { path: output.into() });
    }
    tempfile::tempfile_in(&directory).on("write to directory", &directory)?;
    Ok(directory)
}

fn strip_launcher(stub: &mut Stub) -> (u64, u64) {
    match stub.strip() {
        StripOutcome::Stripped { before, after } => (before as u64, after as u64),
        StripOutcome::Unchanged(_) => (stub.bytes.len() as u64, stub.bytes.len() as u64),
    }
}

fn version(manifest: &Manifest, application: Option<&Application>) -> Result<String, BuildError> {
    let computed = application.map(|application| application.version.clone());
    manifest.version.clone().or(computed).filter(|version| !version.is_empty()).ok_or(BuildError::NoVersion)
}

/// The command of a package without Python.
fn own_command(manifest: &Manifest) -> Vec<Program> {
    let argv = manifest.execution.command.iter().flatten().chain(&manifest.execution.args).cloned().collect();
    vec![Program { name: manifest.package_name.clone(), argv }]
}

/// Writes beside the output and renames: whoever looks sees the old file or the new one.
fn publish(contents: &Contents<'_>, directory: &Path, output: &Path) -> Result<u64, BuildError> {
    let mut file = tempfile::Builder::new()
        .prefix(".flavor-")
        .permissions(std::fs::Permissions::from_mode(0o755))
        .tempfile_in(directory)
        .on("create a file in", directory)?;
    let size = write(contents, file.as_file_mut(), output)?;
    file.persist(output).map_err(|error| error.error).on("write", output)?;
    Ok(size)
}

fn check(output: &Path) -> Result<(), BuildError> {
    let checked = Reader::open(output).and_then(|reader| verify(&reader));
    checked.map(drop).map_err(|source| BuildError::SelfCheck { source })
}

fn over_budget(manifest: &Manifest, size: u64, launcher: u64, slots: &[SlotReport]) -> Vec<String> {
    let budget = &manifest.budget;
    let named = slots
        .iter()
        .map(|slot| (format!("slot `{}`", slot.name), slot.stored_size, budget.slots.get(&slot.name).copied()));
    let whole = [("the package".into(), size, budget.total), ("the launcher".into(), launcher, budget.launcher)];
    let all = whole.into_iter().chain(named);
    all.filter_map(|(what, found, limit)| {
        let limit = limit.filter(|limit| found > *limit)?;
        Some(format!("{what} has {}, its budget is {}", Bytes(found), Bytes(limit)))
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
