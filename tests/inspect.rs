//! `flavor inspect`: what a package is and what is in it.

use crate::fixture;
use crate::scene::{Run, Test};

#[test]
fn inspect_shows_a_package_without_python() {
    let t = Test::new();
    let package = t.copy(&fixture::tool().path, "tool.psp");
    let run = t.flavor(["inspect".as_ref(), package.as_os_str()]).silent();
    let mut settings = Run::filters();
    settings.add_filter(r" +[0-9]+\.[0-9]{2} ", "  [RATIO] ");
    let _guard = settings.bind_to_scope();
    snapshot!(run, @r#"
    exit: 0
    --- stdout
    tool 1.0.0
      A program without Python, and its data in three encodings
    package   [ROOT]/tool.psp ([SIZE]), all bytes signed
    launcher  flavor-launcher 0.1.0 ([SIZE])
    signer    [DIGEST] (not among the trusted keys)
    target    linux-x86_64, lowest glibc: none
    programs  tool

    slot  name                 stored   unpacked  ratio   files  codec     target
       0  bin  [SIZE]  [SIZE]  [RATIO]       1  raw       {workenv}/bin/tool
       1  words  [SIZE]  [SIZE]  [RATIO]       2  tar.xz    {workenv}/words
       2  texts  [SIZE]  [SIZE]  [RATIO]       2  tar.gz    {workenv}/texts
       3  motd  [SIZE]  [SIZE]  [RATIO]       1  raw       {workenv}/motd
       4  _attestation  [SIZE]  [SIZE]  [RATIO]       1  raw       {workenv}/_attestation

    FLA031 slots without compression: [SIZE] → write `operations = ["zstd"]` for slot `bin`, or leave `operations` out
    FLA020 symbols in native files: [SIZE] → set `strip = true` under [tool.flavor.build], or pack with --strip
    "#);
}

#[test]
fn inspect_shows_a_python_application() {
    let t = Test::new();
    let package = t.copy(&fixture::hello().path, "hello.psp");
    let run = t.flavor(["inspect".as_ref(), package.as_os_str()]).silent();
    for part in [
        "hello 1.0.0",
        "cpython 3.13",
        "glibc",
        "runtime",
        "deps",
        "app",
        "tar.zst",
    ] {
        assert!(run.stdout().to_lowercase().contains(part), "{part}\n{run}");
    }
}

#[test]
fn the_json_has_what_scripts_rely_on() {
    let t = Test::new();
    let package = &fixture::hello().path;
    let json = t
        .flavor(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .silent()
        .json();
    for key in [
        "schema",
        "package",
        "format",
        "format_version",
        "size",
        "launcher_size",
        "package_metadata",
        "build_metadata",
        "target",
        "launcher",
        "signature",
        "runtime",
        "entry_points",
        "slots",
        "distributions",
        "largest",
        "totals",
    ] {
        assert!(!json[key].is_null(), "{key}");
    }
    assert_eq!(json["size"], package.metadata().expect("metadata").len());
    assert_eq!(json["launcher"]["size"], json["launcher_size"]);
    assert_eq!(json["signature"]["valid"], true);
    assert_eq!(json["runtime"]["implementation"], "cpython");
    let slots = json["slots"].as_array().expect("slots");
    for (at, slot) in slots.iter().enumerate() {
        assert_eq!(slot["index"], at);
        for key in [
            "name",
            "purpose",
            "size",
            "operations",
            "uncompressed_size",
            "ratio",
            "codec",
            "sha256",
            "blake3",
            "files",
            "target",
            "lifecycle",
        ] {
            assert!(!slot[key].is_null(), "{key} of {slot}");
        }
    }
    assert_eq!(slots[0]["name"], "runtime");
    let distributions = json["distributions"].as_array().expect("distributions");
    let names: Vec<_> = distributions
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    for name in ["click", "rich", "hello", "pygments"] {
        assert!(
            names.iter().any(|one| one.eq_ignore_ascii_case(name)),
            "{name} in {names:?}"
        );
    }
    for one in distributions {
        assert!(
            one["purl"]
                .as_str()
                .is_some_and(|purl| purl.starts_with("pkg:pypi/")),
            "{one}"
        );
        assert!(
            one["files"].as_u64().is_some_and(|files| files > 0),
            "{one}"
        );
    }
}

#[test]
fn the_json_is_for_jq() {
    let t = Test::new();
    let package = &fixture::tool().path;
    let script = format!(
        "'{}' inspect '{}' --json | jq -r '.slots[] | \"\\(.index) \\(.name) \\(.operations)\"'",
        crate::scene::FLAVOR,
        package.display()
    );
    snapshot!(t.call("sh", ["-c", &script]).silent(), @"
    exit: 0
    --- stdout
    0 bin raw
    1 words tar.xz
    2 texts tar.gz
    3 motd raw
    4 _attestation raw
    ");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let t = Test::new();
    let script = format!(
        "set -o pipefail; '{}' inspect --json '{}' | head -c 1 > /dev/null",
        crate::scene::FLAVOR,
        fixture::hello().path.display()
    );
    t.call("bash", ["-c", &script]).silent();
}

#[test]
fn a_damaged_package_is_an_object_too_when_json_was_asked_for() {
    let t = Test::new();
    t.file("foreign", "x".repeat(10_000));
    snapshot!(t.flavor(["inspect", "--json", "foreign"]), @r#"
    exit: 3
    --- stdout
    {
      "error": {
        "causes": [
          "no package trailer at the end of the file"
        ],
        "code": "FLV0601",
        "exit_code": 3,
        "hint": "it may be truncated, or not a package: `flavor pack` prints the size of each package it writes",
        "message": "cannot open package `foreign`"
      }
    }
    "#);
}
