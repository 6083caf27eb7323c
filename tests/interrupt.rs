//! Ctrl-C and its kin: exit code, children, and nothing half-made. After SIGKILL the next run sweeps.

use std::path::Path;
use std::process::Child;

use crate::scene::{FLAVOR, Test, eventually, start};

/// An installer that takes for ever, by way of a child of its own. Its process numbers are in files; the last to appear
/// appears whole.
const SLOW_UV: &str = r#"#!/bin/sh
[ "$1" = --version ] && exec echo uv 0.9.1
sleep 1000 &
echo $! > "$HOME/grandchild"
echo $$ > "$HOME/unfinished"
mv "$HOME/unfinished" "$HOME/child"
wait
"#;

fn signal(child: &Child, name: &str) {
    assert!(
        std::process::Command::new("kill")
            .args([name, &child.id().to_string()])
            .status()
            .expect("kill")
            .success()
    );
}

fn is_alive(t: &Test, file: &str) -> bool {
    let pid = std::fs::read_to_string(t.path("home").join(file)).expect("a file");
    let pid: u32 = pid.trim().parse().expect("a process number");
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

/// Nothing but what was there before.
#[track_caller]
fn nothing_is_left(t: &Test) {
    for directory in [
        "temporary",
        "cache/build/staging",
        "cache/v2/staging",
        "dist",
    ] {
        if t.path(directory).exists() {
            assert_eq!(t.names(directory), [""; 0], "{directory}");
        }
    }
}

fn scene() -> Test {
    let mut t = Test::new();
    std::fs::create_dir(t.path("temporary")).expect("a directory");
    let temporary = t.path("temporary");
    t.set("TMPDIR", temporary);
    t
}

/// A project whose dependency `uv` installs.
fn project_installed_by(uv: &str) -> Test {
    let mut t = scene();
    t.set("UV", t.executable("uv", uv));
    t.file("app.py", "def main(): pass\n");
    t.manifest(
        "[project]\nname = \"app\"\nversion = \"1\"\ndependencies = [\"rich\"]\n[project.scripts]\napp = \"app:main\"\n",
    );
    t
}

#[test]
fn a_pack_that_is_told_to_stop_stops_its_children_and_leaves_nothing() {
    for (name, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let t = project_installed_by(SLOW_UV);
        let mut child = start(t.command(FLAVOR).args(["pack", "-q"]));
        eventually("the installer runs", || t.path("home/child").exists());
        signal(&child, name);
        assert_eq!(child.wait().expect("its end").code(), Some(code), "{name}");
        assert!(
            !is_alive(&t, "child") && !is_alive(&t, "grandchild"),
            "{name}"
        );
        nothing_is_left(&t);
    }
}

#[test]
fn a_child_that_begins_another_when_it_is_stopped_leaves_none() {
    let late = "trap 'sleep 1000 & echo $! > \"$HOME/late\"; exit' TERM\nsleep 1000 &";
    let t = project_installed_by(&SLOW_UV.replacen("sleep 1000 &", late, 1));
    let mut child = start(t.command(FLAVOR).args(["pack", "-q"]));
    eventually("the installer runs", || t.path("home/child").exists());
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("its end").code(), Some(130));
    assert!(!is_alive(&t, "late"));
}

#[test]
fn a_pack_that_is_told_to_stop_while_it_encodes_leaves_nothing() {
    let t = scene();
    // Bytes that do not shrink, so that it takes long.
    t.call("sh", ["-c", "head -c 60000000 /dev/urandom > data"])
        .success();
    let slot = "[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\noperations = [\"xz:9e\"]\n";
    t.script("true");
    t.manifest(&format!("{}\n{slot}", crate::scene::PROBE));
    let mut child = start(t.command(FLAVOR).args(["pack", "-q"]));
    eventually("it encodes", || {
        t.path("cache/build/staging").exists() && t.names("cache/build/staging").len() > 3
    });
    signal(&child, "-INT");
    assert_eq!(child.wait().expect("its end").code(), Some(130));
    nothing_is_left(&t);
}

/// Starts `flavor` with every write delayed; the process that is returned is `flavor` itself.
fn slowly(t: &Test, arguments: &[&str]) -> Child {
    let options = [
        "-D",
        "-f",
        "-qq",
        "-o",
        "strace.log",
        "-e",
        "trace=write,pwrite64",
    ];
    let delay = ["-e", "inject=write,pwrite64:delay_enter=200000"];
    start(
        t.command("strace")
            .args(options)
            .args(delay)
            .arg(FLAVOR)
            .args(arguments),
    )
}

