//! Finds a library like the dynamic loader of this machine.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs};

use super::loader_cache::{self, LoaderCache};
use crate::elf::{self, ElfFacts, Versions};
use crate::target::{ElfMachine, Host, Target};

/// Directories that loaders search by default, below `/` and `/usr`.
const STANDARD: &[&str] = &["lib", "lib64"];

/// What the loader of this machine knows: its cache, the standard directories, and the program it
/// searches for, if any.
pub struct Machine {
    /// The interpreter, whose search path applies to everything it loads.
    program: Option<(PathBuf, ElfFacts)>,
    /// Its libpython, wherever it was loaded from.
    library: Option<PathBuf>,
    /// Read on first use: many trees need nothing from it.
    cache: OnceLock<LoaderCache>,
    /// `LD_LIBRARY_PATH`, for programs without a search path of their own.
    environment: Vec<PathBuf>,
    standard: Vec<PathBuf>,
}

/// A library that was found.
#[derive(Clone, Debug)]
pub struct FoundLibrary {
    pub path: PathBuf,
    pub facts: ElfFacts,
    pub versions: Versions,
    /// Whether any program would find it, not just those whose search path leads there.
    pub is_system: bool,
}

impl Machine {
    /// Prepares to search on behalf of any program.
    pub fn new() -> Self {
        let multiarch = Host::PROCESSOR.multiarch();
        let mut standard = Vec::new();
        for base in ["/", "/usr"] {
            standard.push(Path::new(base).join("lib").join(multiarch));
            standard.extend(STANDARD.iter().map(|name| Path::new(base).join(name)));
        }
        Self {
            program: None,
            library: None,
            cache: OnceLock::new(),
            environment: env::var_os("LD_LIBRARY_PATH")
                .map(|path| env::split_paths(&path).collect())
                .unwrap_or_default(),
            standard,
        }
    }

    /// Prepares to search on behalf of an interpreter; `library` is its libpython.
    pub fn of_interpreter(executable: &Path, facts: ElfFacts, library: Option<&Path>) -> Self {
        let program = Some((executable.to_path_buf(), facts));
        Self {
            program,
            library: library.map(Path::to_path_buf),
            ..Self::new()
        }
    }

    /// The interpreter that it searches for.
    pub fn program(&self) -> Option<&(PathBuf, ElfFacts)> {
        self.program.as_ref()
    }

    /// Where the loader would find `name` for the file at `needed_by`, in the order of `ld.so(8)`.
    pub fn find(&self, name: &str, needed_by: &Path, facts: &ElfFacts) -> Option<FoundLibrary> {
        // An absolute path cannot be carried over to another machine, only one relative to the
        // file.
        if name.starts_with('/') {
            return None;
        }
        let own = |path: Option<&String>| expand_search_path(path, &origin(needed_by));
        if name.contains('/') {
            let path = own(Some(&name.to_owned()));
            return path.iter().find_map(|path| fitting(path, facts, false));
        }
        let mut before = Vec::new();
        if facts.runpath.is_none() {
            before.extend(own(facts.rpath.as_ref()));
            if let Some((executable, main)) = self
                .program
                .as_ref()
                .filter(|(_, main)| main.runpath.is_none())
            {
                before.extend(expand_search_path(main.rpath.as_ref(), &origin(executable)));
            }
        }
        let after = own(facts.runpath.as_ref());
        let in_directory = |directory: &PathBuf| fitting(&directory.join(name), facts, false);
        let library = self.library.iter();
        before
            .iter()
            .find_map(in_directory)
            .or_else(|| {
                self.environment
                    .iter()
                    .find_map(|directory| fitting(&directory.join(name), facts, true))
            })
            .or_else(|| after.iter().find_map(in_directory))
            .or_else(|| {
                library
                    .clone()
                    .filter(|path| path.ends_with(name))
                    .find_map(|path| fitting(path, facts, false))
            })
            .or_else(|| {
                self.system(name)
                    .find_map(|path| fitting(&path, facts, true))
            })
            // The interpreter runs with it, so the next best place is beside its libpython.
            .or_else(|| {
                library
                    .filter_map(|path| Some(path.parent()?.join(name)))
                    .find_map(|path| fitting(&path, facts, false))
            })
    }

    /// Where any program would find a library of this name.
    pub fn find_by_name(&self, name: &str) -> Option<PathBuf> {
        if name.contains('/') {
            return None;
        }
        let named = self
            .environment
            .iter()
            .map(|directory| directory.join(name));
        named
            .chain(self.system(name))
            .find(|path| is_for_this_machine(path))
    }

    /// The name of a library that any program finds: this one, or `libfoo.so.1` for `libfoo.so`,
    /// which only development packages have.
    pub fn named_like(&self, name: &str) -> Option<String> {
        let start = format!("{name}.");
        let numbered = || {
            self.cache()
                .keys()
                .filter(|known| known.starts_with(&start))
                .min()
                .cloned()
        };
        numbered().or_else(|| self.find_by_name(name).map(|_| name.to_owned()))
    }

    fn cache(&self) -> &LoaderCache {
        self.cache.get_or_init(|| {
            fs::read("/etc/ld.so.cache")
                .map_or_else(|_| LoaderCache::new(), |bytes| loader_cache::parse(&bytes))
        })
    }

    fn system(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        let cached = self.cache().get(name).into_iter().flatten().cloned();
        cached.chain(
            self.standard
                .iter()
                .map(move |directory| directory.join(name)),
        )
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether a file begins like one that programs of this machine can load: the cache also lists
/// libraries of other architectures.
fn is_for_this_machine(path: &Path) -> bool {
    let mut start = [0; ElfMachine::LEN];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && Target::of_program(&start) == Some(Host::TARGET)
}

fn origin(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("/")).to_path_buf()
}

/// The file at `path`, if a process that loads a file with these facts could load it too.
fn fitting(path: &Path, wanted: &ElfFacts, is_system: bool) -> Option<FoundLibrary> {
    let bytes = fs::read(path).ok()?;
    let facts = elf::inspect(&bytes).ok()??;
    let fits = facts.is_compatible_with(wanted);
    fits.then(|| FoundLibrary {
        path: path.to_path_buf(),
        facts,
        versions: elf::versions(&bytes),
        is_system,
    })
}

/// The file name of a library that is given with its directory, as in interpreters modified by
/// patchelf.
pub fn base_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The directories of a search path, with `$ORIGIN` replaced by `origin`.
pub fn expand_search_path(path: Option<&String>, origin: &Path) -> Vec<PathBuf> {
    let Some(path) = path else {
        return Vec::new();
    };
    let origin = origin.to_string_lossy();
    let lib = if cfg!(target_pointer_width = "64") {
        "lib64"
    } else {
        "lib"
    };
    let expand = |entry: &str| {
        [
            ("$ORIGIN", &*origin),
            ("${ORIGIN}", &*origin),
            ("$LIB", lib),
            ("${LIB}", lib),
        ]
        .iter()
        .fold(entry.to_owned(), |entry, (name, value)| {
            entry.replace(name, value)
        })
    };
    path.split([':', ';'])
        .filter(|entry| !entry.is_empty())
        .map(|entry| PathBuf::from(expand(entry)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_path_is_relative_to_its_file() {
        let path = "$ORIGIN/../lib:/opt/lib:${ORIGIN}".to_owned();
        let directories = expand_search_path(Some(&path), Path::new("/py/bin"));
        assert_eq!(
            directories,
            [
                Path::new("/py/bin/../lib"),
                Path::new("/opt/lib"),
                Path::new("/py/bin")
            ]
        );
    }
}
