use goblin::elf::dynamic::{DT_NULL, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB};
use goblin::elf::header::{ET_DYN, ET_EXEC};
use goblin::elf::program_header::{
    PF_R, PF_W, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_NOTE, PT_NULL, PT_PHDR, ProgramHeader,
};

use super::view::{DynamicTable, View};
use super::{Error, Result, SearchPathTag};

/// `PT_GNU_PROPERTY`: instruction set properties, which a loader can do without.
const PT_GNU_PROPERTY: u32 = 0x6474_e553;

/// Sets the search path of the file to `new`, whether or not it had one.
///
/// The string table is copied to the end of the file, with the new string appended, in a new
/// segment that reuses the program header of a note. The new dynamic entry uses one of the spare
/// ones that linkers leave; if there are none, the table moves into the new segment too, and so do
/// the program headers of a library without a spare note. No loaded data changes its address.
pub fn add_search_path(bytes: &mut Vec<u8>, new: &str, tag: SearchPathTag) -> Result<()> {
    if new.contains('\0') {
        return Err(Error::SearchPathNul);
    }
    let view = View::parse(bytes)?.ok_or(Error::NotElf)?;
    let table = view.dynamic(bytes)?.ok_or(Error::NotDynamic)?;
    if !matches!(view.header.e_type, ET_EXEC | ET_DYN) || table.strings.1 == 0 {
        return Err(Error::NotDynamic);
    }
    let edit = plan(bytes, &view, &table, new, tag)?;
    let mut grown = bytes.clone();
    grown.resize(edit.offset, 0);
    grown.extend_from_slice(&edit.content);
    for (at, value, len) in &edit.fields {
        view.put(&mut grown, *at, *value, *len)?;
    }
    *bytes = grown;
    Ok(())
}

struct Edit {
    /// File offset of the new segment.
    offset: usize,
    content: Vec<u8>,
    /// Fields to overwrite: offset, value, length.
    fields: Vec<(usize, u64, usize)>,
}

