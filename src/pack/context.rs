//! What every stage of a pack needs.

use super::cache::BuildCache;
use super::{BuildError, Settings};
use crate::elf::StripOutcome;
use crate::manifest::Manifest;
use crate::report::Reporter;
use crate::stub::{Family, Stub};

/// What a pack opens once, and its stages share.
pub(super) struct Resources {
    pub(super) stub: Stub,
    /// Length of the launcher before and after stripping; `None` if stripping was not requested.
    pub(super) launcher_stripped: Option<(u64, u64)>,
    pub(super) cache: BuildCache,
}

impl Resources {
    /// Reads the launcher and opens the build cache.
    pub(super) fn open(manifest: &Manifest, settings: &Settings) -> Result<Self, BuildError> {
        let mut stub = settings.stub()?;
        Ok(Self {
            launcher_stripped: settings.strip.then(|| strip(&mut stub)),
            stub,
            cache: BuildCache::open(settings.cache, &manifest.path)?,
        })
    }

    /// The context of the first stage.
    pub(super) fn pack<'a>(
        &'a self,
        manifest: &'a Manifest,
        settings: &'a Settings,
        reporter: &'a dyn Reporter,
    ) -> Pack<'a> {
        Pack {
            manifest,
            settings,
            stub: &self.stub,
            cache: &self.cache,
            reporter,
        }
    }
}

fn strip(stub: &mut Stub) -> (u64, u64) {
    match stub.strip() {
        StripOutcome::Stripped { before, after } => (before as u64, after as u64),
        StripOutcome::Unchanged(_) => (stub.bytes.len() as u64, stub.bytes.len() as u64),
    }
}

/// One pack. The signing key is not part of it: only the last stages use it ([`super::key::Key`]).
#[derive(Clone, Copy)]
pub(super) struct Pack<'a> {
    /// As complete as it is known at the stage: the build back end, or the requirement that is
    /// packed, may add the name and the version.
    pub(super) manifest: &'a Manifest,
    pub(super) settings: &'a Settings,
    /// The launcher of the package, and so its target.
    pub(super) stub: &'a Stub,
    pub(super) cache: &'a BuildCache,
    pub(super) reporter: &'a dyn Reporter,
}

impl<'a> Pack<'a> {
    /// The same pack with the manifest as it is known now.
    pub(super) fn with(self, manifest: &'a Manifest) -> Self {
        Self { manifest, ..self }
    }

    /// The tool whose launcher the package starts with.
    pub(super) fn family(self) -> Family {
        self.stub.family
    }
}
