//! The languages of applications.

use super::BuildError;
use super::application::Application;
use super::context::Pack;
use super::language::{BuiltApplication, NoLanguage, Planned};
use super::python;
use crate::format::Program;
use crate::manifest::Manifest;

/// Completes a manifest with what only building tells, if the application is in that language.
type Plan = fn(Pack) -> Result<Option<Planned>, BuildError>;

/// Each is a folder, and a line here.
const LANGUAGES: &[Plan] = &[
    python::plan,
    #[cfg(test)]
    super::example_language::plan,
];

/// Completes the manifest, and determines how its application is built.
pub(super) fn plan(pack: Pack) -> Result<Planned, BuildError> {
    for plan in LANGUAGES {
        if let Some(planned) = plan(pack)? {
            return Ok(planned);
        }
    }
    Ok(Planned {
        manifest: pack.manifest.clone(),
        build: None,
    })
}

/// A package of slots alone, whose program is the command of the manifest.
pub(super) fn none(manifest: &Manifest) -> BuiltApplication {
    let execution = &manifest.execution;
    let command = execution.command.iter().flatten();
    let program = Program {
        name: manifest.package_name.clone(),
        argv: command.chain(&execution.args).cloned().collect(),
    };
    BuiltApplication {
        named: None,
        application: Application {
            programs: vec![program],
            ..Application::default()
        },
        language: Box::new(NoLanguage),
    }
}
