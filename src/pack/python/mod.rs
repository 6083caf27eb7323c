//! Python applications: three slots, `runtime`, `deps` and `app`, with the bytecode of the last two.
//!
//! Every tree is an entry of the build cache; the modules here define what each is made from, and
//! how, and what can be checked about the result.

mod app;
mod application;
mod bytecode;
mod complete;
mod context;
mod dependencies;
mod evidence;
pub(super) mod fault;
mod metadata;
mod opened;
mod programs;
mod project;
mod reach;
mod remedy;
mod requirement;
mod runtime;
mod scripts;
mod slimmed;
mod sources;
mod startable;
mod wheel;

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::BuildError;
use super::context::Pack;
use super::language::{Builder, BuiltApplication, Language, Planned, SlimmedTree};
use super::native::Opened;
use super::slots::SlotPlan;
use super::warning::Finding;
use crate::fs::Entry;
use application::PythonApplication;

pub use fault::{Fault, Place};
pub use remedy::Remedy;

/// Completes the manifest with metadata that only the build back end knows. `None` if the package
/// has no Python and lacks nothing.
pub(super) fn plan(pack: Pack) -> Result<Option<Planned>, BuildError> {
    if !pack.manifest.is_python() && !pack.manifest.awaits_metadata() {
        return Ok(None);
    }
    let (manifest, facts) = metadata::state(pack)?;
    let build = manifest.is_python().then(|| -> Builder {
        Box::new(|pack| {
            let (application, language, named) = application::build(pack, facts)?;
            Ok(BuiltApplication {
                named,
                application,
                language: Box::new(language),
            })
        })
    });
    Ok(Some(Planned { manifest, build }))
}

impl Language for PythonApplication {
    fn not_startable(&self, pack: Pack, plans: &[SlotPlan]) -> Result<Vec<Finding>, BuildError> {
        startable::check(pack, self, plans)
    }

    fn missing(&self, pack: Pack, plans: &[SlotPlan]) -> Result<Vec<Finding>, BuildError> {
        complete::check(pack, self, plans)
    }

    fn load_slimmed(&self, slimmed: &SlimmedTree) -> Result<usize, BuildError> {
        slimmed::load(&self.trees, slimmed)
    }

    fn opened(&self, entries: &[Entry]) -> Result<Vec<Opened>, BuildError> {
        opened::find(entries)
    }

    fn loaded(&self, pack: Pack, plans: &[SlotPlan]) -> Result<BTreeSet<PathBuf>, BuildError> {
        reach::loaded(pack, self, plans)
    }
}
