//! What is run for a pack, and does not behave: it says too much, or leaves somebody behind.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::scene::{FLAVOR, PROBE, Test, eventually};
use crate::wheelhouse::{self, BACKEND, MANIFEST};

/// A project whose back end is in it, and does something first.
fn project(first: &str) -> Test {
    let t = wheelhouse::project();
    with_back_end(&t, first);
    t
}

fn with_back_end(t: &Test, first: &str) {
    let manifest = MANIFEST.replace(
        "requires = [\"tinybackend\"]",
        "requires = []\nbackend-path = [\".\"]",
    );
    t.file(
        "app/pyproject.toml",
        manifest.replace("build-backend = \"tinybackend\"", "build-backend = \"own\""),
    );
    let first = format!("    {}\n", first.replace('\n', "\n    "));
    t.file(
        "app/own.py",
        BACKEND.replace(
            "metadata_directory=None):\n",
            &format!("metadata_directory=None):\n{first}"),
        ),
    );
}

/// A process that outlives the one that starts it, and holds what that one writes to.
const LEAVES_SOMEBODY: &str = "import os, subprocess
print('before the wheel', flush=True)
child = subprocess.Popen(['sleep', '1000'])
open(os.path.expanduser('~/left'), 'w').write(str(child.pid))";

struct Left(PathBuf);

impl Drop for Left {
    fn drop(&mut self) {
        if let Ok(pid) = std::fs::read_to_string(&self.0) {
            drop(std::process::Command::new("kill").arg(pid.trim()).status());
        }
    }
}

#[test]
fn who_is_left_behind_by_a_back_end_is_not_waited_for() {
    let t = project(LEAVES_SOMEBODY);
    let _left = Left(t.path("home/left"));
    let begin = Instant::now();
    let mut command = t.command("sh");
    // The one that is left behind must not hold what this test reads.
    command
        .args(["-c", "exec \"$0\" pack --manifest app >out 2>err"])
        .arg(FLAVOR);
    t.run(&mut command).success();
    assert!(
        begin.elapsed() < Duration::from_mins(1),
        "{:?}",
        begin.elapsed()
    );
    let said = std::fs::read_to_string(t.path("err")).expect("what it said");
    assert!(
        said.contains("still runs when the command is over"),
        "{said}"
    );
    // What it said when it fails is still there.
    drop(Left(t.path("home/left")));
    with_back_end(
        &t,
        &format!("{LEAVES_SOMEBODY}\nraise ValueError('no files to ship')"),
    );
    let begin = Instant::now();
    let run = t.flavor(["pack", "--manifest", "app"]).fails_with(1);
    assert!(
        run.stderr().contains("ValueError: no files to ship"),
        "{run}"
    );
    assert!(
        begin.elapsed() < Duration::from_mins(1),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn who_is_left_behind_by_a_hook_is_not_waited_for() {
    let t = Test::new();
    t.script("echo ran");
    let hook = "[tool.flavor.build]\npre_build = [[\"sh\", \"-c\", \"sleep 1000 & echo $! > $HOME/left\"]]\n";
    t.manifest(&format!("{PROBE}\n{hook}"));
    let _left = Left(t.path("home/left"));
    let mut command = t.command("sh");
    command
        .args(["-c", "exec \"$0\" pack >out 2>err"])
        .arg(FLAVOR);
    let begin = Instant::now();
    t.run(&mut command).success();
    assert!(
        begin.elapsed() < Duration::from_secs(30),
        "{:?}",
        begin.elapsed()
    );
}

/// The most memory that `flavor` had, in kB, while it ran as this command.
fn memory(t: &Test, arguments: &[&str]) -> (u64, String) {
    let script = "import os, resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=open('out', 'w'), stderr=open('err', 'w')).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let mut command = t.command("python3");
    command.args(["-c", script, FLAVOR]).args(arguments);
    let run = t.run(&mut command).success();
    let most = run
        .line()
        .split(' ')
        .nth(1)
        .and_then(|text| text.parse().ok())
        .expect("a number");
    (
        most,
        std::fs::read_to_string(t.path("err")).expect("what it said"),
    )
}

/// 300 MB, the first and the last line apart.
const SAYS_MUCH: &str = "import sys
print('first line', flush=True)
for _ in range(300): sys.stdout.write(('x' * 99 + '\\n') * 10000)";

#[test]
fn however_much_a_back_end_says_the_pack_stays_small() {
    let t = project(SAYS_MUCH);
    let (most, _) = memory(&t, &["pack", "--manifest", "app"]);
    // The interpreter that is packed, and what compresses it, take most of that.
    assert!(most < 400_000, "{most} kB");
    with_back_end(&t, &format!("{SAYS_MUCH}\nraise ValueError('at last')"));
    let (most, said) = memory(&t, &["pack", "--manifest", "app"]);
    assert!(
        said.contains("ValueError: at last") && said.contains(" bytes of output left out]"),
        "{said}"
    );
    assert!(most < 250_000, "{most} kB");
}

#[test]
fn however_much_an_installer_says_the_pack_stays_small() {
    let mut t = wheelhouse::project();
    let uv = "#!/bin/sh\n[ \"$1\" = --version ] && exec echo uv 0.9.1\nyes progress | head -c 300000000\n\
              echo 'error: no such thing' >&2\nexit 1\n";
    t.set("UV", t.executable("uv", uv));
    let (most, said) = memory(&t, &["pack", "--manifest", "app", "--no-cache"]);
    assert!(said.contains("no such thing"), "{said}");
    assert!(most < 250_000, "{most} kB");
    eventually("nothing is left", || {
        !t.path("cache/build/staging").exists() || t.names("cache/build/staging").is_empty()
    });
}
