//! What is wrong is named, with its cause and remedy; the exit code says of what kind it is; nothing half-made is left.

use std::os::unix::fs::PermissionsExt;

use crate::scene::{PROBE, Run, Test};

/// Packs and fails: nothing new is in the directory afterwards.
#[track_caller]
fn refused(t: &Test, arguments: &[&str]) -> Run {
    let project = |t: &Test| {
        let names = t.names("");
        names
            .into_iter()
            .filter(|name| !name.starts_with("home") && !name.starts_with("cache"))
            .collect::<Vec<_>>()
    };
    let before = project(t);
    let run = t.flavor([&["pack"], arguments].concat());
    assert!(!run.status.success(), "{run}");
    let left: Vec<_> = project(t)
        .into_iter()
        .filter(|name| !before.contains(name) && name != "dist")
        .collect();
    assert_eq!(left, [""; 0], "left behind\n{run}");
    run
}

/// A project of Python with these lines in `[project]`, beside a name and a version.
fn python_project(t: &Test, lines: &str) {
    t.file("app.py", "def main():\n    print('ran')\n");
    t.manifest(&format!(
        r#"
[build-system]
requires = ["setuptools>=69"]
build-backend = "setuptools.build_meta"
[project]
name = "app"
version = "1.0"
{lines}
[tool.setuptools]
py-modules = ["app"]
"#
    ));
}

