//! What a start or a pack says while it takes long: on a terminal something that is gone afterwards, and elsewhere nothing of
//! the kind.

use std::path::{Path, PathBuf};

use crate::scene::{Test, eventually, start};

fn package(t: &Test, more: &str) -> PathBuf {
    t.file("probe.sh", "#!/bin/sh\necho here I am\n");
    t.file("data", "x".repeat(1_000_000));
    let slot = "[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\noperations = [\"raw\"]\n";
    t.manifest(&format!("{}\n{slot}\n{more}", crate::scene::PROBE));
    t.pack()
}

/// What a terminal shows while a shell command runs, cut at the carriage returns: each text erases the one before.
fn on_a_terminal(t: &Test, command: &str) -> Vec<String> {
    let run = t.call("script", ["-qec", command, "/dev/null"]).success();
    run.stdout()
        .split(['\r', '\n'])
        .filter(|text| !text.is_empty())
        .map(Into::into)
        .collect()
}

/// A command that starts a package with every write of its extraction delayed.
fn slowly(package: &Path) -> String {
    let delay = "-e trace=write,pwrite64 -e inject=write,pwrite64:delay_enter=150000";
    format!("strace -f -qq -o strace.log {delay} {}", package.display())
}

/// The program's output, where the line was.
const OVER: &str = "\x1b[Khere I am";

#[test]
fn a_long_first_start_shows_one_line_on_a_terminal() {
    let t = Test::new();
    let package = package(&t, "");
    let shown = on_a_terminal(&t, &slowly(&package));
    let (last, progress) = shown.split_last().expect("something");
    assert_eq!(last, OVER, "the line is gone when the program starts");
    assert!(!progress.is_empty());
    for line in progress {
        assert!(
            line.starts_with("\x1b[Kfirst start: ") && line.contains(" of 1.0 MB extracted"),
            "{line:?}"
        );
    }
    // Warm, it is over before anything is said.
    assert_eq!(
        on_a_terminal(&t, package.to_str().expect("UTF-8")),
        ["here I am"]
    );
}

#[test]
fn a_long_first_start_is_silent_elsewhere() {
    let t = Test::new();
    let package = package(&t, "");
    assert_eq!(
        t.call("sh", ["-c", &slowly(&package)]).silent().line(),
        "here I am"
    );
}

#[test]
fn set_up_commands_that_take_long_show() {
    let t = Test::new();
    let package = package(&t, "[tool.flavor.hooks]\npost_extract = \"sleep 1\"\n");
    let shown = on_a_terminal(&t, package.to_str().expect("UTF-8"));
    assert_eq!(shown.last().map(String::as_str), Some(OVER));
    assert!(
        shown.contains(&"\x1b[Kfirst start: setting up".into()),
        "{shown:?}"
    );
}

#[test]
fn a_start_that_waits_says_for_what_and_does_not_give_up() {
    let mut t = Test::new();
    let package = package(&t, "");
    t.call(&package, [""; 0]).silent();
    t.flavor(["workenv", "clean", "-y"]).silent();
    // Whoever extracts holds this lock, for as long as it takes.
    let hold = "flock cache/v2/locks/making-probe-* sh -c 'touch held; sleep 2; rm held'";
    let mut holder = start(t.command("sh").args(["-c", hold]));
    eventually("the lock is held", || t.path("held").exists());
    let shown = on_a_terminal(&t, package.to_str().expect("UTF-8"));
    assert!(!t.path("held").exists(), "it waited");
    assert_eq!(shown.last().map(String::as_str), Some(OVER));
    assert!(
        shown.contains(&"\x1b[Kwaiting for another process that extracts probe 1.0.0".into()),
        "{shown:?}"
    );
    holder.wait().expect("its end");

    t.flavor(["workenv", "clean", "-y"]).silent();
    let mut holder = start(t.command("sh").args(["-c", hold]));
    eventually("the lock is held", || t.path("held").exists());
    t.set("FLAVOR_LOG_LEVEL", "info");
    let run = t.call(&package, [""; 0]).success();
    assert!(
        run.stderr()
            .contains("INFO waiting for another process that extracts probe 1.0.0\n"),
        "{run}"
    );
    holder.wait().expect("its end");
}

/// A project with a slot that takes a while to encode.
fn slow_project(t: &Test) {
    t.call("sh", ["-c", "head -c 20000000 /dev/urandom > data"])
        .success();
    let slot = "[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\noperations = [\"xz:6\"]\n";
    t.script("true");
    t.manifest(&format!("{}\n{slot}", crate::scene::PROBE));
}

#[test]
fn a_long_pack_shows_a_bar_on_a_terminal_that_is_gone_afterwards() {
    let mut t = Test::new();
    slow_project(&t);
    t.set("TERM", "xterm");
    let command = format!("{} pack --no-cache", crate::scene::FLAVOR);
    let shown = on_a_terminal(&t, &command).join("\n");
    assert!(
        shown.contains("slots  [") && shown.contains("of 20.0"),
        "{shown:?}"
    );
    let end = shown.rfind("next: ").expect("the end");
    assert!(!shown[end..].contains("slots  ["), "{shown:?}");
    // Not for a log that only looks like a terminal, and not for who wants none.
    t.set("CI", "1");
    let plain = on_a_terminal(&t, &command).join("\n");
    assert!(
        !plain.contains("slots  [") && plain.contains("1 encoded") || plain.contains("2 encoded"),
        "{plain:?}"
    );
    t.unset("CI");
    let quiet = on_a_terminal(&t, &format!("{command} --quiet"));
    assert_eq!(quiet, ["./dist/probe.psp"]);
}

#[test]
fn a_long_pack_writes_lines_elsewhere_and_no_control_byte() {
    let t = Test::new();
    slow_project(&t);
    let run = t.flavor(["pack", "--no-cache"]).success();
    let is_control = |byte: &u8| *byte < 0x20 && *byte != b'\n';
    assert!(
        !run.stdout.iter().chain(&run.stderr).any(is_control),
        "{run}"
    );
    assert!(run.stderr().contains("slots  2 encoded"), "{run}");
}
