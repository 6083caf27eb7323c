//! Every slot with its content, operations and place, decided before anything is encoded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::application::{APP, Application, DEPS, RUNTIME, Tree};
use super::cache::{BuildCache, Inputs, Layer, hash_tree};
use super::finding::{self, Finding};
use super::ignored::{Ignored, LeftOut};
use super::native::{self, Around, Native, Treatment};
use super::settings::Written;
use super::{BuildError, Settings};
use crate::format::{Codec, EnvReference, Lifecycle, Operations, WORKENV};
use crate::fs::{Entry, EntryKind, walk};
use crate::libraries::{Machine, is_shared_library_name};
use crate::manifest::{self, Manifest, Operation, OperationName};
use crate::report::Stopwatch;
use crate::slot::{Compression, Links, Plan, TreeOptions, follow_links};
use crate::stub::Family;

/// What is done to native files, and what is noted of them. Raised when that changes, so that older entries of the build
/// cache are not taken for newer ones.
const NATIVE_REVISION: u32 = 2;

/// A slot whose content, operations and place are decided.
pub(super) struct SlotPlan {
    pub(super) name: String,
    /// As the manifest writes it; empty for the slots of the application.
    pub(super) source: String,
    /// With [`WORKENV`].
    pub(super) target: String,
    pub(super) purpose: String,
    pub(super) lifecycle: Lifecycle,
    /// Permission bits of a slot that is one file.
    pub(super) mode: u16,
    /// What the stored bytes depend on.
    pub(super) inputs: Inputs,
    /// Where they are kept: an interpreter's with the interpreter, since every project has the same.
    pub(super) layer: Layer,
    /// What `--slim` took from it.
    pub(super) left_out: Vec<LeftOut>,
    content: Content,
    chain: Chain,
    /// Put in front of every name in an archive.
    prefix: PathBuf,
    beside: Beside,
}

/// The libraries that native files of a slot find beside those in it.
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

/// Plans the slots of an application, then the manifest's own, in their order.
pub(super) fn plan(
    manifest: &Manifest,
    application: Option<&Application>,
    settings: &Settings,
    family: Family,
    cache: &BuildCache,
) -> Result<Vec<SlotPlan>, BuildError> {
    let ignored = Ignored::new(manifest, &settings.slim)?;
    let runtime = Arc::new(application.map(|application| libraries_of(&application.runtime)).unwrap_or_default());
    let listed = manifest.target.listed().to_vec();
    let beside = Beside { runtime, elsewhere: BTreeSet::new(), listed };
    let planner = Planner { settings, family, cache, ignored, written: settings.written(manifest), beside };
    let mut plans = Vec::new();
    if let Some(application) = application {
        let trees = [
            (RUNTIME, Some(&application.runtime), RUNTIME, "runtime"),
            (DEPS, application.deps.as_ref(), "", "library"),
            (APP, Some(&application.app), "", "code"),
        ];
        for (name, tree, target, purpose) in trees {
            if let Some(tree) = tree {
                plans.push(planner.application_slot(name, tree, target, purpose));
            }
        }
    }
    for slot in &manifest.slots {
        plans.push(planner.manifest_slot(manifest, slot)?);
    }
    find_elsewhere(&mut plans, manifest);
    refuse_collisions(&plans, application.is_some())?;
    refuse_what_launcher_lacks(&plans, manifest, family)?;
    Ok(plans)
}

impl SlotPlan {
    /// Bytes of memory that each encoding thread takes.
    pub(super) fn memory(&self) -> u64 {
        self.chain.compression.memory()
    }

    /// Where its content lies in the environment.
    pub(super) fn place(&self) -> PathBuf {
        let inside = Path::new(self.target.trim_start_matches(WORKENV).trim_start_matches('/'));
        if self.chain.tar { inside.join(&self.prefix) } else { inside.into() }
    }

    /// Whether it is one of the application's own.
    pub(super) fn is_of_application(&self) -> bool {
        matches!(self.name.as_str(), RUNTIME | DEPS | APP)
    }

