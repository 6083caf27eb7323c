//! Plans every slot with its content, operations and target, before anything is encoded.

mod outside;
mod planner;
mod refused;
mod reserved;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::outside::leads_outside;
use self::planner::Planner;
use self::refused::{refuse_collisions, refuse_what_launcher_lacks};
use self::reserved::{refuse_hidden, refuse_reserved};
use super::BuildError;
use super::application::{Application, Role};
use super::cache::{Inputs, Layer};
use super::context::Pack;
use super::ignored::{Ignored, LeftOut};
use super::native::{self, Around, Native, Treatment};
use super::warning::{self, Finding};
use crate::format::{Lifecycle, Operations, WORKENV};
use crate::fs::{Entry, EntryKind};
use crate::libraries::{Machine, is_shared_library_name};
use crate::manifest::Manifest;
use crate::report::Stopwatch;
use crate::slot::{Compression, Links, Plan, TreeOptions};
use crate::stub::Family;
use crate::target::Target;

/// A slot whose content, operations and target are decided.
pub(super) struct SlotPlan {
    pub(super) name: String,
    pub(super) role: Role,
    /// As in the manifest; empty for the slots of the application.
    pub(super) source: String,
    /// Begins with [`WORKENV`].
    pub(super) target: String,
    pub(super) purpose: String,
    pub(super) lifecycle: Lifecycle,
    /// Permission bits of a single-file slot.
    pub(super) mode: u16,
    /// The inputs of the stored bytes.
    pub(super) inputs: Inputs,
    /// The layer of the build cache: an interpreter's is shared by all projects.
    pub(super) layer: Layer,
    /// What `--slim` left out.
    pub(super) left_out: Vec<LeftOut>,
    content: Content,
    chain: Chain,
    /// Prefix of every name in an archive.
    prefix: PathBuf,
    beside: Beside,
}

/// The libraries that native files of a slot find outside it.
#[derive(Clone, Default)]
struct Beside {
    /// Those of the interpreter.
    runtime: Arc<BTreeMap<String, PathBuf>>,
    /// Those of other slots that `LD_LIBRARY_PATH` may lead to.
    elsewhere: BTreeSet<String>,
    /// Those of the target.
    listed: Vec<String>,
}

enum Content {
    Tree(Vec<Entry>),
    File(Entry),
}

/// Plans the slots of an application, then the manifest's own, in order.
pub(super) fn plan(pack: Pack, application: &Application) -> Result<Vec<SlotPlan>, BuildError> {
    let Pack {
        manifest, settings, ..
    } = pack;
    let family = pack.family();
    let ignored = Ignored::new(manifest, &settings.slim)?;
    let beside = Beside {
        runtime: Arc::new(libraries_of(application)),
        elsewhere: BTreeSet::new(),
        listed: manifest.target.listed().to_vec(),
    };
    let planner = Planner {
        pack,
        ignored,
        written: settings.written(manifest),
        beside,
    };
    let slots = application.slots.iter();
    let mut plans: Vec<SlotPlan> = slots.map(|slot| planner.application_slot(slot)).collect();
    for slot in &manifest.slots {
        plans.push(planner.manifest_slot(slot)?);
    }
    find_elsewhere(&mut plans, manifest);
    refuse_collisions(&plans, &application.environment)?;
    if family == Family::Flavor {
        refuse_reserved(&plans, &application.environment)?;
        refuse_hidden(&plans)?;
    }
    refuse_what_launcher_lacks(&plans, manifest, family)?;
    Ok(plans)
}

impl SlotPlan {
    /// Memory of each encoding thread, in bytes.
    pub(super) fn memory(&self) -> u64 {
        self.chain.compression.memory()
    }

    /// Path of its content in the environment.
    pub(super) fn place(&self) -> PathBuf {
        let inside = Path::new(
            self.target
                .trim_start_matches(WORKENV)
                .trim_start_matches('/'),
        );
        if self.chain.tar {
            inside.join(&self.prefix)
        } else {
            inside.into()
        }
    }

    /// The entry at a path of the environment.
    pub(super) fn at(&self, path: &Path) -> Option<&Entry> {
        let inside = path.strip_prefix(self.place()).ok()?;
        match &self.content {
            // Paths are compared component by component otherwise, and there may be many.
            Content::Tree(entries) => entries
                .iter()
                .find(|entry| entry.relative.as_os_str() == inside.as_os_str()),
            Content::File(entry) => inside.as_os_str().is_empty().then_some(entry),
        }
    }

