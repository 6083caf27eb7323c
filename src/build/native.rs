//! Native files in what is packed: what they need of the machine, and what can be cut from them.

use std::path::Path;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::BuildError;
use crate::elf::{self, GlibcVersion, SearchPathTag, StripOutcome};
use crate::format::Sha256;
use crate::fs::{Entry, EntryKind, IoContext};

/// Sum over all native files of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Native {
    /// Lowest glibc that all of them work with.
    pub(super) glibc_floor: Option<GlibcVersion>,
    pub(super) stripped: Stripped,
    /// Shared libraries, extension modules not among them; in the order of the tree.
    pub(super) libraries: Vec<Library>,
}

/// A shared library as it lies in the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Library {
    /// Inside its slot.
    pub(super) path: String,
    pub(super) sha256: Sha256,
}

/// What stripping did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stripped {
    pub files: usize,
    /// Bytes before and after, of the files that became smaller.
    pub before: u64,
    pub after: u64,
}

/// What is done to the native files of a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Treatment<'a> {
    /// Cut what is not loaded.
    pub(super) strip: bool,
    /// Drop search paths that lead to places on this machine: extension modules that were compiled for the application
    /// have the interpreter's there, and on the machine they run on that place is anybody's.
    pub(super) relocate: bool,
    /// Where changed copies go, one file each; the originals stay as they are.
    pub(super) copies: &'a Path,
}

/// Looks at every native file among the entries and leads those that are to be changed to changed copies.
pub(super) fn examine(entries: &mut [Entry], treatment: Treatment<'_>) -> Result<Native, BuildError> {
    let each: Result<Vec<Native>, BuildError> =
        entries.par_iter_mut().enumerate().map(|(number, entry)| examine_one(entry, number, treatment)).collect();
    Ok(each?.into_iter().fold(Native::default(), Native::plus))
}

impl Native {
    pub(super) fn plus(mut self, other: Self) -> Self {
        self.libraries.extend(other.libraries);
        Self {
            glibc_floor: self.glibc_floor.max(other.glibc_floor),
            stripped: self.stripped.plus(other.stripped),
            libraries: self.libraries,
        }
    }
}

impl Stripped {
    fn plus(self, other: Self) -> Self {
        Self { files: self.files + other.files, before: self.before + other.before, after: self.after + other.after }
    }
}

fn examine_one(entry: &mut Entry, number: usize, treatment: Treatment<'_>) -> Result<Native, BuildError> {
    let EntryKind::File { len } = &mut entry.kind else { return Ok(Native::default()) };
    if !starts_like_elf(&entry.path)? {
        return Ok(Native::default());
    }
    let mut bytes = std::fs::read(&entry.path).on("read", &entry.path)?;
    // A file that only looks native, or is damaged, is packed as it is.
    let Ok(Some(facts)) = elf::inspect(&bytes) else { return Ok(Native::default()) };
    let mut native = Native { glibc_floor: facts.glibc_floor, ..Native::default() };
    let leads_away =
        |path: &Option<String>| path.as_deref().is_some_and(|path| path.split(':').any(|one| one.starts_with('/')));
    let mut changed = treatment.relocate
        && (leads_away(&facts.runpath) || leads_away(&facts.rpath))
        && elf::rewrite_search_path(&mut bytes, "$ORIGIN", SearchPathTag::Runpath).unwrap_or(false);
    if treatment.strip
        && let StripOutcome::Stripped { .. } = elf::strip(&mut bytes)
    {
        native.stripped = Stripped { files: 1, before: *len, after: bytes.len() as u64 };
        changed = true;
    }
    if changed {
        let copy = treatment.copies.join(number.to_string());
        std::fs::write(&copy, &bytes).on("write", &copy)?;
        *len = bytes.len() as u64;
        entry.path = copy;
    }
    if is_library(&entry.relative) {
        let path = entry.relative.display().to_string();
        native.libraries.push(Library { path, sha256: Sha256::of(&bytes) });
    }
    Ok(native)
}

/// By the convention of linkers: `libz.so.1`, `libopenblas-r0.so`; not `_ssl.cpython-313-x86_64-linux-gnu.so`.
fn is_library(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("lib") && (name.contains(".so.") || name.ends_with(".so"))
}

fn starts_like_elf(path: &Path) -> Result<bool, BuildError> {
    use std::os::unix::fs::FileExt;
    let mut start = [0; 4];
    // Every file of a tree comes by here: one call, not the four that reading to an end takes.
    let found = std::fs::File::open(path).and_then(|file| file.read_at(&mut start, 0)).on("read", path)?;
    Ok(elf::is_elf(&start[..found]))
}
