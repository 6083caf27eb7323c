//! Reads entries from a stream, and rejects everything that two readers could interpret
//! differently.

use std::io::BufRead;

use super::{BLOCK, EntryKind, TarEntry, padding};
use crate::format::limits;
use crate::fs::MAX_PATH;
use crate::slot::SlotError;

/// Values for the next entry from pax and GNU records, which replace those of its header.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extension {
    fn is_empty(&self) -> bool {
        self.name.is_none() && self.link.is_none() && self.size.is_none()
    }
}

/// Stores the value of a record. A second one is an error, because readers differ in which of them
/// they use.
fn once<T>(place: &mut Option<T>, value: T) -> Result<(), SlotError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(SlotError::BadArchive("an entry has a name or size twice")),
    }
}

/// What follows in a stream where a header may begin.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::slot) enum Next {
    /// The content of a file follows in the reader; the caller takes it and its padding.
    Entry(TarEntry),
    /// The stream ended between entries: the archive may continue in another one.
    Cut,
    /// The end of the archive, with nothing after it.
    End,
}

/// Reads the next header.
pub(in crate::slot) fn next_entry(reader: &mut impl BufRead) -> Result<Next, SlotError> {
    let mut extension = Extension::default();
    let mut pax = false;
    loop {
        let mut block = [0; BLOCK];
        let more = read_block(reader, &mut block)?;
        if !more || block == [0; BLOCK] {
            return match (pax || !extension.is_empty(), more) {
                (true, _) => Err(SlotError::BadArchive("it ends after a long name")),
                (false, true) => end(reader),
                (false, false) => Ok(Next::Cut),
            };
        }
        let stated: u64 = octal(&block[148..156])?;
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| {
                u64::from(if (148..156).contains(&at) {
                    b' '
                } else {
                    *byte
                })
            })
            .sum();
        if sum != stated {
            return Err(SlotError::BadArchive("a header has a wrong checksum"));
        }
        if &block[257..262] != b"ustar" {
            return Err(SlotError::BadArchive("a header is not ustar"));
        }
        let size = octal(&block[124..136])?;
        // Owners, time and device are never restored, nor is the mode of a long name, but other
        // readers parse them and fail if one is not a number.
        for unused in [
            &block[100..108],
            &block[108..116],
            &block[116..124],
            &block[136..148],
            &block[329..337],
            &block[337..345],
        ] {
            octal(unused)?;
        }
        match block[156] {
            b'x' => {
                if size > limits::METADATA_STORED {
                    return Err(SlotError::BadArchive("a pax header is too long"));
                }
                if std::mem::replace(&mut pax, true) {
                    return Err(SlotError::BadArchive("an entry has two pax headers"));
                }
                parse_pax(&read_content(reader, size)?, &mut extension)?;
            }
            type_flag @ (b'L' | b'K') => {
                if size > MAX_PATH as u64 {
                    return Err(SlotError::BadArchive("a name is too long"));
                }
                let mut text = read_content(reader, size)?;
                while text.pop_if(|byte| *byte == 0).is_some() {}
                once(
                    if type_flag == b'L' {
                        &mut extension.name
                    } else {
                        &mut extension.link
                    },
                    text,
                )?;
            }
            type_flag => return entry(&block, type_flag, size, extension).map(Next::Entry),
        }
    }
}

fn entry(
    block: &[u8; BLOCK],
    type_flag: u8,
    size: u64,
    extension: Extension,
) -> Result<TarEntry, SlotError> {
    let kind = match type_flag {
        b'0' | 0 => EntryKind::File,
        b'1' => EntryKind::HardLink,
        b'2' => EntryKind::Symlink,
        b'5' => EntryKind::Directory,
        other => return Err(SlotError::UnknownEntry(other)),
    };
    let mut name = extension.name.unwrap_or_else(|| {
        let prefix = until_nul(&block[345..500]);
        let name = until_nul(&block[0..100]);
        // GNU archives have times in place of the prefix; their magic is `ustar ` with a blank.
        if prefix.is_empty() || block[262] != 0 {
            name.to_vec()
        } else {
            [prefix, b"/", name].concat()
        }
    });
    // Other archivers write `./` before names and a slash after directories.
    while name.starts_with(b"./") {
        name.drain(..2);
    }
    if name.len() > 1 && name.ends_with(b"/") {
        if kind != EntryKind::Directory {
            return Err(SlotError::BadArchive(
                "the name of a file ends with a slash",
            ));
        }
        name.pop();
    }
    let mut link = extension
        .link
        .unwrap_or_else(|| until_nul(&block[157..257]).to_vec());
    if kind == EntryKind::HardLink {
        // The target is the name of an entry, which may begin in the same way.
        while link.starts_with(b"./") {
            link.drain(..2);
        }
    }
    let size = match extension.size {
        Some(long) if size != 0 && size != long => {
            return Err(SlotError::BadArchive("an entry has two sizes"));
        }
        long => long.unwrap_or(size),
    };
    if kind != EntryKind::File && size != 0 {
        return Err(SlotError::BadArchive("an entry without content has a size"));
    }
    Ok(TarEntry {
        name,
        kind,
        mode: u16::try_from(octal(&block[100..108])? & 0o777).unwrap_or(0),
        size,
        link,
    })
}

