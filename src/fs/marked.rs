//! Directories that are published and removed atomically, even on file systems that cannot rename
//! every directory atomically.
//!
//! overlayfs cannot rename a directory of a lower layer, and no directory can be renamed between
//! mounts (`EXDEV`). Many network file systems cannot exchange two names. The replacement is never
//! mistaken for a complete directory: the mark is removed first and added last.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;

use super::{IoContext, Result, names_in, remove_tree, set_mode, staging_name};

/// A directory that is valid only if it has one particular file, its mark. Any process that needs
/// the directory recreates an unmarked one.
#[derive(Clone, Copy, Debug)]
pub struct Marked<'a> {
    pub path: &'a Path,
    /// Relative to the directory.
    pub mark: &'a Path,
}

/// How a directory was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// By one rename.
    AtOnce,
    /// One entry after the other, so each of them has been renamed.
    ByEntries,
}

impl Marked<'_> {
    /// Publishes `directory` here. An existing directory is exchanged with it, or moved to
    /// `aside`, an unused name on the same file system. If neither is possible, each entry replaces
    /// the previous one: a program that still uses the directory finds each of its files at all
    /// times.
    pub fn put(self, directory: &Path, aside: &Path) -> Result<Put> {
        let Self { path, .. } = self;
        match rustix::fs::rename(directory, path) {
            Ok(()) => return Ok(Put::AtOnce),
            Err(Errno::XDEV) => return self.put_by_entries(directory),
            // The errors vary: network file systems do not say why they refuse.
            Err(errno) if path.symlink_metadata().is_err() => {
                return Err(io::Error::from(errno)).on("publish", path);
            }
            Err(_) => {}
        }
        match rustix::fs::renameat_with(CWD, directory, CWD, path, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(Put::AtOnce),
            Err(Errno::XDEV) => self.put_by_entries(directory),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => {
                self.put_after_another(directory, aside)
            }
            Err(errno) => Err(io::Error::from(errno)).on("publish", path),
        }
    }

    /// For a moment the path does not exist.
    fn put_after_another(self, directory: &Path, aside: &Path) -> Result<Put> {
        match rustix::fs::rename(self.path, aside) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::XDEV) => return self.put_by_entries(directory),
            Err(errno) => return Err(io::Error::from(errno)).on("move aside", self.path),
        }
        match rustix::fs::rename(directory, self.path) {
            // Without locks another process may have been faster. Its directory is equivalent, and
            // callers that need more check again.
            Err(_) if self.path.symlink_metadata().is_ok() => Ok(Put::AtOnce),
            other => other.on("publish", self.path).map(|()| Put::AtOnce),
        }
    }

    /// Moves the directory to `aside`, an unused name, or removes it if it cannot be moved. A
    /// missing directory is not an error.
    pub fn clear(self, aside: &Path) -> Result<()> {
        match rustix::fs::rename(self.path, aside) {
            Err(Errno::NOENT) => Ok(()),
            Err(Errno::XDEV) => {
                self.unmark()?;
                remove_tree(self.path)
            }
            other => other.on("move aside", self.path),
        }
    }

    /// From here on the directory is not valid.
    fn unmark(self) -> Result<()> {
        // Something other than a directory may have the name.
        if self
            .path
            .symlink_metadata()
            .is_ok_and(|there| there.is_dir())
        {
            remove_tree(&self.path.join(self.mark))?;
        }
        Ok(())
    }

    fn put_by_entries(self, directory: &Path) -> Result<Put> {
        let Self { path, mark } = self;
        self.unmark()?;
        make_directory(path)?;
        put_entries(directory, path, Some(mark))?;
        let last = directory.join(mark);
        if last.symlink_metadata().is_ok() {
            rename_file(&last, &path.join(mark))?;
        }
        Ok(Put::ByEntries)
    }
}

