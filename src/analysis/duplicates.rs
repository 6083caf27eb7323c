//! Duplicate content in a package.

use std::collections::HashMap;

use serde::Serialize;

use super::contents::{Contents, PackedEntry, SlotContents};
use crate::format::Blake3;
use crate::slot::EntryKind;

/// Content that is stored in several places. Files that share one stored copy by hard links are not
/// duplicates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// Digest of the content.
    pub blake3: String,
    pub size: u64,
    /// Stored bytes of all copies but the cheapest.
    pub wasted: u64,
    /// `slot` and `path` of each copy.
    pub copies: Vec<Copy>,
}

/// The place of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copy {
    pub slot: String,
    pub path: String,
    pub stored: u64,
}

/// The minimum waste to be reported.
const LEAST: u64 = 64;

/// All duplicates, most wasteful first.
pub fn duplicates(contents: &Contents) -> Vec<Duplicate> {
    let mut by_digest: HashMap<Blake3, Vec<(&SlotContents, &PackedEntry)>> = HashMap::new();
    for (slot, entry) in contents.entries() {
        if let (EntryKind::File, Some(digest)) = (entry.kind, entry.blake3)
            && entry.size >= LEAST
        {
            by_digest.entry(digest).or_default().push((slot, entry));
        }
    }
    let mut duplicates: Vec<Duplicate> = by_digest
        .into_iter()
        .filter(|(_, copies)| copies.len() > 1)
        .map(|(digest, copies)| duplicate(digest, &copies))
        .collect();
    duplicates.sort_by(|a, b| {
        (b.wasted, b.size)
            .cmp(&(a.wasted, a.size))
            .then_with(|| a.copies[0].path.cmp(&b.copies[0].path))
    });
    duplicates
}

fn duplicate(digest: Blake3, copies: &[(&SlotContents, &PackedEntry)]) -> Duplicate {
    let stored = |(_, entry): &(&SlotContents, &PackedEntry)| entry.stored;
    let all: u64 = copies.iter().map(stored).sum();
    Duplicate {
        blake3: digest.hex(),
        size: copies.first().map_or(0, |(_, entry)| entry.size),
        wasted: all - copies.iter().map(stored).min().unwrap_or(0),
        copies: copies
            .iter()
            .map(|(slot, entry)| Copy {
                slot: slot.name.clone(),
                path: entry.path.clone(),
                stored: entry.stored,
            })
            .collect(),
    }
}
