//! `flavor workenv`: looking after what packages have left in the cache.

use crate::scene::{Test, eventually, start};

/// Two packages that share a slot, both started once.
fn two_programs(t: &Test) -> [std::path::PathBuf; 2] {
    t.file("shared", "shared by both\n".repeat(5000));
    ["one", "two"].map(|name| {
        t.file(
            "probe.sh",
            format!("#!/bin/sh\necho {name} $1; touch ready-{name}; exec sleep ${{1:-0}}\n"),
        );
        t.manifest(&format!(
            r#"
[project]
name = "{name}"
version = "1.0"
[tool.flavor.execution]
command = ["/bin/sh", "{{workenv}}/probe"]
[[tool.flavor.slots.entries]]
name = "probe"
source = "probe.sh"
target = "probe"
[[tool.flavor.slots.entries]]
name = "shared"
source = "shared"
"#
        ));
        let package = t.pack_with(&["--key-seed", "s"]);
        t.call(&package, [""; 0]).silent();
        package
    })
}

fn names(t: &Test) -> Vec<String> {
    let listed = t.flavor(["workenv", "list", "--json"]).silent().json();
    let listed = listed["environments"].as_array().expect("a list");
    listed
        .iter()
        .map(|one| one["name"].as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn an_empty_cache_is_no_error() {
    let t = Test::new();
    assert_eq!(t.flavor(["workenv", "list"]).silent().stdout(), "");
    assert_eq!(
        t.flavor(["workenv", "list", "--json"]).silent().json(),
        serde_json::json!({ "environments": [] })
    );
    t.flavor(["workenv", "info"]).success();
    t.flavor(["workenv", "clean", "-y"]).success();
    snapshot!(t.flavor(["workenv", "inspect", "one"]), @"
    exit: 1
    --- stderr
    error[FLV0813]: there is no cache yet
    hint: it is created when a package starts for the first time
    ");
}

#[test]
fn list_info_and_inspect_tell_what_is_there() {
    let t = Test::new();
    two_programs(&t);
    snapshot!(t.flavor(["workenv", "list"]).silent(), @"
    exit: 0
    --- stdout
    one-1.0-[DIGEST]  [SIZE], [SIZE] of its own
    two-1.0-[DIGEST]  [SIZE], [SIZE] of its own
    ");
    snapshot!(t.flavor(["workenv", "info"]).silent(), @"
    exit: 0
    --- stdout
    cache         [ROOT]/cache
    environments  2
    slots         3
    size  [SIZE]
    limit  [SIZE], 2 versions of a package
    ");
    snapshot!(t.flavor(["workenv", "inspect", "one"]).silent(), @"
    exit: 0
    --- stdout
    name    one-1.0-[DIGEST]
    path    [ROOT]/cache/v2/workenv/one-1.0-[DIGEST]
    size  [SIZE] in 7 files, [SIZE] of its own
    in use  no
    intact  yes
    signer  [DIGEST]
    from    [ROOT]/dist/one.psp
    slot    [ROOT]/cache/v2/slots/[DIGEST] [SIZE], used by 1
    slot    [ROOT]/cache/v2/slots/[DIGEST] [SIZE], used by 2
    ");
    let info = t.flavor(["workenv", "info", "--json"]).silent().json();
    assert_eq!(
        (&info["environments"], &info["slots"]),
        (&2.into(), &3.into())
    );
    let one = t
        .flavor(["workenv", "inspect", "two", "--json"])
        .silent()
        .json();
    assert_eq!(one["intact"], true);
    assert_eq!(one["in_use"], false);
    assert_eq!(one["slots"][1]["shared_by"], 2);
}

#[test]
fn remove_takes_one_and_leaves_what_others_need() {
    let t = Test::new();
    let [one, two] = two_programs(&t);
    snapshot!(t.flavor(["workenv", "remove", "-y", "one"]).silent(), @"
    exit: 0
    --- stdout
    removed one-1.0-[DIGEST]
    freed [SIZE]
    ");
    assert!(names(&t).iter().all(|name| name.starts_with("two-")));
    let info = t.flavor(["workenv", "info", "--json"]).silent().json();
    assert_eq!(
        (&info["environments"], &info["slots"]),
        (&1.into(), &2.into())
    );
    for package in [two, one] {
        t.call(package, [""; 0]).silent();
    }
    assert_eq!(names(&t).len(), 2);
}

#[test]
fn clean_takes_everything() {
    let t = Test::new();
    two_programs(&t);
    snapshot!(t.flavor(["workenv", "clean", "-y"]).silent(), @"
    exit: 0
    --- stdout
    removed one-1.0-[DIGEST]
    removed two-1.0-[DIGEST]
    freed [SIZE]
    ");
    assert_eq!(names(&t), [""; 0]);
    assert_eq!(t.names("cache/v2/slots"), [""; 0]);
    assert_eq!(t.names("cache/v2/workenv"), [""; 0]);
}

#[test]
fn a_cache_without_a_place_for_runs_is_cleaned_too() {
    let t = Test::new();
    let [one, _] = two_programs(&t);
    t.call(&one, [""; 0]).success();
    std::fs::remove_dir(t.path("cache/v2/runs")).expect("removed");
    t.flavor(["workenv", "clean", "-y"]).success();
    assert!(t.flavor(["workenv", "list"]).silent().stdout().is_empty());
}

#[test]
fn a_dry_run_takes_nothing() {
    let t = Test::new();
    two_programs(&t);
    let before = t.listing("cache/v2");
    snapshot!(t.flavor(["workenv", "clean", "--dry-run"]).silent(), @"
    exit: 0
    --- stdout
    would remove one-1.0-[DIGEST]
    would remove two-1.0-[DIGEST]
    would free [SIZE]
    ");
    snapshot!(t.flavor(["workenv", "remove", "two", "--dry-run"]).silent(), @"
    exit: 0
    --- stdout
    would remove two-1.0-[DIGEST]
    would free [SIZE]
    ");
    assert_eq!(t.listing("cache/v2"), before);
}

#[test]
fn only_older_ones_go() {
    let t = Test::new();
    two_programs(&t);
    t.flavor(["workenv", "clean", "-y", "--older-than", "1"])
        .silent();
    assert_eq!(names(&t).len(), 2);
    t.call(
        "sh",
        [
            "-c",
            "touch -d '3 days ago' cache/v2/workenv/one-* cache/v2/locks/one-*",
        ],
    )
    .success();
    t.flavor(["workenv", "clean", "-y", "--older-than", "1"])
        .silent();
    assert!(names(&t).iter().all(|name| name.starts_with("two-")));
    assert_eq!(names(&t).len(), 1);
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_asked_or_done() {
    let t = Test::new();
    two_programs(&t);
    snapshot!(t.flavor(["workenv", "clean"]), @"
    exit: 2
    --- stderr
    error[FLV0106]: cannot ask for confirmation: not a terminal
    hint: pass -y to remove without asking
    ");
    t.flavor(["workenv", "remove", "one"]).fails_with(2);
    assert_eq!(names(&t).len(), 2);
}

#[test]
fn what_runs_is_kept() {
    let t = Test::new();
    let [one, _] = two_programs(&t);
    std::fs::remove_file(t.path("ready-one")).expect("the first start's mark");
    let mut child = start(t.command(&one).arg("60"));
    eventually("the program runs", || t.path("ready-one").exists());
    snapshot!(t.flavor(["workenv", "clean", "-y"]).silent(), @"
    exit: 0
    --- stdout
    removed two-1.0-[DIGEST]
    kept one-1.0-[DIGEST]: a program runs in it
    freed [SIZE]
    ");
    snapshot!(t.flavor(["workenv", "list"]).silent(), @"
    exit: 0
    --- stdout
    one-1.0-[DIGEST]  [SIZE], [SIZE] of its own, in use
    ");
    child.kill().expect("killed");
    child.wait().expect("its end");
    eventually("it is not in use any more", || {
        !t.flavor(["workenv", "list"])
            .silent()
            .stdout()
            .contains("in use")
    });
    t.flavor(["workenv", "clean", "-y"]).silent();
    assert_eq!(names(&t), [""; 0]);
}

#[test]
fn slots_of_a_program_with_a_damaged_seal_are_kept() {
    let t = Test::new();
    let [one, _] = two_programs(&t);
    std::fs::remove_file(t.path("ready-one")).expect("the first start's mark");
    let mut child = start(t.command(&one).arg("60"));
    eventually("the program runs", || t.path("ready-one").exists());
    let slots = || {
        let there = std::fs::read_dir(t.path("cache/v2/slots")).expect("the slots");
        there.count()
    };
    let before = slots();
    // The seal says which slots the environment links to; nothing else does.
    t.call(
        "sh",
        [
            "-c",
            "echo nonsense > \"$(echo cache/v2/workenv/one-*)\"/.flavor/seal",
        ],
    )
    .success();
    let cleaned = t.flavor(["workenv", "clean", "-y"]).success();
    assert!(cleaned.stdout().contains("kept one-1.0"), "{cleaned}");
    assert_eq!(slots(), before);
    child.kill().expect("killed");
    child.wait().expect("its end");
    eventually("nothing is left", || {
        t.flavor(["workenv", "clean", "-y"]).success();
        slots() == 0
    });
}

#[test]
fn a_name_is_never_a_path() {
    let t = Test::new();
    two_programs(&t);
    t.file("cache/v2/victim/file", "precious");
    for name in [
        "../victim",
        "../../home",
        "/etc",
        ".",
        "..",
        "",
        "a/b",
        ".hidden",
    ] {
        let run = t.flavor(["workenv", "remove", "-y", "--", name]);
        assert_eq!(run.code(), Some(1), "{name:?}\n{run}");
    }
    snapshot!(t.flavor(["workenv", "remove", "-y", "../victim"]), @"
    exit: 1
    --- stderr
    error[FLV0810]: `../victim` is not the name of a work environment
    hint: `flavor workenv list` shows the names
    ");
    snapshot!(t.flavor(["workenv", "inspect", "../victim"]), @"
    exit: 1
    --- stderr
    error[FLV0810]: `../victim` is not the name of a work environment
    hint: `flavor workenv list` shows the names
    ");
    assert!(t.path("cache/v2/victim/file").exists());
    assert_eq!(names(&t).len(), 2);
}

#[test]
fn an_ambiguous_name_is_refused() {
    let t = Test::new();
    t.script("true");
    for version in ["1.0.1", "1.0.2"] {
        t.manifest(&crate::scene::PROBE.replace("1.0.0", version));
        t.call(t.pack(), [""; 0]).silent();
    }
    assert_eq!(names(&t).len(), 2);
    t.flavor(["workenv", "remove", "-y", "probe"]).fails_with(1);
    assert_eq!(names(&t).len(), 2);
}
