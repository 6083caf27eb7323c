//! `pack --timings`: a page with the phases and slots over time, and the processor load.

use std::path::Path;

use flavor::diagnostics::Diagnostic;
use flavor::pack::{Build, Step};
use flavor::report::{Load, PartSpan};
use serde::Serialize;

use super::run_record::Course;
use crate::commands::page;
use crate::error::Error;

const PAGE: &str = include_str!("timings.html");

/// The data of the page. Times are in milliseconds since the start.
#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    build: Build<'a>,
    /// The number of processors, for the load.
    processors: usize,
    /// The error of a failed pack.
    failure: Option<String>,
    /// `None` for a failed pack.
    steps: Option<&'a [Step]>,
    parts: &'a [PartSpan],
    load: &'a [Load],
}

pub(super) fn write(course: &Course, path: &Path) -> Result<(), Error> {
    let outcome = course.outcome.as_ref();
    let failure = outcome.err();
    let data = Data {
        name: &course.manifest.package_name,
        build: course.build(),
        processors: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        failure: failure.map(|error| format!("{}: {error}", error.code())),
        steps: outcome.ok().map(|report| &*report.steps),
        parts: &course.recording.parts,
        load: &course.recording.load,
    };
    page::write(PAGE, &data, path)
}