fn plan(
    bytes: &[u8],
    view: &View,
    table: &DynamicTable,
    new: &str,
    tag: SearchPathTag,
) -> Result<Edit> {
    let word = view.word_len();
    let entry_len = 2 * word;
    let outside = Error::Malformed {
        what: "segments fill the address space",
    };
    let (strings_at, strings_len) = table.strings;
    let offset = bytes.len().next_multiple_of(16);
    let address = free_address(view, offset as u64).ok_or(outside.clone())?;

    // The new entries. An old path is replaced; otherwise there must be room for one more and the
    // closing DT_NULL.
    let mut entries: Vec<(u64, u64)> = table
        .entries
        .iter()
        .map(|entry| (entry.tag, entry.value))
        .collect();
    let path = (tag.value(), strings_len as u64);
    let mut is_new = true;
    for entry in entries
        .iter_mut()
        .filter(|entry| matches!(entry.0, DT_RPATH | DT_RUNPATH))
    {
        *entry = path;
        is_new = false;
    }
    if is_new {
        entries.push(path);
    }
    let moves = entries.len() >= table.capacity;
    let moved_len = if moves {
        (entries.len() + 1) * entry_len
    } else {
        0
    };
    let spare = spare_header(bytes, view);
    let header_len = ProgramHeader::size(view.ctx);
    let headers_len = if spare.is_none() {
        (view.segments.len() + 1) * header_len
    } else {
        0
    };
    if spare.is_none() && !may_move_headers(view) {
        return Err(Error::NoSpareHeader);
    }

    let mut strings = bytes[strings_at..strings_at + strings_len].to_vec();
    strings.extend_from_slice(new.as_bytes());
    strings.push(0);
    let strings_address = address
        .checked_add((moved_len + headers_len) as u64)
        .ok_or(outside)?;
    for entry in &mut entries {
        match entry.0 {
            DT_STRTAB => entry.1 = strings_address,
            DT_STRSZ => entry.1 = strings.len() as u64,
            _ => {}
        }
    }
    entries.push((DT_NULL, 0));

    let mut fields = Vec::new();
    let mut content = Vec::new();
    if moves {
        for (tag, value) in &entries {
            content.extend(view.encode(*tag, word));
            content.extend(view.encode(*value, word));
        }
    } else {
        for (index, (tag, value)) in entries.iter().enumerate() {
            let at = table.at + index * entry_len;
            fields.extend([(at, *tag, word), (at + word, *value, word)]);
        }
    }
    let headers_at = content.len();
    content.resize(headers_at + headers_len, 0);
    content.extend(strings);

    // Loaders write to the dynamic section, so a moved one needs a writable segment.
    let load = ProgramHeader {
        p_type: PT_LOAD,
        p_flags: if moves { PF_R | PF_W } else { PF_R },
        p_offset: offset as u64,
        p_vaddr: address,
        p_paddr: address,
        p_filesz: content.len() as u64,
        p_memsz: content.len() as u64,
        p_align: page_len(view),
    };
    let mut segments = view.segments.clone();
    spare.map(|spare| segments.remove(spare));
    // Loaders require ascending segments.
    let last = segments
        .iter()
        .rposition(|segment| segment.p_type == PT_LOAD)
        .ok_or(Error::NoSpareHeader)?;
    segments.insert(last + 1, load);
    let moved = |segment: &mut ProgramHeader, inside: usize, len: usize| {
        segment.p_offset = (offset + inside) as u64;
        (segment.p_vaddr, segment.p_paddr) = (address + inside as u64, address + inside as u64);
        (segment.p_filesz, segment.p_memsz) = (len as u64, len as u64);
    };
    for segment in &mut segments {
        match segment.p_type {
            PT_DYNAMIC if moves => moved(segment, 0, moved_len),
            PT_PHDR if spare.is_none() => moved(segment, headers_at, headers_len),
            _ => {}
        }
    }
    let mut start = view
        .segment_table_range()
        .ok_or(Error::Malformed {
            what: "program header table",
        })?
        .start;
    if spare.is_none() {
        start = offset + headers_at;
        // `e_phoff` and `e_phnum`.
        let (place, count) = if view.is_64() { (32, 56) } else { (28, 44) };
        fields.extend([
            (place, start as u64, word),
            (count, segments.len() as u64, 2),
        ]);
    }
    for (index, segment) in segments.iter().enumerate() {
        fields.extend(header_fields(view, start + index * header_len, segment));
    }
    Ok(Edit {
        offset,
        content,
        fields,
    })
}

/// The page size that the file is linked for; at least that of every system it may run on.
fn page_len(view: &View) -> u64 {
    let aligns = view
        .segments
        .iter()
        .filter(|segment| segment.p_type == PT_LOAD)
        .map(|segment| segment.p_align);
    aligns
        .filter(|align| align.is_power_of_two())
        .max()
        .unwrap_or(0)
        .max(0x1000)
}

/// An address above all segments at which the bytes at `offset` of the file can be mapped.
fn free_address(view: &View, offset: u64) -> Option<u64> {
    let page = page_len(view);
    let mut end = 0;
    for segment in view
        .segments
        .iter()
        .filter(|segment| segment.p_type == PT_LOAD)
    {
        end = end.max(segment.p_vaddr.checked_add(segment.p_memsz)?);
    }
    let address = end
        .checked_next_multiple_of(page)?
        .checked_add(offset % page)?;
    // A 32-bit file has 32-bit addresses.
    (view.is_64() || u32::try_from(address.checked_add(1 << 24)?).is_ok()).then_some(address)
}

/// The most dispensable program header, if there is one.
fn spare_header(bytes: &[u8], view: &View) -> Option<usize> {
    let ranked = view.segments.iter().enumerate();
    ranked
        .filter_map(|(index, segment)| Some((usefulness(bytes, view, segment)?, index)))
        .min()
        .map(|(_, index)| index)
}

