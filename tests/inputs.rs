//! What can be packed beside a project: a wheel, a directory of modules, and what holds of scripts too.

use std::path::{Path, PathBuf};

use crate::flavorpack;
use crate::scene::{Run, Test};
use crate::wheelhouse;

/// A script that says what it sees.
pub(crate) const SCRIPT: &str = r#"#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["greeting>=2"]
# ///
import os, sys
from greeting import WORD
here = os.path.samefile(sys.path[0], os.path.dirname(__file__))
print(WORD, __name__, os.path.basename(sys.argv[0]), sys.argv[1:], here)
"#;

/// Says what a directory of modules sees.
const SEES: &str =
    "import os, sys\nprint(os.path.basename(sys.argv[0]), sys.argv[1:], __name__, __package__)\n";

pub(crate) fn pack(t: &Test, arguments: &[&str]) -> PathBuf {
    t.pack_with(arguments)
}

pub(crate) fn runs(t: &Test, package: &Path, arguments: &[&str]) -> String {
    t.call(package, arguments)
        .silent()
        .stdout()
        .trim_end()
        .to_owned()
}

/// The statement of a package's provenance.
pub(crate) fn parameters(t: &Test, package: &Path) -> serde_json::Value {
    let run = t
        .flavor([
            "inspect".as_ref(),
            "--provenance".as_ref(),
            package.as_os_str(),
        ])
        .silent();
    run.json()["predicate"]["buildDefinition"].clone()
}

