//! The supported subset of tar: POSIX ustar headers, with pax records for values that do not fit
//! (IEEE Std 1003.1, `pax`).
//!
//! Our archives contain only directories, files, hard links and symbolic links. The reader also
//! accepts GNU long names, which FlavorPack's archives may have, and rejects everything else:
//! devices, sparse files, global records. It also rejects what other readers interpret differently:
//! two names or two sizes of one entry, or a file whose name ends with a slash.

#[cfg(feature = "cli")]
mod encode;
mod read;

pub(super) use read::{Next, next_entry, skip_padding, take_content};

/// Bytes of a header, and the unit to which content is padded.
const BLOCK: usize = 512;
/// Zero blocks that end an archive.
#[cfg(feature = "cli")]
pub(super) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    Directory,
    File,
    HardLink,
    Symlink,
}

/// One header, long names and sizes already applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarEntry {
    /// Path inside the archive, without a trailing slash.
    pub name: Vec<u8>,
    pub kind: EntryKind,
    /// Permission bits, set-uid and sticky bits cleared.
    pub mode: u16,
    /// Bytes of content; 0 except for files.
    pub size: u64,
    /// Target of a link.
    pub link: Vec<u8>,
}

/// Bytes from the end of `size` bytes of content to the next block.
pub(super) fn padding(size: u64) -> usize {
    let whole = size.checked_next_multiple_of(BLOCK as u64).unwrap_or(size);
    usize::try_from(whole.saturating_sub(size)).unwrap_or(0)
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::encode::header;
    use super::*;
    use crate::slot::SlotError;

    fn round_trip(entry: &TarEntry) {
        let bytes = [entry.encode(0), END.to_vec()].concat();
        let mut reader = &bytes[..];
        assert_eq!(
            next_entry(&mut reader).expect("readable"),
            Next::Entry(entry.clone())
        );
        if entry.kind != EntryKind::File {
            assert_eq!(next_entry(&mut reader).expect("readable"), Next::End);
        }
    }

    fn entry(name: &str, kind: EntryKind, link: &str) -> TarEntry {
        TarEntry {
            name: name.into(),
            kind,
            mode: 0o755,
            size: 0,
            link: link.into(),
        }
    }

    #[test]
    fn names_and_links_of_every_length_survive() {
        for len in (1..600)
            .step_by(7)
            .chain([99, 100, 101, 155, 156, 255, 256])
        {
            let flat = "n".repeat(len);
            let deep = "dir/".repeat(len / 4 + 1) + "end";
            for name in [&flat, &deep] {
                round_trip(&entry(name, EntryKind::Directory, ""));
                round_trip(&entry("link", EntryKind::Symlink, name));
            }
        }
    }

    #[test]
    fn a_size_beyond_the_octal_field_survives() {
        for size in [0, 1, (1 << 33) - 1, 1 << 33, 1 << 40] {
            round_trip(&TarEntry {
                size,
                ..entry("big", EntryKind::File, "")
            });
        }
    }

    /// A pax header with these records, followed by the header of a file of this size.
    fn extended(records: &[&str], size: u64) -> Vec<u8> {
        let text: String = records.concat();
        let mut bytes = header(&[], b"pax", b'x', 0o644, text.len() as u64, 0, &[]).to_vec();
        bytes.extend(text.bytes());
        bytes.resize(bytes.len() + padding(text.len() as u64), 0);
        bytes.extend(header(&[], b"file", b'0', 0o644, size, 0, &[]));
        bytes
    }

    #[test]
    fn what_two_readers_could_understand_in_two_ways_is_refused() {
        let good = extended(&["9 path=x\n", "9 size=7\n"], 0);
        let Next::Entry(entry) = next_entry(&mut &good[..]).expect("readable") else {
            panic!("no entry")
        };
        assert_eq!((&entry.name[..], entry.size), (&b"x"[..], 7));
        for (bytes, why) in [
            (extended(&["9 size=7\n"], 8), "two sizes"),
            (extended(&["9 size=7\n", "9 size=7\n"], 0), "a size twice"),
            (extended(&["9 path=x\n", "9 path=y\n"], 0), "a name twice"),
            (extended(&["9 size=+\n"], 0), "no number"),
            (extended(&["+9 path=x\n"], 0), "a length that is none"),
            (extended(&["8 path=x\n"], 0), "a short length"),
            (extended(&["99 path=x\n"], 0), "a long length"),
            (extended(&["0 path=x\n"], 0), "no length"),
            (extended(&["17 GNU.sparse.a=1\n"], 0), "sparse"),
            (
                [
                    extended(&["9 path=x\n"], 0)[..1024].to_vec(),
                    extended(&["9 path=y\n"], 0),
                ]
                .concat(),
                "two pax headers",
            ),
            (
                header(&[], b"file/", b'0', 0o644, 0, 0, &[]).to_vec(),
                "a directory's name",
            ),
            (vec![0; BLOCK], "one empty block"),
            (
                [vec![0; 2 * BLOCK], vec![1]].concat(),
                "bytes after the end",
            ),
        ] {
            assert!(
                matches!(next_entry(&mut &bytes[..]), Err(SlotError::BadArchive(_))),
                "{why}"
            );
        }
    }

    #[test]
    fn a_damaged_header_is_refused() {
        let mut bytes = entry("a", EntryKind::File, "").encode(0);
        bytes[0] ^= 1;
        assert!(matches!(
            next_entry(&mut &bytes[..]),
            Err(SlotError::BadArchive(_))
        ));
    }

    #[test]
    fn devices_and_global_records_are_refused() {
        for type_flag in [b'3', b'4', b'6', b'g', b'S'] {
            let bytes = header(&[], b"x", type_flag, 0o644, 0, 0, &[]);
            assert!(
                matches!(next_entry(&mut &bytes[..]), Err(SlotError::UnknownEntry(flag)) if flag == type_flag)
            );
        }
    }
}
