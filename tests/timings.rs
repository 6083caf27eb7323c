//! The course of a pack: the page of `--timings`, the trace of `--trace`, the record of builds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::browser::tell;
use crate::scene::Test;
use crate::wheelhouse;

/// What `pack --json` says.
fn pack(t: &Test, options: &[&str]) -> Value {
    t.flavor([&["pack", "--json", "--manifest", "app"], options].concat())
        .success()
        .json()
}

/// The builds that are recorded, the oldest first.
fn builds(t: &Test) -> Vec<Value> {
    let text = std::fs::read_to_string(t.path("home/.local/state/flavor/builds.jsonl"))
        .expect("a record of builds");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn names(list: &Value) -> BTreeSet<&str> {
    list.as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect()
}

/// A number of an event.
fn number(event: &Value, name: &str) -> u64 {
    event[name]
        .as_u64()
        .unwrap_or_else(|| panic!("no {name}: {event}"))
}

#[test]
fn the_page_shows_phases_threads_and_slots() {
    let t = wheelhouse::project();
    let report = pack(&t, &["--timings", "--no-cache"]);
    let page = t.path("app/dist/offline.timings.html");
    let text = |selector: &str| json!({ "read": format!("document.querySelector({selector:?}).textContent") });
    let told = tell(
        &t,
        &page,
        &json!([
            text("#title"),
            { "read": "[...document.querySelectorAll('rect.span')].map(each => each.dataset.phase)" },
            { "click": "rect[data-name='slots']" },
            { "read": "Number(document.querySelector('#detail').dataset.took)" },
            text("#detail"),
            { "click": "rect[data-phase='slots'][data-name='runtime']" },
            text("#detail"),
            // What the threads did comes to the whole of each slot.
            { "read": "Object.fromEntries(build.package.slots.map(slot => [slot.name, data.parts
                .filter(part => part.phase === 'slots' && part.name === slot.name)
                .reduce((sum, part) => [sum[0] + part.bytes[0], sum[1] + part.bytes[1]], [0, 0])]))" },
            { "read": "document.querySelector('svg').clientWidth" },
            { "click": "#zoom" },
            { "key": "ArrowRight" },
            { "read": "document.querySelector('svg').clientWidth" },
            { "read": "data.load.length" },
            { "read": "[...document.querySelectorAll('#steps tbody tr')].length" },
        ]),
    );
    let title = told.read[0].as_str().expect("text");
    assert!(title.starts_with("offline 1.0: packed in "), "{title}");
    let drawn: BTreeSet<&str> = told.read[1]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(drawn, names(&report["phases"]));
    let slots = report["phases"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|phase| phase["name"] == "slots");
    assert_eq!(told.read[2], slots.expect("a phase")["took_ms"]);
    let said = told.read[3].as_str().expect("text");
    assert!(
        said.starts_with("slots: ") && said.contains("3 encoded"),
        "{said}"
    );
    let frame = told.read[4].as_str().expect("text");
    assert!(
        frame.starts_with("runtime: ") && frame.contains(" → "),
        "{frame}"
    );
    for slot in report["slots"].as_array().expect("slots") {
        let name = slot["name"].as_str().expect("a name");
        assert_eq!(told.read[5][name][0], slot["uncompressed_size"], "{name}");
        let (frames, stored) = (told.read[5][name][1].as_u64(), slot["size"].as_u64());
        // The table of frames comes on top.
        assert!(
            frames > Some(0) && frames < stored,
            "{name}: {frames:?} of {stored:?}"
        );
    }
    assert!(
        told.read[7].as_u64() > told.read[6].as_u64(),
        "{:?} is not wider than {:?}",
        told.read[7],
        told.read[6]
    );
    assert!(
        told.read[8].as_u64() > Some(0),
        "nobody looked at the processors"
    );
    assert_eq!(
        told.read[9].as_u64(),
        report["steps"].as_array().map(|steps| steps.len() as u64)
    );
}

