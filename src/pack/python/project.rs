//! The project itself as a tree: its wheel, built by its own back end. For other inputs, their
//! equivalent.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::super::BuildError;
use super::super::cache::{CacheEntry, Inputs, Layer, hash_tree};
use super::super::warning::{self, Finding};
use super::app::{AppFacts, absolute, add_start, filled, main_command};
use super::bytecode::{Bytecode, compile};
use super::context::{APP, Context, common_inputs};
use super::dependencies::{Deps, resolution_inputs};
use super::{requirement, sources, wheel};
use crate::format::Blake3;
use crate::fs::{Entry, EntryKind, IoContext};
use crate::manifest::Input;
use crate::pack::context::Pack;
use crate::python::bytecode::Positions;
use crate::python::install::{
    self, BuildSystem, Built, Environment, InstallRequest, Purpose, Sources, View, WheelBuild,
    build_variables, build_wheel, install_project, make_build_environment,
};
use crate::report::Stopwatch;

pub(super) struct Project {
    pub(super) made: CacheEntry<AppFacts>,
    pub(super) bytecode: CacheEntry<Bytecode>,
    /// Warnings about its sources.
    pub(super) findings: Vec<Finding>,
}

/// The project's tree without bytecode.
pub(super) struct App {
    pub(super) made: CacheEntry<AppFacts>,
    /// Warnings about its sources.
    findings: Vec<Finding>,
}

impl App {
    pub(super) fn compiled(self, context: &Context) -> Result<Project, BuildError> {
        let Self { made, findings } = self;
        let bytecode = compile(
            context,
            APP,
            &made.hashed,
            &made.tree,
            Positions::Columns,
            *context.pack.settings.jobs,
        )?;
        Ok(Project {
            made,
            bytecode,
            findings,
        })
    }
}

/// `None` for a requirement: its name is known only with its dependencies, and then
/// [`of_requirement`] builds it.
pub(super) fn make(context: &Context) -> Result<Option<App>, BuildError> {
    let Pack {
        manifest, reporter, ..
    } = &context.pack;
    reporter.begin(APP);
    let clock = Stopwatch::start();
    let (made, findings) = match manifest.input {
        Input::Project => from_back_end(context)?,
        Input::Wheel => (wheel::build(context)?, Vec::new()),
        Input::Script | Input::Directory => (sources::build(context)?, Vec::new()),
        Input::Requirement => return Ok(None),
    };
    Ok(Some(reported(context, made, findings, clock)))
}

pub(super) fn of_requirement(context: &Context, deps: &Deps) -> Result<Project, BuildError> {
    context.pack.reporter.begin(APP);
    let clock = Stopwatch::start();
    let made = requirement::build(context, &deps.made.facts)?;
    reported(context, made, Vec::new(), clock).compiled(context)
}

fn reported(
    context: &Context,
    made: CacheEntry<AppFacts>,
    findings: Vec<Finding>,
    clock: Stopwatch,
) -> App {
    let Pack {
        manifest, reporter, ..
    } = &context.pack;
    let what = match &made.facts.install {
        Some(install) => format!(
            "{} {}",
            install.distribution.name, install.distribution.version
        ),
        None => manifest.package_name.clone(),
    };
    let from = if made.reused { ", reused" } else { "" };
    reporter.phase(APP, &format!("{what}{from}"), clock.took());
    App { made, findings }
}

fn from_back_end(context: &Context) -> Result<(CacheEntry<AppFacts>, Vec<Finding>), BuildError> {
    let Context {
        pack: Pack {
            manifest, cache, ..
        },
        interpreter,
        ..
    } = context;
    let project = &manifest.directory;
    let view = view(context)?;
    let system = BuildSystem::of(project);
    let Seen {
        inputs,
        sources,
        ignored,
    } = inputs(context, &system, &view)?;
    let made = cache.make(
        APP,
        Layer::App,
        &inputs,
        |_| Ok(()),
        |tree| {
            let wheel = wheel(context, &system, &view)?;
            let install = install_project(interpreter, &wheel, tree)?;
            if !manifest.project.is_called(&install.distribution.name) {
                let (project, found) = (manifest.project.name.clone(), install.distribution.name);
                return Err(BuildError::OtherProject { project, found });
            }
            let sources = attested(sources, &ignored, tree)?;
            let main = main_command(&filled(manifest, &install)?, &install, tree)?;
            // An explicit entry point takes precedence over the wheel's scripts.
            let is_named = manifest.entry_point.is_none() && !manifest.scripts.is_empty();
            let main = main.filter(|_| !is_named || !manifest.project.scripts.is_empty());
            Ok::<_, BuildError>(AppFacts {
                install: Some(install),
                sources,
                main,
            })
        },
    )?;
    let Sources {
        outside,
        unfit,
        too_large,
        trouble,
        ..
    } = &view.sources;
    let findings = [
        warning::from_outside(outside, &made.hashed.entries),
        warning::passed_over(project, unfit),
        warning::not_looked_through(too_large),
        trouble
            .clone()
            .map(|reason| Finding::IndexUnread { reason }),
    ];
    Ok((made, findings.into_iter().flatten().collect()))
}