    /// Whether a path of the environment may exist when the program runs.
    pub(super) fn may_hold(&self, path: &Path) -> bool {
        let place = self.place();
        let Ok(inside) = path.strip_prefix(&place) else {
            return place.starts_with(path);
        };
        let is_link = |entry: &Entry| matches!(entry.kind, EntryKind::Symlink { .. });
        // The program may write to a temporary slot; links are not followed.
        inside.as_os_str().is_empty()
            || self.lifecycle == Lifecycle::Temporary
            || self.at(path).is_some()
            || inside
                .ancestors()
                .skip(1)
                .any(|above| self.at(&place.join(above)).is_some_and(is_link))
    }

    /// Its entries in a directory of the environment.
    pub(super) fn places_in(&self, directory: &Path) -> Vec<PathBuf> {
        let place = self.place();
        let Ok(inside) = directory.strip_prefix(&place) else {
            return place
                .strip_prefix(directory)
                .ok()
                .and_then(|rest| rest.components().next())
                .map(|first| directory.join(first))
                .into_iter()
                .collect();
        };
        let is_inside = |entry: &&Entry| {
            entry
                .relative
                .parent()
                .is_some_and(|parent| parent.as_os_str() == inside.as_os_str())
        };
        self.entries()
            .iter()
            .filter(is_inside)
            .map(|entry| place.join(&entry.relative))
            .collect()
    }

    /// Files that look like secrets, in the user's own slots.
    pub(super) fn secrets(&self, manifest: &Manifest) -> Option<Finding> {
        let entries = match &self.content {
            _ if matches!(self.role, Role::Runtime | Role::Dependencies) => return None,
            Content::Tree(entries) => entries,
            Content::File(entry) => std::slice::from_ref(entry),
        };
        warning::secrets(manifest, &self.name, entries)
    }

    /// The codec and level.
    pub(super) fn compression(&self) -> Compression {
        self.chain.compression
    }

    /// Path of its content after extraction, below the directory that it is extracted into.
    pub(super) fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// Its entries; none for a single-file slot.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Tree(entries) => entries,
            Content::File(_) => &[],
        }
    }

    /// Its entries except directories, with their sizes; for a single-file slot, its path in the
    /// environment.
    pub(super) fn files(&self) -> Vec<(PathBuf, u64)> {
        let listed = |entry: &Entry| match &entry.kind {
            EntryKind::Directory | EntryKind::Special => None,
            EntryKind::File { len } => Some((entry.relative.clone(), *len)),
            EntryKind::Symlink { .. } => Some((entry.relative.clone(), 0)),
        };
        match &self.content {
            Content::Tree(entries) => entries.iter().filter_map(listed).collect(),
            Content::File(entry) => listed(entry)
                .map(|(_, size)| (self.place(), size))
                .into_iter()
                .collect(),
        }
    }

    pub(super) fn operations(&self) -> Operations {
        Operations {
            tar: self.chain.tar,
            codec: self.chain.compression.codec,
        }
    }

    /// Reads the content: examines native files, adds the libraries of this machine that they need,
    /// finds duplicates, cuts frames.
    ///
    /// Changed copies of files go below `scratch`.
    pub(super) fn prepare(
        &self,
        pack: Pack,
        machine: &Machine,
        scratch: &Path,
    ) -> Result<(Plan, Native), BuildError> {
        let family = pack.family();
        let failed = |source| BuildError::Slot {
            slot: self.name.clone(),
            source,
        };
        let copies = scratch.join(&self.name);
        crate::fs::create_private_dir(&copies)?;
        let clock = Stopwatch::start();
        let around = self.around(machine, pack.stub.target);
        let treatment = Treatment {
            strip: *pack.settings.strip,
            relocate: self.role.is_installed(),
            copies: &copies,
            around,
        };
        let tree = |entries: &[Entry], prefix: &Path| {
            let options = TreeOptions {
                links: links(family),
                prefix: prefix.into(),
                mtime: *pack.settings.epoch,
            };
            Plan::for_tree(entries, self.chain.compression, &options).map_err(failed)
        };
        match &self.content {
            Content::Tree(entries) => {
                let mut entries = entries.clone();
                let native = native::examine(&mut entries, treatment)?;
                tracing::debug!(slot = self.name, took = %clock.took(), "native files examined");
                Ok((tree(&entries, &self.prefix)?, native))
            }
            Content::File(entry) => {
                let (directory, alone) = self.as_tree_of(entry);
                let mut entries = vec![alone];
                let mut native = native::examine(&mut entries, treatment)?;
                if native.carried.is_empty() {
                    return Ok((
                        Plan::for_file(&entries[0].path, self.chain.compression).map_err(failed)?,
                        native,
                    ));
                }
                native.is_widened = true;
                let prefix = if family == Family::FlavorPack {
                    directory
                } else {
                    PathBuf::new()
                };
                Ok((tree(&entries, &prefix)?, native))
            }
        }
    }

    /// What its native files find outside it.
    pub(super) fn around<'a>(&'a self, machine: &'a Machine, target: Target) -> Around<'a> {
        let Beside {
            runtime,
            elsewhere,
            listed,
        } = &self.beside;
        let comes_and_goes = matches!(self.lifecycle, Lifecycle::Lazy | Lifecycle::Init);
        Around {
            slot: &self.name,
            machine,
            target,
            runtime,
            elsewhere,
            listed,
            // The interpreter has its libraries already.
            carries: self.role != Role::Runtime,
            // A slot that does not exist at all times cannot share a directory with others.
            has_place: self.chain.tar || !comes_and_goes,
        }
    }

    /// The parent directory of its single file, with the file as the only entry.
    fn as_tree_of(&self, entry: &Entry) -> (PathBuf, Entry) {
        let place = self.place();
        let relative = PathBuf::from(place.file_name().unwrap_or_default());
        let alone = Entry {
            relative,
            mode: self.mode.into(),
            ..entry.clone()
        };
        (place.parent().unwrap_or(Path::new("")).into(), alone)
    }

    /// Turns a single-file slot into the tree that it was encoded as, with libraries beside the
    /// file.
    pub(super) fn widen(&mut self, family: Family) {
        let Content::File(entry) = &self.content else {
            return;
        };
        let (directory, alone) = self.as_tree_of(entry);
        let inside = if family == Family::FlavorPack {
            Path::new("")
        } else {
            &*directory
        };
        self.target = if inside == Path::new("") {
            WORKENV.into()
        } else {
            format!("{WORKENV}/{}", inside.display())
        };
        self.prefix = if family == Family::FlavorPack {
            directory
        } else {
            PathBuf::new()
        };
        self.content = Content::Tree(vec![alone]);
        self.chain.tar = true;
    }

    /// A path of the environment relative to it, if there is a file.
    pub(super) fn inside(&self, path: &Path) -> Option<PathBuf> {
        self.at(path).map(|entry| match &self.content {
            Content::Tree(_) => entry.relative.clone(),
            Content::File(entry) => self.as_tree_of(entry).1.relative,
        })
    }
}

