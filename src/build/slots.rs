//! Every slot with its source, operations and place, decided before anything is encoded.

use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::application::{APP, Application, DEPS, RUNTIME};
use super::native::{self, Native, Treatment};
use super::{BuildError, Settings};
use crate::format::{Codec, Lifecycle, WORKENV};
use crate::fs::{Entry, EntryKind, walk};
use crate::manifest::{self, Manifest, Operation, OperationName};
use crate::slot::{Compression, Links, Plan, TreeOptions};
use crate::stub::Family;

/// A slot, ready to be encoded.
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
    pub(super) plan: Plan,
    pub(super) native: Native,
}

/// Plans the slots of an application, then the manifest's own, in their order.
pub(super) fn plan(
    manifest: &Manifest,
    application: Option<&Application>,
    settings: &Settings,
    family: Family,
    work: &Path,
) -> Result<Vec<SlotPlan>, BuildError> {
    let ignored = Ignored::new(manifest)?;
    let planner = Planner { settings, family, work, ignored };
    let mut plans = Vec::new();
    if let Some(application) = application {
        let trees = [
            (RUNTIME, Some(&application.runtime), RUNTIME, "runtime"),
            (DEPS, application.deps.as_ref(), "", "library"),
            (APP, Some(&application.app), "", "code"),
        ];
        for (name, tree, target, purpose) in trees {
            if let Some(tree) = tree {
                plans.push(planner.application_slot(name, tree, target, purpose)?);
            }
        }
    }
    for slot in &manifest.slots {
        plans.push(planner.manifest_slot(manifest, slot)?);
    }
    refuse_collisions(&plans, application.is_some())?;
    refuse_what_launcher_lacks(&plans, manifest, family)?;
    Ok(plans)
}

struct Planner<'a> {
    settings: &'a Settings,
    family: Family,
    work: &'a Path,
    ignored: Ignored,
}

/// What `[tool.flavor.build] exclude` leaves out and `include` brings back, in the syntax of `.gitignore`. A pattern that
/// begins with `deps:` is for the dependencies, every other one for the project and the manifest's own slots.
struct Ignored {
    project: Gitignore,
    dependencies: Gitignore,
}

impl Ignored {
    fn new(manifest: &Manifest) -> Result<Self, BuildError> {
        let bring_back = manifest.build.include.iter().map(|pattern| match pattern.strip_prefix("deps:") {
            Some(rest) => format!("deps:!{rest}"),
            None => format!("!{pattern}"),
        });
        let patterns: Vec<String> = manifest.build.exclude.iter().cloned().chain(bring_back).collect();
        let matcher = |wanted: bool| {
            let mut builder = GitignoreBuilder::new("");
            for pattern in &patterns {
                let (of_dependencies, rest) = match pattern.strip_prefix("deps:") {
                    Some(rest) => (true, rest),
                    None => (false, pattern.as_str()),
                };
                if of_dependencies == wanted {
                    builder
                        .add_line(None, rest)
                        .map_err(|_| BuildError::BadPattern { pattern: rest.trim_start_matches('!').into() })?;
                }
            }
            builder.build().map_err(|_| BuildError::BadPattern { pattern: patterns.join(" ") })
        };
        Ok(Self { project: matcher(false)?, dependencies: matcher(true)? })
    }

    /// Drops what is left out, directories with all that is in them.
    fn filter(&self, slot: &str, entries: &mut Vec<Entry>) {
        let matcher = match slot {
            RUNTIME => return,
            DEPS => &self.dependencies,
            _ => &self.project,
        };
        entries.retain(|entry| {
            let is_directory = entry.kind == EntryKind::Directory;
            !matcher.matched_path_or_any_parents(&entry.relative, is_directory).is_ignore()
        });
    }
}

/// A chain as the encoder takes it.
struct Chain {
    tar: bool,
    compression: Compression,
}