fn parse_pax(mut records: &[u8], extension: &mut Extension) -> Result<(), SlotError> {
    const BAD: SlotError = SlotError::BadArchive("a pax record is malformed");
    let mut seen: Vec<&[u8]> = Vec::new();
    while !records.is_empty() {
        let space = records.iter().position(|byte| *byte == b' ').ok_or(BAD)?;
        let len = decimal(records.get(..space).ok_or(BAD)?).ok_or(BAD)?;
        let len = usize::try_from(len).map_err(|_| BAD)?;
        let (record, rest) = records.split_at_checked(len).ok_or(BAD)?;
        records = rest;
        let record = record
            .get(space..)
            .and_then(|record| record.strip_prefix(b" "))
            .ok_or(BAD)?;
        let record = record.strip_suffix(b"\n").ok_or(BAD)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(BAD)?;
        let (key, value) = record.split_at(equals);
        let value = value.strip_prefix(b"=").ok_or(BAD)?;
        if seen.contains(&key) {
            return Err(SlotError::BadArchive("a pax record is there twice"));
        }
        seen.push(key);
        match key {
            b"path" => once(&mut extension.name, value.to_vec())?,
            b"linkpath" => once(&mut extension.link, value.to_vec())?,
            b"size" => once(&mut extension.size, decimal(value).ok_or(BAD)?)?,
            // Times and owners are never restored.
            b"mtime" | b"atime" | b"ctime" | b"uid" | b"gid" | b"uname" | b"gname" => {}
            _ => {
                return Err(SlotError::BadArchive(
                    "a pax record of a kind that is not used",
                ));
            }
        }
    }
    Ok(())
}

/// Reads `size` bytes and their padding into memory; `size` has been limited by the caller.
fn read_content(reader: &mut impl BufRead, size: u64) -> Result<Vec<u8>, SlotError> {
    let mut content = vec![
        0;
        usize::try_from(size)
            .unwrap_or(usize::MAX)
            .saturating_add(padding(size))
    ];
    reader
        .read_exact(&mut content)
        .map_err(SlotError::BadStream)?;
    content.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    Ok(content)
}

/// Reads a whole block; `false` if the stream ended before its first byte.
fn read_block(reader: &mut impl BufRead, block: &mut [u8; BLOCK]) -> Result<bool, SlotError> {
    if reader.fill_buf().map_err(SlotError::BadStream)?.is_empty() {
        return Ok(false);
    }
    reader.read_exact(block).map_err(SlotError::BadStream)?;
    Ok(true)
}

/// Reads what follows the first block of the end marker: a second one, and zeros.
fn end(reader: &mut impl BufRead) -> Result<Next, SlotError> {
    let mut second = [1; BLOCK];
    if !read_block(reader, &mut second)? || second != [0; BLOCK] {
        return Err(SlotError::BadArchive(
            "it ends in one empty block, not in two",
        ));
    }
    loop {
        let chunk = reader.fill_buf().map_err(SlotError::BadStream)?;
        if chunk.is_empty() {
            return Ok(Next::End);
        }
        if chunk.iter().any(|byte| *byte != 0) {
            return Err(SlotError::BadArchive("bytes after its end"));
        }
        let len = chunk.len();
        reader.consume(len);
    }
}

/// A number in octal digits, or in GNU's base-256 form if the first bit is set.
fn octal(field: &[u8]) -> Result<u64, SlotError> {
    const BAD: SlotError = SlotError::BadArchive("a header has a number that is not one");
    let value = if let Some((0x80, digits)) = field.split_first() {
        number(digits, 256)
    } else {
        // A NUL is allowed only at the end: other readers would ignore what follows it.
        let text = std::str::from_utf8(field).map_err(|_| BAD)?;
        number(
            text.trim_end_matches(['\0', ' '])
                .trim_start_matches(' ')
                .as_bytes(),
            8,
        )
    };
    value.ok_or(BAD)
}

/// A number in decimal digits, at least one.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        None
    } else {
        number(digits, 10)
    }
}

/// The value of digits: ASCII digits up to base 10, bytes for larger bases. `None` if a digit is
/// invalid or the number is too large.
fn number(digits: &[u8], base: u64) -> Option<u64> {
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = if base > 10 {
            *digit
        } else {
            digit.checked_sub(b'0')?
        };
        (u64::from(digit) < base).then(|| sum.checked_mul(base)?.checked_add(digit.into()))?
    })
}

fn until_nul(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or(field)
}

/// Passes `size` bytes of content to `chunk_taken`, in chunks with their offsets, then skips the
/// padding. Returns the number of bytes, which is smaller if the stream ends early.
pub(in crate::slot) fn take_content(
    reader: &mut impl BufRead,
    size: u64,
    mut chunk_taken: impl FnMut(&[u8], u64) -> Result<(), SlotError>,
) -> Result<u64, SlotError> {
    let mut left = size;
    while left > 0 {
        let chunk = reader.fill_buf().map_err(SlotError::BadStream)?;
        let wanted = usize::try_from(left).unwrap_or(usize::MAX);
        let chunk = chunk.get(..wanted).unwrap_or(chunk);
        let done = size.saturating_sub(left);
        if chunk.is_empty() {
            return Ok(done);
        }
        chunk_taken(chunk, done)?;
        let len = chunk.len();
        reader.consume(len);
        left = left.saturating_sub(len as u64);
    }
    skip_padding(reader, size)?;
    Ok(size)
}

/// Skips the zeros between content and the next header.
pub(in crate::slot) fn skip_padding(reader: &mut impl BufRead, size: u64) -> Result<(), SlotError> {
    let mut block = [0; BLOCK];
    let rest = block.get_mut(..padding(size)).unwrap_or_default();
    reader.read_exact(rest).map_err(SlotError::BadStream)?;
    if rest.iter().any(|byte| *byte != 0) {
        Err(SlotError::BadArchive("padding is not zero"))
    } else {
        Ok(())
    }
}
