//! Where the bytes of a package are: the views of `flavor inspect`, `flavor diff`, and budgets.

use std::path::Path;

use serde_json::Value;

use crate::fixture;
use crate::scene::{FLAVOR, PROBE, Run, Test};

/// A package of three slots: a tree with twins in it, the same text once more, and a program that is not compressed.
fn sample(t: &Test) -> std::path::PathBuf {
    t.file(
        "tree/a/one.txt",
        "one line of text, and another\n".repeat(300),
    );
    t.file(
        "tree/b/twin.txt",
        "one line of text, and another\n".repeat(300),
    );
    t.file("tree/small.txt", "small\n");
    t.file(
        "copy/one.txt",
        "one line of text, and another\n".repeat(300),
    );
    t.file(
        "program.sh",
        format!("#!/bin/sh\n{}", "# words that repeat\n".repeat(200)),
    );
    t.manifest(SAMPLE);
    t.pack()
}

const SAMPLE: &str = r#"
[project]
name = "sample"
version = "1.0.0"
[tool.flavor.execution]
command = ["{workenv}/bin/program"]
[[tool.flavor.slots.entries]]
name = "tree"
source = "tree"
operations = ["tar", "zstd"]
[[tool.flavor.slots.entries]]
name = "copy"
source = "copy"
operations = ["tar", "xz"]
[[tool.flavor.slots.entries]]
name = "program"
source = "program.sh"
operations = ["raw"]
target = "bin/program"
permissions = "0755"
"#;

/// Sizes depend on codecs and their versions; which line they are in does not.
fn filters() -> insta::Settings {
    let mut settings = Run::filters();
    settings.add_filter(r"[+-]?\[SIZE\]", "[SIZE]");
    settings.add_filter(r" +\[SIZE\]", " [SIZE]");
    settings
}

#[test]
fn every_stored_byte_belongs_to_something() {
    let t = Test::new();
    for package in [
        &fixture::hello().path,
        &fixture::tool().path,
        &fixture::report().path,
        &sample(&t),
    ] {
        let json = t
            .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
            .silent()
            .json();
        let number = |value: &Value| value.as_u64().expect("a number");
        let files = json["files"].as_array().expect("files");
        let mut all = number(&json["launcher_size"]) + number(&json["totals"]["metadata"]);
        for slot in json["slots"].as_array().expect("slots") {
            let stored = |file: &&Value| file["slot"] == slot["name"];
            let sum: u64 = files
                .iter()
                .filter(stored)
                .map(|file| number(&file["stored"]))
                .sum();
            assert_eq!(
                sum + number(&slot["overhead"]),
                number(&slot["size"]),
                "{}: {}",
                package.display(),
                slot["name"]
            );
            all += number(&slot["size"]);
        }
        assert_eq!(all, number(&json["size"]));
        let counted = files
            .iter()
            .filter(|file| ["file", "hardlink"].contains(&file["kind"].as_str().expect("a kind")));
        assert_eq!(counted.count() as u64, number(&json["totals"]["files"]));
        for one in json["distributions"].as_array().expect("distributions") {
            let own =
                |file: &&Value| file["distribution"] == one["name"] && file["slot"] == one["slot"];
            let sum: u64 = files
                .iter()
                .filter(own)
                .map(|file| number(&file["stored"]))
                .sum();
            assert_eq!(sum, number(&one["stored"]), "{one}");
        }
    }
}

