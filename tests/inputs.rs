//! What can be packed beside a project: a script, a wheel, a directory of modules.

use std::path::{Path, PathBuf};

use crate::flavorpack;
use crate::scene::{Run, Test};
use crate::wheelhouse;

/// A script that says what it sees.
const SCRIPT: &str = r#"#!/usr/bin/env python3
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
const SEES: &str = "import os, sys\nprint(os.path.basename(sys.argv[0]), sys.argv[1:], __name__, __package__)\n";

fn pack(t: &Test, arguments: &[&str]) -> PathBuf {
    t.pack_with(arguments)
}

fn runs(t: &Test, package: &Path, arguments: &[&str]) -> String {
    t.call(package, arguments).silent().stdout().trim_end().to_owned()
}

/// The statement of a package's provenance.
fn parameters(t: &Test, package: &Path) -> serde_json::Value {
    let run = t.flavor(["inspect".as_ref(), "--provenance".as_ref(), package.as_os_str()]).silent();
    run.json()["predicate"]["buildDefinition"].clone()
}

/// A wheel at a place below the test's directory, with these lines of metadata, commands and modules.
fn wheel(t: &Test, path: &str, metadata: &str, commands: &str, modules: &[(&str, &str)]) {
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
    assert!(read(one) == read(other), "{} and {} differ", one.display(), other.display());
}

#[test]
fn a_script_brings_what_its_block_names() {
    let t = wheelhouse::project();
    t.file("hello.py", SCRIPT);
    let package = pack(&t, &["hello.py"]);
    assert_eq!(package, t.path("dist/hello.psp").canonicalize().expect("a package"));
    assert_eq!(runs(&t, &package, &["a b", "-x"]), "Ahoy __main__ hello.py ['a b', '-x'] True");
    let made = parameters(&t, &package);
    assert_eq!(made["externalParameters"]["input"], "script");
    assert_eq!(made["externalParameters"]["manifest"], "hello.py");
    let names: Vec<_> = made["resolvedDependencies"].as_array().expect("materials").iter().collect();
    let script = names.iter().find(|one| one["name"] == "script").expect("the script");
    let sum = t.call("sha256sum", ["hello.py"]).success();
    assert_eq!(script["digest"]["sha256"], sum.stdout()[..64]);
    let json = t.flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()]).silent().json();
    assert_eq!(
        (&json["package_metadata"]["name"], &json["package_metadata"]["version"]),
        (&"hello".into(), &"0.0.0".into())
    );
    // Nothing has changed, so nothing is made.
    let again = t.flavor(["pack", "hello.py", "--explain"]).success();
    assert!(again.stderr().contains("explain: package nothing to write"), "{again}");
    t.file("hello.py", format!("{SCRIPT}# more\n"));
    let again = t.flavor(["pack", "hello.py", "--explain"]).success();
    assert!(again.stderr().contains("explain: deps reused"), "{again}");
    assert!(again.stderr().contains("explain:     sources: hello.py has changed"), "{again}");
    let more = SCRIPT.replace("\"greeting>=2\"", "\"greeting>=1\"");
    t.file("hello.py", more);
    let again = t.flavor(["pack", "hello.py", "--explain"]).success();
    let line = format!("requirements: `greeting>=2` → `greeting>=1` ({}:4)", t.path("hello.py").display());
    assert!(again.stderr().contains(&line), "{again}");
}

#[test]
fn a_script_without_a_block_needs_nothing() {
    let t = wheelhouse::project();
    // What lies beside a script is not its own.
    t.file("tools/requirements.txt", "nowhere==1\n");
    t.file("tools/pyproject.toml", "no TOML");
    t.file("tools/.flavorignore", "deps:*\n*.py\n");
    t.executable("tools/my tool", "#!/usr/bin/env python3\nimport multiprocessing as m\ndef f(n):\n    return n * 2\nif __name__ == '__main__':\n    with m.get_context('spawn').Pool(1) as p:\n        print(p.map(f, [1, 2]))\n");
    let package = pack(&t, &["tools/my tool", "--python", ">=3.11"]);
    assert!(package.ends_with("tools/dist/my-tool.psp"), "{}", package.display());
    // Without an ending a child of `multiprocessing` has no module to import; that is so for any script.
    t.copy(&t.path("tools/my tool"), "tools/twice.py");
    let package = pack(&t, &["tools/twice.py", "--python", ">=3.11"]);
    assert_eq!(runs(&t, &package, &[]), "[2, 4]");
}

