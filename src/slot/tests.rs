//! Round trips: slots decode to what was encoded, whatever the codec, the sizes and the number of
//! threads.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{
    Compression, Declared, Decoders, Destination, EncodedSlot, Grant, Links, Plan, StoredSlot,
    TreeOptions, encode, extract, measure,
};
use crate::format::Codec;
use crate::fs::{EntryKind, Modes, walk};

fn codecs() -> impl Iterator<Item = Codec> {
    Codec::ALL.into_iter().filter(|codec| codec.is_written())
}

/// A tree with everything an archive may contain: empty and large files, duplicates, links, long
/// and odd names.
fn sample_tree() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    let put = |name: &str, content: &[u8]| {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().expect("inside")).expect("made");
        fs::write(path, content).expect("written");
    };
    put("empty", b"");
    put("bin/run", b"#!/bin/sh\n");
    fs::set_permissions(
        root.path().join("bin/run"),
        fs::Permissions::from_mode(0o755),
    )
    .expect("set");
    put("twin-a", b"the same in both");
    put("deep/er/twin-b", b"the same in both");
    put(
        &format!("{}/{}", "d".repeat(120), "n".repeat(200)),
        b"long names",
    );
    put("ünï/code ✓", b"utf-8");
    // Not compressible, and not a multiple of a block, so that frames are cut inside it.
    let noise: Vec<u8> = (0_u64..9_500_001)
        .map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
        .collect();
    put("large", &noise);
    for at in 0..300 {
        put(
            &format!("many/{at}"),
            format!("file number {at}").repeat(at).as_bytes(),
        );
    }
    fs::create_dir(root.path().join("hollow")).expect("made");
    std::os::unix::fs::symlink("../bin/run", root.path().join("deep/link")).expect("linked");
    root
}

/// Content, mode and links of a tree, to compare.
fn fingerprint(root: &Path) -> BTreeMap<PathBuf, String> {
    let entries = walk(root).expect("walked").into_iter();
    entries
        .map(|entry| {
            let text = match &entry.kind {
                EntryKind::Directory => "directory".into(),
                EntryKind::File { .. } => {
                    let content = fs::read(&entry.path).expect("read");
                    format!("{} {}", blake3::hash(&content), entry.mode & 0o100 != 0)
                }
                EntryKind::Symlink { target } => format!("→ {}", target.display()),
                EntryKind::Special => "special".into(),
            };
            (entry.relative, text)
        })
        .collect()
}

fn tree_options() -> TreeOptions {
    TreeOptions {
        links: Links::Keep,
        prefix: PathBuf::new(),
        mtime: 0,
    }
}

fn encoded(plan: &Plan, jobs: usize) -> EncodedSlot {
    encode(
        vec![(plan, tempfile::tempfile().expect("a file"))],
        jobs,
        &|_| (),
    )
    .expect("encoded")
    .remove(0)
}

fn stored(slot: &EncodedSlot) -> StoredSlot<'_> {
    StoredSlot {
        file: &slot.file,
        offset: 0,
        stored_size: slot.stored_size,
        signed: None,
        declared: Some(Declared {
            plain_size: slot.plain_size,
            files: slot.files,
            entries: slot.entries,
        }),
        grant: Grant::DECLARED,
        operations: slot.operations,
    }
}

#[test]
fn a_tree_survives_every_codec_at_every_effort_that_frames_differently() {
    let tree = sample_tree();
    let entries = walk(tree.path()).expect("walked");
    for codec in codecs() {
        for effort in [1, 9] {
            let plan = Plan::for_tree(
                &entries,
                Compression::with_effort(codec, effort),
                &tree_options(),
            )
            .expect("planned");
            let slot = encoded(&plan, 2);
            let out = tempfile::tempdir().expect("a temporary directory");
            let done = extract(
                &stored(&slot),
                Destination::Tree(out.path(), Modes::Keep),
                &Decoders::new(2),
            )
            .expect("extracted");
            assert_eq!(
                fingerprint(out.path()),
                fingerprint(tree.path()),
                "{codec:?} {effort}"
            );
            assert_eq!(done.bytes, slot.plain_size);
        }
    }
}

