//! Locks of every tool: what they fix is what is packed, whichever installer runs, or the pack is refused.

use crate::project_sources::{
    application, has_no_path_of_this_machine, prints, project, scene, with_each_installer,
};
use crate::scene::Test;
use crate::wheelhouse;

/// Wheels of a distribution in some versions; each module has its version for a word.
fn versions(t: &Test, name: &str, versions: &[&str]) {
    for version in versions {
        let module = format!("WORD = '{name} {version}'\n");
        wheelhouse::wheel(t, name, version, &[(&format!("{name}.py"), &module)]);
    }
}

fn hash(t: &Test, name: &str, version: &str) -> String {
    let wheel = t.path(format!("wheels/{name}-{version}-py3-none-any.whl"));
    format!(
        "sha256:{}",
        &t.call("sha256sum", [wheel]).success().stdout()[..64]
    )
}

/// A package of a `uv.lock`.
fn uv_package(t: &Test, name: &str, version: &str, more: &str) -> String {
    let hash = hash(t, name, version);
    let file = format!("{name}-{version}-py3-none-any.whl");
    format!(
        "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\n{more}wheels = [{{ url = \"https://files.example/{file}\", hash = \"{hash}\" }}]\n"
    )
}

/// A `uv.lock` of the application in `app`: a fork, an extra, a group, a sibling.
fn uv_lock(t: &Test) -> String {
    versions(t, "other", &["1.0", "2.0"]);
    versions(t, "fast", &["1.0", "2.0"]);
    versions(t, "tool", &["1.0", "2.0"]);
    project(t, "lib", "mylib", "ours", "dependencies = [\"deeper\"]\n");
    versions(t, "deeper", &["1.0"]);
    application(
        t,
        "app",
        &["other", "mylib"],
        "[project.optional-dependencies]\nFast = [\"fast>=1\"]\n[dependency-groups]\nops = [\"tool\"]\n[tool.uv.sources]\nmylib = { path = \"../lib\" }\n",
    );
    [
        "version = 1\nrevision = 3\nrequires-python = \">=3.11\"\n\n",
        "[[package]]\nname = \"app\"\nversion = \"1.0\"\nsource = { editable = \".\" }\n",
        "dependencies = [\n  { name = \"mylib\" },\n",
        "  { name = \"other\", version = \"1.0\", source = { registry = \"https://pypi.org/simple\" }, marker = \"sys_platform == 'linux'\" },\n",
        "  { name = \"other\", version = \"2.0\", source = { registry = \"https://pypi.org/simple\" }, marker = \"sys_platform != 'linux'\" },\n]\n",
        "[package.optional-dependencies]\nfast = [{ name = \"fast\" }]\n",
        "[package.dev-dependencies]\nops = [{ name = \"tool\" }]\n",
        "[package.metadata]\nrequires-dist = [\n  { name = \"fast\", marker = \"extra == 'fast'\", specifier = \">=1\" },\n  { name = \"mylib\", directory = \"../lib\" },\n  { name = \"other\" },\n]\nprovides-extras = [\"fast\"]\n",
        "[package.metadata.requires-dev]\nops = [{ name = \"tool\" }]\n",
        "[[package]]\nname = \"mylib\"\nversion = \"1.0\"\nsource = { directory = \"../lib\" }\ndependencies = [{ name = \"deeper\" }]\n",
        &uv_package(t, "other", "1.0", "resolution-markers = [\"sys_platform == 'linux'\"]\n"),
        &uv_package(t, "other", "2.0", "resolution-markers = [\"sys_platform != 'linux'\"]\n"),
        &uv_package(t, "fast", "1.0", ""),
        &uv_package(t, "tool", "1.0", ""),
        &uv_package(t, "deeper", "1.0", ""),
    ]
    .concat()
}

fn pack(t: &Test, more: &[&str]) {
    t.flavor(
        [
            &["pack", "--quiet", "--key-seed", "s", "--output", "out.psp"],
            more,
        ]
        .concat(),
    )
    .success();
}

