//! Silent by default; with a variable, one event a line that says what was done and how long it took.

use crate::scene::Test;

#[test]
fn a_start_tells_about_the_cache_when_asked() {
    let mut t = Test::new();
    let package = t.script("echo out").pack();
    t.set("FLAVOR_LOG_LEVEL", "debug");
    let cold = t.call(&package, [""; 0]).success();
    let warm = t.call(&package, [""; 0]).success();
    for run in [&cold, &warm] {
        assert_eq!(run.stdout(), "out\n", "events are not for stdout");
    }
    let extracted = cold
        .stderr()
        .lines()
        .find(|line| line.contains("extract"))
        .unwrap_or_else(|| panic!("{cold}"));
    assert!(
        extracted.contains("slot=script") && extracted.contains("took="),
        "{extracted}"
    );
    assert!(
        warm.stderr().lines().any(|line| line.contains("cache hit")),
        "{warm}"
    );
    assert!(!warm.stderr().contains("extract"), "{warm}");
}

#[test]
fn events_look_alike_and_stand_on_a_line_each() {
    let mut t = Test::new();
    let package = t.script("true").pack();
    t.set("FLAVOR_LOG_LEVEL", "debug");
    snapshot!(t.call(&package, [""; 0]).success(), @"
    exit: 0
    --- stderr
    DEBUG accept took=[TIME]
    DEBUG cache miss workenv=probe-1.0.0-[DIGEST]
    INFO extract slot=script files=1 bytes=15 took=[TIME]
    INFO prepare workenv=[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST] took=[TIME]
    DEBUG cache filled workenv=probe-1.0.0-[DIGEST]
    DEBUG launch program=[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe took=[TIME]
    ");
    snapshot!(t.call(&package, [""; 0]).success(), @"
    exit: 0
    --- stderr
    DEBUG accept took=[TIME]
    DEBUG cache hit workenv=probe-1.0.0-[DIGEST]
    DEBUG launch program=[ROOT]/cache/v2/workenv/probe-1.0.0-[DIGEST]/bin/probe took=[TIME]
    ");
}

#[test]
fn three_variables_and_the_nearest_wins() {
    let mut t = Test::new();
    let package = t.script("true").pack();
    t.call(&package, [""; 0]).silent();
    for name in ["RUST_LOG", "FOUNDATION_LOG_LEVEL", "FLAVOR_LOG_LEVEL"] {
        t.set(name, "debug");
        let run = t.call(&package, [""; 0]).success();
        assert!(run.stderr().contains("cache hit"), "{name}\n{run}");
        t.unset(name);
    }
    t.set("RUST_LOG", "debug");
    t.set("FLAVOR_LOG_LEVEL", "error");
    t.call(&package, [""; 0]).silent();
    t.set("FLAVOR_LOG_LEVEL", "no such level");
    let run = t.call(&package, [""; 0]).success();
    let warning = "warning[FLV0105]: FLAVOR_LOG_LEVEL is not a level: no such level\n\
        hint: use one of off, error, warn, info, debug, trace, or a list such as info,flavor::slot=trace\n";
    assert_eq!(run.stderr(), warning);
    assert!(
        t.flavor(["config", "log.level"])
            .success()
            .stderr()
            .starts_with(warning)
    );
}

#[test]
fn packing_tells_what_ran_in_parallel_and_how_long_it_took() {
    let mut t = Test::new();
    t.script("true");
    t.set("FOUNDATION_LOG_LEVEL", "debug");
    let run = t.flavor(["pack", "--jobs", "2"]).success();
    assert_eq!(run.line(), "./dist/probe.psp");
    assert!(
        run.stderr()
            .lines()
            .any(|line| line.contains("parallel") && line.contains("jobs=2")),
        "{run}"
    );
    assert!(
        run.stderr().lines().any(|line| line.contains("took=")),
        "{run}"
    );
}

#[test]
fn levels_by_module_hold_for_the_command_and_for_packages() {
    let mut t = Test::new();
    t.script("true");
    t.set("FLAVOR_LOG_LEVEL", "off,flavor::pack=debug,other=trace");
    let run = t.flavor(["pack"]).success();
    assert!(run.stderr().contains("parallel"), "{run}");
    t.set("FLAVOR_LOG_LEVEL", "debug,flavor::pack=off");
    let run = t.flavor(["pack", "--no-cache"]).success();
    assert!(!run.stderr().contains("parallel"), "{run}");
    assert!(run.stderr().contains("INFO "), "{run}");
    t.set("FLAVOR_LOG_LEVEL", "flavor::pack=debug");
    let package = t.path("dist/probe.psp");
    t.call(&package, [""; 0]).silent();
    t.set("FLAVOR_LOG_LEVEL", "info,flavor::slot=loud");
    let run = t.flavor(["verify", "dist/probe.psp"]).success();
    assert!(run.stderr().starts_with("warning[FLV0105]"), "{run}");
}

#[test]
fn json_lines_hold_the_same_events_and_times_are_had_on_request() {
    let mut t = Test::new();
    t.script("true");
    let text = t.flavor(["-v", "pack", "--no-cache"]).success();
    let json = t
        .flavor(["-v", "--log-format", "json", "pack", "--no-cache"])
        .success();
    let events: Vec<serde_json::Value> = json
        .stderr()
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let lines = text
        .stderr()
        .lines()
        .filter(|line| line.starts_with("INFO "))
        .count();
    assert!(lines > 0 && events.len() == lines, "{text}\n{json}");
    for event in &events {
        assert_eq!(event["level"], "INFO");
        assert!(
            event["target"]
                .as_str()
                .is_some_and(|target| target.starts_with("flavor"))
        );
        assert!(
            event["message"].is_string() && event.get("timestamp").is_none(),
            "{event}"
        );
    }
    t.set("FLAVOR_LOG_FORMAT", "json");
    let run = t
        .flavor(["-v", "--log-time", "pack", "--no-cache"])
        .success();
    let first = run
        .stderr()
        .lines()
        .find(|line| line.starts_with('{'))
        .expect("an event");
    let event: serde_json::Value = serde_json::from_str(first).expect("JSON");
    assert!(
        event["timestamp"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z')),
        "{event}"
    );
    let run = t
        .flavor([
            "-v",
            "--log-format=text",
            "--log-time",
            "pack",
            "--no-cache",
        ])
        .success();
    let timed = |line: &str| {
        line.split_once("Z INFO ")
            .is_some_and(|(time, _)| time.contains('T'))
    };
    assert!(run.stderr().lines().any(timed), "{run}");
}
