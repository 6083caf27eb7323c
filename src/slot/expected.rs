//! Computes the content list of a slot from its signed bytes without writing anything.
//!
//! Anyone who can write to the cache can forge the list beside an extracted slot.

use std::io::BufRead;
use std::path::Path;

use super::contents::{Contents, FileDigest, Notes};
use super::tar::{self, EntryKind, Next};
use super::witness::Witness;
use super::{SlotError, StoredSlot};
use crate::format::Blake3;
use crate::fs::Modes;

/// What a slot is extracted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Tree(Modes),
    /// One file with this mode.
    File(u16),
}

/// Lists what [`extract`](super::extract()) makes of a slot. Decodes with one thread, streaming.
///
/// # Errors
/// [`SlotError::Digest`] if the bytes read do not match the signed digest.
pub fn expected(slot: &StoredSlot<'_>, form: Form) -> Result<Contents, SlotError> {
    let witness = slot.witness();
    let notes = expected_before(slot, form, &witness).map_err(|error| slot.blame(error))?;
    slot.check(witness)?;
    // Everything was recorded with its digest.
    notes.finish(Path::new(""), 1).map_err(SlotError::BadStream)
}

fn expected_before(
    slot: &StoredSlot<'_>,
    form: Form,
    witness: &Witness,
) -> Result<Notes, SlotError> {
    let notes = Notes::default();
    let mut reader = slot.plain(witness)?;
    let modes = match form {
        Form::Tree(modes) => modes,
        Form::File(mode) => {
            let (size, digest) = digest(&mut reader, u64::MAX)?;
            notes.file(b"", mode, size, digest);
            return Ok(notes);
        }
    };
    let mut left = slot.most_entries();
    loop {
        let entry = match tar::next_entry(&mut reader)? {
            Next::Entry(entry) => entry,
            Next::Cut => return Err(SlotError::NoEnd),
            Next::End => return Ok(notes),
        };
        left = left
            .checked_sub(1)
            .ok_or(SlotError::TooManyEntries(slot.most_entries()))?;
        match entry.kind {
            EntryKind::Directory if entry.name == b"." || entry.name.is_empty() => {}
            EntryKind::Directory => notes.directory(&entry.name, modes.apply(entry.mode)),
            EntryKind::HardLink => notes.link(&entry.name, &entry.link),
            EntryKind::Symlink => notes.symlink(&entry.name, &entry.link),
            EntryKind::File => {
                let (size, digest) = digest(&mut reader, entry.size)?;
                if size < entry.size {
                    return Err(SlotError::BadArchive("truncated inside a file"));
                }
                notes.file(&entry.name, modes.apply(entry.mode), size, digest);
            }
        }
    }
}

/// Reads at most `most` bytes of content. Returns their number and digest.
fn digest(reader: &mut impl BufRead, most: u64) -> Result<(u64, FileDigest), SlotError> {
    let mut hasher = blake3::Hasher::new();
    let take = |chunk: &[u8], _| {
        hasher.update(chunk);
        Ok(())
    };
    let size = tar::take_content(reader, most, take)?;
    Ok((size, FileDigest::Blake3(Blake3(hasher.finalize().into()))))
}