#[test]
fn a_lock_of_uv_counts_with_uv_and_without() {
    with_each_installer(|t, tool| {
        let lock = uv_lock(t);
        t.file("app/uv.lock", &lock);
        pack(t, &["app"]);
        assert_eq!(
            prints(t, &t.path("out.psp")),
            ["other 1.0", "ours"],
            "{tool}"
        );
        has_no_path_of_this_machine(t);
        t.file(
            "app/app.py",
            "def main():\n    import fast, tool, deeper\n    print(fast.WORD, tool.WORD, deeper.WORD)\n",
        );
        pack(t, &["app", "--extra", "fast", "--group", "ops"]);
        assert_eq!(
            prints(t, &t.path("out.psp")),
            ["fast 1.0 tool 1.0 deeper 1.0"],
            "{tool}"
        );
        // Another file than the one that was locked is refused.
        let wrong = lock.replace(
            &hash(t, "other", "1.0"),
            &format!("sha256:{}", "0".repeat(64)),
        );
        t.file("app/uv.lock", wrong);
        let run = t.flavor(["pack", "app", "-q"]).fails_with(4);
        assert!(run.stderr().contains("error[FLV0310]"), "{tool}\n{run}");
        t.file(
            "app/uv.lock",
            lock.replace(
                "requires-python = \">=3.11\"",
                "requires-python = \">=3.99\"",
            ),
        );
        let run = t.flavor(["pack", "app", "-q"]).fails_with(4);
        assert!(
            run.stderr().contains("it is for Python >=3.99"),
            "{tool}\n{run}"
        );
    });
}

#[test]
fn a_lock_is_found_from_wherever_one_stands() {
    let t = scene();
    let lock = uv_lock(&t)
        .replace("\"../lib\"", "\"libs/mylib\"")
        .replace("editable = \".\"", "editable = \"packages/app\"");
    t.call("mkdir", ["-p", "ws/packages", "ws/libs"]).success();
    t.call("mv", ["app", "ws/packages/app"]).success();
    t.call("mv", ["lib", "ws/libs/mylib"]).success();
    let member = std::fs::read_to_string(t.path("ws/packages/app/pyproject.toml")).expect("read");
    t.file(
        "ws/packages/app/pyproject.toml",
        member.replace("path = \"../lib\"", "workspace = true"),
    );
    t.file(
        "ws/pyproject.toml",
        "[tool.uv.workspace]\nmembers = [\"packages/*\", \"libs/*\"]\n",
    );
    let metadata = "[package.metadata]\nrequires-dist = [{ name = \"deeper\" }]\n";
    let lock = lock
        .replace(
            "requires-python",
            "manifest = { members = [\"app\", \"mylib\"] }\nrequires-python",
        )
        .replace(
            "dependencies = [{ name = \"deeper\" }]\n",
            &format!("dependencies = [{{ name = \"deeper\" }}]\n{metadata}"),
        );
    t.file("ws/uv.lock", lock);
    // One of the member's own is that of another time: the workspace's counts.
    t.file("ws/packages/app/uv.lock", "nonsense");
    let output = t.path("out.psp");
    let output = output.to_str().expect("UTF-8");
    let absolute = t.path("ws/packages/app");
    for arguments in [
        &["-C", "ws/packages/app"][..],
        &["-C", "ws/packages/app", "."],
        &["-C", "ws", "packages/app"],
        &["-C", "ws", "--manifest", "packages/app"],
        &["ws/packages/app/pyproject.toml"],
        &[absolute.to_str().expect("UTF-8")],
    ] {
        t.flavor(
            [
                &["pack", "-q", "--key-seed", "s", "--output", output],
                arguments,
            ]
            .concat(),
        )
        .success();
        assert_eq!(
            prints(&t, &t.path("out.psp")),
            ["other 1.0", "ours"],
            "{arguments:?}"
        );
    }
    t.flavor([
        "pack",
        "-q",
        "-C",
        "ws/packages/app",
        "--check-reproducible",
        "--output",
        output,
    ])
    .success();
}

