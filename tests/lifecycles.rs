//! How long a slot's content lives, and what sets an environment up.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::scene::{Test, eventually, start};

/// A shell script with further slots; `hooks` is the body of `[tool.flavor.hooks]`.
fn package(t: &Test, script: &str, hooks: &str, slots: &str) -> PathBuf {
    t.file("probe.sh", format!("#!/bin/sh\n{script}\n"));
    t.file("data/deep/file", "content\n");
    t.manifest(&format!(
        "{}\n{slots}\n[tool.flavor.hooks]\n{hooks}\n",
        crate::scene::PROBE
    ));
    t.pack_with(&["--key-seed", "s"])
}

fn slot(name: &str, lifecycle: &str, more: &str) -> String {
    format!(
        "[[tool.flavor.slots.entries]]\nname = \"{name}\"\nsource = \"data\"\noperations = [\"tar\", \"zstd\"]\nlifecycle = \"{lifecycle}\"\n{more}\n"
    )
}

fn slots_in_cache(t: &Test) -> usize {
    std::fs::read_dir(t.path("cache/v2/slots")).map_or(0, Iterator::count)
}

fn runs_in_cache(t: &Test) -> usize {
    std::fs::read_dir(t.path("cache/v2/runs")).map_or(0, Iterator::count)
}

#[test]
fn a_lazy_slot_is_extracted_when_the_program_asks_for_it() {
    let t = Test::new();
    let script = r#"
ls "$FLAVOR_WORKENV/lazy/" 2>/dev/null || echo nothing yet
[ "$1" = ask ] || exit 0
for turn in 1 2; do FLAVOR_LAUNCHER_CLI=1 "$FLAVOR_PACKAGE_PATH" path lazy; done
cat "$FLAVOR_WORKENV/lazy/deep/file""#;
    let package = package(&t, script, "", &slot("lazy", "lazy", ""));
    assert_eq!(t.call(&package, [""; 0]).silent().line(), "nothing yet");
    assert_eq!(slots_in_cache(&t), 1);
    let run = t.call(&package, ["ask"]).silent();
    let lines: Vec<&str> = run.stdout().lines().collect();
    assert_eq!((lines[0], lines[3]), ("nothing yet", "content"));
    assert_eq!(lines[1], lines[2]);
    assert!(
        lines[1].ends_with("/lazy") && Path::new(lines[1]).join("deep/file").is_file(),
        "{run}"
    );
    assert_eq!(slots_in_cache(&t), 2);
    assert_eq!(t.call(&package, [""; 0]).silent().line(), "deep");
}

