//! The metadata of a project that only its build back end knows: the wheel is built before
//! everything else, and its metadata are read.
//!
//! The wheel is built once, for content and metadata: a back end that is asked only for metadata
//! does most of the work of a build, and would do it again.

use super::super::BuildError;
use super::super::cache::{BuildCache, CacheEntry, Layer};
use super::super::context::Pack;
use super::app::{AppFacts, filled};
use super::context::{APP, Context, RUNTIME, interpreter, join, report_interpreter};
use super::project::App;
use super::runtime::Runtime;
use super::{project, runtime};
use crate::manifest::Manifest;
use crate::python::Interpreter;
use crate::report::Stopwatch;

/// What was built for that, to be used for the application.
pub(super) struct ProjectFacts {
    pub(super) interpreter: Interpreter,
    /// `None` for a package without Python.
    pub(super) runtime: Option<CacheEntry<Runtime>>,
    pub(super) app: Option<App>,
}

/// The manifest, complete.
pub(super) fn state(pack: Pack) -> Result<(Manifest, Option<ProjectFacts>), BuildError> {
    let Pack {
        manifest,
        cache,
        reporter,
        ..
    } = pack;
    if !manifest.awaits_metadata() {
        return Ok((manifest.clone(), None));
    }
    let clock = Stopwatch::start();
    let assumed = as_before(manifest, cache);
    let first = interpreter(pack.with(&assumed)).or_else(|_| interpreter(pack))?;
    report_interpreter(&first, clock.took(), reporter);
    let (mut facts, mut stated) = build_with(first, pack)?;
    if stated.project.requires_python != assumed.project.requires_python {
        let clock = Stopwatch::start();
        let fitting = interpreter(pack.with(&stated))?;
        if fitting.executable != facts.interpreter.executable {
            report_interpreter(&fitting, clock.took(), reporter);
            drop(facts);
            cache.forget(APP);
            cache.forget(RUNTIME);
            (facts, stated) = build_with(fitting, pack)?;
        }
    }
    Ok((stated.complete()?, Some(facts)))
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
    pack: Pack,
) -> Result<(ProjectFacts, Manifest), BuildError> {
    let manifest = pack.manifest;
    let context = Context::new(pack, &interpreter)?;
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
