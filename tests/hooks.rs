//! `pre_build` and `post_build`: when they run, what they see, and what becomes of a pack when they fail.

use crate::scene::{FLAVOR, PROBE, Test, eventually, start};
use crate::wheelhouse;

/// The project of [`Test::script`], with these hooks.
fn with_hooks(hooks: &str) -> Test {
    let t = Test::new();
    t.script("echo from the start");
    t.manifest(&format!("{PROBE}\n[tool.flavor.build]\n{hooks}\n"));
    t
}

#[test]
fn hooks_run_in_the_project_before_it_is_read_and_after_it_is_published() {
    let t = with_hooks(
        r#"
pre_build = [
    "sh 'the script.sh'",
    ["sh", "-c", "echo \"$FLAVOR_HOOK $FLAVOR_PROJECT $FLAVOR_OUTPUT $FLAVOR_PACKAGE_NAME\" > seen; pwd >> seen"],
]
post_build = "sh after.sh"
"#,
    );
    t.file(
        "the script.sh",
        "printf '#!/bin/sh\\necho made\\n' > probe.sh; echo said by the hook",
    );
    t.file(
        "after.sh",
        "test -x \"$FLAVOR_PACKAGE_PATH\" && echo \"$FLAVOR_HOOK $FLAVOR_OUTPUT $FLAVOR_PACKAGE_VERSION\" > after",
    );
    let run = t.flavor(["pack"]).success();
    assert_eq!(
        run.line(),
        "./dist/probe.psp",
        "what a hook says does not reach stdout"
    );
    assert!(run.stderr().contains("said by the hook"), "{run}");
    assert!(
        run.stderr().contains("pre_build") && run.stderr().contains("2 commands"),
        "{run}"
    );
    assert_eq!(
        t.call(t.path("dist/probe.psp"), [""; 0]).silent().line(),
        "made"
    );
    let root = t.root().canonicalize().expect("the place");
    let (root, read) = (root.display(), |name: &str| {
        std::fs::read_to_string(t.path(name)).expect("a file")
    });
    assert_eq!(
        read("seen"),
        format!("pre_build {root} {root}/dist/probe.psp probe\n{root}\n")
    );
    assert_eq!(
        read("after"),
        format!("post_build {root}/dist/probe.psp 1.0.0\n")
    );
    let record = t
        .flavor(["inspect", "dist/probe.psp", "--provenance"])
        .silent()
        .json();
    let options = &record["predicate"]["buildDefinition"]["externalParameters"]["options"];
    assert_eq!(
        options["hooks"],
        serde_json::json!(["pre_build", "post_build"])
    );
    assert!(
        !record.to_string().contains("said by"),
        "what the commands are is nobody's business"
    );

    // Whoever repeats the pack repeats what came before it, and nothing that came after.
    std::fs::remove_file(t.path("after")).expect("removed");
    t.file("probe.sh", "another");
    t.flavor(["verify", "dist/probe.psp", "--rebuild", "."])
        .success();
    assert!(!t.path("after").exists());
    let run = t.flavor(["pack", "--check-reproducible"]).success();
    assert!(
        run.stderr().contains("reproducible: a second pack"),
        "{run}"
    );
    assert_eq!(run.stderr().matches("said by the hook").count(), 1, "{run}");

    t.file("probe.sh", "#!/bin/sh\necho by hand\n");
    std::fs::remove_file(t.path("after")).expect("made again");
    t.flavor(["pack", "--no-hooks"]).success();
    assert_eq!(
        t.call(t.path("dist/probe.psp"), [""; 0]).silent().line(),
        "by hand"
    );
    assert!(!t.path("after").exists());
}

#[test]
fn a_manifest_may_be_made_by_a_hook() {
    let t = with_hooks("pre_build = \"sed -i s/1.0.0/2.0.0/ pyproject.toml\"");
    assert!(
        t.flavor(["pack"])
            .success()
            .stderr()
            .contains("packed probe 2.0.0")
    );
}