#[test]
fn the_views_show_where_the_bytes_are() {
    let t = Test::new();
    sample(&t);
    let _guard = filters().bind_to_scope();
    let view = |options: &[&str]| {
        let arguments = ["inspect", "dist/sample.psp"]
            .iter()
            .chain(options)
            .copied()
            .collect::<Vec<_>>();
        t.flavor(arguments).silent()
    };
    snapshot!(view(&["--tree"]), @"
    exit: 0
    --- stdout
        stored   unpacked   files
     [SIZE] [SIZE]       6  sample/
     [SIZE] [SIZE]       0    launcher
     [SIZE] [SIZE]       0    metadata
     [SIZE] [SIZE]       1    program
     [SIZE] [SIZE]       1    _attestation
     [SIZE] [SIZE]       3    tree/
     [SIZE] [SIZE]       1      a/
     [SIZE] [SIZE]       1        one.txt
     [SIZE] [SIZE]       1      b/
     [SIZE] [SIZE]       1        twin.txt
     [SIZE] [SIZE]       1      small.txt
     [SIZE] [SIZE]       1    copy/
     [SIZE] [SIZE]       1      one.txt
    ");
    snapshot!(view(&["--tree", "--depth", "1", "--slot", "tree"]), @"
    exit: 0
    --- stdout
        stored   unpacked   files
     [SIZE] [SIZE]       3  tree/
     [SIZE] [SIZE]       1    a/
     [SIZE] [SIZE]       1    b/
     [SIZE] [SIZE]       1    small.txt
    ");
    snapshot!(view(&["--files", "--slot", "tree"]), @"
    exit: 0
    --- stdout
        stored   unpacked  mode  path
     [SIZE] [SIZE]  0755  tree/a
     [SIZE] [SIZE]  0755  tree/b
     [SIZE] [SIZE]  0644  tree/small.txt
     [SIZE] [SIZE]  0644  tree/a/one.txt
     [SIZE] [SIZE]  0644  tree/b/twin.txt → a/one.txt
    ");
    snapshot!(view(&["--largest", "2"]), @"
    exit: 0
    --- stdout
        stored   unpacked  mode  path
     [SIZE] [SIZE]  0755  program/bin/program
     [SIZE] [SIZE]  0644  _attestation/_attestation
    ");
    snapshot!(view(&["--duplicates"]), @"
    exit: 0
    --- stdout
        wasted   unpacked  copies
     [SIZE] [SIZE]  tree/a/one.txt
                           copy/one.txt
    ");
    snapshot!(view(&["--native"]), @"
    exit: 0
    --- stdout
    no native files
    ");
    snapshot!(view(&["--advice"]), @r#"
    exit: 0
    --- stdout
    FLA031 slots without compression: [SIZE] → write `operations = ["zstd"]` for slot `program`, or leave `operations` out
           1 file, [SIZE] unpacked: program
    FLA030 duplicate content: [SIZE] → leave out all copies but one with `exclude`; `flavor inspect --duplicates` lists them
           1 file, [SIZE] unpacked: tree/a/one.txt, copy/one.txt
    "#);
}

#[test]
fn files_of_a_python_package_have_owners_and_names() {
    let t = Test::new();
    let package = &fixture::hello().path;
    let json = t
        .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .silent()
        .json();
    let files = json["files"].as_array().expect("files");
    let find = |end: &str| {
        let ends = |file: &&Value| {
            file["path"]
                .as_str()
                .is_some_and(|path| path.ends_with(end))
        };
        files
            .iter()
            .find(ends)
            .unwrap_or_else(|| panic!("no {end}"))
    };
    for (end, distribution, module) in [
        ("/rich/console.py", "rich", "rich.console"),
        (
            "/rich/__pycache__/console.cpython-313.pyc",
            "rich",
            "rich.console",
        ),
        ("/click/__init__.py", "click", "click"),
        ("bin/hello", "hello", ""),
    ] {
        let file = find(end);
        assert_eq!(file["distribution"], distribution, "{file}");
        assert_eq!(
            file["module"].as_str().unwrap_or_default(),
            module,
            "{file}"
        );
    }
    assert_eq!(find("/json/decoder.py")["module"], "json.decoder");
    let modules: Vec<_> = json["modules"]
        .as_array()
        .expect("modules")
        .iter()
        .map(|one| &one["name"])
        .collect();
    for name in ["rich", "click", "pygments", "json", "_ssl", "hello"] {
        assert!(
            modules.iter().any(|module| *module == name),
            "{name} in {modules:?}"
        );
    }
    let native = json["native"].as_array().expect("native files");
    let python = native.iter().find(|one| {
        one["path"]
            .as_str()
            .is_some_and(|path| path.contains("libpython3.13"))
    });
    let python = python.expect("the interpreter's library");
    assert!(
        python["needed"]
            .as_array()
            .expect("names")
            .iter()
            .any(|name| name == "libc.so.6"),
        "{python}"
    );
    assert_eq!(
        native[0]["glibc_floor"], json["runtime"]["glibc_floor"],
        "the most demanding comes first"
    );
    assert_eq!(
        json["duplicates"],
        serde_json::json!([]),
        "twins in one slot are stored once"
    );
}

#[test]
fn diff_says_what_grew() {
    let t = Test::new();
    sample(&t);
    t.call("cp", ["dist/sample.psp", "before.psp"]).success();
    t.file("tree/a/one.txt", "quite another text\n".repeat(900));
    t.file("tree/new.txt", "new\n");
    std::fs::remove_file(t.path("tree/small.txt")).expect("removed");
    t.manifest(&SAMPLE.replace("1.0.0", "1.1.0"));
    t.pack();
    let _guard = filters().bind_to_scope();
    snapshot!(t.flavor(["diff", "before.psp", "dist/sample.psp"]).silent(), @"
    exit: 0
    --- stdout
    sample 1.0.0 → sample 1.1.0: [SIZE] → [SIZE], [SIZE]

        before      after      grown  slots
     [SIZE] [SIZE] [SIZE]  tree
     [SIZE] [SIZE] [SIZE]  metadata

        before      after      grown  files
     [SIZE] [SIZE] [SIZE]  tree/b/twin.txt
     [SIZE]          - [SIZE]  tree/small.txt (gone)
             - [SIZE] [SIZE]  tree/new.txt (new)
     [SIZE] [SIZE] [SIZE]  tree/a/one.txt
     [SIZE] [SIZE] [SIZE]  _attestation/_attestation
    ");
    snapshot!(t.flavor(["diff", "--md", "before.psp", "dist/sample.psp"]).silent(), @r"
    exit: 0
    --- stdout
    **sample 1.0.0 → sample 1.1.0**: [SIZE] → [SIZE] ([SIZE])

    | slots | before | after | grown |
    |---|---:|---:|---:|
    | tree | [SIZE] | [SIZE] | [SIZE] |
    | metadata | [SIZE] | [SIZE] | [SIZE] |

    | files | before | after | grown |
    |---|---:|---:|---:|
    | tree/b/twin.txt | [SIZE] | [SIZE] | [SIZE] |
    | tree/small.txt | [SIZE] | - | [SIZE] |
    | tree/new.txt | - | [SIZE] | [SIZE] |
    | tree/a/one.txt | [SIZE] | [SIZE] | [SIZE] |
    | \_attestation/\_attestation | [SIZE] | [SIZE] | [SIZE] |
    ");
    let json = t
        .flavor(["diff", "--json", "before.psp", "dist/sample.psp"])
        .silent()
        .json();
    let number = |value: &Value| value.as_i64().expect("a number");
    let grown = |changes: &Value| {
        changes
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| number(&one["grown"]))
            .sum::<i64>()
    };
    let whole = number(&json["package"]["grown"]);
    assert_eq!(
        whole,
        number(&json["after"]["size"]) - number(&json["before"]["size"])
    );
    let others = number(&json["launcher"]["grown"]) + number(&json["metadata"]["grown"]);
    assert_eq!(
        grown(&json["slots"]) + others,
        whole,
        "the parts make up the whole"
    );
    let names: Vec<_> = json["files"]
        .as_array()
        .expect("files")
        .iter()
        .map(|one| &one["name"])
        .collect();
    for name in ["a/one.txt", "b/twin.txt", "new.txt", "small.txt"] {
        assert!(names.iter().any(|one| *one == name), "{name} in {names:?}");
    }
}

#[test]
fn a_package_and_itself_are_the_same() {
    let t = Test::new();
    sample(&t);
    let _guard = filters().bind_to_scope();
    snapshot!(t.flavor(["diff", "dist/sample.psp", "dist/sample.psp"]).silent(), @"
    exit: 0
    --- stdout
    sample 1.0.0 → sample 1.0.0: [SIZE] → [SIZE], [SIZE]
    no changes
    ");
    snapshot!(t.flavor(["diff", "dist/sample.psp", "program.sh"]), @"
    exit: 3
    --- stderr
    error[FLV0601]: cannot open package `program.sh`
      the file has 4010 bytes; a package has at least 8200
    hint: it may be truncated, or not a package: `flavor pack` prints the size of each package it writes
    ");
}

#[test]
fn a_budget_is_a_gate_when_it_is_checked() {
    let t = Test::new();
    t.script("echo hello");
    t.manifest(&format!(
        "{PROBE}\n[tool.flavor.budget]\ntotal = \"100kB\"\nslots = {{ script = \"1kB\" }}\n"
    ));
    let lenient = t.flavor(["pack"]).success();
    let line = |run: &Run| {
        run.stderr()
            .lines()
            .filter(|line| line.contains("budget"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(line(&lenient).len(), 1, "{lenient}");
    assert!(
        line(&lenient)[0].starts_with("warning[FLV0444]: the package has "),
        "{lenient}"
    );
    let strict = t.flavor(["pack", "--check-budget"]).fails_with(5);
    assert_eq!(line(&strict), line(&lenient));
    // That a gate was not passed is no talk.
    assert_eq!(
        line(
            &t.flavor(["pack", "--check-budget", "--quiet"])
                .fails_with(5)
        ),
        line(&lenient)
    );
    t.manifest(&format!(
        "{PROBE}\n[tool.flavor.budget]\ntotal = \"100MB\"\n"
    ));
    t.flavor(["pack", "--check-budget"]).success();
    t.file("data", "x".repeat(3000));
    let slot = "[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\noperations = [\"raw\"]\n";
    t.manifest(&format!(
        "{PROBE}\n{slot}[tool.flavor.budget.slots]\ndata = \"1kB\"\n"
    ));
    let told = "
    warning[FLV0444]: slot `data` has 3.0 kB; its budget is 1.0 kB
    hint: `flavor inspect --largest 10 ./dist/probe.psp` shows what is large
    ";
    let run = t
        .flavor(["pack", "--quiet", "--check-budget"])
        .fails_with(5);
    assert!(
        run.stderr().lines().eq(told.trim().lines().map(str::trim)),
        "{run}"
    );
}

#[test]
fn what_a_package_calls_its_files_does_no_harm() {
    let t = Test::new();
    t.file("tree/\u{1b}[31mred | <b>*bold*", "x".repeat(300));
    t.file("tree/program", "");
    let first = &SAMPLE[..SAMPLE
        .find("[[tool.flavor.slots.entries]]\nname = \"copy\"")
        .expect("the second slot")];
    t.manifest(&first.replace("{workenv}/bin/program", "{workenv}/tree/program"));
    t.pack();
    t.call("cp", ["dist/sample.psp", "before.psp"]).success();
    t.file("tree/\u{1b}[31mred | <b>*bold*", "y".repeat(300));
    t.pack();
    for arguments in [
        &["inspect", "--files", "before.psp"][..],
        &["inspect", "--tree", "before.psp"],
        &["inspect", "--advice", "before.psp"],
        &["diff", "before.psp", "dist/sample.psp"],
        &["diff", "--md", "before.psp", "dist/sample.psp"],
    ] {
        let run = t.flavor(arguments).silent();
        assert!(!run.stdout.contains(&0x1b), "{run}");
        if arguments.contains(&"--md") {
            assert!(
                !run.stdout().contains("<b>") && run.stdout().contains("\\| &lt;b>\\*bold\\*"),
                "{run}"
            );
        }
    }
}

#[test]
fn every_command_of_the_document_runs() {
    let mut t = Test::new();
    t.prepend_path(Path::new(FLAVOR).parent().expect("its directory"));
    t.copy(&fixture::hello().path, "hello.psp");
    t.copy(&fixture::report().path, "old.psp");
    let document = include_str!("../docs/size.md");
    let commands: Vec<&str> = document
        .lines()
        .filter(|line| line.starts_with("flavor "))
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        let run = t.call("bash", ["-euo", "pipefail", "-c", command]).silent();
        assert_ne!(run.stdout(), "", "{command}");
    }
    // What it says of the codes is all there is to say.
    let told: Vec<&str> = document
        .lines()
        .filter_map(|line| line.strip_prefix("| FLA")?.get(..3))
        .collect();
    let codes = include_str!("../src/analysis/advice.rs")
        .split("\"FLA")
        .skip(1)
        .filter_map(|rest| rest.get(..3));
    let missing: Vec<&str> = codes.filter(|code| !told.contains(code)).collect();
    assert_eq!(missing, [""; 0], "codes that docs/size.md does not have");
}