    /// What lies at a path of the environment.
    pub(super) fn at(&self, path: &Path) -> Option<&Entry> {
        let inside = path.strip_prefix(self.place()).ok()?;
        match &self.content {
            // Paths are compared part by part otherwise, and there may be many.
            Content::Tree(entries) => entries.iter().find(|entry| entry.relative.as_os_str() == inside.as_os_str()),
            Content::File(entry) => inside.as_os_str().is_empty().then_some(entry),
        }
    }

    /// Whether something may lie at a path of the environment when the program runs.
    pub(super) fn may_hold(&self, path: &Path) -> bool {
        let place = self.place();
        let Ok(inside) = path.strip_prefix(&place) else { return place.starts_with(path) };
        let is_link = |entry: &Entry| matches!(entry.kind, EntryKind::Symlink { .. });
        // A temporary slot is filled as the program likes; what lies behind a link is not looked up.
        inside.as_os_str().is_empty()
            || self.lifecycle == Lifecycle::Temporary
            || self.at(path).is_some()
            || inside.ancestors().skip(1).any(|above| self.at(&place.join(above)).is_some_and(is_link))
    }

    /// What it has in a directory of the environment.
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
        let is_inside =
            |entry: &&Entry| entry.relative.parent().is_some_and(|parent| parent.as_os_str() == inside.as_os_str());
        self.entries().iter().filter(is_inside).map(|entry| place.join(&entry.relative)).collect()
    }

    /// What looks like a secret in what is the user's own.
    pub(super) fn secrets(&self, manifest: &Manifest) -> Option<Finding> {
        let entries = match &self.content {
            _ if matches!(self.name.as_str(), RUNTIME | DEPS) => return None,
            Content::Tree(entries) => entries,
            Content::File(entry) => std::slice::from_ref(entry),
        };
        finding::secrets(manifest, &self.name, entries)
    }

    /// How it is compressed.
    pub(super) fn compression(&self) -> Compression {
        self.chain.compression
    }

    /// Where its content lies once it is extracted, below the directory that it is extracted into.
    pub(super) fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// What it holds; of a slot that is one file, nothing.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Tree(entries) => entries,
            Content::File(_) => &[],
        }
    }

    /// What it holds, directories apart, with the size of each; of a slot that is one file, its place in the environment.
    pub(super) fn files(&self) -> Vec<(PathBuf, u64)> {
        let listed = |entry: &Entry| match &entry.kind {
            EntryKind::Directory | EntryKind::Special => None,
            EntryKind::File { len } => Some((entry.relative.clone(), *len)),
            EntryKind::Symlink { .. } => Some((entry.relative.clone(), 0)),
        };
        match &self.content {
            Content::Tree(entries) => entries.iter().filter_map(listed).collect(),
            Content::File(entry) => listed(entry).map(|(_, size)| (self.place(), size)).into_iter().collect(),
        }
    }

    pub(super) fn operations(&self) -> Operations {
        Operations { tar: self.chain.tar, codec: self.chain.compression.codec }
    }

    /// Reads what is to be encoded: looks into native files, adds the libraries of this machine that they need, finds files
    /// of equal content, cuts frames.
    ///
    /// Copies of files that have to be changed go below `scratch`.
    pub(super) fn prepare(
        &self,
        settings: &Settings,
        family: Family,
        machine: &Machine,
        scratch: &Path,
    ) -> Result<(Plan, Native), BuildError> {
        let failed = |source| BuildError::Slot { slot: self.name.clone(), source };
        let copies = scratch.join(&self.name);
        crate::fs::create_private_dir(&copies)?;
        let clock = Stopwatch::start();
        let is_python = matches!(self.name.as_str(), DEPS | APP);
        let around = self.around(machine);
        let treatment =
            Treatment { strip: settings.strip, relocate: is_python, opened: is_python, copies: &copies, around };
        let tree = |entries: &[Entry], prefix: &Path| {
            let options = TreeOptions { links: links(family), prefix: prefix.into(), mtime: settings.epoch };
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
                    return Ok((Plan::for_file(&entries[0].path, self.chain.compression).map_err(failed)?, native));
                }
                native.is_widened = true;
                let prefix = if family == Family::FlavorPack { directory } else { PathBuf::new() };
                Ok((tree(&entries, &prefix)?, native))
            }
        }
    }

    /// What its native files find outside of it.
    pub(super) fn around<'a>(&'a self, machine: &'a Machine) -> Around<'a> {
        let Beside { runtime, elsewhere, listed } = &self.beside;
        let comes_and_goes = matches!(self.lifecycle, Lifecycle::Lazy | Lifecycle::Init);
        Around {
            slot: &self.name,
            machine,
            runtime,
            elsewhere,
            listed,
            // The interpreter has its libraries already.
            carries: self.name != RUNTIME,
            // What is not there all the time cannot share a directory with others.
            has_place: self.chain.tar || !comes_and_goes,
        }
    }

    /// The directory that its one file lies in, and the file as the only one there.
    fn as_tree_of(&self, entry: &Entry) -> (PathBuf, Entry) {
        let place = self.place();
        let relative = PathBuf::from(place.file_name().unwrap_or_default());
        let alone = Entry { relative, mode: self.mode.into(), ..entry.clone() };
        (place.parent().unwrap_or(Path::new("")).into(), alone)
    }

    /// Turns a slot that is one file into the tree that it was encoded as, with libraries beside the file.
    pub(super) fn widen(&mut self, family: Family) {
        let Content::File(entry) = &self.content else { return };
        let (directory, alone) = self.as_tree_of(entry);
        let inside = if family == Family::FlavorPack { Path::new("") } else { &*directory };
        self.target = if inside == Path::new("") { WORKENV.into() } else { format!("{WORKENV}/{}", inside.display()) };
        self.prefix = if family == Family::FlavorPack { directory } else { PathBuf::new() };
        self.content = Content::Tree(vec![alone]);
        self.chain.tar = true;
    }

    /// A path of the environment as a path inside of it, if it has a file there.
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

