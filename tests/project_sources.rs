//! Places that a project names for its distributions: they are honoured or refused, and no index supplies another of the
//! name.

use std::path::Path;

use crate::scene::Test;
use crate::{flavorpack, wheelhouse};

/// A build back end for any project of these tests: every module of the project, what it requires, its commands.
pub(crate) const BACKEND: &str = r"
import glob, os, tomllib, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    manifest = tomllib.load(open('pyproject.toml', 'rb'))
    project = manifest['project']
    stem = project['name'].replace('-', '_') + '-' + project['version']
    name, info = f'{stem}-py3-none-any.whl', f'{stem}.dist-info'
    requires = [f'Requires-Dist: {one}\n' for one in project.get('dependencies', [])]
    for extra, more in project.get('optional-dependencies', {}).items():
        requires.append(f'Provides-Extra: {extra}\n')
        requires += [f'Requires-Dist: {one} ; extra == {extra!r}\n' for one in more]
    for other, path in manifest.get('tool', {}).get('poetry', {}).get('dependencies', {}).items():
        if isinstance(path, dict) and 'path' in path:
            requires.append(f'Requires-Dist: {other} @ file://' + os.path.abspath(path['path']) + '\n')
    scripts = ''.join(f'{key} = {value}\n' for key, value in project.get('scripts', {}).items())
    with zipfile.ZipFile(f'{directory}/{name}', 'w') as out:
        for module in sorted(glob.glob('*.py')):
            if module != 'setup.py':
                out.write(module)
        head = 'Metadata-Version: 2.1\nName: ' + project['name'] + '\nVersion: ' + project['version'] + '\n'
        out.writestr(f'{info}/METADATA', head + ''.join(requires))
        out.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nGenerator: tiny\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        out.writestr(f'{info}/entry_points.txt', '[console_scripts]\n' + scripts)
        out.writestr(f'{info}/RECORD', ''.join(f'{one.filename},,\n' for one in out.filelist))
    return name
";

/// A project with one module of its own name, which has a word to say.
pub(crate) fn project(t: &Test, directory: &str, name: &str, word: &str, more: &str) {
    let manifest = format!(
        "[build-system]\nrequires = [\"anybackend\"]\nbuild-backend = \"anybackend\"\n[project]\nname = \"{name}\"\nversion = \"1.0\"\nrequires-python = \">=3.11\"\n{more}"
    );
    t.file(&format!("{directory}/pyproject.toml"), manifest);
    t.file(
        &format!("{directory}/{}.py", name.replace('-', "_")),
        format!("WORD = {word:?}\n"),
    );
}

/// An application that prints the words of what it depends on. `more` follows its list of dependencies.
pub(crate) fn application(t: &Test, directory: &str, modules: &[&str], more: &str) {
    let list = modules
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(", ");
    project(
        t,
        directory,
        "app",
        "",
        &format!("dependencies = [{list}]\n[project.scripts]\napp = \"app:main\"\n{more}"),
    );
    let imports: Vec<String> = modules
        .iter()
        .map(|name| format!("    import {name}\n    print({name}.WORD)\n"))
        .collect();
    let imports = imports.concat();
    t.file(
        &format!("{directory}/app.py"),
        format!("def main():\n{imports}"),
    );
}

/// A scene with the back end, and with strangers of the names that the tests' own distributions have.
pub(crate) fn scene() -> Test {
    let t = wheelhouse::project();
    // The applications here have modules of their own.
    std::fs::remove_dir_all(t.path("app")).expect("removed");
    wheelhouse::wheel(&t, "anybackend", "1.0", &[("anybackend.py", BACKEND)]);
    for name in ["mylib", "deeper", "other"] {
        wheelhouse::wheel(
            &t,
            name,
            "9.0",
            &[(&format!("{name}.py"), "WORD = 'STRANGER'\n")],
        );
    }
    t
}

/// The same scene for pip and for uv.
pub(crate) fn with_each_installer(test: impl Fn(&mut Test, &str)) {
    let uv = flavorpack::uv_directory();
    for tool in ["pip", "uv"] {
        let mut t = scene();
        if tool == "uv" {
            t.prepend_path(&uv);
            t.set("UV_NO_INDEX", "1");
        }
        test(&mut t, tool);
    }
}

