//! Packages that somebody has changed, or made wrong: each kind of damage with its code. The changes are made so that what is
//! checked first still holds.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use flavor::format::{Blake3, INDEX_LEN, Index, Metadata, Sha256, wrap_index};
use flavor::package::{Reader, SignedPackage};
use flavor::sign::SecretKey;

use crate::scene::{Run, Test};

/// Bytes of the trailer.
const TRAILER: usize = 8200;

fn package(t: &Test) -> PathBuf {
    t.file("data", "some data\n".repeat(1000));
    t.script("echo ran");
    let slot = "[[tool.flavor.slots.entries]]\nname = \"data\"\nsource = \"data\"\noperations = [\"zstd\"]\n";
    t.manifest(&format!("{}\n{slot}", crate::scene::PROBE));
    t.pack_with(&["--key-seed", "s"])
}

/// What `verify` says of the package with other bytes.
fn verified(t: &Test, bytes: &[u8]) -> Run {
    t.file("changed.psp", bytes);
    t.flavor(["verify", "changed.psp"]).fails_with(3)
}

fn at(value: u64) -> usize {
    usize::try_from(value).expect("a position")
}

/// Another index, its checksum made right again.
fn with_index(bytes: &[u8], change: impl FnOnce(&mut [u8; INDEX_LEN])) -> Vec<u8> {
    let begin = bytes.len() - TRAILER + 4;
    let mut index: [u8; INDEX_LEN] = bytes[begin..begin + INDEX_LEN]
        .try_into()
        .expect("an index");
    change(&mut index);
    index[4..8].fill(0);
    let checksum = adler2::adler32_slice(&index);
    index[4..8].copy_from_slice(&checksum.to_le_bytes());
    [&bytes[..begin - 4], &wrap_index(&index)].concat()
}

/// Another value in the index.
fn with_field(bytes: &[u8], change: impl FnOnce(&mut Index)) -> Vec<u8> {
    with_index(bytes, |block| {
        let mut index = Index::decode(block).expect("an index");
        change(&mut index);
        *block = index.encode();
    })
}

/// A package that says something else, signed by the same key; `stored` makes other bytes of a slot.
fn signed_anew(
    from: &Path,
    to: &Path,
    change: impl FnOnce(&mut Metadata),
    stored: impl Fn(&str, Vec<u8>) -> Vec<u8>,
) {
    let reader = Reader::open(from).expect("a package");
    let mut metadata = reader.metadata().clone();
    let mut files = Vec::new();
    for slot in reader.slots() {
        let mut bytes = vec![0; at(slot.row.stored_size)];
        reader
            .file()
            .read_exact_at(&mut bytes, slot.row.offset)
            .expect("a slot");
        let bytes = stored(slot.name(), bytes);
        let record = &mut metadata.slots[slot.index];
        record.checksum = format!("sha256:{}", Sha256::of(&bytes).hex());
        let facts = &mut metadata.flavor.as_mut().expect("facts").slots[slot.index];
        facts.blake3 = Blake3::of(&bytes);
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&bytes).expect("written");
        files.push(file);
    }
    change(&mut metadata);
    let launcher = std::fs::read(from).expect("the package")[..at(metadata.launcher.size)].to_vec();
    let signed = SignedPackage::new(&metadata, launcher.len() as u64, &SecretKey::from_seed("s"))
        .expect("signed");
    let mut out = File::create(to).expect("a file");
    signed
        .write(&launcher, &files.iter().collect::<Vec<_>>(), &mut out, to)
        .expect("written");
    std::fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("mode");
}

