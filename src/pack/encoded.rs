//! Encodes the slots that are not in the build cache.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::application::Loader;
use super::cache::{CacheEntry, StagedEntry};
use super::contents::{Contents, PHASE};
use super::context::Pack;
use super::native::Native;
use super::needs::{self, Needs};
use super::slim::{self, Slimmed};
use super::slots::SlotPlan;
use super::{BuildError, Settings};
use crate::elf;
use crate::format::{Blake3, Sha256};
use crate::fs::IoContext;
use crate::libraries::Machine;
use crate::report::{Part, counted};
use crate::slot::{DoneFrame, EncodedSlot, Plan, encode};
use crate::stub::Family;

/// The file of an entry with the stored bytes.
const STORED: &str = "stored";

/// The description of stored bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct EncodedFacts {
    stored_size: u64,
    plain_size: u64,
    files: u64,
    entries: u64,
    sha256: Sha256,
    blake3: Blake3,
    native: Native,
}

/// A slot as stored in the package.
pub(super) struct Stored {
    pub(super) slot: EncodedSlot,
    pub(super) native: Native,
    pub(super) reused: bool,
    /// Protects the cache entry from eviction.
    _made: CacheEntry<EncodedFacts>,
}

/// A package whose slots are encoded.
pub(super) struct Encoded {
    pub(super) contents: Contents,
    /// One for each slot of the contents.
    pub(super) stored: Vec<Stored>,
    pub(super) needs: Needs,
    /// What `--slim` left out; `None` if it was not requested.
    pub(super) slimmed: Option<Slimmed>,
}

impl Encoded {
    /// Checks that nothing is missing, encodes the slots, and judges what they need of the target.
    pub(super) fn new(pack: Pack, mut contents: Contents) -> Result<Self, BuildError> {
        let manifest = contents.manifest.clone();
        let pack = pack.with(&manifest);
        let missing = contents.language.missing(pack, &contents.plans)?;
        contents.findings.extend(missing);
        let (stored, threads) = encode_slots(pack, &mut contents)?;
        pack.reporter
            .phase(PHASE, &outcome(&stored, threads), contents.clock.took());
        let slots = stored.iter().map(|stored| &stored.slot);
        let slimmed = slim::check(pack, &contents, slots)?;
        let package = needs::Package {
            pack,
            language: &*contents.language,
            plans: &contents.plans,
            natives: stored.iter().map(|stored| &stored.native).collect(),
            machine: &Machine::new(),
        };
        let (needs, findings) = needs::judge(&package)?;
        contents.findings.extend(findings);
        if let (Some(floor), Some((slot, file))) = (needs.glibc, &needs.glibc_by) {
            tracing::info!(%floor, slot, file, "the newest glibc that a file asks for");
        }
        Ok(Self {
            contents,
            stored,
            needs,
            slimmed,
        })
    }
}

/// Returns the slots in the order of the plans, and the number of encoding threads. Slots that are
/// not in the cache are encoded together.
fn encode_slots(pack: Pack, contents: &mut Contents) -> Result<(Vec<Stored>, usize), BuildError> {
    let Pack {
        settings,
        cache,
        reporter,
        ..
    } = pack;
    let Contents {
        application,
        language,
        plans,
        ..
    } = contents;
    let step = |plan: &SlotPlan| format!("slot {}", plan.name);
    let mut found: Vec<Option<CacheEntry<EncodedFacts>>> = Vec::new();
    // The libraries that a slot needs are known only when its files have been read, so they cannot
    // be inputs; they are compared here.
    let any = Machine::new();
    for plan in &*plans {
        let current = |facts: &EncodedFacts| {
            facts
                .native
                .is_current(&plan.around(&any, pack.stub.target))
        };
        found.push(cache.find(&step(plan), plan.layer, &plan.inputs, current)?);
    }
    let missing: Vec<usize> = (0..plans.len()).filter(|at| found[*at].is_none()).collect();
    let threads = threads(missing.iter().map(|at| &plans[*at]), settings)?;
    tracing::debug!(
        slots = plans.len(),
        missing = missing.len(),
        jobs = threads,
        "slots encoded in parallel"
    );
    let scratch = cache.work().join("changed");
    let machine = if missing.is_empty() {
        any
    } else {
        machine(application.loader.as_ref())?
    };
    let prepare = |at: &usize| {
        let plan = &plans[*at];
        let (prepared, mut native) = plan.prepare(pack, &machine, &scratch)?;
        if plan.role.is_installed() {
            native.opened = language.opened(plan.entries())?;
        }
        Ok((prepared, native))
    };
    let prepared: Vec<(Plan, Native)> = missing
        .iter()
        .map(prepare)
        .collect::<Result<_, BuildError>>()?;
    let stagings: Vec<StagedEntry> = missing
        .iter()
        .map(|_| Ok(cache.stage()?))
        .collect::<Result<_, BuildError>>()?;
    let files: Vec<File> = stagings
        .iter()
        .map(create)
        .collect::<Result<_, BuildError>>()?;
    let bytes = Arc::new(AtomicU64::new(0));
    reporter.measure(
        PHASE,
        prepared.iter().map(|(plan, _)| plan.plain_size()).sum(),
        Arc::clone(&bytes),
    );
    let jobs = prepared.iter().map(|(plan, _)| plan).zip(files).collect();
    let done = |frame: DoneFrame| {
        bytes.fetch_add(frame.plain, Ordering::Relaxed);
        reporter.part(&Part {
            phase: PHASE,
            name: &plans[missing[frame.slot]].name,
            thread: frame.thread,
            began: frame.began,
            ended: Instant::now(),
            bytes: Some((frame.plain, frame.stored)),
        });
    };
    let encoded = encode(jobs, threads, &done).map_err(BuildError::Encode)?;
    for (((at, staging), slot), (_, native)) in
        missing.iter().zip(stagings).zip(encoded).zip(prepared)
    {
        let facts = EncodedFacts {
            stored_size: slot.stored_size,
            plain_size: slot.plain_size,
            files: slot.files,
            entries: slot.entries,
            sha256: slot.sha256,
            blake3: slot.blake3,
            native,
        };
        let plan = &plans[*at];
        found[*at] = Some(cache.publish(&step(plan), plan.layer, &plan.inputs, staging, facts)?);
    }
    let made = found.into_iter().flatten().zip(&mut *plans);
    let stored: Vec<Stored> = made
        .map(|(made, plan)| stored(made, plan, pack.family()))
        .collect::<Result<_, BuildError>>()?;
    for (plan, stored) in plans.iter().zip(&stored) {
        let EncodedSlot {
            plain_size,
            stored_size,
            ..
        } = stored.slot;
        tracing::debug!(
            slot = plan.name,
            plain = plain_size,
            stored = stored_size,
            reused = stored.reused,
            "encoded"
        );
    }
    Ok((stored, threads))
}

