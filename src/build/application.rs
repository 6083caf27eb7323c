//! The trees of a Python application: `runtime`, `deps` and `app`.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::cache::{BuildCache, Inputs};
use super::{BuildError, Settings};
use crate::format::{Program, PythonFacts, WORKENV};
use crate::fs::{EntryKind, IoContext, walk};
use crate::manifest::Manifest;
use crate::python::bytecode::{self, Positions};
use crate::python::install::{
    Distribution, EntryPoint, InstallRequest, build_and_install_project, install_dependencies, script,
};
use crate::python::{Interpreter, Request, discover, runtime};
use crate::report::{Bytes, Reporter, Stopwatch};
use crate::stub::Family;

/// Names of the three slots.
pub(super) const RUNTIME: &str = "runtime";
pub(super) const DEPS: &str = "deps";
pub(super) const APP: &str = "app";

/// A Python application, built for one interpreter.
pub(super) struct Application {
    pub(super) runtime: PathBuf,
    /// What the runtime was made from; the same inputs give the same tree.
    pub(super) runtime_inputs: Inputs,
    /// `None` without dependencies.
    pub(super) deps: Option<PathBuf>,
    pub(super) app: PathBuf,
    pub(super) python: PythonFacts,
    pub(super) programs: Vec<Program>,
    /// Version of the project as its back end computed it.
    pub(super) version: String,
    pub(super) distributions: Vec<Distribution>,
}

/// Builds the trees, the three of them side by side.
pub(super) fn build(
    manifest: &Manifest,
    settings: &Settings,
    family: Family,
    cache: &BuildCache,
    work: &Path,
    reporter: &dyn Reporter,
) -> Result<Application, BuildError> {
    let clock = Stopwatch::start();
    let explicit =
        settings.python.as_deref().or(manifest.python.executable.as_deref()).or(manifest.python.version.as_deref());
    let request = Request {
        explicit,
        requires_python: manifest.project.requires_python.as_deref(),
        directory: Some(&manifest.directory),
    };
    let interpreter = discover(&request)?;
    reporter.phase(
        "interpreter",
        &format!("CPython {} ({})", interpreter.version_text, interpreter.executable.display()),
        clock.took(),
    );
    let mut request = InstallRequest::new(work);
    request.project = Some(&manifest.directory);
    request.requirements = requirements(manifest);
    request.extras.clone_from(&manifest.build.extras);
    request.groups.clone_from(&manifest.build.groups);
    request.find_links = settings.find_links.iter().chain(&manifest.build.find_links).cloned().collect();
    request.index_url = settings.index_url.clone().or_else(|| manifest.build.index_url.clone());
    request.extra_index_urls.clone_from(&manifest.build.extra_index_urls);
    request.offline = settings.offline;
    let (deps, app) = (work.join(DEPS), work.join(APP));
    tracing::debug!(jobs = settings.jobs, "runtime, dependencies and project in parallel");
    let (runtime, dependencies, project) = std::thread::scope(|scope| {
        let runtime = scope.spawn(|| build_runtime(manifest, settings, &interpreter, cache, work, reporter));
        let dependencies = scope.spawn(|| {
            reporter.begin(DEPS);
            let clock = Stopwatch::start();
            let request = InstallRequest { work: &work.join("deps-scratch"), ..request.clone() };
            let done = install_dependencies(&interpreter, &request, &deps)?;
            let by = done.installer.as_deref().map_or(String::new(), |installer| format!(" by {installer}"));
            reporter.phase(DEPS, &format!("{} distributions{by}", done.distributions.len()), clock.took());
            Ok::<_, BuildError>(done)
        });
        let project = scope.spawn(|| {
            reporter.begin(APP);
            let clock = Stopwatch::start();
            let request = InstallRequest { work: &work.join("app-scratch"), ..request.clone() };
            let done = build_and_install_project(&interpreter, &request, &app)?;
            reporter.phase(APP, &format!("{} {}", done.distribution.name, done.distribution.version), clock.took());
            Ok::<_, BuildError>(done)
        });
        (join(runtime), join(dependencies), join(project))
    });
    let (runtime, runtime_inputs, executable) = runtime?;
    let (dependencies, project) = (dependencies?, project?);
    reporter.begin("bytecode");
    let clock = Stopwatch::start();
    // In the project's own code a traceback underlines the expression; elsewhere the line has to do.
    let theirs = bytecode::compile(&interpreter, &deps, Positions::Lines, settings.jobs)?;
    let own = bytecode::compile(&interpreter, &app, Positions::Columns, settings.jobs)?;
    reporter.phase("bytecode", &format!("{} modules", theirs.files + own.files), clock.took());
    let programs = programs(manifest, &project.entry_points, &app, family)?;
    let mut distributions = dependencies.distributions;
    distributions.push(project.distribution.clone());
    Ok(Application {
        runtime,
        runtime_inputs,
        deps: (!distributions.is_empty() && deps.join("lib").is_dir()).then_some(deps),
        app,
        python: PythonFacts {
            slot: RUNTIME.into(),
            executable,
            implementation: interpreter.implementation.to_ascii_lowercase(),
            version: interpreter.version_text.clone(),
            venv: family == Family::Flavor,
        },
        programs,
        version: project.distribution.version,
        distributions,
    })
}

fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// `[project.dependencies]`, the chosen extras and groups, and what the manifest adds for the package.
fn requirements(manifest: &Manifest) -> Vec<String> {
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

/// The slim, relocatable interpreter with its bytecode: the slowest part of a first pack, and always the same afterwards.
fn build_runtime(
    manifest: &Manifest,
    settings: &Settings,
    interpreter: &Interpreter,
    cache: &BuildCache,
    work: &Path,
    reporter: &dyn Reporter,
) -> Result<(PathBuf, Inputs, String), BuildError> {
    reporter.begin(RUNTIME);
    let clock = Stopwatch::start();
    let inputs = runtime_inputs(manifest, interpreter)?;
    let (tree, hit) = cache.tree(RUNTIME, &inputs, work, |tree| {
        let options = runtime::Options { include: manifest.python.include.clone(), jobs: settings.jobs };
        let made = runtime::build(interpreter, &options, tree)?;
        for one in &made.left_out {
            tracing::debug!(path = one.path, reason = ?one.reason, "left out of the runtime");
        }
        bytecode::compile(interpreter, tree, Positions::Lines, settings.jobs)?;
        Ok::<_, BuildError>(())
    })?;
    let (major, minor, _) = interpreter.version;
    let executable = format!("bin/python{major}.{minor}");
    let suffix = if interpreter.free_threaded { "t" } else { "" };
    let found = [format!("{executable}{suffix}"), executable].into_iter().find(|name| tree.join(name).is_file());
    let executable = found.unwrap_or_else(|| "bin/python3".into());
    let bytes = walk(&tree)?.iter().map(|entry| if let EntryKind::File { len } = entry.kind { len } else { 0 }).sum();
    let from = if hit { ", reused" } else { "" };
    reporter.phase(RUNTIME, &format!("{}{from}", Bytes(bytes)), clock.took());
    Ok((tree, inputs, executable))
}

/// What the runtime tree depends on: every file of the interpreter's installation by name, size and time.
fn runtime_inputs(manifest: &Manifest, interpreter: &Interpreter) -> Result<Inputs, BuildError> {
    let mut inputs = Inputs::default();
    inputs.add("tool", env!("CARGO_PKG_VERSION"));
    inputs.add("interpreter", interpreter.real_executable.display());
    inputs.add("version", &interpreter.version_text);
    inputs.add("magic", hex::encode(interpreter.magic_number));
    inputs.add("include", manifest.python.include.join(" "));
    inputs.add("bytecode", "lines");
    let mut hasher = blake3::Hasher::new();
    let singles = [Some(&interpreter.real_executable), interpreter.library.as_ref()];
    for path in singles.into_iter().flatten() {
        hash_stat(&mut hasher, path)?;
    }
    for directory in [&interpreter.stdlib, &interpreter.platstdlib, &interpreter.dynload] {
        hash_listing(&mut hasher, directory)?;
    }
    inputs.add("files", hasher.finalize().to_hex());
    Ok(inputs)
}

fn hash_listing(hasher: &mut blake3::Hasher, directory: &Path) -> Result<(), BuildError> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Ok(()) };
    let mut entries: Vec<_> = entries.collect::<Result<_, _>>().on("list", directory)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        if name == "__pycache__" || name == "site-packages" || name == "dist-packages" {
            continue;
        }
        if entry.file_type().on("examine", entry.path())?.is_dir() {
            hash_listing(hasher, &entry.path())?;
        } else {
            hash_stat(hasher, &entry.path())?;
        }
    }
    Ok(())
}

