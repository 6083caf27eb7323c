//! Headers and dynamic section of an ELF file of either class and byte order, with their file
//! offsets.

#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice
)]

use goblin::container::Ctx;
use goblin::elf::Elf;
use goblin::elf::dynamic;
use goblin::elf::header::{EI_CLASS, EI_DATA, ELFCLASS64, ELFDATA2LSB, ELFMAG, Header};
use goblin::elf::program_header::{PT_DYNAMIC, PT_LOAD, ProgramHeader};

use super::{Error, Result};

/// Parsed headers of a file. Every program header's content is inside the file.
pub(super) struct View {
    pub(super) header: Header,
    pub(super) ctx: Ctx,
    pub(super) segments: Vec<ProgramHeader>,
    is_64: bool,
    is_little: bool,
}

/// One entry of the dynamic section.
#[derive(Clone, Copy)]
pub(super) struct DynamicEntry {
    /// File offset of the entry.
    pub(super) at: usize,
    pub(super) tag: u64,
    pub(super) value: u64,
}

/// The dynamic section.
pub(super) struct DynamicTable {
    /// Entries before the first `DT_NULL`.
    pub(super) entries: Vec<DynamicEntry>,
    /// The capacity of the table, including the terminating `DT_NULL`.
    pub(super) capacity: usize,
    /// File offset of the table.
    pub(super) at: usize,
    /// File offset and size of the string table.
    pub(super) strings: (usize, usize),
}

const fn malformed(what: &'static str) -> Error {
    Error::Malformed { what }
}

/// Converts a file offset or size. A value beyond the address space is outside any file here.
fn to_usize(value: u64) -> Option<usize> {
    usize::try_from(value).ok()
}

