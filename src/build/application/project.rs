//! The project itself: its wheel, built by its own back end, as a tree. Of other inputs, what stands for it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::BuildError;
use super::super::cache::{Inputs, Layer, Made, hash_tree};
use super::super::finding::{self, Finding};
use super::compiled::{Bytecode, compile};
use super::dependencies::{Deps, resolution_inputs};
use super::facts::filled;
use super::programs::{write_named, write_script};
use super::{APP, Context, common_inputs, finished, plain, requirement};
use crate::format::Blake3;
use crate::fs::{Entry, IoContext};
use crate::manifest::{EntryPoint, Input, Manifest, ScriptTarget};
use crate::python::bytecode::Positions;
use crate::python::install::{
    BuildSystem, Built, Environment, Hidden, InstallRequest, ProjectInstall, Sources, WheelBuild, build_variables,
    build_wheel, copy_sources, history, install_project, list_sources, make_build_environment,
};
use crate::report::Stopwatch;

pub(super) struct Project {
    pub(super) made: Made<AppFacts>,
    pub(super) bytecode: Made<Bytecode>,
    /// What is odd about its sources.
    pub(super) findings: Vec<Finding>,
}

/// What is known of the project's tree.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct AppFacts {
    /// What was installed; `None` of sources that go in as they are.
    pub(super) install: Option<ProjectInstall>,
    /// Digest of the sources.
    pub(super) sources: Blake3,
    /// The command that starts the application, if it is one of the project's or was made for its entry point.
    pub(super) main: Option<String>,
}

/// The project's tree, before its bytecode is made.
pub(super) struct App {
    pub(super) made: Made<AppFacts>,
    /// What is odd about its sources.
    findings: Vec<Finding>,
}

impl App {
    pub(super) fn compiled(self, context: &Context) -> Result<Project, BuildError> {
        let Self { made, findings } = self;
        let bytecode = compile(context, APP, &made.hashed, &made.tree, Positions::Columns, context.settings.jobs)?;
        Ok(Project { made, bytecode, findings })
    }
}

/// `None` of a requirement: what it is called is known with its dependencies, and then [`of_requirement`] builds it.
pub(super) fn make(context: &Context) -> Result<Option<App>, BuildError> {
    let Context { manifest, reporter, .. } = context;
    reporter.begin(APP);
    let clock = Stopwatch::start();
    let (made, findings) = match manifest.input {
        Input::Project => from_back_end(context)?,
        Input::Wheel => (finished::build(context)?, Vec::new()),
        Input::Script | Input::Directory => (plain::build(context)?, Vec::new()),
        Input::Requirement => return Ok(None),
    };
    Ok(Some(reported(context, made, findings, clock)))
}

pub(super) fn of_requirement(context: &Context, deps: &Deps) -> Result<Project, BuildError> {
    context.reporter.begin(APP);
    let clock = Stopwatch::start();
    let made = requirement::build(context, &deps.made.facts)?;
    reported(context, made, Vec::new(), clock).compiled(context)
}

fn reported(context: &Context, made: Made<AppFacts>, findings: Vec<Finding>, clock: Stopwatch) -> App {
    let Context { manifest, reporter, .. } = context;
    let what = match &made.facts.install {
        Some(install) => format!("{} {}", install.distribution.name, install.distribution.version),
        None => manifest.package_name.clone(),
    };
    let from = if made.reused { ", reused" } else { "" };
    reporter.phase(APP, &format!("{what}{from}"), clock.took());
    App { made, findings }
}

fn from_back_end(context: &Context) -> Result<(Made<AppFacts>, Vec<Finding>), BuildError> {
    let Context { manifest, interpreter, cache, .. } = context;
    let project = &manifest.directory;
    let Sources { files, outside, unfit } = sources(context, Hidden::Taken)?;
    let system = BuildSystem::of(project);
    let (inputs, sources) = inputs(context, &system, &files)?;
    let made = cache.make(
        APP,
        Layer::App,
        &inputs,
        |_| Ok(()),
        |tree| {
            let wheel = wheel(context, &system, &files)?;
            let install = install_project(interpreter, &wheel, tree)?;
            if !manifest.project.is_called(&install.distribution.name) {
                let (project, found) = (manifest.project.name.clone(), install.distribution.name);
                return Err(BuildError::OtherProject { project, found });
            }
            let main = main_command(&filled(manifest, &install)?, &install, tree)?;
            Ok::<_, BuildError>(AppFacts { install: Some(install), sources, main })
        },
    )?;
    let passed_over = finding::passed_over(project, &unfit);
    let findings = finding::from_outside(&outside, &made.hashed.entries).into_iter().chain(passed_over).collect();
    Ok((made, findings))
}

/// What the input's directory has that may go into the package.
pub(super) fn sources(context: &Context, hidden: Hidden) -> Result<Sources, BuildError> {
    let Context { manifest, settings, .. } = context;
    let mut sources = list_sources(&manifest.directory, hidden)?;
    let written = settings.written(manifest);
    sources.files.retain(|file| !written.contains(&manifest.directory.join(file)));
    Ok(sources)
}

