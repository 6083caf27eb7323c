#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice
)]

use goblin::elf::dynamic::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_VERNEED, DT_VERNEEDNUM};
use goblin::elf::header::{ELFMAG, ET_DYN, ET_EXEC, ET_REL};
use goblin::elf::program_header::PT_INTERP;
use serde::Serialize;

use super::view::{DynamicTable, View};
use super::{Error, GlibcVersion, Result};
use crate::target::Target;

/// The type of a file, from its `e_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// `ET_EXEC`: an executable with a fixed address.
    Executable,
    /// `ET_DYN`: a library, or an executable that loads anywhere; the latter has an interpreter.
    SharedObject,
    /// `ET_REL`: compiler output, not loadable.
    Relocatable,
    /// A core dump or an OS-specific type.
    Other,
}

/// The requirements of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ElfFacts {
    pub kind: Kind,
    /// 64-bit class.
    pub is_64: bool,
    /// `e_machine`, the number of a processor.
    pub machine: u16,
    /// Has a dynamic section.
    pub is_dynamic: bool,
    /// The loader that the kernel starts, `/lib64/ld-linux-x86-64.so.2`.
    pub interpreter: Option<String>,
    /// The libraries it is linked against, in search order.
    pub needed: Vec<String>,
    pub soname: Option<String>,
    /// `DT_RUNPATH`, verbatim: entries joined by `:`.
    pub runpath: Option<String>,
    /// `DT_RPATH`; ignored by loaders if there is a `DT_RUNPATH`.
    pub rpath: Option<String>,
    /// The oldest glibc on which the file loads; `None` if it needs no versioned symbol of glibc.
    pub glibc_floor: Option<GlibcVersion>,
}

impl ElfFacts {
    /// Whether programs of this target could load it.
    pub fn is_for(&self, target: Target) -> bool {
        self.is_64 && self.machine == target.processor.elf_number()
    }

    /// Whether a process that loads `other` could also load `self`.
    pub fn is_compatible_with(&self, other: &Self) -> bool {
        self.is_64 == other.is_64 && self.machine == other.machine
    }
}

/// Whether the bytes begin like an ELF file.
pub fn is_elf(bytes: &[u8]) -> bool {
    bytes.starts_with(ELFMAG)
}

/// Reads the requirements of a file; `None` if it is not an ELF file.
pub fn inspect(bytes: &[u8]) -> Result<Option<ElfFacts>> {
    let Some(view) = View::parse(bytes)? else {
        return Ok(None);
    };
    let mut facts = ElfFacts {
        kind: match view.header.e_type {
            ET_EXEC => Kind::Executable,
            ET_DYN => Kind::SharedObject,
            ET_REL => Kind::Relocatable,
            _ => Kind::Other,
        },
        is_64: view.is_64(),
        machine: view.header.e_machine,
        is_dynamic: false,
        interpreter: interpreter(bytes, &view),
        needed: Vec::new(),
        soname: None,
        runpath: None,
        rpath: None,
        glibc_floor: None,
    };
    if let Some(table) = view.dynamic(bytes)? {
        facts.is_dynamic = true;
        for entry in &table.entries {
            let target = match entry.tag {
                DT_NEEDED => {
                    let name = table.string(bytes, entry.value);
                    facts.needed.push(name.ok_or(Error::Malformed {
                        what: "name of a needed library",
                    })?);
                    continue;
                }
                DT_SONAME => &mut facts.soname,
                DT_RUNPATH => &mut facts.runpath,
                DT_RPATH => &mut facts.rpath,
                _ => continue,
            };
            *target = table.string(bytes, entry.value);
        }
        facts.glibc_floor = needed_versions(bytes, &view, &table)
            .ok_or(Error::Malformed {
                what: "table of needed versions",
            })?
            .into_iter()
            .filter(|version| !version.weak)
            .filter_map(|version| {
                GlibcVersion::from_symbol_version(&table.string(bytes, version.name)?)
            })
            .max();
    }
    Ok(Some(facts))
}

fn interpreter(bytes: &[u8], view: &View) -> Option<String> {
    let segment = view
        .segments
        .iter()
        .find(|segment| segment.p_type == PT_INTERP)?;
    let start = usize::try_from(segment.p_offset).ok()?;
    let len = usize::try_from(segment.p_filesz).ok()?;
    let name = bytes.get(start..start.checked_add(len)?)?;
    let name = name.split(|byte| *byte == 0).next()?;
    Some(String::from_utf8_lossy(name).into_owned())
}

/// A version that the file needs of a library. Both names are offsets into the dynamic string
/// table.
pub(super) struct NeededVersion {
    pub(super) library: u64,
    pub(super) name: u64,
    /// Weak: a loader ignores its absence.
    pub(super) weak: bool,
}

