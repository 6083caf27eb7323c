//! Slots go through their chains of operations and come out again.

use crate::scene::{Run, Test};

/// A package around `sh` with one slot, `data`, that is a tree or a file.
fn package(t: &Test, tree: bool, operations: &str, options: &[&str]) -> std::path::PathBuf {
    project(t, tree, operations);
    t.pack_with(options)
}

fn project(t: &Test, tree: bool, operations: &str) {
    let text = "the same line again and again\n".repeat(3000);
    t.file("tree/docs/one.txt", &text);
    t.file("tree/docs/two.txt", &text[..70_000]);
    t.file("tree/empty", "");
    t.executable("tree/bin/run", "#!/bin/sh\necho ran\n");
    t.file("single", &text);
    drop(std::os::unix::fs::symlink(
        "docs/one.txt",
        t.path("tree/link"),
    ));
    let source = if tree { "tree" } else { "single" };
    let script = if tree {
        "cd $FLAVOR_WORKENV/data && bin/run && cat docs/two.txt link empty | cksum"
    } else {
        "cksum < $FLAVOR_WORKENV/data"
    };
    t.manifest(&format!(
        r#"
[project]
name = "chain"
version = "1"
[tool.flavor.execution]
command = ["/bin/sh", "-c", "{script}"]
[[tool.flavor.slots.entries]]
name = "data"
source = "{source}"
operations = {operations}
"#
    ));
}

/// Runs cold and checks the content.
#[track_caller]
fn comes_out(t: &Test, package: &std::path::Path, tree: bool) -> Run {
    let expected = if tree {
        let run = t
            .call(
                "sh",
                [
                    "-c",
                    "echo ran; cat tree/docs/two.txt tree/docs/one.txt | cksum",
                ],
            )
            .success();
        run.stdout().to_owned()
    } else {
        t.call("sh", ["-c", "cksum < single"])
            .success()
            .stdout()
            .to_owned()
    };
    let run = t.call(package, [""; 0]).silent();
    assert_eq!(run.stdout(), expected);
    run
}