/// The libraries in an interpreter's tree, in the directory that its search path leads to.
fn libraries_of(runtime: &Tree) -> BTreeMap<String, PathBuf> {
    let library = |entry: &Entry| {
        let name = entry.relative.strip_prefix("lib").ok()?.to_str()?;
        (is_shared_library_name(name) && !name.contains('/')).then(|| (name.to_owned(), entry.path.clone()))
    };
    runtime.entries.iter().filter_map(library).collect()
}

/// Where the package sets `LD_LIBRARY_PATH`, libraries may come from any slot of the manifest.
fn find_elsewhere(plans: &mut [SlotPlan], manifest: &Manifest) {
    let mut variables = manifest.execution.env.iter().chain(&manifest.execution.runtime_env.set);
    if !variables.any(|(name, _)| name == "LD_LIBRARY_PATH") {
        return;
    }
    let names = |plan: &SlotPlan| -> Vec<String> {
        let files = plan.files();
        let names = files.iter().filter_map(|(path, _)| path.file_name()?.to_str());
        names.filter(|name| name.contains(".so")).map(str::to_owned).collect()
    };
    let all: Vec<Vec<String>> =
        plans.iter().map(|plan| if plan.source.is_empty() { Vec::new() } else { names(plan) }).collect();
    for (at, plan) in plans.iter_mut().enumerate().filter(|(_, plan)| plan.name != RUNTIME) {
        let others = all.iter().enumerate().filter(|(other, _)| *other != at).flat_map(|(_, names)| names);
        plan.beside.elsewhere = others.cloned().collect();
        plan.inputs.add_list("libraries of other slots", plan.beside.elsewhere.iter().cloned());
    }
}

fn links(family: Family) -> Links {
    match family {
        Family::Flavor => Links::Keep,
        Family::FlavorPack => Links::Follow,
    }
}

struct Planner<'a> {
    settings: &'a Settings,
    family: Family,
    cache: &'a BuildCache,
    ignored: Ignored,
    written: Written,
    beside: Beside,
}