impl Beside {
    fn add_to(&self, inputs: &mut Inputs) {
        let listed = inputs.add_list("target libraries", self.listed.iter().cloned());
        listed.set_by(&["tool", "flavor", "target", "libraries"]);
    }
}

/// The libraries in the tree of an application's interpreter, in the directory of its search path.
fn libraries_of(application: &Application) -> BTreeMap<String, PathBuf> {
    let Some(loader) = &application.loader else {
        return BTreeMap::new();
    };
    let library = |entry: &Entry| {
        let name = entry.relative.strip_prefix(loader.libraries).ok()?;
        let name = name.to_str()?;
        (is_shared_library_name(name) && !name.contains('/'))
            .then(|| (name.to_owned(), entry.path.clone()))
    };
    let slots = application.slots.iter();
    let runtime = slots.filter(|slot| slot.role == Role::Runtime);
    runtime
        .flat_map(|slot| &slot.entries)
        .filter_map(library)
        .collect()
}

/// If the package sets `LD_LIBRARY_PATH`, libraries may come from any slot of the manifest.
fn find_elsewhere(plans: &mut [SlotPlan], manifest: &Manifest) {
    let mut variables = manifest
        .execution
        .env
        .iter()
        .chain(&manifest.execution.runtime_env.set);
    if !variables.any(|(name, _)| name == "LD_LIBRARY_PATH") {
        return;
    }
    let names = |plan: &SlotPlan| -> Vec<String> {
        let files = plan.files();
        let names = files
            .iter()
            .filter_map(|(path, _)| path.file_name()?.to_str());
        names
            .filter(|name| name.contains(".so"))
            .map(str::to_owned)
            .collect()
    };
    let all: Vec<Vec<String>> = plans
        .iter()
        .map(|plan| {
            if plan.source.is_empty() {
                Vec::new()
            } else {
                names(plan)
            }
        })
        .collect();
    for (at, plan) in plans
        .iter_mut()
        .enumerate()
        .filter(|(_, plan)| plan.role != Role::Runtime)
    {
        let others = all
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .flat_map(|(_, names)| names);
        plan.beside.elsewhere = others.cloned().collect();
        plan.inputs.add_list(
            "libraries of other slots",
            plan.beside.elsewhere.iter().cloned(),
        );
    }
}

fn links(family: Family) -> Links {
    match family {
        Family::Flavor => Links::Keep,
        Family::FlavorPack => Links::Follow,
    }
}

/// Operations in the encoder's form.
struct Chain {
    tar: bool,
    compression: Compression,
}