#[test]
fn a_file_survives_every_codec() {
    let tree = sample_tree();
    for name in ["large", "empty", "twin-a"] {
        let path = tree.path().join(name);
        for codec in codecs() {
            let plan = Plan::for_file(&path, Compression::with_effort(codec, 3)).expect("planned");
            let slot = encoded(&plan, 3);
            let out = tempfile::tempdir().expect("a temporary directory");
            let destination = Destination::File {
                directory: out.path(),
                name: "copy".as_ref(),
                mode: 0o600,
            };
            extract(&stored(&slot), destination, &Decoders::new(3)).expect("extracted");
            let same =
                fs::read(out.path().join("copy")).expect("read") == fs::read(&path).expect("read");
            assert!(same, "{name} {codec:?}");
        }
    }
}

#[test]
fn the_stored_bytes_do_not_depend_on_the_number_of_threads() {
    let tree = sample_tree();
    let entries = walk(tree.path()).expect("walked");
    for codec in codecs() {
        let plan = Plan::for_tree(
            &entries,
            Compression::with_effort(codec, 2),
            &tree_options(),
        )
        .expect("planned");
        assert_eq!(
            encoded(&plan, 1).blake3,
            encoded(&plan, 4).blake3,
            "{codec:?}"
        );
    }
}

/// The `tar` crate shares no code with our archives.
#[test]
fn another_reader_finds_the_same_entries() {
    let tree = sample_tree();
    let entries = walk(tree.path()).expect("walked");
    let plan = Plan::for_tree(
        &entries,
        Compression::with_effort(Codec::Gzip, 6),
        &tree_options(),
    )
    .expect("planned");
    let slot = encoded(&plan, 2);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&slot.file));
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        names.push(entry.path().expect("a path").into_owned());
        entry.read_to_end(&mut Vec::new()).expect("content");
    }
    names.sort();
    assert_eq!(
        names,
        fingerprint(tree.path()).into_keys().collect::<Vec<_>>()
    );
}

#[test]
fn equal_files_are_stored_once() {
    let tree = sample_tree();
    let noise = fs::read(tree.path().join("large")).expect("read");
    fs::write(tree.path().join("large-again"), &noise).expect("written");
    let entries = walk(tree.path()).expect("walked");
    let plan = Plan::for_tree(
        &entries,
        Compression::with_effort(Codec::Raw, 0),
        &tree_options(),
    )
    .expect("planned");
    assert!(
        plan.plain_size() < 2 * noise.len() as u64,
        "{}",
        plan.plain_size()
    );
}

#[test]
fn no_flipped_byte_of_a_slot_makes_the_decoder_panic_or_hang() {
    let tree = tempfile::tempdir().expect("a temporary directory");
    fs::write(tree.path().join("a"), "some text ".repeat(50)).expect("written");
    let entries = walk(tree.path()).expect("walked");
    for codec in codecs() {
        let plan = Plan::for_tree(
            &entries,
            Compression::with_effort(codec, 3),
            &tree_options(),
        )
        .expect("planned");
        let slot = encoded(&plan, 1);
        let mut good = Vec::new();
        (&slot.file).read_to_end(&mut good).expect("read");
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x41;
            let file = tempfile::NamedTempFile::new().expect("a temporary file");
            fs::write(file.path(), &bad).expect("written");
            let out = tempfile::tempdir().expect("a temporary directory");
            let damaged = StoredSlot {
                file: file.as_file(),
                ..stored(&slot)
            };
            // Whether it decodes is up to the codec (the digest is checked before). It must
            // terminate, and stay inside.
            drop(extract(
                &damaged,
                Destination::Tree(out.path(), Modes::Keep),
                &Decoders::new(2),
            ));
        }
    }
}