#[test]
fn provenance_of_another_key() {
    let t = Test::new();
    let package = package(&t);
    signed_anew(&package, &t.path("changed.psp"), |_| (), |_, bytes| bytes);
    t.flavor(["inspect", "--provenance", "changed.psp"])
        .silent();
    let other = |name: &str, bytes: Vec<u8>| {
        if name != "_attestation" {
            return bytes;
        }
        let text = String::from_utf8(bytes).expect("text");
        let (before, after) = text.split_once("\"sig\":\"").expect("a signature");
        format!("{before}\"sig\":\"AAAA{}", &after[4..]).into_bytes()
    };
    signed_anew(&package, &t.path("changed.psp"), |_| (), other);
    snapshot!(t.flavor(["inspect", "--provenance", "changed.psp"]), @"
    exit: 3
    --- stderr
    error[FLV0514]: the provenance of `changed.psp` is not valid
      the provenance is not signed by the package's key
    ");
}

#[test]
fn no_bill_of_materials() {
    let t = Test::new();
    let package = package(&t);
    let without = |_: &str, bytes: Vec<u8>| match String::from_utf8(bytes) {
        Ok(text) => text.replace("\"sbom\":", "\"sbon\":").into_bytes(),
        Err(error) => error.into_bytes(),
    };
    signed_anew(&package, &t.path("changed.psp"), |_| (), without);
    snapshot!(t.flavor(["inspect", "--sbom", "changed.psp"]), @"
    exit: 1
    --- stderr
    error[FLV0513]: `changed.psp` contains no SBOM or provenance
    hint: pack it again with this version of flavor
    ");
}

#[test]
fn the_index() {
    let t = Test::new();
    let bytes = std::fs::read(package(&t)).expect("the package");
    let mut flipped = bytes.clone();
    let end = flipped.len();
    flipped[end - 100] ^= 1;
    snapshot!(verified(&t, &flipped), @"
    exit: 3
    --- stderr
    error[FLV0603]: cannot open package `changed.psp`
      the index has checksum [SUM]; expected [SUM]
    hint: do not run it; download the file again from its publisher
    ");
    snapshot!(verified(&t, &with_index(&bytes, |index| index[0] = 2)), @"
    exit: 3
    --- stderr
    error[FLV0602]: cannot open package `changed.psp`
      the index has format version 0x20250002; this version of flavor reads 0x20250001
    hint: do not run it; download the file again from its publisher
    ");
    snapshot!(verified(&t, &with_field(&bytes, |index| index.package_size += 1)), @"
    exit: 3
    --- stderr
    error[FLV0604]: cannot open package `changed.psp`
      the package has [NUMBER] bytes according to its index; the file has [NUMBER]
    hint: the file is truncated or has bytes appended; copy it again
    ");
    snapshot!(verified(&t, &with_field(&bytes, |index| index.metadata_offset = 1 << 40)), @"
    exit: 3
    --- stderr
    error[FLV0605]: cannot open package `changed.psp`
      the metadata at byte [NUMBER], [NUMBER] bytes long, extends beyond byte [NUMBER]
    hint: do not run it; download the file again from its publisher
    ");
    snapshot!(verified(&t, &with_field(&bytes, |index| index.slot_count = 1 << 30)), @"
    exit: 3
    --- stderr
    error[FLV0606]: cannot open package `changed.psp`
      slots: [NUMBER] is more than the limit of 4096
    hint: do not run it; download the file again from its publisher
    ");
    snapshot!(verified(&t, &with_field(&bytes, |index| index.build_timestamp = 5)), @"
    exit: 3
    --- stderr
    error[FLV0610]: cannot open package `changed.psp`
      the index does not match the signed metadata: the first difference is at byte 4
    hint: do not run it; download the file again from its publisher
    ");
    snapshot!(verified(&t, &with_field(&bytes, |index| index.public_key = [0; 32])), @"
    exit: 3
    --- stderr
    error[FLV0504]: cannot open package `changed.psp`
      the key is a weak Ed25519 key: signatures for it can be forged
    hint: do not run it; download the file again from its publisher
    ");
    snapshot!(verified(&t, &with_field(&bytes, |index| index.signature[0] ^= 1)), @"
    exit: 3
    --- stderr
    error[FLV0507]: cannot open package `changed.psp`
      the signature does not match the metadata
    hint: do not run it; download the file again from its publisher
    ");
}

#[test]
fn the_parts_before_it() {
    let t = Test::new();
    let package = package(&t);
    let bytes = std::fs::read(&package).expect("the package");
    let reader = Reader::open(&package).expect("a package");
    let index = reader.index();
    let flipped = |position: u64| {
        let mut changed = bytes.clone();
        changed[at(position)] ^= 1;
        changed
    };
    snapshot!(verified(&t, &flipped(1000)), @"
    exit: 3
    --- stderr
    error[FLV0613]: cannot open package `changed.psp`
      the launcher has digest [DIGEST]; the signed metadata has [DIGEST]
    hint: do not run it; download the file again from its publisher
    ");
    snapshot!(verified(&t, &flipped(index.metadata_offset + 20)), @"
    exit: 3
    --- stderr
    error[FLV0609]: cannot open package `changed.psp`
      the digest of the metadata block does not match the index
    hint: do not run it; download the file again from its publisher
    ");
    snapshot!(verified(&t, &flipped(index.slot_table_offset)), @"
    exit: 3
    --- stderr
    error[FLV0611]: cannot open package `changed.psp`
      the slot table does not match the signed metadata: slot `script`
    hint: do not run it; download the file again from its publisher
    ");
    snapshot!(verified(&t, &flipped(index.slot_table_offset - 1)), @"
    exit: 3
    --- stderr
    error[FLV0612]: cannot open package `changed.psp`
      the padding before the slot table is not all zeros
    hint: do not run it; download the file again from its publisher
    ");
    // A block that is no gzip stream, with the digest that the index wants.
    let mut garbage = bytes.clone();
    let block = at(index.metadata_offset)..at(index.metadata_offset + index.metadata_size);
    garbage[block.clone()].fill(7);
    let digest = Sha256::of(&garbage[block]).0;
    snapshot!(verified(&t, &with_field(&garbage, |index| index.metadata_checksum = digest)), @"
    exit: 3
    --- stderr
    error[FLV0607]: cannot open package `changed.psp`
      the metadata block is not a single gzip stream: damaged stream
    hint: do not run it; download the file again from its publisher
    ");
}

#[test]
fn what_is_signed_and_wrong() {
    let t = Test::new();
    let package = package(&t);
    let to = t.path("changed.psp");
    // Bytes that are as they were signed, and no stream of that codec.
    signed_anew(
        &package,
        &to,
        |_| (),
        |name, bytes| {
            if name == "data" {
                vec![7; bytes.len()]
            } else {
                bytes
            }
        },
    );
    snapshot!(t.flavor(["extract", "changed.psp", "data", "out"]), @"
    exit: 3
    --- stderr
    error[FLV0615]: cannot extract slot `data` of `changed.psp`
      cannot decode: Unknown frame descriptor
    ");
    assert!(!t.path("out").exists());
    signed_anew(
        &package,
        &to,
        |metadata| metadata.flavor.as_mut().expect("facts").target = "linux-z80".into(),
        |_, bytes| bytes,
    );
    snapshot!(t.flavor(["run", "changed.psp"]), @"
    exit: 104
    --- stderr
    error[FLV0702]: cannot accept `[ROOT]/changed.psp`
      it is for linux-z80; this machine is linux-x86_64
    ");
    signed_anew(
        &package,
        &to,
        |metadata| metadata.flavor.as_mut().expect("facts").programs.clear(),
        |_, bytes| bytes,
    );
    snapshot!(t.flavor(["run", "changed.psp"]), @"
    exit: 104
    --- stderr
    error[FLV0821]: the package has no command to start
    ");
    signed_anew(
        &package,
        &to,
        |metadata| metadata.slots[0].target = "{workenv}/../x".into(),
        |_, bytes| bytes,
    );
    snapshot!(t.flavor(["verify", "changed.psp"]), @"
    exit: 3
    --- stderr
    error[FLV0607]: cannot open package `changed.psp`
      the metadata is not valid: target outside the work environment `{workenv}/../x`
    hint: do not run it; download the file again from its publisher
    ");
}

#[test]
fn words_that_are_signed_and_none() {
    type Change = fn(&mut Metadata);
    let changes: &[(&str, Change)] = &[
        ("invalid format `PSPF/1999`", |one| {
            one.format = "PSPF/1999".into();
        }),
        ("invalid format version `2.0.0`", |one| {
            one.format_version = "2.0.0".into();
        }),
        ("invalid format version `0`", |one| {
            one.compatibility.min_format_version = "0".into();
        }),
        ("invalid version `../../x`", |one| {
            one.package.version = "../../x".into();
        }),
        ("invalid version ``", |one| one.build.tool_version.clear()),
        ("invalid version `1 2`", |one| {
            one.launcher.tool_version = "1 2".into();
        }),
        ("invalid tool `../flavor`", |one| {
            one.build.tool = "../flavor".into();
        }),
        ("invalid build time `yesterday`", |one| {
            one.build.timestamp = "yesterday".into();
        }),
        ("invalid signature algorithm `rsa`", |one| {
            one.verification.integrity_seal.algorithm = "rsa".into();
        }),
        ("`{workenv}/{workenv}/x`", |one| {
            one.slots[0].target = "{workenv}/{workenv}/x".into();
        }),
        ("`{workenv}/.Flavor/x`", |one| {
            one.slots[0].target = "{workenv}/.Flavor/x".into();
        }),
        ("`{workenv}/a\\\\b`", |one| {
            one.slots[0].target = "{workenv}/a\\b".into();
        }),
        ("invalid target `linux`", |one| {
            one.flavor.as_mut().expect("facts").target = "linux".into();
        }),
        ("invalid glibc version `../2`", |one| {
            one.flavor.as_mut().expect("facts").glibc_floor = Some("../2".into());
        }),
        ("invalid library name `../a.so`", |one| {
            one.flavor.as_mut().expect("facts").libraries = vec!["../a.so".into()];
        }),
    ];
    let t = Test::new();
    let package = package(&t);
    let to = t.path("changed.psp");
    for (said, change) in changes {
        signed_anew(&package, &to, change, |_, bytes| bytes);
        for verb in ["verify", "run"] {
            let run = t.flavor([verb, "changed.psp"]).fails_with(3);
            assert!(
                run.stderr().contains("[FLV0607]") && run.stderr().contains(said),
                "{said}: {run}"
            );
        }
    }
}