#[test]
fn a_lock_that_does_not_fit_the_project_any_more_is_refused() {
    let t = scene();
    let lock = uv_lock(&t);
    t.file("app/uv.lock", &lock);
    pack(&t, &["app"]);
    let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("read");
    for (old, new, reason) in [
        (
            "[\"other\", \"mylib\"]",
            "[\"other>=2\", \"mylib\"]",
            "`other` of `app` has changed",
        ),
        (
            "[\"other\", \"mylib\"]",
            "[\"mylib\"]",
            "`other` of `app` was removed",
        ),
        (
            "[\"other\", \"mylib\"]",
            "[\"other\", \"mylib\", \"fast\"]",
            "`fast` of `app` is new",
        ),
        (
            "\"fast>=1\"",
            "\"fast>=2\"",
            "`fast` of `app[fast]` has changed",
        ),
        (
            "[\"tool\"]",
            "[\"tool\", \"fast\"]",
            "`fast` of the group `ops` of `app` is new",
        ),
        (
            "requires-python = \">=3.11\"",
            "requires-python = \">=3.10\"",
            "`requires-python` has changed",
        ),
        (
            "path = \"../lib\"",
            "path = \"../lib2\"",
            "`mylib` of `app` has changed",
        ),
        (
            "[tool.uv.sources]",
            "[tool.uv]\nconstraint-dependencies = [\"other<3\"]\n[tool.uv.sources]",
            "`constraint-dependencies` has changed",
        ),
    ] {
        t.call("cp", ["-r", "lib", "lib2"]).success();
        assert!(manifest.contains(old));
        t.file("app/pyproject.toml", manifest.replace(old, new));
        let run = t.flavor(["pack", "app", "-q"]).fails_with(4);
        assert!(
            run.stderr().contains("error[FLV0339]") && run.stderr().contains(reason),
            "{old}\n{run}"
        );
        t.call("rm", ["-r", "lib2"]).success();
    }
    // What is no requirement is the project's own affair.
    t.file(
        "app/pyproject.toml",
        manifest.replace(
            "version = \"1.0\"",
            "version = \"1.1\"\ndescription = \"x\"",
        ),
    );
    pack(&t, &["app"]);
    t.file(
        "app/pyproject.toml",
        manifest.replace("[\"other\", \"mylib\"]", "[\"other>=2,<3\", \"mylib\"]"),
    );
    snapshot!(t.flavor(["pack", "app", "-q"]), @"
    exit: 4
    --- stderr
    error[FLV0339]: cannot pack `app/pyproject.toml`
      the lock file `[ROOT]/app/uv.lock` does not match the project: the requirement `other` of `app` has changed
    hint: create it again with `uv lock`, or ignore it with `--refresh`
    ");
    // Who asks for it gets what fits the manifest, and is told; the next one is refused again.
    let run = t
        .flavor(["pack", "app", "--refresh", "--json", "--output", "out.psp"])
        .success();
    assert_eq!(run.json()["warnings"][0]["code"], "FLV0339");
    assert_eq!(prints(&t, &t.path("out.psp")), ["other 2.0", "ours"]);
    t.flavor(["pack", "app", "-q"]).fails_with(4);
}

#[test]
fn what_the_package_needs_beside_a_lock_is_installed_too() {
    with_each_installer(|t, tool| {
        let lock = uv_lock(t);
        t.file("app/uv.lock", lock);
        let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("read");
        t.file(
            "app/pyproject.toml",
            manifest + "[tool.flavor.build]\ndependencies = [\"greeting\", \"other\"]\n",
        );
        t.file(
            "app/app.py",
            "def main():\n    import greeting, other\n    print(greeting.WORD, other.WORD)\n",
        );
        pack(t, &["app"]);
        assert_eq!(prints(t, &t.path("out.psp")), ["Ahoy other 1.0"], "{tool}");
    });
}

#[test]
fn a_lock_of_poetry_is_followed() {
    with_each_installer(|t, tool| {
        versions(t, "other", &["1.0", "2.0"]);
        versions(t, "fast", &["1.0", "2.0"]);
        versions(t, "deeper", &["1.0"]);
        project(t, "lib", "mylib", "ours", "");
        application(
            t,
            "app",
            &["other", "fast", "mylib"],
            "[tool.poetry.dependencies]\nmylib = { path = \"../lib\" }\n",
        );
        let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("read");
        t.file(
            "app/pyproject.toml",
            manifest.replace("[\"other\"", "[\"other[more] (>=1,<3)\""),
        );
        t.file("app/app.py", "def main():\n    import other, fast, mylib, deeper\n    print(other.WORD, fast.WORD, mylib.WORD, deeper.WORD)\n");
        let package = |name: &str, version: &str, more: &str| {
            let hash = hash(t, name, version);
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\noptional = false\npython-versions = \">=3.8\"\ngroups = [\"main\"]\nfiles = [{{ file = \"{name}-{version}-py3-none-any.whl\", hash = \"{hash}\" }}]\n{more}\n"
            )
        };
        let lock = [
            &*package("other", "1.0", "[package.dependencies]\ndeeper = { version = \"^1.0\", optional = true, markers = \"extra == \\\"more\\\"\" }\nnowhere = { version = \"*\", markers = \"sys_platform == \\\"win32\\\"\" }\n[package.extras]\nmore = [\"deeper (>=1.0)\"]\n"),
            &package("fast", "1.0", "markers = \"x\"\n").replace("markers = \"x\"", ""),
            &package("deeper", "1.0", ""),
            "[[package]]\nname = \"mylib\"\nversion = \"1.0\"\noptional = false\npython-versions = \"*\"\nfiles = []\ndevelop = true\n[package.source]\ntype = \"directory\"\nurl = \"../lib\"\n",
            "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.11\"\ncontent-hash = \"x\"\n",
        ]
        .concat();
        t.file("app/poetry.lock", &lock);
        pack(t, &["app"]);
        assert_eq!(
            prints(t, &t.path("out.psp")),
            ["other 1.0 fast 1.0 ours deeper 1.0"],
            "{tool}"
        );
        has_no_path_of_this_machine(t);
        let changed = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("read");
        for (old, new, reason) in [
            ("(>=1,<3)", "(>=2)", "it has `other` 1.0; `>=2` is required"),
            (
                "\"fast\"",
                "\"fast\", \"greeting\"",
                "the requirement `greeting` is missing",
            ),
        ] {
            t.file("app/pyproject.toml", changed.replace(old, new));
            let run = t.flavor(["pack", "app", "-q"]).fails_with(4);
            assert!(
                run.stderr().contains(reason) && run.stderr().contains("`poetry lock`"),
                "{tool}\n{run}"
            );
        }
    });
}

