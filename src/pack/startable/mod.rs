//! Whether the programs of a package can start, as far as that can be determined without running
//! them.
//!
//! Reports only certain failures: if modules or files may come from elsewhere at run time, nothing
//! is reported.

mod paths;

use super::BuildError;
use super::context::Pack;
use super::python::Application;
use super::python::startable::Modules;
use super::slots::SlotPlan;
use super::warning::Finding;
use crate::manifest::{EntryPoint, Manifest};
use crate::python::install;
use paths::Paths;

/// Checks every program of the package, and the paths in its command and its variables.
///
/// # Errors
/// [`BuildError::CannotStart`] if the main program cannot start.
pub(super) fn check(
    pack: Pack,
    application: Option<&Application>,
    plans: &[SlotPlan],
) -> Result<Vec<Finding>, BuildError> {
    let manifest = pack.manifest;
    let mut findings = Vec::new();
    // Set-up commands may create anything.
    if manifest.post_extract.is_empty() {
        let paths = Paths::new(application, plans);
        let mut command = manifest.execution.command.iter().flatten();
        if let Some(missing) = command.next().and_then(|program| paths.no_program(program)) {
            return Err(BuildError::CannotStart(Box::new(missing)));
        }
        let words = command
            .chain(&manifest.execution.args)
            .map(|word| ("the command".to_owned(), word));
        let variables = manifest
            .execution
            .env
            .iter()
            .chain(&manifest.execution.runtime_env.set);
        let variables = variables.map(|(name, value)| (format!("the variable `{name}`"), value));
        findings.extend(
            words
                .chain(variables)
                .filter_map(|(what, text)| paths.nowhere(&what, text)),
        );
    }
    let Some(application) = application.filter(|_| manifest.execution.command.is_none()) else {
        return Ok(findings);
    };
    let modules = Modules::new(manifest, application, plans, pack.family());
    let is_main = |script: &&install::EntryPoint| Some(&script.name) == application.main.as_ref();
    if let Some(fault) = start_of_main(manifest, application).and_then(|main| modules.fault(&main))
    {
        return Err(BuildError::CannotStart(Box::new(fault)));
    }
    let others = application
        .entry_points
        .iter()
        .filter(|script| !is_main(script));
    findings.extend(others.filter_map(|script| modules.fault(&start_of(script))));
    Ok(findings)
}

/// The module or file that the main program of an application starts with.
pub(super) fn start_of_main(manifest: &Manifest, application: &Application) -> Option<EntryPoint> {
    let mut scripts = application.entry_points.iter();
    let main = scripts
        .find(|script| Some(&script.name) == application.main.as_ref())
        .map(start_of);
    manifest.entry_point.clone().or(main)
}

fn start_of(script: &install::EntryPoint) -> EntryPoint {
    match script.attr.as_str() {
        "" => EntryPoint::Module(script.module.clone()),
        attr => EntryPoint::Function {
            module: script.module.clone(),
            attr: attr.into(),
        },
    }
}
