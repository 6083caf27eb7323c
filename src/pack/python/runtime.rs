//! The slim, relocatable interpreter with its bytecode: the slowest part of a first pack, and
//! unchanged in later ones.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::BuildError;
use super::super::cache::{CacheEntry, Layer, hash_tree};
use super::context::{Context, RUNTIME, common_inputs};
use crate::format::Blake3;
use crate::fs::Entry;
use crate::libraries::{SystemPackage, owners};
use crate::pack::context::Pack;
use crate::python::bytecode::{self, Positions};
use crate::python::{runtime, start};
use crate::report::{Bytes, Stopwatch};

/// The description of a runtime.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Runtime {
    /// Relative to the tree.
    pub(super) executable: String,
    /// Digest of the interpreter's files that it was made from.
    pub(super) files: Blake3,
    /// The shared libraries of this machine that were copied in, and a digest of all of them.
    libraries: Vec<PathBuf>,
    libraries_digest: Blake3,
    /// Their owners, by name in the tree.
    pub(super) owners: BTreeMap<String, SystemPackage>,
}

pub(super) fn build(context: &Context) -> Result<CacheEntry<Runtime>, BuildError> {
    let Context {
        pack:
            Pack {
                manifest,
                settings,
                cache,
                reporter,
                ..
            },
        interpreter,
        ..
    } = context;
    reporter.begin(RUNTIME);
    let clock = Stopwatch::start();
    let include = &manifest.python.include;
    let sources = runtime::sources(interpreter, include)?;
    let singles = [
        Some(&interpreter.real_executable),
        interpreter.library.as_ref(),
    ]
    .into_iter()
    .flatten();
    let names: Vec<PathBuf> = singles
        .clone()
        .map(|path| path.file_name().unwrap_or_default().into())
        .chain(sources.iter().map(|(_, to)| to.clone()))
        .collect();
    let entries = singles
        .map(|path| (path.clone(), path.clone()))
        .chain(sources)
        .map(|(from, to)| Entry::examine_target(from, to))
        .collect::<Result<_, _>>()?;
    let mut sources = hash_tree(
        entries,
        &cache.memory(&interpreter.base_prefix, &include.join(" ")),
    )?;
    // Neither the key nor the tree depends on where the interpreter is installed.
    for (entry, digest) in sources.entries.iter().zip(&mut sources.digests) {
        if let Some(content) = runtime::prefix_hidden(&entry.path, &interpreter.base_prefix) {
            *digest = Some(Blake3::of(&content));
        }
    }
    let sources = sources.renamed(names.into_iter());
    let mut inputs = common_inputs(interpreter);
    inputs
        .add_list("include", include.iter().cloned())
        .set_by(&["tool", "flavor", "python", "include"]);
    inputs
        .add("files", sources.digest.hex())
        .found_at(&interpreter.base_prefix)
        .changed(&sources.changes);
    inputs.add("amendments", runtime::amendments_digest().hex());
    inputs.add("bytecode", "lines");
    inputs.add("start", Blake3::of(start::texts().as_bytes()).hex());
    let from_target = manifest.target.listed();
    inputs
        .add_list("target libraries", from_target.iter().cloned())
        .set_by(&["tool", "flavor", "target", "libraries"]);
    // The libraries that a tree needs are known only when it has been made, so they cannot be
    // inputs; they are compared here.
    let unchanged = |facts: &Runtime| match digest(context, &facts.libraries) {
        Ok(digest) if digest == facts.libraries_digest => Ok(()),
        _ => Err("a shared library of this machine that it carries has changed".to_owned()),
    };
    let made = cache.make(RUNTIME, Layer::Runtime, &inputs, unchanged, |tree| {
        let options = runtime::Options {
            include: include.clone(),
            from_target: from_target.to_vec(),
            jobs: *settings.jobs,
        };
        let made = runtime::build(interpreter, &options, tree)?;
        for one in &made.left_out {
            tracing::debug!(path = one.path, reason = ?one.reason, "left out of the runtime");
        }
        start::write(interpreter, tree)?;
        bytecode::compile(interpreter, tree, tree, Positions::Lines, *settings.jobs)?;
        let libraries_digest = digest(context, &made.libraries)?;
        let owners = owners_by_name(&made);
        let files = sources.digest;
        let libraries = made.libraries;
        Ok::<_, BuildError>(Runtime {
            executable: made.executable,
            files,
            libraries,
            libraries_digest,
            owners,
        })
    })?;
    let from = if made.reused { ", reused" } else { "" };
    reporter.phase(
        RUNTIME,
        &format!("{}{from}", Bytes(made.hashed.bytes())),
        clock.took(),
    );
    Ok(made)
}

/// The system packages that the libraries in a tree are from.
fn owners_by_name(made: &runtime::Runtime) -> BTreeMap<String, SystemPackage> {
    let owners = owners(&made.libraries.iter().cloned().collect());
    let named = made.bundled.iter().zip(&made.libraries);
    named
        .filter_map(|(name, path)| Some((name.clone(), owners.get(path)?.clone())))
        .collect()
}

fn digest(context: &Context, libraries: &[PathBuf]) -> Result<Blake3, BuildError> {
    let entries = libraries
        .iter()
        .map(|path| Entry::examine_target(path.clone(), path.clone()));
    let entries = entries.collect::<Result<_, _>>()?;
    let memory = context
        .pack
        .cache
        .memory(&context.interpreter.base_prefix, "libraries");
    Ok(hash_tree(entries, &memory)?.digest)
}
