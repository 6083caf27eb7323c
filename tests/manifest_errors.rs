//! Manifests that are refused: each kind of error with its code, as `flavor pack` says it.

use std::os::unix::fs::PermissionsExt;

use crate::scene::{Run, Test};

const PROJECT: &str = "[project]\nname = \"app\"\nversion = \"1\"\n";

/// What `pack` says of a project with these lines.
#[track_caller]
fn project(lines: &str) -> Run {
    manifest(&format!("{PROJECT}{lines}\n"))
}

/// What `pack` says of a project with a slot of these lines.
#[track_caller]
fn slot(lines: &str) -> Run {
    let start = "[tool.flavor.execution]\ncommand = [\"{workenv}/data\"]\n";
    project(&format!(
        "{start}[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\n{lines}"
    ))
}

#[track_caller]
fn manifest(text: &str) -> Run {
    let t = Test::new();
    t.file("data", "some");
    t.manifest(text);
    let run = t.flavor(["pack"]);
    assert!(!run.status.success(), "{run}");
    assert!(!t.path("dist/app.psp").exists(), "{run}");
    run
}

#[test]
fn the_file_itself() {
    let t = Test::new();
    snapshot!(t.flavor(["pack"]), @"
    exit: 1
    --- stderr
    error[FLV0201]: cannot read the manifest
      no manifest at `pyproject.toml`
    hint: run in the directory that has a `pyproject.toml`, or name one with `--manifest`
    ");
    std::fs::create_dir_all(t.path("a/pyproject.toml")).expect("a directory");
    snapshot!(t.flavor(["pack", "--manifest", "a"]), @"
    exit: 1
    --- stderr
    error[FLV0202]: cannot read the manifest
      cannot read manifest `a/pyproject.toml`
      Is a directory (os error 21)
    ");
    t.file("b/pyproject.toml", [b"# ", &[0xff][..]].concat());
    snapshot!(t.flavor(["pack", "--manifest", "b"]), @"
    exit: 1
    --- stderr
    error[FLV0203]: cannot read the manifest
      b/pyproject.toml:1: the text is not UTF-8
    hint: save the file as UTF-8, the only encoding of TOML
    ");
    snapshot!(manifest("[project]\nname = \"app\n"), @r#"
    exit: 1
    --- stderr
    error[FLV0204]: cannot read the manifest
      pyproject.toml:2:12: invalid basic string, expected `"`
        |
      2 | name = "app
        |            ^
    "#);
}

#[test]
fn what_a_project_must_say() {
    snapshot!(manifest("[project]\nversion = \"1\"\n"), @r#"
    exit: 1
    --- stderr
    error[FLV0209]: cannot read the manifest
      pyproject.toml: neither `project.name` nor `tool.flavor.package_name` names the package
    hint: add `name = "…"` to `[project]`
    "#);
    snapshot!(manifest("[project]\nname = \"app\"\n"), @r#"
    exit: 1
    --- stderr
    error[FLV0210]: cannot read the manifest
      pyproject.toml: `project.version` is missing, and `project.dynamic` does not list it
    hint: add `version = "0.1.0"` to `[project]`, or `dynamic = ["version"]` if the build back end computes it
    "#);
    snapshot!(project(""), @r#"
    exit: 1
    --- stderr
    error[FLV0211]: cannot read the manifest
      pyproject.toml: no program: neither an entry point nor a script is declared
    hint: add a script, `[project.scripts]` with `app = "app.cli:main"`, or without Python `[tool.flavor.execution]` with `command = ["{workenv}/bin/app"]`
    "#);
    snapshot!(project("dependencies = \"rich\""), @r#"
    exit: 1
    --- stderr
    error[FLV0205]: cannot read the manifest
      pyproject.toml:4:16: `project.dependencies` must be an array of strings, not a string
    hint: put the value in brackets: ["…"]
    "#);
    snapshot!(project("dependencies = [\"rich=>1\"]"), @r#"
    exit: 1
    --- stderr
    error[FLV0213]: cannot read the manifest
      pyproject.toml:4:17: `project.dependencies[0]` has an invalid requirement `rich=>1`: no such comparison operator "=>", must be one of ~= == != <= >= < > ===
    hint: write it like `rich>=13,<15`
    "#);
    snapshot!(project("requires-python = \"3.11+\""), @"
    exit: 1
    --- stderr
    error[FLV0214]: cannot read the manifest
      pyproject.toml:4:19: `project.requires-python` is not a version specifier `3.11+`: Unexpected end of version specifier, expected operator
    hint: write it like `>=3.11` or `>=3.11,<4`
    ");
    snapshot!(project("requires-python = \">=3.12\"\n[tool.flavor.python]\nversion = \"3.11\""), @"
    exit: 1
    --- stderr
    error[FLV0216]: cannot read the manifest
      pyproject.toml:6:11: `tool.flavor.python.version` asks for Python 3.11, but `project.requires-python` is >=3.12
    hint: change one of the two
    ");
    snapshot!(project("[dependency-groups]\na = [{ include-group = \"b\" }]\nb = [{ include-group = \"a\" }]"), @"
    exit: 1
    --- stderr
    error[FLV0218]: cannot read the manifest
      pyproject.toml:6:24: `dependency-groups.b[0].include-group` includes itself: a > b > a
    hint: remove one `include-group`
    ");
}

#[test]
fn the_tables_of_flavor() {
    snapshot!(project("[tool.flavor]\npackage_name = \"../evil\""), @"
    exit: 1
    --- stderr
    error[FLV0212]: cannot read the manifest
      pyproject.toml:5:16: `tool.flavor.package_name` is not a package name: ../evil
    hint: use letters, digits, `.`, `-` and `_`, beginning with a letter or a digit, at most 128
    ");
    snapshot!(project("[tool.flavor]\nversion = \"one\""), @"
    exit: 1
    --- stderr
    error[FLV0215]: cannot read the manifest
      pyproject.toml:5:11: `tool.flavor.version` is not a version: one
    hint: write it like `1.2.0` or `1.2.0rc1`
    ");
    snapshot!(project("[tool.flavor]\nentry_point = \"hello.cli\""), @r#"
    exit: 1
    --- stderr
    error[FLV0217]: cannot read the manifest
      pyproject.toml:5:15: `tool.flavor.entry_point` is not of the form `module:function`: hello.cli
    hint: name a module and a function in it, such as `entry_point = "hello.cli:main"`
    "#);
    snapshot!(project("[tool.flavor.build]\ncompress = 11"), @"
    exit: 1
    --- stderr
    error[FLV0206]: cannot read the manifest
      pyproject.toml:5:12: `tool.flavor.build.compress` must be 0 to 9: 11
    ");
    snapshot!(project("[tool.flavor.execution]\ncommand = \"run 'it\""), @r#"
    exit: 1
    --- stderr
    error[FLV0231]: cannot read the manifest
      pyproject.toml:5:11: `tool.flavor.execution.command` has an unterminated quote: run 'it
    hint: close it, or write the words as an array: ["…", "…"]
    "#);
    snapshot!(slot("[tool.flavor.build]\nexclude = [\"[z-a]\"]"), @"
    exit: 1
    --- stderr
    error[FLV0232]: cannot pack `pyproject.toml`
      `[z-a]` under `[tool.flavor.build]` is not a pattern as in .gitignore
    ");
    snapshot!(slot("[tool.flavor.policy]\nmax_age_days = 30"), @"
    exit: 1
    --- stderr
    error[FLV0233]: cannot pack `pyproject.toml`
      `tool.flavor.policy.max_age_days` needs a build time to count from
    hint: set SOURCE_DATE_EPOCH, as in SOURCE_DATE_EPOCH=$(date +%s) flavor pack
    ");
}

#[test]
fn operations() {
    snapshot!(slot("operations = [\"tar\", \"zsdt\"]"), @"
    exit: 1
    --- stderr
    error[FLV0207]: cannot read the manifest
      pyproject.toml:9:22: `tool.flavor.slots.entries[0].operations[1]` names an unknown operation: zsdt
    hint: did you mean `zstd`?
    ");
    snapshot!(slot("operations = [\"tar\", \"bzip2\"]"), @"
    exit: 1
    --- stderr
    error[FLV0219]: cannot read the manifest
      pyproject.toml:9:22: `tool.flavor.slots.entries[0].operations[1]` uses bzip2, which is not supported
    hint: `xz` is smaller and `zstd` is faster; both are always available
    ");
    snapshot!(slot("operations = [\"zstd:23\"]"), @"
    exit: 1
    --- stderr
    error[FLV0220]: cannot read the manifest
      pyproject.toml:9:15: `tool.flavor.slots.entries[0].operations[0]` gives `zstd` the level `23`
    hint: `zstd` takes 1 to 22
    ");
    snapshot!(slot("operations = \"xz|xz|xz|xz|xz|xz|xz|xz|xz\""), @"
    exit: 1
    --- stderr
    error[FLV0221]: cannot read the manifest
      pyproject.toml:9:14: `tool.flavor.slots.entries[0].operations` has 9 operations, more than 8
    ");
    snapshot!(slot("operations = [\"gzip\", \"tar\"]"), @r#"
    exit: 1
    --- stderr
    error[FLV0222]: cannot read the manifest
      pyproject.toml:9:14: `tool.flavor.slots.entries[0].operations` has `tar` after another operation
    hint: `tar` comes first: `["tar", "zstd"]`
    "#);
    snapshot!(slot("operations = [\"raw\", \"gzip\"]"), @"
    exit: 1
    --- stderr
    error[FLV0223]: cannot read the manifest
      pyproject.toml:9:14: `tool.flavor.slots.entries[0].operations` combines `raw` with another operation
    hint: `raw` stores the bytes as they are; remove it or the other operations
    ");
    snapshot!(slot("operations = [\"gzip\", \"xz\"]"), @r#"
    exit: 1
    --- stderr
    error[FLV0405]: cannot pack `pyproject.toml`
      slot `data`: `gzip` and `xz` are both codecs; only one is allowed
    hint: use one of gzip, xz and zstd, after `tar` for a directory: `operations = ["tar", "gzip"]`
    "#);
}

#[test]
fn slots() {
    snapshot!(project("[tool.flavor]\nentry_point = \"a:b\"\n[[tool.flavor.slots]]\nname = \"data\""), @r#"
    exit: 1
    --- stderr
    error[FLV0208]: cannot read the manifest
      pyproject.toml:6:1: `tool.flavor.slots[0]` needs `source`
    hint: add `source = "…"` to the table
    "#);
    snapshot!(project("[tool.flavor]\nentry_point = \"a:b\"\n[[tool.flavor.slots]]\nname = \"deps\"\nsource = \"data\""), @"
    exit: 1
    --- stderr
    error[FLV0229]: cannot read the manifest
      pyproject.toml:7:8: `tool.flavor.slots[0].name` is reserved in a Python package: deps
    hint: choose another name
    ");
    snapshot!(slot("id = \"other\""), @"
    exit: 1
    --- stderr
    error[FLV0228]: cannot read the manifest
      pyproject.toml:9:6: `tool.flavor.slots.entries[0].id` gives the slot two names, `other` and `data`
    hint: `id` and `name` mean the same; keep one
    ");
    snapshot!(slot("[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\""), @"
    exit: 1
    --- stderr
    error[FLV0230]: cannot read the manifest
      pyproject.toml:10:8: `tool.flavor.slots.entries[1].name` is the name of an earlier slot (line 6): data
    hint: choose another name
    ");
    snapshot!(slot("permissions = \"4755\""), @"
    exit: 1
    --- stderr
    error[FLV0224]: cannot read the manifest
      pyproject.toml:9:15: `tool.flavor.slots.entries[0].permissions` sets more than read, write and execute: 4755
    hint: set-uid, set-gid and sticky bits are not packaged
    ");
    snapshot!(slot("target = \"../../etc/passwd\""), @"
    exit: 1
    --- stderr
    error[FLV0225]: cannot read the manifest
      pyproject.toml:9:10: `tool.flavor.slots.entries[0].target` is outside the work environment: ../../etc/passwd
    hint: write it relative to the work environment: `{workenv}/data`
    ");
    snapshot!(slot("target = \"{workenv}/.flavor/key\""), @"
    exit: 1
    --- stderr
    error[FLV0226]: cannot read the manifest
      pyproject.toml:9:10: `tool.flavor.slots.entries[0].target` is below `.flavor`, which is reserved: {workenv}/.flavor/key
    hint: choose another name
    ");
    snapshot!(slot("target = \"{workenv}/{package_name}/f\""), @"
    exit: 1
    --- stderr
    error[FLV0227]: cannot read the manifest
      pyproject.toml:9:10: `tool.flavor.slots.entries[0].target` has the placeholder `{package_name}`, which is not expanded here
    hint: only `{workenv}` is expanded in a target
    ");
}

#[test]
fn warnings() {
    let t = Test::new();
    t.script("true");
    t.manifest(&crate::scene::PROBE.replace(
        "operations",
        "purpose = \"dta\"\noperation = [\"raw\"]\noperations",
    ));
    let run = t.flavor(["pack"]).success();
    let first: Vec<&str> = run.stderr().lines().take(4).collect();
    insta::assert_snapshot!(first.join("\n"), @"
    warning[FLV0241]: pyproject.toml:12:11: `tool.flavor.slots.entries[0].purpose` is not a known purpose: dta
    hint: did you mean `data`?
    warning[FLV0240]: pyproject.toml:13:1: `tool.flavor.slots.entries[0].operation` is not a known key and has no effect
    hint: did you mean `operations`?
    ");
}

#[test]
fn sources_of_slots() {
    let t = Test::new();
    let probe = |t: &Test, lines: &str| {
        t.manifest(&crate::scene::PROBE.replace("operations = [\"raw\"]", lines))
            .flavor(["pack"])
    };
    snapshot!(probe(&t, ""), @"
    exit: 1
    --- stderr
    error[FLV0401]: cannot pack `pyproject.toml`
      slot `script` (line 9): the source `./probe.sh` does not exist
    hint: sources are relative to the directory of pyproject.toml
    ");
    t.call("mkfifo", ["probe.sh"]).success();
    snapshot!(probe(&t, ""), @"
    exit: 1
    --- stderr
    error[FLV0421]: cannot pack `pyproject.toml`
      cannot encode slot `script`
      `./probe.sh` is a device, socket or pipe
    hint: leave it out of the slot's source
    ");
    std::fs::remove_file(t.path("probe.sh")).expect("removed");
    std::fs::create_dir(t.path("probe.sh")).expect("a directory");
    snapshot!(probe(&t, "operations = [\"zstd\"]"), @r#"
    exit: 1
    --- stderr
    error[FLV0424]: cannot pack `pyproject.toml`
      cannot encode slot `script`
      `./probe.sh` is a directory, and the operations have no `tar`
    hint: write `operations = ["tar", "zstd"]`
    "#);
    std::os::unix::fs::symlink("/etc/passwd", t.path("probe.sh/link")).expect("a link");
    snapshot!(probe(&t, ""), @"
    exit: 1
    --- stderr
    error[FLV0422]: cannot pack `pyproject.toml`
      cannot encode slot `script`
      the link `./probe.sh/link` points to `/etc/passwd`, outside the packed tree
    hint: replace the link by a copy, or widen the slot's source
    ");
    std::fs::remove_file(t.path("probe.sh/link")).expect("removed");
    std::fs::write(t.path("probe.sh/file"), "").expect("a file");
    std::fs::set_permissions(
        t.path("probe.sh/file"),
        std::fs::Permissions::from_mode(0o644),
    )
    .expect("mode");
    std::fs::create_dir_all(t.path("dist/probe.psp")).expect("a directory");
    snapshot!(probe(&t, ""), @"
    exit: 1
    --- stderr
    error[FLV0408]: cannot pack `pyproject.toml`
      `./dist/probe.psp` exists and is not a package; it is not replaced
    hint: choose another file with --output
    ");
}
