//! A stored slot: bytes to a tree or a file, over each codec and frame table.

use std::ffi::OsStr;
use std::io::Cursor;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::Ordering;

use arbitrary::{Arbitrary, Unstructured};
use flavor::format::{Codec, Operations};
use flavor::fs::Modes;
use flavor::slot::{
    Contents, Declared, Decoders, Destination, EntryKind, Extracted, Form, Grant, SlotError,
    StoredSlot, TarEntry, expected, extract, list,
};

use crate::encode::{Archive, Frames, Gzip, Xz, Zstd};
use crate::scratch::{self, Enclosure, UMASK};
use crate::tree::{self, Node, Tree};

/// Content beyond this is a bomb, and is only to be refused.
const LARGE: u64 = 4 << 20;
/// Bytes in front of the slot in its file, and behind it: reading them is a mistake.
const AROUND: [&[u8]; 2] = [b"in front", b"behind"];

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    encoding: Encoding,
    is_file: bool,
    keeps_modes: bool,
    jobs: u8,
    /// What the declared bytes, files and entries are changed by.
    lie: (u32, u8, u8),
    is_honest: bool,
    /// Changes of the stored bytes.
    damage: Vec<(u16, u8)>,
    content: Content<'a>,
}

#[derive(Arbitrary, Debug)]
enum Encoding {
    Raw,
    Gzip(Gzip),
    Zstd(Zstd, Frames),
    Xz(Xz),
}

#[derive(Arbitrary, Debug)]
enum Content<'a> {
    Entries(Archive<'a>),
    /// The archive as it is.
    Plain(&'a [u8]),
    /// The stored bytes as they are.
    Stored(&'a [u8]),
}

/// Target `tar`.
pub fn tar(data: &[u8]) {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(data)) else {
        return;
    };
    let (mut stored, codec) = input.encode();
    for (at, change) in &input.damage {
        let at = usize::from(*at) % stored.len().max(1);
        if let Some(byte) = stored.get_mut(at) {
            *byte ^= change;
        }
    }
    let file = scratch::file(&[AROUND[0], &stored, AROUND[1]].concat());
    let slot = StoredSlot {
        file: &file,
        offset: AROUND[0].len() as u64,
        stored_size: stored.len() as u64,
        signed: None,
        declared: None,
        grant: Grant::undeclared(stored.len() as u64, 1),
        operations: Operations {
            tar: !input.is_file,
            codec,
        },
    };
    let modes = if input.keeps_modes {
        Modes::Keep
    } else {
        Modes::ReadOnly
    };
    check(slot, modes, &input);
}

impl Input<'_> {
    fn encode(&self) -> (Vec<u8>, Codec) {
        let (plain, headers) = match &self.content {
            Content::Entries(archive) => archive.encode(),
            Content::Plain(bytes) | Content::Stored(bytes) => (bytes.to_vec(), vec![0]),
        };
        let codec = match self.encoding {
            Encoding::Raw => Codec::Raw,
            Encoding::Gzip(_) => Codec::Gzip,
            Encoding::Zstd(..) => Codec::Zstd,
            Encoding::Xz(_) => Codec::Xz,
        };
        if let Content::Stored(bytes) = &self.content {
            return (bytes.to_vec(), codec);
        }
        let stored = match &self.encoding {
            Encoding::Raw => plain,
            Encoding::Gzip(gzip) => gzip.encode(&plain),
            Encoding::Zstd(zstd, frames) => zstd.encode(&plain, &headers, frames),
            Encoding::Xz(xz) => xz.encode(&plain),
        };
        (stored, codec)
    }
}

