//! Programs that could never start are not packed, or it is said.

use crate::scene::{PROBE, Run, Test};
use crate::wheelhouse;

/// What is said of a pack: warnings, errors and hints.
fn said(run: &Run) -> String {
    let starts = ["warning", "error", "hint", "  "];
    let lines = run
        .stderr()
        .lines()
        .filter(|line| starts.iter().any(|start| line.starts_with(start)));
    lines
        .filter(|line| !line.starts_with("    "))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn what_does_not_compile_is_not_packed() {
    let t = wheelhouse::project();
    t.file("bad.py", "import sys\nif sys\n    print()\n");
    let python = crate::interpreter::Interpreter::System.executable();
    let python = python.to_str().expect("UTF-8");
    t.flavor(["pack", "-q", "bad.py", "--python", python])
        .fails_with(1);
    // Now everything comes from the cache.
    snapshot!(t.flavor(["pack", "-q", "bad.py", "--python", python]), @"
    exit: 1
    --- stderr
    error[FLV0318]: cannot pack `bad.py`
      `bad.py` does not compile for CPython 3.11.2: line 2: expected ':'
    hint: correct it, or choose another Python with `--python`
    ");
    t.file("site/pkg/__init__.py", "");
    t.file("site/pkg/cli.py", "def main(:\n");
    let run = t
        .flavor(["pack", "-q", "site", "--entry-point", "pkg.cli:main"])
        .fails_with(1);
    assert!(
        run.stderr()
            .contains("`pkg/cli.py` does not compile for CPython"),
        "{run}"
    );
    t.file("app/src.py", "def main():\nprint()\n");
    let run = t.flavor(["pack", "-q", "app"]).fails_with(1);
    assert!(
        run.stderr()
            .contains("`src.py` does not compile for CPython"),
        "{run}"
    );
}

#[test]
fn an_entry_point_that_is_nowhere_is_not_packed() {
    let t = wheelhouse::project();
    t.file("src/pkg/__init__.py", "");
    t.file(
        "src/pkg/cli.py",
        "def start():\n    pass\ndef other():\n    pass\n",
    );
    t.file("src/requirements.txt", "greeting\n");
    let refused = |entry: &str| {
        t.flavor(["pack", "-q", "src", "--entry-point", entry])
            .fails_with(1)
    };
    snapshot!(refused("pkg.clii:main"), @"
    exit: 1
    --- stderr
    error[FLV0319]: cannot pack `src`
      `pkg.clii:main` cannot start: there is no module `pkg.clii` in the package
    hint: did you mean `pkg.cli`?
    ");
    snapshot!(refused("pkg.cli:strat"), @"
    exit: 1
    --- stderr
    error[FLV0319]: cannot pack `src`
      `pkg.cli:strat` cannot start: the module has no `strat`
    hint: did you mean `pkg.cli:start`?
    ");
    snapshot!(refused("nowhere"), @"
    exit: 1
    --- stderr
    error[FLV0319]: cannot pack `src`
      `nowhere` cannot start: there is no module `nowhere` in the package
    hint: neither the project nor a dependency provides it: check the name, and what the build packs
    ");
    snapshot!(refused("pkg"), @"
    exit: 1
    --- stderr
    error[FLV0319]: cannot pack `src`
      `pkg` cannot be run: the package has no `__main__.py`
    hint: name a function of it, as in `pkg.cli:main`
    ");
    t.file("src/run.py", "");
    t.file("src/.flavorignore", "run.py\n");
    snapshot!(refused("run.py"), @"
    exit: 1
    --- stderr
    error[FLV0319]: cannot pack `src`
      `run.py`, the package's program, is excluded from the package
    hint: it is hidden, or matches `.gitignore`, `.flavorignore` or `exclude`
    ");
    // In a dependency, in the standard library, in an extension, by a name that is made at run time.
    t.file("src/pkg/late.py", "globals()['main'] = print\n");
    for entry in [
        "greeting:WORD",
        "http.server",
        "_json:scanstring",
        "pkg.late:main",
        "pkg.cli:start",
    ] {
        t.flavor(["pack", "-q", "src", "--entry-point", entry])
            .success();
    }
}

#[test]
fn the_main_command_of_a_project_must_be_there_and_the_others_had_better() {
    let t = wheelhouse::project();
    let backend = wheelhouse::BACKEND.replace(
        "offline = src:main",
        "offline = src:main\\nother = src:mian",
    );
    wheelhouse::wheel(&t, "tinybackend", "1.0", &[("tinybackend.py", &backend)]);
    snapshot!(said(&t.flavor(["pack", "app"]).success()), @"
    warning[FLV0319]: `src:mian` cannot start: the module has no `mian`
    hint: did you mean `src:main`?
    ");
    t.file("app/src.py", "");
    let run = t.flavor(["pack", "-q", "app"]).fails_with(1);
    assert!(
        run.stderr()
            .contains("`src:main` cannot start: the module has no `main`"),
        "{run}"
    );
}

#[test]
fn a_path_that_no_slot_brings_is_named() {
    let t = Test::new();
    t.script("true");
    t.manifest(&PROBE.replace("{workenv}/bin/probe", "{workenv}/bin/prob"));
    snapshot!(t.flavor(["pack", "-q"]), @"
    exit: 1
    --- stderr
    error[FLV0443]: cannot pack `pyproject.toml`
      the command names `{workenv}/bin/prob`, which no slot provides
    hint: did you mean `{workenv}/bin/probe`?
    ");
    // Who sets the environment up may make it.
    let hook = "[tool.flavor.hooks]\npost_extract = [\"true\"]\n[[tool.flavor.slots";
    t.manifest(
        &PROBE
            .replace("{workenv}/bin/probe", "{workenv}/bin/prob")
            .replacen("[[tool.flavor.slots", hook, 1),
    );
    t.flavor(["pack", "-q"]).success();
    let wishes = "\nargs = [\"--in={workenv}/bin/probe\", \"{workenv}/data.txt\"]\nenv = { HOME = \"{wrkenv}/home\", \
         A = \"{json}\", DATA = \"{workenv}/share/data\" }\n";
    t.manifest(&PROBE.replace("probe\"]\n", &format!("probe\"]{wishes}")));
    snapshot!(said(&t.flavor(["pack"]).success()), @"
    warning[FLV0242]: pyproject.toml:9:16: `tool.flavor.execution.env.HOME` has the unknown placeholder `{wrkenv}`
    hint: did you mean `{workenv}`?
    warning[FLV0443]: the command names `{workenv}/data.txt`, which no slot provides
    hint: add a slot with that `target`, or correct the path
    warning[FLV0443]: the variable `DATA` names `{workenv}/share/data`, which no slot provides
    hint: add a slot with that `target`, or correct the path
    ");
}

#[test]
fn a_path_may_have_blanks_and_marks_in_it() {
    let t = Test::new();
    for name in ["run me.sh", "run,me.sh", "it's.sh", "run(1);x.sh"] {
        t.executable(&format!("tools/{name}"), "#!/bin/sh\necho ran \"$1\"\n");
        let slot = "[[tool.flavor.slots.entries]]\nname = \"tools\"\nsource = \"tools\"\ntarget = \"my tools\"\n";
        let argument = format!("[{{workenv}}/my tools/{name}#part]");
        t.manifest(&format!(
            "[project]\nname = \"blank\"\nversion = \"1\"\n[tool.flavor.execution]\ncommand = [\"{{workenv}}/my tools/{name}\", \
             \"{argument}\"]\n{slot}"
        ));
        let run = t.flavor(["pack"]).success();
        assert_eq!(said(&run), "", "{run}");
        assert!(
            t.call(t.path("dist/blank.psp"), [""; 0])
                .silent()
                .line()
                .starts_with("ran ["),
            "{name}"
        );
    }
}

#[test]
fn names_in_policies_and_budgets_are_looked_up() {
    let t = Test::new();
    t.script("true");
    t.manifest(&format!(
        "{PROBE}\n[tool.flavor.budget.slots]\nscritp = \"1MB\"\nscript = \"1MB\"\n"
    ));
    snapshot!(said(&t.flavor(["pack"]).success()), @"
    warning[FLV0240]: pyproject.toml:17:1: `tool.flavor.budget.slots.scritp` is not a known key and has no effect
    hint: did you mean `script`?
    ");
    t.manifest(&format!(
        "{PROBE}\n[tool.flavor.policy]\nplatforms = [\"linux_arm64\", \"linux-x86_64\"]\n"
    ));
    snapshot!(t.flavor(["pack"]), @"
    exit: 1
    --- stderr
    error[FLV0207]: cannot read the manifest
      pyproject.toml:17:29: `tool.flavor.policy.platforms[1]` names an unknown platform: linux-x86_64
    hint: did you mean `linux_amd64`?
    ");
}
