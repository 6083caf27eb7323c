//! What can be wrong with interpreters, dependencies and a project's own build: each kind with its code.

use crate::interpreter::Interpreter;
use crate::scene::{FLAVOR, Run, Test};
use crate::wheelhouse;

/// A project of one module, with these lines behind `[project]`.
fn project(t: &Test, lines: &str) {
    t.file("app.py", "def main():\n    print('ran')\n");
    t.manifest(&format!(
        "[project]\nname = \"app\"\nversion = \"1.0\"\n{lines}\n[project.scripts]\napp = \"app:main\"\n[build-system]\n\
         requires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n"
    ));
}

/// The back end of [`project`], with this in the function that makes the wheel.
fn backend(t: &Test, body: &str) {
    t.file(
        "backend.py",
        format!("import os, sys, zipfile\ndef build_wheel(directory, settings=None, metadata=None):\n    {body}\n"),
    );
}

/// What `pack` says, without what differs from one machine to the next.
fn pack(t: &Test, options: &[&str]) -> String {
    let run = t.flavor([&["pack", "--quiet"], options].concat());
    assert!(!run.status.success(), "{run}");
    said(&run)
}

fn said(run: &Run) -> String {
    let text = run.to_string();
    let lines = text
        .lines()
        .filter(|line| !line.contains("Traceback") && !line.contains("File \""));
    let lines = lines.map(|line| match line.split_once("/staging/") {
        // Every pack has a place of its own there.
        Some((before, after)) => format!(
            "{before}/staging/[NAME]/{}",
            after.split_once('/').expect("a path").1
        ),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// An interpreter that answers questions about itself as the system's, but for what `sed` makes of it.
fn pretender(t: &Test, script: &str) {
    t.executable(
        "python",
        format!("#!/bin/sh\n/usr/bin/python3 \"$@\" | sed '{script}'\n"),
    );
}

#[test]
fn interpreters() {
    let t = Test::new();
    project(&t, "requires-python = \">=3.12\"");
    insta::assert_snapshot!(pack(&t, &["--python", "/usr/bin/python3"]), @"
    exit: 1
    --- stderr
    error[FLV0305]: cannot pack `pyproject.toml`
      `/usr/bin/python3` is cpython 3.11.2; the project needs CPython >=3.12
    hint: omit `--python` to search for one, or change `requires-python`
    ");
    project(&t, "");
    t.executable("stopped", [0x7f, b'E', b'L', b'F', 0, 0, 0, 0]);
    insta::assert_snapshot!(pack(&t, &["--python", "./stopped"]), @"
    exit: 1
    --- stderr
    error[FLV0306]: cannot pack `pyproject.toml`
      cannot start `[ROOT]/stopped`
      Exec format error (os error 8)
    ");
    let t = wheelhouse::project();
    pretender(&t, "s|\"stdlib\": \"[^\"]*\"|\"stdlib\": \"/nowhere\"|");
    insta::assert_snapshot!(pack(&t, &["--manifest", "app", "--python", "./python"]), @"
    exit: 1
    --- stderr
    error[FLV0315]: cannot pack `app/pyproject.toml`
      cannot make the interpreter relocatable
      `/nowhere` is not a Python standard library
    ");
    t.file(
        "app/pyproject.toml",
        format!(
            "{}\n[tool.flavor.python]\ninclude = [\"nonsense\"]\n",
            wheelhouse::MANIFEST
        ),
    );
    insta::assert_snapshot!(pack(&t, &["--manifest", "app"]), @"
    exit: 1
    --- stderr
    error[FLV0316]: cannot pack `app/pyproject.toml`
      cannot make the interpreter relocatable
      `nonsense` is neither a part that slim leaves out nor a module of the standard library
    ");
}

#[test]
fn something_to_install_with() {
    let t = Test::new();
    project(&t, "dependencies = [\"click\"]");
    let python = Interpreter::Pyenv(13).executable();
    let pip = python
        .ancestors()
        .nth(2)
        .expect("a prefix")
        .join("lib/python3.13/site-packages/pip");
    std::fs::create_dir(t.path("empty")).expect("a directory");
    let mount = "mount --bind empty \"$1\" && exec \"$0\" pack --quiet --python \"$2\"";
    let mut command = t.command("unshare");
    command
        .args(["--mount", "sh", "-c", mount, FLAVOR])
        .arg(pip)
        .arg(python)
        .env("PATH", "/usr/bin:/bin");
    let run = t.run(&mut command);
    let home = Interpreter::Pyenv(13)
        .executable()
        .ancestors()
        .nth(2)
        .expect("a prefix")
        .display()
        .to_string();
    insta::assert_snapshot!(said(&run).replace(&home, "/opt/python"), @"
    exit: 1
    --- stderr
    error[FLV0307]: cannot pack `pyproject.toml`
      no uv and no pip to install with, for `/opt/python/bin/python3.13`
    hint: put `uv` on PATH, or give the interpreter pip: `/opt/python/bin/python3.13 -m ensurepip`
    ");
}

#[test]
fn dependencies() {
    let t = wheelhouse::project();
    let more = "[tool.flavor.build]\ndependencies = [\"greeting>3\"]\n";
    t.file(
        "app/pyproject.toml",
        format!("{}\n{more}", wheelhouse::MANIFEST),
    );
    insta::assert_snapshot!(pack(&t, &["--manifest", "app"]), @"
    exit: 4
    --- stderr
    error[FLV0310]: cannot pack `app/pyproject.toml`
      cannot install `greeting>=2`
        pip: Cannot install greeting>3 and greeting>=2 because these package versions have conflicting dependencies.
        pip: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/#dealing-with-dependency-conflicts
    hint: the network is not used: add a directory that has the wheel with `--find-links DIR`
    ");
    t.file("app/pyproject.toml", wheelhouse::MANIFEST);
    t.file("app/pylock.toml", "lock-version = \"9.9\"\n");
    insta::assert_snapshot!(pack(&t, &["--manifest", "app"]), @"
    exit: 4
    --- stderr
    error[FLV0314]: cannot pack `app/pyproject.toml`
      cannot use the lock file `[ROOT]/app/pylock.toml`
        lock: unknown lock-version 9.9
    hint: create it again, for example with `uv lock`
    ");
}

#[test]
fn the_projects_own_build() {
    let t = Test::new();
    project(&t, "");
    backend(&t, "raise SystemExit('no files to ship')");
    insta::assert_snapshot!(pack(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0311]: cannot pack `pyproject.toml`
      cannot build the wheel of the project in `.`
        build: no files to ship
    hint: `python -m pip wheel --no-deps .` in the project shows the build's whole output
    ");
    backend(&t, "return 'nothing.whl'");
    insta::assert_snapshot!(pack(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0312]: cannot pack `pyproject.toml`
      the build back end of the project in `.` built no wheel
    hint: check `[build-system]` in `pyproject.toml`
    ");
    backend(
        &t,
        "open(os.path.join(directory, 'app-1.0-py3-none-any.whl'), 'w').write('no archive'); return 'app-1.0-py3-none-any.whl'",
    );
    insta::assert_snapshot!(pack(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0313]: cannot pack `pyproject.toml`
      cannot unpack the wheel `[ROOT]/cache/build/staging/[NAME]/project-wheel/app-1.0-py3-none-any.whl`: it is not a complete zip archive
    hint: the wheel is damaged or violates PEP 427; download or build it again
    ");
}

#[test]
fn a_target_that_belongs_to_the_virtual_environment() {
    let t = wheelhouse::project();
    let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("the manifest");
    let slot = "[[tool.flavor.slots.entries]]\nname = \"own\"\nsource = \"pyproject.toml\"\noperations = [\"raw\"]\ntarget = \"pyvenv.cfg\"\n";
    t.file("app/pyproject.toml", format!("{manifest}\n{slot}"));
    insta::assert_snapshot!(pack(&t, &["--manifest", "app"]), @"
    exit: 1
    --- stderr
    error[FLV0407]: cannot pack `app/pyproject.toml`
      slot `own`: the target `{workenv}/pyvenv.cfg` is reserved for the virtual environment
    hint: give one of them another `target`
    ");
}

#[test]
fn mistakes_in_what_is_required_are_named_where_they_stand() {
    let mut t = wheelhouse::project();
    t.file("src/__main__.py", "");
    t.file(
        "src/requirements.txt",
        "# wishes\n-r more.txt\ngreeting ; python_version > '3'\n",
    );
    t.file("src/more.txt", "greeting>=1 # and so on\n\ngreeting>=one\n");
    snapshot!(t.flavor(["pack", "-q", "src"]), @"
    exit: 4
    --- stderr
    error[FLV0213]: cannot pack `src`
      [ROOT]/src/more.txt:3: `greeting>=one` is not a valid requirement: expected version to start with a number, but no leading ASCII digits were found
    hint: write it like `rich>=13,<15`, one a line
    ");
    t.file("src/more.txt", "greeting\n");
    t.flavor(["pack", "-q", "src"]).success();
    snapshot!(t.flavor(["pack", "-q", "app", "--find-links", "nodir"]), @"
    exit: 4
    --- stderr
    error[FLV0320]: cannot pack `app/pyproject.toml`
      the find-links directory `nodir` does not exist
    hint: `--find-links` takes a directory of distributions, or a URL
    ");
    snapshot!(t.flavor(["pack", "-q", "app", "--index-url", "nowhere"]), @"
    exit: 4
    --- stderr
    error[FLV0320]: cannot pack `app/pyproject.toml`
      the index `nowhere` is neither a URL nor a directory
    hint: write it as in `--index-url https://host/simple`
    ");
    for variable in ["PIP_NO_INDEX", "PIP_FIND_LINKS"] {
        t.unset(variable);
    }
    // pip says why only when it tries again.
    t.set("PIP_RETRIES", "1");
    let run = t.flavor([
        "pack",
        "-q",
        "src",
        "--no-cache",
        "--index-url",
        "http://me:secret@127.0.0.1:9/simple",
    ]);
    let run = run.fails_with(4);
    let hint = "hint: `http://****@127.0.0.1:9/simple` does not respond: check the URL (`--index-url`) and the network";
    assert!(
        run.stderr().contains(hint) && !run.stderr().contains("secret"),
        "{run}"
    );
}

#[test]
fn a_full_disk_is_not_blamed_on_a_requirement() {
    let mut t = wheelhouse::project();
    let answer = "[ \"$1\" = --version ] && echo 'uv 0.9.1' && exit";
    let words =
        "echo 'error: Failed to write to `x`: No space left on device (os error 28)' >&2; exit 2";
    t.executable("tools/uv", format!("#!/bin/sh\n{answer}\n{words}\n"));
    let tools = t.path("tools");
    t.prepend_path(&tools);
    snapshot!(t.flavor(["pack", "-q", "app"]), @"
    exit: 1
    --- stderr
    error[FLV0903]: cannot pack `app/pyproject.toml`
      not enough space for the distributions
        uv: Failed to write to `x`: No space left on device (os error 28)
    hint: free space, or choose another directory with TMPDIR, FLAVOR_CACHE_DIR or the installer's own variable
    ");
}
