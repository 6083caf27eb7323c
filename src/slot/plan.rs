//! Plans the frames of a tree, from names and sizes alone. Only possible duplicates are read.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::SlotError;
use super::tar::{self, EntryKind, TarEntry};
use crate::codec::Compression;
use crate::format::{Blake3, Operations, limits};
use crate::fs::{
    Entry, EntryKind as FileKind, IoContext, LinkFault, TreeError, TreeLinks, checked_path, walk,
};

/// Whether an archive may hold links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Links {
    /// Links stay links, and files of equal content are stored once.
    Keep,
    /// Every link is replaced by its target, for launchers that reject links.
    Follow,
}

/// What determines an archive in addition to its tree.
#[derive(Clone, Debug)]
pub struct TreeOptions {
    pub links: Links,
    /// A prefix of every name, such as `lib/data`; may be empty.
    pub prefix: PathBuf,
    /// mtime of every entry, in seconds since 1970.
    pub mtime: u64,
}

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

/// Content of one frame.
#[derive(Default)]
pub(super) struct PlannedFrame {
    pub(super) pieces: Vec<Piece>,
    pub(super) plain: u64,
    pub(super) continues: bool,
}

pub(super) enum Piece {
    Bytes(Vec<u8>),
    /// `len` bytes of a file from `offset`.
    Content {
        path: PathBuf,
        offset: u64,
        len: u64,
    },
}

