//! Slots of unusual size: very many equal files, and very much of nothing.

use crate::scene::{PROBE, Test};

fn data(more: &str) -> String {
    format!("{PROBE}\n[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\n{more}\n")
}

#[test]
fn more_equal_files_than_a_file_may_have_names_are_packed_and_run() {
    let t = Test::new();
    t.script("ls \"$FLAVOR_WORKENV/data\" | wc -l; cat \"$FLAVOR_WORKENV/data/65999\"");
    t.manifest(&data(""));
    let make = "import os\nos.mkdir('data')\nfor at in range(66000): open(f'data/{at}', 'w').write('same\\n')";
    t.call("python3", ["-c", make]).success();
    let package = t.pack();
    let run = t.call(&package, [""; 0]).success();
    assert_eq!(
        run.stdout().split_whitespace().collect::<Vec<_>>(),
        ["66000", "same"]
    );
    t.flavor(["verify".as_ref(), package.as_os_str()]).success();
    // As few files as can be, none with more names than the oldest file systems allow.
    let links = "import collections, os, sys\nfound = [os.stat(entry.path) for entry in os.scandir(sys.argv[1])]\n\
                 print(len({one.st_ino for one in found}), max(one.st_nlink for one in found))";
    let root = t
        .call("sh", ["-c", "echo cache/v2/slots/*/tree/65999"])
        .success()
        .line()
        .to_owned();
    let run = t
        .call("python3", ["-c", links, root.trim_end_matches("/65999")])
        .success();
    assert_eq!(run.line(), "3 32000");
}

#[test]
fn more_zeros_than_a_reader_unpacks_of_so_few_bytes_are_packed_and_run() {
    let t = Test::new();
    t.script(
        "wc -c < \"$FLAVOR_WORKENV/data\" && tail -c 1 \"$FLAVOR_WORKENV/data\" | od -An -tx1",
    );
    t.call("truncate", ["--size=300M", "data"]).success();
    for operations in [
        "",
        "operations = [\"zstd:1\"]",
        "operations = [\"gzip:1\"]",
        "operations = [\"xz:1\"]",
        "operations = [\"tar\", \"gzip:1\"]",
        "operations = [\"tar\", \"xz:0\"]",
    ] {
        let is_tree = operations.contains("tar");
        t.manifest(&data(operations).replace(
            "name = \"data\"",
            if is_tree {
                "name = \"data\"\ntarget = \"\""
            } else {
                "name = \"data\""
            },
        ));
        let package = t.pack();
        // Not much more than one frame goes in as it is.
        assert!(
            package.metadata().expect("its size").len() < 12_000_000,
            "{operations}"
        );
        let run = t.call(&package, [""; 0]).success();
        assert_eq!(
            run.stdout().split_whitespace().collect::<Vec<_>>(),
            ["314572800", "00"],
            "{operations}"
        );
        t.flavor(["verify".as_ref(), package.as_os_str()]).success();
        std::fs::remove_file(package).expect("removed");
    }
}

#[test]
fn slots_of_zeros_are_packed_however_many_there_are() {
    let t = Test::new();
    t.script("echo started");
    t.call("truncate", ["--size=200M", "data"]).success();
    // Alone, each is within what a reader unpacks of any slot; together they are not.
    let slots: Vec<String> = (0..7)
        .map(|at| {
            data("lifecycle = \"lazy\"\noperations = [\"zstd:1\"]")
                .replace("name = \"data\"", &format!("name = \"data{at}\""))
        })
        .collect();
    let slots = slots
        .iter()
        .map(|slot| slot.trim_start_matches(PROBE))
        .collect::<String>();
    t.manifest(&format!("{PROBE}{slots}"));
    let package = t.pack();
    assert_eq!(t.call(&package, [""; 0]).success().line(), "started");
    t.flavor(["verify".as_ref(), package.as_os_str()]).success();
}
