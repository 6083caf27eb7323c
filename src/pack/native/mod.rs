//! Native files in a package: their requirements, the libraries carried for them, and stripping.

mod carry;
mod inside;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::BuildError;
use crate::elf::{self, ElfFacts, GlibcVersion, SearchPathTag, StripOutcome, Versions};
use crate::format::Sha256;
use crate::fs::{Entry, EntryKind, IoContext, Stamp};
use crate::libraries::{Machine, SystemPackage, is_shared_library_name};
use crate::target::Target;

use carry::{Carrying, Library as MachineLibrary};
pub(super) use carry::{Left, Why};

/// Summary of all native files of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Native {
    /// The oldest glibc that all of them work with.
    pub(super) glibc_floor: Option<GlibcVersion>,
    /// The first file that needs that release.
    pub(super) floor_by: Option<String>,
    pub(super) stripped: Stripped,
    /// Shared libraries other than extension modules, in the order of the tree.
    pub(super) libraries: Vec<Library>,
    /// Libraries of this machine that were added, sorted by name.
    pub(super) carried: Vec<Carried>,
    /// Needed libraries that the tree lacks.
    pub(super) left: Vec<Left>,
    /// Libraries that code opens by name.
    pub(super) opened: Vec<Opened>,
    /// Whether a single-file slot became a tree, to have a directory for the libraries beside the
    /// file.
    pub(super) is_widened: bool,
}

/// A shared library in the package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Library {
    /// Path inside its slot.
    pub(super) path: String,
    pub(super) sha256: Sha256,
    /// Its owner, if it was a library of this machine.
    pub(super) package: Option<SystemPackage>,
}

/// A library that code opens by name at run time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Opened {
    /// `libmagic.so.1`; without a version if any will do.
    pub(super) library: String,
    /// The file, inside its slot.
    pub(super) file: String,
    /// Whether the module is known not to work without it.
    pub(super) is_certain: bool,
}

/// A library of this machine that is carried for the files that need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The name under which it is needed.
    pub name: String,
    /// Its path on this machine.
    pub from: PathBuf,
    /// Digest of the file there.
    pub sha256: Sha256,
    /// The system package that owns it.
    pub package: Option<SystemPackage>,
    stamp: Stamp,
    /// Whether any program of this machine finds it by its name.
    is_system: bool,
}

/// The result of stripping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stripped {
    pub files: usize,
    /// Total sizes before and after, of the files that became smaller.
    pub before: u64,
    pub after: u64,
}

/// How to process the native files of a slot.
#[derive(Clone, Copy)]
pub(super) struct Treatment<'a> {
    /// Remove what is not loaded.
    pub(super) strip: bool,
    /// Remove absolute search paths: those in extension modules that were compiled for the
    /// application lead to the interpreter's directory here, and on the target machine another user
    /// may be able to write there.
    pub(super) relocate: bool,
    /// Directory for changed copies; the originals are left unchanged.
    pub(super) copies: &'a Path,
    pub(super) around: Around<'a>,
}

/// What the files of a slot find outside of it.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// Name of the slot.
    pub(super) slot: &'a str,
    pub(super) machine: &'a Machine,
    /// Only its files are given libraries.
    pub(super) target: Target,
    /// The libraries of the interpreter, available to everything it loads; by name.
    pub(super) runtime: &'a BTreeMap<String, PathBuf>,
    /// Names of libraries in other slots, if the package sets `LD_LIBRARY_PATH` for them.
    pub(super) elsewhere: &'a BTreeSet<String>,
    /// Names or patterns of libraries that the target provides.
    pub(super) listed: &'a [String],
    /// Whether libraries are added at all.
    pub(super) carries: bool,
    /// Whether libraries can be placed beside the files.
    pub(super) has_place: bool,
}

/// A native file before processing.
struct Inspected {
    /// The index of its entry.
    at: usize,
    facts: ElfFacts,
    versions: Versions,
}

