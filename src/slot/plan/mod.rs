//! Plans the frames of a tree, from names and sizes alone. Only possible duplicates are read.

mod archive;
mod frames;
mod links;
mod twins;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::SlotError;
use super::tar::EntryKind;
use crate::codec::Compression;
use crate::format::{Operations, limits};
use crate::fs::{Entry, EntryKind as FileKind, IoContext, checked_path};
use archive::Archive;
use frames::Cutter;
use links::check_links;
use twins::find_twins;

pub use archive::{Links, TreeOptions};
pub(super) use frames::{Piece, PlannedFrame};
pub use links::{follow_links, follow_links_where};

/// How a slot will be encoded.
pub struct Plan {
    pub(super) compression: Compression,
    pub(super) operations: Operations,
    pub(super) frames: Vec<PlannedFrame>,
    /// Length of the content: of the tar stream or of the file.
    pub(super) plain_size: u64,
    /// Number of regular files, including those stored as hard links.
    pub(super) files: u64,
    /// Entries of the archive; 0 for a file.
    pub(super) entries: u64,
}

/// Rejects files that are too large for one slot before any is read. Files of one size count once,
/// because equal files are stored once.
///
/// # Errors
/// [`SlotError::TooLong`].
pub fn check_size(entries: &[Entry]) -> Result<(), SlotError> {
    let sizes: HashSet<u64> = entries.iter().filter_map(file_len).collect();
    within_a_slot(sizes.iter().fold(0, |sum, size| sum.saturating_add(*size)))
}

fn file_len(entry: &Entry) -> Option<u64> {
    match entry.kind {
        FileKind::File { len } => Some(len),
        _ => None,
    }
}

fn within_a_slot(plain: u64) -> Result<(), SlotError> {
    let limit = limits::SLOT_PLAIN;
    if plain <= limit {
        Ok(())
    } else {
        Err(SlotError::TooLong { plain, limit })
    }
}

impl Plan {
    /// Plans a slot that is one file.
    pub fn for_file(path: &Path, compression: Compression) -> Result<Self, SlotError> {
        let metadata = std::fs::metadata(path).on("examine", path)?;
        if metadata.is_dir() {
            return Err(SlotError::DirectoryWithoutTar { path: path.into() });
        }
        if !metadata.is_file() {
            return Err(SlotError::SpecialFile { path: path.into() });
        }
        let operations = Operations {
            tar: false,
            codec: compression.codec,
        };
        let mut cutter = Cutter::new(compression, metadata.len());
        cutter.content(path, metadata.len());
        Self::of_frames(cutter.finish(), compression, operations, 1, 0)
    }

    /// Plans a slot that holds a tree.
    ///
    /// Directories come first, then files, then links: a reader can create the directories, fill
    /// them in parallel, and follow links only at the end.
    pub fn for_tree(
        entries: &[Entry],
        compression: Compression,
        options: &TreeOptions,
    ) -> Result<Self, SlotError> {
        let (entries, twins) = match options.links {
            Links::Keep => {
                check_links(entries)?;
                (Cow::Borrowed(entries), find_twins(entries)?)
            }
            Links::Follow => (Cow::Owned(follow_links(entries)?), HashMap::new()),
        };
        for entry in &*entries {
            checked_path(&options.stored_name(&entry.relative))?;
        }
        let count = entries.len() as u64;
        if count > limits::ARCHIVE_ENTRIES {
            return Err(SlotError::TooManyEntries(limits::ARCHIVE_ENTRIES));
        }
        let (directories, mut others): (Vec<&Entry>, Vec<&Entry>) = entries
            .iter()
            .partition(|entry| entry.kind == FileKind::Directory);
        others.sort_by_cached_key(|entry| neighbourhood(&entry.relative));
        let content = entries.iter().filter_map(file_len).sum();
        let mut archive = Archive::new(compression, content, options);
        for directory in directories {
            archive.header(directory, EntryKind::Directory, 0, &[]);
        }
        let (mut files, mut links) = (0, Vec::new());
        for entry in others {
            match entry.kind {
                FileKind::Directory => {}
                FileKind::Special => {
                    return Err(SlotError::SpecialFile {
                        path: entry.path.clone(),
                    });
                }
                FileKind::Symlink { .. } => links.push(entry),
                FileKind::File { len } => {
                    files += 1;
                    if twins.contains_key(&entry.relative) {
                        links.push(entry);
                    } else {
                        archive.file(entry, len);
                    }
                }
            }
        }
        for link in links {
            if let FileKind::Symlink { target } = &link.kind {
                archive.header(link, EntryKind::Symlink, 0, target.as_os_str().as_bytes());
            } else {
                let target = options.stored_name(&twins[&link.relative]);
                archive.header(link, EntryKind::HardLink, 0, &target);
            }
        }
        let operations = Operations {
            tar: true,
            codec: compression.codec,
        };
        Self::of_frames(
            archive.finish(count)?,
            compression,
            operations,
            files,
            count,
        )
    }

    /// Rejects, before anything is compressed, a slot that is too large for every reader.
    fn of_frames(
        frames: Vec<PlannedFrame>,
        compression: Compression,
        operations: Operations,
        files: u64,
        entries: u64,
    ) -> Result<Self, SlotError> {
        let plain_size = frames.iter().map(|frame| frame.plain).sum();
        within_a_slot(plain_size)?;
        Ok(Self {
            compression,
            operations,
            frames,
            plain_size,
            files,
            entries,
        })
    }

    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// The operations of this plan.
    pub fn operations(&self) -> Operations {
        self.operations
    }

    /// Bytes before compression.
    pub fn plain_size(&self) -> u64 {
        self.plain_size
    }
}

/// The position of a file in an archive: native code separate from text, and bytecode beside its
/// source, because similar content compresses better together (2 % on a Python runtime). Ties are
/// broken by the whole path.
fn neighbourhood(path: &Path) -> (bool, PathBuf, Vec<u8>, PathBuf) {
    let name = path.file_name().unwrap_or_default().as_bytes();
    let native = name.windows(3).any(|part| part == b".so");
    let directory = path.parent().unwrap_or(Path::new(""));
    let directory = if directory.ends_with("__pycache__") {
        directory.parent().unwrap_or(directory)
    } else {
        directory
    };
    let stem = name
        .split(|byte| *byte == b'.')
        .next()
        .unwrap_or(name)
        .to_vec();
    (native, directory.into(), stem, path.into())
}
