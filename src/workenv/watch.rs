//! What a start depends on: the few files that are checked each time.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::slots::CachedSlot;
use crate::format::{Program, PythonFacts, WORKENV};
use crate::fs::names_in;

/// Lists the critical set of the environment that has been written to `made`.
///
/// Paths in the environment are relative; links among them are checked themselves. Paths in slots
/// are absolute, by their place in the slot, so that a change can be traced to the slot.
pub(super) fn critical_set(
    made: &Path,
    slots: &[&CachedSlot<'_>],
    programs: &[Program],
    python: Option<&PythonFacts>,
) -> Vec<PathBuf> {
    let mut set = Set {
        made,
        paths: slots.iter().map(|slot| slot.tree.clone()).collect(),
    };
    for name in names_in(made).unwrap_or_default() {
        set.links_on_the_way(Path::new(&name));
    }
    // The programs, and the scripts among their arguments: each word that names a file of the
    // environment.
    for word in programs.iter().flat_map(|program| &program.argv) {
        if let Some(path) = word.strip_prefix(WORKENV) {
            set.file(Path::new(path.trim_start_matches('/')));
        }
    }
    if let Some(python) = python.filter(|python| python.venv) {
        set.python(python);
        if let Some(runtime) = slots.iter().find(|slot| slot.slot.name() == python.slot) {
            set.interpreter(&runtime.tree, python);
        }
    }
    set.paths
}

struct Set<'a> {
    made: &'a Path,
    paths: Vec<PathBuf>,
}

impl Set<'_> {
    /// A few dozen entries: linear search for duplicates is enough.
    fn add(&mut self, path: PathBuf) {
        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
    }

    /// Adds every link of the environment on a path, its last component included.
    fn links_on_the_way(&mut self, relative: &Path) {
        for part in relative
            .ancestors()
            .filter(|part| !part.as_os_str().is_empty())
        {
            if self.made.join(part).is_symlink() {
                self.add(part.into());
            }
        }
    }

    /// Adds a file or directory, at any path, and the links that lead to it.
    fn file(&mut self, relative: &Path) {
        self.links_on_the_way(relative);
        match self.made.join(relative).canonicalize() {
            Ok(real) if real.starts_with(self.made) => self.add(relative.into()),
            Ok(real) => self.add(real),
            // An argument may be the name of a file that the program creates.
            Err(_) => {}
        }
    }

    /// What the interpreter reads before the program's first line.
    fn python(&mut self, python: &PythonFacts) {
        self.file(Path::new("pyvenv.cfg"));
        let minor = python.version.split('.').nth(1).unwrap_or("0");
        for name in [
            "python".into(),
            "python3".into(),
            format!("python3.{minor}"),
        ] {
            self.file(&Path::new("bin").join(name));
        }
        if let Some(restore) = python
            .restore
            .as_ref()
            .and_then(|path| path.strip_prefix(WORKENV))
        {
            self.file(&Path::new(restore.trim_start_matches('/')).join("sitecustomize.py"));
        }
        // The directory itself, because a new file there may be read as well.
        let site = Path::new("lib")
            .join(format!("python3.{minor}"))
            .join("site-packages");
        self.file(&site);
        for name in names_in(&self.real(&site)).unwrap_or_default() {
            if is_read_at_start(&name) {
                self.file(&site.join(name));
            }
        }
    }

    /// The interpreter's library, if it has one.
    fn interpreter(&mut self, runtime: &Path, python: &PythonFacts) {
        let prefix = runtime
            .join(&python.executable)
            .ancestors()
            .nth(2)
            .map(|prefix| prefix.join("lib"));
        let Some(libraries) = prefix else { return };
        for name in names_in(&libraries).unwrap_or_default() {
            if name.as_bytes().starts_with(b"libpython")
                && let Ok(real) = libraries.join(name).canonicalize()
            {
                self.add(real);
            }
        }
    }

    fn real(&self, relative: &Path) -> PathBuf {
        let path = self.made.join(relative);
        path.canonicalize().unwrap_or(path)
    }
}

/// Whether the module `site` reads a file of this name.
fn is_read_at_start(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.ends_with(b".pth")
        || name.starts_with(b"sitecustomize")
        || name.starts_with(b"usercustomize")
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_and_what_python_reads_first_are_in_the_set() {
        let base = tempfile::tempdir().expect("a directory");
        let base = base.path().canonicalize().expect("its name");
        let (made, slot) = (base.join("made"), base.join("slot"));
        let site = made.join("lib/python3.13/site-packages");
        fs::create_dir_all(&site).expect("directories");
        fs::create_dir_all(slot.join("share")).expect("directories");
        for name in ["start.pth", "usercustomize.py", "module.py", "tool"] {
            fs::write(slot.join(name), name).expect("a file");
            symlink(slot.join(name), site.join(name)).expect("a link");
        }
        fs::write(made.join("pyvenv.cfg"), "home = /\n").expect("a file");
        symlink(slot.join("share"), made.join("share")).expect("a link");
        fs::write(slot.join("share/script"), "x").expect("a file");
        let python = PythonFacts {
            slot: "runtime".into(),
            executable: "bin/python3.13".into(),
            implementation: "cpython".into(),
            version: "3.13.0".into(),
            venv: true,
            restore: None,
        };
        let program = Program {
            name: "a".into(),
            argv: vec!["sh".into(), "{workenv}/share/script".into()],
        };
        let relative = |path: &str| PathBuf::from("lib/python3.13/site-packages").join(path);
        let mut expected = vec![
            "pyvenv.cfg".into(),
            "share".into(),
            slot.join("share/script"),
            relative(""),
            relative("start.pth"),
            slot.join("start.pth"),
            relative("usercustomize.py"),
            slot.join("usercustomize.py"),
        ];
        expected.sort();
        let mut found = critical_set(&made, &[], &[program], Some(&python));
        found.sort();
        assert_eq!(found, expected);
    }
}