#[test]
fn a_script_says_more_in_its_block() {
    let t = wheelhouse::project();
    t.file("more/extra.txt", "from a slot");
    t.file("links/keep", "");
    wheelhouse::wheel(&t, "local", "1.0", &[("local.py", "WORD = 'local'\n")]);
    wheelhouse::wheel(&t, "beside", "1.0", &[("beside.py", "WORD = 'beside'\n")]);
    t.call("mv", ["wheels/local-1.0-py3-none-any.whl", "wheels/beside-1.0-py3-none-any.whl", "links/"]).success();
    t.file(
        "say.py",
        r#"# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "local",
#     "beside; python_version > '3'",
# ]
# [tool.uv]
# find-links = ["links"]
# [tool.uv.sources]
# Beside = { path = "links/beside-1.0-py3-none-any.whl" }
#
# [tool.flavor]
# package_name = "speaker"
# version = "1.5"
#   verison = "2"
# [tool.flavor.execution]
# args = ["first"]
# [[tool.flavor.slots]]
# name = "text"
# source = "more"
# ///
import os, sys, local, beside
print(local.WORD, beside.WORD, sys.argv[1:], open(os.environ["FLAVOR_WORKENV"] + "/text/extra.txt").read())
"#,
    );
    let run = t.flavor(["pack", "say.py"]).success();
    assert!(
        run.stderr().starts_with(
            "warning[FLV0240]: say.py:15:5: `tool.flavor.verison` is not a known key and has no effect\nhint: did you mean `version`?"
        ),
        "{run}"
    );
    assert_eq!(run.line(), "./dist/speaker.psp");
    assert_eq!(runs(&t, &t.path("dist/speaker.psp"), &["last"]), "local beside ['first', 'last'] from a slot");
    let run = t.flavor(["pack", "say.py", "--check-reproducible"]).success();
    assert!(run.stderr().contains("reproducible: a second pack"), "{run}");
}

