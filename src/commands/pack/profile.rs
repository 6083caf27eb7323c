//! What is kept of the course of a pack: the record of builds always, a page and a trace when they are asked for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use flavor::build::{Build, BuildError, PackReport, Settings};
use flavor::fs::{IoContext, state_dir};
use flavor::manifest::Manifest;
use flavor::report::{Recording, TerminalReporter};

use super::{timings, trace};
use crate::cli::Pack;
use crate::commands::page;
use crate::error::Error;

/// The course of a pack, whatever came of it.
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

    /// Notes the build in the record of builds. That there is no place for it hinders nobody.
    pub(super) fn record(&self) {
        let Some(directory) = state_dir() else { return };
        let outcome = self.outcome.as_ref().map_err(BuildError::code);
        let manifest = self.manifest_path();
        let build = Build::new(&manifest, self.settings.jobs, self.recording, outcome);
        if let Err(error) = build.record(&directory) {
            tracing::info!(%error, "the build is not recorded");
        }
    }
}

/// Where the course of a pack is written to.
pub(super) struct Profile {
    timings: Option<PathBuf>,
    trace: Option<PathBuf>,
}

impl Profile {
    /// # Errors
    /// There is a place where nothing can be written, or another file.
    pub(super) fn new(options: &Pack, output: &Path) -> Result<Self, Error> {
        let beside = || output.with_extension("timings.html");
        let place = |named: &OsString| if named.is_empty() { beside() } else { named.into() };
        let profile = Self { timings: options.timings.as_ref().map(place), trace: options.trace.clone() };
        // The default place is made with the package.
        if let Some(path) = profile.timings.as_ref().filter(|path| **path != beside()) {
            page::check_place(path, page::MARK)?;
        }
        if let Some(path) = &profile.trace {
            page::check_place(path, trace::MARK)?;
        }
        Ok(profile)
    }

    /// Whether it is worth noting more than phases.
    pub(super) fn is_wanted(options: &Pack) -> bool {
        options.timings.is_some() || options.trace.is_some()
    }

    /// The files that it writes.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.timings.iter().chain(&self.trace).cloned().collect()
    }

    /// Writes the files, of a pack that failed too: where it failed may be what one looks for.
    pub(super) fn write(&self, course: &Course, reporter: &TerminalReporter) -> Result<(), Error> {
        if let Some(path) = &self.timings {
            timings::write(course, path)?;
            reporter.say(&format!("     timings  {}", path.display()));
        }
        if let Some(path) = &self.trace {
            let json = serde_json::to_vec(&trace::of(course)).map_err(std::io::Error::from).on("write", path)?;
            page::replace(path, trace::MARK, &json)?;
            reporter.say(&format!("       trace  {}", path.display()));
        }
        Ok(())
    }
}