#[test]
fn every_chain_comes_out_as_it_went_in() {
    let chains = [
        (false, r#"["raw"]"#, "raw"),
        (false, r#"["gzip"]"#, "gzip"),
        (false, r#"["zstd"]"#, "zstd"),
        (false, r#"["xz"]"#, "xz"),
        (false, r#"["zstd:19"]"#, "zstd"),
        (false, r#"["zstd:1"]"#, "zstd"),
        (false, r#"["xz:9"]"#, "xz"),
        (false, r#"["xz:0"]"#, "xz"),
        (false, r#"["gzip:1"]"#, "gzip"),
        (false, r#"["gzip:9"]"#, "gzip"),
        (true, r#"["tar"]"#, "tar"),
        (true, r#"["tar", "gzip"]"#, "tar.gz"),
        (true, r#"["tar", "zstd"]"#, "tar.zst"),
        (true, r#"["tar", "xz"]"#, "tar.xz"),
        (true, r#"["tar", "zstd:22"]"#, "tar.zst"),
        (true, r#"["tar", "xz:6"]"#, "tar.xz"),
        (true, r#"["tar", "gzip:6"]"#, "tar.gz"),
        (true, r#""tar.zst""#, "tar.zst"),
    ];
    for (tree, operations, shown) in chains {
        let t = Test::new();
        let package = package(&t, tree, operations, &[]);
        comes_out(&t, &package, tree);
        let inspected = t
            .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
            .success()
            .json();
        assert_eq!(inspected["slots"][0]["operations"], shown, "{operations}");
    }
}

#[test]
fn every_degree_of_compression_runs() {
    let mut sizes = Vec::new();
    for effort in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        let t = Test::new();
        for (tree, operations) in [
            (true, r#"["tar", "zstd"]"#),
            (true, r#"["tar", "xz"]"#),
            (true, r#"["tar", "gzip"]"#),
        ] {
            let package = package(&t, tree, operations, &["--compress", effort]);
            comes_out(&t, &package, tree);
            sizes.push(package.metadata().expect("metadata").len());
        }
    }
    let first = &sizes[..3];
    let last = &sizes[sizes.len() - 3..];
    assert!(
        first.iter().zip(last).all(|(first, last)| first >= last),
        "{sizes:?}"
    );
}

#[test]
fn without_operations_a_tree_is_an_archive_and_effort_zero_compresses_nothing() {
    let t = Test::new();
    t.file("tree/a", "a".repeat(5000));
    t.file("file", "b".repeat(5000));
    t.manifest(
        r#"
[project]
name = "plain"
version = "1"
[tool.flavor.execution]
command = "/bin/true"
[[tool.flavor.slots.entries]]
name = "tree"
source = "tree"
[[tool.flavor.slots.entries]]
name = "file"
source = "file"
"#,
    );
    let shown = |options: &[&str]| {
        let package = t.pack_with(options);
        let inspected = t
            .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
            .success()
            .json();
        [0, 1].map(|at| {
            inspected["slots"][at]["operations"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
    };
    assert_eq!(shown(&[]), ["tar.zst", "zstd"]);
    assert_eq!(shown(&["--compress", "0"]), ["tar", "raw"]);
}

#[test]
fn a_degree_beyond_nine_is_refused() {
    let t = Test::new();
    t.script("true");
    snapshot!(t.flavor(["pack", "--compress", "10"]), @"
    exit: 2
    --- stderr
    error[FLV0103]: invalid value '10' for '--compress <0-9>': expected a number from 0 to 9

    For more information, try '--help'.
    ");
}

#[test]
fn large_slots_come_out_whole() {
    let t = Test::new();
    // Several frames: text that compresses, noise that does not.
    let mut noise = vec![0_u8; 24 << 20];
    let mut state = 1_u64;
    for (at, byte) in noise.iter_mut().enumerate() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        *byte = if at % 3 == 0 {
            b'x'
        } else {
            state.to_le_bytes()[4]
        };
    }
    t.file("tree/noise", &noise);
    for at in 0..300 {
        t.file(
            &format!("tree/many/{at}"),
            format!("file {at}\n").repeat(at),
        );
    }
    for operations in [
        r#"["tar", "zstd"]"#,
        r#"["tar", "gzip:1"]"#,
        r#"["tar", "xz:0"]"#,
    ] {
        t.manifest(&format!(
            "[project]\nname = \"large\"\nversion = \"1\"\n[tool.flavor.execution]\n\
             command = [\"/bin/sh\", \"-c\", \"cd $FLAVOR_WORKENV/tree && cat noise many/* | cksum\"]\n\
             [[tool.flavor.slots.entries]]\nname = \"tree\"\nsource = \"tree\"\noperations = {operations}\n"
        ));
        let package = t.pack();
        let expected = t
            .call("sh", ["-c", "cd tree && cat noise many/* | cksum"])
            .success();
        assert_eq!(
            t.call(&package, [""; 0]).silent().stdout(),
            expected.stdout(),
            "{operations}"
        );
    }
}

#[test]
fn permissions_of_a_single_file_are_kept_but_for_writing() {
    let t = Test::new();
    t.file("one", "1");
    t.manifest(
        "[project]\nname = \"modes\"\nversion = \"1\"\n[tool.flavor.execution]\n\
         command = [\"/bin/sh\", \"-c\", \"stat -L -c %a $FLAVOR_WORKENV/one\"]\n\
         [[tool.flavor.slots.entries]]\nname = \"one\"\nsource = \"one\"\npermissions = \"0750\"\n",
    );
    assert_eq!(t.call(t.pack(), [""; 0]).silent().line(), "550");
}

#[test]
fn less_memory_means_fewer_threads_and_the_same_bytes() {
    let t = Test::new();
    project(&t, true, r#"["tar", "zstd:9"]"#);
    t.file("tree/large", "some text, over and over; ".repeat(1_000_000));
    let pack = |options: &[&str]| {
        let arguments = [
            &[
                "pack",
                "-o",
                "x.psp",
                "--key-seed",
                "s",
                "--no-cache",
                "--jobs",
                "4",
            ],
            options,
        ]
        .concat();
        (t.flavor(arguments), t.path("x.psp"))
    };
    let read = |path| std::fs::read(path).expect("a package");
    let (freely, package) = pack(&[]);
    assert!(freely.success().stderr().contains("with 4 jobs"));
    let expected = read(package);
    let (bounded, package) = pack(&["--memory-limit", "100MB"]);
    assert!(bounded.success().stderr().contains("with 2 jobs"));
    assert!(read(package) == expected, "other bytes with fewer threads");
    snapshot!(pack(&["--memory-limit", "10MB"]).0, @"
    exit: 1
    --- stderr
    error[FLV0409]: cannot pack `pyproject.toml`
      encoding `data` requires [SIZE] with one thread; the limit is [SIZE]
    hint: raise --memory-limit, or lower --compress or the slot's level
    ");
    snapshot!(pack(&["--memory-limit", "much"]).0, @"
    exit: 2
    --- stderr
    error[FLV0103]: invalid value 'much' for '--memory-limit <SIZE>': expected a size such as 500MB or 2GiB

    For more information, try '--help'.
    ");
}
