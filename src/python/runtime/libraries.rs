//! Finds the libraries that ELF files need, as the dynamic loader of this machine would.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::{env, fs};

use super::loader_cache::{self, LoaderCache};
use crate::elf::{self, Facts};

/// Libraries of glibc itself (and of musl), which a bare machine has and which fit only its own kernel interface and
/// loader. All others travel with the runtime. A trailing `*` stands for any ending.
const GLIBC: &[&str] = &[
    "ld-linux*",
    "ld64.so.*",
    "ld.so.*",
    "ld-musl-*",
    "libc.so",
    "libc.musl-*",
    "libc.so.6",
    "libm.so.6",
    "libmvec.so.1",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libanl.so.1",
    "libnsl.so.1",
    "libnss_*",
    "libthread_db.so.1",
    "libBrokenLocale.so.1",
    "linux-vdso*",
];

/// Directories that loaders search without being told, below `/` and `/usr`.
const STANDARD: &[&str] = &["lib", "lib64"];

/// Whether `name` is a library that comes with glibc.
pub fn is_part_of_glibc(name: &str) -> bool {
    GLIBC.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *pattern,
    })
}

/// Names of libraries; the paths are in [`Libraries::found`].
pub(super) type Names = BTreeSet<String>;

/// The libraries found so far.
pub(super) struct Libraries {
    /// Where each was found, by the name under which it is needed.
    pub(super) found: BTreeMap<String, PathBuf>,
    /// All that a library needs, itself included, or the name of one that is missing.
    closures: HashMap<String, Result<Names, String>>,
    /// The interpreter: what it is decides which libraries fit, and its `DT_RPATH` is searched for all.
    executable: (PathBuf, Facts),
    library: Option<PathBuf>,
    cache: LoaderCache,
    /// `LD_LIBRARY_PATH`, by which interpreters without a search path of their own are run.
    environment: Vec<PathBuf>,
    standard: Vec<PathBuf>,
}

impl Libraries {
    /// Prepares to search for what `executable` loads; `library` is its libpython.
    pub(super) fn new(executable: &Path, facts: Facts, library: Option<&Path>) -> Self {
        let triplet = format!("{}-linux-gnu", env::consts::ARCH);
        let mut standard = Vec::new();
        for base in ["/", "/usr"] {
            standard.push(Path::new(base).join("lib").join(&triplet));
            standard.extend(STANDARD.iter().map(|name| Path::new(base).join(name)));
        }
        Self {
            found: BTreeMap::new(),
            closures: HashMap::new(),
            executable: (executable.to_path_buf(), facts),
            library: library.map(Path::to_path_buf),
            cache: fs::read("/etc/ld.so.cache").map(|bytes| loader_cache::parse(&bytes)).unwrap_or_default(),
            environment: env::var_os("LD_LIBRARY_PATH")
                .map(|path| env::split_paths(&path).collect())
                .unwrap_or_default(),
            standard,
        }
    }

    /// All libraries that the file at `path` needs but for glibc's, or the name of one that is missing.
    pub(super) fn needed_by(&mut self, path: &Path, facts: &Facts) -> Result<Names, String> {
        let mut names = Names::new();
        for name in &facts.needed {
            if !is_part_of_glibc(base_name(name)) {
                names.extend(self.closure(name, path, facts)?);
            }
        }
        Ok(names)
    }

    /// The library `name` and all that it needs, as if the interpreter itself needed it.
    pub(super) fn closure_of(&mut self, name: &str) -> Result<Names, String> {
        let (path, facts) = self.executable.clone();
        self.closure(name, &path, &facts)
    }

    fn closure(&mut self, name: &str, needed_by: &Path, facts: &Facts) -> Result<Names, String> {
        let base = base_name(name).to_owned();
        if let Some(known) = self.closures.get(&base) {
            return known.clone();
        }
        // Libraries that need each other find this while the first is still being read.
        self.closures.insert(base.clone(), Ok(Names::new()));
        let closure = match self.find(name, needed_by, facts) {
            None => Err(base.clone()),
            Some((path, facts)) => {
                tracing::trace!(library = base, path = %path.display(), "found");
                let needed = self.needed_by(&path, &facts);
                self.found.insert(base.clone(), path);
                needed.map(|mut names| {
                    names.insert(base.clone());
                    names
                })
            }
        };
        self.closures.insert(base, closure.clone());
        closure
    }