#[test]
fn what_is_wrong_with_a_script_is_said_with_its_line() {
    let t = Test::new();
    t.file(
        "bad.py",
        "#!/usr/bin/env python3\n# /// script\n# dependencies = [\n#   \"click\"\n# requires = x\n# ///\n",
    );
    snapshot!(t.flavor(["pack", "bad.py"]), @"
    exit: 1
    --- stderr
    error[FLV0204]: cannot read the manifest
      bad.py:5:3: missing comma between array elements, expected `,`
        |
      5 | # requires = x
        |   ^
    ");
    t.file("bad.py", "# /// script\n# dependencies = [\"click\", \"no good!\"]\n# ///\n");
    snapshot!(t.flavor(["pack", "bad.py"]), @"
    exit: 1
    --- stderr
    error[FLV0213]: cannot read the manifest
      bad.py:2:28: `dependencies[1]` has an invalid requirement `no good!`: Expected one of `@`, `(`, `<`, `=`, `>`, `~`, `!`, `;`, found `g`
    hint: write it like `rich>=13,<15`
    ");
    t.file("two.py", "# /// script\n# dependencies = []\n# ///\n\n# /// script\n# dependencies = []\n# ///\n");
    snapshot!(t.flavor(["pack", "two.py"]), @"
    exit: 1
    --- stderr
    error[FLV0235]: cannot read the manifest
      two.py:5: a second `script` block; the first is in line 1
    hint: put everything into one block
    ");
    snapshot!(t.flavor(["pack", "nowhere.py"]), @"
    exit: 2
    --- stderr
    error[FLV0234]: there is nothing at `nowhere.py`
    hint: name a project, a script, a wheel (`.whl`), or a directory of modules
    ");
    t.file("text", "some\n");
    snapshot!(t.flavor(["pack", "text"]), @"
    exit: 2
    --- stderr
    error[FLV0234]: `text` is nothing that can be packed
    hint: name a project, a script, a wheel (`.whl`), or a directory of modules
    ");
    t.file("fine.py", "");
    snapshot!(t.flavor(["pack", "fine.py", "--extra", "web"]), @"
    exit: 2
    --- stderr
    error[FLV0207]: `--extra` names an unknown extra: web
    hint: the file defines no extra
    ");
    snapshot!(t.flavor(["pack", "fine.py", "--entry-point", "fine.py"]), @"
    exit: 2
    --- stderr
    error[FLV0217]: `--entry-point` is nothing that can be started: fine.py
    hint: name a function (`pkg.cli:main`) or a module (`pkg.cli`)
    ");
    snapshot!(t.flavor(["pack", "fine.py", "--manifest", "x"]), @"
    exit: 2
    --- stderr
    error[FLV0104]: the argument '[INPUT]' cannot be used with '--manifest <PATH>'

    Usage: flavor pack <INPUT>

    For more information, try '--help'.
    ");
}

#[test]
fn the_lock_of_a_script_decides() {
    let mut t = wheelhouse::project();
    t.prepend_path(&flavorpack::uv_directory());
    t.file("hello.py", SCRIPT);
    t.call("uv", ["lock", "--script", "hello.py", "--no-index", "--find-links", "wheels", "--quiet"]).success();
    wheelhouse::wheel(&t, "greeting", "3.0", &[("greeting.py", "WORD = 'later'\n")]);
    let package = pack(&t, &["hello.py"]);
    assert!(runs(&t, &package, &[]).starts_with("Ahoy "));
    assert!(parameters(&t, &package)["resolvedDependencies"].to_string().contains("hello.py.lock"));
    std::fs::remove_file(t.path("hello.py.lock")).expect("removed");
    assert!(runs(&t, &pack(&t, &["hello.py"]), &[]).starts_with("later "));
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
    for (input, name) in [("hello.py", "hello"), ("tool-1.0-py3-none-any.whl", "tool"), ("app", "app")] {
        let packed = |t: &Test, place: &str| {
            let output = format!("{name}.psp");
            pack(t, &[&format!("{place}/{input}"), "--key-seed", "s", "--output", &output])
        };
        let (first, second) = (packed(&one, "here"), packed(&other, "some/where else"));
        same(&first, &second);
        let input = format!("here/{input}");
        let checked = one.flavor(["pack", &input, "--check-reproducible", "--key-seed", "t"]).success();
        assert!(checked.stderr().contains("reproducible: a second pack"), "{checked}");
        let rebuilt = one.flavor(["verify", &format!("{name}.psp"), "--rebuild", &input]).success();
        assert!(rebuilt.stdout().contains(&format!("what {input} gives")), "{rebuilt}");
    }
    // A directory that is called otherwise now is still what the package was made of.
    std::fs::rename(one.path("here/app"), one.path("here/moved")).expect("renamed");
    one.flavor(["verify", "app.psp", "--rebuild", "here/moved"]).success();
    one.file("here/moved/more.py", "");
    let run = one.flavor(["verify", "app.psp", "--rebuild", "here/moved"]).fails_with(5);
    assert!(run.stdout().contains("differs: slot app: ") && run.stdout().contains("app/app/more.py"), "{run}");
}

#[test]
fn a_wheel_is_packed_as_its_metadata_have_it() {
    let t = wheelhouse::project();
    wheelhouse::wheel(&t, "extra-thing", "1.0", &[("extra_thing.py", "")]);
    t.call("mv", ["wheels/extra-thing-1.0-py3-none-any.whl", "wheels/extra_thing-1.0-py3-none-any.whl"]).success();
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
    assert_eq!(package, t.path("dist/my-tool.psp").canonicalize().expect("a package"));
    assert_eq!(runs(&t, &package, &[]), "main Ahoy False");
    std::os::unix::fs::symlink(&package, t.path("another")).expect("a link");
    assert_eq!(runs(&t, &t.path("another"), &[]), "other");
    let json = t.flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()]).silent().json();
    assert_eq!(json["package_metadata"]["version"], "1.2");
    let made = parameters(&t, &package);
    assert_eq!(made["externalParameters"]["input"], "wheel");
    let package = pack(&t, &["dist/My_Tool-1.2-py3-none-any.whl", "--extra", "More", "-o", "more.psp"]);
    assert_eq!(runs(&t, &package, &[]), "main Ahoy True");
    assert_eq!(parameters(&t, &package)["externalParameters"]["options"]["extras"], serde_json::json!(["More"]));
    t.flavor(["verify", "more.psp", "--rebuild", "dist/My_Tool-1.2-py3-none-any.whl"]).success();
    let package = pack(&t, &["dist/My_Tool-1.2-py3-none-any.whl", "--entry-point", "pkg.cli:other", "-o", "o.psp"]);
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
    t.flavor(["verify", "dist/tool.psp", "--rebuild", "tool-1.0-py3-none-any.whl"]).success();
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
    error[FLV0211]: lib-1.0-py3-none-any.whl: nothing says what the package should run
    hint: it has no commands; name a function of it: `--entry-point pkg.cli:main`
    ");
    wheel(&t, "lib-1.0-py3-none-win_amd64.whl", "", "lib = lib:main", &modules);
    let python = crate::interpreter::Interpreter::System.executable();
    let python = python.to_str().expect("UTF-8");
    snapshot!(t.flavor(["pack", "-q", "lib-1.0-py3-none-win_amd64.whl", "--python", python]), @"
    exit: 1
    --- stderr
    error[FLV0317]: cannot pack `lib-1.0-py3-none-win_amd64.whl`
      the wheel `lib-1.0-py3-none-win_amd64.whl` is for py3-none-win_amd64, which CPython 3.11.2 on linux-x86_64 is not
    hint: take the wheel for this platform, or name an interpreter that it is for with `--python`
    ");
    wheel(&t, "lib-1.0-cp312-cp312-linux_x86_64.whl", "", "lib = lib:main", &modules);
    snapshot!(t.flavor(["pack", "-q", "lib-1.0-cp312-cp312-linux_x86_64.whl", "--python", python]), @"
    exit: 1
    --- stderr
    error[FLV0305]: cannot pack `lib-1.0-cp312-cp312-linux_x86_64.whl`
      `/usr/bin/python3` is cpython 3.11.2, the project needs CPython ==3.12.*
    hint: leave `--python` out to have one found, or change `requires-python`
    ");
    t.file("bad-1.0-py3-none-any.whl", "no archive");
    snapshot!(t.flavor(["pack", "bad-1.0-py3-none-any.whl"]), @"
    exit: 1
    --- stderr
    error[FLV0313]: cannot unpack the wheel `bad-1.0-py3-none-any.whl`: it is no zip archive, or only a part of one
    hint: the wheel is damaged or breaks PEP 427; fetch or build it again
    ");
    t.file("bad.whl", "");
    snapshot!(t.flavor(["pack", "bad.whl"]), @"
    exit: 1
    --- stderr
    error[FLV0313]: cannot unpack the wheel `bad.whl`: it is not called NAME-VERSION-PYTHON-ABI-PLATFORM.whl
    hint: the wheel is damaged or breaks PEP 427; fetch or build it again
    ");
}

#[test]
fn a_directory_goes_in_as_it_is() {
    let t = wheelhouse::project();
    t.file("site/__main__.py", format!("{SEES}import greeting, near, os, sys\nprint(greeting.WORD, near.WORD, os.path.samefile(sys.path[0], os.path.dirname(near.__file__)))\n"));
    t.file("site/near.py", "WORD = open(__file__.replace('near.py', 'data/word.txt')).read()\n");
    t.file("site/data/word.txt", "near");
    // What is not for this Python is not imported, and no obstacle.
    t.file("site/data/template.py", "print 'for another Python'\n");
    t.file("site/data/.gitignore", "*.log\n");
    t.file("site/data/big.log", "");
    t.file("site/.flavorignore", "secret.txt\n");
    t.file("site/secret.txt", "");
    t.file("site/requirements.txt", "# what it needs\n-r more/base.txt\n");
    t.file("site/more/base.txt", "greeting<2.5\n");
    wheelhouse::wheel(&t, "greeting", "3.0", &[("greeting.py", "WORD = 'later'\n")]);
    let package = pack(&t, &["site"]);
    assert!(package.ends_with("site/dist/site.psp"), "{}", package.display());
    assert_eq!(runs(&t, &package, &["x"]), "site ['x'] __main__ \nAhoy near True");
    let listed = t.flavor(["pack", "site", "--list-files", "-q"]).silent();
    let own: Vec<&str> = listed.stdout().lines().filter_map(|line| line.strip_prefix("app\tapp/site/")).collect();
    let own: Vec<&str> = own.into_iter().filter(|path| !path.contains("__pycache__")).collect();
    assert_eq!(
        own,
        ["__main__.py", "data/template.py", "data/word.txt", "more/base.txt", "near.py", "requirements.txt"]
    );
    // A list that another includes decides, too.
    t.file("site/more/base.txt", "greeting\n");
    assert!(runs(&t, &pack(&t, &["site"]), &[]).ends_with("later near True"));
    // The directory one stands in is as good.
    assert_eq!(t.flavor(["-C", "site", "pack", "-q"]).success().line(), "./dist/site.psp");
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
    wheelhouse::wheel(&t, "pkg", "1.0", &[("pkg/__init__.py", "raise SystemExit('the wrong one')\n")]);
    t.file("src/requirements.txt", "pkg\n");
    t.file("src/tools/run.py", format!("{SEES}import beside\n"));
    t.file("src/tools/beside.py", "");
    let packed = |entry: &str| pack(&t, &["src", "--entry-point", entry, "-o", "out.psp"]);
    let run = t.call(packed("pkg.cli:main"), ["x"]).fails_with(3);
    assert_eq!(run.stdout(), "src ['x'] pkg.cli pkg\nmain of pkg.near\n");
    assert_eq!(runs(&t, &packed("pkg.cli"), &["x"]), "cli.py ['x'] __main__ pkg");
    assert_eq!(runs(&t, &packed("tools/run.py"), &["x"]), "run.py ['x'] __main__ None");
    let made = parameters(&t, &t.path("out.psp"));
    assert_eq!(made["externalParameters"]["options"]["entry_point"], "tools/run.py");
    t.flavor(["verify", "out.psp", "--rebuild", "src"]).success();
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
    error[FLV0217]: `--entry-point` is nothing that can be started: ../run.py
    hint: name a function (`pkg.cli:main`), a module (`pkg.cli`) or a file (`run.py`)
    ");
}

#[test]
fn an_entry_point_goes_before_what_the_manifest_says() {
    let t = wheelhouse::project();
    t.file("app/more.py", "import sys\ndef other():\n    print('other')\nif __name__ == '__main__':\n    print('run', __name__, sys.argv[1:])\n");
    assert_eq!(runs(&t, &pack(&t, &["app"]), &[]), "Ahoy");
    assert_eq!(runs(&t, &pack(&t, &["app", "--entry-point", "more:other"]), &[]), "other");
    assert_eq!(runs(&t, &pack(&t, &["app", "--entry-point", "more"]), &["x"]), "run __main__ ['x']");
    t.flavor(["verify", "app/dist/offline.psp", "--rebuild", "app"]).success();
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

#[test]
fn a_block_that_is_not_closed_is_no_missing_block() {
    let t = Test::new();
    t.file("open.py", "#!/usr/bin/env python3\n# /// script\n# dependencies = []\n\n# ///\n");
    snapshot!(t.flavor(["pack", "open.py"]), @"
    exit: 1
    --- stderr
    error[FLV0236]: cannot read the manifest
      open.py:2: the `script` block that begins here is never closed
    hint: end it with a line `# ///`, and begin every line before that, empty ones too, with `#`
    ");
    t.copy(&t.path("open.py"), "open");
    assert!(t.flavor(["pack", "open"]).fails_with(1).stderr().contains("open:2: the `script` block"));
}

#[test]
fn a_script_may_be_in_an_encoding_that_it_declares() {
    let t = wheelhouse::project();
    t.file("old.py", b"# coding: latin-1\nprint(len('\xe9'))\n");
    assert_eq!(runs(&t, &pack(&t, &["old.py"]), &[]), "1");
    t.file("old.py", b"# coding: latin-1\n# /// script\n# dependencies = []\n# ///\nprint('\xe9')\n");
    assert!(t.flavor(["pack", "old.py"]).fails_with(1).stderr().contains("old.py:5: the text is not UTF-8"));
}

#[test]
fn names_of_scripts() {
    use std::os::unix::ffi::OsStrExt;
    let t = wheelhouse::project();
    t.file("two\nlines.py", "");
    snapshot!(t.flavor(["pack", "two\nlines.py"]), @r"
    exit: 1
    --- stderr
    error[FLV0237]: the name of the script `two\u{a}lines.py` has a line end or another control character in it
    hint: rename the file
    ");
    let bytes = std::ffi::OsStr::from_bytes(b"no\xfftext.py");
    std::fs::write(t.path(bytes), "").expect("a file");
    let run = t.flavor(["pack".as_ref(), bytes]).fails_with(1);
    assert!(run.stderr().contains(r"the name of the script `no\xfftext.py` is not UTF-8"), "{run}");
    let long = format!("{}.py", "a".repeat(240));
    t.file(&long, "");
    let run = t.flavor(["pack", &long]).fails_with(1);
    assert!(run.stderr().contains("is longer than 200 bytes\nhint: rename the file"), "{run}");
    t.file("ünï.py", "print('started')\n");
    let package = pack(&t, &["ünï.py"]);
    assert!(package.ends_with("dist/uni.psp"), "{}", package.display());
    assert_eq!(runs(&t, &package, &[]), "started");
}
