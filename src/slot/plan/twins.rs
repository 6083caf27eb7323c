//! Files of equal content, which an archive stores once.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::super::SlotError;
use crate::format::Blake3;
use crate::fs::{Entry, EntryKind as FileKind, IoContext};

/// Modes are normalised so that the umask of the host does not show: files executable by the owner
/// are executable by all, and all files are readable by all.
pub(super) fn stored_mode(entry: &Entry) -> u16 {
    let executable = entry.kind == FileKind::Directory || entry.mode & 0o100 != 0;
    if executable { 0o755 } else { 0o644 }
}

/// The maximum number of hard links to one file: half of ext4's limit, for the file system of the
/// cache.
const MOST_NAMES: usize = 32_000;

/// Files of equal content and mode: each but the first, mapped to the first. Beyond the link limit
/// there are several firsts.
pub(super) fn find_twins(entries: &[Entry]) -> Result<HashMap<PathBuf, PathBuf>, SlotError> {
    let mut by_size: HashMap<(u64, u16), Vec<&Entry>> = HashMap::new();
    for entry in entries {
        if let FileKind::File { len } = entry.kind
            && len > 0
        {
            by_size
                .entry((len, stored_mode(entry)))
                .or_default()
                .push(entry);
        }
    }
    let candidates: Vec<&Entry> = by_size
        .into_values()
        .filter(|group| group.len() > 1)
        .flatten()
        .collect();
    let hashed: Result<Vec<(Blake3, &Entry)>, SlotError> = candidates
        .into_par_iter()
        .map(|entry| Ok((hash_file(&entry.path)?, entry)))
        .collect();
    let mut hashed = hashed?;
    hashed.sort_by(|a, b| a.1.relative.cmp(&b.1.relative));
    let mut groups: HashMap<_, (&Path, usize)> = HashMap::new();
    let mut twins = HashMap::new();
    for (digest, entry) in hashed {
        let (first, names) = groups
            .entry((digest, stored_mode(entry)))
            .or_insert((&entry.relative, 0));
        if *names == MOST_NAMES {
            (*first, *names) = (&entry.relative, 0);
        }
        *names += 1;
        if *names > 1 {
            twins.insert(entry.relative.clone(), first.to_path_buf());
        }
    }
    Ok(twins)
}

fn hash_file(path: &Path) -> Result<Blake3, SlotError> {
    let mut file = File::open(path).on("read", path)?;
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut file, &mut hasher).on("read", path)?;
    Ok(Blake3(*hasher.finalize().as_bytes()))
}