#[test]
fn a_lock_of_pdm_is_followed() {
    with_each_installer(|t, tool| {
        versions(t, "other", &["1.0", "2.0"]);
        versions(t, "deeper", &["1.0"]);
        project(t, "lib", "mylib", "ours", "");
        application(
            t,
            "app",
            &["other[more]", "mylib @ file:///${PROJECT_ROOT}/../lib"],
            "",
        );
        t.file(
            "app/app.py",
            "def main():\n    import other, mylib, deeper\n    print(other.WORD, mylib.WORD, deeper.WORD)\n",
        );
        let (other, deeper) = (hash(t, "other", "1.0"), hash(t, "deeper", "1.0"));
        let lock = format!(
            "[metadata]\ngroups = [\"default\"]\nstrategy = [\"inherit_metadata\"]\nlock_version = \"4.5.0\"\ncontent_hash = \"sha256:x\"\n\
             [[package]]\nname = \"deeper\"\nversion = \"1.0\"\nfiles = [{{ file = \"deeper\", hash = \"{deeper}\" }}]\n\
             [[package]]\nname = \"mylib\"\nversion = \"1.0\"\npath = \"../lib\"\n\
             [[package]]\nname = \"other\"\nversion = \"1.0\"\nfiles = [{{ file = \"other\", hash = \"{other}\" }}]\n\
             [[package]]\nname = \"other\"\nversion = \"1.0\"\nextras = [\"more\"]\ndependencies = [\"other==1.0\", \"deeper>=1\", \"nowhere; sys_platform == 'win32'\"]\nfiles = [{{ file = \"other\", hash = \"{other}\" }}]\n"
        );
        t.file("app/pdm.lock", lock);
        pack(t, &["app"]);
        assert_eq!(
            prints(t, &t.path("out.psp")),
            ["other 1.0 ours deeper 1.0"],
            "{tool}"
        );
        let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("read");
        t.file(
            "app/pyproject.toml",
            manifest.replace("other[more]", "other[more]>=2"),
        );
        let run = t.flavor(["pack", "app", "-q"]).fails_with(4);
        assert!(
            run.stderr()
                .contains("it has `other` 1.0; `>=2` is required"),
            "{tool}\n{run}"
        );
    });
}

#[test]
fn a_list_with_hashes_is_a_lock_and_its_project_no_part_of_itself() {
    with_each_installer(|t, tool| {
        versions(t, "other", &["1.0", "2.0"]);
        application(t, "app", &["other"], "");
        let lock = format!(
            "-e .\nother==1.0 \\\n    --hash={}\n",
            hash(t, "other", "1.0")
        );
        t.file("app/requirements.txt", &lock);
        pack(t, &["app"]);
        assert_eq!(prints(t, &t.path("out.psp")), ["other 1.0"], "{tool}");
        has_no_path_of_this_machine(t);
        application(t, "app", &["other", "greeting"], "");
        let run = t.flavor(["pack", "app", "-q"]).fails_with(4);
        assert!(
            run.stderr()
                .contains("the requirement `greeting` is missing"),
            "{tool}\n{run}"
        );
    });
}

