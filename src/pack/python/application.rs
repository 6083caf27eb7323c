//! Builds a Python application.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::BuildError;
use super::context::{
    APP, Context, DEPS, LIBRARIES, RUNTIME, interpreter, join, report_interpreter,
};
use super::dependencies::Deps;
use super::evidence::Origins;
use super::metadata::ProjectFacts;
use super::programs::{self, Start};
use super::project::{self, Project};
use super::runtime::{self, Runtime};
use super::{bytecode, dependencies, requirement};
use crate::format::{Blake3, PythonFacts, Sha256, WORKENV};
use crate::fs::IoContext;
use crate::manifest::Manifest;
use crate::pack::application::{Application, BuiltSlot, Environment, Loader, Role};
use crate::pack::cache::CacheEntry;
use crate::pack::context::Pack;
use crate::pack::warning::Finding;
use crate::python::install::{Distribution, EntryPoint, Notice};
use crate::python::{Interpreter, start};
use crate::report::Stopwatch;
use crate::stub::Family;

/// What Python's own checks ask of an application, built for one interpreter.
pub(super) struct PythonApplication {
    pub(super) interpreter: Interpreter,
    pub(super) trees: Trees,
    /// The name of the main program, if it is a script.
    pub(super) main: Option<String>,
    /// The commands of the project.
    pub(super) entry_points: Vec<EntryPoint>,
    /// Sources of `app` that do not compile, and why.
    pub(super) broken: BTreeMap<PathBuf, String>,
    /// Whether the application itself is a distribution.
    pub(super) has_distribution: bool,
    /// Digest of the project's sources.
    pub(super) sources: Blake3,
    /// The lock file that determined the versions: name and digest.
    pub(super) lock: Option<(String, Sha256)>,
    /// The last one is the project itself, if it is a distribution.
    pub(super) distributions: Vec<Distribution>,
    /// Locks on the cache entries that hold the trees; once dropped, an entry may be evicted.
    _in_use: Parts,
}

/// The directories of the trees while the package is made, before anything is left out of them.
pub(super) struct Trees {
    pub(super) interpreter: PathBuf,
    pub(super) deps: PathBuf,
    pub(super) app: PathBuf,
    /// Relative to the last two.
    pub(super) site_packages: PathBuf,
}

/// Builds the trees in parallel, except those that were built for the `facts` already.
///
/// Returns what the stages see, what only Python asks, and the manifest with the name of its
/// requirement.
pub(super) fn build(
    pack: Pack,
    facts: Option<ProjectFacts>,
) -> Result<(Application, PythonApplication, Option<Manifest>), BuildError> {
    let ProjectFacts {
        interpreter,
        runtime,
        app,
    } = facts.map_or_else(|| begin(pack), Ok)?;
    let context = Context::new(pack, &interpreter)?;
    tracing::debug!(
        jobs = *pack.settings.jobs,
        "runtime, dependencies and project in parallel"
    );
    let (runtime, deps, project) = std::thread::scope(|scope| {
        let runtime = scope.spawn(|| runtime.map_or_else(|| runtime::build(&context), Ok));
        let deps = scope.spawn(|| dependencies::build(&context));
        let project = scope.spawn(|| {
            let app = app.map_or_else(|| project::make(&context), |app| Ok(Some(app)))?;
            app.map(|app| app.compiled(&context)).transpose()
        });
        (join(runtime), join(deps), join(project))
    });
    // The error of the dependencies is more informative than the errors that it causes.
    let (deps, project, runtime) = (deps?, project?, runtime?);
    // The name is known only now.
    let named = match project {
        Some(_) => None,
        None => Some(requirement::named(pack.manifest, &deps.made.facts)?),
    };
    let context = Context {
        pack: pack.with(named.as_ref().unwrap_or(pack.manifest)),
        ..context
    };
    let project = match project {
        Some(project) => project,
        None => project::of_requirement(&context, &deps)?,
    };
    bytecode::report(&context);
    let parts = Parts {
        runtime,
        deps,
        project,
    };
    let (application, python) = parts.finish(&context)?;
    Ok((application, python, named))
}

/// Selects the interpreter; nothing else is built.
fn begin(pack: Pack) -> Result<ProjectFacts, BuildError> {
    let clock = Stopwatch::start();
    let interpreter = interpreter(pack)?;
    report_interpreter(&interpreter, clock.took(), pack.reporter);
    Ok(ProjectFacts {
        interpreter,
        runtime: None,
        app: None,
    })
}

/// The built trees.
struct Parts {
    runtime: CacheEntry<Runtime>,
    deps: Deps,
    project: Project,
}

