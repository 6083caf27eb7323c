//! Bytecode in a layer of its own, so that a changed module costs only its own compilation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::super::BuildError;
use super::super::cache::{CacheEntry, HashedTree, Layer};
use super::context::{Context, common_inputs};
use crate::format::Blake3;
use crate::fs::IoContext;
use crate::pack::context::Pack;
use crate::python::bytecode::{self, Positions, bytecode_of};
use crate::report::{Part, Stopwatch, counted};

/// The name of this step in the output.
const PHASE: &str = "bytecode";

/// The description of a tree of bytecode.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Bytecode {
    modules: usize,
    /// The digest of every source that has bytecode.
    sources: BTreeMap<PathBuf, Blake3>,
    /// Sources that are not valid Python for this interpreter, and why.
    pub(super) broken: BTreeMap<PathBuf, String>,
}

/// Compiles the sources below `tree`, for one of the slots. Unchanged modules are not recompiled.
pub(super) fn compile(
    context: &Context,
    slot: &str,
    hashed: &HashedTree,
    tree: &Path,
    positions: Positions,
    jobs: usize,
) -> Result<CacheEntry<Bytecode>, BuildError> {
    let Context {
        pack: Pack {
            cache, reporter, ..
        },
        interpreter,
        ..
    } = context;
    let (began, clock) = (Instant::now(), Stopwatch::start());
    let step = &format!("{PHASE} {slot}");
    let sources: BTreeMap<PathBuf, Blake3> = hashed
        .entries
        .iter()
        .zip(&hashed.digests)
        .filter(|(entry, _)| {
            entry
                .relative
                .extension()
                .is_some_and(|extension| extension == "py")
        })
        .filter_map(|(entry, digest)| Some((entry.relative.clone(), (*digest)?)))
        .collect();
    let mut inputs = common_inputs(interpreter);
    inputs.add("magic number", hex::encode(interpreter.magic_number));
    inputs.add("positions", format!("{positions:?}"));
    let mut digest = blake3::Hasher::new();
    for (path, content) in &sources {
        digest
            .update(path.as_os_str().as_encoded_bytes())
            .update(&[0])
            .update(&content.0);
    }
    inputs.add("sources", digest.finalize().to_hex());
    let made = if let Some(made) = cache.find(step, Layer::Bytecode, &inputs, |_| Ok(()))? {
        made
    } else {
        let last = cache.last::<Bytecode>(step, Layer::Bytecode, &inputs, &["sources"]);
        if let (Some(last), Some(input)) = (&last, inputs.get_mut("sources")) {
            input.changed(&changes(&last.facts.sources, &sources));
        }
        let make = |dest: &Path| {
            if let Some(last) = &last {
                adopt(last, &sources, dest, |source| {
                    bytecode_of(interpreter, source)
                })?;
            }
            let compiled = bytecode::compile(interpreter, tree, dest, positions, jobs)?;
            Ok::<_, BuildError>(Bytecode {
                modules: compiled.files,
                sources: sources.clone(),
                broken: compiled.broken,
            })
        };
        cache.make_missing(step, Layer::Bytecode, &inputs, |_| Ok(()), make)?
    };
    let mut all = context
        .compiled
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    reporter.part(&Part {
        phase: PHASE,
        name: slot,
        thread: all.len(),
        began,
        ended: Instant::now(),
        bytes: None,
    });
    all.push((made.facts.modules, made.reused, clock.took()));
    Ok(made)
}

/// The changed sources, as phrases.
fn changes(old: &BTreeMap<PathBuf, Blake3>, new: &BTreeMap<PathBuf, Blake3>) -> Vec<String> {
    let gone = old
        .keys()
        .filter(|path| !new.contains_key(*path))
        .map(|path| format!("{} was removed", path.display()));
    let others = new.iter().filter_map(|(path, digest)| match old.get(path) {
        None => Some(format!("{} is new", path.display())),
        Some(before) => (before != digest).then(|| format!("{} has changed", path.display())),
    });
    gone.chain(others).collect()
}

/// Copies the bytecode of unchanged sources.
fn adopt(
    last: &CacheEntry<Bytecode>,
    sources: &BTreeMap<PathBuf, Blake3>,
    dest: &Path,
    bytecode_of: impl Fn(&Path) -> PathBuf,
) -> Result<(), BuildError> {
    let unchanged = sources
        .iter()
        .filter(|(path, digest)| last.facts.sources.get(*path) == Some(*digest));
    for (path, _) in unchanged {
        let bytecode = bytecode_of(path);
        let (from, to) = (last.tree.join(&bytecode), dest.join(&bytecode));
        if let Some(directory) = to.parent().filter(|_| from.is_file()) {
            std::fs::create_dir_all(directory).on("create directory", directory)?;
            std::fs::copy(&from, &to).on("copy", &from)?;
        }
    }
    Ok(())
}

/// Reports all compilations of a pack as one phase.
pub(super) fn report(context: &Context) {
    let all = context
        .compiled
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let Some(longest) = all.iter().map(|(_, _, took)| *took).max() else {
        return;
    };
    let modules: usize = all.iter().map(|(modules, ..)| modules).sum();
    let reused = if all.iter().all(|(_, reused, _)| *reused) {
        ", reused"
    } else {
        ""
    };
    context.pack.reporter.phase(
        PHASE,
        &format!("{}{reused}", counted(modules, "module", "modules")),
        longest,
    );
}