fn hash_stat(hasher: &mut blake3::Hasher, path: &Path) -> Result<(), BuildError> {
    let one = path.symlink_metadata().on("examine", path)?;
    let text = format!("{} {} {}.{} {:o}\n", path.display(), one.len(), one.mtime(), one.mtime_nsec(), one.mode());
    hasher.update(text.as_bytes());
    Ok(())
}

/// What can be started: the entry point first, then every script of the project.
fn programs(
    manifest: &Manifest,
    installed: &[EntryPoint],
    app: &Path,
    family: Family,
) -> Result<Vec<Program>, BuildError> {
    let command = |name: &str| {
        let mut argv: Vec<String> = match family {
            // The script's own first line would start the same interpreter, by way of a shell.
            Family::Flavor => {
                let interpreter = [format!("{WORKENV}/bin/python"), "-I".into()].into_iter();
                interpreter
                    .chain(manifest.python.flags.iter().cloned())
                    .chain([format!("{WORKENV}/bin/{name}")])
                    .collect()
            }
            // FlavorPack's launchers start programs under the package's name. An interpreter that is not called by its
            // own path looks for its library where it was built; a script is always called by its path.
            Family::FlavorPack => vec![format!("{WORKENV}/{RUNTIME}/bin/{name}")],
        };
        argv.extend(manifest.execution.args.iter().cloned());
        Program { name: name.into(), argv }
    };
    if let Some(argv) = &manifest.execution.command {
        let argv = argv.iter().chain(&manifest.execution.args).cloned().collect();
        return Ok(vec![Program { name: manifest.package_name.clone(), argv }]);
    }
    let main = match &manifest.entry_point {
        None => manifest.main_script().map(|(name, _)| name.clone()),
        Some(wanted) => {
            let same = |script: &&EntryPoint| script.module == wanted.module && script.attr == wanted.attr;
            match installed.iter().find(same) {
                Some(script) => Some(script.name.clone()),
                None => Some(write_script(manifest, wanted, app)?),
            }
        }
    };
    let others = installed.iter().map(|script| script.name.clone()).filter(|name| Some(name) != main.as_ref());
    Ok(main.iter().cloned().chain(others).map(|name| command(&name)).collect())
}

/// A script for an entry point that the project does not list, named like the package.
fn write_script(
    manifest: &Manifest,
    entry_point: &crate::manifest::EntryPoint,
    app: &Path,
) -> Result<String, BuildError> {
    let name = manifest.package_name.clone();
    let entry = EntryPoint { name: name.clone(), module: entry_point.module.clone(), attr: entry_point.attr.clone() };
    let directory = app.join("bin");
    std::fs::create_dir_all(&directory).on("create directory", &directory)?;
    let path = directory.join(&name);
    std::fs::write(&path, script(&entry)).on("write", &path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).on("set the mode of", &path)?;
    Ok(name)
}