/// What the project's build sees. Outputs of an earlier pack are excluded.
fn view(context: &Context) -> Result<View, BuildError> {
    let Pack {
        manifest, settings, ..
    } = &context.pack;
    let mut view = View::of(&manifest.directory, &manifest.build.include)?;
    let written = settings.written(manifest);
    let is_kept = |file: &PathBuf| !written.contains(&manifest.directory.join(file));
    view.sources.files.retain(is_kept);
    view.sources.ignored.retain(is_kept);
    Ok(view)
}

/// The inputs of a build.
struct Seen {
    inputs: Inputs,
    /// Digest of the sources.
    sources: Blake3,
    ignored: Vec<Entry>,
}

/// Everything that the back end can see: any file of the project, its build environment, and the
/// environment variables it may read.
fn inputs(context: &Context, system: &BuildSystem, view: &View) -> Result<Seen, BuildError> {
    let Context {
        pack: Pack {
            manifest, cache, ..
        },
        interpreter,
        ..
    } = context;
    let project = &manifest.directory;
    let examine = |file: &PathBuf| Entry::examine_target(project.join(file), file.clone());
    let entries = |files: &[PathBuf]| {
        files
            .par_iter()
            .map(examine)
            .collect::<crate::fs::Result<Vec<Entry>>>()
    };
    let memory = |what: &str| cache.memory(&absolute(project), what);
    let sources = hash_tree(entries(&view.sources.files)?, &memory("sources"))?;
    let mut inputs = common_inputs(interpreter);
    inputs
        .add("sources", sources.digest.hex())
        .changed(&sources.changes);
    let ignored = entries(&view.sources.ignored)?;
    if !ignored.is_empty() {
        let is_large =
            |entry: &Entry| matches!(entry.kind, EntryKind::File { len } if View::is_large(len));
        let (large, small): (Vec<Entry>, Vec<Entry>) = ignored.iter().cloned().partition(is_large);
        let hashed = hash_tree(small, &memory("ignored"))?;
        inputs
            .add("files that git ignores", hashed.digest.hex())
            .changed(&hashed.changes);
        // Reading data sets and models could take minutes.
        let large = large.iter().map(|entry| {
            format!(
                "{} {:o} {} {}",
                entry.relative.display(),
                entry.mode,
                entry.stamp.len,
                entry.stamp.mtime
            )
        });
        inputs.add_list("large files that git ignores", large);
    }
    let history = view.history();
    if !history.is_empty() {
        let (files, names): (Vec<PathBuf>, Vec<PathBuf>) = history.into_iter().unzip();
        let hashed = hash_tree(entries(&files)?, &memory("history"))?.renamed(names.into_iter());
        inputs
            .add("git history", hashed.digest.hex())
            .changed(&hashed.changes);
    }
    if let Some(tracked) = view.tracked {
        inputs.add("git index", tracked.hex());
    }
    inputs.add_list("variables", build_variables());
    let (environment, _) = resolution_inputs(
        interpreter,
        &environment_request(context, &system.requires, project),
        cache,
        true,
    )?;
    inputs
        .add("build environment", environment.key())
        .set_by(&["build-system", "requires"]);
    add_start(&mut inputs, manifest);
    Ok(Seen {
        inputs,
        sources: sources.digest,
        ignored,
    })
}

