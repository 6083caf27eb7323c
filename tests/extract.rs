//! `flavor extract` and `extract-all`.

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::scene::Test;

/// A package with one slot for each way of storing.
fn package(t: &Test) -> PathBuf {
    t.file("tree/docs/one.txt", "one\n".repeat(100));
    t.executable("tree/bin/run", "#!/bin/sh\n");
    drop(std::os::unix::fs::symlink(
        "docs/one.txt",
        t.path("tree/link"),
    ));
    t.file("note", "a note\n".repeat(100));
    let mut manifest = String::from(
        "[project]\nname = \"stored\"\nversion = \"1\"\n[tool.flavor.execution]\ncommand = \"/bin/true\"\n",
    );
    for (name, source, operations) in [
        ("plain", "tree", "[\"tar\"]"),
        ("gzipped", "tree", "[\"tar\", \"gzip\"]"),
        ("zstd", "tree", "[\"tar\", \"zstd\"]"),
        ("xz", "tree", "[\"tar\", \"xz\"]"),
        ("note", "note", "[\"raw\"]"),
        ("note-gz", "note", "[\"gzip\"]"),
        ("note-zst", "note", "[\"zstd\"]"),
        ("note-xz", "note", "[\"xz\"]"),
    ] {
        manifest.push_str("[[tool.flavor.slots.entries]]\n");
        writeln!(
            manifest,
            "name = \"{name}\"\nsource = \"{source}\"\noperations = {operations}"
        )
        .expect("a string");
    }
    t.manifest(&manifest).pack()
}