#[test]
fn flavor_names_the_place_of_a_slot_too() {
    let t = Test::new();
    let slots = [
        slot("lazy", "lazy", ""),
        slot("gone", "init", ""),
        slot("short", "temporary", ""),
    ]
    .concat();
    let package = package(&t, "true", "", &slots);
    let package = package.to_str().expect("UTF-8");
    let run = t.flavor(["workenv", "path", package, "lazy"]).silent();
    assert!(Path::new(run.line()).join("deep/file").is_file(), "{run}");
    let again = t
        .flavor(["workenv", "path", package, "lazy", "--json"])
        .silent()
        .json();
    assert_eq!(again["path"], run.line());
    let script = t.flavor(["workenv", "path", package, "script"]).silent();
    assert!(script.line().ends_with("/bin/probe"), "{script}");
    snapshot!(t.flavor(["workenv", "path", package, "gone"]), @"
    exit: 103
    --- stderr
    error[FLV0809]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      slot `gone` exists only while the environment is set up
    ");
    snapshot!(t.flavor(["workenv", "path", package, "short"]), @"
    exit: 103
    --- stderr
    error[FLV0809]: cannot prepare the environment of `[ROOT]/dist/probe.psp`
      slot `short` exists only while the program runs
    ");
    snapshot!(t.flavor(["workenv", "path", package, "nonsense"]), @"
    exit: 105
    --- stderr
    error[FLV0617]: cannot find the slot in `[ROOT]/dist/probe.psp`
      there is no slot `nonsense`; the package has `script`, `lazy`, `gone`, `short`, `_attestation`
    ");
}

#[test]
fn a_temporary_slot_is_the_runs_own_and_goes_with_it() {
    let t = Test::new();
    let script = r#"
echo mine >>"$FLAVOR_WORKENV/short/deep/file"
cat "$FLAVOR_WORKENV/short/deep/file" "$FLAVOR_WORKENV/kept/deep/file"
FLAVOR_LAUNCHER_CLI=1 "$FLAVOR_PACKAGE_PATH" path short
[ -z "$1" ] || { touch ready; exec sleep 60; }"#;
    let slots = [slot("short", "temporary", ""), slot("kept", "eager", "")].concat();
    let package = package(&t, script, "", &slots);
    for _ in ["cold", "warm"] {
        let run = t.call(&package, [""; 0]).silent();
        let lines: Vec<&str> = run.stdout().lines().collect();
        assert_eq!(lines[..3], ["content", "mine", "content"]);
        assert!(lines[3].ends_with("/workenv/short"), "{run}");
        eventually("the run's own slot is gone", || runs_in_cache(&t) == 0);
    }
    // Killed, together with whatever might have cleaned up after it.
    let mut child = start(t.command(&package).arg("wait").stdout(Stdio::null()));
    eventually("the program runs", || t.path("ready").exists());
    t.call("sh", ["-c", "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q \"reap $PWD/cache\" && kill -9 ${p#/proc/}; done; true"]).success();
    assert_eq!(runs_in_cache(&t), 1);
    child.kill().expect("killed");
    child.wait().expect("its end");
    assert_eq!(runs_in_cache(&t), 1, "nobody was there to remove it");
    t.flavor(["workenv", "clean", "-y", "--older-than", "9"])
        .silent();
    assert_eq!(runs_in_cache(&t), 0);
}

#[test]
fn what_cleans_up_afterwards_keeps_no_pipe_open() {
    let t = Test::new();
    let package = package(
        &t,
        "echo ready >&2\nexec 3>&-\nexec sleep 60",
        "",
        &slot("short", "temporary", ""),
    );
    // The reader sees the end of the pipe when the program has closed it, long before the program ends.
    let script =
        "{ { sh -c 'echo $$ >pid; exec \"$0\" 3>&1 >&2' \"$0\" & } | cat; kill $(cat pid); } 2>&1";
    let begin = std::time::Instant::now();
    let run = t
        .call("sh", ["-c".as_ref(), script.as_ref(), package.as_os_str()])
        .success();
    assert!(
        begin.elapsed() < std::time::Duration::from_secs(20),
        "{run}"
    );
    assert_eq!(run.line(), "ready");
    eventually("the run's own slot is gone", || runs_in_cache(&t) == 0);
}

#[test]
fn two_runs_do_not_see_each_others_temporary_slots() {
    let t = Test::new();
    let script = r#"echo "$FLAVOR_WORKENV"; touch "ready-$1"; [ -z "$1" ] || exec sleep 60"#;
    let package = package(&t, script, "", &slot("short", "temporary", ""));
    let mut child = start(t.command(&package).arg("1").stdout(Stdio::null()));
    eventually("the program runs", || t.path("ready-1").exists());
    t.call(&package, [""; 0]).silent();
    eventually("only the first run's is left", || runs_in_cache(&t) == 1);
    child.kill().expect("killed");
    child.wait().expect("its end");
    eventually("both are gone", || runs_in_cache(&t) == 0);
}

#[test]
fn set_up_commands_run_once_where_the_environment_stays() {
    let t = Test::new();
    let hooks = r#"post_extract = [
    ["/bin/sh", "-c", "echo ran >>$HOME/count; pwd; cat {workenv}/tools/deep/file; mkdir made; echo {workenv} >made/where"],
    "/bin/sh -c 'echo second >>made/where'",
]"#;
    let script =
        r#"ls "$FLAVOR_WORKENV"; cat "$FLAVOR_WORKENV/made/where"; echo "$FLAVOR_WORKENV""#;
    let package = package(&t, script, hooks, &slot("tools", "init", ""));
    for _ in ["cold", "warm"] {
        let run = t.call(&package, [""; 0]).silent();
        let lines: Vec<&str> = run.stdout().lines().collect();
        assert_eq!(lines[..2], ["bin", "made"], "the slot for set-up is gone");
        assert_eq!(lines[2], lines[4], "a path that was written down is right");
        assert_eq!(lines[3], "second");
    }
    let count = || {
        std::fs::read_to_string(t.path("home/count"))
            .expect("a count")
            .lines()
            .count()
    };
    assert_eq!(count(), 1);
    let run = t
        .run(t.command(&package).env("FLAVOR_VALIDATION", "strict"))
        .silent();
    assert!(run.stdout().contains("second"));
    assert_eq!(count(), 1, "what commands made is no damage");
    t.flavor(["workenv", "clean", "-y"]).silent();
    t.call(&package, [""; 0]).silent();
    assert_eq!(count(), 2);
}

#[test]
fn a_set_up_command_that_fails_is_told_and_tried_again() {
    let t = Test::new();
    let hooks = r#"post_extract = "/bin/sh -c 'echo trying; ls allowed-not-here >/dev/null; test -e $HOME/allowed'""#;
    let package = package(&t, "echo started", hooks, "");
    for _ in 0..2 {
        let run = t.call(&package, [""; 0]).fails_with(103);
        assert_eq!(run.stdout(), "");
        assert!(
            run.stderr().contains(
                "the set-up command `/bin/sh` ended with 1\nhint: its output ends with: trying / ls: "
            ),
            "{run}"
        );
        assert_eq!(t.names("cache/v2/workenv"), [""; 0]);
        assert_eq!(t.names("cache/v2/staging"), [""; 0]);
    }
    t.file("home/allowed", "");
    assert_eq!(t.call(&package, [""; 0]).silent().line(), "started");
}

#[test]
fn a_set_up_whose_start_was_killed_begins_anew_when_it_has_ended() {
    let t = Test::new();
    let wait = "touch $HOME/begun; until test -e $HOME/over; do sleep 0.1; done; touch $FLAVOR_WORKENV/late";
    let hooks = format!(
        r#"post_extract = "/bin/sh -c 'mkdir half; test ! -e $HOME/begun || exit 0; {wait}'""#
    );
    let package = package(&t, "ls \"$FLAVOR_WORKENV\"", &hooks, "");
    let mut child = start(&mut t.command(&package));
    eventually("the command runs", || t.path("home/begun").exists());
    child.kill().expect("killed");
    child.wait().expect("its end");
    // The command itself is still there, and knows the environment by its path.
    let cleaned = t
        .flavor(["workenv", "clean", "-y", "--json"])
        .success()
        .json();
    assert_eq!(
        cleaned["in_use"].as_array().map(Vec::len),
        Some(1),
        "{cleaned}"
    );
    let mut second = start(
        t.command(&package)
            .stdout(std::fs::File::create(t.path("out")).expect("a file")),
    );
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(
        second.try_wait().expect("its state").is_none(),
        "it waits for the command"
    );
    t.file("home/over", "");
    assert!(second.wait().expect("its end").success());
    assert_eq!(
        std::fs::read_to_string(t.path("out")).expect("the output"),
        "bin\nhalf\n"
    );
}

#[test]
fn a_slot_that_is_not_always_there_needs_a_place_of_its_own() {
    let t = Test::new();
    t.file("data/deep/file", "content\n");
    t.file("probe.sh", "");
    for (name, slots) in [
        ("whole", slot("data", "lazy", "target = \"{workenv}\"")),
        (
            "same",
            [
                slot("one", "lazy", "target = \"x\""),
                slot("two", "eager", "target = \"x\""),
            ]
            .concat(),
        ),
        (
            "below",
            [
                slot("one", "init", "target = \"x\""),
                slot("two", "eager", "target = \"x/y\""),
            ]
            .concat(),
        ),
    ] {
        t.manifest(&format!("{}\n{slots}\n", crate::scene::PROBE));
        let run = t
            .flavor(["pack", "--quiet", "--key-seed", "s"])
            .fails_with(1);
        assert!(run.stderr().contains("target"), "{name}: {run}");
    }
}

#[test]
fn older_words_mean_the_same() {
    let t = Test::new();
    let script = r#"cat "$FLAVOR_WORKENV/volatile/deep/file" "$FLAVOR_WORKENV/cached/deep/file""#;
    let package = package(
        &t,
        script,
        "",
        &[
            slot("volatile", "volatile", ""),
            slot("cached", "cached", ""),
        ]
        .concat(),
    );
    assert_eq!(
        t.call(&package, [""; 0]).silent().stdout(),
        "content\ncontent\n"
    );
    assert_eq!(slots_in_cache(&t), 2, "the script and the cached one");
    eventually("the volatile one is gone", || runs_in_cache(&t) == 0);
}
