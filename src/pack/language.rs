//! The seam between the stages of a pack and the languages of applications.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::BuildError;
use super::application::Application;
use super::context::Pack;
use super::native::Opened;
use super::slots::SlotPlan;
use super::warning::Finding;
use crate::fs::Entry;
use crate::manifest::Manifest;

/// Questions about a built application that only its language can answer. The default of each
/// suits a language that has nothing to say to it.
pub(super) trait Language: Sync {
    /// Programs that can never start; not asked if the manifest has a command of its own.
    ///
    /// # Errors
    /// [`BuildError::CannotStart`] if it is the main program.
    fn not_startable(&self, _pack: Pack, _plans: &[SlotPlan]) -> Result<Vec<Finding>, BuildError> {
        Ok(Vec::new())
    }

    /// What the package needs and lacks.
    ///
    /// # Errors
    /// [`BuildError::Incomplete`] if it cannot work without.
    fn missing(&self, _pack: Pack, _plans: &[SlotPlan]) -> Result<Vec<Finding>, BuildError> {
        Ok(Vec::new())
    }

    /// Loads all modules of the application, to check that `--slim` breaks none, and returns their
    /// number.
    ///
    /// # Errors
    /// [`BuildError::NoLongerImports`] for a module that could be loaded before.
    fn load_slimmed(&self, _slimmed: &SlimmedTree) -> Result<usize, BuildError> {
        Ok(0)
    }

    /// Libraries that the code among the entries opens by name at run time.
    fn opened(&self, _entries: &[Entry]) -> Result<Vec<Opened>, BuildError> {
        Ok(Vec::new())
    }

    /// Native files, inside the installed slots, that the main program certainly loads; not asked
    /// if the manifest has a command of its own.
    fn loaded(&self, _pack: Pack, _plans: &[SlotPlan]) -> Result<BTreeSet<PathBuf>, BuildError> {
        Ok(BTreeSet::new())
    }
}

/// The extracted slot of the dependencies, without what `--slim` left out.
pub(super) struct SlimmedTree<'a> {
    pub(super) pack: Pack<'a>,
    pub(super) application: &'a Application,
    pub(super) dependencies: &'a SlotPlan,
    /// The directory that the slot was extracted into.
    pub(super) tree: &'a Path,
    /// An empty directory, for files that modules write to the home directory.
    pub(super) home: &'a Path,
}

/// A manifest, as complete as it is known before its application is built.
pub(super) struct Planned {
    pub(super) manifest: Manifest,
    /// `None` for a package of slots alone.
    pub(super) build: Option<Builder>,
}

/// Builds the application of the complete manifest.
pub(super) type Builder = Box<dyn FnOnce(Pack) -> Result<BuiltApplication, BuildError>>;

/// A built application in its language.
pub(super) struct BuiltApplication {
    /// The manifest with the name and version that its requirement resolved to.
    pub(super) named: Option<Manifest>,
    pub(super) application: Application,
    pub(super) language: Box<dyn Language>,
}

/// The language of a package of slots alone.
pub(super) struct NoLanguage;

impl Language for NoLanguage {}