#[test]
fn a_lock_that_is_not_read_is_named_on_every_pack() {
    let t = scene();
    application(&t, "app", &["other"], "");
    t.file("app/requirements.txt", "other==1.0\n");
    for _ in 0..2 {
        let run = t.flavor(["pack", "app", "--json"]).success();
        assert_eq!(run.json()["warnings"][0]["code"], "FLV0341");
    }
    let run = t.flavor(["pack", "app"]).success();
    let said: Vec<&str> = run
        .stderr()
        .lines()
        .take(20)
        .filter(|line| line.starts_with("warning") || line.starts_with("hint"))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @"
    warning[FLV0341]: `app/requirements.txt` is not read: versions were chosen without it
    hint: a list with hashes is a lock: `uv pip compile --generate-hashes pyproject.toml -o requirements.txt`
    ");
    // Wishes, and what the project says itself, are no lock.
    for list in ["other>=1\n", "other\n"] {
        t.file("app/requirements.txt", list);
        assert_eq!(
            t.flavor(["pack", "app", "--json"]).success().json()["warnings"]
                .as_array()
                .map(Vec::len),
            Some(0)
        );
    }
    t.file("app/Pipfile.lock", "{}");
    assert_eq!(
        t.flavor(["pack", "app", "--json"]).success().json()["warnings"][0]["code"],
        "FLV0341"
    );
}

/// The warnings of a run, with their hints.
pub(crate) fn warnings(run: &crate::scene::Run, t: &Test) -> String {
    let lines: Vec<&str> = run.stderr().lines().collect();
    let first = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with("warning["));
    let pairs =
        first.flat_map(|(at, line)| [*line, lines.get(at + 1).copied().unwrap_or_default()]);
    pairs
        .collect::<Vec<_>>()
        .join("\n")
        .replace(&*t.root().to_string_lossy(), "[ROOT]")
}

#[test]
fn what_is_odd_about_an_installation_is_said_on_every_pack() {
    let mut t = scene();
    for name in ["one", "two"] {
        let info = format!("{name}-1.0.dist-info/entry_points.txt");
        let module = format!("{name}.py");
        let odd = if name == "one" {
            "[console_scripts]\nodd = no command\n"
        } else {
            ""
        };
        wheelhouse::wheel(
            &t,
            name,
            "1.0",
            &[(&module, "WORD = 'x'\n"), ("shared.py", ""), (&info, odd)],
        );
    }
    t.executable("broken/uv", "#!/bin/sh\nexit 1\n");
    let broken = t.path("broken");
    t.prepend_path(&broken);
    application(&t, "app", &["one", "two"], "");
    let first = t.flavor(["pack", "app"]).success();
    insta::assert_snapshot!(warnings(&first, &t), @"
    warning[FLV0344]: `one-1.0` and `two-1.0` both have `shared.py`: the package has one of the two
    hint: remove one of the two distributions
    warning[FLV0345]: `one-1.0` has the invalid entry point `odd = no command`: skipped
    hint: write it as `name = module:function`
    warning[FLV0346]: `[ROOT]/broken/uv` does not run: installing with pip
    hint: reinstall uv, or remove it from PATH
    ");
    // From the cache, too.
    let second = t.flavor(["pack", "app"]).success();
    assert_eq!(warnings(&second, &t), warnings(&first, &t));
    assert_eq!(
        t.flavor(["pack", "app", "--json"]).success().json()["warnings"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
}

#[test]
fn an_extra_that_a_list_cannot_tell_of_is_named() {
    let t = scene();
    versions(&t, "other", &["1.0"]);
    application(
        &t,
        "app",
        &["other"],
        "[project.optional-dependencies]\nfast = [\"other\"]\n",
    );
    t.file(
        "app/requirements.txt",
        format!("other==1.0 --hash={}\n", hash(&t, "other", "1.0")),
    );
    let run = t.flavor(["pack", "app", "--extra", "fast"]).success();
    insta::assert_snapshot!(warnings(&run, &t), @"
    warning[FLV0342]: `[ROOT]/app/requirements.txt` has no extra or group `fast`, which therefore adds nothing
    hint: if the lock was made without it, lock again with it
    ");
}
