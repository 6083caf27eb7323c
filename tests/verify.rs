//! `flavor verify`, and what happens to a package that somebody has changed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use flavor::package::Reader;

use crate::scene::{Run, Test};

/// A package with a slot of every kind.
fn package(t: &Test) -> PathBuf {
    t.file("tree/a.txt", "a line\n".repeat(400));
    t.file("tree/b.txt", "b line\n".repeat(100));
    t.file("note", "a note\n");
    t.script("cat $FLAVOR_WORKENV/note $FLAVOR_WORKENV/tree/*.txt | cksum");
    let manifest = std::fs::read_to_string(t.path("pyproject.toml")).expect("the manifest");
    t.manifest(&format!(
        r#"{manifest}
[[tool.flavor.slots.entries]]
name = "tree"
source = "tree"
operations = ["tar", "zstd"]
[[tool.flavor.slots.entries]]
name = "note"
source = "note"
operations = ["xz"]
"#
    ));
    t.pack()
}

/// A part of the file and what it is.
struct Region {
    name: String,
    from: usize,
    to: usize,
}

/// The whole file in parts, without a gap.
fn regions(path: &Path) -> Vec<Region> {
    let reader = Reader::open(path).expect("a package");
    let index = reader.index();
    let at = |value: u64| usize::try_from(value).expect("a position");
    let mut parts = vec![
        ("launcher".to_owned(), 0, at(index.launcher_size)),
        (
            "metadata".into(),
            at(index.metadata_offset),
            at(index.metadata_offset + index.metadata_size),
        ),
    ];
    let table = at(index.slot_table_offset);
    parts.push(("padding before the table".into(), parts[1].2, table));
    let mut end = table + 64 * usize::try_from(index.slot_count).expect("a count");
    parts.push(("table".into(), table, end));
    for slot in reader.slots() {
        let from = at(slot.row.offset);
        parts.push((format!("padding before slot {}", slot.name()), end, from));
        end = from + at(slot.row.stored_size);
        parts.push((format!("slot {}", slot.name()), from, end));
    }
    let trailer = at(index.package_size) - 8200;
    assert_eq!(
        end, trailer,
        "something is between the last slot and the trailer"
    );
    for (name, from, to) in [
        ("start mark", 0, 4),
        ("index: version to flags", 4, 68),
        ("index: key", 68, 100),
        ("index: checksum of metadata", 100, 132),
        ("index: signature", 132, 196),
        ("index: rest of the signature field", 196, 644),
        ("index: hints", 644, 1508),
        ("index: reserved", 1508, 8196),
        ("end mark", 8196, 8200),
    ] {
        parts.push((name.into(), trailer + from, trailer + to));
    }
    parts
        .into_iter()
        .filter(|(_, from, to)| from < to)
        .map(|(name, from, to)| Region { name, from, to })
        .collect()
}

/// Positions to try: both ends of every region and some between.
fn positions(path: &Path) -> Vec<(String, usize)> {
    let mut positions = Vec::new();
    for region in regions(path) {
        let step = (region.to - region.from).div_ceil(24).max(1);
        positions.extend(
            (region.from..region.to)
                .step_by(step)
                .map(|at| (region.name.clone(), at)),
        );
        positions.push((region.name, region.to - 1));
    }
    positions
}

#[track_caller]
fn no_panic(run: &Run, what: &str) {
    assert!(run.code().is_some_and(|code| code != 101), "{what}\n{run}");
    assert!(
        !String::from_utf8_lossy(&run.stderr).contains("panicked"),
        "{what}\n{run}"
    );
}

