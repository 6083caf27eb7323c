use std::ops::Range;

use goblin::elf::header::{ET_DYN, ET_EXEC};
use goblin::elf::section_header::{
    SHF_ALLOC, SHT_NOBITS, SHT_NULL, SHT_PROGBITS, SHT_STRTAB, SectionHeader,
};

use super::view::View;

/// The result of [`strip`]. Lengths are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripOutcome {
    Stripped { before: usize, after: usize },
    Unchanged(Unstripped),
}

/// Why a file was left unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unstripped {
    NotElf,
    /// Relocatable objects need their sections; core dumps are not programs.
    NotLoadable,
    /// A header points outside the file or contradicts another.
    Malformed,
    /// There is nothing to remove.
    AlreadyStripped,
    /// Bytes that no header accounts for, such as the payload of a self-extracting executable.
    Overlay,
    /// A loaded section is outside every segment.
    LoadedSectionBeyondCut,
    /// An application-specific section, which the program may read from its file at run time.
    ForeignSection,
}

/// Sections that tools look up by name in the file of a running process: a debugger finds the
/// interpreter's state through this one (PEP 768). Files with such a section keep the headers of
/// their loaded sections.
const LOOKED_UP_AT_RUN_TIME: &[&str] = &[".PyRuntime"];

/// Unloaded `SHT_PROGBITS` sections that only linkers and debuggers read. Others may belong to the
/// program.
const DROPPABLE: &[&str] = &[
    ".debug",
    ".zdebug",
    ".comment",
    ".gnu",
    ".gdb_index",
    ".stab",
    ".line",
    ".GCC.",
    ".llvm",
    ".annobin",
    ".BTF",
    ".note",
    ".deplibs",
];

/// Types from here on are application-specific (`SHT_LOUSER`).
const APPLICATION_TYPES: u32 = 0x8000_0000;

/// Removes what no loader reads: symbols, debugging information and the section headers.
///
/// The file is truncated after the last byte that a program header covers. It is left unchanged if
/// its layout does not allow that; its loaded content stays the same.
pub fn strip(bytes: &mut Vec<u8>) -> StripOutcome {
    match plan(bytes) {
        Err(reason) => StripOutcome::Unchanged(reason),
        Ok(Plan {
            cut, tail, fields, ..
        }) => {
            let before = bytes.len();
            bytes.truncate(cut);
            bytes.extend(tail);
            for (at, field) in fields {
                bytes[at..at + field.len()].copy_from_slice(&field);
            }
            StripOutcome::Stripped {
                before,
                after: bytes.len(),
            }
        }
    }
}

struct Plan {
    /// Length that is kept.
    cut: usize,
    /// What is appended: the reduced section headers, or nothing.
    tail: Vec<u8>,
    /// Header fields to overwrite.
    fields: Vec<(usize, Vec<u8>)>,
}

fn plan(bytes: &[u8]) -> Result<Plan, Unstripped> {
    let view = View::parse(bytes)
        .map_err(|_| Unstripped::Malformed)?
        .ok_or(Unstripped::NotElf)?;
    if !matches!(view.header.e_type, ET_EXEC | ET_DYN) || view.segments.is_empty() {
        return Err(Unstripped::NotLoadable);
    }
    if view.header.e_shoff == 0 {
        return Err(Unstripped::AlreadyStripped);
    }
    let sections = Sections::parse(bytes, &view).ok_or(Unstripped::Malformed)?;
    let cut = loaded_end(&view).ok_or(Unstripped::Malformed)?;
    let beyond = bytes.get(cut..).ok_or(Unstripped::Malformed)?;
    if is_padding(beyond) {
        return Err(Unstripped::AlreadyStripped);
    }
    check_beyond(bytes, &sections, cut)?;

    let kept = sections.worth_keeping();
    let (tail, table) = match &kept {
        Some(kept) => kept.encode(&view, cut),
        None => (Vec::new(), 0),
    };
    if cut + tail.len() >= bytes.len() {
        return Err(Unstripped::AlreadyStripped);
    }
    // `e_shoff` follows `e_phoff`; `e_shnum` and `e_shstrndx` end the header.
    let (offset_at, count_at) = if view.is_64() {
        (0x28, 0x3c)
    } else {
        (0x20, 0x30)
    };
    let count = kept.map_or(0, |kept| kept.headers.len() + 1);
    let fields = vec![
        (offset_at, view.encode(table as u64, view.word_len())),
        (count_at, view.encode(count as u64, 2)),
        (count_at + 2, view.encode(count.saturating_sub(1) as u64, 2)),
    ];
    Ok(Plan { cut, tail, fields })
}

