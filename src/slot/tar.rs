//! The archive subset: POSIX ustar headers with pax records for what does not fit (IEEE Std 1003.1, `pax`).
//!
//! Ours hold directories, files, hard links and symbolic links, nothing else. The reader also takes GNU long names, which
//! FlavorPack's archives may have, and refuses everything more: devices, sparse files, global records.

use std::io::{self, BufRead};

use super::SlotError;
use crate::format::limits;
use crate::fs::MAX_PATH;

/// Bytes of a header, and the unit to which content is padded.
pub(super) const BLOCK: usize = 512;
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
    /// Bytes of content; 0 for anything but a file.
    pub size: u64,
    /// Target of a link.
    pub link: Vec<u8>,
}

/// Bytes from the end of `size` bytes of content to the next block.
pub(super) fn padding(size: u64) -> usize {
    let rest = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    if rest == 0 { 0 } else { BLOCK - rest }
}

impl TarEntry {
    /// The header blocks. `mtime` in seconds since 1970.
    #[cfg(feature = "cli")]
    pub(super) fn encode(&self, mtime: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(BLOCK);
        let mut records = Vec::new();
        let (prefix, name) = split_name(&self.name).unwrap_or_else(|| {
            records.extend(pax_record("path", &self.name));
            (&[], &self.name[..100])
        });
        let link = if self.link.len() > 100 {
            records.extend(pax_record("linkpath", &self.link));
            &self.link[..100]
        } else {
            &self.link[..]
        };
        // Eleven octal digits end at 8 GiB.
        let size = if self.size >> 33 == 0 {
            self.size
        } else {
            records.extend(pax_record("size", self.size.to_string().as_bytes()));
            0
        };
        if !records.is_empty() {
            out.extend(header(&[], b"pax", b'x', 0o644, records.len() as u64, mtime, &[]));
            out.extend_from_slice(&records);
            out.resize(out.len() + padding(records.len() as u64), 0);
        }
        let type_flag = match self.kind {
            EntryKind::File => b'0',
            EntryKind::HardLink => b'1',
            EntryKind::Symlink => b'2',
            EntryKind::Directory => b'5',
        };
        out.extend(header(prefix, name, type_flag, self.mode, size, mtime, link));
        out
    }
}

/// Splits a name at a slash so that the tail fits 100 bytes and the head 155; `None` when no slash does.
#[cfg(feature = "cli")]
fn split_name(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= 100 {
        return Some((&[], name));
    }
    let first = name.len().checked_sub(101)?;
    let at = (first..name.len().min(156)).find(|at| name[*at] == b'/' && *at > 0)?;
    Some((&name[..at], &name[at + 1..]))
}

#[cfg(feature = "cli")]
fn pax_record(key: &str, value: &[u8]) -> Vec<u8> {
    // The length counts its own digits.
    let body = 1 + key.len() + 1 + value.len() + 1;
    let mut len = body + 1;
    while len != body + len.to_string().len() {
        len = body + len.to_string().len();
    }
    [format!("{len} {key}=").as_bytes(), value, b"\n"].concat()
}

#[cfg(feature = "cli")]
fn header(prefix: &[u8], name: &[u8], type_flag: u8, mode: u16, size: u64, mtime: u64, link: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, value: &[u8]| block[at..at + value.len()].copy_from_slice(value);
    put(0, name);
    put(100, format!("{mode:07o}\0").as_bytes());
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", mtime.min(0o777_7777_7777)).as_bytes());
    put(148, b"        ");
    put(156, &[type_flag]);
    put(157, link);
    put(257, b"ustar\x0000");
    put(345, prefix);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// What pax and GNU records say about the next entry.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

/// Reads the next header; `None` at the end of the stream or of the archive.
///
/// The content of a file follows in `reader`; the caller takes it and its padding.
pub(super) fn next_entry(reader: &mut impl BufRead) -> Result<Option<TarEntry>, SlotError> {
    let mut extension = Extension::default();
    let mut extended = false;
    loop {
        let mut block = [0; BLOCK];
        if !read_block(reader, &mut block)? {
            return if extended { Err(SlotError::BadArchive("it ends after a long name")) } else { Ok(None) };
        }
        if block == [0; BLOCK] {
            return if extended {
                Err(SlotError::BadArchive("it ends after a long name"))
            } else {
                rest_is_zero(reader)
            };
        }
        let stated: u64 = octal(&block[148..156])?;
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte }))
            .sum();
        if sum != stated {
            return Err(SlotError::BadArchive("a header has a wrong checksum"));
        }
        if &block[257..262] != b"ustar" {
            return Err(SlotError::BadArchive("a header is not ustar"));
        }
        let size = octal(&block[124..136])?;
        match block[156] {
            b'x' => {
                if size > limits::METADATA_STORED {
                    return Err(SlotError::BadArchive("a pax header is too long"));
                }
                parse_pax(&read_content(reader, size)?, &mut extension)?;
                extended = true;
            }
            type_flag @ (b'L' | b'K') => {
                if size > MAX_PATH as u64 + 1 {
                    return Err(SlotError::BadArchive("a name is too long"));
                }
                let mut text = read_content(reader, size)?;
                text.truncate(text.iter().position(|byte| *byte == 0).unwrap_or(text.len()));
                *if type_flag == b'L' { &mut extension.name } else { &mut extension.link } = Some(text);
                extended = true;
            }
            type_flag => return entry(&block, type_flag, size, extension).map(Some),
        }
    }
}

