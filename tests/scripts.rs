//! Scripts: what their block asks for, and what they are called.

use crate::flavorpack;
use crate::inputs::{SCRIPT, pack, parameters, runs};
use crate::scene::Test;
use crate::wheelhouse;

#[test]
fn a_script_brings_what_its_block_names() {
    let t = wheelhouse::project();
    t.file("hello.py", SCRIPT);
    let package = pack(&t, &["hello.py"]);
    assert_eq!(
        package,
        t.path("dist/hello.psp").canonicalize().expect("a package")
    );
    assert_eq!(
        runs(&t, &package, &["a b", "-x"]),
        "Ahoy __main__ hello.py ['a b', '-x'] True"
    );
    let made = parameters(&t, &package);
    assert_eq!(made["externalParameters"]["input"], "script");
    assert_eq!(made["externalParameters"]["manifest"], "hello.py");
    let names: Vec<_> = made["resolvedDependencies"]
        .as_array()
        .expect("materials")
        .iter()
        .collect();
    let script = names
        .iter()
        .find(|one| one["name"] == "script")
        .expect("the script");
    let sum = t.call("sha256sum", ["hello.py"]).success();
    assert_eq!(script["digest"]["sha256"], sum.stdout()[..64]);
    let json = t
        .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .silent()
        .json();
    assert_eq!(
        (
            &json["package_metadata"]["name"],
            &json["package_metadata"]["version"]
        ),
        (&"hello".into(), &"0.0.0".into())
    );
    // Nothing has changed, so nothing is made.
    let again = t.flavor(["pack", "hello.py", "--explain"]).success();
    assert!(
        again.stderr().contains("explain: package nothing to write"),
        "{again}"
    );
    t.file("hello.py", format!("{SCRIPT}# more\n"));
    let again = t.flavor(["pack", "hello.py", "--explain"]).success();
    assert!(again.stderr().contains("explain: deps reused"), "{again}");
    assert!(
        again
            .stderr()
            .contains("explain:     sources: hello.py has changed"),
        "{again}"
    );
    let more = SCRIPT.replace("\"greeting>=2\"", "\"greeting>=1\"");
    t.file("hello.py", more);
    let again = t.flavor(["pack", "hello.py", "--explain"]).success();
    let line = format!(
        "requirements: `greeting>=2` → `greeting>=1` ({}:4)",
        t.path("hello.py").display()
    );
    assert!(again.stderr().contains(&line), "{again}");
}

