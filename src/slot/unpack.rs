//! Extracts content into a tree.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_128;

use super::contents::{FileDigest, Notes};
use super::pieces::PiecewiseDigest;
use super::tar::{self, EntryKind, Next, TarEntry};
use super::witness::Witness;
use super::{SlotError, StoredSlot};
use crate::format::limits;
use crate::fs::{Tree, TreeFile};

/// Counts of what was extracted so far, by all threads together.
pub(super) struct Tally {
    /// The maximum number of entries.
    limit: u64,
    pub(super) entries: AtomicU64,
    /// Bytes of names and link targets.
    names: AtomicU64,
    /// Regular files, hard links included.
    pub(super) files: AtomicU64,
    /// The content list, if requested.
    pub(super) notes: Option<Notes>,
}

impl Tally {
    pub(super) fn new(limit: u64, notes: Option<Notes>) -> Self {
        Self {
            limit,
            entries: AtomicU64::new(0),
            names: AtomicU64::new(0),
            files: AtomicU64::new(0),
            notes,
        }
    }

    pub(super) fn note(&self, note: impl FnOnce(&Notes)) {
        if let Some(notes) = &self.notes {
            note(notes);
        }
    }

    /// Records a file whose content begins with `first`. If there is more, returns the digest that
    /// its parts must be added to.
    fn note_file(
        &self,
        name: &[u8],
        mode: u16,
        size: u64,
        first: &[u8],
    ) -> Option<Arc<PiecewiseDigest>> {
        let notes = self.notes.as_ref()?;
        match usize::try_from(size)
            .ok()
            .and_then(|size| first.get(..size))
        {
            Some(content) => {
                notes.file(name, mode, size, FileDigest::Xxh3(xxh3_128(content)));
                None
            }
            None => Some(notes.spread_file(name, mode, size)),
        }
    }

    fn add_entry(&self, entry: &TarEntry) -> Result<(), SlotError> {
        let bytes = name_bytes(entry);
        let names = self
            .names
            .fetch_add(bytes, Ordering::Relaxed)
            .saturating_add(bytes);
        if names > limits::names(self.limit) {
            return Err(SlotError::LongNames);
        }
        if self.entries.fetch_add(1, Ordering::Relaxed) < self.limit {
            Ok(())
        } else {
            Err(SlotError::TooManyEntries(self.limit))
        }
    }
}

/// A file whose content continues in later frames.
pub(super) struct OpenFile {
    pub(super) file: TreeFile,
    /// Records its content, if requested.
    pub(super) digest: Option<Arc<PiecewiseDigest>>,
    /// Bytes written.
    pub(super) done: u64,
    /// Total length.
    pub(super) size: u64,
}

/// How a frame ends.
pub(super) enum FrameEnd {
    /// Inside a file.
    Open(OpenFile),
    /// Between entries.
    Cut,
    /// At the end of the archive.
    Archive,
}

/// Extracts the entries of one frame.
pub(super) fn unpack(
    reader: &mut impl BufRead,
    tree: &dyn Tree,
    tally: &Tally,
) -> Result<FrameEnd, SlotError> {
    loop {
        let entry = match tar::next_entry(reader)? {
            Next::Entry(entry) => entry,
            Next::Cut => return Ok(FrameEnd::Cut),
            Next::End => return Ok(FrameEnd::Archive),
        };
        tally.add_entry(&entry)?;
        match entry.kind {
            // "./" itself, which other archivers list first.
            EntryKind::Directory if entry.name == b"." || entry.name.is_empty() => {}
            EntryKind::Directory => {
                tree.directory(&entry.name, entry.mode)?;
                tally.note(|notes| notes.directory(&entry.name, tree.mode(entry.mode)));
            }
            EntryKind::HardLink => {
                tree.hard_link(&entry.name, &entry.link)?;
                tally.files.fetch_add(1, Ordering::Relaxed);
            }
            EntryKind::Symlink => {
                tree.symlink(&entry.name, &entry.link)?;
                tally.note(|notes| notes.symlink(&entry.name, &entry.link));
            }
            EntryKind::File => {
                let file = tree.file(&entry.name, entry.mode)?;
                tally.files.fetch_add(1, Ordering::Relaxed);
                let mode = tree.mode(entry.mode);
                let first = reader.fill_buf().map_err(SlotError::BadStream)?;
                let digest = tally.note_file(&entry.name, mode, entry.size, first);
                let write = |chunk: &[u8], offset| {
                    if let Some(digest) = &digest {
                        digest.see(offset, chunk);
                    }
                    Ok(file.write_at(chunk, offset)?)
                };
                let done = tar::take_content(reader, entry.size, write)?;
                if done < entry.size {
                    return Ok(FrameEnd::Open(OpenFile {
                        file,
                        digest,
                        done,
                        size: entry.size,
                    }));
                }
            }
        }
    }
}

pub(super) fn name_bytes(entry: &TarEntry) -> u64 {
    (entry.name.len() as u64).saturating_add(entry.link.len() as u64)
}

/// Counts the entries of a slot whose package does not declare their number, before anything is
/// written.
pub(super) fn count(slot: &StoredSlot<'_>) -> Result<u64, SlotError> {
    let (mut entries, mut names) = (0_u64, 0_u64);
    let add = |entry: &TarEntry, _: Option<&[u8]>| {
        entries = entries.saturating_add(1);
        names = names.saturating_add(name_bytes(entry));
    };
    list(slot, add, |_| false)?;
    if names > limits::names(entries) {
        Err(SlotError::LongNames)
    } else {
        Ok(entries)
    }
}

/// The longest content that [`list`] keeps in memory.
const LISTED: u64 = 16 << 20;

/// Lists the entries of an archive without writing anything. `visit` receives each entry, and its
/// content if it is `wanted` and not too long. Results are valid only if the whole call succeeds.
///
/// # Errors
/// [`SlotError::Digest`] if the bytes read do not match the signed digest.
pub fn list(
    slot: &StoredSlot<'_>,
    visit: impl FnMut(&TarEntry, Option<&[u8]>),
    wanted: impl Fn(&TarEntry) -> bool,
) -> Result<(), SlotError> {
    let witness = slot.witness();
    list_before(slot, visit, wanted, &witness).map_err(|error| slot.blame(error))?;
    slot.check(witness)
}

fn list_before(
    slot: &StoredSlot<'_>,
    mut visit: impl FnMut(&TarEntry, Option<&[u8]>),
    wanted: impl Fn(&TarEntry) -> bool,
    witness: &Witness,
) -> Result<(), SlotError> {
    let mut reader = slot.plain(witness)?;
    let mut left = slot.most_entries();
    loop {
        let entry = match tar::next_entry(&mut reader)? {
            Next::Entry(entry) => entry,
            Next::Cut => return Err(SlotError::NoEnd),
            Next::End => return Ok(()),
        };
        left = left
            .checked_sub(1)
            .ok_or(SlotError::TooManyEntries(slot.most_entries()))?;
        let keep = wanted(&entry) && entry.size <= LISTED;
        let mut content = Vec::new();
        let take = |chunk: &[u8], _| {
            if keep {
                content.extend_from_slice(chunk);
            }
            Ok(())
        };
        let done = tar::take_content(&mut reader, entry.size, take)?;
        if done < entry.size {
            return Err(SlotError::BadArchive("truncated inside a file"));
        }
        visit(&entry, keep.then_some(&content[..]));
    }
}
