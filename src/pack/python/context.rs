//! What every step of an application's build needs.

use std::sync::Mutex;

use super::super::BuildError;
use crate::manifest::{Input, Manifest, script_block};
use crate::pack::cache::{CacheUse, Inputs};
use crate::pack::context::Pack;
use crate::python::install::{InstallRequest, Lock, NamedSources, Purpose};
use crate::python::{Interpreter, ProbeMemory, Request, discover};
use crate::report::{Reporter, Took};

/// Names of the three slots.
pub(super) const RUNTIME: &str = "runtime";
pub(super) const DEPS: &str = "deps";
pub(super) const APP: &str = "app";

/// Directory of the interpreter's tree with its shared libraries.
pub(super) const LIBRARIES: &str = "lib";

/// The context of every step.
pub(super) struct Context<'a> {
    pub(super) pack: Pack<'a>,
    pub(super) interpreter: &'a Interpreter,
    pub(super) request: InstallRequest<'a>,
    /// Duration of the bytecode steps, which run in different threads and are reported as one
    /// phase.
    pub(super) compiled: Mutex<Vec<(usize, bool, Took)>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(pack: Pack<'a>, interpreter: &'a Interpreter) -> Result<Self, BuildError> {
        Ok(Self {
            pack,
            interpreter,
            request: install_request(pack)?,
            compiled: Mutex::default(),
        })
    }
}

/// The interpreter that the application is for.
pub(super) fn interpreter(pack: Pack) -> Result<Interpreter, BuildError> {
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

pub(super) fn report_interpreter(interpreter: &Interpreter, took: Took, reporter: &dyn Reporter) {
    let text = format!(
        "CPython {} ({})",
        interpreter.version_text,
        interpreter.executable.display()
    );
    reporter.phase("interpreter", &text, took);
}

pub(super) fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
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

/// The inputs of every tree: this program, whose versions may work differently, and the
/// interpreter.
pub(super) fn common_inputs(interpreter: &Interpreter) -> Inputs {
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