/// The digest of the sources for the provenance: the files that git does not ignore, and the
/// ignored ones whose content is in the wheel. Other files did not contribute to the package.
fn attested(sources: Blake3, ignored: &[Entry], tree: &Path) -> Result<Blake3, BuildError> {
    if ignored.is_empty() {
        return Ok(sources);
    }
    let is_file = |entry: &Entry| matches!(entry.kind, EntryKind::File { .. });
    let mut packed: HashMap<(&std::ffi::OsStr, u64), Vec<&Entry>> = HashMap::new();
    let tree = crate::fs::walk(tree)?;
    for entry in tree.iter().filter(|entry| is_file(entry)) {
        packed
            .entry((
                entry.relative.file_name().unwrap_or_default(),
                entry.stamp.len,
            ))
            .or_default()
            .push(entry);
    }
    let read = |path: &Path| std::fs::read(path).on("read", path);
    let mut used = Vec::new();
    for entry in ignored.iter().filter(|entry| is_file(entry)) {
        let Some(like) = packed.get(&(
            entry.relative.file_name().unwrap_or_default(),
            entry.stamp.len,
        )) else {
            continue;
        };
        let digest = Blake3::of(&read(&entry.path)?);
        if like
            .iter()
            .map(|one| read(&one.path))
            .any(|bytes| bytes.is_ok_and(|bytes| Blake3::of(&bytes) == digest))
        {
            used.push(format!("{} {}", entry.relative.display(), digest.hex()));
        }
    }
    if used.is_empty() {
        Ok(sources)
    } else {
        Ok(Blake3::of(
            [vec![sources.hex()], used].concat().join("\n").as_bytes(),
        ))
    }
}

fn environment_request<'a>(
    context: &Context<'a>,
    requires: &[String],
    work: &'a Path,
) -> InstallRequest<'a> {
    let mut request = context.request.clone();
    request.requirements = requires.to_vec();
    request.extras.clear();
    request.groups.clear();
    request.additional.clear();
    request.lock = None;
    request.purpose = Purpose::BackEnd;
    request.work = work;
    request
}

/// The project's wheel, from a copy of what its build sees.
fn wheel(context: &Context, system: &BuildSystem, view: &View) -> Result<PathBuf, BuildError> {
    let Context {
        pack: Pack {
            manifest, cache, ..
        },
        interpreter,
        ..
    } = context;
    let snapshot = view.copy(&cache.work().join("source"))?;
    let wheels = cache.work().join("project-wheel");
    let build = WheelBuild {
        system,
        project: &manifest.directory,
        copy: &snapshot.project,
        top: &snapshot.top,
        wheels: &wheels,
    };
    let built = match build_in_environment(context, build, &[]) {
        Ok(Built::Lacks(more)) => build_in_environment(context, build, &more)?,
        // Without network the back end may still be installed beside the interpreter.
        Err(error) if error.is_offline_resolution() => {
            match build_wheel(interpreter, Environment::Interpreter, build, &[])? {
                Built::Lacks(_) | Built::NoBackEnd => return Err(error),
                built @ Built::Wheel(_) => {
                    tracing::warn!(
                        "the build back end installed beside the interpreter was used, not an isolated one"
                    );
                    built
                }
            }
        }
        outcome => outcome?,
    };
    if let Some(path) = snapshot.damaged() {
        return Err(install::Error::WrittenTo {
            project: manifest.directory.clone(),
            path,
        }
        .into());
    }
    match built {
        Built::Wheel(wheel) => Ok(wheel),
        Built::Lacks(_) | Built::NoBackEnd => Err(no_back_end(context)),
    }
}

/// Builds the wheel in the environment of its requirements and `more`, which is created if
/// necessary.
fn build_in_environment(
    context: &Context,
    build: WheelBuild,
    more: &[String],
) -> Result<Built, BuildError> {
    let Context {
        pack: Pack { cache, .. },
        interpreter,
        ..
    } = context;
    let requires: Vec<String> = build.system.requires.iter().chain(more).cloned().collect();
    let work = cache.work().join("build-env-scratch");
    let request = environment_request(context, &requires, &work);
    let (inputs, _) = resolution_inputs(interpreter, &request, cache, true)?;
    let mut first = None;
    let make = |tree: &Path| {
        std::fs::create_dir_all(&work).on("create directory", &work)?;
        make_build_environment(interpreter, &request, tree)?;
        // The first build leaves the bytecode of the back end in the environment, which saves the
        // next ones the compilation. The environment is kept even if that build fails.
        first = Some(build_wheel(
            interpreter,
            Environment::New(tree),
            build,
            more,
        ));
        Ok::<_, BuildError>(())
    };
    let environment = cache.make(
        "build environment",
        Layer::BuildEnv,
        &inputs,
        |()| Ok(()),
        make,
    )?;
    let built = first.unwrap_or_else(|| {
        build_wheel(
            interpreter,
            Environment::Kept(&environment.tree),
            build,
            more,
        )
    });
    Ok(built?)
}

fn no_back_end(context: &Context) -> BuildError {
    BuildError::Install(install::Error::NoBackEnd {
        project: context.pack.manifest.directory.clone(),
    })
}
