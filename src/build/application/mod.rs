//! The trees of a Python application: `runtime`, `deps` and `app`, and the bytecode of the last two.
//!
//! Every tree is an entry of the build cache; the modules here say what each is made from, and how.

mod compiled;
mod dependencies;
mod finished;
mod plain;
mod programs;
mod project;
mod runtime;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use super::cache::{BuildCache, HashedTree, Inputs};
use super::{BuildError, Finding, Settings};
use crate::format::{Blake3, Program, PythonFacts, Sha256};
use crate::fs::{Entry, EntryKind, IoContext};
use crate::manifest::{Input, Manifest};
use crate::python::install::{Distribution, EntryPoint, InstallRequest, Lock};
use crate::python::{Interpreter, ProbeMemory, Request, discover};
use crate::report::{Reporter, Stopwatch, Took};
use crate::stub::Family;

pub(super) use programs::place;

/// Names of the three slots.
pub(super) const RUNTIME: &str = "runtime";
pub(super) const DEPS: &str = "deps";
pub(super) const APP: &str = "app";

/// A Python application, built for one interpreter.
pub(super) struct Application {
    pub(super) interpreter: Interpreter,
    pub(super) runtime: Tree,
    /// `None` without dependencies.
    pub(super) deps: Option<Tree>,
    pub(super) app: Tree,
    pub(super) trees: Trees,
    pub(super) python: PythonFacts,
    pub(super) programs: Vec<Program>,
    /// The name of the one that starts first, if it is the project's own or was made for its entry point.
    pub(super) main: Option<String>,
    /// The commands of the project.
    pub(super) entry_points: Vec<EntryPoint>,
    /// Sources of `app` that do not compile, and why.
    pub(super) broken: BTreeMap<PathBuf, String>,
    /// Version of the project as its back end computed it; empty of what has no back end.
    pub(super) version: String,
    /// Whether the application itself is a distribution.
    pub(super) has_distribution: bool,
    pub(super) evidence: Evidence,
    pub(super) findings: Vec<Finding>,
    /// Marks of use on the entries of the cache that the trees lie in; what is dropped may be evicted.
    pub(super) in_use: Vec<Box<dyn Send>>,
}

/// Where the trees lie while the package is made, before anything is left out of them.
pub(super) struct Trees {
    pub(super) interpreter: PathBuf,
    pub(super) deps: PathBuf,
    pub(super) app: PathBuf,
    /// Inside each of the last two.
    pub(super) site_packages: PathBuf,
}

/// What is to be attested of an application.
pub(super) struct Evidence {
    /// Such as `cpython`.
    pub(super) implementation: String,
    pub(super) version: String,
    /// Digest of the interpreter's files that the runtime was made of.
    pub(super) interpreter_files: Blake3,
    /// Digest of the project's sources.
    pub(super) sources: Blake3,
    /// The lock file that decided on the versions: name and digest.
    pub(super) lock: Option<(String, Sha256)>,
    /// That of the project itself, if it is one, is the last.
    pub(super) distributions: Vec<Distribution>,
}

/// What goes into one slot of the application: one tree, or one laid over another.
pub(super) struct Tree {
    /// Every directory before what it holds.
    pub(super) entries: Vec<Entry>,
    /// Digests of the parts.
    pub(super) parts: Vec<(&'static str, String)>,
}

impl Tree {
    fn of(hashed: &HashedTree) -> Self {
        Self { entries: hashed.entries.clone(), parts: vec![("tree", hashed.digest.hex())] }
    }

    /// Lays the bytecode over the sources.
    fn with_bytecode(mut self, bytecode: &HashedTree) -> Self {
        let there: std::collections::HashSet<_> = self.entries.iter().map(|entry| entry.relative.clone()).collect();
        let new = |entry: &&Entry| entry.kind != EntryKind::Directory || !there.contains(&entry.relative);
        self.entries.extend(bytecode.entries.iter().filter(new).cloned());
        self.entries.sort_by(|one, other| one.relative.cmp(&other.relative));
        self.parts.push(("bytecode", bytecode.digest.hex()));
        self
    }
}

/// What every step needs.
struct Context<'a> {
    manifest: &'a Manifest,
    settings: &'a Settings,
    interpreter: &'a Interpreter,
    cache: &'a BuildCache,
    reporter: &'a dyn Reporter,
    request: InstallRequest<'a>,
    /// Time that the bytecode steps took; they run in different threads and are one phase.
    compiled: Mutex<Vec<(usize, bool, Took)>>,
}