fn entry(block: &[u8; BLOCK], type_flag: u8, size: u64, extension: Extension) -> Result<TarEntry, SlotError> {
    let kind = match type_flag {
        b'0' | 0 => EntryKind::File,
        b'1' => EntryKind::HardLink,
        b'2' => EntryKind::Symlink,
        b'5' => EntryKind::Directory,
        other => return Err(SlotError::UnknownEntry(other)),
    };
    let mut name = extension.name.unwrap_or_else(|| {
        let prefix = until_nul(&block[345..500]);
        let name = until_nul(&block[..100]);
        // GNU archives keep times where ustar has the prefix; theirs say `ustar ` with a blank.
        if prefix.is_empty() || block[262] != 0 { name.to_vec() } else { [prefix, b"/", name].concat() }
    });
    // Both spellings of "here", which other archivers write in front of names and behind directories.
    while name.starts_with(b"./") {
        name.drain(..2);
    }
    while name.len() > 1 && name.ends_with(b"/") {
        name.pop();
    }
    let size = extension.size.unwrap_or(size);
    if kind != EntryKind::File && size != 0 {
        return Err(SlotError::BadArchive("an entry without content has a size"));
    }
    Ok(TarEntry {
        name,
        kind,
        mode: u16::try_from(octal(&block[100..108])? & 0o777).unwrap_or(0),
        size,
        link: extension.link.unwrap_or_else(|| until_nul(&block[157..257]).to_vec()),
    })
}

fn parse_pax(mut records: &[u8], extension: &mut Extension) -> Result<(), SlotError> {
    const BAD: SlotError = SlotError::BadArchive("a pax record is malformed");
    while !records.is_empty() {
        let space = records.iter().position(|byte| *byte == b' ').ok_or(BAD)?;
        let len: usize = std::str::from_utf8(&records[..space]).ok().and_then(|text| text.parse().ok()).ok_or(BAD)?;
        let record = records.get(space + 1..len).ok_or(BAD)?;
        records = records.get(len..).ok_or(BAD)?;
        let record = record.strip_suffix(b"\n").ok_or(BAD)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(BAD)?;
        let value = record[equals + 1..].to_vec();
        match &record[..equals] {
            b"path" => extension.name = Some(value),
            b"linkpath" => extension.link = Some(value),
            b"size" => {
                let size = std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok());
                extension.size = Some(size.ok_or(BAD)?);
            }
            // Times and owners are never restored.
            b"mtime" | b"atime" | b"ctime" | b"uid" | b"gid" | b"uname" | b"gname" => {}
            _ => return Err(SlotError::BadArchive("a pax record of a kind that is not used")),
        }
    }
    Ok(())
}

/// Reads `size` bytes and their padding into memory; `size` has been limited by the caller.
fn read_content(reader: &mut impl BufRead, size: u64) -> Result<Vec<u8>, SlotError> {
    let mut content = vec![0; usize::try_from(size).unwrap_or(usize::MAX) + padding(size)];
    reader.read_exact(&mut content).map_err(SlotError::BadStream)?;
    content.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    Ok(content)
}

/// Reads a whole block; `false` when the stream ended before its first byte.
fn read_block(reader: &mut impl BufRead, block: &mut [u8; BLOCK]) -> Result<bool, SlotError> {
    if reader.fill_buf().map_err(SlotError::BadStream)?.is_empty() {
        return Ok(false);
    }
    reader.read_exact(block).map_err(SlotError::BadStream)?;
    Ok(true)
}