/// Rejects files that are too large for one slot before any is read. Files of one size count once,
/// because equal files are stored once.
///
/// # Errors
/// [`SlotError::TooLong`].
pub fn check_size(entries: &[Entry]) -> Result<(), SlotError> {
    let len = |entry: &Entry| {
        if let FileKind::File { len } = entry.kind {
            Some(len)
        } else {
            None
        }
    };
    let sizes: HashSet<u64> = entries.iter().filter_map(len).collect();
    within_a_slot(sizes.iter().fold(0, |sum, size| sum.saturating_add(*size)))
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
        cutter.finish(operations, 1, 0)
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
        let operations = Operations {
            tar: true,
            codec: compression.codec,
        };
        let followed;
        let entries = match options.links {
            Links::Keep => {
                check_links(entries)?;
                entries
            }
            Links::Follow => {
                followed = follow_links(entries)?;
                &followed
            }
        };
        let twins = match options.links {
            Links::Keep => find_twins(entries)?,
            Links::Follow => HashMap::new(),
        };
        let content = |entry: &Entry| {
            if let FileKind::File { len } = entry.kind {
                len
            } else {
                0
            }
        };
        let mut cutter = Cutter::new(compression, entries.iter().map(content).sum());
        let name = |relative: &Path| {
            options
                .prefix
                .join(relative)
                .as_os_str()
                .as_bytes()
                .to_vec()
        };
        let mut names = 0_u64;
        for entry in entries {
            checked_path(&name(&entry.relative))?;
        }
        let mut header = |cutter: &mut Cutter, entry: &Entry, kind, size, link: &[u8]| {
            let mode = if kind == EntryKind::Symlink {
                0o777
            } else {
                stored_mode(entry)
            };
            let entry = TarEntry {
                name: name(&entry.relative),
                kind,
                mode,
                size,
                link: link.to_vec(),
            };
            names = names.saturating_add((entry.name.len() + entry.link.len()) as u64);
            cutter.header(entry.encode(options.mtime), size);
        };
        if entries.len() as u64 > limits::ARCHIVE_ENTRIES {
            return Err(SlotError::TooManyEntries(limits::ARCHIVE_ENTRIES));
        }
        let (mut files, mut links) = (0, Vec::new());
        for entry in entries
            .iter()
            .filter(|entry| entry.kind == FileKind::Directory)
        {
            header(&mut cutter, entry, EntryKind::Directory, 0, &[]);
        }
        let mut others: Vec<&Entry> = entries
            .iter()
            .filter(|entry| entry.kind != FileKind::Directory)
            .collect();
        others.sort_by_cached_key(|entry| neighbourhood(&entry.relative));
        for entry in others {
            match &entry.kind {
                FileKind::Directory => {}
                FileKind::Special => {
                    return Err(SlotError::SpecialFile {
                        path: entry.path.clone(),
                    });
                }
                FileKind::File { len } => {
                    files += 1;
                    if twins.contains_key(&entry.relative) {
                        links.push(entry);
                    } else {
                        header(&mut cutter, entry, EntryKind::File, *len, &[]);
                        cutter.content(&entry.path, *len);
                        cutter.padding(*len);
                    }
                }
                FileKind::Symlink { .. } => links.push(entry),
            }
        }
        for entry in links {
            match &entry.kind {
                FileKind::Symlink { target } => {
                    header(
                        &mut cutter,
                        entry,
                        EntryKind::Symlink,
                        0,
                        target.as_os_str().as_bytes(),
                    );
                }
                _ => header(
                    &mut cutter,
                    entry,
                    EntryKind::HardLink,
                    0,
                    &name(&twins[&entry.relative]),
                ),
            }
        }
        if names > limits::names(entries.len() as u64) {
            return Err(SlotError::LongNames);
        }
        cutter.header(tar::END.to_vec(), 0);
        cutter.finish(operations, files, entries.len() as u64)
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

/// Collects pieces and cuts frames.
struct Cutter {
    /// The length of a frame: the maximum and, towards the end of the slot, the minimum.
    longest: u64,
    shortest: u64,
    /// Bytes in the current frame.
    limit: u64,
    /// Bytes of content still to come.
    left: u64,
    compression: Compression,
    done: Vec<PlannedFrame>,
    current: PlannedFrame,
}

impl Cutter {
    /// For a slot with this many bytes of content.
    fn new(compression: Compression, content: u64) -> Self {
        let longest = compression.frame_len();
        let mut cutter = Self {
            longest,
            shortest: longest / 5 * 4,
            limit: longest,
            left: content,
            compression,
            done: Vec::new(),
            current: PlannedFrame::default(),
        };
        cutter.limit = cutter.next_limit();
        cutter
    }

    /// Frames get shorter towards the end, so that no core starts a long one when the others are
    /// done.
    fn next_limit(&self) -> u64 {
        const CORES: u64 = 4;
        (self.left / CORES).clamp(self.shortest, self.longest)
    }

    /// Starts an entry of `size` bytes of content: in a new frame if the current one is full
    /// enough, or if the entry does not fit and will be cut itself.
    fn header(&mut self, header: Vec<u8>, size: u64) {
        let with_entry = self.current.plain + header.len() as u64 + size;
        if self.current.plain > 0 && (with_entry > self.limit || self.current.continues) {
            self.cut(false);
        }
        self.bytes(header);
    }

    fn bytes(&mut self, bytes: Vec<u8>) {
        self.current.plain += bytes.len() as u64;
        match self.current.pieces.last_mut() {
            Some(Piece::Bytes(last)) => last.extend_from_slice(&bytes),
            _ => self.current.pieces.push(Piece::Bytes(bytes)),
        }
    }

    fn content(&mut self, path: &Path, size: u64) {
        let mut offset = 0;
        while offset < size {
            if self.current.plain >= self.limit {
                self.cut(true);
            }
            let len = (size - offset).min(self.limit - self.current.plain);
            self.current.pieces.push(Piece::Content {
                path: path.into(),
                offset,
                len,
            });
            self.current.plain += len;
            self.left = self.left.saturating_sub(len);
            offset += len;
        }
    }

    /// Pads the last block. This may exceed the limit, which is cheaper than a frame of a few
    /// zeros.
    fn padding(&mut self, size: u64) {
        let zeros = tar::padding(size);
        if zeros > 0 {
            self.bytes(vec![0; zeros]);
        }
    }

    fn cut(&mut self, next_continues: bool) {
        let next = PlannedFrame {
            continues: next_continues,
            ..PlannedFrame::default()
        };
        self.done.push(std::mem::replace(&mut self.current, next));
        self.limit = self.next_limit();
    }

    /// Rejects, before anything is compressed, what no reader extracts.
    fn finish(
        mut self,
        operations: Operations,
        files: u64,
        entries: u64,
    ) -> Result<Plan, SlotError> {
        if self.current.plain > 0 || self.done.is_empty() {
            self.cut(false);
        }
        let plain_size = self.done.iter().map(|frame| frame.plain).sum();
        within_a_slot(plain_size)?;
        Ok(Plan {
            compression: self.compression,
            operations,
            frames: self.done,
            plain_size,
            files,
            entries,
        })
    }
}

/// Modes are normalised so that the umask of the host does not show: files executable by the owner
/// are executable by all, and all files are readable by all.
fn stored_mode(entry: &Entry) -> u16 {
    let executable = entry.kind == FileKind::Directory || entry.mode & 0o100 != 0;
    if executable { 0o755 } else { 0o644 }
}

/// The maximum number of hard links to one file: half of ext4's limit, for the file system of the
/// cache.
const MOST_NAMES: usize = 32_000;

/// Files of equal content and mode: each but the first, mapped to the first. Beyond the link limit
/// there are several firsts.
fn find_twins(entries: &[Entry]) -> Result<HashMap<PathBuf, PathBuf>, SlotError> {
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

/// Replaces every link by its target.
pub fn follow_links(entries: &[Entry]) -> Result<Vec<Entry>, SlotError> {
    follow_links_where(entries, |_| true)
}

/// Replaces the links that are `wanted`, and all links below them.
pub fn follow_links_where(
    entries: &[Entry],
    wanted: impl Fn(&Entry) -> bool,
) -> Result<Vec<Entry>, SlotError> {
    let mut out = Vec::new();
    for entry in entries {
        if matches!(entry.kind, FileKind::Symlink { .. }) && wanted(entry) {
            follow_one(entry, &mut HashSet::new(), &mut out)?;
        } else {
            out.push(entry.clone());
        }
    }
    Ok(out)
}

fn follow_one(
    link: &Entry,
    open: &mut HashSet<PathBuf>,
    out: &mut Vec<Entry>,
) -> Result<(), SlotError> {
    let real = std::fs::canonicalize(&link.path).on("follow link", &link.path)?;
    let target = Entry::examine(real.clone(), link.relative.clone())?;
    if target.kind != FileKind::Directory {
        out.push(target);
        return Ok(());
    }
    if !open.insert(real.clone()) {
        return Err(SlotError::LinkLoop {
            path: link.path.clone(),
        });
    }
    out.push(target);
    for child in walk(&real)? {
        let moved = Entry {
            relative: link.relative.join(&child.relative),
            ..child
        };
        if matches!(moved.kind, FileKind::Symlink { .. }) {
            follow_one(&moved, open, out)?;
        } else {
            out.push(moved);
        }
    }
    open.remove(&real);
    Ok(())
}

/// Rejects links that a reader would reject, while the user who packs can still fix them.
fn check_links(entries: &[Entry]) -> Result<(), SlotError> {
    let mut links = TreeLinks::default();
    for entry in entries {
        if let FileKind::Symlink { target } = &entry.kind {
            links.add(entry.relative.clone(), target.clone());
        }
    }
    links.check(entries.len()).map_err(|fault| match fault {
        LinkFault::LeadsOut { path, target } => {
            let place = entries
                .iter()
                .find(|entry| entry.relative == path)
                .map_or(path, |entry| &entry.path);
            SlotError::EscapingLink {
                path: place.into(),
                target: target.into(),
            }
        }
        // On disk nothing is below a link.
        LinkFault::Behind { path } => SlotError::Changed { path: path.into() },
        LinkFault::Scattered => TreeError::Implied.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Codec;

    #[test]
    fn a_large_file_is_cut_and_small_ones_share_a_frame() {
        let compression = Compression {
            codec: Codec::Zstd,
            level: 3,
            extreme: false,
        };
        let mut cutter = Cutter::new(compression, 0);
        let big = 9 << 20;
        for size in [100, big, 100, 100] {
            cutter.header(vec![0; 512], size);
            cutter.content(Path::new("x"), size);
            cutter.padding(size);
        }
        let plan = cutter
            .finish(
                Operations {
                    tar: true,
                    codec: Codec::Zstd,
                },
                4,
                4,
            )
            .expect("a plan");
        let shape: Vec<bool> = plan.frames.iter().map(|frame| frame.continues).collect();
        assert_eq!(shape, [false, false, true, true, false]);
        assert_eq!(
            plan.plain_size,
            plan.frames.iter().map(|frame| frame.plain).sum::<u64>()
        );
    }

    #[test]
    fn the_last_frames_are_the_shorter_ones() {
        let compression = Compression {
            codec: Codec::Zstd,
            level: 3,
            extreme: false,
        };
        let size = 100 << 20;
        let mut cutter = Cutter::new(compression, size);
        cutter.content(Path::new("x"), size);
        let plan = cutter
            .finish(
                Operations {
                    tar: false,
                    codec: Codec::Zstd,
                },
                1,
                0,
            )
            .expect("a plan");
        let lengths: Vec<u64> = plan.frames.iter().map(|frame| frame.plain).collect();
        assert!(lengths.is_sorted_by(|a, b| a >= b), "{lengths:?}");
        assert_eq!((lengths[0], lengths[lengths.len() - 2]), (5 << 20, 4 << 20));
    }
}
