//! The content list of an extracted slot: recorded during extraction, so that the slot can be
//! checked without the package, or computed from the package.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_128;

use super::digest_range;
use super::pieces::PiecewiseDigest;
use super::threads::on_threads;
use crate::format::{Blake3, from_hex};
use crate::fs::{Lack, LinkResult, MadeLink};

const HEADER: &[u8] = b"flavor-contents 2\0";
/// Earlier lists have BLAKE3 of every file; they are still read.
const EARLIER_HEADER: &[u8] = b"flavor-contents 1\0";
/// Files of at least this size are hashed one at a time, by all threads.
const LARGE: u64 = 8 << 20;

/// A content list. On disk: `docs/format.md` § Cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    text: Vec<u8>,
}

/// Digest of the bytes of a file, in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileDigest {
    Blake3(Blake3),
    /// A non-cryptographic hash, much faster than BLAKE3. It detects damage, not tampering, which
    /// suffices for a list in the cache: anyone who can change the file there can change the list.
    Xxh3(u128),
}

impl FileDigest {
    fn parse(text: &str) -> Option<Self> {
        match text.len() {
            32 => u128::from_str_radix(text, 16).ok().map(Self::Xxh3),
            _ => from_hex(text).map(Blake3).map(Self::Blake3),
        }
    }

    /// Whether a file of `size` bytes has this digest. Large files are read by up to `jobs`
    /// threads.
    fn is_of(self, path: &Path, size: u64, jobs: usize) -> io::Result<bool> {
        Ok(match self {
            Self::Blake3(digest) => digest == digest_range(&File::open(path)?, 0, size, jobs)?,
            Self::Xxh3(digest) => digest == xxh3_128(&std::fs::read(path)?),
        })
    }
}

impl fmt::Display for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blake3(digest) => digest.fmt(f),
            Self::Xxh3(digest) => write!(f, "{digest:032x}"),
        }
    }
}

/// Records of several threads, in any order.
#[derive(Default)]
pub(super) struct Notes {
    text: Mutex<Vec<u8>>,
    /// Files whose bytes pass through several threads.
    spread: Mutex<Vec<SpreadFile>>,
    /// Files whose content was not seen: path, mode, size.
    unread: Mutex<Vec<(Vec<u8>, u16, u64)>>,
}

struct SpreadFile {
    path: Vec<u8>,
    mode: u16,
    size: u64,
    digest: Arc<PiecewiseDigest>,
}

impl Notes {
    pub(super) fn directory(&self, path: &[u8], mode: u16) {
        self.note(&[format!("d {mode:o} ").as_bytes(), path]);
    }

    pub(super) fn file(&self, path: &[u8], mode: u16, size: u64, digest: FileDigest) {
        self.note(&[format!("f {mode:o} {size} {digest} ").as_bytes(), path]);
    }

    /// Records a file whose parts are added to the returned digest by several threads.
    pub(super) fn spread_file(&self, path: &[u8], mode: u16, size: u64) -> Arc<PiecewiseDigest> {
        let digest = Arc::new(PiecewiseDigest::new(size));
        let file = SpreadFile {
            path: path.into(),
            mode,
            size,
            digest: Arc::clone(&digest),
        };
        self.spread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(file);
        digest
    }

    pub(super) fn hard_link(&self, link: &MadeLink) {
        let path = link.path.as_os_str().as_bytes();
        match &link.result {
            LinkResult::Link(target) => self.link(path, target.as_os_str().as_bytes()),
            LinkResult::Copy { mode, size } => {
                self.unread
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push((path.into(), *mode, *size));
            }
        }
    }

    pub(super) fn link(&self, path: &[u8], target: &[u8]) {
        self.note(&[b"h ", path, b"\0", target]);
    }

    pub(super) fn symlink(&self, path: &[u8], target: &[u8]) {
        self.note(&[b"l ", path, b"\0", target]);
    }

    fn note(&self, parts: &[&[u8]]) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.extend(parts.concat());
        text.push(0);
    }

    /// The complete list. Paths are relative to `root`.
    ///
    /// # Errors
    /// Errors in reading a copy, and [`io::ErrorKind::UnexpectedEof`] if part of a file was never
    /// seen.
    pub(super) fn finish(self, root: &Path, jobs: usize) -> io::Result<Contents> {
        let spread =
            std::mem::take(&mut *self.spread.lock().unwrap_or_else(PoisonError::into_inner));
        for SpreadFile {
            path,
            mode,
            size,
            digest,
        } in spread
        {
            let digest = digest.take().ok_or(io::ErrorKind::UnexpectedEof)?;
            self.file(&path, mode, size, FileDigest::Blake3(digest));
        }
        let unread =
            std::mem::take(&mut *self.unread.lock().unwrap_or_else(PoisonError::into_inner));
        for (path, mode, size) in unread {
            let digest = digest_range(&File::open(below(root, &path))?, 0, size, jobs)?;
            self.file(&path, mode, size, FileDigest::Blake3(digest));
        }
        let notes = self
            .text
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(Contents {
            text: [HEADER, &notes].concat(),
        })
    }
}

