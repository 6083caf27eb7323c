//! The libraries that an interpreter and its modules need, and their paths.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::elf::ElfFacts;
use crate::libraries::{Machine, base_name, is_part_of_glibc, matches_any};

/// Names of libraries; the paths are in [`Libraries::found`].
pub(super) type Names = BTreeSet<String>;

/// The libraries found so far.
pub(super) struct Libraries<'a> {
    /// The path of each, by the name under which it is needed.
    pub(super) found: BTreeMap<String, PathBuf>,
    /// The transitive dependencies of a library, itself included, or the name of a missing one.
    closures: HashMap<String, Result<Names, String>>,
    /// The interpreter: its architecture determines which libraries fit, and its `DT_RPATH` is
    /// searched for all.
    executable: (PathBuf, ElfFacts),
    machine: Machine,
    /// Names or patterns of libraries that the target machine provides besides glibc's.
    from_target: &'a [String],
}

impl<'a> Libraries<'a> {
    /// Prepares to search on behalf of `executable`; `library` is its libpython.
    pub(super) fn new(
        executable: &Path,
        facts: ElfFacts,
        library: Option<&Path>,
        from_target: &'a [String],
    ) -> Self {
        Self {
            found: BTreeMap::new(),
            closures: HashMap::new(),
            machine: Machine::of_interpreter(executable, facts.clone(), library),
            executable: (executable.to_path_buf(), facts),
            from_target,
        }
    }

    /// All libraries that the file at `path` needs except those of the target, or the name of a
    /// missing one.
    pub(super) fn needed_by(&mut self, path: &Path, facts: &ElfFacts) -> Result<Names, String> {
        let mut names = Names::new();
        for name in &facts.needed {
            names.extend(self.closure(name, path, facts)?);
        }
        Ok(names)
    }

    /// The library `name` and its dependencies, as if the interpreter itself needed it.
    pub(super) fn closure_of(&mut self, name: &str) -> Result<Names, String> {
        let (path, facts) = self.executable.clone();
        self.closure(name, &path, &facts)
    }

    fn closure(&mut self, name: &str, needed_by: &Path, facts: &ElfFacts) -> Result<Names, String> {
        let base = base_name(name).to_owned();
        if is_part_of_glibc(&base) || matches_any(&base, self.from_target) {
            return Ok(Names::new());
        }
        if let Some(known) = self.closures.get(&base) {
            return known.clone();
        }
        // Circular dependencies find this entry while the first library is still being read.
        self.closures.insert(base.clone(), Ok(Names::new()));
        let closure = match self.machine.find(name, needed_by, facts) {
            None => Err(base.clone()),
            Some(found) => {
                tracing::trace!(library = base, path = %found.path.display(), "found");
                let needed = self.needed_by(&found.path, &found.facts);
                self.found.insert(base.clone(), found.path);
                needed.map(|mut names| {
                    names.insert(base.clone());
                    names
                })
            }
        };
        self.closures.insert(base, closure.clone());
        closure
    }
}
