//! A dry run of writing a tree: accepts the entries of an archive like a directory, and writes
//! nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::tree::{MOST_IMPLIED, checked_link, checked_path, link_fault, printable};
use super::{Modes, Tree, TreeError, TreeFile, TreeLinks};

/// Rejects what [`TreeWriter`](super::TreeWriter) rejects, except for errors of the file system.
#[derive(Default)]
pub struct PaperTree(Mutex<Names>);

#[derive(Default)]
struct Names {
    known: BTreeMap<Box<[u8]>, Kind>,
    implied: u64,
    /// Name and target.
    hard_links: Vec<[Box<[u8]>; 2]>,
    symlinks: TreeLinks,
    /// Directories that the archive lists.
    directories: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    /// Listed by the archive.
    Directory,
    /// A parent of an entry, not listed itself.
    Implied,
}

impl Tree for PaperTree {
    fn mode(&self, mode: u16) -> u16 {
        Modes::Keep.apply(mode)
    }

    fn directory(&self, name: &[u8], _mode: u16) -> std::result::Result<(), TreeError> {
        let path = checked_path(name)?;
        self.with(|names| {
            if names.known.get(name) == Some(&Kind::Implied) {
                names.known.insert(name.into(), Kind::Directory);
                names.directories = names.directories.saturating_add(1);
                return Ok(());
            }
            names.add(path, Kind::Directory)
        })
    }

    fn file(&self, name: &[u8], _mode: u16) -> std::result::Result<TreeFile, TreeError> {
        let path = checked_path(name)?;
        self.with(|names| names.add(path, Kind::File))
            .map(|()| TreeFile::nowhere())
    }

    fn hard_link(&self, name: &[u8], target: &[u8]) -> std::result::Result<(), TreeError> {
        checked_path(name)?;
        checked_path(target)?;
        self.with(|names| names.hard_links.push([name.into(), target.into()]));
        Ok(())
    }

    fn symlink(&self, name: &[u8], target: &[u8]) -> std::result::Result<(), TreeError> {
        let (path, target) = checked_link(name, target)?;
        if self.with(|names| names.symlinks.add(path.into(), target.into())) {
            Ok(())
        } else {
            Err(TreeError::Twice {
                name: printable(path),
            })
        }
    }
}

impl PaperTree {
    fn with<T>(&self, act: impl FnOnce(&mut Names) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Checks the links, once all entries are there.
    ///
    /// # Errors
    /// Like [`TreeWriter::finish`](super::TreeWriter::finish).
    pub fn finish(self) -> std::result::Result<(), TreeError> {
        let mut names = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let most = names
            .directories
            .saturating_add(usize::try_from(MOST_IMPLIED).unwrap_or(usize::MAX));
        names.symlinks.check(most).map_err(link_fault)?;
        for [path, target] in std::mem::take(&mut names.hard_links) {
            let path = Path::new(OsStr::from_bytes(&path));
            if names.known.get(&target) != Some(&Kind::File) {
                let target = printable(Path::new(OsStr::from_bytes(&target)));
                return Err(TreeError::NoTarget {
                    name: printable(path),
                    target,
                });
            }
            names.add(path, Kind::File)?;
        }
        for (path, _) in std::mem::take(&mut names.symlinks).iter() {
            // Entries below a link have been rejected, so the link may count as a file.
            names.add(path, Kind::File)?;
        }
        Ok(())
    }
}

impl Names {
    fn add(&mut self, path: &Path, kind: Kind) -> std::result::Result<(), TreeError> {
        self.make_parents(path)?;
        match self.known.entry(path.as_os_str().as_bytes().into()) {
            Entry::Occupied(_) => Err(TreeError::Twice {
                name: printable(path),
            }),
            Entry::Vacant(place) => {
                place.insert(kind);
                self.directories = self
                    .directories
                    .saturating_add(usize::from(kind == Kind::Directory));
                Ok(())
            }
        }
    }