#[test]
fn a_script_without_a_block_needs_nothing() {
    let t = wheelhouse::project();
    // What is beside a script is not its own.
    t.file("tools/requirements.txt", "nowhere==1\n");
    t.file("tools/pyproject.toml", "no TOML");
    t.file("tools/.flavorignore", "deps:*\n*.py\n");
    t.executable("tools/my tool", "#!/usr/bin/env python3\nimport multiprocessing as m\ndef f(n):\n    return n * 2\nif __name__ == '__main__':\n    with m.get_context('spawn').Pool(1) as p:\n        print(p.map(f, [1, 2]))\n");
    let package = pack(&t, &["tools/my tool", "--python", ">=3.11"]);
    assert!(
        package.ends_with("tools/dist/my-tool.psp"),
        "{}",
        package.display()
    );
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
    t.call(
        "mv",
        [
            "wheels/local-1.0-py3-none-any.whl",
            "wheels/beside-1.0-py3-none-any.whl",
            "links/",
        ],
    )
    .success();
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
    assert_eq!(
        runs(&t, &t.path("dist/speaker.psp"), &["last"]),
        "local beside ['first', 'last'] from a slot"
    );
    let run = t
        .flavor(["pack", "say.py", "--check-reproducible"])
        .success();
    assert!(
        run.stderr().contains("reproducible: a second pack"),
        "{run}"
    );
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
    t.file(
        "bad.py",
        "# /// script\n# dependencies = [\"click\", \"no good!\"]\n# ///\n",
    );
    snapshot!(t.flavor(["pack", "bad.py"]), @"
    exit: 1
    --- stderr
    error[FLV0213]: cannot read the manifest
      bad.py:2:28: `dependencies[1]` has an invalid requirement `no good!`: Expected one of `@`, `(`, `<`, `=`, `>`, `~`, `!`, `;`, found `g`
    hint: write it like `rich>=13,<15`
    ");
    t.file(
        "two.py",
        "# /// script\n# dependencies = []\n# ///\n\n# /// script\n# dependencies = []\n# ///\n",
    );
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
    error[FLV0234]: `nowhere.py` does not exist
    hint: name a project, a script, a wheel, an archive of sources, a directory of modules, or a requirement such as `NAME==VERSION`
    ");
    t.file("text", "some\n");
    snapshot!(t.flavor(["pack", "text"]), @"
    exit: 2
    --- stderr
    error[FLV0234]: `text` is not a project, script, wheel or module directory
    hint: name a project, a script, a wheel (`.whl`), an archive of sources (`.tar.gz`), or a directory of modules; with a version it is a requirement: `text==VERSION`
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
    error[FLV0217]: `--entry-point` is not a module or function: fine.py
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
    t.call(
        "uv",
        [
            "lock",
            "--script",
            "hello.py",
            "--no-index",
            "--find-links",
            "wheels",
            "--quiet",
        ],
    )
    .success();
    wheelhouse::wheel(
        &t,
        "greeting",
        "3.0",
        &[("greeting.py", "WORD = 'later'\n")],
    );
    let package = pack(&t, &["hello.py"]);
    assert!(runs(&t, &package, &[]).starts_with("Ahoy "));
    assert!(
        parameters(&t, &package)["resolvedDependencies"]
            .to_string()
            .contains("hello.py.lock")
    );
    std::fs::remove_file(t.path("hello.py.lock")).expect("removed");
    assert!(runs(&t, &pack(&t, &["hello.py"]), &[]).starts_with("later "));
}

#[test]
fn a_block_that_is_not_closed_is_no_missing_block() {
    let t = Test::new();
    t.file(
        "open.py",
        "#!/usr/bin/env python3\n# /// script\n# dependencies = []\n\n# ///\n",
    );
    snapshot!(t.flavor(["pack", "open.py"]), @"
    exit: 1
    --- stderr
    error[FLV0236]: cannot read the manifest
      open.py:2: the `script` block that begins here has no end
    hint: end it with a line `# ///`, and begin every line before that, empty ones too, with `#`
    ");
    t.copy(&t.path("open.py"), "open");
    assert!(
        t.flavor(["pack", "open"])
            .fails_with(1)
            .stderr()
            .contains("open:2: the `script` block")
    );
}

#[test]
fn a_script_may_be_in_an_encoding_that_it_declares() {
    let t = wheelhouse::project();
    t.file("old.py", b"# coding: latin-1\nprint(len('\xe9'))\n");
    assert_eq!(runs(&t, &pack(&t, &["old.py"]), &[]), "1");
    t.file(
        "old.py",
        b"# coding: latin-1\n# /// script\n# dependencies = []\n# ///\nprint('\xe9')\n",
    );
    assert!(
        t.flavor(["pack", "old.py"])
            .fails_with(1)
            .stderr()
            .contains("old.py:5: the text is not UTF-8")
    );
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
    assert!(
        run.stderr()
            .contains(r"the name of the script `no\xfftext.py` is not UTF-8"),
        "{run}"
    );
    let long = format!("{}.py", "a".repeat(240));
    t.file(&long, "");
    let run = t.flavor(["pack", &long]).fails_with(1);
    assert!(
        run.stderr()
            .contains("is longer than 200 bytes\nhint: rename the file"),
        "{run}"
    );
    t.file("ünï.py", "print('started')\n");
    let package = pack(&t, &["ünï.py"]);
    assert!(package.ends_with("dist/uni.psp"), "{}", package.display());
    assert_eq!(runs(&t, &package, &[]), "started");
}