fn rest_is_zero(reader: &mut impl BufRead) -> Result<Option<TarEntry>, SlotError> {
    loop {
        let chunk = reader.fill_buf().map_err(SlotError::BadStream)?;
        if chunk.is_empty() {
            return Ok(None);
        }
        if chunk.iter().any(|byte| *byte != 0) {
            return Err(SlotError::BadArchive("bytes after its end"));
        }
        let len = chunk.len();
        reader.consume(len);
    }
}

/// A number in octal digits, or in GNU's base-256 form when the first bit is set.
fn octal(field: &[u8]) -> Result<u64, SlotError> {
    const BAD: SlotError = SlotError::BadArchive("a header has a number that is not octal");
    if field.first().is_some_and(|byte| byte & 0x80 != 0) {
        let number = field[1..].iter().try_fold(0_u64, |sum, byte| sum.checked_mul(256)?.checked_add(u64::from(*byte)));
        return number.filter(|_| field[0] == 0x80).ok_or(BAD);
    }
    let text = std::str::from_utf8(field).map_err(|_| BAD)?.trim_matches(['\0', ' ']);
    if text.is_empty() { Ok(0) } else { u64::from_str_radix(text, 8).map_err(|_| BAD) }
}

fn until_nul(field: &[u8]) -> &[u8] {
    &field[..field.iter().position(|byte| *byte == 0).unwrap_or(field.len())]
}

/// Takes `size` bytes of content, chunk by chunk, then the padding. Ends early when the stream does, and says how many
/// bytes were taken.
pub(super) fn take_content(
    reader: &mut impl BufRead,
    size: u64,
    mut chunk_taken: impl FnMut(&[u8], u64) -> Result<(), SlotError>,
) -> Result<u64, SlotError> {
    let mut done = 0;
    while done < size {
        let chunk = reader.fill_buf().map_err(SlotError::BadStream)?;
        if chunk.is_empty() {
            return Ok(done);
        }
        let len = chunk.len().min(usize::try_from(size - done).unwrap_or(usize::MAX));
        chunk_taken(&chunk[..len], done)?;
        reader.consume(len);
        done += len as u64;
    }
    skip_padding(reader, size)?;
    Ok(done)
}

/// Skips the zeros between content and the next header.
pub(super) fn skip_padding(reader: &mut impl BufRead, size: u64) -> Result<(), SlotError> {
    let mut rest = [0; BLOCK];
    let rest = &mut rest[..padding(size)];
    io::Read::read_exact(reader, rest).map_err(SlotError::BadStream)?;
    if rest.iter().any(|byte| *byte != 0) { Err(SlotError::BadArchive("padding is not zero")) } else { Ok(()) }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    fn round_trip(entry: &TarEntry) {
        let bytes = [entry.encode(0), END.to_vec()].concat();
        let mut reader = &bytes[..];
        assert_eq!(next_entry(&mut reader).expect("readable").as_ref(), Some(entry));
        if entry.kind != EntryKind::File {
            assert_eq!(next_entry(&mut reader).expect("readable"), None);
        }
    }

    fn entry(name: &str, kind: EntryKind, link: &str) -> TarEntry {
        TarEntry { name: name.into(), kind, mode: 0o755, size: 0, link: link.into() }
    }

    #[test]
    fn names_and_links_of_every_length_survive() {
        for len in (1..600).step_by(7).chain([99, 100, 101, 155, 156, 255, 256]) {
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
            round_trip(&TarEntry { size, ..entry("big", EntryKind::File, "") });
        }
    }

    #[test]
    fn a_damaged_header_is_refused() {
        let mut bytes = entry("a", EntryKind::File, "").encode(0);
        bytes[0] ^= 1;
        assert!(matches!(next_entry(&mut &bytes[..]), Err(SlotError::BadArchive(_))));
    }

    #[test]
    fn devices_and_global_records_are_refused() {
        for type_flag in [b'3', b'4', b'6', b'g', b'S'] {
            let bytes = header(&[], b"x", type_flag, 0o644, 0, 0, &[]);
            assert!(matches!(next_entry(&mut &bytes[..]), Err(SlotError::UnknownEntry(found)) if found == type_flag));
        }
    }
}