/// End of the bytes covered by the program headers, their own table included.
fn loaded_end(view: &View) -> Option<usize> {
    let mut end = view
        .segment_table_range()?
        .end
        .max(usize::from(view.header.e_ehsize));
    for segment in view.segments.iter().filter(|segment| segment.p_filesz > 0) {
        end = end.max(usize::try_from(segment.p_offset.checked_add(segment.p_filesz)?).ok()?);
    }
    Some(end)
}

/// Fails if something beyond the cut may be needed.
fn check_beyond(bytes: &[u8], sections: &Sections, cut: usize) -> Result<(), Unstripped> {
    let mut accounted = vec![sections.table.clone()];
    for section in &sections.all {
        if section.range.end > cut {
            if section.header.sh_flags & u64::from(SHF_ALLOC) != 0 {
                return Err(Unstripped::LoadedSectionBeyondCut);
            }
            if !section.is_droppable() {
                return Err(Unstripped::ForeignSection);
            }
        }
        accounted.push(section.range.clone());
    }
    accounted.sort_by_key(|range| range.start);
    let mut end = cut;
    for range in accounted {
        // Linkers align sections with zeros between them.
        if range.start > end && !is_padding(&bytes[end..range.start]) {
            return Err(Unstripped::Overlay);
        }
        end = end.max(range.end);
    }
    // patchelf ends a file with a zero.
    if is_padding(&bytes[end..]) {
        Ok(())
    } else {
        Err(Unstripped::Overlay)
    }
}

