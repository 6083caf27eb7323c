//! Resolves the libraries of every native file of a tree within the tree, like the dynamic loader.

use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

use super::Inspected;
use crate::elf::ElfFacts;
use crate::fs::{Entry, EntryKind};
use crate::libraries::{base_name, expand_search_path, is_part_of_glibc};

/// The maximum number of links followed, to detect loops.
const MOST_LINKS: usize = 40;

/// The native files of a tree and how they find each other. Files are identified by index among
/// those inspected.
pub(super) struct Inside<'a> {
    entries: &'a [Entry],
    files: &'a [Inspected],
    by_path: HashMap<&'a Path, usize>,
    links: HashMap<&'a Path, &'a Path>,
    by_name: HashMap<String, Vec<usize>>,
    /// For each file: the libraries by the name under which they are needed.
    found: Vec<HashMap<&'a str, usize>>,
    /// For each file: the files that load it.
    parents: Vec<BTreeSet<usize>>,
}

impl<'a> Inside<'a> {
    pub(super) fn of(entries: &'a [Entry], files: &'a [Inspected]) -> Self {
        let by_path: HashMap<&Path, usize> = files
            .iter()
            .enumerate()
            .map(|(at, file)| (&*entries[file.at].relative, at))
            .collect();
        let link = |entry: &'a Entry| match &entry.kind {
            EntryKind::Symlink { target } => Some((&*entry.relative, &**target)),
            _ => None,
        };
        let links: HashMap<&Path, &Path> = entries.iter().filter_map(link).collect();
        let mut inside = Self {
            entries,
            files,
            by_path,
            links,
            by_name: HashMap::new(),
            found: vec![HashMap::new(); files.len()],
            parents: vec![BTreeSet::new(); files.len()],
        };
        inside.name();
        inside.resolve();
        inside
    }

    /// The library that the loader finds for a file.
    pub(super) fn found(&self, file: usize, name: &str) -> Option<usize> {
        self.found[file].get(name).copied()
    }

    /// The files of that name, in any directory.
    pub(super) fn named(&self, name: &str) -> &[usize] {
        self.by_name
            .get(base_name(name))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    pub(super) fn path(&self, file: usize) -> &'a Path {
        &self.entries[self.files[file].at].relative
    }

    /// A file and everything that loads it, itself first.
    pub(super) fn with_parents(&self, file: usize) -> Vec<usize> {
        let mut all = vec![file];
        let mut next = 0;
        while let Some(one) = all.get(next).copied() {
            all.extend(
                self.parents[one]
                    .iter()
                    .copied()
                    .filter(|parent| !all.contains(parent))
                    .collect::<Vec<_>>(),
            );
            next += 1;
        }
        all
    }

    /// The programs, and the files that they load.
    pub(super) fn of_programs(&self) -> BTreeSet<usize> {
        // Some libraries name an interpreter too, to print their version when executed.
        let is_program = |at: &usize| {
            let facts = &self.files[*at].facts;
            facts.interpreter.is_some() && facts.soname.is_none()
        };
        let mut all: BTreeSet<usize> = (0..self.files.len()).filter(is_program).collect();
        let mut open: Vec<usize> = all.iter().copied().collect();
        while let Some(file) = open.pop() {
            for loaded in self.found[file].values() {
                if all.insert(*loaded) {
                    open.push(*loaded);
                }
            }
        }
        all
    }

    fn name(&mut self) {
        let mut names: Vec<(String, usize)> = Vec::new();
        for (at, file) in self.files.iter().enumerate() {
            let own = self
                .path(at)
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            names.extend(
                own.into_iter()
                    .chain(file.facts.soname.clone())
                    .map(|name| (name, at)),
            );
        }
        for link in self.links.keys() {
            let Some(name) = link
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
            else {
                continue;
            };
            if name.contains(".so")
                && let Some(at) = self.at(link)
            {
                names.push((name, at));
            }
        }
        names.sort_unstable();
        names.dedup();
        for (name, at) in names {
            self.by_name.entry(name).or_default().push(at);
        }
    }

    /// The native file at a path of the tree, with links followed.
    fn at(&self, path: &Path) -> Option<usize> {
        if let Some(at) = self.by_path.get(path) {
            return Some(*at);
        }
        let mut left = MOST_LINKS;
        self.by_path.get(&*self.real(path, &mut left)?).copied()
    }

    fn real(&self, path: &Path, left: &mut usize) -> Option<PathBuf> {
        let mut real = PathBuf::new();
        for part in path.components() {
            match part {
                Component::Normal(name) => real.push(name),
                Component::ParentDir => drop(real.pop()),
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
            if let Some(target) = self.links.get(&*real).filter(|target| target.is_relative()) {
                *left = left.checked_sub(1)?;
                let next = real.parent().unwrap_or(Path::new("")).join(target);
                real = self.real(&next, left)?;
            }
        }
        Some(real)
    }

    /// The directories of the tree in a file's own search path.
    fn search_path(&self, file: usize, path: Option<&String>) -> Vec<PathBuf> {
        let origin = Path::new("/").join(self.path(file).parent().unwrap_or(Path::new("")));
        let relative = path.map(|path| relative_entries(path).join(":"));
        expand_search_path(relative.as_ref(), &origin)
    }

    /// Resolves the needs of every file, as far as they are in the tree. The loader also searches
    /// the `DT_RPATH` of the files that load a file without a `DT_RUNPATH`, and does not search for
    /// libraries that are loaded already.
    fn resolve(&mut self) {
        let own = |at: usize, facts: &ElfFacts| match &facts.runpath {
            Some(runpath) => self.search_path(at, Some(runpath)),
            None => self.search_path(at, facts.rpath.as_ref()),
        };
        let mut reach: Vec<Vec<PathBuf>> = self
            .files
            .iter()
            .enumerate()
            .map(|(at, file)| own(at, &file.facts))
            .collect();
        loop {
            let mut changed = false;
            for at in 0..self.files.len() {
                let files = self.files;
                for name in &files[at].facts.needed {
                    if is_part_of_glibc(base_name(name))
                        || self.found[at].contains_key(name.as_str())
                    {
                        continue;
                    }
                    let Some(library) = self.find(at, name, &reach[at]) else {
                        continue;
                    };
                    changed = true;
                    self.found[at].insert(name, library);
                    self.parents[library].insert(at);
                }
                if files[at].facts.runpath.is_some() {
                    continue;
                }
                let libraries: Vec<usize> = self.found[at].values().copied().collect();
                for library in libraries {
                    if library == at || files[library].facts.runpath.is_some() {
                        continue;
                    }
                    let more: Vec<PathBuf> = reach[at]
                        .iter()
                        .filter(|directory| !reach[library].contains(directory))
                        .cloned()
                        .collect();
                    changed |= !more.is_empty();
                    reach[library].extend(more);
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn find(&self, at: usize, name: &str, reach: &[PathBuf]) -> Option<usize> {
        let fits = |library: &usize| {
            self.files[*library]
                .facts
                .is_compatible_with(&self.files[at].facts)
        };
        if name.contains('/') {
            let path = self.search_path(at, Some(&name.to_owned()));
            return path
                .iter()
                .find_map(|path| self.at(&below_root(path)))
                .filter(fits);
        }
        let inside = reach
            .iter()
            .find_map(|directory| self.at(&below_root(&directory.join(name))).filter(fits));
        inside.or_else(|| {
            self.parents[at]
                .iter()
                .find_map(|parent| self.found[*parent].get(name).copied())
        })
    }
}

fn below_root(path: &Path) -> PathBuf {
    path.strip_prefix("/").unwrap_or(path).to_path_buf()
}

/// The entries of the search path that begin with `$ORIGIN`.
pub(super) fn relative_entries(path: &str) -> Vec<&str> {
    path.split([':', ';'])
        .filter(|entry| entry.starts_with("$ORIGIN") || entry.starts_with("${ORIGIN}"))
        .collect()
}
