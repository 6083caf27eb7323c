//! The metadata of a project that only its build back end knows: the wheel is built before
//! everything else, and its metadata are read.
//!
//! The wheel is built once, for content and metadata: a back end that is asked only for metadata
//! does most of the work of a build, and would do it again.

use std::borrow::Cow;

use super::super::cache::{BuildCache, CacheEntry, Layer};
use super::super::{BuildError, Settings};
use super::project::{App, AppFacts};
use super::runtime::Runtime;
use super::{
    APP, Context, RUNTIME, install_request, interpreter, join, project, report_interpreter, runtime,
};
use crate::manifest::{self, Manifest, Project};
use crate::python::Interpreter;
use crate::python::install::{ProjectInstall, ProjectMetadata};
use crate::report::{Reporter, Stopwatch};

/// What was built for that, to be used for the application.
pub(in crate::pack) struct ProjectFacts {
    pub(super) interpreter: Interpreter,
    /// `None` for a package without Python.
    pub(super) runtime: Option<CacheEntry<Runtime>>,
    pub(super) app: Option<App>,
}

/// The manifest, complete.
pub(in crate::pack) fn state<'a>(
    manifest: &'a Manifest,
    settings: &Settings,
    cache: &BuildCache,
    reporter: &dyn Reporter,
) -> Result<(Cow<'a, Manifest>, Option<ProjectFacts>), BuildError> {
    if !manifest.awaits_metadata() {
        return Ok((Cow::Borrowed(manifest), None));
    }
    let clock = Stopwatch::start();
    let assumed = as_before(manifest, cache);
    let first = interpreter(&assumed, settings, cache)
        .or_else(|_| interpreter(manifest, settings, cache))?;
    report_interpreter(&first, clock.took(), reporter);
    let (mut facts, mut stated) = build_with(first, manifest, settings, cache, reporter)?;
    if stated.project.requires_python != assumed.project.requires_python {
        let clock = Stopwatch::start();
        let fitting = interpreter(&stated, settings, cache)?;
        if fitting.executable != facts.interpreter.executable {
            report_interpreter(&fitting, clock.took(), reporter);
            drop(facts);
            cache.forget(APP);
            cache.forget(RUNTIME);
            (facts, stated) = build_with(fitting, manifest, settings, cache, reporter)?;
        }
    }
    Ok((Cow::Owned(stated.complete()?), Some(facts)))
}

/// The manifest with the `requires-python` of the previous pack. If that is still right, the wheel
/// need not be built with an unsuitable interpreter first.
fn as_before(manifest: &Manifest, cache: &BuildCache) -> Manifest {
    let mut assumed = manifest.clone();
    if manifest.project.awaits("requires-python") {
        let last: Option<AppFacts> = cache.latest(APP, Layer::App);
        assumed.project.requires_python =
            last.and_then(|facts| facts.install?.metadata.requires_python);
    }
    assumed
}

/// Builds the wheel, and in parallel the runtime, which does not depend on it.
fn build_with(
    interpreter: Interpreter,
    manifest: &Manifest,
    settings: &Settings,
    cache: &BuildCache,
    reporter: &dyn Reporter,
) -> Result<(ProjectFacts, Manifest), BuildError> {
    let context = Context {
        manifest,
        settings,
        interpreter: &interpreter,
        cache,
        reporter,
        request: install_request(manifest, settings, cache)?,
        compiled: std::sync::Mutex::default(),
    };
    tracing::debug!("the wheel of the project first: its metadata are needed");
    let (runtime, app) = std::thread::scope(|scope| {
        let runtime = manifest
            .is_python()
            .then(|| scope.spawn(|| runtime::build(&context)));
        let app = project::make(&context);
        (runtime.map(join), app)
    });
    let (app, runtime) = (app?, runtime.transpose()?);
    let install = app.as_ref().and_then(|app| app.made.facts.install.as_ref());
    let stated =
        install.map_or_else(|| Ok(manifest.clone()), |install| filled(manifest, install))?;
    Ok((
        ProjectFacts {
            interpreter,
            runtime,
            app,
        },
        stated,
    ))
}

/// The manifest completed by the metadata of the project's wheel.
pub(super) fn filled(
    manifest: &Manifest,
    install: &ProjectInstall,
) -> Result<Manifest, BuildError> {
    let ProjectMetadata {
        name,
        version,
        summary,
        requires_python,
        requires,
        extras,
        commands,
        programs,
    } = &install.metadata;
    let name = name.as_deref().unwrap_or(&manifest.package_name);
    if name.is_empty() {
        return Err(manifest::Error::Unnamed {
            path: manifest.path.clone(),
        }
        .into());
    }
    let scripts = commands
        .iter()
        .map(|one| (one.name.clone(), format!("{}:{}", one.module, one.attr)));
    let version = version.as_deref().unwrap_or_default();
    let built = Project::built(
        name,
        version,
        requires_python.clone(),
        requires,
        extras,
        scripts.collect(),
    );
    let built = built.map_err(|reason| BuildError::BadMetadata { reason })?;
    Ok(manifest.filled(Project {
        description: summary.clone(),
        programs: programs.clone(),
        ..built
    }))
}
