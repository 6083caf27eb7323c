//! Decides which libraries of this machine a tree must carry, and how its files find them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::inside::{Inside, relative_entries};
use super::{Around, Inspected};
use crate::elf::{self, ElfFacts, Kind, SearchPathTag, Versions};
use crate::fs::Entry;
use crate::libraries::{
    FoundLibrary, base_name, is_part_of_glibc, matches_any, must_come_from_target,
};
use crate::target::CLibrary;

/// The changes to a tree.
pub(super) struct Carrying {
    /// The directory of the added libraries, relative to the tree.
    pub(super) place: PathBuf,
    /// By the name under which they are needed.
    pub(super) libraries: BTreeMap<String, Library>,
    /// By entry.
    pub(super) edits: HashMap<usize, Edit>,
    pub(super) left: Vec<Left>,
}

/// A library of this machine to be added.
pub(super) struct Library {
    pub(super) found: FoundLibrary,
    /// Whether it needs another added library.
    pub(super) needs_others: bool,
    /// The files that need it.
    pub(super) needed_by: Vec<String>,
}

/// A library that a file needs and cannot get.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Left {
    pub(crate) library: String,
    pub(crate) why: Why,
    /// The file that needs it, then everything that loads that file; paths inside the slot.
    pub(crate) needed_by: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Why {
    /// It is not in the tree, and was not added.
    Absent,
    /// It exists without these symbol versions.
    Versions(Vec<String>),
    /// The file could not be changed to find it, for this reason.
    Unfit(String),
}

/// The new search path of a file.
#[derive(Debug, Default)]
pub(super) struct Edit {
    /// Entries to put before and after the existing ones.
    before: Vec<String>,
    after: Vec<String>,
    /// Must also be found through the search path of the interpreter.
    inherits: bool,
    /// Needed libraries that it does not find otherwise.
    libraries: BTreeSet<String>,
}

impl Edit {
    /// The search path and its kind. With `relocate`, absolute entries are dropped.
    pub(super) fn search_path(&self, facts: &ElfFacts, relocate: bool) -> (String, SearchPathTag) {
        let own = facts.runpath.as_ref().or(facts.rpath.as_ref());
        let own: Vec<&str> = own
            .map(|path| {
                path.split([':', ';'])
                    .filter(|one| !one.is_empty())
                    .collect()
            })
            .unwrap_or_default();
        let kept = own
            .into_iter()
            .filter(|entry| !relocate || !entry.starts_with('/'));
        let mut entries: Vec<&str> = Vec::new();
        for entry in self
            .before
            .iter()
            .map(String::as_str)
            .chain(kept)
            .chain(self.after.iter().map(String::as_str))
        {
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        if entries.is_empty() {
            entries.push("$ORIGIN");
        }
        // `DT_RUNPATH` would hide the interpreter's own search path; otherwise the kind is kept.
        let keeps = facts.runpath.is_some() && !self.inherits;
        (
            entries.join(":"),
            if keeps {
                SearchPathTag::Runpath
            } else {
                SearchPathTag::Rpath
            },
        )
    }

    /// The libraries that the file will not find, if it cannot be edited.
    pub(super) fn left_without(self, file: &Path, error: &elf::Error) -> Vec<Left> {
        let left = |library| Left {
            library,
            why: Why::Unfit(error.to_string()),
            needed_by: vec![file.display().to_string()],
        };
        self.libraries.into_iter().map(left).collect()
    }
}

/// The entries of a file's search path that begin with `$ORIGIN`.
pub(super) fn relative_paths(facts: &ElfFacts) -> Vec<&str> {
    let path = facts.runpath.as_ref().or(facts.rpath.as_ref());
    path.map(|path| relative_entries(path)).unwrap_or_default()
}

impl Around<'_> {
    /// Whether a library must come from the target machine.
    pub(super) fn is_from_target(&self, name: &str) -> bool {
        must_come_from_target(name) || matches_any(name, self.listed)
    }
}

