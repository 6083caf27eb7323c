//! What can be started in a package, by which name.

use std::os::unix::fs::symlink;

use crate::inputs::{pack, runs, wheel};
use crate::scene::{Run, Test};
use crate::wheelhouse;

/// The project of [`wheelhouse`], whose dependency has the commands `ahoy`, in Python, and `sound`, a script of the shell.
fn project(manifest: &str) -> Test {
    let t = wheelhouse::project();
    let files = [
        (
            "greeting.py",
            "WORD = 'Ahoy'\ndef main():\n    import sys\n    print('ahoy', sys.argv[1:])\n",
        ),
        (
            "greeting-2.0.data/scripts/sound",
            "#!/bin/sh\necho sound \"$@\"\n",
        ),
        ("greeting-2.0.data/scripts/old", "#!python\nprint('old')\n"),
        ("greeting-2.0.data/scripts/old.bat", "@echo off\n"),
    ];
    wheel(
        &t,
        "wheels/greeting-2.0-py3-none-any.whl",
        "",
        "ahoy = greeting:main",
        &files,
    );
    t.file(
        "app/pyproject.toml",
        format!("{}{manifest}", wheelhouse::MANIFEST),
    );
    t
}

#[track_caller]
fn linked(t: &Test, name: &str, arguments: &[&str]) -> Run {
    let path = t.path(name);
    symlink(t.path("app/dist/offline.psp"), &path).expect("a link");
    t.call(&path, arguments)
}

#[test]
fn every_script_inside_is_a_program() {
    let t = project("");
    pack(&t, &["app"]);
    assert_eq!(linked(&t, "offline", &[]).silent().line(), "Ahoy");
    assert_eq!(linked(&t, "ahoy", &["x"]).silent().line(), "ahoy ['x']");
    assert_eq!(
        linked(&t, "sound", &["a", "b"]).silent().line(),
        "sound a b"
    );
    assert_eq!(linked(&t, "old", &[]).silent().line(), "old");
    let package = pack(&t, &["app", "--script", "sound", "-o", "s.psp"]);
    assert_eq!(runs(&t, &package, &["1"]), "sound 1");
    let text = t.flavor(["inspect", "app/dist/offline.psp"]).silent();
    assert!(
        text.stdout()
            .contains("programs  offline, ahoy, old, sound\n"),
        "{text}"
    );
}