impl Planner<'_> {
    /// `deps` and `app` have the shape of a prefix and are merged into the environment; `runtime` stays apart.
    fn application_slot(&self, name: &str, tree: &Path, target: &str, purpose: &str) -> Result<SlotPlan, BuildError> {
        // FlavorPack's launchers only unpack: there everything goes into the interpreter's own prefix.
        let target = if self.family == Family::FlavorPack { RUNTIME } else { target };
        let chain = self.default_chain(true);
        let (plan, native) = self.tree(name, tree, target, &chain)?;
        Ok(SlotPlan {
            name: name.into(),
            source: String::new(),
            target: self.target_text(target, true),
            purpose: purpose.into(),
            lifecycle: Lifecycle::Eager,
            mode: 0o644,
            plan,
            native,
        })
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
        let (plan, native) = if chain.tar {
            self.tree(&slot.name, &source, &target, &chain)?
        } else {
            self.file(&slot.name, &source, &chain)?
        };
        let default_mode = if slot.purpose.as_deref() == Some("binary") { 0o755 } else { 0o644 };
        Ok(SlotPlan {
            name: slot.name.clone(),
            source: slot.source.display().to_string(),
            target: self.target_text(&target, chain.tar),
            purpose: slot.purpose.clone().unwrap_or_else(|| "data".into()),
            lifecycle: lifecycle(slot.lifecycle),
            mode: slot.permissions.and_then(|mode| u16::try_from(mode).ok()).unwrap_or(default_mode),
            plan,
            native,
        })
    }

    /// FlavorPack's launchers ignore the target of an archive: its members carry the path themselves.
    fn target_text(&self, target: &str, tar: bool) -> String {
        let inside = if self.family == Family::FlavorPack && tar { "" } else { target };
        if inside.is_empty() { WORKENV.into() } else { format!("{WORKENV}/{inside}") }
    }

    fn tree(&self, name: &str, root: &Path, target: &str, chain: &Chain) -> Result<(Plan, Native), BuildError> {
        let failed = |source| BuildError::Slot { slot: name.into(), source };
        let mut entries = if root.is_dir() { walk(root)? } else { vec![single_entry(root)?] };
        self.ignored.filter(name, &mut entries);
        let relocate = matches!(name, DEPS | APP);
        let native = self.examine(name, &mut entries, relocate)?;
        let (links, prefix) = match self.family {
            Family::Flavor => (Links::Keep, PathBuf::new()),
            Family::FlavorPack => (Links::Follow, target.into()),
        };
        let options = TreeOptions { links, prefix, mtime: self.settings.epoch };
        let plan = Plan::for_tree(&entries, chain.compression, &options).map_err(failed)?;
        Ok((plan, native))
    }

    fn file(&self, name: &str, path: &Path, chain: &Chain) -> Result<(Plan, Native), BuildError> {
        let failed = |source| BuildError::Slot { slot: name.into(), source };
        if path.is_dir() {
            return Err(failed(crate::slot::SlotError::DirectoryWithoutTar { path: path.into() }));
        }
        let mut entries = [single_entry(path)?];
        let native = self.examine(name, &mut entries, false)?;
        Ok((Plan::for_file(&entries[0].path, chain.compression).map_err(failed)?, native))
    }

    fn examine(&self, slot: &str, entries: &mut [Entry], relocate: bool) -> Result<Native, BuildError> {
        let copies = self.work.join("changed").join(slot);
        crate::fs::create_private_dir(&copies)?;
        native::examine(entries, Treatment { strip: self.settings.strip, relocate, copies: &copies })
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
            [_, second, ..] => return Err(BuildError::BadChain { slot: slot.into(), operation: second.name.as_str() }),
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

/// A file as the only entry of a tree.
fn single_entry(path: &Path) -> Result<Entry, BuildError> {
    use crate::fs::IoContext;
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().on("examine", path)?;
    let kind = if metadata.is_file() { EntryKind::File { len: metadata.len() } } else { EntryKind::Special };
    let relative = path.file_name().unwrap_or_default().into();
    Ok(Entry { path: path.into(), relative, mode: metadata.mode() & 0o7777, kind })
}

/// FlavorPack's launchers extract everything, for ever, and run set-up commands where their paths do not stay right.
fn refuse_what_launcher_lacks(plans: &[SlotPlan], manifest: &Manifest, family: Family) -> Result<(), BuildError> {
    if family == Family::Flavor {
        return Ok(());
    }
    if !manifest.post_extract.is_empty() {
        return Err(BuildError::LauncherLacks { what: "`post_extract`".into(), launcher: family.name() });
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
    let is_alone =
        |plan: &SlotPlan| !plan.plan.operations().tar || matches!(plan.lifecycle, Lifecycle::Lazy | Lifecycle::Init);
    for (at, plan) in plans.iter().enumerate().filter(|(_, plan)| is_alone(plan)) {
        if plan.target == WORKENV && plan.plan.operations().tar {
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