#[test]
fn half_an_extracted_slot_goes() {
    let t = scene();
    for number in 0..100 {
        t.file(&format!("data/{number}"), "x".repeat(10_000));
    }
    let slot = "[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\n";
    t.script("true");
    t.manifest(&format!("{}\n{slot}", crate::scene::PROBE));
    let package = t.pack();
    std::fs::rename(&package, t.path("package")).expect("moved");
    let outputs = [
        vec!["extract", "package", "data", "out"],
        vec!["extract-all", "--as-tree", "package", "out"],
    ];
    for arguments in outputs {
        let mut child = slowly(&t, &arguments);
        eventually("it has begun", || {
            t.path("out").exists() && !t.names("out").is_empty()
        });
        signal(&child, "-INT");
        assert_eq!(
            child.wait().expect("its end").code(),
            Some(130),
            "{arguments:?}"
        );
        assert!(!t.path("out").exists(), "{arguments:?}");
    }
}

#[test]
fn a_start_that_is_told_to_stop_before_the_program_runs_leaves_nothing() {
    let t = scene();
    t.script("true");
    let hook = "sh -c 'cd; echo $$ > unfinished; mv unfinished child; exec sleep 1000'";
    t.manifest(&format!(
        "{}\n[tool.flavor.hooks]\npost_extract = \"{hook}\"\n",
        crate::scene::PROBE
    ));
    let package = t.pack();
    std::fs::rename(&package, t.path("package")).expect("moved");
    let mut child = start(t.command(FLAVOR).args(["run", "package"]));
    eventually("it is set up", || t.path("home/child").exists());
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("its end").code(), Some(143));
    assert!(!is_alive(&t, "child"));
    nothing_is_left(&t);
    assert!(t.flavor(["workenv", "list"]).silent().stdout().is_empty());
}

#[test]
fn who_wants_signals_ignored_gets_them_ignored() {
    let t = project_installed_by(&SLOW_UV.replace("sleep 1000", "sleep 2"));
    let mut child = start(
        t.command("sh")
            .args(["-c", "trap '' INT; exec \"$0\" pack -q", FLAVOR]),
    );
    eventually("the installer runs", || t.path("home/child").exists());
    signal(&child, "-INT");
    // It goes on, and fails for want of what the installer should have installed.
    assert_ne!(child.wait().expect("its end").code(), Some(130));
}

#[test]
fn what_a_killed_pack_has_left_is_swept_by_the_next() {
    let t = Test::new();
    t.script("true");
    t.file("dist/.flavor-unfinished-1-2-3", "half a package");
    t.file("dist/.flavor-unfinished-4-5-6", "another pack's");
    t.file("dist/.flavorignore", "");
    let hold = "exec 9<dist/.flavor-unfinished-4-5-6; flock 9; touch held; exec sleep 1000";
    let mut holder = start(t.command("sh").args(["-c", hold]));
    eventually("the lock is held", || t.path("held").exists());
    t.pack();
    assert_eq!(
        t.names("dist"),
        [".flavor-unfinished-4-5-6", ".flavorignore", "probe.psp"]
    );
    holder.kill().expect("killed");
    holder.wait().expect("its end");
}

#[test]
fn a_pack_killed_while_it_writes_leaves_one_file_and_the_next_none() {
    let t = Test::new();
    t.script("true");
    t.file("data", "x".repeat(3_000_000));
    let slot = "[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\noperations = [\"raw\"]\n";
    t.manifest(&format!("{}\n{slot}", crate::scene::PROBE));
    let unfinished = || {
        let names = if t.path("dist").exists() {
            t.names("dist")
        } else {
            Vec::new()
        };
        names
            .iter()
            .any(|name| name.starts_with(".flavor-unfinished"))
    };
    // Copies in the kernel count as writes too.
    let options = [
        "-D",
        "-f",
        "-qq",
        "-o",
        "strace.log",
        "-e",
        "trace=write,pwrite64,copy_file_range",
    ];
    let delay = [
        "-e",
        "inject=write,pwrite64,copy_file_range:delay_enter=300000",
    ];
    let mut child = start(
        t.command("strace")
            .args(options)
            .args(delay)
            .arg(FLAVOR)
            .args(["pack", "-q", "--no-cache"]),
    );
    eventually("it writes", unfinished);
    child.kill().expect("killed");
    child.wait().expect("its end");
    assert!(unfinished());
    // Its tracer may hold the lock for a moment longer.
    eventually("the next pack sweeps", || {
        t.flavor(["pack", "-q"]).success();
        !unfinished()
    });
    assert_eq!(t.names("dist"), ["probe.psp"]);
}