    /// Adds the directories above `path` that the archive has not listed.
    fn make_parents(&mut self, path: &Path) -> std::result::Result<(), TreeError> {
        let missing = path
            .ancestors()
            .skip(1)
            .filter(|parent| !parent.as_os_str().is_empty());
        for parent in missing {
            let bytes = parent.as_os_str().as_bytes();
            match self.known.get(bytes) {
                Some(Kind::File) => {
                    return Err(TreeError::ThroughLink {
                        name: printable(path),
                    });
                }
                Some(Kind::Directory | Kind::Implied) => break,
                None => {
                    if self.implied >= MOST_IMPLIED {
                        return Err(TreeError::Implied);
                    }
                    self.implied = self.implied.saturating_add(1);
                    self.known.insert(bytes.into(), Kind::Implied);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::TreeWriter;
    use super::*;

    enum Step {
        Directory(&'static str),
        File(&'static str),
        Hard(&'static str, &'static str),
        Soft(&'static str, &'static str),
    }
    use Step::{Directory, File, Hard, Soft};

    fn take(tree: &impl Tree, steps: &[Step]) -> std::result::Result<(), TreeError> {
        for step in steps {
            match step {
                Directory(name) => tree.directory(name.as_bytes(), 0o755)?,
                File(name) => drop(tree.file(name.as_bytes(), 0o644)?),
                Hard(name, target) => tree.hard_link(name.as_bytes(), target.as_bytes())?,
                Soft(name, target) => tree.symlink(name.as_bytes(), target.as_bytes())?,
            }
        }
        Ok(())
    }

    /// One case for each fault, and valid ones: the dry run and the file system must agree.
    #[test]
    fn paper_refuses_what_a_directory_refuses() {
        let cases: &[&[Step]] = &[
            &[
                Directory("a"),
                File("a/b"),
                Hard("c", "a/b"),
                Soft("d", "a"),
                Hard("e", "c"),
            ],
            &[File("a/b/c"), Directory("a/b"), Directory("a")],
            &[File("a"), File("a")],
            &[Directory("a"), Directory("a")],
            &[File("a"), Directory("a")],
            &[Directory("a"), File("a")],
            &[File("a/b"), File("a")],
            &[File("a"), File("a/b")],
            &[File("a"), Directory("a/b")],
            &[Hard("a", "b")],
            &[Directory("b"), Hard("a", "b")],
            &[File("b/c"), Hard("a", "b")],
            &[File("b"), Hard("b", "b")],
            &[File("b"), Hard("b/c", "b")],
            &[Hard("c", "a"), File("b"), Hard("a", "b")],
            &[Soft("b", "x"), Hard("a", "b")],
            &[File("b"), Soft("b", "x")],
            &[Soft("b", "x"), File("b")],
            &[Soft("b", "x"), Directory("b")],
            &[Soft("b", "x"), File("b/c")],
            &[Soft("b", "x"), Soft("b/c", "x")],
            &[File("b"), Soft("b/c", "x")],
            &[Soft("b", "x"), Soft("b", "x")],
            &[Soft("b", "../x")],
            &[Soft("b", "/x")],
            &[Soft("b", "")],
            &[File("../b")],
            &[Soft("a/b/c/d", "../../../x"), File("a/e")],
            &[Hard("a/b/c", "x"), File("x")],
        ];
        let mut refused = 0;
        for (number, steps) in cases.iter().enumerate() {
            let scene = tempfile::tempdir().expect("a directory");
            let disk = TreeWriter::new(scene.path(), Modes::Keep).expect("a directory");
            let disk = take(&disk, steps).and_then(|()| disk.finish().map(|_| ()));
            let paper = PaperTree::default();
            let paper = take(&paper, steps).and_then(|()| paper.finish());
            let message = |outcome: &std::result::Result<(), TreeError>| {
                outcome.as_ref().err().map(ToString::to_string)
            };
            assert_eq!(message(&paper), message(&disk), "case {number}");
            refused += usize::from(disk.is_err());
        }
        assert_eq!(refused, cases.len() - 4);
    }
}
