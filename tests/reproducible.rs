//! The same tree and the same key give the same bytes, wherever and whenever.

use std::path::{Path, PathBuf};

use crate::fixture::example;
use crate::scene::Test;
use crate::wheelhouse;

/// Packs an example in a directory of its own, with caches of its own.
fn pack(t: &Test, name: &str, options: &[&str]) -> PathBuf {
    let project = example(t, name);
    let mut arguments = vec!["--manifest", project.to_str().expect("UTF-8")];
    arguments.extend(options);
    t.pack_with(&arguments)
}

#[track_caller]
fn same(one: &Path, other: &Path) {
    let read = |path: &Path| std::fs::read(path).expect("a package");
    let (one, other) = (read(one), read(other));
    let differs = one.iter().zip(&other).position(|(one, other)| one != other);
    assert!(
        one == other,
        "{} and {} bytes, first difference at {differs:?}",
        one.len(),
        other.len()
    );
}

#[test]
fn two_packs_by_the_same_key_are_the_same_file() {
    let (one, other) = (Test::new(), Test::new());
    one.flavor(["keygen", "--out-dir", "k"]).success();
    let key = one.path("k/flavor-private.key");
    let key = ["--private-key", key.to_str().expect("UTF-8")];
    let first = pack(&one, "hello", &key);
    // Other times of files, another mask, another number of threads.
    other.call("sleep", ["1.1"]).success();
    let project = example(&other, "hello");
    other
        .call("sh", ["-c", "find hello -exec touch -d 2001-02-03 {} +"])
        .success();
    let mut command = other.command("sh");
    command.args([
        "-c",
        "umask 077; exec \"$@\"",
        "sh",
        crate::scene::FLAVOR,
        "pack",
        "--quiet",
        "--jobs",
        "1",
        "--manifest",
    ]);
    command.arg(&project).args(key);
    let second = PathBuf::from(other.run(&mut command).success().line());
    same(&first, &second);
}

#[test]
fn two_packs_by_the_same_seed_are_the_same_file() {
    let (one, other) = (Test::new(), Test::new());
    let first = pack(&one, "tool", &["--key-seed", "s", "--jobs", "1"]);
    let second = pack(&other, "tool", &["--key-seed", "s", "--jobs", "7"]);
    same(&first, &second);
}

#[test]
fn another_seed_is_another_signer() {
    let t = Test::new();
    t.script("true");
    let one = std::fs::read(t.pack_with(&["--key-seed", "one"])).expect("a package");
    let other = std::fs::read(t.pack_with(&["--key-seed", "other"])).expect("a package");
    assert_ne!(one, other);
}

#[test]
fn a_pack_with_warm_caches_is_the_same_file() {
    let t = Test::new();
    let first = pack(&t, "hello", &["--key-seed", "s", "--output", "first.psp"]);
    std::fs::remove_dir_all(t.path("hello")).expect("removed");
    let second = pack(&t, "hello", &["--key-seed", "s", "--output", "second.psp"]);
    same(&first, &second);
}

#[test]
fn nothing_of_the_machine_is_in_the_package() {
    let t = Test::new();
    let package = pack(&t, "hello", &["--key-seed", "s"]);
    t.flavor([
        "extract-all".as_ref(),
        package.as_os_str(),
        "out".as_ref(),
        "--as-tree".as_ref(),
    ])
    .success();
    for needle in [
        t.root().to_str().expect("UTF-8"),
        "flavor-test-",
        env!("CARGO_MANIFEST_DIR"),
    ] {
        let found = t.call("grep", ["-rlaF", "--", needle, "out"]);
        assert_eq!(found.stdout(), "", "`{needle}` is in the package");
        let found = t.call(
            "grep",
            [
                "-caF".as_ref(),
                "--".as_ref(),
                needle.as_ref(),
                package.as_os_str(),
            ],
        );
        assert_eq!(found.line(), "0", "`{needle}` is in the package");
    }
}

#[test]
fn source_date_epoch_is_the_time_of_everything() {
    let mut t = Test::new();
    t.file("data/one", "1");
    t.manifest(
        "[project]\nname = \"dated\"\nversion = \"1\"\n[tool.flavor.execution]\ncommand = \"/bin/true\"\n\
         [[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\noperations = [\"tar\"]\n",
    );
    t.set("SOURCE_DATE_EPOCH", "1000000000");
    let package = t.pack();
    t.flavor([
        "extract".as_ref(),
        package.as_os_str(),
        "0".as_ref(),
        "data.tar".as_ref(),
        "--stored".as_ref(),
    ])
    .success();
    t.set("TZ", "UTC");
    let listed = t.call("tar", ["-tvf", "data.tar"]).success();
    assert!(
        listed
            .stdout()
            .lines()
            .all(|line| line.contains("2001-09-09 01:46")),
        "{listed}"
    );
    t.set("SOURCE_DATE_EPOCH", "yesterday");
    snapshot!(t.flavor(["pack"]), @"
    exit: 2
    --- stderr
    error[FLV0105]: SOURCE_DATE_EPOCH is not a number: yesterday
    ");
}

#[test]
fn a_second_pack_elsewhere_is_compared() {
    let t = wheelhouse::project();
    let run = t
        .flavor(["pack", "--manifest", "app", "--check-reproducible"])
        .success();
    assert!(
        run.stderr().contains("reproducible: a second pack"),
        "{run}"
    );
    let left = t
        .names(".")
        .into_iter()
        .filter(|name| name.starts_with(".flavor"))
        .count();
    assert_eq!(left, 0, "the copy is gone");
    // Anybody can do the same with the finished package, whoever signed it.
    let rebuild = ["verify", "app/dist/offline.psp", "--rebuild", "app"];
    assert!(
        t.flavor(rebuild)
            .success()
            .stdout()
            .contains("what app gives")
    );
    t.file("app/src.py", "def main():\n    print('changed')\n");
    let run = t.flavor(rebuild).fails_with(5);
    assert!(
        run.stdout().starts_with("differs: slot app: ") && run.stdout().contains("/src.py"),
        "{run}"
    );
    // A back end that writes the time into what it makes.
    let backend = format!(
        "import time\n{}",
        wheelhouse::BACKEND.replace("repr(open(template).read())", "repr(time.time_ns())")
    );
    wheelhouse::wheel(&t, "tinybackend", "1.1", &[("tinybackend.py", &backend)]);
    t.file("app/stamp.in", "when\n");
    let run = t
        .flavor(["pack", "--manifest", "app", "--check-reproducible"])
        .fails_with(5);
    assert!(
        run.stderr()
            .contains("not reproducible: slot app: lib/python3"),
        "{run}"
    );
    assert!(run.stderr().contains("/stamp.py"), "{run}");
}