/// The root itself has an empty path: a slot that is one file.
fn below(root: &Path, path: &[u8]) -> PathBuf {
    if path.is_empty() {
        root.into()
    } else {
        root.join(OsStr::from_bytes(path))
    }
}

struct ListEntry<'a> {
    path: &'a [u8],
    kind: Kind<'a>,
}

enum Kind<'a> {
    Directory {
        mode: u32,
    },
    File {
        mode: u32,
        size: u64,
        digest: FileDigest,
    },
    HardLink {
        target: &'a [u8],
    },
    Symlink {
        target: &'a [u8],
    },
}

impl Contents {
    /// Parses a list written by [`Self::as_bytes`]; `None` if it is malformed.
    pub fn parse(text: Vec<u8>) -> Option<Self> {
        let contents = Self { text };
        contents.records()?;
        Some(contents)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// The same list with the modes on disk, for a file system that does not store modes. Later
    /// deviations count as changes.
    ///
    /// # Errors
    /// [`Lack::Programs`] if an executable file is not executable there.
    pub fn with_modes_of(&self, root: &Path) -> io::Result<Self> {
        let mut text = HEADER.to_vec();
        for record in self.records().unwrap_or_default() {
            let actual = match record.kind {
                Kind::Directory { .. } | Kind::File { .. } => {
                    below(root, record.path).symlink_metadata()?.mode() & 0o7777
                }
                Kind::HardLink { .. } | Kind::Symlink { .. } => 0,
            };
            let start = match record.kind {
                // Only the owner accesses a cache; many mounts drop the other bits.
                Kind::File { mode, .. } if mode & 0o100 & !actual != 0 => {
                    return Err(Lack::Programs.error());
                }
                Kind::Directory { .. } => format!("d {actual:o} "),
                Kind::File { size, digest, .. } => format!("f {actual:o} {size} {digest} "),
                Kind::HardLink { .. } => "h ".into(),
                Kind::Symlink { .. } => "l ".into(),
            };
            text.extend([start.as_bytes(), record.path, b"\0"].concat());
            if let Kind::HardLink { target } | Kind::Symlink { target } = record.kind {
                text.extend([target, b"\0"].concat());
            }
        }
        Ok(Self { text })
    }

    fn records(&self) -> Option<Vec<ListEntry<'_>>> {
        let mut rest = self
            .text
            .strip_prefix(HEADER)
            .or_else(|| self.text.strip_prefix(EARLIER_HEADER))?;
        let mut records = Vec::new();
        let mut next = || -> Option<Option<&[u8]>> {
            if rest.is_empty() {
                return Some(None);
            }
            let end = rest.iter().position(|byte| *byte == 0)?;
            let (field, after) = rest.split_at(end);
            rest = after.strip_prefix(b"\0")?;
            Some(Some(field))
        };
        while let Some(line) = next()? {
            records.push(match line.split_at_checked(2)? {
                (b"d ", line) => {
                    let (mode, path) = word(line)?;
                    ListEntry {
                        path,
                        kind: Kind::Directory {
                            mode: u32::from_str_radix(mode, 8).ok()?,
                        },
                    }
                }
                (b"f ", line) => {
                    let (mode, line) = word(line)?;
                    let (size, line) = word(line)?;
                    let (digest, path) = word(line)?;
                    let (mode, size) = (u32::from_str_radix(mode, 8).ok()?, size.parse().ok()?);
                    let digest = FileDigest::parse(digest)?;
                    ListEntry {
                        path,
                        kind: Kind::File { mode, size, digest },
                    }
                }
                (b"h ", path) => ListEntry {
                    path,
                    kind: Kind::HardLink { target: next()?? },
                },
                (b"l ", path) => ListEntry {
                    path,
                    kind: Kind::Symlink { target: next()?? },
                },
                _ => return None,
            });
        }
        Some(records)
    }

