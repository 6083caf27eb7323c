//! From plain bytes to a tree.

use std::io::BufRead;
use std::sync::atomic::{AtomicU64, Ordering};

use super::contents::Notes;
use super::tar::{self, EntryKind, TarEntry};
use super::{SlotError, StoredSlot};
use crate::format::limits;
use crate::fs::{TreeFile, TreeWriter};

/// What has been unpacked so far, by all threads together.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) entries: AtomicU64,
    pub(super) files: AtomicU64,
    pub(super) notes: Notes,
}

/// A file whose content goes on in later frames.
pub(super) struct OpenFile {
    pub(super) file: TreeFile,
    /// Bytes written.
    pub(super) done: u64,
    /// Bytes in all.
    pub(super) size: u64,
}

/// Unpacks the entries of one frame. When its last file is not complete, that file is returned.
pub(super) fn unpack(
    reader: &mut impl BufRead,
    tree: &TreeWriter,
    tally: &Tally,
) -> Result<Option<OpenFile>, SlotError> {
    while let Some(entry) = tar::next_entry(reader)? {
        if tally.entries.fetch_add(1, Ordering::Relaxed) >= limits::ARCHIVE_ENTRIES {
            return Err(SlotError::TooManyEntries(limits::ARCHIVE_ENTRIES));
        }
        match entry.kind {
            // "./" itself, which other archivers list first.
            EntryKind::Directory if entry.name == b"." || entry.name.is_empty() => {}
            EntryKind::Directory => {
                tree.directory(&entry.name, entry.mode)?;
                tally.notes.directory(&entry.name, tree.mode(entry.mode));
            }
            EntryKind::HardLink => {
                tree.hard_link(&entry.name, &entry.link)?;
                tally.notes.hard_link(&entry.name, &entry.link);
            }
            EntryKind::Symlink => {
                tree.symlink(&entry.name, &entry.link)?;
                tally.notes.symlink(&entry.name, &entry.link);
            }
            EntryKind::File => {
                let file = tree.file(&entry.name, entry.mode)?;
                tally.files.fetch_add(1, Ordering::Relaxed);
                let mut hasher = blake3::Hasher::new();
                let write = |chunk: &[u8], offset| {
                    hasher.update(chunk);
                    Ok(file.write_at(chunk, offset)?)
                };
                let done = tar::take_content(reader, entry.size, write)?;
                if done < entry.size {
                    tally.notes.later(&entry.name, tree.mode(entry.mode), entry.size);
                    return Ok(Some(OpenFile { file, done, size: entry.size }));
                }
                tally.notes.file(&entry.name, tree.mode(entry.mode), entry.size, &hasher.finalize());
            }
        }
    }
    Ok(None)
}

/// Lists the entries of an archive without writing anything. `visit` is given each entry and a reader of its content;
/// what it leaves unread is skipped.
pub fn list(
    slot: &StoredSlot<'_>,
    mut visit: impl FnMut(&TarEntry, Option<&[u8]>),
    wanted: impl Fn(&TarEntry) -> bool,
) -> Result<(), SlotError> {
    let mut reader = slot.plain()?;
    let mut entries = 0;
    while let Some(entry) = tar::next_entry(&mut reader)? {
        entries += 1;
        if entries > limits::ARCHIVE_ENTRIES {
            return Err(SlotError::TooManyEntries(limits::ARCHIVE_ENTRIES));
        }
        let keep = wanted(&entry);
        let mut content = Vec::new();
        let take = |chunk: &[u8], _| {
            if keep {
                content.extend_from_slice(chunk);
            }
            Ok(())
        };
        let done = tar::take_content(&mut reader, entry.size, take)?;
        if done < entry.size {
            return Err(SlotError::BadArchive("it ends inside a file"));
        }
        visit(&entry, keep.then_some(&content[..]));
    }
    Ok(())
}
