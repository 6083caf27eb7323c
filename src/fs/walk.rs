use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{IoContext, Result};

/// One thing in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is now.
    pub path: PathBuf,
    /// Where it is below the root of the tree.
    pub relative: PathBuf,
    /// Permission bits.
    pub mode: u32,
    pub kind: EntryKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    Directory,
    /// `len` in bytes.
    File {
        len: u64,
    },
    Symlink {
        target: PathBuf,
    },
    /// A device, socket or pipe.
    Special,
}

/// Lists a tree below `root` (which is not listed), every directory before what it holds, names in byte order.
pub fn walk(root: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    list(root, Path::new(""), &mut entries)?;
    Ok(entries)
}

fn list(root: &Path, below: &Path, entries: &mut Vec<Entry>) -> Result<()> {
    let directory = root.join(below);
    let mut children = Vec::new();
    for child in std::fs::read_dir(&directory).on("list", &directory)? {
        children.push(child.on("list", &directory)?);
    }
    children.sort_by_key(std::fs::DirEntry::file_name);
    for child in children {
        let path = child.path();
        let metadata = child.metadata().on("examine", &path)?;
        let kind = if metadata.is_dir() {
            EntryKind::Directory
        } else if metadata.is_file() {
            EntryKind::File { len: metadata.len() }
        } else if metadata.is_symlink() {
            EntryKind::Symlink { target: std::fs::read_link(&path).on("read link", &path)? }
        } else {
            EntryKind::Special
        };
        let relative = below.join(child.file_name());
        let descend = kind == EntryKind::Directory;
        entries.push(Entry { path, relative: relative.clone(), mode: metadata.mode() & 0o7777, kind });
        if descend {
            list(root, &relative, entries)?;
        }
    }
    Ok(())
}
