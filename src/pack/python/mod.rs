//! The trees of a Python application: `runtime`, `deps` and `app`, and the bytecode of the last
//! two.
//!
//! Every tree is an entry of the build cache; the modules here define what each is made from, and
//! how.

mod bytecode;
pub(super) mod complete;
mod dependencies;
mod facts;
mod programs;
mod project;
mod requirement;
mod runtime;
mod sources;
pub(super) mod startable;
mod wheel;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use super::cache::{CacheUse, HashedTree, Inputs};
use super::context::Pack;
use super::{BuildError, Finding};
use crate::format::{Blake3, Commands, Program, PythonFacts, Sha256, WORKENV};
use crate::fs::{Entry, EntryKind, IoContext};
use crate::libraries::SystemPackage;
use crate::manifest::{Input, Manifest, script_block};
use crate::python::install::{
    Distribution, EntryPoint, InstallRequest, Lock, NamedSources, Notice, Purpose, Subject,
};
use crate::python::{Interpreter, ProbeMemory, Request, discover, start};
use crate::report::{Reporter, Stopwatch, Took};
use crate::stub::Family;

pub use complete::{Fault, Place, Remedy};
pub(super) use facts::{ProjectFacts, state};
use programs::Start;
pub(super) use programs::place;

/// Names of the three slots.
pub(super) const RUNTIME: &str = "runtime";
pub(super) const DEPS: &str = "deps";
pub(super) const APP: &str = "app";

/// A Python application, built for one interpreter.
pub(super) struct Application {
    pub(super) interpreter: Interpreter,
    pub(super) runtime: Tree,
    /// `None` if there are no dependencies.
    pub(super) deps: Option<Tree>,
    pub(super) app: Tree,
    pub(super) trees: Trees,
    pub(super) source: Source,
    pub(super) python: PythonFacts,
    pub(super) programs: Vec<Program>,
    pub(super) commands: Vec<Commands>,
    /// The manifest with the name and version that its requirement resolved to.
    pub(super) named: Option<Manifest>,
    /// What the requirement resolved to.
    pub(super) subject: Option<Subject>,
    /// The name of the main program, if it is a script.
    pub(super) main: Option<String>,
    /// The commands of the project.
    pub(super) entry_points: Vec<EntryPoint>,
    /// Sources of `app` that do not compile, and why.
    pub(super) broken: BTreeMap<PathBuf, String>,
    /// Version of the project as its back end computed it; empty if it has no back end.
    pub(super) version: String,
    /// Whether the application itself is a distribution.
    pub(super) has_distribution: bool,
    pub(super) evidence: Evidence,
    pub(super) findings: Vec<Finding>,
    /// Locks on the cache entries that hold the trees; once dropped, an entry may be evicted.
    _in_use: Vec<Box<dyn Send>>,
}

/// The directories of the trees while the package is made, before anything is left out of them.
pub(super) struct Trees {
    pub(super) interpreter: PathBuf,
    pub(super) deps: PathBuf,
    pub(super) app: PathBuf,
    /// Relative to the last two.
    pub(super) site_packages: PathBuf,
}

/// The interpreter of this machine that the runtime was made from.
pub(super) struct Source {
    /// The executable with all links resolved.
    pub(super) executable: PathBuf,
    /// Its libpython, if it has one.
    pub(super) library: Option<PathBuf>,
}

/// The provenance of an application.
pub(super) struct Evidence {
    /// Such as `cpython`.
    pub(super) implementation: String,
    pub(super) version: String,
    /// Digest of the interpreter's files that the runtime was made from.
    pub(super) interpreter_files: Blake3,
    /// The owners of the libraries in the runtime, by library name.
    pub(super) owners: BTreeMap<String, SystemPackage>,
    /// Digest of the project's sources.
    pub(super) sources: Blake3,
    /// The lock file that determined the versions: name and digest.
    pub(super) lock: Option<(String, Sha256)>,
    /// The last one is the project itself, if it is a distribution.
    pub(super) distributions: Vec<Distribution>,
}

/// The content of one slot of the application: one tree, or one on top of another.
pub(super) struct Tree {
    /// Every directory precedes its content.
    pub(super) entries: Vec<Entry>,
    /// Digests of the parts.
    pub(super) parts: Vec<(&'static str, String)>,
}

impl Tree {
    fn of(hashed: &HashedTree) -> Self {
        Self {
            entries: hashed.entries.clone(),
            parts: vec![("tree", hashed.digest.hex())],
        }
    }