/// Whether a loader finds the program headers at any offset. True for libraries. For programs,
/// kernels before 5.18 compute the address of the headers from the first segment.
fn may_move_headers(view: &View) -> bool {
    let is_program = view
        .segments
        .iter()
        .any(|segment| segment.p_type == PT_INTERP);
    view.header.e_type == ET_DYN && !is_program && view.segments.len() < 0xfffe
}

/// Rank among dispensable headers, most dispensable first; `None` for the others.
fn usefulness(bytes: &[u8], view: &View, segment: &ProgramHeader) -> Option<u8> {
    /// `NT_GNU_BUILD_ID`, by which debuggers find symbols.
    const BUILD_ID: u64 = 3;
    match segment.p_type {
        PT_NULL => Some(0),
        PT_NOTE => {
            let kind = usize::try_from(segment.p_offset)
                .ok()
                .and_then(|at| view.u32(bytes, at.checked_add(8)?));
            Some(if kind == Some(BUILD_ID) { 2 } else { 1 })
        }
        PT_GNU_PROPERTY => Some(3),
        _ => None,
    }
}

fn header_fields(view: &View, at: usize, segment: &ProgramHeader) -> Vec<(usize, u64, usize)> {
    let word = view.word_len();
    let (kind, flags) = (
        (u64::from(segment.p_type), 4),
        (u64::from(segment.p_flags), 4),
    );
    let offset = (segment.p_offset, word);
    let addresses = [(segment.p_vaddr, word), (segment.p_paddr, word)];
    let sizes = [(segment.p_filesz, word), (segment.p_memsz, word)];
    let align = (segment.p_align, word);
    // The field order of the flags differs between the two classes, for alignment.
    let values = if view.is_64() {
        [
            kind,
            flags,
            offset,
            addresses[0],
            addresses[1],
            sizes[0],
            sizes[1],
            align,
        ]
    } else {
        [
            kind,
            offset,
            addresses[0],
            addresses[1],
            sizes[0],
            sizes[1],
            flags,
            align,
        ]
    };
    let mut at = at;
    let mut fields = Vec::new();
    for (value, len) in values {
        fields.push((at, value, len));
        at += len;
    }
    fields
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use std::process::Command;
    use std::{env, fs};

    use super::super::testing::{Sample, layouts, loaded_libraries};
    use super::*;
    use crate::elf::{ElfFacts, inspect, strip};

    const PATH: &str = "$ORIGIN/../somewhere/quite/far/from/here/lib";

    fn grown(sample: &Sample) -> (ElfFacts, ElfFacts) {
        let mut bytes = sample.build();
        let before = inspect(&bytes).unwrap().unwrap();
        add_search_path(&mut bytes, PATH, SearchPathTag::Rpath).unwrap();
        (before, inspect(&bytes).unwrap().unwrap())
    }

    #[test]
    fn only_the_search_path_changes() {
        for layout in layouts() {
            for runpath in [None, Some("/opt/python/lib")] {
                for spare in [0, 1, 5] {
                    let (before, after) = grown(&Sample {
                        runpath,
                        spare,
                        ..layout.clone()
                    });
                    assert_eq!(
                        after,
                        ElfFacts {
                            rpath: Some(PATH.to_owned()),
                            runpath: None,
                            ..before
                        }
                    );
                }
            }
        }
    }

    #[test]
    fn without_a_header_to_spare_those_of_a_library_move() {
        for layout in layouts() {
            for spare in [0, 5] {
                let sample = Sample {
                    has_note: false,
                    spare,
                    ..layout.clone()
                };
                let (before, after) = grown(&sample);
                assert_eq!(
                    after,
                    ElfFacts {
                        rpath: Some(PATH.to_owned()),
                        runpath: None,
                        ..before
                    }
                );
                let mut bytes = sample.build();
                add_search_path(&mut bytes, PATH, SearchPathTag::Rpath).unwrap();
                let view = View::parse(&bytes).unwrap().unwrap();
                let table = view.segment_table_range().unwrap();
                let load = view
                    .segments
                    .iter()
                    .rfind(|segment| segment.p_type == PT_LOAD)
                    .unwrap();
                let loaded = load.p_offset..load.p_offset + load.p_filesz;
                let (start, end) = (table.start as u64, table.end as u64);
                assert!(
                    loaded.start <= start && end <= loaded.end,
                    "{table:?} in {loaded:?}"
                );
            }
        }
    }

    #[test]
    fn loaded_segments_ascend_and_their_pages_are_their_own() {
        let mut bytes = Sample::default().build();
        add_search_path(&mut bytes, PATH, SearchPathTag::Rpath).unwrap();
        let view = View::parse(&bytes).unwrap().unwrap();
        let loads: Vec<_> = view
            .segments
            .iter()
            .filter(|segment| segment.p_type == PT_LOAD)
            .collect();
        for pair in loads.windows(2) {
            assert!(pair[0].p_vaddr + pair[0].p_memsz <= pair[1].p_vaddr / 0x1000 * 0x1000);
        }
        assert!(
            loads
                .iter()
                .all(|load| load.p_offset % 0x1000 == load.p_vaddr % 0x1000)
        );
    }

    /// Removes the spare dynamic entries of a real file, so that the table has to move.
    fn without_spare(bytes: &mut [u8]) {
        let view = View::parse(bytes).unwrap().unwrap();
        let table = view.dynamic(bytes).unwrap().unwrap();
        let range = view.segment_table_range().unwrap();
        let index = view
            .segments
            .iter()
            .position(|segment| segment.p_type == PT_DYNAMIC)
            .unwrap();
        let mut dynamic = view.segments[index].clone();
        let len = ((table.entries.len() + 1) * 2 * view.word_len()) as u64;
        (dynamic.p_filesz, dynamic.p_memsz) = (len, len);
        for (at, value, len) in header_fields(
            &view,
            range.start + index * ProgramHeader::size(view.ctx),
            &dynamic,
        ) {
            view.put(bytes, at, value, len).unwrap();
        }
    }

    /// A program finds a library through the added search path, with and without spare entries,
    /// stripped or not.
    #[test]
    fn a_program_searches_the_path_it_was_given() {
        let program = env::split_paths(&env::var_os("PATH").unwrap())
            .map(|path| path.join("cat"))
            .find(|path| path.exists());
        let program = fs::read(program.expect("a `cat` in PATH")).unwrap();
        let libc = loaded_libraries();
        let libc = libc
            .iter()
            .find(|path| path.ends_with("libc.so.6"))
            .expect("a glibc system");
        for (is_stripped, is_full) in [(false, false), (true, false), (false, true), (true, true)] {
            let directory = tempfile::tempdir().unwrap();
            let root = directory.path().canonicalize().unwrap();
            fs::create_dir_all(root.join("lib")).unwrap();
            fs::create_dir_all(root.join("bin")).unwrap();
            fs::copy(libc, root.join("lib/libc.so.6")).unwrap();
            let mut bytes = program.clone();
            if is_stripped {
                strip(&mut bytes);
            }
            if is_full {
                without_spare(&mut bytes);
            }
            add_search_path(&mut bytes, "$ORIGIN/../lib", SearchPathTag::Rpath).unwrap();
            let target: PathBuf = root.join("bin/cat");
            fs::write(&target, &bytes).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).unwrap();
            let run = Command::new(&target)
                .arg("/proc/self/maps")
                .env_clear()
                .output()
                .unwrap();
            let maps = String::from_utf8(run.stdout).unwrap();
            assert!(
                run.status.success() && run.stderr.is_empty(),
                "{is_stripped} {is_full} {:?}",
                run.status
            );
            assert!(
                maps.contains(&*root.join("lib/libc.so.6").to_string_lossy()),
                "{maps}"
            );
        }
    }
}