/// Decides for every native file of a tree where its libraries come from.
pub(super) fn decide(entries: &[Entry], files: &[Inspected], around: Around<'_>) -> Carrying {
    let inside = Inside::of(entries, files);
    let of_programs = inside.of_programs();
    let mut decision = Decision {
        entries,
        files,
        around,
        of_programs,
        inside,
        runtime: HashMap::new(),
        made: Carrying {
            place: place(entries, around.slot),
            libraries: BTreeMap::new(),
            edits: HashMap::new(),
            left: Vec::new(),
        },
    };
    for at in 0..files.len() {
        decision.file(at);
    }
    decision.finish()
}

/// An unused directory name.
fn place(entries: &[Entry], slot: &str) -> PathBuf {
    let is_taken = |name: &str| entries.iter().any(|entry| entry.relative.starts_with(name));
    let mut name = format!("{slot}.libs");
    while is_taken(&name) {
        name.push('_');
    }
    name.into()
}

struct Decision<'a> {
    entries: &'a [Entry],
    files: &'a [Inspected],
    around: Around<'a>,
    inside: Inside<'a>,
    of_programs: BTreeSet<usize>,
    /// The symbol versions of the interpreter's libraries, cached.
    runtime: HashMap<String, Versions>,
    made: Carrying,
}