fn is_padding(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

struct Section {
    name: String,
    header: SectionHeader,
    /// Its bytes, entirely inside the file.
    range: Range<usize>,
}

impl Section {
    fn is_droppable(&self) -> bool {
        match self.header.sh_type {
            _ if self.range.is_empty() => true,
            SHT_PROGBITS => DROPPABLE.iter().any(|prefix| self.name.starts_with(prefix)),
            kind => kind < APPLICATION_TYPES,
        }
    }
}

/// The sections of a file, the null section at index 0 included.
struct Sections {
    all: Vec<Section>,
    table: Range<usize>,
}

impl Sections {
    fn parse(bytes: &[u8], view: &View) -> Option<Self> {
        let header = &view.header;
        let count = usize::from(header.e_shnum);
        let start = usize::try_from(header.e_shoff).ok()?;
        let entry_len = SectionHeader::size(view.ctx);
        let end = start.checked_add(count.checked_mul(entry_len)?)?;
        // A count of 0 means that it did not fit the field; no file here needs that.
        if count == 0 || usize::from(header.e_shentsize) != entry_len || end > bytes.len() {
            return None;
        }
        let headers = SectionHeader::parse(bytes, start, count, view.ctx).ok()?;
        let range = |header: &SectionHeader| {
            if matches!(header.sh_type, SHT_NOBITS | SHT_NULL) || header.sh_size == 0 {
                return Some(0..0);
            }
            let start = usize::try_from(header.sh_offset).ok()?;
            let end = start.checked_add(usize::try_from(header.sh_size).ok()?)?;
            (end <= bytes.len()).then_some(start..end)
        };
        let names = range(headers.get(usize::from(header.e_shstrndx))?)?;
        let names = &bytes[names];
        let name = |header: &SectionHeader| {
            let rest = names.get(header.sh_name..)?;
            let end = rest.iter().position(|byte| *byte == 0)?;
            Some(String::from_utf8_lossy(&rest[..end]).into_owned())
        };
        let section = |header: SectionHeader| {
            Some(Section {
                name: name(&header).unwrap_or_default(),
                range: range(&header)?,
                header,
            })
        };
        Some(Self {
            all: headers.into_iter().map(section).collect::<Option<_>>()?,
            table: start..end,
        })
    }

    /// The section headers without those of removed sections, for files in which tools may look
    /// them up. Symbols refer to sections by index, so only a tail of the table can be removed.
    fn worth_keeping(&self) -> Option<Kept> {
        let is_loaded = |section: &&Section| section.header.sh_flags & u64::from(SHF_ALLOC) != 0;
        if !self
            .all
            .iter()
            .any(|section| LOOKED_UP_AT_RUN_TIME.contains(&section.name.as_str()))
        {
            return None;
        }
        let loaded = self.all.iter().skip(1).take_while(is_loaded).count();
        if self
            .all
            .iter()
            .skip(loaded + 1)
            .any(|section| is_loaded(&section))
        {
            return None;
        }
        let mut names = Vec::new();
        let mut headers = Vec::new();
        for section in &self.all[..=loaded] {
            let mut header = section.header.clone();
            header.sh_name = names.len();
            if header.sh_link as usize > loaded {
                header.sh_link = 0;
            }
            if header.sh_info as usize > loaded && header.is_relocation() {
                header.sh_info = 0;
            }
            names.extend_from_slice(section.name.as_bytes());
            names.push(0);
            headers.push(header);
        }
        Some(Kept { headers, names })
    }
}

/// Reduced section headers; the section of their names is added on encoding.
struct Kept {
    headers: Vec<SectionHeader>,
    names: Vec<u8>,
}

impl Kept {
    /// The bytes to append at `cut`, and the file offset of the table.
    fn encode(&self, view: &View, cut: usize) -> (Vec<u8>, usize) {
        let mut names = self.names.clone();
        let name = names.len();
        names.extend_from_slice(b".shstrtab\0");
        let names_len = names.len();
        let mut tail = names;
        while !(cut + tail.len()).is_multiple_of(view.word_len()) {
            tail.push(0);
        }
        let table = cut + tail.len();
        let last = SectionHeader {
            sh_name: name,
            sh_type: SHT_STRTAB,
            sh_flags: 0,
            sh_addr: 0,
            sh_offset: cut as u64,
            sh_size: names_len as u64,
            sh_link: 0,
            sh_info: 0,
            sh_addralign: 1,
            sh_entsize: 0,
        };
        for header in self.headers.iter().chain([&last]) {
            let word = view.word_len();
            let fields = [
                (header.sh_name as u64, 4),
                (u64::from(header.sh_type), 4),
                (header.sh_flags, word),
                (header.sh_addr, word),
                (header.sh_offset, word),
                (header.sh_size, word),
                (u64::from(header.sh_link), 4),
                (u64::from(header.sh_info), 4),
                (header.sh_addralign, word),
                (header.sh_entsize, word),
            ];
            for (value, len) in fields {
                tail.extend(view.encode(value, len));
            }
        }
        (tail, table)
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::testing::{Sample, layouts, loaded_libraries};
    use super::*;
    use crate::elf::inspect;

    fn strip_of(sample: &Sample) -> (Vec<u8>, StripOutcome) {
        let mut bytes = sample.build();
        let outcome = strip(&mut bytes);
        (bytes, outcome)
    }

    #[test]
    fn what_is_loaded_stays_and_the_rest_goes() {
        for sample in layouts() {
            let whole = sample.build();
            let (bytes, outcome) = strip_of(&sample);
            assert_eq!(
                outcome,
                StripOutcome::Stripped {
                    before: whole.len(),
                    after: bytes.len()
                }
            );
            assert!(!bytes.windows(10).any(|window| window == b"not loaded"));
            assert_eq!(inspect(&bytes), inspect(&whole));
            // Except for the three header fields, the result is a prefix of the original.
            let changed = bytes.iter().zip(&whole).filter(|(a, b)| a != b).count();
            assert!(changed <= if sample.is_64 { 12 } else { 8 }, "{changed}");
        }
    }

    #[test]
    fn twice_is_once() {
        let (once, _) = strip_of(&Sample::default());
        let mut twice = once.clone();
        assert_eq!(
            strip(&mut twice),
            StripOutcome::Unchanged(Unstripped::AlreadyStripped)
        );
        assert_eq!(once, twice);
    }

    #[test]
    fn a_layout_that_does_not_allow_it_is_left_alone() {
        let cases = [
            (
                Sample {
                    overlay: b"payload",
                    ..Sample::default()
                },
                Unstripped::Overlay,
            ),
            (
                Sample {
                    overlay: b"\0\0payload",
                    ..Sample::default()
                },
                Unstripped::Overlay,
            ),
            (
                Sample {
                    unloaded: &[".comment", "pydata"],
                    ..Sample::default()
                },
                Unstripped::ForeignSection,
            ),
        ];
        for (sample, reason) in cases {
            let (bytes, outcome) = strip_of(&sample);
            assert_eq!(outcome, StripOutcome::Unchanged(reason));
            assert_eq!(bytes, sample.build());
        }
        let (bytes, outcome) = strip_of(&Sample {
            overlay: b"\0",
            ..Sample::default()
        });
        assert!(
            matches!(outcome, StripOutcome::Stripped { .. }),
            "padding is no payload"
        );
        assert_eq!(bytes, strip_of(&Sample::default()).0);
        let mut object = Sample::default().build();
        object[16] = 1;
        assert_eq!(
            strip(&mut object),
            StripOutcome::Unchanged(Unstripped::NotLoadable)
        );
        assert_eq!(
            strip(&mut b"text".to_vec()),
            StripOutcome::Unchanged(Unstripped::NotElf)
        );
    }

    #[test]
    fn a_debugger_still_finds_the_interpreters_state() {
        for layout in layouts() {
            let (bytes, outcome) = strip_of(&Sample {
                loaded: ".PyRuntime",
                ..layout
            });
            assert!(
                matches!(outcome, StripOutcome::Stripped { .. }),
                "{outcome:?}"
            );
            let view = View::parse(&bytes).unwrap().unwrap();
            let sections = Sections::parse(&bytes, &view).unwrap();
            let names: Vec<_> = sections
                .all
                .iter()
                .map(|section| section.name.as_str())
                .collect();
            assert_eq!(names, ["", ".PyRuntime", ".shstrtab"]);
            let mut again = bytes.clone();
            assert_eq!(
                strip(&mut again),
                StripOutcome::Unchanged(Unstripped::AlreadyStripped)
            );
        }
    }

    #[test]
    fn a_stripped_library_still_loads() {
        let directory = tempfile::tempdir().unwrap();
        for path in loaded_libraries() {
            let name = path.file_name().unwrap();
            let mut bytes = std::fs::read(&path).unwrap();
            strip(&mut bytes);
            std::fs::write(directory.path().join(name), bytes).unwrap();
        }
        // libc, and the unwinder if there is one; the loader itself is named in the program.
        let run = Command::new("env")
            .arg("true")
            .env("LD_LIBRARY_PATH", directory.path())
            .output()
            .unwrap();
        assert!(run.status.success() && run.stderr.is_empty(), "{run:?}");
        let maps = Command::new("cat")
            .arg("/proc/self/maps")
            .env("LD_LIBRARY_PATH", directory.path())
            .output()
            .unwrap();
        let maps = String::from_utf8(maps.stdout).unwrap();
        assert!(
            maps.contains(&*directory.path().to_string_lossy()),
            "{maps}"
        );
    }
}