/// Builds the trees side by side.
pub(super) fn build(
    manifest: &Manifest,
    settings: &Settings,
    family: Family,
    cache: &BuildCache,
    reporter: &dyn Reporter,
) -> Result<Application, BuildError> {
    let clock = Stopwatch::start();
    let explicit =
        settings.python.as_deref().or(manifest.python.executable.as_deref()).or(manifest.python.version.as_deref());
    let memory = ProbeMemory::load(cache.interpreters());
    let request = Request {
        explicit,
        requires_python: manifest.project.requires_python.as_deref(),
        directory: Some(&manifest.directory),
        memory: Some(&memory),
    };
    let interpreter = discover(&request)?;
    reporter.phase(
        "interpreter",
        &format!("CPython {} ({})", interpreter.version_text, interpreter.executable.display()),
        clock.took(),
    );
    let context = Context {
        manifest,
        settings,
        interpreter: &interpreter,
        cache,
        reporter,
        request: install_request(manifest, settings, cache),
        compiled: Mutex::default(),
    };
    tracing::debug!(jobs = settings.jobs, "runtime, dependencies and project in parallel");
    let (runtime, deps, project) = std::thread::scope(|scope| {
        let runtime = scope.spawn(|| runtime::build(&context));
        let deps = scope.spawn(|| dependencies::build(&context));
        let project = scope.spawn(|| project::build(&context));
        (join(runtime), join(deps), join(project))
    });
    // The dependencies' failure says more than what follows from it.
    let (deps, project, runtime) = (deps?, project?, runtime?);
    compiled::report(&context);
    let mut distributions = deps.made.facts.distributions.clone();
    let own = project.made.facts.install.as_ref().map(|install| install.distribution.clone());
    let entry_points = project.made.facts.install.as_ref().map(|install| install.entry_points.clone());
    let entry_points = entry_points.unwrap_or_default();
    let version = own.as_ref().map(|own| own.version.clone()).unwrap_or_default();
    let has_distribution = own.is_some();
    distributions.extend(own);
    let programs = programs::programs(manifest, &project.made.facts, family);
    let executable = runtime.facts.executable.clone();
    let evidence = Evidence {
        implementation: interpreter.implementation.to_ascii_lowercase(),
        version: interpreter.version_text.clone(),
        interpreter_files: runtime.facts.files,
        sources: project.made.facts.sources,
        lock: lock(&context)?,
        distributions,
    };
    Ok(Application {
        interpreter: interpreter.clone(),
        runtime: Tree::of(&runtime.hashed),
        deps: deps.bytecode.as_ref().map(|bytecode| Tree::of(&deps.made.hashed).with_bytecode(&bytecode.hashed)),
        app: Tree::of(&project.made.hashed).with_bytecode(&project.bytecode.hashed),
        trees: Trees {
            interpreter: runtime.tree.join(&executable),
            deps: deps.made.tree.clone(),
            app: project.made.tree.clone(),
            site_packages: interpreter.site_packages(),
        },
        python: PythonFacts {
            slot: RUNTIME.into(),
            executable,
            implementation: interpreter.implementation.to_ascii_lowercase(),
            version: interpreter.version_text.clone(),
            venv: family == Family::Flavor,
        },
        programs,
        main: project.made.facts.main.clone(),
        entry_points,
        broken: project.bytecode.facts.broken.clone(),
        version,
        has_distribution,
        evidence,
        findings: project.findings.clone(),
        in_use: vec![Box::new(runtime), Box::new(deps), Box::new(project)],
    })
}

fn lock(context: &Context) -> Result<Option<(String, Sha256)>, BuildError> {
    let Some(lock) = &context.request.lock else { return Ok(None) };
    let path = lock.path();
    let digest = Sha256::of(&std::fs::read(path).on("read", path)?);
    Ok(Some((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), digest)))
}

fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn install_request<'a>(manifest: &'a Manifest, settings: &Settings, cache: &'a BuildCache) -> InstallRequest<'a> {
    let mut request = InstallRequest::new(cache.work());
    request.project = manifest.project_directory();
    request.lock = match manifest.input {
        Input::Project => Lock::find(&manifest.directory),
        Input::Script => Lock::of_script(&manifest.path),
        Input::Wheel => None,
        Input::Directory => Lock::of_directory(&manifest.directory),
    };
    request.requirements = requirements(manifest);
    request.extras.clone_from(&manifest.build.extras);
    request.groups.clone_from(&manifest.build.groups);
    // Paths in a manifest start from where it lies.
    let here = |link: &String| manifest.directory.join(link).display().to_string();
    let of_manifest =
        manifest.build.find_links.iter().map(|link| if link.contains("://") { link.clone() } else { here(link) });
    request.find_links = settings.find_links.iter().cloned().chain(of_manifest).collect();
    request.index_url = settings.index_url.clone().or_else(|| manifest.build.index_url.clone());
    request.extra_index_urls.clone_from(&manifest.build.extra_index_urls);
    request.offline = settings.offline;
    request
}

/// `[project.dependencies]`, the chosen extras and groups, and what the manifest adds for the package.
pub(super) fn requirements(manifest: &Manifest) -> Vec<String> {
    let project = &manifest.project;
    let extras = manifest.build.extras.iter().filter_map(|extra| project.optional_dependencies.get(extra));
    let groups = manifest.build.groups.iter().filter_map(|group| project.dependency_groups.get(group));
    let local = manifest.build.local_dependencies.iter().map(|path| {
        let path = manifest.directory.join(path);
        std::path::absolute(&path).unwrap_or(path).display().to_string()
    });
    let declared = std::iter::once(&project.dependencies).chain(extras).chain(groups).flatten();
    declared.chain(&manifest.build.dependencies).cloned().chain(local).collect()
}

/// The inputs that every tree has: this program, whose versions may do things differently, and the interpreter.
fn common_inputs(interpreter: &Interpreter) -> Inputs {
    let mut inputs = Inputs::default();
    inputs.add("tool", env!("CARGO_PKG_VERSION"));
    let name = format!(
        "{} {} {} {}",
        interpreter.implementation, interpreter.version_text, interpreter.soabi, interpreter.platform
    );
    inputs.add("interpreter", name).found_at(&interpreter.executable);
    inputs
}