/// What a package prints.
#[track_caller]
pub(crate) fn prints(t: &Test, package: &Path) -> Vec<String> {
    t.call(package, [""; 0])
        .success()
        .stdout()
        .lines()
        .map(ToOwned::to_owned)
        .collect()
}

#[track_caller]
fn packed(t: &Test, arguments: &[&str]) -> Vec<String> {
    t.flavor(
        [
            &["pack", "--quiet", "--key-seed", "s", "--output", "out.psp"],
            arguments,
        ]
        .concat(),
    )
    .success();
    prints(t, &t.path("out.psp"))
}

/// No file of the package that describes distributions leads to this machine.
#[track_caller]
pub(crate) fn has_no_path_of_this_machine(t: &Test) {
    t.flavor(["extract-all", "out.psp", "all", "--as-tree"])
        .success();
    let root = t.root().to_string_lossy().into_owned();
    let files = [
        "--include=*.pth",
        "--include=METADATA",
        "--include=RECORD",
        "--include=*.json",
        "--include=*.txt",
    ];
    let run = t.call(
        "grep",
        ["-rlaF", &root].iter().chain(&files).chain(&["all"]),
    );
    assert_eq!(run.stdout(), "");
    assert!(
        !t.names("all")
            .iter()
            .any(|name| name.contains("__editable__") || name.ends_with("direct_url.json"))
    );
    t.call("rm", ["-rf", "all"]).success();
}

#[test]
fn a_sibling_by_path_is_built_with_its_own_siblings_and_no_index_replaces_it() {
    with_each_installer(|t, tool| {
        application(
            t,
            "app",
            &["mylib"],
            "[tool.uv.sources]\nmylib = { path = \"../libs/mylib\", editable = true }\n",
        );
        project(
            t,
            "libs/mylib",
            "mylib",
            "ours",
            "dependencies = [\"deeper\"]\n[tool.uv.sources]\ndeeper = { path = \"../deeper\" }\n",
        );
        t.file(
            "libs/mylib/mylib.py",
            "import deeper\nWORD = 'ours and ' + deeper.WORD\n",
        );
        project(t, "libs/deeper", "deeper", "deep", "");
        let before = t.listing("libs");
        assert_eq!(packed(t, &["app"]), ["ours and deep"], "{tool}");
        assert_eq!(
            t.listing("libs"),
            before,
            "{tool}: the build has left something behind"
        );
        has_no_path_of_this_machine(t);
        // It counts as an input.
        t.file("libs/deeper/deeper.py", "WORD = 'changed'\n");
        assert_eq!(packed(t, &["app"]), ["ours and changed"], "{tool}");
    });
}