/// Everything that the back end can see: any file of the project, what it is built with, and the variables it may heed.
/// The digest of the files comes apart, too.
fn inputs(context: &Context, system: &BuildSystem, files: &[PathBuf]) -> Result<(Inputs, Blake3), BuildError> {
    let Context { manifest, interpreter, cache, .. } = context;
    let project = &manifest.directory;
    let entries = |files: &[PathBuf]| -> Result<Vec<Entry>, BuildError> {
        Ok(files
            .iter()
            .map(|file| Entry::examine_target(project.join(file), file.clone()))
            .collect::<Result<_, _>>()?)
    };
    let sources = hash_tree(entries(files)?, &cache.memory(&absolute(project), "sources"))?;
    let mut inputs = common_inputs(interpreter);
    inputs.add("sources", sources.digest.hex()).changed(&sources.changes);
    let history = history(project);
    if !history.is_empty() {
        let hashed = hash_tree(entries(&history)?, &cache.memory(&absolute(project), "history"))?;
        inputs.add("git history", hashed.digest.hex()).changed(&hashed.changes);
    }
    inputs.add_list("variables", build_variables());
    let (environment, _) =
        resolution_inputs(interpreter, &environment_request(context, &system.requires, project), cache, true)?;
    inputs.add("build environment", environment.key()).set_by(&["build-system", "requires"]);
    add_start(&mut inputs, manifest);
    Ok((inputs, sources.digest))
}

/// Adds what decides on the command that is written for an entry point.
pub(super) fn add_start(inputs: &mut Inputs, manifest: &Manifest) {
    let entry_point = manifest.entry_point.as_ref().map(ToString::to_string);
    inputs.add_list("entry point", entry_point).set_by(&["tool", "flavor", "entry_point"]);
    inputs.add("name", &manifest.package_name);
    let functions = manifest.scripts.iter().filter_map(|script| match &script.target {
        ScriptTarget::Function(wanted) => Some(format!("{} {wanted}", script.name)),
        ScriptTarget::Script(_) => None,
    });
    let functions: Vec<String> = functions.collect();
    if !functions.is_empty() {
        inputs.add_list("scripts", functions).set_by(&["tool", "flavor", "scripts"]);
    }
}

pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn environment_request<'a>(context: &Context<'a>, requires: &[String], work: &'a Path) -> InstallRequest<'a> {
    let mut request = context.request.clone();
    request.requirements = requires.to_vec();
    request.extras.clear();
    request.groups.clear();
    request.additional.clear();
    request.lock = None;
    request.is_build_environment = true;
    request.work = work;
    request
}

/// The project's wheel, from a copy of its sources.
fn wheel(context: &Context, system: &BuildSystem, files: &[PathBuf]) -> Result<PathBuf, BuildError> {
    let Context { manifest, interpreter, cache, .. } = context;
    let copy = cache.work().join("source");
    let wheels = cache.work().join("project-wheel");
    copy_sources(&manifest.directory, files, &copy)?;
    let build = WheelBuild { system, project: &manifest.directory, copy: &copy, wheels: &wheels };
    let built = match build_in_environment(context, build, &[]) {
        Ok(Built::Lacks(more)) => build_in_environment(context, build, &more)?,
        // Without network the back end may still be there, installed beside the interpreter.
        Err(error) if error.is_offline_resolution() => {
            match build_wheel(interpreter, Environment::Interpreter, build, &[])? {
                Built::Lacks(_) | Built::NoBackEnd => return Err(error),
                built @ Built::Wheel(_) => {
                    tracing::warn!("the build back end installed beside the interpreter was used, not an isolated one");
                    built
                }
            }
        }
        outcome => outcome?,
    };
    match built {
        Built::Wheel(wheel) => Ok(wheel),
        Built::Lacks(_) | Built::NoBackEnd => Err(no_back_end(context)),
    }
}

/// Builds the wheel in the environment that its requirements and `more` make, which is made first if there is none.
fn build_in_environment(context: &Context, build: WheelBuild, more: &[String]) -> Result<Built, BuildError> {
    let Context { interpreter, cache, .. } = context;
    let requires: Vec<String> = build.system.requires.iter().chain(more).cloned().collect();
    let work = cache.work().join("build-env-scratch");
    let request = environment_request(context, &requires, &work);
    let (inputs, _) = resolution_inputs(interpreter, &request, cache, true)?;
    let mut first = None;
    let make = |tree: &Path| {
        std::fs::create_dir_all(&work).on("create directory", &work)?;
        make_build_environment(interpreter, &request, tree)?;
        // The first build leaves the bytecode of the back end behind, so that the next ones need not compile it. Whether
        // it goes well says nothing about the environment.
        first = Some(build_wheel(interpreter, Environment::New(tree), build, more));
        Ok::<_, BuildError>(())
    };
    let environment = cache.make("build environment", Layer::BuildEnv, &inputs, |()| Ok(()), make)?;
    let built = first.unwrap_or_else(|| build_wheel(interpreter, Environment::Kept(&environment.tree), build, more));
    Ok(built?)
}

fn no_back_end(context: &Context) -> BuildError {
    BuildError::Python(crate::python::Error::NoBackEnd { project: context.manifest.directory.clone() })
}

/// The name of the command to start with; a script is written for an entry point that the project does not list.
pub(super) fn main_command(
    manifest: &Manifest,
    install: &ProjectInstall,
    tree: &Path,
) -> Result<Option<String>, BuildError> {
    write_named(manifest, tree)?;
    let Some(wanted) = &manifest.entry_point else {
        let Some((name, _)) = manifest.main_script() else { return Ok(None) };
        let commands = || install.entry_points.iter().map(|script| &script.name);
        if manifest.execution.command.is_none() && commands().all(|command| command != name) {
            let (script, known) = (name.clone(), commands().cloned().collect());
            return Err(BuildError::NoSuchScript { script, known });
        }
        return Ok(Some(name.clone()));
    };
    let same = |script: &&crate::python::install::EntryPoint| {
        *wanted == EntryPoint::Function { module: script.module.clone(), attr: script.attr.clone() }
    };
    match install.entry_points.iter().find(same) {
        Some(script) => Ok(Some(script.name.clone())),
        None => write_script(manifest, wanted, &install.entry_points, tree).map(Some),
    }
}
