//! In a workflow of GitHub's, what has a file and a line is an annotation too.

use crate::scene::{PROBE, Test};

#[test]
fn errors_and_warnings_with_a_line_are_annotations() {
    let mut t = Test::new();
    let root = t.root().to_path_buf();
    t.set("GITHUB_ACTIONS", "true");
    t.set("GITHUB_WORKSPACE", &root);
    t.file("probe.sh", "#!/bin/sh\n");
    t.manifest(&PROBE.replace("\"raw\"", "\"zsdt\""));
    snapshot!(t.flavor(["pack"]), @"
    exit: 1
    --- stderr
    ::error file=pyproject.toml,line=12,col=15,title=FLV0207::cannot read the manifest%0Apyproject.toml:12:15: `tool.flavor.slots.entries[0].operations[0]` names an unknown operation: zsdt
    error[FLV0207]: cannot read the manifest
      pyproject.toml:12:15: `tool.flavor.slots.entries[0].operations[0]` names an unknown operation: zsdt
    hint: did you mean `zstd`?
    ");
    t.file("sub/pyproject.toml", PROBE);
    snapshot!(t.flavor(["-C", "sub", "pack"]), @"
    exit: 1
    --- stderr
    ::error file=sub/pyproject.toml,line=9,title=FLV0401::cannot pack `pyproject.toml`%0Aslot `script` (line 9): the source `./probe.sh` does not exist
    error[FLV0401]: cannot pack `pyproject.toml`
      slot `script` (line 9): the source `./probe.sh` does not exist
    hint: sources are relative to the directory of pyproject.toml
    ");
    t.manifest(&PROBE.replace("operations", "permission = \"0755\"\noperations"));
    let run = t.flavor(["pack"]).success();
    let annotation = run.stderr().lines().next().expect("a line");
    insta::assert_snapshot!(annotation, @"::warning file=pyproject.toml,line=12,col=1,title=FLV0240::pyproject.toml:12:1: `tool.flavor.slots.entries[0].permission` is not a known key and has no effect");
    // JSON stays JSON.
    t.manifest(&PROBE.replace("\"raw\"", "\"zsdt\""));
    let run = t.flavor(["pack", "--json"]).fails_with(1);
    assert_eq!(run.json()["error"]["code"], "FLV0207");
    assert!(run.stderr().starts_with("::error "), "{run}");
}

#[test]
fn elsewhere_there_are_none() {
    let t = Test::new();
    t.manifest(&PROBE.replace("\"raw\"", "\"zsdt\""));
    assert!(
        !t.flavor(["pack"])
            .fails_with(1)
            .stderr()
            .contains("::error")
    );
}
