//! Encoding all slots; the runtime's, which is the same in every package of an interpreter, is kept in the build cache.

use std::fs::File;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::application::RUNTIME;
use super::cache::{BuildCache, Inputs};
use super::slots::SlotPlan;
use super::{BuildError, Settings};
use crate::format::{Blake3, Operations, Sha256};
use crate::fs::IoContext;
use crate::slot::{EncodedSlot, Plan, digest_range, encode};
use crate::stub::Family;

/// Layer of the build cache, and the two files of an entry.
const LAYER: &str = "slots";
const STORED: &str = "stored";
const FACTS: &str = "facts.json";

/// What is known of stored bytes in the cache.
#[derive(Serialize, Deserialize)]
struct Facts {
    stored_size: u64,
    plain_size: u64,
    files: u64,
    /// Packed.
    operations: u64,
    sha256: Sha256,
    blake3: Blake3,
}

/// Encodes the slots in the order of the plans. `runtime` are the inputs of the runtime's tree, when there is one.
pub(super) fn encode_slots(
    plans: &[SlotPlan],
    runtime: Option<&Inputs>,
    settings: &Settings,
    family: Family,
    cache: &BuildCache,
    work: &Path,
) -> Result<Vec<EncodedSlot>, BuildError> {
    tracing::debug!(slots = plans.len(), jobs = settings.jobs, "slots compressed in parallel");
    let is_runtime = |plan: &&SlotPlan| plan.name == RUNTIME;
    let kept = match (plans.iter().find(is_runtime), runtime) {
        (Some(plan), Some(inputs)) => {
            Some(kept(plan, &inputs_of(plan, inputs, settings, family), cache, settings, work)?)
        }
        _ => None,
    };
    let others: Vec<&Plan> =
        plans.iter().filter(|plan| kept.is_none() || !is_runtime(plan)).map(|plan| &plan.plan).collect();
    let mut kept = kept;
    let mut fresh = encode(&others, settings.jobs, work).map_err(BuildError::Encode)?.into_iter();
    let take = |plan: &SlotPlan| if is_runtime(&plan) { kept.take().or_else(|| fresh.next()) } else { fresh.next() };
    let encoded: Vec<EncodedSlot> = plans.iter().filter_map(take).collect();
    for (plan, slot) in plans.iter().zip(&encoded) {
        tracing::debug!(slot = plan.name, plain = slot.plain_size, stored = slot.stored_size, "encoded");
    }
    Ok(encoded)
}

fn inputs_of(plan: &SlotPlan, tree: &Inputs, settings: &Settings, family: Family) -> Inputs {
    let mut inputs = tree.clone();
    let compression = plan.plan.compression();
    inputs.add("operations", plan.plan.operations());
    inputs.add("level", format!("{}{}", compression.level, if compression.extreme { "e" } else { "" }));
    inputs.add("launcher", family.name());
    inputs.add("strip", settings.strip);
    inputs.add("epoch", settings.epoch);
    inputs
}

/// The slot from the cache, encoded first if it is not there or damaged.
fn kept(
    plan: &SlotPlan,
    inputs: &Inputs,
    cache: &BuildCache,
    settings: &Settings,
    work: &Path,
) -> Result<EncodedSlot, BuildError> {
    let scratch = work.join("kept");
    loop {
        let make = |entry: &Path| store(&plan.plan, entry, settings.jobs, work);
        let (entry, hit) = cache.tree(LAYER, inputs, &scratch, make)?;
        match load(&entry, settings.jobs) {
            Some(slot) => return Ok(slot),
            None if hit => {
                tracing::warn!("build cache: {} is damaged, encoding it again", entry.display());
                cache.discard(LAYER, inputs)?;
            }
            None => return Err(std::io::Error::from(std::io::ErrorKind::InvalidData)).on("read back", &entry)?,
        }
    }
}

fn store(plan: &Plan, entry: &Path, jobs: usize, work: &Path) -> Result<(), BuildError> {
    let mut slots = encode(&[plan], jobs, work).map_err(BuildError::Encode)?;
    let Some(mut slot) = slots.pop() else { return Ok(()) };
    let path = entry.join(STORED);
    let mut out = File::create(&path).on("create", &path)?;
    std::io::copy(&mut slot.file, &mut out).on("write", &path)?;
    let facts = Facts {
        stored_size: slot.stored_size,
        plain_size: slot.plain_size,
        files: slot.files,
        operations: slot.operations.pack(),
        sha256: slot.sha256,
        blake3: slot.blake3,
    };
    let path = entry.join(FACTS);
    let text = serde_json::to_vec(&facts).map_err(std::io::Error::from).on("write", &path)?;
    Ok(std::fs::write(&path, text).on("write", &path)?)
}

/// `None` when the entry is not what was stored.
fn load(entry: &Path, jobs: usize) -> Option<EncodedSlot> {
    let facts: Facts = serde_json::from_slice(&std::fs::read(entry.join(FACTS)).ok()?).ok()?;
    let file = File::open(entry.join(STORED)).ok()?;
    if digest_range(&file, 0, facts.stored_size, jobs).ok()? != facts.blake3 {
        return None;
    }
    Some(EncodedSlot {
        file,
        stored_size: facts.stored_size,
        plain_size: facts.plain_size,
        files: facts.files,
        operations: Operations::unpack(facts.operations).ok()?,
        sha256: facts.sha256,
        blake3: facts.blake3,
    })
}
