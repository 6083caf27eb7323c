//! The files of the tree, and the directories that they come from.

use std::fs::{DirEntry, FileType};
use std::path::{Path, PathBuf};

use crate::fs::{self, IoContext as _};

/// A file of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) from: PathBuf,
    /// Relative to the tree.
    pub(super) to: PathBuf,
}

/// The entries of a directory, with the types from the directory itself: there are thousands, and
/// each pack lists them.
pub(super) struct Child {
    pub(super) path: PathBuf,
    kind: FileType,
}

impl Child {
    /// The type of the file or of a link's target; `None` for a dangling link.
    pub(super) fn target(&self) -> Option<FileType> {
        if !self.kind.is_symlink() {
            return Some(self.kind);
        }
        std::fs::metadata(&self.path)
            .ok()
            .map(|metadata| metadata.file_type())
    }

    /// Whether it is a link to one of its own parent directories.
    pub(super) fn is_loop(&self) -> bool {
        let path = &self.path;
        let parent = || path.parent().and_then(|parent| parent.canonicalize().ok());
        self.kind.is_symlink()
            && path
                .canonicalize()
                .is_ok_and(|target| parent().is_none_or(|parent| parent.starts_with(target)))
    }
}

/// The entries of a directory, by name.
pub(super) fn sorted(directory: &Path) -> Result<Vec<Child>, fs::Error> {
    let child = |entry: std::io::Result<DirEntry>| {
        let entry = entry?;
        Ok(Child {
            path: entry.path(),
            kind: entry.file_type()?,
        })
    };
    let entries = std::fs::read_dir(directory).on("read directory", directory)?;
    let mut children = entries
        .map(child)
        .collect::<std::io::Result<Vec<_>>>()
        .on("read directory", directory)?;
    children.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(children)
}
