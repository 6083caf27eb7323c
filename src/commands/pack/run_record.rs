use std::path::PathBuf;

use flavor::diagnostics::Diagnostic;
use flavor::fs::state_dir;
use flavor::manifest::Manifest;
use flavor::pack::{Build, BuildError, PackReport, Settings};
use flavor::report::Recording;

/// The course of a pack, successful or not.
pub(super) struct Course<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) settings: &'a Settings,
    pub(super) recording: &'a Recording,
    pub(super) outcome: &'a Result<PackReport, BuildError>,
}

impl Course<'_> {
    /// As it is found from anywhere.
    pub(super) fn manifest_path(&self) -> PathBuf {
        std::path::absolute(&self.manifest.path).unwrap_or_else(|_| self.manifest.path.clone())
    }

    pub(super) fn build(&self) -> Build<'_> {
        let outcome = self.outcome.as_ref().map_err(BuildError::code);
        let manifest = self.manifest_path();
        Build::new(&manifest, *self.settings.jobs, self.recording, outcome)
    }

    /// Adds the build to the build history. Errors are only logged.
    pub(super) fn record(&self) {
        let Some(directory) = state_dir() else { return };
        if let Err(error) = self.build().record(&directory) {
            tracing::info!(%error, "the build is not recorded");
        }
    }
}