#[test]
fn a_member_of_a_workspace_is_the_workspaces_wherever_it_is_packed_from() {
    with_each_installer(|t, tool| {
        t.file(
            "ws/pyproject.toml",
            "[tool.uv.workspace]\nmembers = [\"packages/*\"]\nexclude = [\"packages/old-*\"]\n[tool.uv.sources]\nmylib = { workspace = true }\n",
        );
        application(t, "ws/packages/app", &["mylib"], "");
        project(
            t,
            "ws/packages/mylib",
            "mylib",
            "ours",
            "dependencies = [\"deeper\"]\n[tool.uv.sources]\ndeeper = { workspace = true }\n",
        );
        project(t, "ws/packages/deeper", "deeper", "deep", "");
        project(t, "ws/packages/old-mylib", "mylib", "old", "");
        for arguments in [
            &["ws/packages/app"][..],
            &["-C", "ws/packages/app"],
            &["-C", "ws", "packages/app"],
            &["-C", "ws/packages", "--manifest", "app/pyproject.toml"],
        ] {
            let output = t.path("out.psp");
            let run = t.flavor(
                [
                    &[
                        "pack",
                        "-q",
                        "--key-seed",
                        "s",
                        "--output",
                        output.to_str().expect("UTF-8"),
                    ],
                    arguments,
                ]
                .concat(),
            );
            run.success();
            assert_eq!(prints(t, &output), ["ours"], "{tool} {arguments:?}");
        }
        // The excluded one is no member, and does not stand in for one.
        t.call("rm", ["-r", "ws/packages/mylib"]).success();
        let run = t.flavor(["pack", "ws/packages/app", "-q"]).fails_with(4);
        assert!(run.stderr().contains("has no such member"), "{run}");
    });
    let t = scene();
    application(
        &t,
        "app",
        &["mylib"],
        "[tool.uv.sources]\nmylib = { workspace = true }\n",
    );
    snapshot!(t.flavor(["pack", "app", "-q"]), @"
    exit: 4
    --- stderr
    error[FLV0335]: cannot pack `app/pyproject.toml`
      the source of `mylib` in `[ROOT]/app/pyproject.toml` cannot be used: it has a workspace source, but this project is not in a workspace
    hint: correct the source, or remove it
    ");
}

#[test]
fn a_root_that_is_a_project_takes_its_members() {
    with_each_installer(|t, tool| {
        application(
            t,
            "ws",
            &["mylib"],
            "[tool.uv.workspace]\nmembers = [\"libs/**\"]\n[tool.uv.sources]\nmylib = { workspace = true }\n",
        );
        project(t, "ws/libs/a/mylib", "mylib", "ours", "");
        assert_eq!(packed(t, &["ws"]), ["ours"], "{tool}");
        let output = t.path("out.psp");
        t.flavor([
            "pack",
            "-q",
            "-C",
            "ws",
            "--key-seed",
            "s",
            "--check-reproducible",
            "--output",
            output.to_str().expect("UTF-8"),
        ])
        .success();
    });
}

#[test]
fn a_source_counts_where_its_condition_holds() {
    with_each_installer(|t, tool| {
        project(t, "one", "mylib", "linux", "");
        project(t, "two", "mylib", "windows", "");
        project(t, "three", "other", "fast", "");
        application(
            t,
            "app",
            &["mylib"],
            "[project.optional-dependencies]\nfast = [\"other\"]\n[tool.uv.sources]\nmylib = [{ path = \"../two\", marker = \"sys_platform == 'win32'\" }, { path = \"../one\", marker = \"sys_platform == 'linux'\" }]\nother = { path = \"../three\", extra = \"fast\" }\n",
        );
        assert_eq!(packed(t, &["app"]), ["linux"], "{tool}");
        t.file(
            "app/app.py",
            "def main():\n    import other\n    print(other.WORD)\n",
        );
        assert_eq!(packed(t, &["app", "--extra", "fast"]), ["fast"], "{tool}");
    });
}

/// A repository of git with what is in a directory.
fn repository(t: &Test, directory: &str) {
    let git = |words: &[&str]| {
        let identity = [
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "-c",
            "init.defaultBranch=main",
        ];
        t.call(
            "git",
            ["-C", directory].iter().chain(&identity).chain(words),
        )
        .success();
    };
    if !t.path(directory).join(".git").exists() {
        git(&["init", "--quiet"]);
    }
    git(&["add", "-A"]);
    git(&["commit", "--quiet", "--allow-empty", "-m", "state"]);
}

#[test]
fn a_repository_is_fetched_with_its_siblings_at_the_revision_that_is_named() {
    with_each_installer(|t, tool| {
        t.file(
            "far/pyproject.toml",
            "[tool.uv.workspace]\nmembers = [\"*\"]\n",
        );
        project(
            t,
            "far/mylib",
            "mylib",
            "first",
            "dependencies = [\"deeper\"]\n[tool.uv.sources]\ndeeper = { workspace = true }\n",
        );
        t.file(
            "far/mylib/mylib.py",
            "import deeper\nWORD = 'first and ' + deeper.WORD\n",
        );
        project(t, "far/deeper", "deeper", "deep", "");
        repository(t, "far");
        t.call("git", ["-C", "far", "tag", "v1"]).success();
        t.file("far/mylib/mylib.py", "WORD = 'second'\n");
        repository(t, "far");
        let url = format!("file://{}", t.path("far").display());
        let source = |rest: &str| {
            format!(
                "[tool.uv.sources]\nmylib = {{ git = \"{url}\", subdirectory = \"mylib\"{rest} }}\n"
            )
        };
        application(t, "app", &["mylib"], &source(", tag = \"v1\""));
        assert_eq!(packed(t, &["app"]), ["first and deep"], "{tool}");
        has_no_path_of_this_machine(t);
        application(t, "app", &["mylib"], &source(""));
        assert_eq!(packed(t, &["app"]), ["second"], "{tool}");
        application(t, "app", &["mylib"], &source(", rev = \"nowhere\""));
        let run = t.flavor(["pack", "app", "-q"]).fails_with(4);
        assert!(
            run.stderr().contains("error[FLV0336]") && run.stderr().contains("nowhere"),
            "{run}"
        );
        // A requirement that names it itself is the same.
        application(t, "app", &["mylib"], "");
        let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("read");
        let direct = format!("\"mylib @ git+{url}@v1#subdirectory=mylib\"");
        t.file("app/pyproject.toml", manifest.replace("\"mylib\"", &direct));
        assert_eq!(packed(t, &["app"]), ["first and deep"], "{tool}");
        has_no_path_of_this_machine(t);
    });
}

#[test]
fn without_git_a_repository_is_refused() {
    let mut t = scene();
    application(
        &t,
        "app",
        &["mylib"],
        "[tool.uv.sources]\nmylib = { git = \"https://host.example/mylib\" }\n",
    );
    snapshot!(t.flavor(["pack", "app", "-q", "--offline"]), @"
    exit: 4
    --- stderr
    error[FLV0336]: cannot pack `app/pyproject.toml`
      cannot fetch `https://host.example/mylib` with git
        git: the network is disabled
    hint: check the URL, the revision and the credentials with `git ls-remote`
    ");
    let python = t
        .call("python3", ["-c", "import sys; print(sys.executable)"])
        .success()
        .line()
        .to_owned();
    t.set("PATH", "/nowhere");
    snapshot!(t.flavor(["pack", "app", "-q", "--python", &python]), @"
    exit: 4
    --- stderr
    error[FLV0336]: cannot pack `app/pyproject.toml`
      cannot fetch `https://host.example/mylib` with git
        git: no git on PATH
    hint: install git, or name a directory or an archive instead
    ");
}

#[test]
fn wheels_archives_and_addresses_are_sources() {
    with_each_installer(|t, tool| {
        t.call("mkdir", ["made"]).success();
        t.call(
            "cp",
            [
                "wheels/other-9.0-py3-none-any.whl",
                "made/other-9.0-py3-none-any.whl",
            ],
        )
        .success();
        project(t, "archive", "deeper", "from an archive", "");
        t.call("tar", ["-czf", "made/deeper-1.0.tar.gz", "archive"])
            .success();
        application(
            t,
            "app",
            &["other", "deeper"],
            "[tool.uv.sources]\nother = { path = \"../made/other-9.0-py3-none-any.whl\" }\ndeeper = { path = \"../made/deeper-1.0.tar.gz\" }\n",
        );
        assert_eq!(
            packed(t, &["app"]),
            ["STRANGER", "from an archive"],
            "{tool}"
        );
        has_no_path_of_this_machine(t);
    });
}

#[test]
fn an_explicit_index_has_only_what_is_named_for_it() {
    with_each_installer(|t, tool| {
        // The index that holds for everything has strangers.
        for name in ["mylib", "other", "anybackend", "greeting"] {
            wheelhouse::wheel(
                t,
                name,
                "3.0",
                &[(&format!("{name}.py"), "WORD = 'public'\n")],
            );
        }
        wheelhouse::wheel(t, "anybackend", "3.0", &[("anybackend.py", BACKEND)]);
        index(t, "public");
        t.call("rm", ["-r", "wheels"]).success();
        for name in ["mylib", "other"] {
            wheelhouse::wheel(
                t,
                name,
                "1.0",
                &[(&format!("{name}.py"), "WORD = 'private'\n")],
            );
        }
        index(t, "private");
        for name in ["PIP_NO_INDEX", "PIP_FIND_LINKS", "UV_NO_INDEX"] {
            t.unset(name);
        }
        t.set(
            "PIP_INDEX_URL",
            format!("file://{}", t.path("public").display()),
        );
        let private = format!("file://{}", t.path("private").display());
        let explicit = format!(
            "[tool.uv.sources]\nmylib = {{ index = \"mine\" }}\n[[tool.uv.index]]\nname = \"mine\"\nurl = \"{private}\"\nexplicit = true\n"
        );
        application(t, "app", &["mylib", "other"], &explicit);
        assert_eq!(packed(t, &["app"]), ["private", "STRANGER"], "{tool}");
        let poetry = format!(
            "[tool.poetry.dependencies]\nmylib = {{ version = \"*\", source = \"mine\" }}\n[[tool.poetry.source]]\nname = \"mine\"\nurl = \"{private}\"\npriority = \"explicit\"\n"
        );
        application(t, "app", &["mylib", "other"], &poetry);
        assert_eq!(packed(t, &["app"]), ["private", "STRANGER"], "{tool}");
        // One that goes before the others needs an installer that keeps to an order.
        application(
            t,
            "app",
            &["mylib"],
            &format!("[[tool.uv.index]]\nname = \"mine\"\nurl = \"{private}\"\n"),
        );
        if tool == "uv" {
            assert_eq!(packed(t, &["app"]), ["private"]);
        } else {
            snapshot!(t.flavor(["pack", "app", "-q"]), @"
            exit: 4
            --- stderr
            error[FLV0337]: cannot pack `app/pyproject.toml`
              the index `mine` has priority over others, which pip does not support
            hint: put `uv` on PATH, make it the default index, or name the distributions that it has and make it `explicit`
            ");
        }
        application(
            t,
            "app",
            &["mylib"],
            "[tool.uv.sources]\nmylib = { index = \"mien\" }\n",
        );
        let run = t.flavor(["pack", "app", "-q"]).fails_with(4);
        assert!(
            run.stderr()
                .contains("no `[[tool.uv.index]]` has the name `mien`"),
            "{run}"
        );
    });
}

/// An index (PEP 503) of the wheels of the test.
fn index(t: &Test, directory: &str) {
    let wheels = t.names("wheels");
    let mut names: Vec<&str> = wheels
        .iter()
        .map(|wheel| wheel.split('-').next().expect("a name"))
        .collect();
    names.dedup();
    for name in names {
        let of_name = wheels
            .iter()
            .filter(|wheel| wheel.starts_with(&format!("{name}-")));
        let links: Vec<String> = of_name
            .map(|wheel| format!("<a href=\"../files/{wheel}\">{wheel}</a>\n"))
            .collect();
        t.file(&format!("{directory}/{name}/index.html"), links.concat());
    }
    t.call("cp", ["-r", "wheels", &format!("{directory}/files")])
        .success();
}

#[test]
fn what_poetry_hatch_and_pdm_call_a_place_is_one() {
    with_each_installer(|t, tool| {
        project(
            t,
            "libs/mylib",
            "mylib",
            "ours",
            "dependencies = []\n[tool.poetry.dependencies]\ndeeper = { path = \"../deeper\" }\n",
        );
        t.file(
            "libs/mylib/mylib.py",
            "import deeper\nWORD = 'ours and ' + deeper.WORD\n",
        );
        project(t, "libs/deeper", "deeper", "deep", "");
        application(
            t,
            "app",
            &["mylib"],
            "[tool.poetry.dependencies]\nmylib = { path = \"../libs/mylib\", develop = true }\n",
        );
        let first = packed(t, &["app"]);
        assert_eq!(first, ["ours and deep"], "{tool}");
        has_no_path_of_this_machine(t);
        // What a back end writes of the place that it was built in is the same each time.
        let bytes = std::fs::read(t.path("out.psp")).expect("read");
        packed(t, &["app", "--no-cache"]);
        assert!(
            bytes == std::fs::read(t.path("out.psp")).expect("read"),
            "{tool}: another package"
        );
        for address in [
            "{root:parent:uri}/libs/deeper",
            "file:///${PROJECT_ROOT}/../libs/deeper",
            "{root:uri}/../libs/deeper",
        ] {
            application(t, "app", &["deeper"], "");
            let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("read");
            t.file(
                "app/pyproject.toml",
                manifest.replace("\"deeper\"", &format!("\"deeper @ {address}\"")),
            );
            t.file(
                "app/app.py",
                "def main():\n    import deeper\n    print(deeper.WORD)\n",
            );
            assert_eq!(packed(t, &["app"]), ["deep"], "{tool} {address}");
        }
    });
}

#[test]
fn what_is_to_be_editable_is_installed_as_everything_else() {
    with_each_installer(|t, tool| {
        project(t, "lib", "mylib", "ours", "");
        t.file("site/requirements.txt", "-e ../lib\n-r more.txt\n");
        t.file(
            "site/more.txt",
            "# nothing but a comment\nother # another\n",
        );
        t.file(
            "site/__main__.py",
            "import mylib, other\nprint(mylib.WORD, other.WORD)\n",
        );
        assert_eq!(packed(t, &["site"]), ["ours STRANGER"], "{tool}");
        has_no_path_of_this_machine(t);
        assert!(!t.path("lib/build").exists());
        // A wheel that was built as editable leads to sources that no other machine has.
        wheelhouse::wheel(
            t,
            "linked",
            "1.0",
            &[("linked.pth", "/home/somebody/src\n")],
        );
        t.file("site/requirements.txt", "linked\n");
        let run = t.flavor(["pack", "site", "-q"]);
        if tool == "pip" {
            snapshot!(run, @"
            exit: 1
            --- stderr
            error[FLV0340]: cannot pack `site`
              `linked.pth` of a distribution leads to sources on this machine: `/home/somebody/src`
            hint: it was installed or built as editable: build a wheel of it, and use that
            ");
        } else {
            run.fails_with(1);
        }
    });
}

#[test]
fn the_requirements_of_a_back_end_come_from_where_they_are_named() {
    with_each_installer(|t, tool| {
        wheelhouse::wheel(
            t,
            "ownbackend",
            "9.0",
            &[("ownbackend.py", "raise SystemExit('STRANGER')\n")],
        );
        application(
            t,
            "app",
            &["mylib"],
            "[tool.uv.sources]\nmylib = { path = \"../lib\" }\nownbackend = { path = \"../ownbackend\" }\n",
        );
        let manifest = std::fs::read_to_string(t.path("app/pyproject.toml")).expect("read");
        t.file(
            "app/pyproject.toml",
            manifest.replace("anybackend", "ownbackend"),
        );
        project(t, "lib", "mylib", "ours", "");
        project(
            t,
            "ownbackend",
            "ownbackend",
            "",
            "dependencies = [\"anybackend\"]\n",
        );
        t.file("ownbackend/ownbackend.py", "from anybackend import *\n");
        assert_eq!(packed(t, &["app"]), ["ours"], "{tool}");
    });
}

#[test]
fn places_that_cannot_be_followed_are_refused() {
    let t = scene();
    let refused = |source: &str| {
        application(
            &t,
            "app",
            &["mylib"],
            &format!("[tool.uv.sources]\nmylib = {source}\n"),
        );
        t.flavor(["pack", "app", "-q"]).fails_with(4)
    };
    snapshot!(refused("{ path = \"../nowhere\" }"), @"
    exit: 4
    --- stderr
    error[FLV0335]: cannot pack `app/pyproject.toml`
      the source of `mylib` in `[ROOT]/app/pyproject.toml` cannot be used: `../nowhere` does not exist
    hint: correct the source, or remove it
    ");
    assert!(
        refused("{ pth = \"x\" }")
            .stderr()
            .contains("`pth` is not a source")
    );
    assert!(
        refused("{ path = \".\", marker = \"odd\" }")
            .stderr()
            .contains("`odd` is not a valid marker")
    );
    project(&t, "lib", "otherlib", "", "");
    snapshot!(refused("{ path = \"../lib\" }"), @"
    exit: 4
    --- stderr
    error[FLV0338]: cannot pack `app/pyproject.toml`
      `[ROOT]/lib` is expected to be `mylib`; its name is `otherlib`
    hint: require `otherlib`, or give the source of `mylib`
    ");
    project(
        &t,
        "lib",
        "mylib",
        "",
        "dependencies = [\"deeper\"]\n[tool.uv.sources]\ndeeper = { path = \"../one\" }\n",
    );
    project(&t, "one", "deeper", "", "");
    project(&t, "two", "deeper", "", "");
    application(
        &t,
        "app",
        &["deeper", "mylib"],
        "[tool.uv.sources]\nmylib = { path = \"../lib\" }\ndeeper = { path = \"../two\" }\n",
    );
    let run = t.flavor(["pack", "app", "-q"]).fails_with(4);
    assert!(run.stderr().contains("`deeper` has two sources"), "{run}");
}