#[test]
fn a_manifest_names_scripts_of_dependencies() {
    let scripts = "[tool.flavor.scripts]\nhello = \"ahoy\"\nnoise = \"sound\"\nahoy = \"greeting\"\nword = \"src:main\"\n";
    let t = project(scripts);
    pack(&t, &["app"]);
    for (name, said) in [
        ("hello", "ahoy []"),
        ("noise", "sound"),
        ("ahoy", "ahoy []"),
        ("word", "Ahoy"),
        ("sound", "sound"),
    ] {
        assert_eq!(linked(&t, name, &[]).silent().line(), said, "{name}");
    }
    // Without scripts of its own, the first of them is the main one; one that is called like the package goes first.
    let without = wheelhouse::MANIFEST.replace("[project.scripts]\noffline = \"src:main\"\n", "");
    t.file(
        "app/pyproject.toml",
        format!("{without}[tool.flavor]\nscripts = [\"sound\", \"ahoy\"]\n"),
    );
    assert_eq!(runs(&t, &pack(&t, &["app"]), &["x"]), "sound x");
    t.file(
        "app/pyproject.toml",
        format!("{without}[tool.flavor.scripts]\nsound = \"sound\"\noffline = \"ahoy\"\n"),
    );
    assert_eq!(runs(&t, &pack(&t, &["app"]), &["x"]), "ahoy ['x']");
    t.file(
        "app/pyproject.toml",
        format!("{without}[tool.flavor]\nscripts = [\"soudn\"]\n"),
    );
    snapshot!(t.flavor(["pack", "-q", "app"]), @"
    exit: 1
    --- stderr
    error[FLV0271]: cannot pack `app/pyproject.toml`
      `soudn` under [tool.flavor.scripts] is not a script in the package: soudn
    hint: did you mean `sound`?
    ");
    t.file(
        "app/pyproject.toml",
        format!("{without}[tool.flavor.scripts]\nx = \"a b\"\n"),
    );
    snapshot!(t.flavor(["pack", "-q", "app"]), @"
    exit: 1
    --- stderr
    error[FLV0206]: cannot read the manifest
      app/pyproject.toml:11:5: `tool.flavor.scripts.x` must be `module:function`, or the name of a script in the package: a b
    ");
}

#[test]
fn a_wheel_brings_scripts_and_files() {
    let t = Test::new();
    let files = [
        ("tool.py", "def main():\n    print('main')\n"),
        ("tool-1.0.data/scripts/aid", "#!/bin/sh\necho aid"),
        ("tool-1.0.data/scripts/py", "#!python\nprint('py')"),
    ];
    wheel(
        &t,
        "tool-1.0-py3-none-any.whl",
        "",
        "tool = tool:main",
        &files,
    );
    let package = pack(&t, &["tool-1.0-py3-none-any.whl"]);
    for (name, said) in [("tool", "main"), ("aid", "aid"), ("py", "py")] {
        symlink(&package, t.path(name)).expect("a link");
        assert_eq!(runs(&t, &t.path(name), &[]), said);
    }
}

#[test]
fn a_link_of_another_name_starts_nothing() {
    let t = project("");
    let package = pack(&t, &["app", "-o", "offline-1.2.psp"]);
    let run = |name: &str| t.call(t.path(name), [""; 0]);
    let link = |from: &str, to: &str| symlink(to, t.path(from)).expect("a link");
    // Whoever renames or copies the file, or links it hard, has a file of any name.
    t.copy(&package, "anything");
    std::fs::hard_link(&package, t.path("hard")).expect("a link");
    // Links: to its own name, to the package's, to a version of it, by way of others.
    link("bin", ".");
    link("offline", "offline-1.2.psp");
    link("offline-1.3", "offline");
    link("offline-1.2", "offline-1.2.psp");
    link("ahoy-v2", "offline-1.2.psp");
    link("far", "near");
    link("near", "offline-1.2.psp");
    for name in [
        "anything",
        "hard",
        "offline",
        "offline-1.3",
        "offline-1.2",
        "bin/offline-1.2.psp",
    ] {
        assert_eq!(run(name).silent().line(), "Ahoy", "{name}");
    }
    assert_eq!(run("ahoy-v2").silent().line(), "ahoy []");
    snapshot!(run("far"), @"
    exit: 105
    --- stderr
    error[FLV0836]: the package has no program `far`
    hint: name the link after a program: offline, ahoy, old, sound
    ");
    // Found on PATH, by a path, by `flavor run`.
    let on_path = format!(
        "PATH=$PWD:$PATH; near; cd / && {}",
        t.path("near").display()
    );
    let twice = t.call("sh", ["-c", &on_path]).fails_with(105);
    assert_eq!(twice.stderr().matches("FLV0836").count(), 2, "{twice}");
    t.flavor(["run", "near"]).fails_with(105);
    // What is only said to be its name is no link.
    let said = t.call("bash", ["-c", "exec -a other ./offline-1.2.psp"]);
    assert_eq!(said.silent().line(), "Ahoy");
    // Nothing has been extracted for a name that is none.
    let fresh = t.path("fresh");
    let mut command = t.command(t.path("far"));
    t.run(command.env("FLAVOR_CACHE_DIR", &fresh))
        .fails_with(105);
    assert!(!fresh.exists());
}

#[test]
fn hundreds_of_scripts_are_a_list_of_names() {
    let t = Test::new();
    let commands = (0..300)
        .map(|number| format!("command-{number} = tool:main\n"))
        .collect::<Vec<_>>()
        .concat();
    let module = "import os, sys\ndef main():\n    print(os.path.basename(sys.argv[0]))\n";
    wheel(
        &t,
        "tool-1.0-py3-none-any.whl",
        "",
        &format!("{commands}tool = tool:main\n"),
        &[("tool.py", module)],
    );
    let package = pack(&t, &["tool-1.0-py3-none-any.whl"]);
    symlink(&package, t.path("command-299")).expect("a link");
    assert_eq!(runs(&t, &t.path("command-299"), &[]), "command-299");
    let json = t
        .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .silent()
        .json();
    assert_eq!(json["entry_points"].as_array().expect("a list").len(), 301);
    symlink(&package, t.path("nothing")).expect("a link");
    let run = t.call(t.path("nothing"), [""; 0]).fails_with(105);
    assert!(run.stderr().contains("and 261 more"), "{run}");
}

#[test]
fn the_project_is_found_above() {
    let t = project("");
    std::fs::create_dir_all(t.path("app/deep/er/wheels")).expect("directories");
    t.file("app/deep/er/__main__.py", "print('plain')\n");
    t.call("sh", ["-c", "mv wheels/* app/deep/er/wheels/"])
        .success();
    let call = |words: &str| {
        let script = format!("cd app/deep/er && {} {words}", crate::scene::FLAVOR);
        t.call("sh", ["-c", &script])
    };
    let run = call("pack --find-links wheels");
    let root = t.root().canonicalize().expect("a directory");
    let said = format!(
        "packing the project of {}",
        root.join("app/pyproject.toml").display()
    );
    let run = run.success();
    assert!(run.stderr().contains(&said), "{run}");
    assert_eq!(
        run.line(),
        root.join("app/dist/offline.psp").to_str().expect("UTF-8")
    );
    // What the user names is where the user is.
    assert_eq!(
        call("pack --find-links wheels -q -o here.psp")
            .success()
            .line(),
        "here.psp"
    );
    assert_eq!(runs(&t, &t.path("app/deep/er/here.psp"), &[]), "Ahoy");
    // What is named is meant.
    let plain = call("pack -q .").success();
    assert_eq!(plain.line(), "./dist/er.psp");
    // Settings of other tools make no project.
    t.file("app/pyproject.toml", "[tool.ruff]\n");
    assert_eq!(call("pack -q").success().line(), "./dist/er.psp");
}