/// Replaces the entries of one directory by those of another, and removes entries that the other
/// does not have. `mark` is left out.
fn put_entries(from: &Path, to: &Path, mark: Option<&Path>) -> Result<()> {
    let names = names_in(from)?;
    for name in names_in(to)? {
        if !names.contains(&name) {
            remove_tree(&to.join(&name))?;
        }
    }
    for name in names {
        let (source, place) = (from.join(&name), to.join(&name));
        let inner = mark.and_then(|mark| mark.strip_prefix(&name).ok());
        if inner.is_some_and(|inner| inner.as_os_str().is_empty()) {
            continue;
        }
        let metadata = source.symlink_metadata().on("examine", &source)?;
        if metadata.is_dir() {
            make_directory(&place)?;
            // Trees in the cache are read-only, and a rename changes both directories.
            set_mode(&source, 0o700)?;
            put_entries(&source, &place, inner)?;
            set_mode(&place, metadata.permissions().mode() & 0o7777)?;
        } else {
            if place.symlink_metadata().is_ok_and(|there| there.is_dir()) {
                remove_tree(&place)?;
            }
            rename_file(&source, &place)?;
        }
    }
    Ok(())
}

/// Creates a writable directory, unless there is one. Anything else with the name is removed.
fn make_directory(path: &Path) -> Result<()> {
    match path.symlink_metadata() {
        Ok(there) if there.is_dir() => {
            let mode = there.permissions().mode() & 0o7777;
            return if mode & 0o700 == 0o700 {
                Ok(())
            } else {
                set_mode(path, mode | 0o700)
            };
        }
        Ok(_) => std::fs::remove_file(path).on("remove", path)?,
        Err(_) => {}
    }
    DirBuilder::new().create(path).on("create directory", path)
}

/// Renames a file or a link, replacing what has the new name. Between mounts it is copied and the
/// complete copy renamed.
pub fn rename_file(from: &Path, to: &Path) -> Result<()> {
    match rustix::fs::rename(from, to) {
        Err(Errno::XDEV) => {}
        other => return other.on("publish", to),
    }
    let beside = to.with_file_name(staging_name(super::REPLACEMENT));
    let outcome = copy(from, &beside)
        .and_then(|()| std::fs::rename(&beside, to))
        .on("publish", to);
    if outcome.is_err() {
        // Best effort: the earlier failure is reported.
        drop(std::fs::remove_file(&beside));
    }
    outcome
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = from.symlink_metadata()?;
    if metadata.is_symlink() {
        return std::os::unix::fs::symlink(std::fs::read_link(from)?, to);
    }
    std::fs::copy(from, to).map(drop)
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::symlink;

    /// A directory with a mark, a read-only one inside, and the staged replacement.
    fn tree(root: &Path, files: &[&str], text: &str) {
        fs::create_dir_all(root.join("tree/deep")).expect("directories");
        for file in files {
            fs::write(root.join(file), text).expect("a file");
        }
        for directory in ["tree/deep", "tree"] {
            fs::set_permissions(root.join(directory), Permissions::from_mode(0o555))
                .expect("a mode");
        }
    }

    #[test]
    fn entries_take_each_others_places() {
        let base = tempfile::tempdir().expect("a directory");
        let (new, place) = (base.path().join("made"), base.path().join("place"));
        tree(&new, &["seal", "list", "tree/deep/one", "tree/file"], "new");
        symlink("deep/one", new.join("link")).expect("a link");
        tree(
            &place,
            &["seal", "tree/deep/one", "tree/deep/stranger", "link"],
            "old",
        );
        fs::create_dir(place.join("list")).expect("what is a file in the other");
        let marked = Marked {
            path: &place,
            mark: Path::new("seal"),
        };
        assert_eq!(marked.put_by_entries(&new).expect("put"), Put::ByEntries);
        for file in ["seal", "list", "tree/deep/one", "tree/file"] {
            assert_eq!(fs::read_to_string(place.join(file)).expect(file), "new");
        }
        assert!(place.join("link").is_symlink());
        assert_eq!(names_in(&place.join("tree/deep")).expect("names"), ["one"]);
        let mode = place
            .join("tree/deep")
            .metadata()
            .expect("metadata")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o555);
        marked.clear(&base.path().join("aside")).expect("cleared");
        marked
            .clear(&base.path().join("aside"))
            .expect("nothing to clear is no error");
        assert!(!place.exists() && base.path().join("aside/seal").exists());
        tree(&place, &["seal"], "old");
        tree(&base.path().join("again"), &["seal"], "new");
        marked
            .put(&base.path().join("again"), &base.path().join("old"))
            .expect("put");
        assert_eq!(
            fs::read_to_string(place.join("seal")).expect("a file"),
            "new"
        );
    }
}