#[test]
fn an_intact_package_passes() {
    let t = Test::new();
    let package = package(&t);
    snapshot!(t.flavor(["verify".as_ref(), package.as_os_str()]).success(), @"
    exit: 0
    --- stdout
    [ROOT]/dist/probe.psp: OK: all bytes verified
    signer [DIGEST] (not trusted on this machine)
    ");
    let json = t
        .flavor(["verify".as_ref(), "--json".as_ref(), package.as_os_str()])
        .success()
        .json();
    assert_eq!(json["valid"], true);
    assert_eq!(json["complete"], true);
    assert_eq!(json["launcher"], true);
    assert_eq!(json["slots"], 4);
    assert_eq!(json["unauthenticated"], serde_json::json!([]));
}

#[test]
fn no_flipped_byte_is_accepted() {
    let t = Test::new();
    let package = package(&t);
    let bytes = std::fs::read(&package).expect("the package");
    let positions = positions(&package);
    assert!(positions.len() > 300, "{}", positions.len());
    for (turn, (region, at)) in positions.iter().enumerate() {
        let mut changed = bytes.clone();
        // One bit, another one each time; padding and marks included.
        changed[*at] ^= 1 << (turn % 8);
        t.file("changed.psp", &changed);
        let run = t.flavor(["verify", "changed.psp"]);
        no_panic(&run, region);
        assert_eq!(run.code(), Some(3), "byte {at} of {region}\n{run}");
        assert_eq!(run.stdout(), "", "byte {at} of {region}");
    }
}

#[test]
fn a_package_with_a_flipped_byte_refuses_to_run_or_runs_as_it_was_signed() {
    let t = Test::new();
    let package = package(&t);
    let expected = t.call(&package, [""; 0]).silent().stdout().to_owned();
    let bytes = std::fs::read(&package).expect("the package");
    for (turn, (region, at)) in positions(&package).iter().enumerate() {
        let mut changed = bytes.clone();
        changed[*at] ^= 1 << (turn % 8);
        let name = format!("changed-{turn}.psp");
        let path = t.executable(&name, &changed);
        // A changed launcher may do anything; judged is the package, by a launcher that is whole.
        let (program, arguments): (&OsStr, Vec<&OsStr>) = if region == "launcher" {
            (
                crate::scene::FLAVOR.as_ref(),
                vec!["run".as_ref(), name.as_ref()],
            )
        } else {
            (path.as_os_str(), Vec::new())
        };
        let cache = t.path(format!("cache-{turn}"));
        let run = t.run(
            t.command(program)
                .args(arguments)
                .env("FLAVOR_CACHE_DIR", &cache),
        );
        no_panic(&run, region);
        let code = run.code().expect("an exit code");
        if code == 0 {
            // What a start does not use it does not check.
            let unused = region == "launcher"
                || region.starts_with("padding")
                || region.contains("_attestation");
            assert!(unused, "byte {at} of {region} ran\n{run}");
            assert_eq!(run.stdout(), expected, "byte {at} of {region}");
        } else {
            assert!(
                (102..=119).contains(&code) || code == 3,
                "byte {at} of {region}\n{run}"
            );
            assert_eq!(run.stdout(), "", "byte {at} of {region}");
            assert!(
                run.stderr().starts_with("error[FLV0"),
                "byte {at} of {region}\n{run}"
            );
        }
        std::fs::remove_file(path).expect("removed");
        t.call("rm", ["-rf".as_ref(), cache.as_os_str()]).success();
    }
}

#[test]
fn no_cut_or_lengthened_file_is_accepted() {
    let t = Test::new();
    let package = package(&t);
    let bytes = std::fs::read(&package).expect("the package");
    let whole = bytes.len();
    let mut lengths = vec![
        0,
        1,
        100,
        8199,
        8200,
        8201,
        whole / 2,
        whole - 8200,
        whole - 4097,
        whole - 8,
        whole - 1,
    ];
    lengths.extend(
        regions(&package)
            .iter()
            .flat_map(|region| [region.from, region.to - 1]),
    );
    for length in lengths {
        t.file("cut.psp", &bytes[..length]);
        for verb in ["verify", "inspect"] {
            let run = t.flavor([verb, "cut.psp"]);
            no_panic(&run, verb);
            assert_eq!(run.code(), Some(3), "{verb} of {length} bytes\n{run}");
        }
    }
    t.file("long.psp", [&bytes[..], b"\0"].concat());
    snapshot!(t.flavor(["verify", "long.psp"]), @"
    exit: 3
    --- stderr
    error[FLV0601]: cannot open package `long.psp`
      no package trailer at the end of the file
    hint: it may be truncated, or not a package: `flavor pack` prints the size of each package it writes
    ");
    t.file("cut.psp", &bytes[..whole - 8000]);
    snapshot!(t.flavor(["verify", "cut.psp"]), @"
    exit: 3
    --- stderr
    error[FLV0601]: cannot open package `cut.psp`
      no package trailer at the end of the file
    hint: it may be truncated, or not a package: `flavor pack` prints the size of each package it writes
    ");
    let middle = [&bytes[..whole - 9000], &bytes[whole - 8200..]].concat();
    t.file("hole.psp", middle);
    snapshot!(t.flavor(["verify", "hole.psp"]), @"
    exit: 3
    --- stderr
    error[FLV0604]: cannot open package `hole.psp`
      the package has [NUMBER] bytes according to its index; the file has [NUMBER]
    hint: the file is truncated or has bytes appended; copy it again
    ");
}

#[test]
fn a_cut_package_does_not_run() {
    let t = Test::new();
    let package = package(&t);
    let bytes = std::fs::read(&package).expect("the package");
    let path = t.executable("cut.psp", &bytes[..bytes.len() - 100]);
    snapshot!(t.call(path, [""; 0]), @"
    exit: 102
    --- stderr
    error[FLV0601]: cannot accept `[ROOT]/cut.psp`
      no package trailer at the end of the file
    hint: it may be truncated, or not a package: `flavor pack` prints the size of each package it writes
    ");
}

#[test]
fn verify_names_the_tampered_slot() {
    let t = Test::new();
    let package = package(&t);
    let mut bytes = std::fs::read(&package).expect("the package");
    let slot = regions(&package)
        .into_iter()
        .find(|region| region.name == "slot tree")
        .expect("a slot");
    bytes[slot.from + 20] ^= 0xff;
    t.executable("tampered.psp", &bytes);
    snapshot!(t.flavor(["verify", "tampered.psp"]), @"
    exit: 3
    --- stderr
    error[FLV0614]: cannot open package `tampered.psp`
      slot `tree` has digest [DIGEST]; the signed metadata has [DIGEST]
    hint: do not run it; download the file again from its publisher
    ");
    snapshot!(t.flavor(["verify", "--json", "tampered.psp"]), @r#"
    exit: 3
    --- stdout
    {
      "error": {
        "causes": [
          "slot `tree` has digest [DIGEST]; the signed metadata has [DIGEST]"
        ],
        "code": "FLV0614",
        "exit_code": 3,
        "hint": "do not run it; download the file again from its publisher",
        "message": "cannot open package `tampered.psp`"
      }
    }
    "#);
    snapshot!(t.call(t.path("tampered.psp"), [""; 0]), @"
    exit: 107
    --- stderr
    error[FLV0614]: cannot prepare the environment of `[ROOT]/tampered.psp`
      slot `tree` is damaged: found digest [DIGEST], the signed metadata has [DIGEST]
    hint: download the package again from its publisher
    ");
}

#[test]
fn a_package_signed_anew_has_another_signer() {
    let t = Test::new();
    let one = package(&t);
    let signer = |path: &Path| {
        let json = t
            .flavor(["verify".as_ref(), "--json".as_ref(), path.as_os_str()])
            .success()
            .json();
        json["signature"]["key"]
            .as_str()
            .expect("a fingerprint")
            .to_owned()
    };
    let first = signer(&one);
    let other = t.pack_with(&["--key-seed", "somebody else", "--output", "other.psp"]);
    assert_ne!(signer(&other), first);
}
