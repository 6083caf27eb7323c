//! A distribution named by a requirement: it is installed together with its dependencies, and the
//! application tree has at most a script for an entry point.

use super::super::BuildError;
use super::super::cache::{CacheEntry, Layer};
use super::app::{AppFacts, add_start};
use super::context::{APP, Context, common_inputs};
use super::scripts::write_script;
use crate::format::Blake3;
use crate::manifest::{Manifest, normalized};
use crate::pack::context::Pack;
use crate::python::install::{Dependencies, Subject};
use crate::python::redact;

/// The manifest with the name and the version of the installed distribution.
///
/// # Errors
/// [`BuildError::NothingSelected`] if none was installed.
pub(super) fn named(manifest: &Manifest, deps: &Dependencies) -> Result<Manifest, BuildError> {
    let subject = subject(manifest, deps)?;
    Ok(manifest.called(&subject.name, &subject.version))
}

fn subject<'a>(manifest: &Manifest, deps: &'a Dependencies) -> Result<&'a Subject, BuildError> {
    deps.subject
        .as_ref()
        .ok_or_else(|| BuildError::NothingSelected {
            requirement: redact(manifest.requirement.as_deref().unwrap_or_default()),
        })
}

/// Writes the script for an entry point, if one was given.
pub(super) fn build(
    context: &Context,
    deps: &Dependencies,
) -> Result<CacheEntry<AppFacts>, BuildError> {
    let Context {
        pack: Pack {
            manifest, cache, ..
        },
        interpreter,
        ..
    } = context;
    let subject = subject(manifest, deps)?;
    let mut inputs = common_inputs(interpreter);
    add_start(&mut inputs, manifest);
    cache.make(
        APP,
        Layer::App,
        &inputs,
        |_| Ok(()),
        |tree| {
            let wanted = manifest.entry_point.as_ref();
            let main = wanted
                .map(|wanted| write_script(manifest, wanted, &[], tree))
                .transpose()?;
            let sources = Blake3::of(format!("{} {}", subject.name, subject.version).as_bytes());
            Ok(AppFacts {
                install: None,
                sources,
                main,
            })
        },
    )
}

/// The default script: the one with the name of the distribution, else its only one.
pub(super) fn main_script(subject: &Subject, deps: &Dependencies) -> Option<String> {
    let own: Vec<&str> = commands_of(&subject.name, deps);
    let alike = |names: &[&str]| {
        names
            .iter()
            .find(|name| normalized(name) == subject.name)
            .map(ToString::to_string)
    };
    let all: Vec<&str> = deps
        .commands
        .iter()
        .map(|command| command.name.as_str())
        .collect();
    alike(&own)
        .or_else(|| alike(&all))
        .or_else(|| match own[..] {
            [only] => Some(only.to_owned()),
            _ => None,
        })
}

/// The names of a distribution's commands.
pub(super) fn commands_of<'a>(distribution: &str, deps: &'a Dependencies) -> Vec<&'a str> {
    let own = deps
        .commands
        .iter()
        .filter(|command| command.distribution == distribution);
    own.map(|command| command.name.as_str()).collect()
}