impl Parts {
    fn finish(self, context: &Context) -> Result<(Application, PythonApplication), BuildError> {
        let Context {
            pack, interpreter, ..
        } = context;
        let (app, deps) = (&self.project.made.facts, &self.deps.made.facts);
        let start = Start {
            family: pack.family(),
            python: interpreter.version,
        };
        let programs = programs::programs(pack.manifest, app, deps, start)?;
        let lock = lock(context, &self.deps.notices)?;
        let own = app.install.as_ref().map(|install| &install.distribution);
        let distributions: Vec<Distribution> =
            deps.distributions.iter().chain(own).cloned().collect();
        let python = self.python(context);
        let evidence = Origins {
            python: &python,
            runtime: &self.runtime.facts,
            subject: deps.subject.as_ref(),
            sources: app.sources,
            lock: lock.as_ref(),
            distributions: &distributions,
        }
        .evidence();
        let application = Application {
            slots: self.slots(pack.family()),
            programs: programs.own,
            commands: programs.commands,
            version: own.map(|own| own.version.clone()).unwrap_or_default(),
            subject: deps.subject.clone(),
            environment: environment(interpreter.version),
            loader: Some(Loader {
                executable: interpreter.real_executable.clone(),
                library: interpreter.library.clone(),
                libraries: LIBRARIES,
            }),
            python: Some(python),
            evidence,
            findings: findings(&self.deps.notices, &self.project),
        };
        let python = PythonApplication {
            interpreter: (*interpreter).clone(),
            trees: Trees {
                interpreter: self.runtime.tree.join(&self.runtime.facts.executable),
                deps: self.deps.made.tree.clone(),
                app: self.project.made.tree.clone(),
                site_packages: interpreter.site_packages(),
            },
            main: programs.main,
            entry_points: self.entry_points(),
            broken: self.project.bytecode.facts.broken.clone(),
            has_distribution: own.is_some(),
            sources: app.sources,
            lock,
            distributions,
            _in_use: self,
        };
        Ok((application, python))
    }

    /// The commands of the project, or of the distribution that a requirement resolved to.
    fn entry_points(&self) -> Vec<EntryPoint> {
        let install = self.project.made.facts.install.as_ref();
        let subject = self.deps.made.facts.subject.as_ref();
        install
            .map(|install| &install.entry_points)
            .or(subject.map(|subject| &subject.entry_points))
            .cloned()
            .unwrap_or_default()
    }

    fn python(&self, context: &Context) -> PythonFacts {
        let interpreter = context.interpreter;
        let is_flavor = context.pack.family() == Family::Flavor;
        PythonFacts {
            slot: RUNTIME.into(),
            executable: self.runtime.facts.executable.clone(),
            implementation: interpreter.implementation.to_ascii_lowercase(),
            version: interpreter.version_text.clone(),
            venv: is_flavor,
            restore: is_flavor.then(|| format!("{WORKENV}/{RUNTIME}/{}", start::DIRECTORY)),
        }
    }

    /// `deps` and `app` are prefix-shaped and merged into the environment; `runtime` stays
    /// separate. FlavorPack's launchers only extract, so everything goes into the interpreter's
    /// own prefix.
    fn slots(&self, family: Family) -> Vec<BuiltSlot> {
        let Self {
            runtime,
            deps,
            project,
        } = self;
        let prefix = match family {
            Family::Flavor => "",
            Family::FlavorPack => RUNTIME,
        };
        let runtime = BuiltSlot::new(RUNTIME, Role::Runtime, "runtime", &runtime.hashed);
        let deps = deps.bytecode.as_ref().map(|bytecode| {
            BuiltSlot::new(DEPS, Role::Dependencies, "library", &deps.made.hashed)
                .with("bytecode", &bytecode.hashed)
                .at(prefix)
        });
        let app = BuiltSlot::new(APP, Role::Application, "code", &project.made.hashed)
            .with("bytecode", &project.bytecode.hashed)
            .at(prefix);
        let slots = [Some(runtime.at(RUNTIME)), deps, Some(app)];
        slots.into_iter().flatten().collect()
    }
}

/// What a virtual environment has.
fn environment((major, minor, _): (u8, u8, u8)) -> Environment {
    let interpreter = format!("bin/python{major}.{minor}");
    Environment {
        made: vec![
            "pyvenv.cfg".into(),
            "bin/python".into(),
            "bin/python3".into(),
            interpreter,
        ],
        purpose: "every start has its own there, to make a virtual environment",
        shared: &["bin", "lib", "pyvenv.cfg", "bin/python", "bin/python3"],
    }
}

fn lock(context: &Context, notices: &[Notice]) -> Result<Option<(String, Sha256)>, BuildError> {
    let is_unused = notices
        .iter()
        .any(|notice| matches!(notice, Notice::StaleLock { .. }));
    let Some(lock) = context.request.lock.as_ref().filter(|_| !is_unused) else {
        return Ok(None);
    };
    let path = lock.path();
    let digest = Sha256::of(&std::fs::read(path).on("read", path)?);
    Ok(Some((
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        digest,
    )))
}

/// Warnings about the dependencies and the project, without duplicates.
fn findings(notices: &[Notice], project: &project::Project) -> Vec<Finding> {
    let of_project = project
        .made
        .facts
        .install
        .iter()
        .flat_map(|install| &install.notices);
    let mut all: Vec<Notice> = notices.iter().chain(of_project).cloned().collect();
    all.sort();
    all.dedup();
    // Credentials are noticed both where they are written and where they are removed.
    let mut names = std::collections::BTreeSet::new();
    for notice in &mut all {
        if let Notice::Credentials { names: some } = notice {
            some.retain(|name| names.insert(name.clone()));
        }
    }
    all.retain(|notice| !matches!(notice, Notice::Credentials { names } if names.is_empty()));
    project
        .findings
        .iter()
        .cloned()
        .chain(all.into_iter().map(Finding::Install))
        .collect()
}
