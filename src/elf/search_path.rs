use goblin::elf::dynamic::{
    DT_GNU_HASH, DT_HASH, DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_SYMTAB, DT_VERDEF,
    DT_VERDEFNUM,
};

use super::facts::needed_versions;
use super::view::{DynamicTable, View};
use super::{Error, Result, add_search_path};

/// Tags that name libraries whose symbols take precedence over the file's own; goblin does not know
/// them.
const DT_AUXILIARY: u64 = 0x7fff_fffd;
const DT_FILTER: u64 = 0x7fff_ffff;

/// The two kinds of search path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchPathTag {
    /// `DT_RPATH`: searched before `LD_LIBRARY_PATH`, also for the dependencies of libraries.
    Rpath,
    /// `DT_RUNPATH`: searched after `LD_LIBRARY_PATH`, only for the direct dependencies of the
    /// file.
    Runpath,
}

impl SearchPathTag {
    pub(super) const fn value(self) -> u64 {
        match self {
            Self::Rpath => DT_RPATH,
            Self::Runpath => DT_RUNPATH,
        }
    }
}

/// How [`set_search_path`] changed the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The file had this path already.
    None,
    /// The old string was overwritten; the length is unchanged.
    InPlace,
    /// A segment was added at the end.
    Grown,
}

/// Sets the search path of the file to `new`: in place if it fits, else in a segment of its own.
pub fn set_search_path(bytes: &mut Vec<u8>, new: &str, tag: SearchPathTag) -> Result<Change> {
    match rewrite_search_path(bytes, new, tag) {
        Ok(changed) => Ok(if changed {
            Change::InPlace
        } else {
            Change::None
        }),
        Err(
            Error::NoSearchPath | Error::SearchPathTooLong { .. } | Error::SearchPathShared { .. },
        ) => {
            add_search_path(bytes, new, tag)?;
            Ok(Change::Grown)
        }
        Err(other) => Err(other),
    }
}

/// Overwrites the search path with one that is not longer and sets its kind to `tag`. Returns
/// whether a byte changed.
///
/// If a file has both kinds, both get the new value.
pub fn rewrite_search_path(bytes: &mut [u8], new: &str, tag: SearchPathTag) -> Result<bool> {
    if new.contains('\0') {
        return Err(Error::SearchPathNul);
    }
    let view = View::parse(bytes)?.ok_or(Error::NotElf)?;
    let table = view.dynamic(bytes)?.ok_or(Error::NotDynamic)?;
    let paths: Vec<_> = table
        .entries
        .iter()
        .filter(|entry| matches!(entry.tag, DT_RPATH | DT_RUNPATH))
        .collect();
    // With both, a loader uses DT_RUNPATH.
    let Some(chosen) = paths
        .iter()
        .find(|entry| entry.tag == DT_RUNPATH)
        .or(paths.first())
    else {
        return Err(Error::NoSearchPath);
    };
    let string = Extent::of(bytes, &table, chosen.value).ok_or(Error::Malformed {
        what: "search path",
    })?;
    let is_set = bytes[string.range()] == *new.as_bytes();
    if is_set
        && paths
            .iter()
            .all(|entry| entry.tag == tag.value() && entry.value == chosen.value)
    {
        return Ok(false);
    }
    if !is_set {
        if new.len() > string.len {
            return Err(Error::SearchPathTooLong {
                needed: new.len(),
                room: string.len,
            });
        }
        string.check_unshared(bytes, &view, &table)?;
    }
    for entry in &paths {
        view.put(bytes, entry.at, tag.value(), view.word_len())?;
        view.put(
            bytes,
            entry.at + view.word_len(),
            chosen.value,
            view.word_len(),
        )?;
    }
    let target = &mut bytes[string.range()];
    target[..new.len()].copy_from_slice(new.as_bytes());
    target[new.len()..].fill(0);
    Ok(true)
}

/// A string of the dynamic string table.
struct Extent {
    /// Offset into the string table.
    offset: u64,
    /// File offset of its first byte.
    at: usize,
    /// Without the NUL.
    len: usize,
}