/// Examines every native file among the entries, replaces those to be changed by changed copies,
/// and adds the libraries of this machine that they need.
pub(super) fn examine(
    entries: &mut Vec<Entry>,
    treatment: Treatment<'_>,
) -> Result<Native, BuildError> {
    let inspected: Result<Vec<Option<Inspected>>, BuildError> = entries
        .par_iter()
        .enumerate()
        .map(|(at, entry)| inspect(entry, at))
        .collect();
    let inspected: Vec<Inspected> = inspected?.into_iter().flatten().collect();
    let Carrying {
        place,
        libraries,
        mut edits,
        left,
    } = carry::decide(entries, &inspected, treatment.around);
    let changes: Result<Vec<(usize, Changed)>, BuildError> = inspected
        .par_iter()
        .map(|one| {
            let edit = edits.get(&one.at);
            Ok((one.at, change(&entries[one.at], one, edit, treatment)?))
        })
        .collect();
    let mut native = Native {
        left,
        ..Native::default()
    };
    for ((at, changed), one) in changes?.into_iter().zip(&inspected) {
        let entry = &mut entries[at];
        if let Some((copy, len)) = changed.copy {
            entry.path = copy;
            entry.kind = EntryKind::File { len };
        }
        if let (Some(error), Some(edit)) = (changed.failed, edits.remove(&at)) {
            native
                .left
                .extend(edit.left_without(&entry.relative, &error));
        }
        native = native.plus(Native {
            glibc_floor: one.facts.glibc_floor,
            floor_by: Some(entry.relative.display().to_string()),
            stripped: changed.stripped,
            libraries: changed.library.into_iter().collect(),
            ..Native::default()
        });
    }
    native = native.plus(add(entries, &place, &libraries, treatment)?);
    native.left.sort();
    native.left.dedup();
    Ok(native)
}

impl Native {
    pub(super) fn plus(mut self, other: Self) -> Self {
        self.libraries.extend(other.libraries);
        self.carried.extend(other.carried);
        self.left.extend(other.left);
        self.opened.extend(other.opened);
        let floor_by = if other.glibc_floor > self.glibc_floor {
            other.floor_by
        } else {
            self.floor_by
        };
        Self {
            glibc_floor: self.glibc_floor.max(other.glibc_floor),
            floor_by,
            stripped: self.stripped.plus(other.stripped),
            is_widened: self.is_widened || other.is_widened,
            ..self
        }
    }

    /// Whether this machine would still provide the same libraries.
    pub(super) fn is_current(&self, around: &Around<'_>) -> Result<(), String> {
        for one in &self.carried {
            let moved =
                one.is_system && around.machine.find_by_name(&one.name).as_ref() != Some(&one.from);
            let Ok(metadata) = one.from.metadata() else {
                return Err(format!(
                    "`{}`, which it carries, was removed",
                    one.from.display()
                ));
            };
            let same = Stamp::of(&metadata) == one.stamp
                || std::fs::read(&one.from).is_ok_and(|bytes| Sha256::of(&bytes) == one.sha256);
            if moved || !same {
                return Err(format!(
                    "the library `{}` of this machine, which it carries, has changed",
                    one.name
                ));
            }
        }
        let absent = self
            .left
            .iter()
            .filter(|left| around.carries && left.why == Why::Absent);
        let mut absent = absent.filter(|left| !around.is_from_target(&left.library));
        match absent.find(|left| around.machine.find_by_name(&left.library).is_some()) {
            Some(left) => Err(format!(
                "the library `{}`, which was missing, exists on this machine now",
                left.library
            )),
            None => Ok(()),
        }
    }
}

impl Stripped {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            files: self.files + other.files,
            before: self.before + other.before,
            after: self.after + other.after,
        }
    }
}

fn inspect(entry: &Entry, at: usize) -> Result<Option<Inspected>, BuildError> {
    if !matches!(entry.kind, EntryKind::File { .. }) || !starts_like_elf(&entry.path)? {
        return Ok(None);
    }
    let bytes = std::fs::read(&entry.path).on("read", &entry.path)?;
    // A file that only looks native, or is damaged, is packed unchanged.
    let Ok(Some(facts)) = elf::inspect(&bytes) else {
        return Ok(None);
    };
    Ok(Some(Inspected {
        at,
        facts,
        versions: elf::versions(&bytes),
    }))
}

/// The result for one file.
#[derive(Default)]
struct Changed {
    /// A copy that replaces it, and its length.
    copy: Option<(PathBuf, u64)>,
    stripped: Stripped,
    library: Option<Library>,
    /// Why its search path could not be changed.
    failed: Option<elf::Error>,
}