impl Decision<'_> {
    fn file(&mut self, at: usize) {
        let facts = &self.files[at].facts;
        let of_other_libc = facts.needed.iter().any(|name| CLibrary::is_musl(name));
        if !facts.is_for(self.around.target)
            || of_other_libc
            || !matches!(facts.kind, Kind::Executable | Kind::SharedObject)
        {
            return;
        }
        for name in &facts.needed {
            if !is_part_of_glibc(base_name(name)) {
                self.need(at, name);
            }
        }
    }

    fn need(&mut self, at: usize, name: &str) {
        let (files, around) = (self.files, self.around);
        let asks = &files[at].versions;
        let missing = |found: &Versions| asks.missing_from(name, found);
        if let Some(library) = self.inside.found(at, name) {
            let lacks = missing(&files[library].versions);
            if !lacks.is_empty() {
                self.newer(at, name, lacks);
            }
            return;
        }
        if !self.of_programs.contains(&at) && around.runtime.contains_key(name) {
            let lacks = missing(&self.of_runtime(name));
            if !lacks.is_empty() {
                self.leave(at, name, Why::Versions(lacks));
            } else if files[at].facts.runpath.is_some() {
                let edit = self.edit(at);
                edit.inherits = true;
                edit.libraries.insert(name.to_owned());
            }
            return;
        }
        if around.elsewhere.contains(name) {
            return;
        }
        // Code that loads the library by its path does so before the file is loaded.
        let named = self
            .inside
            .named(name)
            .iter()
            .copied()
            .find(|one| missing(&files[*one].versions).is_empty());
        if !around.carries || around.is_from_target(name) {
            if named.is_none() {
                self.leave(at, name, Why::Absent);
            }
            return;
        }
        let found = around
            .machine
            .find(name, &self.entries[files[at].at].path, &files[at].facts);
        match (found, named) {
            // Here it may work because of this machine's library; with its own it works anywhere.
            (Some(_), Some(own)) if around.has_place => {
                let directory = self
                    .inside
                    .path(own)
                    .parent()
                    .unwrap_or(Path::new(""))
                    .to_path_buf();
                self.lead(at, name, &directory, false);
            }
            (Some(found), None) => {
                let lacks = missing(&found.versions);
                if !lacks.is_empty() {
                    self.leave(at, name, Why::Versions(lacks));
                } else if around.has_place {
                    self.carry(at, name, found, false);
                } else {
                    let reason =
                        "a temporary single-file slot cannot have libraries beside the file";
                    self.leave(at, name, Why::Unfit(reason.into()));
                }
            }
            (_, Some(_)) => {}
            (None, None) => self.leave(at, name, Why::Absent),
        }
    }

    /// The library that the file finds is too old: this machine's may be new enough.
    fn newer(&mut self, at: usize, name: &str, lacks: Vec<String>) {
        let file = &self.files[at];
        let found =
            self.around.carries && self.around.has_place && !self.around.is_from_target(name);
        let found = found
            .then(|| {
                self.around
                    .machine
                    .find(name, &self.entries[file.at].path, &file.facts)
            })
            .flatten();
        match found.filter(|found| file.versions.missing_from(name, &found.versions).is_empty()) {
            Some(found) => self.carry(at, name, found, true),
            None => self.leave(at, name, Why::Versions(lacks)),
        }
    }

    fn carry(&mut self, at: usize, name: &str, found: FoundLibrary, first: bool) {
        let by_program = self.of_programs.contains(&at);
        let needed_by = self.names(at);
        self.take(base_name(name), found, by_program, &needed_by);
        let place = self.made.place.clone();
        self.lead(at, name, &place, first);
    }

    /// Adds a library and everything that it needs.
    fn take(&mut self, name: &str, found: FoundLibrary, by_program: bool, needed_by: &[String]) {
        if self.made.libraries.contains_key(name) {
            return;
        }
        let (path, facts) = (found.path.clone(), found.facts.clone());
        let library = Library {
            found,
            needs_others: false,
            needed_by: needed_by.to_vec(),
        };
        self.made.libraries.insert(name.to_owned(), library);
        for next in &facts.needed {
            let base = base_name(next);
            let is_there =
                is_part_of_glibc(base) || (!by_program && self.around.runtime.contains_key(base));
            if is_there {
                continue;
            }
            if self.around.is_from_target(base) {
                self.made.left.push(Left {
                    library: base.into(),
                    why: Why::Absent,
                    needed_by: needed_by.to_vec(),
                });
                continue;
            }
            match self.around.machine.find(next, &path, &facts) {
                Some(more) => {
                    self.take(base, more, by_program, needed_by);
                    if let Some(library) = self.made.libraries.get_mut(name) {
                        library.needs_others = true;
                    }
                }
                None => {
                    self.made.left.push(Left {
                        library: base.into(),
                        why: Why::Absent,
                        needed_by: needed_by.to_vec(),
                    });
                }
            }
        }
    }

    /// Adds a directory of the tree to a file's search path.
    fn lead(&mut self, at: usize, name: &str, directory: &Path, first: bool) {
        let above = self
            .inside
            .path(at)
            .parent()
            .unwrap_or(Path::new(""))
            .to_path_buf();
        let entry = from_origin(&above, directory);
        let edit = self.edit(at);
        let list = if first {
            &mut edit.before
        } else {
            &mut edit.after
        };
        if !list.contains(&entry) {
            list.push(entry);
        }
        edit.libraries.insert(name.to_owned());
    }

    fn edit(&mut self, at: usize) -> &mut Edit {
        self.made.edits.entry(self.files[at].at).or_default()
    }

    fn leave(&mut self, at: usize, name: &str, why: Why) {
        let needed_by = self.names(at);
        self.made.left.push(Left {
            library: base_name(name).to_owned(),
            why,
            needed_by,
        });
    }

    fn names(&self, at: usize) -> Vec<String> {
        self.inside
            .with_parents(at)
            .into_iter()
            .map(|one| self.inside.path(one).display().to_string())
            .collect()
    }

    fn of_runtime(&mut self, name: &str) -> Versions {
        let path = self.around.runtime.get(name);
        let read = || {
            path.and_then(|path| std::fs::read(path).ok())
                .map(|bytes| elf::versions(&bytes))
        };
        self.runtime
            .entry(name.to_owned())
            .or_insert_with(|| read().unwrap_or_default())
            .clone()
    }

    fn finish(self) -> Carrying {
        self.made
    }
}

/// The search path entry that leads from a file in one directory of the tree to another directory.
fn from_origin(from: &Path, to: &Path) -> String {
    let shared = from
        .components()
        .zip(to.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = "/..".repeat(from.components().count() - shared);
    let down: Vec<String> = to
        .components()
        .skip(shared)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    let down = if down.is_empty() {
        String::new()
    } else {
        format!("/{}", down.join("/"))
    };
    format!("$ORIGIN{up}{down}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_path_leads_through_what_both_share() {
        let lead = |from: &str, to: &str| from_origin(Path::new(from), Path::new(to));
        assert_eq!(
            lead("lib/python3.13/site-packages/a", "deps.libs"),
            "$ORIGIN/../../../../deps.libs"
        );
        assert_eq!(lead("", "node.libs"), "$ORIGIN/node.libs");
        assert_eq!(lead("lib/server", "lib"), "$ORIGIN/..");
        assert_eq!(lead("lib", "lib"), "$ORIGIN");
    }
}
