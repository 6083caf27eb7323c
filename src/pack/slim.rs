//! The savings of `--slim`, and the check that it breaks nothing: modules that were importable
//! before still are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::cache::{Inputs, Layer};
use super::contents::Contents;
use super::context::Pack;
use super::encoded::Stored;
use super::python::{APP, Application, DEPS, RUNTIME};
use super::slots::SlotPlan;
use super::{BuildError, Settings};
use crate::fs::{Entry, EntryKind, IoContext, Modes};
use crate::manifest::Slim;
use crate::python::imports::{import, importable};
use crate::report::{Stopwatch, counted};
use crate::slot::{
    Declared, Decoders, Destination, Grant, Links, Plan, StoredSlot, TreeOptions, encode, extract,
};

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

/// Imports all modules of the packed distributions without the files that were left out. `None` if
/// nothing was left out.
///
/// # Errors
/// [`BuildError::NoLongerImports`] for the first module that could be imported before.
pub(super) fn check(
    pack: Pack,
    contents: &Contents,
    stored: &[Stored],
) -> Result<Option<Slimmed>, BuildError> {
    let Pack {
        settings,
        cache,
        reporter,
        ..
    } = pack;
    let Contents {
        application: Some(application),
        plans,
        ..
    } = contents
    else {
        return Ok(None);
    };
    let find = |name: &str| plans.iter().position(|plan| plan.name == name);
    let Some(deps) = find(DEPS).filter(|_| !settings.slim.is_empty()) else {
        return Ok(None);
    };
    reporter.begin("imports");
    let clock = Stopwatch::start();
    let mut inputs = Inputs::default();
    for plan in [RUNTIME, DEPS, APP]
        .iter()
        .filter_map(|name| plans.get(find(name)?))
    {
        inputs.add(&plan.name, plan.inputs.key());
    }
    let made = cache.make(
        "imports",
        Layer::Slots,
        &inputs,
        |_| Ok(()),
        |_| {
            let scratch = cache.work().join("slimmed");
            let trial = Trial {
                application,
                plan: &plans[deps],
                stored: &stored[deps],
                scratch: &scratch,
                settings,
            };
            let kinds = trial.saved()?;
            Ok::<_, BuildError>(Slimmed {
                kinds,
                imported: trial.run()?,
            })
        },
    )?;
    let from = if made.reused { ", reused" } else { "" };
    reporter.phase(
        "imports",
        &format!(
            "{}{from}",
            counted(made.facts.imported, "module", "modules")
        ),
        clock.took(),
    );
    Ok(Some(made.facts.clone()))
}

struct Trial<'a> {
    application: &'a Application,
    plan: &'a SlotPlan,
    stored: &'a Stored,
    scratch: &'a Path,
    settings: &'a Settings,
}

impl Trial<'_> {
    /// Imports modules from the slot as it will be packed, then the failing ones from the complete
    /// tree. Returns how many modules could be imported.
    fn run(&self) -> Result<usize, BuildError> {
        let directory = |name: &str| {
            let path = self.scratch.join(name);
            std::fs::create_dir_all(&path).on("create directory", &path)?;
            Ok::<_, BuildError>(path)
        };
        let (tree, home) = (directory("deps")?, directory("home")?);
        let slot = &self.stored.slot;
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
            &Decoders::new(*self.settings.jobs),
        )
        .map_err(|source| BuildError::Slot {
            slot: DEPS.into(),
            source,
        })?;
        let Application { trees, app, .. } = self.application;
        let site_packages = &trees.site_packages;
        let below = |entries: &[Entry]| -> Vec<PathBuf> {
            let files = entries
                .iter()
                .filter(|entry| entry.kind != EntryKind::Directory);
            files
                .filter_map(|entry| {
                    Some(
                        entry
                            .relative
                            .strip_prefix(site_packages)
                            .ok()?
                            .to_path_buf(),
                    )
                })
                .collect()
        };
        let files = [below(self.plan.entries()), below(&app.entries)].concat();
        let modules = importable(files.iter().map(PathBuf::as_path));
        let after = [
            tree.join(self.plan.prefix()).join(site_packages),
            trees.app.join(site_packages),
        ];
        let failed = import(
            &trees.interpreter,
            &after,
            &modules,
            &home,
            *self.settings.jobs,
        )?;
        if failed.is_empty() {
            return Ok(modules.len());
        }
        let before = [
            trees.deps.join(site_packages),
            trees.app.join(site_packages),
        ];
        let suspects: Vec<String> = failed.keys().cloned().collect();
        let failed_before = import(
            &trees.interpreter,
            &before,
            &suspects,
            &home,
            *self.settings.jobs,
        )?;
        for (module, reason) in &failed {
            if !failed_before.contains_key(module) {
                let slim = self
                    .settings
                    .slim
                    .iter()
                    .map(|slim| slim.name())
                    .collect::<Vec<_>>()
                    .join(", ");
                // The temporary directory of the check is removed from messages.
                let reason = reason.replace(&format!("{}/", tree.display()), "");
                return Err(BuildError::NoLongerImports {
                    module: module.clone(),
                    reason,
                    slim,
                });
            }
            tracing::debug!(
                module,
                reason,
                "cannot be imported, with or without what was left out"
            );
        }
        Ok(modules.len() - failed.len())
    }

    /// The files that were left out, by kind, compressed as they would have been.
    fn saved(&self) -> Result<Vec<SlimmedKind>, BuildError> {
        let failed = |source| BuildError::Slot {
            slot: DEPS.into(),
            source,
        };
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
            mtime: *self.settings.epoch,
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
            let encoded =
                encode(vec![(&plan, file)], *self.settings.jobs, &|_| ()).map_err(failed)?;
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