    /// Adds the bytecode to the sources.
    fn with_bytecode(mut self, bytecode: &HashedTree) -> Self {
        let there: std::collections::HashSet<_> = self
            .entries
            .iter()
            .map(|entry| entry.relative.clone())
            .collect();
        let new =
            |entry: &&Entry| entry.kind != EntryKind::Directory || !there.contains(&entry.relative);
        self.entries
            .extend(bytecode.entries.iter().filter(new).cloned());
        self.entries
            .sort_by(|one, other| one.relative.cmp(&other.relative));
        self.parts.push(("bytecode", bytecode.digest.hex()));
        self
    }
}

/// The context of every step.
struct Context<'a> {
    pack: Pack<'a>,
    interpreter: &'a Interpreter,
    request: InstallRequest<'a>,
    /// Duration of the bytecode steps, which run in different threads and are reported as one
    /// phase.
    compiled: Mutex<Vec<(usize, bool, Took)>>,
}

impl<'a> Context<'a> {
    fn new(pack: Pack<'a>, interpreter: &'a Interpreter) -> Result<Self, BuildError> {
        Ok(Self {
            pack,
            interpreter,
            request: install_request(pack)?,
            compiled: Mutex::default(),
        })
    }
}

/// The interpreter that the application is for.
fn interpreter(pack: Pack) -> Result<Interpreter, BuildError> {
    let Pack {
        manifest,
        settings,
        cache,
        ..
    } = pack;
    let explicit = settings.python.as_ref().map(|python| python.as_str());
    let memory = ProbeMemory::load(cache.interpreters());
    let request = Request {
        explicit,
        requires_python: manifest.project.requires_python.as_deref(),
        directory: Some(&manifest.directory),
        memory: Some(&memory),
    };
    Ok(discover(&request)?)
}

fn report_interpreter(interpreter: &Interpreter, took: Took, reporter: &dyn Reporter) {
    let text = format!(
        "CPython {} ({})",
        interpreter.version_text,
        interpreter.executable.display()
    );
    reporter.phase("interpreter", &text, took);
}