fn check(slot: StoredSlot<'_>, modes: Modes, input: &Input<'_>) {
    let is_tree = slot.operations.tar;
    let plain = plain(&slot);
    let listed = if is_tree {
        entries(&slot)
    } else {
        Ok(Vec::new())
    };
    if let (Ok(listed), Some(plain)) = (&listed, &plain)
        && is_tree
    {
        second_opinion(listed, plain);
    }
    // What the package would say if it were honest.
    let truth = Declared {
        plain_size: plain.as_ref().map_or(LARGE, |plain| plain.len() as u64),
        files: match &listed {
            Ok(listed) if is_tree => {
                listed.iter().filter(|entry| is_file(entry.kind)).count() as u64
            }
            _ => 1,
        },
        entries: listed.as_ref().map_or(64, |listed| listed.len() as u64),
    };
    let lie = if input.is_honest {
        (0, 0, 0)
    } else {
        input.lie
    };
    let declared = Declared {
        // Not beyond what can be looked at in a moment.
        plain_size: truth.plain_size ^ (u64::from(lie.0) % LARGE),
        files: truth.files ^ u64::from(lie.1),
        entries: truth.entries ^ u64::from(lie.2),
    };
    let slot = StoredSlot {
        declared: Some(declared),
        ..slot
    };
    let first = attempt(&slot, modes, usize::from(input.jobs % 4));
    let checked = flavor::slot::check(&slot, usize::from(input.jobs % 4));
    assert_eq!(
        checked.is_ok(),
        first.is_ok(),
        "what is checked and what is extracted differ: {checked:?}"
    );
    let second = attempt(&slot, modes, usize::from(input.jobs / 4 % 4));
    match (&first, &second) {
        (Ok((first, tree)), Ok((second, other))) => {
            assert_eq!(tree, other, "the tree depends on the threads");
            assert_eq!((first.files, first.bytes), (second.files, second.bytes));
            assert!(plain.is_some(), "a bomb is extracted");
            assert_eq!(declared, truth, "what is declared wrongly is extracted");
            let listed = listed.expect("what is extracted can be listed");
            if is_tree {
                compare(&listed, tree, modes);
                assert_eq!((first.files, first.bytes), (truth.files, truth.plain_size));
            } else {
                let [Node::File { size, digest, .. }] = tree.values().collect::<Vec<_>>()[..]
                else {
                    panic!("one file is one file: {tree:?}");
                };
                assert_eq!((first.files, *size), (1, truth.plain_size));
                assert_eq!(
                    *digest,
                    blake3::hash(&plain.expect("checked")),
                    "the file has other bytes"
                );
            }
        }
        (Err(error), Err(_)) => {
            let is_about_paths = matches!(error, SlotError::Tree(_));
            let has_table = slot.operations.codec == Codec::Zstd;
            if declared == truth && plain.is_some() && listed.is_ok() && !has_table {
                assert!(
                    is_about_paths,
                    "what can be listed cannot be extracted: {error}"
                );
            }
        }
        (one, other) => panic!(
            "it depends on the threads: {:?} and {:?}",
            one.as_ref().err(),
            other.as_ref().err()
        ),
    }
}

/// The plain bytes, if they end in good order and are not too many.
fn plain(slot: &StoredSlot<'_>) -> Option<Vec<u8>> {
    slot.content(LARGE).ok()?
}

fn entries(slot: &StoredSlot<'_>) -> Result<Vec<TarEntry>, SlotError> {
    let mut entries = Vec::new();
    list(slot, |entry, _| entries.push(entry.clone()), |_| false)?;
    Ok(entries)
}

fn is_file(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::File | EntryKind::HardLink)
}

/// Extracts once and looks at what is there then.
fn attempt(
    slot: &StoredSlot<'_>,
    modes: Modes,
    jobs: usize,
) -> Result<(Extracted, Tree), SlotError> {
    let enclosure = Enclosure::new();
    let inside = enclosure.inside();
    let name = OsStr::new("file");
    let destination = if slot.operations.tar {
        Destination::Tree(&inside, modes)
    } else {
        Destination::File {
            directory: &inside,
            name,
            mode: 0o640,
        }
    };
    let decoders = Decoders::new(jobs);
    let outcome = extract(slot, destination, &decoders);
    enclosure.check();
    let limit = slot.declared.expect("checked by the caller").plain_size;
    assert!(
        tree::bytes(&inside) <= limit,
        "more was written than is declared"
    );
    if let Err(SlotError::BadArchive(reason)) = &outcome {
        assert!(!reason.contains("thread died"), "a thread panicked");
    }
    let tree = tree::walk(&inside);
    let done = match outcome {
        Ok(done) => done,
        Err(error) => {
            assert!(
                !error.to_string().is_empty() && !error.to_string().contains(char::is_control),
                "{error:?}"
            );
            assert!(
                error.is_content(),
                "the slot is to blame, not the machine: {error:?}"
            );
            return Err(error);
        }
    };
    assert_eq!(decoders.progress().load(Ordering::Relaxed), done.bytes);
    let root = if slot.operations.tar {
        inside
    } else {
        inside.join(name)
    };
    check_contents(&done.contents, &root, modes);
    let form = if slot.operations.tar {
        Form::Tree(modes)
    } else {
        Form::File(0o640)
    };
    let told = expected(slot, form).expect("what is extracted can be told without");
    check_contents(&told, &root, modes);
    Ok((done, tree))
}