/// The table at `DT_VERNEED` (`Elf64_Verneed`, the same in both classes). Read by address, because
/// section headers may be missing. `None` if it is outside the file.
pub(super) fn needed_versions(
    bytes: &[u8],
    view: &View,
    table: &DynamicTable,
) -> Option<Vec<NeededVersion>> {
    const WEAK: u64 = 2;
    let mut versions = Vec::new();
    let (Some(address), Some(count)) = (table.value_of(DT_VERNEED), table.value_of(DT_VERNEEDNUM))
    else {
        return Some(versions);
    };
    let mut at = view.offset_of(address)?;
    for _ in 0..count {
        let library = view.u32(bytes, at.checked_add(4)?)?;
        let mut aux =
            at.checked_add(usize::try_from(view.u32(bytes, at.checked_add(8)?)?).ok()?)?;
        for _ in 0..view.u16(bytes, at.checked_add(2)?)? {
            let weak = view.u16(bytes, aux.checked_add(4)?)? & WEAK != 0;
            versions.push(NeededVersion {
                library,
                name: view.u32(bytes, aux.checked_add(8)?)?,
                weak,
            });
            // Bounds corrupt chains that form a loop.
            if versions.len() > bytes.len() {
                return None;
            }
            match usize::try_from(view.u32(bytes, aux.checked_add(12)?)?).ok()? {
                0 => break,
                next => aux = aux.checked_add(next)?,
            }
        }
        match usize::try_from(view.u32(bytes, at.checked_add(12)?)?).ok()? {
            0 => break,
            next => at = at.checked_add(next)?,
        }
    }
    Some(versions)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{Sample, layouts, loaded_libraries};
    use super::*;
    use crate::elf::{SearchPathTag, add_search_path, rewrite_search_path, set_search_path, strip};

    #[test]
    fn every_class_and_byte_order_reads_alike() {
        for sample in layouts() {
            let facts = inspect(&sample.build()).unwrap().unwrap();
            let expected = ElfFacts {
                kind: Kind::SharedObject,
                is_64: sample.is_64,
                machine: 62,
                is_dynamic: true,
                interpreter: None,
                needed: vec!["libneeded.so.1".to_owned(), "libc.so.6".to_owned()],
                soname: Some("libown.so.3".to_owned()),
                runpath: Some("/opt/python/lib".to_owned()),
                rpath: None,
                glibc_floor: Some(GlibcVersion {
                    major: 2,
                    minor: 17,
                }),
            };
            assert_eq!(facts, expected);
        }
    }

    #[test]
    fn other_files_are_not_elf() {
        assert_eq!(inspect(b""), Ok(None));
        assert_eq!(inspect(b"#!/bin/sh\n"), Ok(None));
        assert!(inspect(b"\x7fELF").is_err());
    }

    #[test]
    fn the_libraries_of_this_process_say_who_they_are() {
        for path in loaded_libraries() {
            let facts = inspect(&std::fs::read(&path).unwrap()).unwrap().unwrap();
            assert!(
                facts.is_dynamic && facts.soname.is_some(),
                "{}: {facts:?}",
                path.display()
            );
        }
    }

    /// Calls every function: none may panic, and an error must leave the bytes unchanged.
    fn poke(bytes: &[u8]) {
        let _ = inspect(bytes);
        for new in [
            "$ORIGIN",
            "$ORIGIN/a/path/that/is/longer/than/the/one/there",
        ] {
            let mut edited = bytes.to_vec();
            if rewrite_search_path(&mut edited, new, SearchPathTag::Rpath).is_err() {
                assert_eq!(edited, bytes);
            }
            let mut edited = bytes.to_vec();
            if add_search_path(&mut edited, new, SearchPathTag::Rpath).is_err() {
                assert_eq!(edited, bytes);
            }
            let mut edited = bytes.to_vec();
            if set_search_path(&mut edited, new, SearchPathTag::Rpath).is_err() {
                assert_eq!(edited, bytes);
            }
        }
        let mut once = bytes.to_vec();
        strip(&mut once);
        let mut twice = once.clone();
        strip(&mut twice);
        assert_eq!(once, twice);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_garbage_panics(tail in prop::collection::vec(any::<u8>(), 0..400), class in 0_u8..4, order in 0_u8..4) {
            let mut bytes = b"\x7fELF".to_vec();
            bytes.extend([class, order]);
            bytes.extend(tail);
            poke(&bytes);
        }

        #[test]
        fn no_mutation_panics(
            layout in 0_usize..4,
            edits in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), Just(0), Just(255)]), 1..8),
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut bytes = layouts().nth(layout).unwrap_or_else(Sample::default).build();
            for (at, value) in edits {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            poke(&bytes);
        }
    }
}