#[test]
fn the_trace_has_a_track_for_all_that_runs_side_by_side() {
    let t = wheelhouse::project();
    let trace = t.path("trace.json");
    let report = pack(
        &t,
        &["--no-cache", "--trace", trace.to_str().expect("text")],
    );
    let trace: Value =
        serde_json::from_slice(&std::fs::read(trace).expect("a trace")).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("events");
    let of_kind = |kind: &'static str| events.iter().filter(move |event| event["ph"] == kind);
    let named: BTreeSet<u64> = of_kind("M")
        .filter(|event| event["name"] == "thread_name")
        .map(|event| number(event, "tid"))
        .collect();
    let mut tracks: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for event in of_kind("X") {
        let begin = number(event, "ts");
        tracks
            .entry(number(event, "tid"))
            .or_default()
            .push((begin, begin + number(event, "dur")));
    }
    assert_eq!(
        named,
        tracks.keys().copied().collect(),
        "every track has a name"
    );
    for (track, mut spans) in tracks {
        spans.sort_unstable();
        assert!(
            spans.windows(2).all(|two| two[0].1 <= two[1].0 + 1),
            "track {track} has two things at once: {spans:?}"
        );
    }
    let phases = json!(
        of_kind("X")
            .filter(|event| event["cat"] == "phase")
            .collect::<Vec<_>>()
    );
    assert_eq!(names(&phases), names(&report["phases"]));
    assert!(of_kind("C").count() > 0, "nobody looked at the processors");
}

#[test]
fn every_build_is_recorded() {
    let t = wheelhouse::project();
    let first = pack(&t, &[]);
    pack(&t, &[]);
    t.file(
        "app/pyproject.toml",
        wheelhouse::MANIFEST.replace("greeting>=2", "no-such-thing==1"),
    );
    t.flavor([
        "pack",
        "--manifest",
        "app",
        "--quiet",
        "--index-url",
        "https://me:hunter2@localhost:1/",
    ])
    .fails_with(4);
    let builds = builds(&t);
    assert_eq!(builds.len(), 3);
    assert_eq!(builds[0]["package"]["blake3"], first["blake3"]);
    assert_eq!(
        builds[0]["package"]["path"],
        t.path("app/dist/offline.psp").to_str().expect("text")
    );
    assert_eq!(
        builds[0]["manifest"],
        t.path("app/pyproject.toml").to_str().expect("text")
    );
    assert_eq!(names(&builds[0]["phases"]), names(&first["phases"]));
    assert!(builds[0]["package"]["steps"]["made"].as_u64() > Some(0));
    assert_eq!(builds[0]["package"]["fresh"], false);
    assert_eq!(builds[1]["package"]["steps"]["made"], 0);
    assert_eq!(builds[1]["package"]["fresh"], true);
    assert_eq!(builds[2]["package"], Value::Null);
    assert!(
        builds[2]["error"]
            .as_str()
            .is_some_and(|code| code.starts_with("FLV")),
        "{}",
        builds[2]["error"]
    );
    assert!(
        !json!(builds).to_string().contains("hunter2"),
        "a password in the record"
    );
}

#[test]
fn that_builds_cannot_be_recorded_stops_none() {
    let mut t = wheelhouse::project();
    let state = t.file("state", "a file");
    t.set("XDG_STATE_HOME", state);
    let run = t.flavor(["pack", "--manifest", "app"]).success();
    assert!(!run.stderr().contains("state"), "{run}");
}

#[test]
fn a_pack_that_fails_has_a_page_too() {
    let t = wheelhouse::project();
    t.file(
        "app/pyproject.toml",
        wheelhouse::MANIFEST.replace("greeting>=2", "no-such-thing==1"),
    );
    t.flavor(["pack", "--manifest", "app", "--timings"])
        .fails_with(4);
    let page = t.path("app/dist/offline.timings.html");
    let read = |selector: &str| json!({ "read": format!("document.querySelector('{selector}').textContent") });
    let told = tell(&t, &page, &json!([read("#title"), read("#error")]));
    assert!(
        told.read[0]
            .as_str()
            .is_some_and(|title| title.starts_with("offline: failed after ")),
        "{:?}",
        told.read
    );
    assert!(
        told.read[1]
            .as_str()
            .is_some_and(|error| error.starts_with("FLV")),
        "{:?}",
        told.read
    );
}

#[test]
fn what_a_pack_writes_is_no_source_of_the_next() {
    let t = wheelhouse::project();
    let page = t.path("app/course.html");
    let trace = t.path("app/course.json");
    let timings = format!("--timings={}", page.display());
    let options = [timings.as_str(), "--trace", trace.to_str().expect("text")];
    pack(&t, &options);
    assert!(page.is_file() && trace.is_file());
    let again = pack(&t, &options);
    let made: Vec<&Value> = again["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .filter(|step| step["reused"] == false)
        .collect();
    assert!(made.is_empty(), "{made:?}");
}