/// The list that later says whether the tree is still as it was extracted.
fn check_contents(contents: &Contents, root: &Path, modes: Modes) {
    let read = Contents::parse(contents.as_bytes().to_vec()).expect("a list reads back");
    assert_eq!(&read, contents);
    // Other modes than these depend on the caller's.
    if modes == Modes::ReadOnly {
        let damage = contents.damage(root, 2);
        assert!(
            damage.is_empty(),
            "fresh, and not as it was extracted: {damage:?}"
        );
    }
}

/// Holds the list of entries against the tree.
fn compare(listed: &[TarEntry], tree: &Tree, modes: Modes) {
    let (of_directories, of_files) = if modes == Modes::Keep {
        (0o777, 0o777 & !UMASK)
    } else {
        (0o555, 0o555)
    };
    let node = |path: &[u8]| tree.get(Path::new(OsStr::from_bytes(path)));
    let mut named = 0;
    for entry in listed {
        if entry.kind == EntryKind::Directory && (entry.name == b"." || entry.name.is_empty()) {
            continue;
        }
        named += 1;
        let wanted = |mask: u32| u32::from(entry.mode) & mask;
        let is_there = match (entry.kind, node(&entry.name)) {
            (EntryKind::Directory, Some(Node::Directory { mode })) => {
                *mode == wanted(of_directories)
            }
            (EntryKind::File, Some(Node::File { mode, size, .. })) => {
                *mode == wanted(of_files) && *size == entry.size
            }
            (EntryKind::Symlink, Some(Node::Symlink { target })) => {
                target.as_os_str().as_bytes() == entry.link
            }
            (EntryKind::HardLink, Some(Node::File { digest, links, .. })) => {
                *links > 1
                    && matches!(node(&entry.link), Some(Node::File { digest: other, .. }) if other == digest)
            }
            _ => false,
        };
        assert!(is_there, "{entry:?} became {:?}", node(&entry.name));
    }
    // Whatever else is there are the directories above.
    let listed_or_above = |path: &Path| {
        listed.iter().any(|entry| {
            let name = Path::new(OsStr::from_bytes(&entry.name));
            name == path || (name.starts_with(path) && matches!(tree[path], Node::Directory { .. }))
        })
    };
    assert!(
        tree.len() >= named && tree.keys().all(|path| listed_or_above(path)),
        "something is there that was not listed"
    );
}

/// Another reader of archives: where the two understand something else, ours is to have refused.
fn second_opinion(listed: &[TarEntry], plain: &[u8]) {
    // It cuts pax records at every line, and ours goes by their lengths; a NUL is refused when it is extracted.
    let is_odd = |text: &[u8]| text.iter().any(|byte| matches!(byte, b'\n' | 0));
    if listed
        .iter()
        .any(|entry| is_odd(&entry.name) || is_odd(&entry.link))
    {
        return;
    }
    let mut archive = ::tar::Archive::new(Cursor::new(plain));
    let mut others = archive.entries().expect("the start of an archive");
    for entry in listed {
        let other = others
            .next()
            .expect("the other reader finds less")
            .expect("the other reader refuses");
        let kind = other.header().entry_type();
        let expected = match entry.kind {
            EntryKind::File => kind.is_file(),
            EntryKind::Directory => kind.is_dir(),
            EntryKind::HardLink => kind.is_hard_link(),
            EntryKind::Symlink => kind.is_symlink(),
        };
        assert!(expected, "{entry:?} is {kind:?} to the other reader");
        let name = other.path_bytes();
        let mut name = without_end(&name);
        while let Some(rest) = name.strip_prefix(b"./") {
            name = rest;
        }
        if entry.kind == EntryKind::Directory && name.len() > 1 {
            name = name.strip_suffix(b"/").unwrap_or(name);
        }
        assert_eq!(
            entry.name.escape_ascii().to_string(),
            name.escape_ascii().to_string(),
            "another name"
        );
        assert_eq!(entry.size, other.size(), "another size of {entry:?}");
        if matches!(entry.kind, EntryKind::HardLink | EntryKind::Symlink) {
            let link = other.link_name_bytes().unwrap_or_default();
            let link = without_end(&link);
            assert_eq!(
                entry.link.escape_ascii().to_string(),
                link.escape_ascii().to_string(),
                "another target"
            );
        }
    }
    assert!(others.next().is_none(), "the other reader finds more");
}

/// A name of GNU's ends in a NUL; how many may follow it is of no consequence.
fn without_end(mut name: &[u8]) -> &[u8] {
    while let Some(rest) = name.strip_suffix(b"\0") {
        name = rest;
    }
    name
}