fn change(
    entry: &Entry,
    one: &Inspected,
    edit: Option<&carry::Edit>,
    treatment: Treatment<'_>,
) -> Result<Changed, BuildError> {
    let leads_away = |path: &Option<String>| {
        path.as_deref()
            .is_some_and(|path| path.split(':').any(|one| one.starts_with('/')))
    };
    let facts = &one.facts;
    let relocate = treatment.relocate && (leads_away(&facts.runpath) || leads_away(&facts.rpath));
    let name = entry
        .relative
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let is_library = is_shared_library_name(&name);
    let mut changed = Changed::default();
    if !relocate && edit.is_none() && !treatment.strip && !is_library {
        return Ok(changed);
    }
    let mut bytes = std::fs::read(&entry.path).on("read", &entry.path)?;
    let mut is_other = false;
    if let Some(edit) = edit {
        let (path, tag) = edit.search_path(facts, treatment.relocate);
        match elf::set_search_path(&mut bytes, &path, tag) {
            Ok(change) => {
                tracing::trace!(file = %entry.relative.display(), path, ?change, "search path set");
                is_other = change != elf::Change::None;
            }
            Err(error) => changed.failed = Some(error),
        }
    } else if relocate {
        let kept = carry::relative_paths(facts);
        let path = if kept.is_empty() {
            "$ORIGIN".to_owned()
        } else {
            kept.join(":")
        };
        is_other =
            elf::rewrite_search_path(&mut bytes, &path, SearchPathTag::Runpath).unwrap_or(false);
    }
    let before = bytes.len() as u64;
    if treatment.strip
        && let StripOutcome::Stripped { .. } = elf::strip(&mut bytes)
    {
        changed.stripped = Stripped {
            files: 1,
            before,
            after: bytes.len() as u64,
        };
        is_other = true;
    }
    if is_other {
        let copy = treatment.copies.join(one.at.to_string());
        std::fs::write(&copy, &bytes).on("write", &copy)?;
        changed.copy = Some((copy, bytes.len() as u64));
    }
    if is_library {
        let path = entry.relative.display().to_string();
        changed.library = Some(Library {
            path,
            sha256: Sha256::of(&bytes),
            package: None,
        });
    }
    Ok(changed)
}

/// Adds libraries of this machine to the tree.
fn add(
    entries: &mut Vec<Entry>,
    place: &Path,
    libraries: &BTreeMap<String, MachineLibrary>,
    treatment: Treatment<'_>,
) -> Result<Native, BuildError> {
    let mut native = Native::default();
    if libraries.is_empty() {
        return Ok(native);
    }
    let directory = treatment.copies.join("libraries");
    std::fs::create_dir_all(&directory).on("create directory", &directory)?;
    entries.push(Entry {
        mode: 0o755,
        ..Entry::examine(directory.clone(), place.to_path_buf())?
    });
    let paths = libraries
        .values()
        .map(|library| library.found.path.clone())
        .collect();
    let mut packages = crate::libraries::owners(&paths);
    for (name, library) in libraries {
        let from = &library.found.path;
        let metadata = from.metadata().on("examine", from)?;
        let original = std::fs::read(from).on("read", from)?;
        let sha256 = Sha256::of(&original);
        let mut bytes = original;
        if library.needs_others
            && let Err(error) = elf::set_search_path(&mut bytes, "$ORIGIN", SearchPathTag::Rpath)
        {
            tracing::debug!(library = name, %error, "cannot set the search path");
            let why = Why::Unfit(error.to_string());
            native.left.push(Left {
                library: name.clone(),
                needed_by: library.needed_by.clone(),
                why,
            });
        }
        if treatment.strip {
            elf::strip(&mut bytes);
        }
        let copy = directory.join(name);
        std::fs::write(&copy, &bytes).on("write", &copy)?;
        let relative = place.join(name);
        let path = relative.display().to_string();
        entries.push(Entry {
            mode: 0o644,
            ..Entry::examine(copy, relative)?
        });
        let package = packages.remove(from);
        let floor = library.found.facts.glibc_floor;
        native = native.plus(Native {
            glibc_floor: floor,
            floor_by: Some(path.clone()),
            ..Native::default()
        });
        native.libraries.push(Library {
            path,
            sha256: Sha256::of(&bytes),
            package: package.clone(),
        });
        native.carried.push(Carried {
            name: name.clone(),
            from: from.clone(),
            sha256,
            package,
            stamp: Stamp::of(&metadata),
            is_system: library.found.is_system,
        });
    }
    Ok(native)
}

fn starts_like_elf(path: &Path) -> Result<bool, BuildError> {
    use std::os::unix::fs::FileExt;
    let mut start = [0; 4];
    // Called for every file of a tree: one system call, not the four of reading to the end.
    let found = std::fs::File::open(path)
        .and_then(|file| file.read_at(&mut start, 0))
        .on("read", path)?;
    Ok(elf::is_elf(&start[..found]))
}
