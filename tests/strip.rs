//! `--strip` makes native files smaller and leaves them working.

use crate::fixture::example;
use crate::interpreter::Interpreter;
use crate::scene::{Run, Test};

#[test]
fn stripping_says_before_and_after_and_the_program_still_runs() {
    let t = Test::new();
    let tool = example(&t, "tool");
    let manifest = tool.to_str().expect("UTF-8");
    let whole = t.pack_with(&["--manifest", manifest, "--output", "whole.psp"]);
    let run = t
        .flavor([
            "pack",
            "--manifest",
            manifest,
            "--output",
            "stripped.psp",
            "--strip",
        ])
        .success();
    let stripped: Vec<_> = run
        .stderr()
        .lines()
        .filter(|line| line.starts_with("    stripped  "))
        .map(str::trim)
        .collect();
    let text = stripped.join("\n");
    Run::filters().bind(|| {
        insta::assert_snapshot!(text, @"
        stripped  launcher [SIZE] → [SIZE]
        stripped  1 native file [SIZE] → [SIZE]
        ");
    });
    let size = |name: &str| t.path(name).metadata().expect("metadata").len();
    assert!(
        size("stripped.psp") < size("whole.psp"),
        "{} {}",
        size("stripped.psp"),
        size("whole.psp")
    );
    let expected = t.call(&whole, ["count"]).silent().stdout().to_owned();
    assert_eq!(
        t.call(t.path("stripped.psp"), ["count"]).silent().stdout(),
        expected
    );
    // The source is not touched.
    let file = t.call("file", [tool.join("bin/tool")]).success();
    assert!(file.stdout().contains("not stripped"), "{file}");
}

#[test]
fn a_stripped_python_runs() {
    let mut t = Test::new();
    t.set(
        "FLAVOR_CACHE_DIR",
        crate::fixture::directory().join("cache"),
    );
    let hello = example(&t, "hello");
    let python = Interpreter::Pyenv(13).executable();
    let manifest = hello.to_str().expect("UTF-8");
    let python = python.to_str().expect("UTF-8");
    let package = t.pack_with(&[
        "--manifest",
        manifest,
        "--python",
        python,
        "--strip",
        "--output",
        "stripped.psp",
    ]);
    t.set("FLAVOR_CACHE_DIR", t.path("cache"));
    assert_eq!(
        t.call(&package, ["--plain", "stripped"]).silent().line(),
        "Hello, stripped!"
    );
    let whole = crate::fixture::hello()
        .path
        .metadata()
        .expect("metadata")
        .len();
    assert!(package.metadata().expect("metadata").len() < whole);
}
