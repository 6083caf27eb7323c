//! The savings of `--slim`, and the check that it breaks nothing: modules that were importable
//! before still are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::BuildError;
use super::application::{Application, Role};
use super::cache::{Inputs, Layer};
use super::contents::Contents;
use super::context::Pack;
use super::language::{Language, SlimmedTree};
use super::slots::SlotPlan;
use crate::fs::{Entry, EntryKind, IoContext, Modes};
use crate::manifest::Slim;
use crate::report::{Stopwatch, counted};
use crate::slot::{
    Declared, Decoders, Destination, EncodedSlot, Grant, Links, Plan, SlotError, StoredSlot,
    TreeOptions, encode, extract,
};

/// The name of this step in the output.
const PHASE: &str = "imports";

/// What was left out, and how many modules were imported without it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slimmed {
    pub kinds: Vec<SlimmedKind>,
    /// The number of modules imported, without those that cannot be imported with all files either.
    pub imported: usize,
}

/// Files of one kind that were left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlimmedKind {
    /// `tests`.
    pub kind: String,
    pub files: u64,
    /// Their size.
    pub size: u64,
    /// Their compressed size, with the settings of their slot.
    pub stored: u64,
}

/// Loads all modules of the application without the files that were left out. `None` if nothing was
/// left out. `stored` are the slots of the contents.
///
/// # Errors
/// [`BuildError::NoLongerImports`] for the first module that could be loaded before.
pub(super) fn check<'a>(
    pack: Pack,
    contents: &Contents,
    mut stored: impl Iterator<Item = &'a EncodedSlot>,
) -> Result<Option<Slimmed>, BuildError> {
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
    let deps = plans
        .iter()
        .position(|plan| plan.role == Role::Dependencies);
    let slot = deps
        .filter(|_| !settings.slim.is_empty())
        .and_then(|at| Some((&plans[at], stored.nth(at)?)));
    let Some((plan, slot)) = slot else {
        return Ok(None);
    };
    reporter.begin(PHASE);
    let clock = Stopwatch::start();
    let mut inputs = Inputs::default();
    for plan in plans.iter().filter(|plan| plan.role.is_of_application()) {
        inputs.add(&plan.name, plan.inputs.key());
    }
    let trial = Trial {
        pack,
        application,
        language: &**language,
        plan,
        slot,
    };
    let made = cache.make(
        PHASE,
        Layer::Slots,
        &inputs,
        |_| Ok(()),
        |_| {
            Ok::<_, BuildError>(Slimmed {
                kinds: trial.saved()?,
                imported: trial.run()?,
            })
        },
    )?;
    let from = if made.reused { ", reused" } else { "" };
    let modules = counted(made.facts.imported, "module", "modules");
    reporter.phase(PHASE, &format!("{modules}{from}"), clock.took());
    Ok(Some(made.facts.clone()))
}

struct Trial<'a> {
    pack: Pack<'a>,
    application: &'a Application,
    language: &'a dyn Language,
    /// The slot of the dependencies.
    plan: &'a SlotPlan,
    slot: &'a EncodedSlot,
}

impl Trial<'_> {
    /// Loads the modules with the slot as it will be packed, and returns their number.
    fn run(&self) -> Result<usize, BuildError> {
        let Pack {
            settings, cache, ..
        } = self.pack;
        let directory = |name: &str| {
            let path = cache.work().join("slimmed").join(name);
            std::fs::create_dir_all(&path).on("create directory", &path)?;
            Ok::<_, BuildError>(path)
        };
        let (tree, home) = (directory("deps")?, directory("home")?);
        let slot = self.slot;
        let encoded = StoredSlot {
            file: &slot.file,
            offset: 0,
            stored_size: slot.stored_size,
            signed: None,
            declared: Some(Declared {
                plain_size: slot.plain_size,
                files: slot.files,
                entries: slot.entries,
            }),
            grant: Grant::DECLARED,
            operations: slot.operations,
        };
        extract(
            &encoded,
            Destination::Tree(&tree, Modes::Keep),
            &Decoders::new(*settings.jobs),
        )
        .map_err(|source| self.failed(source))?;
        self.language.load_slimmed(&SlimmedTree {
            pack: self.pack,
            application: self.application,
            dependencies: self.plan,
            tree: &tree,
            home: &home,
        })
    }

    fn failed(&self, source: SlotError) -> BuildError {
        BuildError::Slot {
            slot: self.plan.name.clone(),
            source,
        }
    }

    /// The files that were left out, by kind, compressed as they would have been.
    fn saved(&self) -> Result<Vec<SlimmedKind>, BuildError> {
        let settings = self.pack.settings;
        let failed = |source| self.failed(source);
        let mut by_kind: BTreeMap<Slim, Vec<Entry>> = BTreeMap::new();
        for left_out in &self.plan.left_out {
            by_kind
                .entry(left_out.kind)
                .or_default()
                .push(left_out.entry.clone());
        }
        let options = TreeOptions {
            links: Links::Keep,
            prefix: PathBuf::new(),
            mtime: *settings.epoch,
        };
        let mut kinds = Vec::new();
        for (kind, entries) in by_kind {
            // A link to a kept file would be rejected as dangling; its size is negligible.
            let files: Vec<Entry> = entries
                .into_iter()
                .filter(|entry| matches!(entry.kind, EntryKind::File { .. }))
                .collect();
            let size = files
                .iter()
                .map(|entry| {
                    if let EntryKind::File { len } = entry.kind {
                        len
                    } else {
                        0
                    }
                })
                .sum();
            let plan = Plan::for_tree(&files, self.plan.compression(), &options).map_err(failed)?;
            let file = tempfile::tempfile().on("make a file in", std::env::temp_dir())?;
            let encoded = encode(vec![(&plan, file)], *settings.jobs, &|_| ()).map_err(failed)?;
            let stored = encoded.iter().map(|slot| slot.stored_size).sum();
            kinds.push(SlimmedKind {
                kind: kind.name().into(),
                files: files.len() as u64,
                size,
                stored,
            });
        }
        Ok(kinds)
    }
}
