//! `flavor init`: the least that is needed, nothing else touched, and what comes next.

use crate::scene::Test;

/// A manifest as people write them.
const PROJECT: &str = r#"# mine
[project]
name    = "hello"       # aligned
version = "1.0"
dependencies = [
    'rich >= 13',   # with a comment
]

[project.scripts]
hello = "hello.cli:main"

[tool.black]
line-length = 99
"#;

#[test]
fn a_project_gets_a_table_and_keeps_everything_else() {
    let t = Test::new();
    t.manifest(PROJECT);
    snapshot!(t.flavor(["init"]), @"
    exit: 0
    --- stdout
    pyproject.toml
    --- stderr
    next: flavor pack
    ");
    let text = std::fs::read_to_string(t.path("pyproject.toml")).expect("the manifest");
    assert!(text.starts_with(PROJECT), "{text}");
    insta::assert_snapshot!(&text[PROJECT.len()..], @r#"

    [tool.flavor]
    # The program is the script `hello`; `entry_point = "module:function"` takes another.
    "#);
    snapshot!(t.flavor(["init"]), @"
    exit: 1
    --- stderr
    error[FLV0250]: `pyproject.toml` already has a `[tool.flavor]` table
    hint: edit it, or run `flavor pack`
    ");
    assert_eq!(
        std::fs::read_to_string(t.path("pyproject.toml")).expect("the manifest"),
        text
    );
}

#[test]
fn a_dry_run_shows_what_would_be_written_and_writes_nothing() {
    let t = Test::new();
    t.manifest(PROJECT);
    let run = t.flavor(["init", "--dry-run", "--entry-point", "hello.other:start"]);
    snapshot!(run, @r#"
    exit: 0
    --- stdout
    --- pyproject.toml
    +++ pyproject.toml
    @@ -11,3 +11,6 @@
     
     [tool.black]
     line-length = 99
    +
    +[tool.flavor]
    +entry_point = "hello.other:start"
    --- stderr
    warning: no module `hello.other` in `src` or beside the manifest
    hint: correct `entry_point`, unless the build generates the module
    next: flavor pack
    "#);
    assert_eq!(
        std::fs::read_to_string(t.path("pyproject.toml")).expect("the manifest"),
        PROJECT
    );
    // `patch` makes of it what `init` would have written.
    t.file("diff", run.stdout());
    t.call("git", ["apply", "--unsafe-paths", "-p0", "diff"])
        .success();
    let patched = std::fs::read_to_string(t.path("pyproject.toml")).expect("the manifest");
    t.manifest(PROJECT);
    t.flavor(["init", "--entry-point", "hello.other:start"])
        .success();
    assert_eq!(
        std::fs::read_to_string(t.path("pyproject.toml")).expect("the manifest"),
        patched
    );
}

#[test]
fn what_could_not_be_packed_is_refused_before_anything_is_written() {
    let t = Test::new();
    let text = "[project]\nname = \"hello\"\nversion = \"1\"\n";
    t.manifest(text);
    snapshot!(t.flavor(["init"]), @r#"
    exit: 1
    --- stderr
    error[FLV0211]: cannot read the manifest
      pyproject.toml: no program: neither an entry point nor a script is declared
    hint: add a script, `[project.scripts]` with `hello = "hello.cli:main"`, or without Python `[tool.flavor.execution]` with `command = ["{workenv}/bin/hello"]`
    "#);
    assert_eq!(
        std::fs::read_to_string(t.path("pyproject.toml")).expect("the manifest"),
        text
    );
    // The one place where there is a `main`.
    t.file("src/hello/__init__.py", "");
    t.file("src/hello/cli.py", "def main():\n    pass\n");
    t.flavor(["init"]).success();
    let text = std::fs::read_to_string(t.path("pyproject.toml")).expect("the manifest");
    assert!(
        text.ends_with("\n[tool.flavor]\nentry_point = \"hello.cli:main\"\n"),
        "{text}"
    );
}

#[test]
fn a_program_that_is_not_python_gets_a_manifest_that_packs() {
    let t = Test::new();
    t.file("my tool!/run.sh", "#!/bin/sh\necho ran \"$@\"\n");
    snapshot!(t.flavor(["-C", "my tool!", "init"]), @"
    exit: 1
    --- stderr
    error[FLV0251]: there is no project in `.`
    hint: run it where a `pyproject.toml` is (`uv init --package` makes one), or name a program that is not Python: `flavor init --command FILE`; a script needs none: `flavor pack FILE.py`
    ");
    t.flavor(["-C", "my tool!", "init", "--command", "run.sh"])
        .success();
    insta::assert_snapshot!(std::fs::read_to_string(t.path("my tool!/pyproject.toml")).expect("the manifest"), @r#"
    [project]
    name = "my-tool"
    version = "0.1.0"

    [tool.flavor.execution]
    command = ["{workenv}/bin/my-tool"]

    [[tool.flavor.slots.entries]]
    name = "program"
    source = "run.sh"
    target = "bin/my-tool"
    permissions = "0755"
    "#);
    t.flavor(["-C", "my tool!", "pack", "-q"]).silent();
    assert_eq!(
        t.call(t.path("my tool!/dist/my-tool.psp"), ["one"])
            .silent()
            .line(),
        "ran one"
    );
    // A program that is elsewhere is found from wherever both are moved to.
    t.file("bin/other.sh", "#!/bin/sh\necho other\n");
    t.file("sub/keep", "");
    t.flavor(["-C", "sub", "init", "--command", "../bin/other.sh"])
        .success();
    let text = std::fs::read_to_string(t.path("sub/pyproject.toml")).expect("the manifest");
    assert!(text.contains("source = \"../bin/other.sh\""), "{text}");
    t.flavor(["-C", "sub", "pack", "-q"]).silent();
    t.flavor([
        "-C",
        "my tool!",
        "init",
        "--manifest",
        "other.toml",
        "--command",
        "no.sh",
    ])
    .fails_with(1);
    assert!(!t.path("my tool!/other.toml").exists());
}

#[test]
fn a_table_that_is_written_inline_is_extended_too() {
    let t = Test::new();
    t.manifest(
        "tool.black.line-length = 99\n[project]\nname = \"a\"\nversion = \"1\"\n[project.scripts]\na = \"a:main\"\n",
    );
    t.flavor(["init", "--name", "b"]).success();
    t.flavor(["init"]).fails_with(1);
}

#[test]
fn line_ends_and_byte_order_marks_stay_as_they_are() {
    let t = Test::new();
    let windows = format!("\u{feff}{}", PROJECT.replace('\n', "\r\n"));
    t.manifest(&windows);
    t.flavor(["init"]).success();
    let after = std::fs::read_to_string(t.path("pyproject.toml")).expect("a manifest");
    let added = after
        .strip_prefix(&windows)
        .unwrap_or_else(|| panic!("not as it was: {after:?}"));
    assert!(added.contains("[tool.flavor]\r\n"), "{added:?}");
    assert!(!added.replace("\r\n", "").contains('\n'), "{added:?}");
}
