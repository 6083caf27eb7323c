//! `pack --trace`: the Trace Event Format, which Perfetto and Chrome read
//! (<https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU>).

use std::collections::BTreeMap;

use flavor::report::Took;
use serde_json::{Value, json};

use super::run_record::Course;

/// The start of every trace.
pub(super) const MARK: &[u8] = br#"{"displayTimeUnit":"ms","otherData":{"flavor":"#;
/// There is one process.
const PROCESS: u32 = 1;

/// Phases run in parallel; each has a track of its own, and so has each thread of a phase that has
/// parts.
pub(super) fn of(course: &Course) -> Value {
    let recording = course.recording;
    let mut events = vec![json!({
        "ph": "M", "pid": PROCESS, "name": "process_name",
        "args": { "name": format!("flavor pack {}", course.manifest.package_name) },
    })];
    let mut tracks: BTreeMap<String, usize> = BTreeMap::new();
    let mut name_tracks = Vec::new();
    let mut track = |name: String| {
        let next = tracks.len() + 1;
        *tracks.entry(name).or_insert_with_key(|name| {
            name_tracks.push(json!({
                "ph": "M", "pid": PROCESS, "tid": next, "name": "thread_name", "args": { "name": name },
            }));
            name_tracks.push(json!({
                "ph": "M", "pid": PROCESS, "tid": next, "name": "thread_sort_index", "args": { "sort_index": next },
            }));
            next
        })
    };
    let mut phases: Vec<_> = recording.phases.iter().collect();
    phases.sort_by_key(|phase| phase.begin);
    for phase in phases {
        events.push(json!({
            "ph": "X", "pid": PROCESS, "tid": track(phase.name.clone()), "cat": "phase", "name": phase.name,
            "ts": micros(phase.begin), "dur": micros(phase.took), "args": { "outcome": phase.outcome },
        }));
    }
    for part in &recording.parts {
        events.push(json!({
            "ph": "X", "pid": PROCESS, "tid": track(format!("{} {}", part.phase, part.thread)),
            "cat": part.phase, "name": part.name, "ts": micros(part.begin), "dur": micros(part.took),
            "args": part.bytes.map(|(plain, stored)| json!({ "uncompressed": plain, "stored": stored })),
        }));
    }
    for load in &recording.load {
        events.push(json!({
            "ph": "C", "pid": PROCESS, "name": "CPU", "ts": micros(load.at), "args": { "%": (load.busy * 100.0).round() },
        }));
    }
    events.extend(name_tracks);
    json!({
        "displayTimeUnit": "ms",
        "otherData": { "flavor": env!("CARGO_PKG_VERSION"), "manifest": course.manifest_path().to_string_lossy() },
        "traceEvents": events,
    })
}

/// The unit of the format.
fn micros(took: Took) -> u64 {
    u64::try_from(took.0.as_micros()).unwrap_or(u64::MAX)
}