impl Extent {
    /// The string at `offset`; it is entirely inside the table and the file.
    fn of(bytes: &[u8], table: &DynamicTable, offset: u64) -> Option<Self> {
        let (start, len) = table.strings;
        let strings = bytes.get(start..start.checked_add(len)?)?;
        let rest = strings.get(usize::try_from(offset).ok()?..)?;
        let len = rest.iter().position(|byte| *byte == 0)?;
        Some(Self {
            offset,
            at: start + (strings.len() - rest.len()),
            len,
        })
    }

    const fn range(&self) -> std::ops::Range<usize> {
        self.at..self.at + self.len
    }

    /// Fails if another name shares bytes of this string: linkers merge a name with the tail of a
    /// longer one.
    fn check_unshared(&self, bytes: &[u8], view: &View, table: &DynamicTable) -> Result<()> {
        // This string may itself be the tail of a longer one.
        let before = bytes[table.strings.0..self.at]
            .iter()
            .rev()
            .take_while(|byte| **byte != 0)
            .count();
        let first = self.offset - before as u64;
        let end = self.offset + self.len as u64;
        let names = names_in_use(bytes, view, table).ok_or(Error::Malformed {
            what: "dynamic symbols",
        })?;
        match names.into_iter().find(|name| (first..end).contains(name)) {
            Some(name) => Err(Error::SearchPathShared {
                name: table.string(bytes, name).unwrap_or_default(),
            }),
            None => Ok(()),
        }
    }
}

/// Offsets of all names in the string table other than search paths. `None` if a table is outside
/// the file.
fn names_in_use(bytes: &[u8], view: &View, table: &DynamicTable) -> Option<Vec<u64>> {
    let mut names: Vec<u64> = table
        .entries
        .iter()
        .filter(|entry| matches!(entry.tag, DT_NEEDED | DT_SONAME | DT_AUXILIARY | DT_FILTER))
        .map(|entry| entry.value)
        .collect();
    for version in needed_versions(bytes, view, table)? {
        names.extend([version.library, version.name]);
    }
    defined_versions(bytes, view, table, &mut names)?;
    if let Some(address) = table.value_of(DT_SYMTAB) {
        let start = view.offset_of(address)?;
        let entry_len = if view.is_64() { 24 } else { 16 };
        for index in 0..symbol_count(bytes, view, table)? {
            names.push(view.u32(bytes, start.checked_add(index.checked_mul(entry_len)?)?)?);
        }
    }
    Some(names)
}

/// Names of the versions that the file defines (`Elf64_Verdef`, the same in both classes).
pub(super) fn defined_versions(
    bytes: &[u8],
    view: &View,
    table: &DynamicTable,
    names: &mut Vec<u64>,
) -> Option<()> {
    let (Some(address), Some(count)) = (table.value_of(DT_VERDEF), table.value_of(DT_VERDEFNUM))
    else {
        return Some(());
    };
    let mut at = view.offset_of(address)?;
    for _ in 0..count {
        let mut aux =
            at.checked_add(usize::try_from(view.u32(bytes, at.checked_add(12)?)?).ok()?)?;
        for _ in 0..view.u16(bytes, at.checked_add(6)?)? {
            names.push(view.u32(bytes, aux)?);
            if names.len() > bytes.len() {
                return None;
            }
            match usize::try_from(view.u32(bytes, aux.checked_add(4)?)?).ok()? {
                0 => break,
                next => aux = aux.checked_add(next)?,
            }
        }
        match usize::try_from(view.u32(bytes, at.checked_add(16)?)?).ok()? {
            0 => break,
            next => at = at.checked_add(next)?,
        }
    }
    Some(())
}

