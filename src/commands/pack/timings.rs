//! `pack --timings`: a page with the phases and slots over time, and the processor load.

use std::path::Path;

use flavor::diagnostics::Diagnostic;
use flavor::format::timestamp;
use flavor::pack::{PackReport, SlotReport, Step};
use flavor::report::{PartSpan, PhaseSpan};
use serde::Serialize;

use super::run_record::Course;
use crate::commands::page;
use crate::error::Error;

const PAGE: &str = include_str!("timings.html");

/// The data of the page. Times are in milliseconds since the start.
#[derive(Serialize)]
struct Data<'a> {
    name: &'a str,
    manifest: String,
    flavor: &'static str,
    began: String,
    took: f64,
    jobs: usize,
    /// The number of processors, for the load.
    processors: usize,
    /// The error of a failed pack.
    error: Option<String>,
    package: Option<Package<'a>>,
    phases: Vec<Phase<'a>>,
    parts: Vec<PartRow<'a>>,
    /// Time, and the processor load up to then.
    load: Vec<(f64, f64)>,
}

#[derive(Serialize)]
struct Package<'a> {
    version: &'a str,
    size: u64,
    fresh: bool,
    launcher: u64,
    slots: Vec<Slot<'a>>,
    steps: Vec<MadeStep<'a>>,
}

#[derive(Serialize)]
struct Slot<'a> {
    name: &'a str,
    operations: &'a str,
    size: u64,
    plain: u64,
    files: u64,
}

#[derive(Serialize)]
struct MadeStep<'a> {
    name: &'a str,
    bytes: u64,
    /// Why it was made; `None` if it was reused.
    because: Option<&'a [String]>,
}

#[derive(Serialize)]
struct Phase<'a> {
    name: &'a str,
    outcome: &'a str,
    begin: f64,
    took: f64,
}

#[derive(Serialize)]
struct PartRow<'a> {
    phase: &'a str,
    name: &'a str,
    thread: usize,
    begin: f64,
    took: f64,
    bytes: Option<(u64, u64)>,
}

pub(super) fn write(course: &Course, path: &Path) -> Result<(), Error> {
    let recording = course.recording;
    let began = recording
        .began
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let mut phases: Vec<Phase> = recording.phases.iter().map(phase).collect();
    phases.sort_by(|one, other| one.begin.total_cmp(&other.begin));
    let data = Data {
        name: &course.manifest.package_name,
        manifest: course.manifest_path().to_string_lossy().into_owned(),
        flavor: env!("CARGO_PKG_VERSION"),
        began: timestamp(began.as_secs()),
        took: recording.took.millis(),
        jobs: course.settings.jobs,
        processors: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        error: course
            .outcome
            .as_ref()
            .err()
            .map(|error| format!("{}: {error}", error.code())),
        package: course.outcome.as_ref().ok().map(package),
        phases,
        parts: recording.parts.iter().map(part).collect(),
        load: recording
            .load
            .iter()
            .map(|load| (load.at.millis(), load.busy))
            .collect(),
    };
    page::write(PAGE, &data, path)
}

fn package(report: &PackReport) -> Package<'_> {
    Package {
        version: &report.version,
        size: report.size,
        fresh: report.fresh,
        launcher: report.launcher_size,
        slots: report.slots.iter().map(slot).collect(),
        steps: report.steps.iter().map(step).collect(),
    }
}

fn slot(slot: &SlotReport) -> Slot<'_> {
    Slot {
        name: &slot.name,
        operations: &slot.operations,
        size: slot.stored_size,
        plain: slot.plain_size,
        files: slot.files,
    }
}

fn step(step: &Step) -> MadeStep<'_> {
    MadeStep {
        name: &step.name,
        bytes: step.bytes,
        because: step.because.as_deref(),
    }
}

fn phase(span: &PhaseSpan) -> Phase<'_> {
    Phase {
        name: &span.name,
        outcome: &span.outcome,
        begin: span.begin.millis(),
        took: span.took.millis(),
    }
}

fn part(span: &PartSpan) -> PartRow<'_> {
    PartRow {
        phase: &span.phase,
        name: &span.name,
        thread: span.thread,
        begin: span.begin.millis(),
        took: span.took.millis(),
        bytes: span.bytes,
    }
}