#[test]
fn no_pyproject() {
    let t = Test::new();
    snapshot!(refused(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0201]: cannot read the manifest
      no manifest at `pyproject.toml`
    hint: run in the directory that has a `pyproject.toml`, or name one with `--manifest`
    ");
    snapshot!(refused(&t, &["--manifest", "nowhere/pyproject.toml"]), @"
    exit: 1
    --- stderr
    error[FLV0201]: cannot read the manifest
      no manifest at `nowhere/pyproject.toml`
    hint: run in the directory that has a `pyproject.toml`, or name one with `--manifest`
    ");
}

#[test]
fn broken_toml() {
    let t = Test::new();
    t.manifest("[project]\nname = \"x\nversion = \"1\"\n");
    snapshot!(refused(&t, &[]), @r#"
    exit: 1
    --- stderr
    error[FLV0204]: cannot read the manifest
      pyproject.toml:2:10: invalid basic string, expected `"`
        |
      2 | name = "x
        |          ^
    "#);
}

#[test]
fn a_manifest_that_is_not_text() {
    let t = Test::new();
    t.file("pyproject.toml", b"[project]\nname = \"\xff\"\n");
    snapshot!(refused(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0203]: cannot read the manifest
      pyproject.toml:2: the text is not UTF-8
    hint: save the file as UTF-8, the only encoding of TOML
    ");
}

#[test]
fn a_wrong_type() {
    let t = Test::new();
    t.manifest("[project]\nname = \"x\"\nversion = 1\n");
    snapshot!(refused(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0205]: cannot read the manifest
      pyproject.toml:3:11: `project.version` must be a string, not a number
    hint: put the value in quotes
    ");
}

#[test]
fn nothing_to_run() {
    let t = Test::new();
    t.manifest("[project]\nname = \"My-App\"\nversion = \"1\"\n");
    snapshot!(refused(&t, &[]), @r#"
    exit: 1
    --- stderr
    error[FLV0211]: cannot read the manifest
      pyproject.toml: no program: neither an entry point nor a script is declared
    hint: add a script, `[project.scripts]` with `My-App = "my_app.cli:main"`, or without Python `[tool.flavor.execution]` with `command = ["{workenv}/bin/My-App"]`
    "#);
}

#[test]
fn an_unknown_operation() {
    let t = Test::new();
    t.script("true")
        .manifest(&PROBE.replace("[\"raw\"]", "[\"zstandard\"]"));
    snapshot!(refused(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0207]: cannot read the manifest
      pyproject.toml:12:15: `tool.flavor.slots.entries[0].operations[0]` names an unknown operation: zstandard
    hint: known: raw, tar, gzip, xz, zstd
    ");
}

#[test]
fn a_chain_that_makes_no_sense() {
    let t = Test::new();
    t.script("true")
        .manifest(&PROBE.replace("[\"raw\"]", "[\"gzip\", \"tar\"]"));
    snapshot!(refused(&t, &[]), @r#"
    exit: 1
    --- stderr
    error[FLV0222]: cannot read the manifest
      pyproject.toml:12:14: `tool.flavor.slots.entries[0].operations` has `tar` after another operation
    hint: `tar` comes first: `["tar", "zstd"]`
    "#);
    t.manifest(&PROBE.replace("[\"raw\"]", "[\"zstd:99\"]"));
    snapshot!(refused(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0220]: cannot read the manifest
      pyproject.toml:12:15: `tool.flavor.slots.entries[0].operations[0]` gives `zstd` the level `99`
    hint: `zstd` takes 1 to 22
    ");
}

#[test]
fn a_missing_source() {
    let t = Test::new();
    t.manifest(PROBE);
    snapshot!(refused(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0401]: cannot pack `pyproject.toml`
      slot `script` (line 9): the source `./probe.sh` does not exist
    hint: sources are relative to the directory of pyproject.toml
    ");
}

#[test]
fn a_tree_without_tar() {
    let t = Test::new();
    t.file("probe.sh/inside", "");
    t.manifest(PROBE);
    snapshot!(refused(&t, &[]), @r#"
    exit: 1
    --- stderr
    error[FLV0424]: cannot pack `pyproject.toml`
      cannot encode slot `script`
      `./probe.sh` is a directory, and the operations have no `tar`
    hint: write `operations = ["tar", "zstd"]`
    "#);
}

#[test]
fn a_target_outside() {
    let t = Test::new();
    t.script("true")
        .manifest(&PROBE.replace("bin/probe\"\nperm", "../../probe\"\nperm"));
    snapshot!(refused(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0225]: cannot read the manifest
      pyproject.toml:13:10: `tool.flavor.slots.entries[0].target` is outside the work environment: ../../probe
    hint: write it relative to the work environment: `{workenv}/data`
    ");
}

#[test]
fn a_pipe_in_a_tree() {
    let t = Test::new();
    t.file("tree/file", "");
    t.call("mkfifo", ["tree/pipe"]).success();
    t.manifest(
        "[project]\nname = \"x\"\nversion = \"1\"\n[tool.flavor.execution]\ncommand = \"/bin/true\"\n\
         [[tool.flavor.slots.entries]]\nname = \"tree\"\nsource = \"tree\"\n",
    );
    snapshot!(refused(&t, &[]), @"
    exit: 1
    --- stderr
    error[FLV0421]: cannot pack `pyproject.toml`
      cannot encode slot `tree`
      `./tree/pipe` is a device, socket or pipe
    hint: leave it out of the slot's source
    ");
}

#[test]
fn an_unsatisfiable_dependency() {
    let t = Test::new();
    python_project(
        &t,
        "dependencies = [\"click==0.0.99\"]\n[project.scripts]\napp = \"app:main\"",
    );
    let run = refused(&t, &[]).fails_with(4);
    let said = run.stderr();
    assert!(
        said.contains(
            "\nerror[FLV0310]: cannot pack `pyproject.toml`\n  cannot install `click==0.0.99`\n"
        ),
        "{said}"
    );
    assert!(
        said.contains("\nhint: check the name and the version"),
        "{said}"
    );
    assert!(!said.contains("Traceback"), "{said}");
}

#[test]
fn a_dependency_without_the_network() {
    let t = Test::new();
    python_project(
        &t,
        "dependencies = [\"click\"]\n[project.scripts]\napp = \"app:main\"",
    );
    std::fs::create_dir(t.path("wheels")).expect("a directory");
    let run = refused(&t, &["--offline", "--find-links", "wheels"]).fails_with(4);
    assert!(run.stderr().contains("the network is not used"), "{run}");
}

#[test]
fn no_interpreter_of_the_required_version() {
    let mut t = Test::new();
    python_project(
        &t,
        "requires-python = \">=3.99\"\n[project.scripts]\napp = \"app:main\"",
    );
    // A machine without any.
    t.set("PYENV_ROOT", t.path("none"));
    t.set("PATH", "/nowhere");
    let run = refused(&t, &[]).fails_with(1);
    let said: Vec<_> = run
        .stderr()
        .lines()
        .filter(|line| !line.starts_with("  3.") && !line.starts_with("made your signing key"))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @"
    error[FLV0301]: cannot pack `pyproject.toml`
      no CPython interpreter fits `>=3.99`; found:
        3.11.2 at `/usr/bin/python3`
    hint: get one with `uv python install 3.99`, or name one with `--python PATH`
    ");
}

#[test]
fn an_interpreter_that_is_none() {
    let t = Test::new();
    python_project(&t, "[project.scripts]\napp = \"app:main\"");
    snapshot!(refused(&t, &["--python", "/nowhere/python"]), @"
    exit: 1
    --- stderr
    error[FLV0303]: cannot pack `pyproject.toml`
      there is no interpreter at `/nowhere/python`
    hint: name an executable or the directory that has it in `bin`, or a version as in `3.13`
    ");
    snapshot!(refused(&t, &["--python", "/bin/true"]), @"
    exit: 1
    --- stderr
    error[FLV0304]: cannot pack `pyproject.toml`
      `/bin/true` is not a usable Python interpreter: it did not answer the probe
    hint: name an executable or the directory that has it in `bin`, or a version as in `3.13`
    ");
    snapshot!(refused(&t, &["--python", "not-a-version"]), @"
    exit: 1
    --- stderr
    error[FLV0302]: cannot pack `pyproject.toml`
      `not-a-version` is neither a path nor a version of CPython
    hint: use a path, a version as in `3.13`, or a specifier as in `>=3.11`
    ");
}

#[test]
fn an_interpreter_that_the_project_does_not_take() {
    let t = Test::new();
    python_project(
        &t,
        "requires-python = \">=3.12\"\n[project.scripts]\napp = \"app:main\"",
    );
    let run = refused(&t, &["--python", "/usr/bin/python3"]).fails_with(1);
    assert!(
        run.stderr().contains("the project needs CPython >=3.12"),
        "{run}"
    );
}

#[test]
fn a_project_that_does_not_build() {
    let t = Test::new();
    python_project(&t, "[project.scripts]\napp = \"app:main\"");
    std::fs::remove_file(t.path("app.py")).expect("removed");
    t.file("setup.py", "raise SystemExit('this project is broken')");
    let run = refused(&t, &[]).fails_with(1);
    assert!(run.stderr().contains("this project is broken"), "{run}");
}

#[test]
fn an_output_that_cannot_be_written() {
    let t = Test::new();
    t.script("true");
    t.file("file", "in the way");
    snapshot!(refused(&t, &["--output", "file/x.psp"]), @"
    exit: 1
    --- stderr
    error[FLV0904]: cannot pack `pyproject.toml`
      cannot create directory `file`
      File exists (os error 17)
    ");
    std::fs::create_dir(t.path("taken.psp")).expect("a directory");
    snapshot!(refused(&t, &["--output", "taken.psp"]), @"
    exit: 1
    --- stderr
    error[FLV0408]: cannot pack `pyproject.toml`
      `taken.psp` exists and is not a package; it is not replaced
    hint: choose another file with --output
    ");
}

#[test]
fn a_directory_that_may_not_be_written() {
    let mut t = Test::new();
    t.script("true");
    std::fs::create_dir(t.path("closed")).expect("a directory");
    // The superuser writes anywhere, so another user packs.
    t.call("chmod", ["-R", "a+rX", "."]).success();
    t.call("chmod", ["755", "closed"]).success();
    t.set("FLAVOR_CACHE_DIR", "/nowhere");
    let copy = t.copy(crate::scene::FLAVOR.as_ref(), "flavor");
    let arguments = [
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        copy.to_str().expect("UTF-8"),
        "pack",
        "--key-seed",
        "s",
    ];
    let run = t
        .call(
            "setpriv",
            arguments.into_iter().chain(["--output", "closed/x.psp"]),
        )
        .fails_with(1);
    snapshot!(run, @"
    exit: 1
    --- stderr
    error[FLV0902]: cannot pack `pyproject.toml`
      cannot write to directory `closed`
      Permission denied (os error 13)
    ");
    assert_eq!(t.names("closed"), [""; 0]);
}

#[test]
fn a_failed_pack_leaves_the_older_package() {
    let t = Test::new();
    let package = t.script("echo old").pack();
    std::fs::remove_file(t.path("probe.sh")).expect("removed");
    t.flavor(["pack"]).fails_with(1);
    assert_eq!(t.call(package, [""; 0]).silent().line(), "old");
    assert_eq!(t.names("dist"), ["probe.psp"]);
}

#[test]
fn inspect_of_what_is_no_package() {
    let t = Test::new();
    t.file("empty", "");
    t.file("short", "hello");
    t.file("foreign", vec![7; 100_000]);
    t.call("mkfifo", ["pipe"]).success();
    snapshot!(t.flavor(["inspect", "empty"]), @"
    exit: 3
    --- stderr
    error[FLV0601]: cannot open package `empty`
      the file has 0 bytes; a package has at least 8200
    hint: it may be truncated, or not a package: `flavor pack` prints the size of each package it writes
    ");
    snapshot!(t.flavor(["inspect", "short"]), @"
    exit: 3
    --- stderr
    error[FLV0601]: cannot open package `short`
      the file has 5 bytes; a package has at least 8200
    hint: it may be truncated, or not a package: `flavor pack` prints the size of each package it writes
    ");
    snapshot!(t.flavor(["inspect", "foreign"]), @"
    exit: 3
    --- stderr
    error[FLV0601]: cannot open package `foreign`
      no package trailer at the end of the file
    hint: it may be truncated, or not a package: `flavor pack` prints the size of each package it writes
    ");
    snapshot!(t.flavor(["inspect", "pipe"]), @"
    exit: 1
    --- stderr
    error[FLV0616]: cannot open package `pipe`
      `pipe` is not a regular file
    ");
    snapshot!(t.flavor(["inspect", "/dev/null"]), @"
    exit: 1
    --- stderr
    error[FLV0616]: cannot open package `/dev/null`
      `/dev/null` is not a regular file
    ");
    snapshot!(t.flavor(["inspect", "."]), @"
    exit: 1
    --- stderr
    error[FLV0616]: cannot open package `.`
      `.` is not a regular file
    ");
    snapshot!(t.flavor(["inspect", "nothing"]), @"
    exit: 1
    --- stderr
    error[FLV0901]: cannot open package `nothing`
      cannot open `nothing`
      No such file or directory (os error 2)
    ");
}

#[test]
fn a_package_that_may_not_be_read() {
    let t = Test::new();
    let package = t.script("true").pack();
    std::fs::set_permissions(&package, std::fs::Permissions::from_mode(0o000)).expect("mode");
    t.call("chmod", ["a+rx", "."]).success();
    let copy = t.copy(crate::scene::FLAVOR.as_ref(), "flavor");
    let arguments = [
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        copy.to_str().expect("UTF-8"),
        "inspect",
    ];
    let run = t.call("setpriv", arguments.into_iter().chain(["dist/probe.psp"]));
    snapshot!(run, @"
    exit: 1
    --- stderr
    error[FLV0902]: cannot open package `dist/probe.psp`
      cannot open `dist/probe.psp`
      Permission denied (os error 13)
    ");
}

#[test]
fn wrong_usage() {
    let t = Test::new();
    snapshot!(t.flavor(["pakc"]), @"
    exit: 2
    --- stderr
    error[FLV0101]: unrecognized subcommand 'pakc'

      hint: a similar subcommand exists: 'pack'

    Usage: flavor [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    t.flavor(["pack", "--no-such-option"]).fails_with(2);
    t.flavor(["inspect"]).fails_with(2);
    t.flavor(["pack", "--key-seed", "s", "--private-key", "k"])
        .fails_with(2);
    t.flavor(["pack", "--public-key", "k"]).fails_with(2);
}

#[test]
fn text_from_a_manifest_does_not_reach_the_terminal_raw() {
    let t = Test::new();
    t.manifest("[project]\nname = \"a\\u001b[31mred\"\nversion = \"1\"\n");
    let run = refused(&t, &[]);
    assert!(!run.stderr.contains(&0x1b), "{run}");
}