#[test]
fn a_hook_that_fails_fails_the_pack() {
    let t = with_hooks("");
    t.pack();
    let old = std::fs::read(t.path("dist/probe.psp")).expect("a package");
    let hook = |line: &str| t.manifest(&format!("{PROBE}\n[tool.flavor.build]\n{line}\n"));
    hook("pre_build = [\"true\", \"sh -c 'echo no >&2; exit 3'\", \"touch never\"]");
    snapshot!(t.flavor(["pack", "-q"]), @"
    exit: 1
    --- stderr
    no
    error[FLV0413]: cannot pack `pyproject.toml`
      `pre_build` failed: `sh -c 'echo no >&2; exit 3'` ended with 3
    hint: run it by hand in `.`, or pass `--no-hooks`
    ");
    assert!(!t.path("never").exists());
    hook("pre_build = [[\"./nowhere\", \"a b\"]]");
    snapshot!(t.flavor(["pack", "-q"]), @"
    exit: 1
    --- stderr
    error[FLV0413]: cannot pack `pyproject.toml`
      `pre_build` failed: `./nowhere 'a b'` cannot be started: No such file or directory (os error 2)
    hint: run it by hand in `.`, or pass `--no-hooks`
    ");
    assert_eq!(
        std::fs::read(t.path("dist/probe.psp")).expect("a package"),
        old
    );
    hook("post_build = \"false\"");
    t.file("probe.sh", "#!/bin/sh\necho new\n");
    snapshot!(t.flavor(["pack", "-q"]), @"
    exit: 1
    --- stderr
    error[FLV0413]: cannot pack `pyproject.toml`
      `post_build` failed: `false` ended with 1
    hint: run it by hand in `.`, or pass `--no-hooks`; the package was written to `./dist/probe.psp` nevertheless
    ");
    assert_eq!(
        t.call(t.path("dist/probe.psp"), [""; 0]).silent().line(),
        "new",
        "it is published by then"
    );
    hook("pre_build = 3");
    snapshot!(t.flavor(["pack", "-q"]), @"
    exit: 1
    --- stderr
    error[FLV0205]: cannot read the manifest
      pyproject.toml:17:13: `tool.flavor.build.pre_build` must be a list of commands, not a number
    ");
}

#[test]
fn what_does_not_pass_is_not_for_the_hook_that_comes_after() {
    let t = with_hooks("post_build = \"touch after\"\n[tool.flavor.budget]\ntotal = 10");
    let run = t.flavor(["pack", "--check-budget"]).fails_with(5);
    assert_eq!(run.stdout(), "", "stdout names what is good");
    assert!(!t.path("after").exists());
    t.flavor(["pack"]).success();
    assert!(t.path("after").exists());
}

#[test]
fn a_pack_that_is_told_to_stop_stops_its_hooks() {
    let t = with_hooks("pre_build = [[\"sh\", \"-c\", \"echo $$ > child; sleep 1000\"]]");
    let mut child = start(t.command(FLAVOR).args(["pack", "-q"]));
    eventually("the hook runs", || {
        std::fs::read_to_string(t.path("child")).is_ok_and(|text| text.ends_with('\n'))
    });
    t.call("kill", ["-INT".to_owned(), child.id().to_string()])
        .success();
    assert_eq!(child.wait().expect("its end").code(), Some(130));
    let pid = std::fs::read_to_string(t.path("child")).expect("a number");
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    assert!(
        !stat.is_ok_and(|stat| !stat.contains(") Z ")),
        "the hook is still there"
    );
    assert!(!t.path("dist").exists());
}

#[test]
fn a_script_has_hooks_too() {
    let t = wheelhouse::project();
    t.file("tool.py", "# /// script\n# requires-python = \">=3.11\"\n# [tool.flavor.build]\n# pre_build = \"touch made\"\n# ///\nprint('ran')\n");
    assert_eq!(
        t.call(t.pack_with(&["tool.py"]), [""; 0]).silent().line(),
        "ran"
    );
    assert!(t.path("made").exists());
}