#[test]
fn the_shares_of_entries_add_up_to_the_stored_bytes() {
    let tree = sample_tree();
    let entries = walk(tree.path()).expect("walked");
    for codec in codecs() {
        for effort in [1, 9] {
            let compression = Compression::with_effort(codec, effort);
            let slot = encoded(
                &Plan::for_tree(&entries, compression, &tree_options()).expect("planned"),
                2,
            );
            let mut names = Vec::new();
            let wanted = |entry: &super::TarEntry, start: &[u8]| {
                entry.name == b"bin/run" && start.starts_with(b"#!")
            };
            let shares = measure(&stored(&slot), wanted, |passing| {
                let content = passing.content.map(<[u8]>::to_vec);
                names.push((
                    String::from_utf8_lossy(&passing.entry.name).into_owned(),
                    passing.digest,
                    content,
                ));
            })
            .expect("measured");
            assert_eq!(shares.entries.len() as u64, slot.entries, "{codec:?}");
            assert_eq!(
                shares.entries.iter().sum::<u64>() + shares.overhead,
                slot.stored_size,
                "{codec:?}"
            );
            assert!(shares.overhead < 1000, "{codec:?}: {}", shares.overhead);
            let find = |wanted: &str| {
                names
                    .iter()
                    .position(|(name, ..)| name == wanted)
                    .expect("there")
            };
            // Incompressible content has nearly all of it; an empty entry, a header.
            let (large, empty) = (shares.entries[find("large")], shares.entries[find("empty")]);
            assert!(
                large > slot.stored_size / 10 * 9,
                "{codec:?}: {large} of {}",
                slot.stored_size
            );
            assert!(empty < 1000, "{codec:?}: {empty}");
            assert_eq!(names[find("large")].1.map(|digest| digest.0), {
                let content = fs::read(tree.path().join("large")).expect("read");
                Some(*blake3::hash(&content).as_bytes())
            });
            assert_eq!(
                names[find("bin/run")].2.as_deref(),
                Some(&b"#!/bin/sh\n"[..])
            );
        }
    }
}

#[test]
fn a_slot_that_is_one_file_has_one_share() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (content, entry) in [(&b""[..], 0), (&b"some bytes of text"[..], 1)] {
        let path = directory.path().join("file");
        fs::write(&path, content).expect("written");
        for codec in codecs() {
            let plan = Plan::for_file(&path, Compression::with_effort(codec, 5)).expect("planned");
            let slot = encoded(&plan, 1);
            let shares = measure(
                &stored(&slot),
                |_, _| false,
                |passing| {
                    assert_eq!(passing.entry.size, content.len() as u64);
                },
            )
            .expect("measured");
            assert_eq!(shares.entries.len(), 1);
            assert_eq!(
                shares.entries[0] + shares.overhead,
                slot.stored_size,
                "{codec:?}"
            );
            assert!(shares.entries[0] >= entry, "{codec:?}");
        }
    }
}

#[test]
fn what_could_not_be_extracted_is_not_measured() {
    use super::tar::END;
    use super::{EntryKind as Kind, TarEntry};
    for name in [
        &b"/etc/passwd"[..],
        b"../up",
        b"a//b",
        b"",
        &b"a/".repeat(5000)[..9999],
    ] {
        let entry = TarEntry {
            name: name.into(),
            kind: Kind::Symlink,
            mode: 0o777,
            size: 0,
            link: b"x".into(),
        };
        let bytes = [entry.encode(0), END.to_vec()].concat();
        let mut file = tempfile::tempfile().expect("a file");
        std::io::Write::write_all(&mut file, &bytes).expect("written");
        let slot = StoredSlot {
            file: &file,
            offset: 0,
            stored_size: bytes.len() as u64,
            signed: None,
            declared: None,
            grant: Grant::unlimited(),
            operations: crate::format::Operations {
                tar: true,
                codec: Codec::Raw,
            },
        };
        let outcome = measure(&slot, |_, _| false, |_| ());
        assert!(
            outcome.is_err(),
            "{}: {outcome:?}",
            String::from_utf8_lossy(name)
        );
    }
}
