//! Whether the paths exist that a package's command and variables name.
//!
//! Reports only certain failures: if files may come from elsewhere at run time, nothing is
//! reported.

mod paths;

use super::BuildError;
use super::application::Application;
use super::context::Pack;
use super::slots::SlotPlan;
use super::warning::Finding;
use paths::Paths;

/// Checks the paths in the command and the variables of the package.
///
/// # Errors
/// [`BuildError::CannotStart`] if the program of the command does not exist.
pub(super) fn check(
    pack: Pack,
    application: &Application,
    plans: &[SlotPlan],
) -> Result<Vec<Finding>, BuildError> {
    let manifest = pack.manifest;
    let mut findings = Vec::new();
    // Set-up commands may create anything.
    if manifest.post_extract.is_empty() {
        let paths = Paths::new(&application.environment, plans);
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
    Ok(findings)
}
