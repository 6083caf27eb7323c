//! Hashes trees without reading unchanged files again.
//!
//! A file with the same stamp (size, times, inode) as when it was hashed need not be hashed again:
//! every change to a file changes its `ctime`. [`Stamp::is_settled`] handles the one exception.

use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::format::Blake3;
use crate::fs::{self, Entry, EntryKind, IoContext, Stamp, replace_file};
use crate::slot::digest_range;

/// Magic of a stat cache file; the last two digits are its version.
const MAGIC: &[u8; 8] = b"FLVSTAT1";
/// Files of at least this size are hashed by all threads.
const LARGE: u64 = 16 << 20;

/// A tree with the digests of its content.
#[derive(Clone, Debug)]
pub(in crate::pack) struct HashedTree {
    /// In the order of [`crate::fs::walk`].
    pub(in crate::pack) entries: Vec<Entry>,
    /// Of each entry's content; `None` for entries that are not files.
    pub(in crate::pack) digests: Vec<Option<Blake3>>,
    /// Depends on names, kinds, modes, link targets and contents; not on the path of the tree, nor
    /// on times.
    pub(in crate::pack) digest: Blake3,
    /// The differences to the last time, as phrases; empty if there was no last time.
    pub(in crate::pack) changes: Vec<String>,
}

impl HashedTree {
    /// The same files under other names, one for each entry: the digest has these. For files whose
    /// paths belong to this machine.
    pub(in crate::pack) fn renamed(mut self, names: impl Iterator<Item = PathBuf>) -> Self {
        for (entry, name) in self.entries.iter_mut().zip(names) {
            entry.relative = name;
        }
        self.digest = digest_of(&self.entries, &self.digests);
        self
    }

    /// Total size of all files.
    pub(in crate::pack) fn bytes(&self) -> u64 {
        self.entries
            .iter()
            .map(|entry| {
                if let EntryKind::File { len } = entry.kind {
                    len
                } else {
                    0
                }
            })
            .sum()
    }
}

/// Hashes `entries`, and stores the digests in the file `memory` for the next time.
///
/// # Errors
/// A file that cannot be read. If the stat cache cannot be read or written, that only costs time.
pub(in crate::pack) fn hash_tree(entries: Vec<Entry>, memory: &Path) -> fs::Result<HashedTree> {
    let remembered = read_memory(memory);
    let old = remembered.as_deref().unwrap_or_default();
    let looked_at = Stamp::now();
    let lines: Vec<Option<Line>> = entries
        .par_iter()
        .map(|entry| {
            let EntryKind::File { len } = entry.kind else {
                return Ok(None);
            };
            let path = entry.relative.as_os_str().as_bytes();
            let known = old
                .binary_search_by(|line| line.path.as_slice().cmp(path))
                .ok()
                .map(|at| &old[at]);
            if let Some(known) = known
                && known.stamp == entry.stamp
                && known.stamp.is_settled(known.looked_at)
            {
                return Ok(Some(known.clone()));
            }
            let digest = hash_file(&entry.path, len).on("read", &entry.path)?;
            Ok(Some(Line {
                path: path.to_vec(),
                stamp: entry.stamp,
                looked_at,
                digest,
            }))
        })
        .collect::<fs::Result<_>>()?;
    let digests: Vec<Option<Blake3>> = lines
        .iter()
        .map(|line| line.as_ref().map(|line| line.digest))
        .collect();
    let digest = digest_of(&entries, &digests);
    let mut sorted: Vec<Line> = lines.into_iter().flatten().collect();
    sorted.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    let changes = if remembered.is_some() {
        changes(old, &sorted)
    } else {
        Vec::new()
    };
    if sorted != old
        && let Err(error) = write_memory(memory, &sorted)
    {
        tracing::debug!(path = %memory.display(), %error, "digests are not remembered");
    }
    Ok(HashedTree {
        entries,
        digests,
        digest,
        changes,
    })
}

fn digest_of(entries: &[Entry], digests: &[Option<Blake3>]) -> Blake3 {
    let mut hasher = blake3::Hasher::new();
    for (entry, digest) in entries.iter().zip(digests) {
        let name = entry.relative.as_os_str().as_bytes();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update(&entry.mode.to_le_bytes());
        match &entry.kind {
            EntryKind::Directory => hasher.update(b"d"),
            EntryKind::Special => hasher.update(b"?"),
            EntryKind::Symlink { target } => {
                let target = target.as_os_str().as_bytes();
                hasher
                    .update(b"l")
                    .update(&(target.len() as u64).to_le_bytes())
                    .update(target)
            }
            EntryKind::File { .. } => hasher
                .update(b"f")
                .update(&digest.map_or([0; 32], |digest| digest.0)),
        };
    }
    Blake3(*hasher.finalize().as_bytes())
}

fn hash_file(path: &Path, len: u64) -> std::io::Result<Blake3> {
    let mut file = File::open(path)?;
    if len >= LARGE {
        return digest_range(&file, 0, len, rayon::current_num_threads());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    Ok(Blake3::of(&bytes))
}

/// What is stored about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    path: Vec<u8>,
    stamp: Stamp,
    /// Nanoseconds since 1970, taken before the file was read.
    looked_at: i64,
    digest: Blake3,
}