/// The number of dynamic symbols. It follows from the hash tables: `DT_SYMTAB` has no size.
fn symbol_count(bytes: &[u8], view: &View, table: &DynamicTable) -> Option<usize> {
    if let Some(address) = table.value_of(DT_HASH) {
        // nbucket, nchain; there is a chain entry per symbol.
        return usize::try_from(view.u32(bytes, view.offset_of(address)?.checked_add(4)?)?).ok();
    }
    let Some(address) = table.value_of(DT_GNU_HASH) else {
        return Some(0);
    };
    let at = view.offset_of(address)?;
    let field = |index: usize| usize::try_from(view.u32(bytes, at.checked_add(4 * index)?)?).ok();
    let (buckets, first, filter_len) = (field(0)?, field(1)?, field(2)?);
    let buckets_at = at
        .checked_add(16)?
        .checked_add(filter_len.checked_mul(view.word_len())?)?;
    let chains_at = buckets_at.checked_add(buckets.checked_mul(4)?)?;
    if chains_at > bytes.len() {
        return None;
    }
    let mut last = 0;
    for bucket in (buckets_at..chains_at).step_by(4) {
        last = last.max(usize::try_from(view.u32(bytes, bucket)?).ok()?);
    }
    if last < first {
        return Some(first);
    }
    // The chain of the bucket with the highest symbol ends at the highest of all; a set low bit
    // marks its end.
    loop {
        let chain = chains_at.checked_add((last - first).checked_mul(4)?)?;
        let hash = view.u32(bytes, chain)?;
        last = last.checked_add(1)?;
        if hash & 1 == 1 {
            return Some(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sample, layouts};
    use super::*;
    use crate::elf::inspect;

    fn paths(bytes: &[u8]) -> (Option<String>, Option<String>) {
        let facts = inspect(bytes).unwrap().unwrap();
        (facts.rpath, facts.runpath)
    }

    #[test]
    fn a_path_that_fits_is_rewritten_in_place() {
        for sample in layouts() {
            let mut bytes = sample.build();
            let len = bytes.len();
            assert_eq!(
                rewrite_search_path(&mut bytes, "$ORIGIN", SearchPathTag::Rpath),
                Ok(true)
            );
            assert_eq!(bytes.len(), len);
            assert_eq!(paths(&bytes), (Some("$ORIGIN".to_owned()), None));
            assert_eq!(
                rewrite_search_path(&mut bytes, "$ORIGIN", SearchPathTag::Rpath),
                Ok(false)
            );
            assert_eq!(
                rewrite_search_path(&mut bytes, "$ORIGIN", SearchPathTag::Runpath),
                Ok(true)
            );
            assert_eq!(paths(&bytes), (None, Some("$ORIGIN".to_owned())));
        }
    }

    #[test]
    fn nothing_of_the_old_path_is_left() {
        let mut bytes = Sample::default().build();
        rewrite_search_path(&mut bytes, "$ORIGIN", SearchPathTag::Rpath).unwrap();
        assert!(
            !bytes
                .windows(3)
                .any(|window| window == b"lib\0" || window == b"/py")
        );
    }

    #[test]
    fn a_path_that_does_not_fit_is_an_error_with_both_lengths() {
        let mut bytes = Sample::default().build();
        let error =
            rewrite_search_path(&mut bytes, "$ORIGIN/../../elsewhere", SearchPathTag::Rpath)
                .unwrap_err();
        assert_eq!(
            error,
            Error::SearchPathTooLong {
                needed: 23,
                room: 15
            }
        );
        assert_eq!(bytes, Sample::default().build());
    }

    #[test]
    fn a_name_inside_the_old_path_is_not_overwritten() {
        let sample = Sample {
            symbol: "lib",
            ..Sample::default()
        };
        let mut bytes = sample.build();
        let error = rewrite_search_path(&mut bytes, "$ORIGIN", SearchPathTag::Rpath).unwrap_err();
        assert_eq!(
            error,
            Error::SearchPathShared {
                name: "lib".to_owned()
            }
        );
        assert_eq!(
            set_search_path(&mut bytes, "$ORIGIN", SearchPathTag::Rpath),
            Ok(Change::Grown)
        );
        assert_eq!(paths(&bytes), (Some("$ORIGIN".to_owned()), None));
    }

    #[test]
    fn a_file_without_a_path_says_so() {
        let mut bytes = Sample {
            runpath: None,
            ..Sample::default()
        }
        .build();
        assert_eq!(
            rewrite_search_path(&mut bytes, "$ORIGIN", SearchPathTag::Rpath),
            Err(Error::NoSearchPath)
        );
        assert_eq!(
            rewrite_search_path(&mut bytes, "a\0b", SearchPathTag::Rpath),
            Err(Error::SearchPathNul)
        );
        assert_eq!(
            rewrite_search_path(&mut b"#!".to_vec(), "a", SearchPathTag::Rpath),
            Err(Error::NotElf)
        );
    }
}