/// A chain as the encoder takes it.
struct Chain {
    tar: bool,
    compression: Compression,
}

impl Planner<'_> {
    /// `deps` and `app` have the shape of a prefix and are merged into the environment; `runtime` stays apart.
    fn application_slot(&self, name: &str, tree: &Tree, target: &str, purpose: &str) -> SlotPlan {
        // FlavorPack's launchers only unpack: there everything goes into the interpreter's own prefix.
        let target = if self.family == Family::FlavorPack { RUNTIME } else { target };
        let chain = self.default_chain(true);
        let mut entries = tree.entries.clone();
        let left_out = self.ignored.filter(name, &mut entries);
        let prefix = self.prefix(target);
        let mut inputs = self.inputs(&chain, &prefix);
        for (part, digest) in &tree.parts {
            inputs.add(part, digest);
        }
        if name != RUNTIME {
            let patterns = inputs.add_list("patterns", self.ignored.patterns.iter().cloned());
            patterns.set_by(&["tool", "flavor", "build", "exclude"]);
        }
        if name == DEPS {
            let slim = inputs.add_list("slim", self.settings.slim.iter().map(|slim| slim.name().to_owned()));
            slim.set_by(&["tool", "flavor", "build", "slim"]);
        }
        inputs.add("relocate", name != RUNTIME);
        let beside = if name == RUNTIME { Beside::default() } else { self.beside.clone() };
        if name != RUNTIME {
            inputs.add_list("libraries of the runtime", beside.runtime.keys().cloned());
        }
        beside.add_to(&mut inputs);
        SlotPlan {
            name: name.into(),
            source: String::new(),
            target: self.target_text(target, true),
            purpose: purpose.into(),
            lifecycle: Lifecycle::Eager,
            mode: 0o644,
            inputs,
            layer: if name == RUNTIME { Layer::Runtime } else { Layer::Slots },
            left_out,
            content: Content::Tree(entries),
            chain,
            prefix,
            beside,
        }
    }

    fn manifest_slot(&self, manifest: &Manifest, slot: &manifest::Slot) -> Result<SlotPlan, BuildError> {
        let source = manifest.directory.join(&slot.source);
        if !source.exists() {
            return Err(BuildError::MissingSource { slot: slot.name.clone(), line: slot.line, path: source });
        }
        let target = slot.target.clone().unwrap_or_else(|| slot.name.clone());
        let chain = match &slot.operations {
            Some(operations) => self.chain(&slot.name, operations)?,
            None => self.default_chain(source.is_dir()),
        };
        let prefix = self.prefix(&target);
        let mut inputs = self.inputs(&chain, &prefix);
        let content = self.content(&slot.name, &source, &chain, &mut inputs)?;
        let beside = Beside { runtime: Arc::default(), ..self.beside.clone() };
        beside.add_to(&mut inputs);
        if !chain.tar {
            // With libraries beside it the file goes into a tree, where its name and its mode are written down.
            inputs.add("target", &target);
            inputs.add("mode", slot.permissions.map_or_else(String::new, |mode| format!("{mode:o}")));
            inputs.add("lifecycle", lifecycle(slot.lifecycle).word());
        }
        let default_mode = if slot.purpose.as_deref() == Some("binary") { 0o755 } else { 0o644 };
        Ok(SlotPlan {
            name: slot.name.clone(),
            source: slot.source.display().to_string(),
            target: self.target_text(&target, chain.tar),
            purpose: slot.purpose.clone().unwrap_or_else(|| "data".into()),
            lifecycle: lifecycle(slot.lifecycle),
            mode: slot.permissions.and_then(|mode| u16::try_from(mode).ok()).unwrap_or(default_mode),
            inputs,
            layer: Layer::Slots,
            left_out: Vec::new(),
            content,
            chain,
            prefix,
            beside,
        })
    }

    /// Lists and hashes a source of the manifest.
    fn content(&self, slot: &str, source: &Path, chain: &Chain, inputs: &mut Inputs) -> Result<Content, BuildError> {
        let name: PathBuf = source.file_name().unwrap_or_default().into();
        if !chain.tar {
            if source.is_dir() {
                let source = crate::slot::SlotError::DirectoryWithoutTar { path: source.into() };
                return Err(BuildError::Slot { slot: slot.into(), source });
            }
            let entry = Entry::examine_target(source.into(), name)?;
            self.hash(source, vec![entry.clone()], inputs)?;
            return Ok(Content::File(entry));
        }
        let mut entries =
            if source.is_dir() { walk(source)? } else { vec![Entry::examine_target(source.into(), name)?] };
        if source.is_dir() {
            self.ignored.filter_by_files(source, &mut entries)?;
        }
        self.ignored.filter(slot, &mut entries);
        entries.retain(|entry| !self.written.contains(&entry.path));
        if links(self.family) == Links::Follow {
            // A launcher that refuses links gets what they lead to, so that is what counts.
            entries = follow_links(&entries).map_err(|source| BuildError::Slot { slot: slot.into(), source })?;
        }
        self.hash(source, entries.clone(), inputs)?;
        Ok(Content::Tree(entries))
    }

    fn hash(&self, source: &Path, entries: Vec<Entry>, inputs: &mut Inputs) -> Result<(), BuildError> {
        let source = std::path::absolute(source).unwrap_or_else(|_| source.into());
        let hashed = hash_tree(entries, &self.cache.memory(&source, "slot"))?;
        inputs.add("content", hashed.digest.hex()).found_at(source).changed(&hashed.changes);
        Ok(())
    }

    /// What the stored bytes depend on beside the content.
    fn inputs(&self, chain: &Chain, prefix: &Path) -> Inputs {
        let mut inputs = Inputs::default();
        let Compression { codec, level, extreme } = chain.compression;
        inputs.add("tool", env!("CARGO_PKG_VERSION"));
        inputs.add("operations", Operations { tar: chain.tar, codec });
        inputs.add("level", format!("{level}{}", if extreme { "e" } else { "" }));
        inputs.add("links", format!("{:?}", links(self.family)));
        inputs.add("prefix", prefix.display());
        inputs.add("native", NATIVE_REVISION);
        inputs.add("strip", self.settings.strip);
        inputs.add("epoch", self.settings.epoch);
        inputs
    }

    fn prefix(&self, target: &str) -> PathBuf {
        match self.family {
            Family::Flavor => PathBuf::new(),
            Family::FlavorPack => target.into(),
        }
    }

    /// FlavorPack's launchers ignore the target of an archive: its members carry the path themselves.
    fn target_text(&self, target: &str, tar: bool) -> String {
        let inside = if self.family == Family::FlavorPack && tar { "" } else { target };
        if inside.is_empty() { WORKENV.into() } else { format!("{WORKENV}/{inside}") }
    }

    fn default_chain(&self, tar: bool) -> Chain {
        let codec = match (self.family, self.settings.effort) {
            (_, 0) => Codec::Raw,
            (Family::Flavor, _) => Codec::Zstd,
            (Family::FlavorPack, _) => Codec::Gzip,
        };
        Chain { tar, compression: Compression::with_effort(codec, self.settings.effort) }
    }

    /// Checks a chain from the manifest: at most a tar, then at most one codec that the launcher can undo.
    fn chain(&self, slot: &str, operations: &[Operation]) -> Result<Chain, BuildError> {
        let mut rest = operations;
        let tar = rest.first().is_some_and(|first| first.name == OperationName::Tar);
        if tar {
            rest = &rest[1..];
        }
        let (codec, step) = match rest {
            [] => (Codec::Raw, None),
            [one] => (codec(one.name), Some(one)),
            [first, second, ..] => {
                let (first, second) = (first.name.as_str(), second.name.as_str());
                return Err(BuildError::BadChain { slot: slot.into(), first, second });
            }
        };
        if self.family == Family::FlavorPack && !matches!(codec, Codec::Raw | Codec::Gzip) {
            return Err(BuildError::LauncherCannotRead {
                slot: slot.into(),
                operation: codec.name(),
                launcher: self.family.name(),
            });
        }
        let mut compression = Compression::with_effort(codec, self.settings.effort);
        if let Some(step) = step
            && let Some(level) = step.level
        {
            compression = Compression { codec, level, extreme: step.extreme };
        }
        Ok(Chain { tar, compression })
    }
}