/// Both lists are sorted.
fn changes(old: &[Line], new: &[Line]) -> Vec<String> {
    let mut found = Vec::new();
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let name = |line: &Line| {
        PathBuf::from(std::ffi::OsString::from_vec(line.path.clone()))
            .display()
            .to_string()
    };
    loop {
        match (old.peek(), new.peek()) {
            (Some(gone), other) if other.is_none_or(|other| gone.path < other.path) => {
                found.push(format!("{} was removed", name(gone)));
                old.next();
            }
            (other, Some(added)) if other.is_none_or(|other| added.path < other.path) => {
                found.push(format!("{} is new", name(added)));
                new.next();
            }
            (Some(one), Some(other)) => {
                if one.digest != other.digest {
                    found.push(format!("{} has changed", name(other)));
                }
                old.next();
                new.next();
            }
            // Entries on one side only were handled by the first arms.
            (Some(_), None) | (None, Some(_) | None) => return found,
        }
    }
}

/// `None` if it is missing or damaged: the file ends with a digest of its content.
fn read_memory(path: &Path) -> Option<Vec<Line>> {
    let bytes = std::fs::read(path).ok()?;
    let (body, digest) = bytes.split_last_chunk::<32>()?;
    let mut rest = body.strip_prefix(MAGIC)?;
    if Blake3::of(body).0 != *digest {
        return None;
    }
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let [len, stamp_len, mtime, ctime, inode, looked_at] = take_numbers(&mut rest)?;
        let (digest, after) = rest.split_first_chunk::<32>()?;
        let (path, after) = after.split_at_checked(usize::try_from(len).ok()?)?;
        let stamp = Stamp {
            len: stamp_len,
            mtime: mtime.cast_signed(),
            ctime: ctime.cast_signed(),
            inode,
        };
        lines.push(Line {
            path: path.to_vec(),
            stamp,
            looked_at: looked_at.cast_signed(),
            digest: Blake3(*digest),
        });
        rest = after;
    }
    Some(lines)
}

fn take_numbers<const N: usize>(rest: &mut &[u8]) -> Option<[u64; N]> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        let (bytes, after) = rest.split_first_chunk::<8>()?;
        *number = u64::from_le_bytes(*bytes);
        *rest = after;
    }
    Some(numbers)
}

fn write_memory(path: &Path, lines: &[Line]) -> fs::Result<()> {
    let mut bytes = MAGIC.to_vec();
    for line in lines {
        let Stamp {
            len,
            mtime,
            ctime,
            inode,
        } = line.stamp;
        let numbers = [
            line.path.len() as u64,
            len,
            mtime.cast_unsigned(),
            ctime.cast_unsigned(),
            inode,
            line.looked_at.cast_unsigned(),
        ];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend_from_slice(&line.digest.0);
        bytes.extend_from_slice(&line.path);
    }
    let digest = Blake3::of(&bytes);
    bytes.extend_from_slice(&digest.0);
    replace_file(path, &bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fs::walk;

    fn hash(tree: &Path, memory: &Path) -> HashedTree {
        hash_tree(walk(tree).expect("walked"), memory).expect("hashed")
    }

    #[test]
    fn a_change_within_one_tick_is_seen() {
        let scratch = tempfile::tempdir().expect("scratch");
        let (tree, memory) = (scratch.path().join("tree"), scratch.path().join("memory"));
        std::fs::create_dir(&tree).expect("made");
        let file = tree.join("a");
        for round in 0..200 {
            let one = format!("{round:08} one");
            let two = format!("{round:08} two");
            std::fs::write(&file, &one).expect("written");
            let before = hash(&tree, &memory).digest;
            // Same length, same inode, and usually the same timestamp tick.
            std::fs::write(&file, &two).expect("written");
            assert_ne!(hash(&tree, &memory).digest, before, "round {round}");
        }
    }

    #[test]
    fn settled_files_are_not_read_again_and_changed_ones_are_named() {
        let scratch = tempfile::tempdir().expect("scratch");
        let (tree, memory) = (scratch.path().join("tree"), scratch.path().join("memory"));
        std::fs::create_dir(&tree).expect("made");
        for name in ["a", "b", "c"] {
            std::fs::write(tree.join(name), name).expect("written");
        }
        std::thread::sleep(Duration::from_millis(80));
        let first = hash(&tree, &memory);
        assert!(first.changes.is_empty());
        // Reading the file now would fail.
        let entries = walk(&tree).expect("walked").into_iter();
        let elsewhere = entries
            .map(|entry| Entry {
                path: "/nowhere".into(),
                ..entry
            })
            .collect();
        assert_eq!(
            hash_tree(elsewhere, &memory).expect("remembered").digest,
            first.digest
        );
        std::fs::write(tree.join("b"), "B").expect("written");
        std::fs::remove_file(tree.join("c")).expect("removed");
        std::fs::write(tree.join("d"), "d").expect("written");
        let second = hash(&tree, &memory);
        assert_eq!(
            second.changes,
            ["b has changed", "c was removed", "d is new"]
        );
        // A damaged stat cache is ignored.
        let mut bytes = std::fs::read(&memory).expect("there");
        bytes[20] ^= 1;
        std::fs::write(&memory, bytes).expect("written");
        assert_eq!(hash(&tree, &memory).digest, second.digest);
    }
}