#[test]
fn stored_slots_are_plain_files_of_their_kind() {
    let t = Test::new();
    let package = package(&t);
    snapshot!(t.flavor(["extract-all".as_ref(), package.as_os_str(), "out".as_ref()]).success(), @"
    exit: 0
    --- stdout
    out/slot_0.tar
    out/slot_1.tar.gz
    out/slot_2.tar.zst
    out/slot_3.tar.xz
    out/slot_4.bin
    out/slot_5.gz
    out/slot_6.zst
    out/slot_7.xz
    out/slot_8.bin
    out/metadata.json
    ");
    t.call("mkdir", ["want"]).success();
    for (name, flag) in [
        ("slot_0.tar", "-xf"),
        ("slot_1.tar.gz", "-xzf"),
        ("slot_2.tar.zst", "--zstd"),
        ("slot_3.tar.xz", "-xJf"),
    ] {
        let script = match flag {
            "--zstd" => format!(
                "rm -rf got && mkdir got && tar --zstd -xf out/{name} -C got && diff -r got tree"
            ),
            flag => format!(
                "rm -rf got && mkdir got && tar {flag} out/{name} -C got && diff -r got tree"
            ),
        };
        t.call("sh", ["-c", &script]).silent();
    }
    for (decoder, name) in [
        ("cat", "slot_4.bin"),
        ("gzip -dc", "slot_5.gz"),
        ("zstd -dc", "slot_6.zst"),
        ("xz -dc", "slot_7.xz"),
    ] {
        t.call("sh", ["-c", &format!("{decoder} out/{name} | cmp - note")])
            .silent();
    }
    let metadata: serde_json::Value =
        serde_json::from_slice(&std::fs::read(t.path("out/metadata.json")).expect("metadata"))
            .expect("JSON");
    assert_eq!(metadata["package"]["name"], "stored");
    assert_eq!(metadata["slots"].as_array().map(Vec::len), Some(9));
}

#[test]
fn slots_unpack_as_trees() {
    let t = Test::new();
    let package = package(&t);
    t.flavor([
        "extract-all".as_ref(),
        package.as_os_str(),
        "out".as_ref(),
        "--as-tree".as_ref(),
    ])
    .success();
    for slot in ["slot_0", "slot_1", "slot_2", "slot_3"] {
        t.call("diff", ["-r", &format!("out/{slot}"), "tree"])
            .silent();
        let mode = t
            .path(format!("out/{slot}/bin/run"))
            .metadata()
            .expect("metadata")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
        assert_eq!(
            std::fs::read_link(t.path(format!("out/{slot}/link"))).expect("a link"),
            PathBuf::from("docs/one.txt")
        );
    }
    for slot in ["slot_4", "slot_5", "slot_6", "slot_7"] {
        t.call("cmp", [&format!("out/{slot}"), "note"]).silent();
    }
}

#[test]
fn one_slot_by_number_or_name() {
    let t = Test::new();
    let package = package(&t);
    let extract = |slot: &str, out: &str, stored: bool| {
        let mut command = t.command(crate::scene::FLAVOR);
        command
            .arg("extract")
            .args([package.as_os_str(), slot.as_ref(), out.as_ref()])
            .args(stored.then_some("--stored"));
        t.run(&mut command)
    };
    assert_eq!(
        extract("2", "by-number", false).silent().line(),
        "by-number"
    );
    extract("zstd", "by-name", false).silent();
    extract("5", "note.out", false).silent();
    extract("5", "note.gz", true).silent();
    t.call("diff", ["-r", "by-number", "tree"]).silent();
    t.call("diff", ["-r", "by-name", "tree"]).silent();
    t.call(
        "sh",
        ["-c", "cmp note.out note && gzip -dc note.gz | cmp - note"],
    )
    .silent();
    snapshot!(extract("9", "never", false), @"
    exit: 1
    --- stderr
    error[FLV0617]: cannot open package `[ROOT]/dist/stored.psp`
      there is no slot `9`; the package has `plain`, `gzipped`, `zstd`, `xz`, `note`, `note-gz`, `note-zst`, `note-xz`, `_attestation`
    ");
    snapshot!(extract("nothing", "never", false), @"
    exit: 1
    --- stderr
    error[FLV0617]: cannot open package `[ROOT]/dist/stored.psp`
      there is no slot `nothing`; the package has `plain`, `gzipped`, `zstd`, `xz`, `note`, `note-gz`, `note-zst`, `note-xz`, `_attestation`
    ");
    assert!(!t.path("never").exists());
}

#[test]
fn nothing_is_overwritten() {
    let t = Test::new();
    let package = package(&t);
    t.file("there", "mine");
    snapshot!(t.flavor(["extract".as_ref(), package.as_os_str(), "0".as_ref(), "there".as_ref()]), @"
    exit: 1
    --- stderr
    error[FLV0906]: `there` already exists
    hint: existing files are not overwritten; choose another path or remove it first
    ");
    assert_eq!(
        std::fs::read_to_string(t.path("there")).expect("a file"),
        "mine"
    );
    t.file("out/slot_3.tar.xz", "mine");
    t.flavor(["extract-all".as_ref(), package.as_os_str(), "out".as_ref()])
        .fails_with(1);
    assert_eq!(
        std::fs::read_to_string(t.path("out/slot_3.tar.xz")).expect("a file"),
        "mine"
    );
}

#[test]
fn nothing_of_a_damaged_package_is_written() {
    let t = Test::new();
    let package = package(&t);
    let mut bytes = std::fs::read(&package).expect("the package");
    let at = bytes.len() - 8300;
    bytes[at] ^= 1;
    t.file("damaged.psp", bytes);
    t.flavor(["extract-all", "damaged.psp", "out"])
        .fails_with(3);
    t.flavor(["extract", "damaged.psp", "0", "one"])
        .fails_with(3);
    assert!(!t.path("out").exists() && !t.path("one").exists());
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let t = Test::new();
    t.file("tree/zeros", vec![0; 3 << 20]);
    t.manifest(
        "[project]\nname = \"zeros\"\nversion = \"1\"\n[tool.flavor.execution]\ncommand = \"/bin/true\"\n\
         [[tool.flavor.slots.entries]]\nname = \"zeros\"\nsource = \"tree\"\noperations = [\"tar\", \"zstd\"]\n",
    );
    t.pack();
    t.call("mkdir", ["small"]).success();
    let inside = |command: &str| {
        let script = format!(
            "mount -t tmpfs -o size=1m none small && \"$0\" {command}; status=$?; ls -A small; exit $status"
        );
        t.run(
            t.command("unshare")
                .args(["--mount", "sh", "-c", &script, crate::scene::FLAVOR]),
        )
    };
    snapshot!(inside("extract-all --as-tree dist/zeros.psp small/all/of/it"), @"
    exit: 1
    --- stderr
    error[FLV0903]: not enough space in `small`: [SIZE] needed, [SIZE] available
    hint: free space, or choose another directory
    ");
    let one = inside("extract dist/zeros.psp zeros small/one");
    assert!(
        one.stderr().contains("not enough space in `small`") && one.stdout().is_empty(),
        "{one}"
    );
    // Stored, the zeros are few bytes; and who does not want the check is not held up by it.
    inside("extract --stored dist/zeros.psp zeros small/one").success();
    let full = inside("extract --limits none dist/zeros.psp zeros small/one");
    assert!(
        full.stderr().contains("No space left on device") && full.stdout().is_empty(),
        "{full}"
    );
}