/// This machine as seen by the loader of the application's interpreter.
fn machine(loader: Option<&Loader>) -> Result<Machine, BuildError> {
    let Some(loader) = loader else {
        return Ok(Machine::new());
    };
    let bytes = std::fs::read(&loader.executable).on("read", &loader.executable)?;
    Ok(match elf::inspect(&bytes) {
        Ok(Some(facts)) => {
            Machine::of_interpreter(&loader.executable, facts, loader.library.as_deref())
        }
        _ => Machine::new(),
    })
}

/// Memory of this program besides the encoding threads.
const OWN_MEMORY: u64 = 32_000_000;

/// How many threads may encode at once. The output does not depend on it.
fn threads<'a>(
    plans: impl Iterator<Item = &'a SlotPlan>,
    settings: &Settings,
) -> Result<usize, BuildError> {
    let hungriest = plans.map(|plan| (plan.memory(), &plan.name)).max();
    let (Some(limit), Some((each, slot))) = (settings.memory_limit, hungriest) else {
        return Ok(*settings.jobs);
    };
    let affordable = usize::try_from(limit.saturating_sub(OWN_MEMORY) / each).unwrap_or(usize::MAX);
    if affordable == 0 {
        return Err(BuildError::MemoryLimit {
            slot: slot.clone(),
            needed: OWN_MEMORY + each,
            limit,
        });
    }
    Ok(settings.jobs.min(affordable))
}

/// A summary of the slots.
fn outcome(stored: &[Stored], jobs: usize) -> String {
    let reused = stored.iter().filter(|stored| stored.reused).count();
    let jobs = counted(jobs, "job", "jobs");
    match (stored.len() - reused, reused) {
        (0, reused) => format!("{reused} reused"),
        (encoded, 0) => format!("{encoded} encoded with {jobs}"),
        (encoded, reused) => format!("{encoded} encoded with {jobs}, {reused} reused"),
    }
}

fn create(staging: &StagedEntry) -> Result<File, BuildError> {
    let path = staging.tree()?.join(STORED);
    Ok(File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .on("create", &path)?)
}

fn stored(
    made: CacheEntry<EncodedFacts>,
    plan: &mut SlotPlan,
    family: Family,
) -> Result<Stored, BuildError> {
    if made.facts.native.is_widened {
        plan.widen(family);
    }
    let path = made.tree.join(STORED);
    let facts = &made.facts;
    let slot = EncodedSlot {
        file: open(&path)?,
        stored_size: facts.stored_size,
        plain_size: facts.plain_size,
        files: facts.files,
        entries: facts.entries,
        operations: plan.operations(),
        sha256: facts.sha256,
        blake3: facts.blake3,
    };
    Ok(Stored {
        slot,
        native: facts.native.clone(),
        reused: made.reused,
        _made: made,
    })
}

fn open(path: &Path) -> Result<File, BuildError> {
    Ok(File::open(path).on("read", path)?)
}