fn codec(name: OperationName) -> Codec {
    match name {
        OperationName::Raw | OperationName::Tar => Codec::Raw,
        OperationName::Gzip => Codec::Gzip,
        OperationName::Xz => Codec::Xz,
        OperationName::Zstd => Codec::Zstd,
    }
}

/// PSPF's twelve words come down to four behaviours; `docs/format.md` § Lifecycles.
fn lifecycle(word: manifest::Lifecycle) -> Lifecycle {
    use manifest::Lifecycle as Word;
    match word {
        Word::Lazy | Word::Dev => Lifecycle::Lazy,
        Word::Temporary => Lifecycle::Temporary,
        Word::Init => Lifecycle::Init,
        _ => Lifecycle::Eager,
    }
}

/// FlavorPack's launchers extract everything, for ever, and run set-up commands where their paths do not stay right.
fn refuse_what_launcher_lacks(plans: &[SlotPlan], manifest: &Manifest, family: Family) -> Result<(), BuildError> {
    if family == Family::Flavor {
        return Ok(());
    }
    if !manifest.post_extract.is_empty() {
        return Err(BuildError::LauncherLacks { what: "`post_extract`".into(), launcher: family.name() });
    }
    let execution = &manifest.execution;
    if execution.path {
        return Err(BuildError::LauncherLacks { what: "`path = true`".into(), launcher: family.name() });
    }
    let mut values = execution.env.iter().chain(&execution.runtime_env.set);
    if let Some((name, _)) = values.find(|(_, value)| EnvReference::all_in(value).next().is_some()) {
        let what = format!("another variable in the value of `{name}`");
        return Err(BuildError::LauncherLacks { what, launcher: family.name() });
    }
    match plans.iter().find(|plan| plan.lifecycle != Lifecycle::Eager) {
        Some(plan) => {
            let what = format!("the lifecycle `{}` of slot `{}`", plan.lifecycle.word(), plan.name);
            Err(BuildError::LauncherLacks { what, launcher: family.name() })
        }
        None => Ok(()),
    }
}