    /// Where the loader would find `name`, and what is there. The order is that of `ld.so(8)`.
    fn find(&self, name: &str, needed_by: &Path, facts: &Facts) -> Option<(PathBuf, Facts)> {
        let origin = |path: &Path| path.parent().unwrap_or(Path::new("/")).to_path_buf();
        let own = |path: Option<&String>| expand(path, &origin(needed_by));
        // A path of this machine cannot be rewritten, only one relative to the file.
        if name.starts_with('/') {
            return None;
        }
        if name.contains('/') {
            return expand(Some(&name.to_owned()), &origin(needed_by)).iter().find_map(|path| self.fitting(path));
        }
        let mut directories = Vec::new();
        if facts.runpath.is_none() {
            directories.extend(own(facts.rpath.as_ref()));
            let (executable, main) = &self.executable;
            if main.runpath.is_none() {
                directories.extend(expand(main.rpath.as_ref(), &origin(executable)));
            }
        }
        directories.extend(self.environment.iter().cloned());
        directories.extend(own(facts.runpath.as_ref()));
        let candidates = directories.iter().map(|directory| directory.join(name));
        let candidates = candidates
            .chain(self.library.iter().filter(|library| library.ends_with(name)).cloned())
            .chain(self.cache.get(name).into_iter().flatten().cloned())
            .chain(self.standard.iter().map(|directory| directory.join(name)))
            // The interpreter is running with it from somewhere, so the next best place is beside its libpython.
            .chain(self.library.iter().filter_map(|library| Some(library.parent()?.join(name))));
        candidates.into_iter().find_map(|path| self.fitting(&path))
    }

    /// The file at `path` if the interpreter could load it.
    fn fitting(&self, path: &Path) -> Option<(PathBuf, Facts)> {
        let facts = elf::inspect(&fs::read(path).ok()?).ok()??;
        facts.is_compatible_with(&self.executable.1).then(|| (path.to_path_buf(), facts))
    }
}

/// The file name of a library that is named with its directory, as interpreters made by patchelf do.
pub(super) fn base_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The directories of a search path.
fn expand(path: Option<&String>, origin: &Path) -> Vec<PathBuf> {
    let Some(path) = path else {
        return Vec::new();
    };
    let origin = origin.to_string_lossy();
    let lib = if cfg!(target_pointer_width = "64") { "lib64" } else { "lib" };
    let expand = |entry: &str| {
        [("$ORIGIN", &*origin), ("${ORIGIN}", &*origin), ("$LIB", lib), ("${LIB}", lib)]
            .iter()
            .fold(entry.to_owned(), |entry, (name, value)| entry.replace(name, value))
    };
    path.split([':', ';']).filter(|entry| !entry.is_empty()).map(|entry| PathBuf::from(expand(entry))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_glibc_is_left_to_the_machine() {
        for name in ["libc.so.6", "ld-linux-x86-64.so.2", "libnss_dns.so.2", "libresolv.so.2", "libnsl.so.1"] {
            assert!(is_part_of_glibc(name), "{name}");
        }
        for name in ["libz.so.1", "libgcc_s.so.1", "libstdc++.so.6", "libcrypt.so.1", "libnsl.so.2", "libcurses.so.6"] {
            assert!(!is_part_of_glibc(name), "{name}");
        }
    }

    #[test]
    fn a_search_path_is_relative_to_its_file() {
        let path = "$ORIGIN/../lib:/opt/lib:${ORIGIN}".to_owned();
        let found = expand(Some(&path), Path::new("/py/bin"));
        assert_eq!(found, [Path::new("/py/bin/../lib"), Path::new("/opt/lib"), Path::new("/py/bin")]);
    }
}
