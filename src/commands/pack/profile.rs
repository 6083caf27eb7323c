//! The files with the timings of a pack: a page and a trace, on request.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use flavor::fs::IoContext;
use flavor::report::TerminalReporter;

use super::run_record::Course;
use super::{timings, trace};
use crate::cli::Pack;
use crate::commands::page;
use crate::error::Error;

/// The output paths of the timings.
pub(super) struct Profile {
    timings: Option<PathBuf>,
    /// Whether that is the default path beside the package.
    is_beside: bool,
    trace: Option<PathBuf>,
}

impl Profile {
    /// # Errors
    /// Fails if the path is not writable, or another kind of file is there.
    pub(super) fn new(options: &Pack, output: &Path) -> Result<Self, Error> {
        let beside = || output.with_extension("timings.html");
        let place = |named: &OsString| {
            if named.is_empty() {
                beside()
            } else {
                named.into()
            }
        };
        let is_beside = options
            .timings
            .as_ref()
            .is_some_and(|named| named.is_empty());
        let profile = Self {
            timings: options.timings.as_ref().map(place),
            is_beside,
            trace: options.trace.clone(),
        };
        // The default directory is created with the package.
        if let Some(path) = profile.timings.as_ref().filter(|path| **path != beside()) {
            page::check_place(path, page::MARK)?;
        }
        if let Some(path) = &profile.trace {
            page::check_place(path, trace::MARK)?;
        }
        Ok(profile)
    }

    /// Whether more than phases must be recorded.
    pub(super) fn is_wanted(options: &Pack) -> bool {
        options.timings.is_some() || options.trace.is_some()
    }

    /// The files that it writes.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        self.timings.iter().chain(&self.trace).cloned().collect()
    }

    /// Writes the files, even for a failed pack, which may be what the user investigates.
    pub(super) fn write(&self, course: &Course, reporter: &TerminalReporter) -> Result<(), Error> {
        if let Some(path) = &self.timings {
            // The name of a requirement is known only now.
            let beside = course.outcome.as_ref().ok().filter(|_| self.is_beside);
            let path = &beside.map_or_else(
                || path.clone(),
                |report| report.path.with_extension("timings.html"),
            );
            timings::write(course, path)?;
            reporter.say(&format!("     timings  {}", path.display()));
        }
        if let Some(path) = &self.trace {
            let json = serde_json::to_vec(&trace::of(course))
                .map_err(std::io::Error::from)
                .on("write", path)?;
            page::replace(path, trace::MARK, &json)?;
            reporter.say(&format!("       trace  {}", path.display()));
        }
        Ok(())
    }
}