    /// Compares with the tree at `root`, on up to `jobs` threads: every byte, every mode, and that
    /// there are no other entries. Returns the paths that differ, unordered.
    pub fn damage(&self, root: &Path, jobs: usize) -> Vec<PathBuf> {
        let Some(records) = self.records() else {
            return vec![root.into()];
        };
        let (next, damaged) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let note = |path: PathBuf| {
            damaged
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(path);
        };
        let worker = || {
            while let Some(record) = records.get(next.fetch_add(1, Ordering::Relaxed)) {
                if !record.is_at(root).unwrap_or(false) {
                    note(below(root, record.path));
                }
            }
        };
        on_threads(jobs.min(records.len() / 64), worker, || ());
        for record in &records {
            if let Kind::File { size, digest, .. } = record.kind
                && size >= LARGE
            {
                let path = below(root, record.path);
                if !digest.is_of(&path, size, jobs).unwrap_or(false) {
                    note(path);
                }
            }
        }
        strangers(&records, root, &note);
        damaged.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

fn word(line: &[u8]) -> Option<(&str, &[u8])> {
    let (word, rest) = line.split_at(line.iter().position(|byte| *byte == b' ')?);
    Some((str::from_utf8(word).ok()?, rest.strip_prefix(b" ")?))
}

impl ListEntry<'_> {
    /// Whether the entry matches; large files are left to the caller.
    fn is_at(&self, root: &Path) -> io::Result<bool> {
        let path = below(root, self.path);
        let metadata = path.symlink_metadata()?;
        let mode_is = |mode| metadata.mode() & 0o7777 == mode;
        Ok(match self.kind {
            Kind::Directory { mode } => metadata.is_dir() && mode_is(mode),
            Kind::File { mode, size, digest } => {
                metadata.is_file()
                    && metadata.len() == size
                    && mode_is(mode)
                    && (size >= LARGE || digest.is_of(&path, size, 1)?)
            }
            // If hard links are unsupported or exhausted, it is a copy.
            Kind::HardLink { target } => {
                let target = below(root, target);
                let other = target.symlink_metadata()?;
                metadata.ino() == other.ino()
                    || metadata.is_file()
                        && other.is_file()
                        && (metadata.mode(), metadata.len()) == (other.mode(), other.len())
                        && digest_of(&path)? == digest_of(&target)?
            }
            Kind::Symlink { target } => std::fs::read_link(&path)?.as_os_str().as_bytes() == target,
        })
    }
}

fn digest_of(path: &Path) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(hasher.finalize())
}

/// Finds unlisted entries. Parents of listed entries are known even if the archive does not list
/// them.
fn strangers(records: &[ListEntry<'_>], root: &Path, note: &dyn Fn(PathBuf)) {
    let paths = records
        .iter()
        .map(|record| Path::new(OsStr::from_bytes(record.path)));
    let mut known: Vec<&[u8]> = paths
        .flat_map(Path::ancestors)
        .map(|path| path.as_os_str().as_bytes())
        .collect();
    known.sort_unstable();
    let mut directories = vec![PathBuf::new()];
    while let Some(directory) = directories.pop() {
        // A slot that is one file has no children; an unreadable directory has been recorded
        // already.
        for entry in std::fs::read_dir(root.join(&directory))
            .into_iter()
            .flatten()
            .flatten()
        {
            let relative = directory.join(entry.file_name());
            if known
                .binary_search(&relative.as_os_str().as_bytes())
                .is_err()
            {
                note(entry.path());
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                directories.push(relative);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted() -> Vec<u8> {
        let notes = Notes::default();
        notes.directory(b"lib", 0o555);
        notes.file(b"lib/a b", 0o444, 3, FileDigest::Xxh3(xxh3_128(b"abc")));
        notes.file(
            b"lib/large",
            0o444,
            3,
            FileDigest::Blake3(Blake3::of(b"abc")),
        );
        notes.hard_link(&MadeLink {
            path: "lib/c".into(),
            result: LinkResult::Link("lib/a b".into()),
        });
        notes.symlink(b"l", b"lib/\xff");
        notes
            .finish(Path::new("/nonexistent"), 1)
            .expect("no file is read")
            .text
    }

    #[test]
    fn a_list_reads_back_and_half_a_record_does_not() {
        let text = noted();
        assert_eq!(
            Contents::parse(text.clone())
                .expect("a list")
                .records()
                .expect("records")
                .len(),
            5
        );
        assert!(Contents::parse(text[..text.len() - 1].to_vec()).is_none());
        assert!(Contents::parse(Vec::new()).is_none());
    }

    #[test]
    fn damage_is_named() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let scene = tempfile::tempdir().expect("a directory");
        let root = scene.path();
        std::fs::create_dir(root.join("lib")).expect("a directory");
        std::fs::write(root.join("lib/a b"), "abc").expect("a file");
        std::fs::write(root.join("lib/large"), "abc").expect("a file");
        std::fs::hard_link(root.join("lib/a b"), root.join("lib/c")).expect("a link");
        symlink(OsStr::from_bytes(b"lib/\xff"), root.join("l")).expect("a link");
        for (path, mode) in [("lib/a b", 0o444), ("lib/large", 0o444), ("lib", 0o555)] {
            std::fs::set_permissions(root.join(path), std::fs::Permissions::from_mode(mode))
                .expect("mode");
        }
        let contents = Contents::parse(noted()).expect("a list");
        assert_eq!(contents.damage(root, 2), [""; 0].map(PathBuf::from));
        std::fs::set_permissions(root.join("lib/a b"), std::fs::Permissions::from_mode(0o644))
            .expect("mode");
        assert_eq!(contents.damage(root, 2), [root.join("lib/a b")]);
        for path in ["lib/a b", "lib/large"] {
            std::fs::set_permissions(root.join(path), std::fs::Permissions::from_mode(0o644))
                .expect("mode");
            std::fs::write(root.join(path), "abd").expect("a file");
            std::fs::set_permissions(root.join(path), std::fs::Permissions::from_mode(0o444))
                .expect("mode");
        }
        std::fs::write(root.join("new"), "").expect("a file");
        let mut damage = contents.damage(root, 2);
        damage.sort();
        assert_eq!(
            damage,
            ["lib/a b", "lib/large", "new"].map(|path| root.join(path))
        );
    }
}
