//! Names in the work environment that a start has itself: a pack refuses whatever would have to be refused, or hidden, then.

use std::os::unix::fs::symlink;

use crate::scene::{PROBE, Run, Test};
use crate::wheelhouse::{self, MANIFEST};

/// A slot called `data` of what is called so.
fn data(more: &str) -> String {
    format!("\n[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\n{more}\n")
}

fn refused(run: Run, code: &str) -> Run {
    let run = run.fails_with(1);
    assert!(run.stderr().contains(&format!("error[{code}]: ")), "{run}");
    run
}

#[test]
fn the_launchers_own_directory_is_nobody_elses() {
    let t = Test::new();
    t.script("cat \"$FLAVOR_WORKENV/words\"");
    t.file("data/words", "some words");
    t.file("data/.flavor/notes", "mine");
    t.manifest(&format!("{PROBE}{}", data("target = \"\"")));
    snapshot!(t.flavor(["pack"]), @r#"
    exit: 1
    --- stderr
    error[FLV0460]: cannot pack `pyproject.toml`
      slot `data` has `{workenv}/.flavor`, and the launcher keeps its own files there
    hint: leave it out with `exclude = ["/.flavor"]` under [tool.flavor.build], or give the slot another `target`
    "#);
    // However the root is written, and whatever is there.
    for target in [".", "./", "{workenv}", "{workenv}/", "{workenv}/./."] {
        t.manifest(&format!(
            "{PROBE}{}",
            data(&format!("target = \"{target}\""))
        ));
        refused(t.flavor(["pack"]), "FLV0460");
    }
    std::fs::remove_dir_all(t.path("data/.flavor")).expect("removed");
    for (name, link) in [(".flavor", false), (".FLAVOR", false), (".flavor", true)] {
        let path = t.path("data").join(name);
        if link {
            symlink("words", &path).expect("a link");
        } else {
            std::fs::write(&path, "").expect("a file");
        }
        refused(t.flavor(["pack"]), "FLV0460");
        std::fs::remove_file(path).expect("removed");
    }
    // One file in an archive is a tree as well.
    t.file(".flavor", "");
    let alone = data("target = \"\"\noperations = [\"tar\"]")
        .replace("source = \"data\"", "source = \".flavor\"");
    t.manifest(&format!("{PROBE}{alone}"));
    refused(t.flavor(["pack"]), "FLV0460");
    // The remedies help, and names that are only alike are nobody's business.
    t.file("data/.flavor/notes", "mine");
    t.file("data/.flavors", "");
    t.file("data/deep/.flavor", "");
    let excluded = "[tool.flavor.build]\nexclude = [\"/.flavor\"]\n";
    for manifest in [
        format!("{PROBE}{}{excluded}", data("target = \"\"")),
        format!("{PROBE}{}", data("target = \"own\"")).replace("/words", "/own/words"),
    ] {
        t.manifest(&manifest);
        let package = t.pack();
        let run = t.call(&package, [""; 0]);
        assert!(
            manifest.contains("own") || run.stdout() == "some words",
            "{run}"
        );
    }
}

#[test]
fn a_slot_does_not_bring_what_makes_the_virtual_environment() {
    let t = wheelhouse::project();
    let pack = |more: &str| {
        t.file("app/pyproject.toml", format!("{MANIFEST}{more}"));
        t.flavor(["pack", "--manifest", "app"])
    };
    let minor = {
        let python = pack("").success();
        drop(python);
        let run = t.flavor(["inspect", "--json", "app/dist/offline.psp"]);
        let run = if run.status.success() {
            run
        } else {
            t.flavor(["inspect", "--json", "dist/offline.psp"])
                .success()
        };
        let text = run.stdout().to_owned();
        let at = text.find("bin/python3.").expect("the interpreter") + "bin/python3.".len();
        text[at..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
    };
    let interpreter = format!("bin/python3.{minor}");
    // By a tree that has it: a start would have its own there, and nobody would hear of the slot's.
    for name in [
        "pyvenv.cfg",
        "bin/python",
        "bin/python3",
        &interpreter,
        "runtime/lib/flavor/sitecustomize.py",
        "runtime",
    ] {
        let path = format!("app/data/{name}");
        t.file(&path, "mine");
        let run = refused(pack(&data("target = \"\"")), "FLV0460");
        assert!(
            run.stderr().contains(&format!(
                "`{{workenv}}/{}",
                name.split("/lib").next().expect("a part")
            )),
            "{run}"
        );
        std::fs::remove_dir_all(t.path("app/data")).expect("removed");
    }
    // By its target, of a tree as of a file.
    t.file("app/data/words", "");
    for target in [
        "pyvenv.cfg",
        "pyvenv.cfg/below",
        "bin/python",
        "./bin//python3",
        &interpreter,
        "runtime",
        "runtime/more",
    ] {
        let run = refused(pack(&data(&format!("target = \"{target}\""))), "FLV0407");
        assert!(
            run.stderr()
                .contains("is reserved for the virtual environment"),
            "{run}"
        );
    }
    std::fs::remove_dir_all(t.path("app/data")).expect("removed");
    t.file("app/data", "");
    for target in ["pyvenv.cfg", &interpreter, "runtime", "bin", "lib"] {
        let run = pack(&data(&format!("target = \"{target}\""))).fails_with(1);
        assert!(
            ["FLV0406", "FLV0407"]
                .iter()
                .any(|code| run.stderr().contains(code)),
            "{run}"
        );
    }
    // The directories of modules cannot be hidden either.
    for target in [
        "lib".to_owned(),
        format!("lib/python3.{minor}"),
        format!("lib/python3.{minor}/site-packages"),
    ] {
        std::fs::remove_file(t.path("app/data")).expect("removed");
        let path = t.file(&format!("app/data/{target}"), "");
        refused(pack(&data("target = \"\"")), "FLV0461");
        std::fs::remove_file(path).expect("removed");
        std::fs::remove_dir_all(t.path("app/data")).expect("removed");
        t.file("app/data", "");
        let run = pack(&data(&format!("target = \"{target}\""))).fails_with(1);
        assert!(
            ["FLV0406", "FLV0407", "FLV0461"]
                .iter()
                .any(|code| run.stderr().contains(code)),
            "{run}"
        );
    }
    // Beside them there is room.
    std::fs::remove_file(t.path("app/data")).expect("removed");
    t.file("app/data/bin/tool", "");
    t.file("app/data/share/words", "");
    pack(&data("target = \"\"")).success();
}

#[test]
fn a_wheel_does_not_bring_it_either() {
    let t = wheelhouse::project();
    for (name, path) in [
        (".flavor", ".flavor/notes"),
        ("pyvenv.cfg", "pyvenv.cfg"),
        ("runtime", "runtime"),
    ] {
        let inside = format!("greeting-2.1.data/data/{path}");
        wheelhouse::wheel(
            &t,
            "greeting",
            "2.1",
            &[("greeting.py", "WORD = 'Aha'\n"), (&inside, "")],
        );
        let run = refused(t.flavor(["pack", "--manifest", "app"]), "FLV0460");
        assert!(
            run.stderr()
                .contains(&format!("slot `deps` has `{{workenv}}/{name}`")),
            "{run}"
        );
        assert!(
            run.stderr()
                .contains(&format!("`exclude = [\"deps:/{name}\"]`")),
            "{run}"
        );
        let excluded = format!("{MANIFEST}[tool.flavor.build]\nexclude = [\"deps:/{name}\"]\n");
        t.file("app/pyproject.toml", excluded);
        let package = t.pack_with(&["--manifest", "app"]);
        assert_eq!(t.call(&package, [""; 0]).success().line(), "Aha");
        t.file("app/pyproject.toml", MANIFEST);
    }
}

#[test]
fn a_file_does_not_hide_a_directory_of_another_slot() {
    let t = Test::new();
    t.script("cat \"$FLAVOR_WORKENV\"/share/*");
    t.file("more/words", "some");
    t.file("data/share", "");
    let more = |target: &str| {
        format!(
            "\n[[tool.flavor.slots.entries]]\nname = \"more\"\nsource = \"more\"\ntarget = \"{target}\"\n"
        )
    };
    // In either order: one was hidden, the other never started.
    let both = [
        format!("{}{}", data("target = \"\""), more("share")),
        format!("{}{}", more("share"), data("target = \"\"")),
    ];
    t.manifest(&format!("{PROBE}{}", both[0]));
    snapshot!(t.flavor(["pack"]), @"
    exit: 1
    --- stderr
    error[FLV0461]: cannot pack `pyproject.toml`
      slot `data` has a file at `{workenv}/share`, where slot `more` has a directory
    hint: give one of the slots another `target`, or leave one of the two out with `exclude`
    ");
    t.manifest(&format!("{PROBE}{}", both[1]));
    let run = refused(t.flavor(["pack"]), "FLV0461");
    assert!(
        run.stderr()
            .contains("slot `data` has a file at `{workenv}/share`, where slot `more`"),
        "{run}"
    );
    // As far down as you like, and by way of links.
    std::fs::remove_file(t.path("data/share")).expect("removed");
    symlink("elsewhere", t.path("data/share")).expect("a link");
    t.file("data/elsewhere/words", "");
    t.manifest(&format!("{PROBE}{}", both[0]));
    refused(t.flavor(["pack"]), "FLV0461");
    std::fs::remove_file(t.path("data/share")).expect("removed");
    t.file("data/share/deep", "");
    t.file("more/deep/words", "");
    t.manifest(&format!("{PROBE}{}", both[0]));
    let run = refused(t.flavor(["pack"]), "FLV0461");
    assert!(
        run.stderr()
            .contains("slot `data` has a file at `{workenv}/share/deep`"),
        "{run}"
    );
    t.manifest(&format!(
        "{PROBE}{}{}",
        data("target = \"\""),
        more("share/deep/below")
    ));
    refused(t.flavor(["pack"]), "FLV0461");
    // Directories are merged, and of two files the later one counts.
    std::fs::remove_dir_all(t.path("more")).expect("removed");
    t.file("data/share/deep", "first ");
    t.file("data/share/one", "one ");
    t.file("more/deep", "later ");
    t.manifest(&format!("{PROBE}{}", both[0]));
    let package = t.pack();
    assert_eq!(t.call(&package, [""; 0]).success().stdout(), "later one ");
}
