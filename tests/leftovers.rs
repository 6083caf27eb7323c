//! What killed packs leave: the next pack sweeps it, whatever comes of that one.

use std::os::unix::process::CommandExt;
use std::time::Duration;

use crate::scene::{FLAVOR, PROBE, Test, eventually, start};
use crate::wheelhouse::{self, BACKEND, MANIFEST};

/// Kills a pack, its children too, once something holds.
fn killed(t: &Test, arguments: &[&str], what: &str, holds: impl FnMut() -> bool) {
    let mut command = t.command(FLAVOR);
    command
        .args(["pack", "--quiet"])
        .args(arguments)
        .process_group(0);
    let mut child = start(&mut command);
    eventually(what, holds);
    t.call("kill", ["-9", "--", &format!("-{}", child.id())])
        .success();
    child.wait().expect("its end");
}

fn staged(t: &Test) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(t.path("cache/build/staging"))
        .into_iter()
        .flatten()
        .flatten()
    {
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names
}

/// A back end that goes no further until it is let.
fn waits() -> String {
    let wait = "metadata_directory=None):\n    import os, time\n    open(os.path.expanduser('~/building'), 'w').close()\n    \
                for _ in range(1200):\n        if os.path.exists(os.path.expanduser('~/go')): break\n        time.sleep(0.05)\n";
    BACKEND.replace("metadata_directory=None):\n", wait)
}

#[test]
fn the_next_pack_sweeps_even_if_it_makes_nothing() {
    let t = wheelhouse::project();
    t.flavor(["pack", "-q", "--manifest", "app"]).success();
    let module = std::fs::read_to_string(t.path("app/src.py")).expect("read");
    t.file("app/src.py", format!("{module}# news\n"));
    wheelhouse::wheel(&t, "tinybackend", "1.1", &[("tinybackend.py", &waits())]);
    killed(&t, &["--manifest", "app", "--refresh"], "it builds", || {
        t.path("home/building").exists()
    });
    assert!(!staged(&t).is_empty());
    std::fs::remove_file(t.path("wheels/tinybackend-1.1-py3-none-any.whl")).expect("removed");
    t.file("app/src.py", module);
    let run = t.flavor(["pack", "--manifest", "app", "--json"]).success();
    assert!(run.json()["fresh"].as_bool().unwrap_or(true), "{run}");
    assert_eq!(staged(&t), [""; 0]);
}

#[test]
fn the_next_pack_sweeps_even_if_it_fails() {
    let t = wheelhouse::project();
    wheelhouse::wheel(&t, "tinybackend", "1.0", &[("tinybackend.py", &waits())]);
    killed(&t, &["--manifest", "app"], "it builds", || {
        t.path("home/building").exists()
    });
    assert!(!staged(&t).is_empty());
    t.file("home/go", "");
    t.file(
        "app/pyproject.toml",
        MANIFEST.replace("greeting>=2", "nowhere>=2"),
    );
    t.flavor(["pack", "-q", "--manifest", "app"]).fails_with(4);
    assert_eq!(staged(&t), [""; 0]);
}

#[test]
fn a_living_packs_work_is_not_swept() {
    let t = wheelhouse::project();
    wheelhouse::wheel(&t, "tinybackend", "1.0", &[("tinybackend.py", &waits())]);
    let mut child = start(
        t.command(FLAVOR)
            .args(["pack", "--quiet", "--manifest", "app"]),
    );
    eventually("it builds", || t.path("home/building").exists());
    t.script("true");
    t.flavor(["pack", "-q"]).success();
    assert!(!staged(&t).is_empty());
    t.file("home/go", "");
    assert!(child.wait().expect("its end").success());
    assert_eq!(staged(&t), [""; 0]);
}

#[test]
fn a_pack_without_the_cache_sweeps_too() {
    let mut t = Test::new();
    std::fs::create_dir(t.path("temporary")).expect("a directory");
    let temporary = t.path("temporary");
    t.set("TMPDIR", temporary);
    t.script("true");
    let with_data = format!(
        "{PROBE}\n[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\noperations = [\"xz:9\"]\n"
    );
    t.manifest(&with_data);
    t.call("sh", ["-c", "head -c 60000000 /dev/urandom > data"])
        .success();
    let there = || !t.names("temporary").is_empty();
    killed(&t, &["--no-cache"], "it works", there);
    assert!(there());
    t.file("data", "");
    t.flavor(["pack", "-q", "--no-cache"]).success();
    assert_eq!(t.names("temporary"), [""; 0]);
}

#[test]
fn killed_at_any_moment_a_pack_leaves_nothing_to_the_one_after_the_next() {
    let t = wheelhouse::project();
    for round in 0..6 {
        let mut command = t.command(FLAVOR);
        command.args(["pack", "--quiet", "--refresh", "--manifest", "app"]);
        let mut child = start(&mut command);
        std::thread::sleep(Duration::from_millis(40 + 170 * round));
        child.kill().expect("killed");
        child.wait().expect("waited for");
    }
    t.flavor(["pack", "-q", "--manifest", "app"]).success();
    // Installers of the dead packs may have gone on for a moment.
    eventually("nothing is left", || {
        t.flavor(["pack", "-q", "--manifest", "app"]).success();
        staged(&t).is_empty()
    });
}
