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
    project(&format!("{start}[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\n{lines}"))
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
    snapshot!(t.flavor(["pack"]), @"");
    std::fs::create_dir_all(t.path("a/pyproject.toml")).expect("a directory");
    snapshot!(t.flavor(["pack", "--manifest", "a"]), @"");
    t.file("b/pyproject.toml", [b"# ", &[0xff][..]].concat());
    snapshot!(t.flavor(["pack", "--manifest", "b"]), @"");
    snapshot!(manifest("[project]\nname = \"app\n"), @"");
}

#[test]
fn what_a_project_must_say() {
    snapshot!(manifest("[project]\nversion = \"1\"\n"), @"");
    snapshot!(manifest("[project]\nname = \"app\"\n"), @"");
    snapshot!(project(""), @"");
    snapshot!(project("dependencies = \"rich\""), @"");
    snapshot!(project("dependencies = [\"rich=>1\"]"), @"");
    snapshot!(project("requires-python = \"3.11+\""), @"");
    snapshot!(project("requires-python = \">=3.12\"\n[tool.flavor.python]\nversion = \"3.11\""), @"");
    snapshot!(project("[dependency-groups]\na = [{ include-group = \"b\" }]\nb = [{ include-group = \"a\" }]"), @"");
}

#[test]
fn the_tables_of_flavor() {
    snapshot!(project("[tool.flavor]\npackage_name = \"../evil\""), @"");
    snapshot!(project("[tool.flavor]\nversion = \"one\""), @"");
    snapshot!(project("[tool.flavor]\nentry_point = \"hello.cli\""), @"");
    snapshot!(project("[tool.flavor.build]\ncompress = 11"), @"");
    snapshot!(project("[tool.flavor.execution]\ncommand = \"run 'it\""), @"");
    snapshot!(slot("[tool.flavor.build]\nexclude = [\"[\"]"), @"");
    snapshot!(slot("[tool.flavor.policy]\nmax_age_days = 30"), @"");
}

#[test]
fn operations() {
    snapshot!(slot("operations = [\"tar\", \"zsdt\"]"), @"");
    snapshot!(slot("operations = [\"tar\", \"bzip2\"]"), @"");
    snapshot!(slot("operations = [\"zstd:23\"]"), @"");
    snapshot!(slot("operations = \"xz|xz|xz|xz|xz|xz|xz|xz|xz\""), @"");
    snapshot!(slot("operations = [\"gzip\", \"tar\"]"), @"");
    snapshot!(slot("operations = [\"raw\", \"gzip\"]"), @"");
    snapshot!(slot("operations = [\"gzip\", \"xz\"]"), @"");
}

#[test]
fn slots() {
    snapshot!(project("[tool.flavor]\nentry_point = \"a:b\"\n[[tool.flavor.slots]]\nname = \"data\""), @"");
    snapshot!(project("[tool.flavor]\nentry_point = \"a:b\"\n[[tool.flavor.slots]]\nname = \"deps\"\nsource = \"data\""), @"");
    snapshot!(slot("id = \"other\""), @"");
    snapshot!(slot("[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\""), @"");
    snapshot!(slot("permissions = \"4755\""), @"");
    snapshot!(slot("target = \"../../etc/passwd\""), @"");
    snapshot!(slot("target = \"{workenv}/.flavor/key\""), @"");
    snapshot!(slot("target = \"{workenv}/{package_name}/f\""), @"");
}

#[test]
fn warnings() {
    let t = Test::new();
    t.script("true");
    t.manifest(&crate::scene::PROBE.replace("operations", "purpose = \"dta\"\noperation = [\"raw\"]\noperations"));
    let run = t.flavor(["pack"]).success();
    let first: Vec<&str> = run.stderr().lines().take(4).collect();
    insta::assert_snapshot!(first.join("\n"), @"");
}

#[test]
fn sources_of_slots() {
    let t = Test::new();
    let probe = |t: &Test, lines: &str| {
        t.manifest(&crate::scene::PROBE.replace("operations = [\"raw\"]", lines)).flavor(["pack"])
    };
    snapshot!(probe(&t, ""), @"");
    t.call("mkfifo", ["probe.sh"]).success();
    snapshot!(probe(&t, ""), @"");
    std::fs::remove_file(t.path("probe.sh")).expect("removed");
    std::fs::create_dir(t.path("probe.sh")).expect("a directory");
    snapshot!(probe(&t, "operations = [\"zstd\"]"), @"");
    std::os::unix::fs::symlink("/etc/passwd", t.path("probe.sh/link")).expect("a link");
    snapshot!(probe(&t, ""), @"");
    std::fs::remove_file(t.path("probe.sh/link")).expect("removed");
    std::fs::write(t.path("probe.sh/file"), "").expect("a file");
    std::fs::set_permissions(t.path("probe.sh/file"), std::fs::Permissions::from_mode(0o644)).expect("mode");
    std::fs::create_dir_all(t.path("dist/probe.psp")).expect("a directory");
    snapshot!(probe(&t, ""), @"");
}
