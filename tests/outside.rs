//! Slots whose sources lie, or lead, outside the project.

use std::os::unix::fs::symlink;

use crate::back_ends::repository;
use crate::scene::{PROBE, Test};

/// A project in `tool` with a slot `data` of this source, and files beside the project.
fn scene(source: &str, more: &str) -> Test {
    let t = Test::new();
    t.file("elsewhere/words", "from elsewhere\n");
    t.file(
        "tool/probe.sh",
        "#!/bin/sh\ncat \"$FLAVOR_WORKENV\"/data \"$FLAVOR_WORKENV\"/data/* 2>/dev/null; true\n",
    );
    manifest(&t, source, more);
    t
}

fn manifest(t: &Test, source: &str, more: &str) {
    let slot =
        format!("[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"{source}\"\n{more}\n");
    t.file("tool/pyproject.toml", format!("{PROBE}\n{slot}"));
}

#[test]
fn a_source_outside_of_the_project_is_refused_unless_the_slot_says_so() {
    let t = scene("../elsewhere", "");
    snapshot!(t.flavor(["-C", "tool", "pack"]), @"
    exit: 1
    --- stderr
    error[FLV0462]: cannot pack `pyproject.toml`
      slot `data` (line 16): the source `../elsewhere` leads to `[ROOT]/elsewhere`, outside the project
    hint: move it into the project, or set `follow = true` in the slot to allow it
    ");
    symlink("../elsewhere", t.path("tool/linked")).expect("a link");
    symlink("../elsewhere/words", t.path("tool/word")).expect("a link");
    let absolute = t.path("elsewhere").display().to_string();
    let sources = [
        "../elsewhere/words",
        "linked",
        "word",
        "linked/words",
        "./../tool/../elsewhere",
        &absolute,
    ];
    for source in sources {
        for operations in ["", "operations = [\"tar\"]"] {
            manifest(&t, source, operations);
            let run = t.flavor(["-C", "tool", "pack"]).fails_with(1);
            assert!(run.stderr().contains("error[FLV0462]"), "{source}: {run}");
        }
        manifest(&t, source, "follow = true");
        t.flavor(["-C", "tool", "pack", "-q"]).success();
        assert_eq!(
            t.call(t.path("tool/dist/probe.psp"), [""; 0])
                .success()
                .stdout(),
            "from elsewhere\n",
            "{source}"
        );
    }
    manifest(&t, "../elsewhere", "follow = \"yes\"");
    t.flavor(["-C", "tool", "pack"]).fails_with(1);
}

#[test]
fn what_lies_in_the_same_repository_is_not_outside() {
    let t = scene("../elsewhere", "");
    repository(&t, "");
    t.flavor(["-C", "tool", "pack", "-q"]).success();
    assert_eq!(
        t.call(t.path("tool/dist/probe.psp"), [""; 0])
            .success()
            .stdout(),
        "from elsewhere\n"
    );
    // Nor is a link, or a way round, that ends inside.
    t.file("tool/own/words", "own\n");
    symlink("own", t.path("tool/linked")).expect("a link");
    for source in ["linked", "../tool/own", "linked/words"] {
        manifest(&t, source, "");
        t.flavor(["-C", "tool", "pack", "-q"]).success();
        assert_eq!(
            t.call(t.path("tool/dist/probe.psp"), [""; 0])
                .success()
                .stdout(),
            "own\n",
            "{source}"
        );
    }
}

#[test]
fn links_in_a_directory_that_lead_out_are_followed_when_the_slot_says_so() {
    let t = scene("own", "");
    t.file("tool/own/a", "a\n");
    symlink("a", t.path("tool/own/b")).expect("a link");
    symlink("../../elsewhere/words", t.path("tool/own/c")).expect("a link");
    let run = t.flavor(["-C", "tool", "pack"]).fails_with(1);
    assert!(run.stderr().contains("error[FLV0422]"), "{run}");
    manifest(&t, "own", "follow = true");
    t.flavor(["-C", "tool", "pack", "-q"]).success();
    assert_eq!(
        t.call(t.path("tool/dist/probe.psp"), [""; 0])
            .success()
            .stdout(),
        "a\na\nfrom elsewhere\n"
    );
    // Those that lead nowhere further are links still; what is brought in counts as the source's own.
    let out = t.path("out");
    t.flavor([
        "extract".as_ref(),
        t.path("tool/dist/probe.psp").as_os_str(),
        "data".as_ref(),
        out.as_os_str(),
    ])
    .success();
    assert!(out.join("b").is_symlink() && !out.join("c").is_symlink());
    t.file("elsewhere/words", "news\n");
    t.flavor(["-C", "tool", "pack", "-q"]).success();
    assert_eq!(
        t.call(t.path("tool/dist/probe.psp"), [""; 0])
            .success()
            .stdout(),
        "a\na\nnews\n"
    );
}