/// Trees may share a directory; a file must have its place, and what is below it, to itself. So must a tree that is not
/// there all the time: what others have at its place could not be merged with it.
fn refuse_collisions(plans: &[SlotPlan], python: bool) -> Result<(), BuildError> {
    let is_alone = |plan: &SlotPlan| !plan.chain.tar || matches!(plan.lifecycle, Lifecycle::Lazy | Lifecycle::Init);
    for (at, plan) in plans.iter().enumerate().filter(|(_, plan)| is_alone(plan)) {
        if plan.target == WORKENV && plan.chain.tar {
            return Err(BuildError::WholeTarget { slot: plan.name.clone(), lifecycle: plan.lifecycle.word() });
        }
        let below = format!("{}/", plan.target);
        let mut others = plans.iter().enumerate().filter(|(other, _)| *other != at);
        if let Some((_, other)) = others.find(|(_, one)| one.target == plan.target || one.target.starts_with(&below)) {
            return Err(BuildError::SameTarget {
                first: plan.name.clone(),
                second: other.name.clone(),
                target: plan.target.clone(),
            });
        }
        let relative = plan.target.trim_start_matches(WORKENV).trim_start_matches('/');
        let reserved = ["bin", "lib", "pyvenv.cfg", "bin/python", "bin/python3"].contains(&relative);
        if python && reserved {
            return Err(BuildError::ReservedTarget { slot: plan.name.clone(), target: plan.target.clone() });
        }
    }
    Ok(())
}
