use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{IoContext, Result};

/// An entry of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path.
    pub path: PathBuf,
    /// Its path below the root of the tree.
    pub relative: PathBuf,
    /// Permission bits.
    pub mode: u32,
    pub kind: EntryKind,
    pub stamp: Stamp,
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

/// What the file system records about a file. Every change to a file changes one of these, so an
/// unchanged stamp saves reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub len: u64,
    /// mtime in nanoseconds since 1970, which the owner can set.
    pub mtime: i64,
    /// ctime in nanoseconds since 1970, which no user can set.
    pub ctime: i64,
    pub inode: u64,
}

/// Linux timestamps advance every 10 ms or less. A time without a fraction of a second suggests a
/// file system with a resolution of one or two seconds.
const TICK: i64 = 50_000_000;
const COARSE_TICK: i64 = 2_500_000_000;

impl Stamp {
    /// Whether a file with this stamp, examined this many nanoseconds after 1970, must get another
    /// stamp with any later change. Timestamps have a limited resolution: a change within the same
    /// tick leaves the stamp unchanged (git calls that "racily clean").
    pub fn is_settled(&self, looked_at: i64) -> bool {
        let tick = if self.ctime % 1_000_000_000 == 0 {
            COARSE_TICK
        } else {
            TICK
        };
        looked_at.saturating_sub(self.mtime.max(self.ctime)) > tick
    }

    /// Nanoseconds since 1970, to be taken before a file is examined.
    pub fn now() -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    }

    pub fn of(metadata: &Metadata) -> Self {
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            len: metadata.len(),
            mtime: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            ctime: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        }
    }
}

impl Entry {
    /// Describes the entry at `path`; links are not followed.
    pub fn examine(path: PathBuf, relative: PathBuf) -> Result<Self> {
        let metadata = path.symlink_metadata().on("examine", &path)?;
        Self::of(path, relative, &metadata)
    }

    /// Describes the file at `path`; links are followed.
    pub fn examine_target(path: PathBuf, relative: PathBuf) -> Result<Self> {
        let metadata = path.metadata().on("examine", &path)?;
        Self::of(path, relative, &metadata)
    }

    fn of(path: PathBuf, relative: PathBuf, metadata: &Metadata) -> Result<Self> {
        let kind = if metadata.is_dir() {
            EntryKind::Directory
        } else if metadata.is_file() {
            EntryKind::File {
                len: metadata.len(),
            }
        } else if metadata.is_symlink() {
            EntryKind::Symlink {
                target: std::fs::read_link(&path).on("read link", &path)?,
            }
        } else {
            EntryKind::Special
        };
        Ok(Self {
            path,
            relative,
            mode: metadata.mode() & 0o7777,
            kind,
            stamp: Stamp::of(metadata),
        })
    }
}

/// Lists a tree below `root` (excluded), every directory before its content, names in byte order.
/// Directories are read in parallel.
pub fn walk(root: &Path) -> Result<Vec<Entry>> {
    list(root, Path::new(""), &|_| true)
}

/// Like [`walk`], without the directories for which `enter` returns false, given their path below
/// the root.
pub fn walk_where(root: &Path, enter: &(dyn Fn(&Path) -> bool + Sync)) -> Result<Vec<Entry>> {
    list(root, Path::new(""), enter)
}

fn list(root: &Path, below: &Path, enter: &(dyn Fn(&Path) -> bool + Sync)) -> Result<Vec<Entry>> {
    let directory = root.join(below);
    let mut children = Vec::new();
    for child in std::fs::read_dir(&directory).on("list", &directory)? {
        let child = child.on("list", &directory)?;
        let path = child.path();
        let metadata = child.metadata().on("examine", &path)?;
        let relative = below.join(child.file_name());
        if metadata.is_dir() && !enter(&relative) {
            continue;
        }
        children.push(Entry::of(path, relative, &metadata)?);
    }
    children.sort_unstable_by(|a, b| a.relative.as_os_str().cmp(b.relative.as_os_str()));
    if children
        .iter()
        .all(|child| child.kind != EntryKind::Directory)
    {
        return Ok(children);
    }
    let trees: Vec<Vec<Entry>> = children
        .into_par_iter()
        .map(|child| {
            let inside = match child.kind {
                EntryKind::Directory => list(root, &child.relative, enter)?,
                _ => Vec::new(),
            };
            let mut tree = Vec::with_capacity(inside.len() + 1);
            tree.push(child);
            tree.extend(inside);
            Ok(tree)
        })
        .collect::<Result<_>>()?;
    Ok(trees.into_iter().flatten().collect())
}