impl View {
    /// Headers of `bytes`, or `None` if they are not an ELF file's.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        if !bytes.starts_with(ELFMAG) {
            return Ok(None);
        }
        let ident = |at: usize| bytes.get(at).copied().unwrap_or_default();
        let (is_64, is_little) = (ident(EI_CLASS) == ELFCLASS64, ident(EI_DATA) == ELFDATA2LSB);
        let header = Elf::parse_header(bytes).map_err(|_| malformed("header"))?;
        let (Ok(container), Ok(endianness)) = (header.container(), header.endianness()) else {
            return Err(malformed("class or byte order"));
        };
        let ctx = Ctx::new(container, endianness);
        let mut view = Self {
            header,
            ctx,
            segments: Vec::new(),
            is_64,
            is_little,
        };
        view.segments = view.parse_segments(bytes)?;
        Ok(Some(view))
    }

    fn parse_segments(&self, bytes: &[u8]) -> Result<Vec<ProgramHeader>> {
        let count = usize::from(self.header.e_phnum);
        if count == 0 {
            return Ok(Vec::new());
        }
        // 0xffff means that the count is in a section header; no loadable file needs that many.
        if count == 0xffff || usize::from(self.header.e_phentsize) != ProgramHeader::size(self.ctx)
        {
            return Err(malformed("program header table"));
        }
        let table = self
            .segment_table_range()
            .ok_or(malformed("program header table"))?;
        if table.end > bytes.len() {
            return Err(malformed("program header table"));
        }
        let segments = ProgramHeader::parse(bytes, table.start, count, self.ctx)
            .map_err(|_| malformed("program header table"))?;
        for segment in &segments {
            let end = segment
                .p_offset
                .checked_add(segment.p_filesz)
                .and_then(to_usize);
            let in_memory = segment.p_vaddr.checked_add(segment.p_memsz);
            if segment.p_filesz > 0 && end.is_none_or(|end| end > bytes.len())
                || in_memory.is_none()
            {
                return Err(malformed("segment outside the file"));
            }
        }
        Ok(segments)
    }

    /// The bytes of the program header table, unless they are beyond the address space.
    pub(super) fn segment_table_range(&self) -> Option<std::ops::Range<usize>> {
        let start = to_usize(self.header.e_phoff)?;
        let len =
            usize::from(self.header.e_phnum).checked_mul(usize::from(self.header.e_phentsize))?;
        Some(start..start.checked_add(len)?)
    }

    /// Size of an address, an offset or half a dynamic entry: 8 bytes, or 4 in a 32-bit file.
    pub(super) const fn word_len(&self) -> usize {
        if self.is_64 { 8 } else { 4 }
    }

    pub(super) const fn is_64(&self) -> bool {
        self.is_64
    }

    fn unsigned(&self, bytes: &[u8], at: usize, len: usize) -> Option<u64> {
        let field = bytes.get(at..at.checked_add(len)?)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.is_little {
            field.iter().rev().fold(0, fold)
        } else {
            field.iter().fold(0, fold)
        })
    }

    pub(super) fn word(&self, bytes: &[u8], at: usize) -> Option<u64> {
        self.unsigned(bytes, at, self.word_len())
    }

    pub(super) fn u32(&self, bytes: &[u8], at: usize) -> Option<u64> {
        self.unsigned(bytes, at, 4)
    }

    pub(super) fn u16(&self, bytes: &[u8], at: usize) -> Option<u64> {
        self.unsigned(bytes, at, 2)
    }

    /// Encodes `value` as a field of `len` bytes.
    pub(super) fn encode(&self, value: u64, len: usize) -> Vec<u8> {
        let mut field: Vec<u8> = value.to_le_bytes().into_iter().take(len).collect();
        if !self.is_little {
            field.reverse();
        }
        field
    }

    /// Writes a field of `len` bytes; fails if it is outside the file.
    pub(super) fn put(&self, bytes: &mut [u8], at: usize, value: u64, len: usize) -> Result<()> {
        let field = at
            .checked_add(len)
            .and_then(|end| bytes.get_mut(at..end))
            .ok_or(malformed("field outside"))?;
        field.copy_from_slice(&self.encode(value, len));
        Ok(())
    }

    /// File offset of the byte that is loaded at `address`.
    pub(super) fn offset_of(&self, address: u64) -> Option<usize> {
        self.segments
            .iter()
            .filter(|segment| segment.p_type == PT_LOAD)
            .find_map(|segment| {
                let into = address
                    .checked_sub(segment.p_vaddr)
                    .filter(|into| *into < segment.p_filesz)?;
                Some((segment.p_offset, into))
            })
            .and_then(|(offset, into)| to_usize(offset.checked_add(into)?))
    }

    /// The dynamic section, or `None` if the file is statically linked.
    pub(super) fn dynamic(&self, bytes: &[u8]) -> Result<Option<DynamicTable>> {
        let Some(segment) = self
            .segments
            .iter()
            .find(|segment| segment.p_type == PT_DYNAMIC)
        else {
            return Ok(None);
        };
        let entry_len = self.word_len().saturating_mul(2);
        let (Some(start), Some(len)) = (to_usize(segment.p_offset), to_usize(segment.p_filesz))
        else {
            return Err(malformed("dynamic section"));
        };
        let capacity = len.checked_div(entry_len).unwrap_or(0);
        let mut entries = Vec::new();
        for at in (start..).step_by(entry_len).take(capacity) {
            let tag = self.word(bytes, at);
            let value = at
                .checked_add(self.word_len())
                .and_then(|at| self.word(bytes, at));
            let (Some(tag), Some(value)) = (tag, value) else {
                return Err(malformed("dynamic section"));
            };
            if tag == dynamic::DT_NULL {
                break;
            }
            entries.push(DynamicEntry { at, tag, value });
        }
        let value_of = |wanted| {
            entries
                .iter()
                .find(|entry| entry.tag == wanted)
                .map(|entry| entry.value)
        };
        let strings = match (value_of(dynamic::DT_STRTAB), value_of(dynamic::DT_STRSZ)) {
            (Some(address), Some(len)) => {
                let at = self
                    .offset_of(address)
                    .ok_or(malformed("dynamic string table"))?;
                let len = to_usize(len).ok_or(malformed("dynamic string table"))?;
                if at.checked_add(len).is_none_or(|end| end > bytes.len()) {
                    return Err(malformed("dynamic string table"));
                }
                (at, len)
            }
            _ => (0, 0),
        };
        Ok(Some(DynamicTable {
            entries,
            capacity,
            at: start,
            strings,
        }))
    }
}

impl DynamicTable {
    pub(super) fn value_of(&self, tag: u64) -> Option<u64> {
        self.entries
            .iter()
            .find(|entry| entry.tag == tag)
            .map(|entry| entry.value)
    }

    /// The string at `offset` of the string table, up to its NUL. Names that are not UTF-8 are
    /// converted lossily.
    pub(super) fn string(&self, bytes: &[u8], offset: u64) -> Option<String> {
        let (at, len) = self.strings;
        let table = bytes.get(at..at.checked_add(len)?)?;
        let rest = table.get(to_usize(offset)?..)?;
        let (name, _) = rest.split_at(rest.iter().position(|byte| *byte == 0)?);
        Some(String::from_utf8_lossy(name).into_owned())
    }
}