/// A wheel at a place below the test's directory, with these lines of metadata, commands and modules.
pub(crate) fn wheel(
    t: &Test,
    path: &str,
    metadata: &str,
    commands: &str,
    modules: &[(&str, &str)],
) {
    let script = r"
import os, sys, zipfile
path, metadata, commands, *files = sys.argv[1:]
name, version = os.path.basename(path).split('-')[:2]
info = f'{name}-{version}.dist-info'
with zipfile.ZipFile(path, 'w') as out:
    for place, text in zip(files[::2], files[1::2]):
        out.writestr(zipfile.ZipInfo(place), text)
    def add(place, text):
        out.writestr(zipfile.ZipInfo(f'{info}/{place}'), text)
    add('METADATA', f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}\n')
    add('WHEEL', 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
    if commands:
        add('entry_points.txt', '[console_scripts]\n' + commands)
    add('RECORD', ''.join(f'{one.filename},,\n' for one in out.filelist))
";
    std::fs::create_dir_all(t.path(path).parent().expect("a parent")).expect("a directory");
    let mut arguments = vec!["-c", script, path, metadata, commands];
    arguments.extend(modules.iter().flat_map(|(path, text)| [*path, *text]));
    t.call("python3", arguments).success();
}

#[track_caller]
fn same(one: &Path, other: &Path) {
    let read = |path: &Path| std::fs::read(path).expect("a package");
    assert!(
        read(one) == read(other),
        "{} and {} differ",
        one.display(),
        other.display()
    );
}

#[test]
fn the_same_input_gives_the_same_bytes_wherever_it_lies() {
    let (one, mut other) = (wheelhouse::project(), wheelhouse::project());
    other.set("PIP_FIND_LINKS", one.path("wheels"));
    let modules = [("tool.py", "def main():\n    print('tool')\n")];
    for (t, place) in [(&one, "here"), (&other, "some/where else")] {
        t.file(&format!("{place}/hello.py"), SCRIPT);
        wheel(
            t,
            &format!("{place}/tool-1.0-py3-none-any.whl"),
            "Requires-Dist: greeting",
            "tool = tool:main",
            &modules,
        );
        t.file(&format!("{place}/app/__main__.py"), SEES);
        t.file(&format!("{place}/app/requirements.txt"), "greeting\n");
    }
    other.file("some/where else/.flavorignore", "deps:*.py\n");
    other.file("some/where else/uv.toml", "offline = 3\n");
    for (input, name) in [
        ("hello.py", "hello"),
        ("tool-1.0-py3-none-any.whl", "tool"),
        ("app", "app"),
    ] {
        let packed = |t: &Test, place: &str| {
            let output = format!("{name}.psp");
            pack(
                t,
                &[
                    &format!("{place}/{input}"),
                    "--key-seed",
                    "s",
                    "--output",
                    &output,
                ],
            )
        };
        let (first, second) = (packed(&one, "here"), packed(&other, "some/where else"));
        same(&first, &second);
        let input = format!("here/{input}");
        let checked = one
            .flavor(["pack", &input, "--check-reproducible", "--key-seed", "t"])
            .success();
        assert!(
            checked.stderr().contains("reproducible: a second pack"),
            "{checked}"
        );
        let rebuilt = one
            .flavor(["verify", &format!("{name}.psp"), "--rebuild", &input])
            .success();
        assert!(
            rebuilt.stdout().contains(&format!("what {input} gives")),
            "{rebuilt}"
        );
    }
    // A directory that is called otherwise now is still what the package was made of.
    std::fs::rename(one.path("here/app"), one.path("here/moved")).expect("renamed");
    one.flavor(["verify", "app.psp", "--rebuild", "here/moved"])
        .success();
    one.file("here/moved/more.py", "");
    let run = one
        .flavor(["verify", "app.psp", "--rebuild", "here/moved"])
        .fails_with(5);
    assert!(
        run.stdout().contains("differs: slot app: ") && run.stdout().contains("app/app/more.py"),
        "{run}"
    );
}

#[test]
fn a_wheel_is_packed_as_its_metadata_have_it() {
    let t = wheelhouse::project();
    wheelhouse::wheel(&t, "extra-thing", "1.0", &[("extra_thing.py", "")]);
    t.call(
        "mv",
        [
            "wheels/extra-thing-1.0-py3-none-any.whl",
            "wheels/extra_thing-1.0-py3-none-any.whl",
        ],
    )
    .success();
    let modules = [(
        "pkg/cli.py",
        "import importlib.util, sys\nfrom greeting import WORD\ndef main():\n    print('main', WORD, importlib.util.find_spec('extra_thing') is not None)\ndef other():\n    print('other')\n",
    )];
    let metadata = "Requires-Python: >=3.11\nRequires-Dist: greeting>=2\nRequires-Dist: nowhere; python_version < '3'\nProvides-Extra: more\nRequires-Dist: extra-thing; python_version > '3' and extra == 'more'";
    wheel(
        &t,
        "dist/My_Tool-1.2-py3-none-any.whl",
        metadata,
        "another = pkg.cli:other\nmy-tool = pkg.cli:main\n",
        &modules,
    );
    let package = pack(&t, &["dist/My_Tool-1.2-py3-none-any.whl"]);
    assert_eq!(
        package,
        t.path("dist/my-tool.psp")
            .canonicalize()
            .expect("a package")
    );
    assert_eq!(runs(&t, &package, &[]), "main Ahoy False");
    std::os::unix::fs::symlink(&package, t.path("another")).expect("a link");
    assert_eq!(runs(&t, &t.path("another"), &[]), "other");
    let json = t
        .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .silent()
        .json();
    assert_eq!(json["package_metadata"]["version"], "1.2");
    let made = parameters(&t, &package);
    assert_eq!(made["externalParameters"]["input"], "wheel");
    let package = pack(
        &t,
        &[
            "dist/My_Tool-1.2-py3-none-any.whl",
            "--extra",
            "More",
            "-o",
            "more.psp",
        ],
    );
    assert_eq!(runs(&t, &package, &[]), "main Ahoy True");
    assert_eq!(
        parameters(&t, &package)["externalParameters"]["options"]["extras"],
        serde_json::json!(["More"])
    );
    t.flavor([
        "verify",
        "more.psp",
        "--rebuild",
        "dist/My_Tool-1.2-py3-none-any.whl",
    ])
    .success();
    let package = pack(
        &t,
        &[
            "dist/My_Tool-1.2-py3-none-any.whl",
            "--entry-point",
            "pkg.cli:other",
            "-o",
            "o.psp",
        ],
    );
    assert_eq!(runs(&t, &package, &[]), "other");
    snapshot!(t.flavor(["pack", "dist/My_Tool-1.2-py3-none-any.whl", "--extra", "mroe"]), @"
    exit: 2
    --- stderr
    error[FLV0207]: `--extra` names an unknown extra: mroe
    hint: did you mean `more`?
    ");
}

#[test]
fn a_wheel_with_a_program_of_its_own_starts_that() {
    let t = Test::new();
    let files = [
        ("tool-1.0.data/scripts/aid", "#!/bin/sh\necho aid"),
        ("tool-1.0.data/scripts/tool", "#!/bin/sh\necho tool \"$@\""),
        ("tool-1.0.data/data/scripts/no", ""),
    ];
    wheel(&t, "tool-1.0-py3-none-any.whl", "", "", &files);
    let package = pack(&t, &["tool-1.0-py3-none-any.whl"]);
    assert_eq!(runs(&t, &package, &["a", "b"]), "tool a b");
    t.flavor([
        "verify",
        "dist/tool.psp",
        "--rebuild",
        "tool-1.0-py3-none-any.whl",
    ])
    .success();
}

#[test]
fn a_program_of_a_wheel_is_not_lost_to_an_entry_point() {
    let t = Test::new();
    let main = "import os, sys\nos.execv(os.path.join(sys.prefix, 'bin', 'tool'), ['tool', *sys.argv[1:]])\n";
    let files = [
        ("tool-1.0.data/scripts/tool", "#!/bin/sh\necho tool \"$@\""),
        ("tool/__init__.py", ""),
        ("tool/__main__.py", main),
    ];
    wheel(&t, "tool-1.0-py3-none-any.whl", "", "", &files);
    let package = pack(&t, &["tool-1.0-py3-none-any.whl", "--entry-point", "tool"]);
    assert_eq!(runs(&t, &package, &["a"]), "tool a");
}

#[test]
fn a_wheel_that_cannot_be_packed() {
    let t = Test::new();
    let modules = [("lib.py", "")];
    wheel(&t, "lib-1.0-py3-none-any.whl", "", "", &modules);
    snapshot!(t.flavor(["pack", "lib-1.0-py3-none-any.whl"]), @"
    exit: 1
    --- stderr
    error[FLV0211]: lib-1.0-py3-none-any.whl: no program: neither an entry point nor a script is declared
    hint: it has no commands; name a function: `--entry-point pkg.cli:main`
    ");
    wheel(
        &t,
        "lib-1.0-py3-none-win_amd64.whl",
        "",
        "lib = lib:main",
        &modules,
    );
    let python = crate::interpreter::Interpreter::System.executable();
    let python = python.to_str().expect("UTF-8");
    snapshot!(t.flavor(["pack", "-q", "lib-1.0-py3-none-win_amd64.whl", "--python", python]), @"
    exit: 1
    --- stderr
    error[FLV0317]: cannot pack `lib-1.0-py3-none-win_amd64.whl`
      the wheel `lib-1.0-py3-none-win_amd64.whl` is for py3-none-win_amd64, which CPython 3.11.2 on linux-x86_64 is not
    hint: use the wheel for this platform, or select a compatible interpreter with `--python`
    ");
    wheel(
        &t,
        "lib-1.0-cp312-cp312-linux_x86_64.whl",
        "",
        "lib = lib:main",
        &modules,
    );
    snapshot!(t.flavor(["pack", "-q", "lib-1.0-cp312-cp312-linux_x86_64.whl", "--python", python]), @"
    exit: 1
    --- stderr
    error[FLV0305]: cannot pack `lib-1.0-cp312-cp312-linux_x86_64.whl`
      `/usr/bin/python3` is cpython 3.11.2; the project needs CPython ==3.12.*
    hint: omit `--python` to search for one, or change `requires-python`
    ");
    t.file("bad-1.0-py3-none-any.whl", "no archive");
    snapshot!(t.flavor(["pack", "bad-1.0-py3-none-any.whl"]), @"
    exit: 1
    --- stderr
    error[FLV0313]: cannot unpack the wheel `bad-1.0-py3-none-any.whl`: it is not a complete zip archive
    hint: the wheel is damaged or violates PEP 427; download or build it again
    ");
    t.file("bad.whl", "");
    snapshot!(t.flavor(["pack", "bad.whl"]), @"
    exit: 1
    --- stderr
    error[FLV0313]: cannot unpack the wheel `bad.whl`: it is not called NAME-VERSION-PYTHON-ABI-PLATFORM.whl
    hint: the wheel is damaged or violates PEP 427; download or build it again
    ");
}

#[test]
fn a_directory_goes_in_as_it_is() {
    let t = wheelhouse::project();
    t.file("site/__main__.py", format!("{SEES}import greeting, near, os, sys\nprint(greeting.WORD, near.WORD, os.path.samefile(sys.path[0], os.path.dirname(near.__file__)))\n"));
    t.file(
        "site/near.py",
        "WORD = open(__file__.replace('near.py', 'data/word.txt')).read()\n",
    );
    t.file("site/data/word.txt", "near");
    // What is not for this Python is not imported, and no obstacle.
    t.file("site/data/template.py", "print 'for another Python'\n");
    t.file("site/data/.gitignore", "*.log\n");
    t.file("site/data/big.log", "");
    t.file("site/.flavorignore", "secret.txt\n");
    t.file("site/secret.txt", "");
    t.file(
        "site/requirements.txt",
        "# what it needs\n-r more/base.txt\n",
    );
    t.file("site/more/base.txt", "greeting<2.5\n");
    wheelhouse::wheel(
        &t,
        "greeting",
        "3.0",
        &[("greeting.py", "WORD = 'later'\n")],
    );
    let package = pack(&t, &["site"]);
    assert!(
        package.ends_with("site/dist/site.psp"),
        "{}",
        package.display()
    );
    assert_eq!(
        runs(&t, &package, &["x"]),
        "site ['x'] __main__ \nAhoy near True"
    );
    let listed = t.flavor(["pack", "site", "--list-files", "-q"]).silent();
    let own: Vec<&str> = listed
        .stdout()
        .lines()
        .filter_map(|line| line.strip_prefix("app\tapp/site/"))
        .collect();
    let own: Vec<&str> = own
        .into_iter()
        .filter(|path| !path.contains("__pycache__"))
        .collect();
    assert_eq!(
        own,
        [
            "__main__.py",
            "data/template.py",
            "data/word.txt",
            "more/base.txt",
            "near.py",
            "requirements.txt"
        ]
    );
    // A list that another includes decides, too.
    t.file("site/more/base.txt", "greeting\n");
    assert!(runs(&t, &pack(&t, &["site"]), &[]).ends_with("later near True"));
    // The directory one stands in is as good.
    assert_eq!(
        t.flavor(["-C", "site", "pack", "-q"]).success().line(),
        "./dist/site.psp"
    );
}

#[test]
fn a_directory_starts_what_it_is_told_to_start() {
    let t = wheelhouse::project();
    t.file("src/pkg/__init__.py", "");
    t.file(
        "src/pkg/cli.py",
        format!("{SEES}def main():\n    from pkg import near\n    print('main of', near.__name__)\n    return 3\n"),
    );
    t.file("src/pkg/near.py", "");
    // A dependency's module of the same name does not get in the way.
    wheelhouse::wheel(
        &t,
        "pkg",
        "1.0",
        &[("pkg/__init__.py", "raise SystemExit('the wrong one')\n")],
    );
    t.file("src/requirements.txt", "pkg\n");
    t.file("src/tools/run.py", format!("{SEES}import beside\n"));
    t.file("src/tools/beside.py", "");
    let packed = |entry: &str| pack(&t, &["src", "--entry-point", entry, "-o", "out.psp"]);
    let run = t.call(packed("pkg.cli:main"), ["x"]).fails_with(3);
    assert_eq!(run.stdout(), "src ['x'] pkg.cli pkg\nmain of pkg.near\n");
    assert_eq!(
        runs(&t, &packed("pkg.cli"), &["x"]),
        "cli.py ['x'] __main__ pkg"
    );
    assert_eq!(
        runs(&t, &packed("tools/run.py"), &["x"]),
        "run.py ['x'] __main__ None"
    );
    let made = parameters(&t, &t.path("out.psp"));
    assert_eq!(
        made["externalParameters"]["options"]["entry_point"],
        "tools/run.py"
    );
    t.flavor(["verify", "out.psp", "--rebuild", "src"])
        .success();
    snapshot!(t.flavor(["pack", "src"]), @"
    exit: 1
    --- stderr
    error[FLV0211]: `src` has neither a `pyproject.toml` nor a `__main__.py`
    hint: say what to run: `--entry-point pkg.cli:main`, `--entry-point pkg.cli` or `--entry-point run.py`
    ");
    snapshot!(t.flavor(["pack", "src", "--entry-point", "run.py"]), @"
    exit: 1
    --- stderr
    error[FLV0217]: `--entry-point` names a file that is not in `src`: run.py
    hint: write its path relative to that directory
    ");
    snapshot!(t.flavor(["pack", "src", "--entry-point", "../run.py"]), @"
    exit: 2
    --- stderr
    error[FLV0217]: `--entry-point` is not a module or function: ../run.py
    hint: name a function (`pkg.cli:main`), a module (`pkg.cli`) or a file (`run.py`)
    ");
}

#[test]
fn an_entry_point_goes_before_what_the_manifest_says() {
    let t = wheelhouse::project();
    t.file("app/more.py", "import sys\ndef other():\n    print('other')\nif __name__ == '__main__':\n    print('run', __name__, sys.argv[1:])\n");
    assert_eq!(runs(&t, &pack(&t, &["app"]), &[]), "Ahoy");
    assert_eq!(
        runs(&t, &pack(&t, &["app", "--entry-point", "more:other"]), &[]),
        "other"
    );
    assert_eq!(
        runs(&t, &pack(&t, &["app", "--entry-point", "more"]), &["x"]),
        "run __main__ ['x']"
    );
    t.flavor(["verify", "app/dist/offline.psp", "--rebuild", "app"])
        .success();
    assert_eq!(runs(&t, &pack(&t, &["app/pyproject.toml"]), &[]), "Ahoy");
}

#[test]
fn their_launchers_start_scripts_and_directories() {
    let t = wheelhouse::project();
    let launcher = flavorpack::native("flavor-rs-launcher");
    let launcher = launcher.to_str().expect("UTF-8");
    t.file("hello.py", SCRIPT);
    let package = pack(&t, &["hello.py", "--launcher-bin", launcher]);
    let run: Run = t.call(&package, ["a b"]).success();
    assert_eq!(run.line(), "Ahoy __main__ hello.py ['a b'] True");
}