/// Builds the trees in parallel, except those that were built for the `facts` already.
pub(super) fn build(pack: Pack, facts: Option<ProjectFacts>) -> Result<Application, BuildError> {
    let (interpreter, runtime, app) = if let Some(ProjectFacts {
        interpreter,
        runtime,
        app,
    }) = facts
    {
        (interpreter, runtime, app)
    } else {
        let clock = Stopwatch::start();
        let interpreter = interpreter(pack)?;
        report_interpreter(&interpreter, clock.took(), pack.reporter);
        (interpreter, None, None)
    };
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
    let manifest = named.as_ref().unwrap_or(pack.manifest);
    let context = Context {
        pack: pack.with(manifest),
        ..context
    };
    let family = pack.family();
    let project = match project {
        Some(project) => project,
        None => project::of_requirement(&context, &deps)?,
    };
    bytecode::report(&context);
    let mut distributions = deps.made.facts.distributions.clone();
    let own = project
        .made
        .facts
        .install
        .as_ref()
        .map(|install| install.distribution.clone());
    let entry_points = project
        .made
        .facts
        .install
        .as_ref()
        .map(|install| install.entry_points.clone());
    let entry_points = entry_points.or(deps
        .made
        .facts
        .subject
        .as_ref()
        .map(|subject| subject.entry_points.clone()));
    let entry_points = entry_points.unwrap_or_default();
    let version = own
        .as_ref()
        .map(|own| own.version.clone())
        .unwrap_or_default();
    let has_distribution = own.is_some();
    distributions.extend(own);
    let subject = deps.made.facts.subject.clone();
    let programs = programs::programs(
        manifest,
        &project.made.facts,
        &deps.made.facts,
        Start {
            family,
            python: interpreter.version,
        },
    )?;
    let executable = runtime.facts.executable.clone();
    let evidence = Evidence {
        implementation: interpreter.implementation.to_ascii_lowercase(),
        version: interpreter.version_text.clone(),
        interpreter_files: runtime.facts.files,
        owners: runtime.facts.owners.clone(),
        sources: project.made.facts.sources,
        lock: lock(&context, &deps.notices)?,
        distributions,
    };
    Ok(Application {
        interpreter: interpreter.clone(),
        runtime: Tree::of(&runtime.hashed),
        deps: deps
            .bytecode
            .as_ref()
            .map(|bytecode| Tree::of(&deps.made.hashed).with_bytecode(&bytecode.hashed)),
        app: Tree::of(&project.made.hashed).with_bytecode(&project.bytecode.hashed),
        trees: Trees {
            interpreter: runtime.tree.join(&executable),
            deps: deps.made.tree.clone(),
            app: project.made.tree.clone(),
            site_packages: interpreter.site_packages(),
        },
        source: Source {
            executable: interpreter.real_executable.clone(),
            library: interpreter.library.clone(),
        },
        python: PythonFacts {
            slot: RUNTIME.into(),
            executable,
            implementation: interpreter.implementation.to_ascii_lowercase(),
            version: interpreter.version_text.clone(),
            venv: family == Family::Flavor,
            restore: (family == Family::Flavor)
                .then(|| format!("{WORKENV}/{RUNTIME}/{}", start::DIRECTORY)),
        },
        programs: programs.own,
        commands: programs.commands,
        main: programs.main,
        subject,
        entry_points,
        broken: project.bytecode.facts.broken.clone(),
        version,
        has_distribution,
        evidence,
        findings: findings(&deps.notices, &project),
        _in_use: vec![Box::new(runtime), Box::new(deps), Box::new(project)],
        named,
    })
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

fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn install_request(pack: Pack<'_>) -> Result<InstallRequest<'_>, BuildError> {
    let Pack {
        manifest,
        settings,
        cache,
        ..
    } = pack;
    let mut request = InstallRequest::new(cache.work());
    let home = settings
        .copied_from
        .as_deref()
        .unwrap_or(&manifest.directory);
    let script = home.join(manifest.path.file_name().unwrap_or_default());
    request.project = manifest.project_directory().map(|_| home);
    request.lock = match manifest.input {
        Input::Project => Lock::find(home),
        Input::Script => Lock::of_script(&script),
        Input::Wheel | Input::Requirement => None,
        Input::Directory => Lock::of_directory(home),
    };
    request.named = match manifest.input {
        Input::Project => NamedSources::of_project(home)?,
        Input::Script => {
            NamedSources::of_script(&script, &script_block(&script).unwrap_or_default())?
        }
        Input::Wheel | Input::Directory | Input::Requirement => NamedSources::default(),
    };
    request.refresh = settings.cache == CacheUse::Refresh;
    request.requirements = requirements(manifest);
    if manifest.requirement.is_some() {
        request.purpose = Purpose::Subject;
    }
    request.additional = additional(manifest);
    request.extras.clone_from(&manifest.build.extras);
    request.groups.clone_from(&manifest.build.groups);
    // Paths in a manifest are relative to its directory.
    let here = |link: &String| manifest.directory.join(link).display().to_string();
    let of_manifest = manifest.build.find_links.iter().map(|link| {
        if link.contains("://") {
            link.clone()
        } else {
            here(link)
        }
    });
    request.find_links = settings
        .find_links
        .iter()
        .cloned()
        .chain(of_manifest)
        .collect();
    request.index_url = settings.index_url.as_ref().map(|url| url.value.clone());
    request
        .extra_index_urls
        .clone_from(&manifest.build.extra_index_urls);
    request.offline = *settings.offline;
    Ok(request)
}

/// The requirement to be packed, if any; the project's dependencies, and those of the selected
/// extras and groups.
pub(super) fn requirements(manifest: &Manifest) -> Vec<String> {
    let project = &manifest.project;
    let extras = manifest
        .build
        .extras
        .iter()
        .filter_map(|extra| project.optional_dependencies.get(extra));
    let groups = manifest
        .build
        .groups
        .iter()
        .filter_map(|group| project.dependency_groups.get(group));
    let declared = std::iter::once(&project.dependencies)
        .chain(extras)
        .chain(groups)
        .flatten()
        .cloned();
    manifest
        .requirement
        .iter()
        .cloned()
        .chain(project.without_itself(declared))
        .collect()
}

/// Requirements that the manifest adds for the package, which the project's lock does not have.
fn additional(manifest: &Manifest) -> Vec<String> {
    let local = manifest.build.local_dependencies.iter().map(|path| {
        let path = manifest.directory.join(path);
        std::path::absolute(&path)
            .unwrap_or(path)
            .display()
            .to_string()
    });
    manifest
        .build
        .dependencies
        .iter()
        .cloned()
        .chain(local)
        .collect()
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

/// The inputs of every tree: this program, whose versions may work differently, and the
/// interpreter.
fn common_inputs(interpreter: &Interpreter) -> Inputs {
    let mut inputs = Inputs::default();
    inputs.add("tool", env!("CARGO_PKG_VERSION"));
    let name = format!(
        "{} {} {} {}",
        interpreter.implementation,
        interpreter.version_text,
        interpreter.soabi,
        interpreter.platform
    );
    inputs
        .add("interpreter", name)
        .found_at(&interpreter.executable);
    inputs
}
