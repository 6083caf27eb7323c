//! Extracts a stored slot as a tree or a file, on all cores.
//!
//! Threads take frames in order. If a frame ends inside a file, the frames that continue the file
//! go to idle threads, each with the offset in the file.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::BufRead;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::contents::{Contents, FileDigest, Notes};
use super::counting_reader::Counted;
use super::frame::Frame;
use super::pieces::PiecewiseDigest;
use super::threads::on_threads;
use super::unpack::{FrameEnd, OpenFile, Tally, count, unpack};
use super::whole::WholeFrames;
use super::witness::Witness;
use super::{Decoders, SlotError, StoredSlot, tar};
use crate::format::Blake3;
use crate::fs::{IoContext, Modes, Tree, TreeFile, TreeWriter};

/// The maximum size of uncompressed data in all decoding threads together; it bounds their number
/// for slots with long frames.
const MEMORY: u64 = 36 << 20;

/// Where to extract a slot. The directory exists, is private to this process, and has no entry with
/// that name.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// Entries are written below it.
    Tree(&'a Path, Modes),
    /// The content becomes one file in the directory, with this name and mode.
    File {
        directory: &'a Path,
        name: &'a OsStr,
        mode: u16,
    },
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    pub files: u64,
    /// Uncompressed bytes: of the tar stream or of the file.
    pub bytes: u64,
    pub contents: Contents,
}

/// Decodes a slot, adding the uncompressed bytes to the progress of `decoders` as it goes.
///
/// The digest is computed from the bytes that are decoded: the file is read only once.
///
/// # Errors
/// [`SlotError::Digest`] if these bytes do not match the signed digest, else the error of the first
/// thread that fails. The destination must then be removed, and must not have been used.
pub fn extract(
    slot: &StoredSlot<'_>,
    destination: Destination<'_>,
    decoders: &Decoders,
) -> Result<Extracted, SlotError> {
    let witness = slot.witness();
    let done =
        extract_before(slot, destination, decoders, &witness).map_err(|error| slot.blame(error))?;
    slot.check(witness)?;
    Ok(done)
}

/// Extracts with a witness, whose verdict the caller has yet to ask for.
fn extract_before(
    slot: &StoredSlot<'_>,
    destination: Destination<'_>,
    decoders: &Decoders,
    witness: &Witness,
) -> Result<Extracted, SlotError> {
    let (directory, modes, place) = match destination {
        Destination::Tree(directory, modes) => (directory, modes, Place::Root),
        Destination::File {
            directory,
            name,
            mode,
        } => (
            directory,
            Modes::Keep,
            Place::File {
                name: name.as_bytes(),
                mode,
            },
        ),
    };
    // If the extraction would take long, it is checked before anything is written.
    let most = most_entries(slot)?;
    let tree = TreeWriter::new(directory, modes)?;
    let unpacking = Unpacking {
        slot,
        witness,
        tree: &tree,
        place,
        decoders,
    };
    let (bytes, tally) = unpacking.run(most, Some(Notes::default()))?;
    for link in tree.finish()? {
        tally.note(|notes| notes.hard_link(&link));
    }
    let root = match destination {
        Destination::Tree(directory, _) => directory.to_path_buf(),
        Destination::File {
            directory, name, ..
        } => directory.join(name),
    };
    let files = tally.files.load(Ordering::Relaxed);
    let contents = tally
        .notes
        .unwrap_or_default()
        .finish(&root, decoders.jobs())
        .on("read", &root)?;
    Ok(Extracted {
        files,
        bytes,
        contents,
    })
}

/// The number of entries to expect. It is declared for our slots, and checked against the limits
/// when the package is opened; other slots are decoded once to count them.
fn most_entries(slot: &StoredSlot<'_>) -> Result<u64, SlotError> {
    if slot.declared.is_none() && slot.operations.tar {
        count(slot)
    } else {
        Ok(slot.most_entries())
    }
}

/// Where the content of a slot goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// The root of the tree: the slot is an archive.
    Root,
    /// A single file.
    File { name: &'a [u8], mode: u16 },
}

/// A slot being extracted to a tree.
pub(super) struct Unpacking<'a> {
    pub(super) slot: &'a StoredSlot<'a>,
    pub(super) witness: &'a Witness,
    pub(super) tree: &'a dyn Tree,
    pub(super) place: Place<'a>,
    pub(super) decoders: &'a Decoders,
}

impl Unpacking<'_> {
    /// Decodes the slot into a tree of at most this many entries. Returns the uncompressed size and
    /// the counts, which match the declared ones.
    ///
    /// # Errors
    /// The error of the first thread that fails.
    pub(super) fn run(&self, most: u64, notes: Option<Notes>) -> Result<(u64, Tally), SlotError> {
        let frames = self.slot.frames(self.witness)?;
        let tally = Tally::new(most, notes);
        if frames.iter().any(|frame| !WholeFrames::accept(frame)) {
            self.decoders.clear();
        }
        let jobs = self
            .decoders
            .jobs()
            .clamp(1, frames.len().max(1))
            .min(threads_for(&frames));
        let work = Work {
            of: self,
            tally: &tally,
            queue: Mutex::new(Queue::new(frames)),
            idle: Condvar::new(),
        };
        let results = on_threads(
            jobs,
            || work.run(),
            || Err(SlotError::BadArchive("a decoding thread panicked")),
        );
        results.into_iter().collect::<Result<(), SlotError>>()?;
        let plain = work
            .queue
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .plain;
        let (files, entries) = (
            tally.files.load(Ordering::Relaxed),
            tally.entries.load(Ordering::Relaxed),
        );
        if let Some(declared) = self.slot.declared {
            if declared.plain_size != plain {
                return Err(SlotError::WrongLength {
                    declared: declared.plain_size,
                    found: plain,
                });
            }
            for (what, declared, found) in [
                ("files", declared.files, files),
                ("entries", declared.entries, entries),
            ] {
                if declared != found {
                    return Err(SlotError::WrongCount {
                        what,
                        declared,
                        found,
                    });
                }
            }
        }
        Ok((plain, tally))
    }
}

/// How many threads may decode at once within [`MEMORY`].
fn threads_for(frames: &[Frame]) -> usize {
    let largest = frames
        .iter()
        .map(|frame| frame.plain.saturating_add(frame.stored))
        .max()
        .unwrap_or(1);
    usize::try_from(MEMORY.checked_div(largest).unwrap_or(1))
        .unwrap_or(usize::MAX)
        .max(1)
}

struct Work<'a> {
    of: &'a Unpacking<'a>,
    tally: &'a Tally,
    queue: Mutex<Queue>,
    /// Signalled when a continuation is added, a thread finishes its part, or one fails.
    idle: Condvar,
}

struct Queue {
    frames: VecDeque<Frame>,
    continuations: Vec<Continuation>,
    /// Threads working on a frame that may add continuations.
    heads: usize,
    failed: bool,
    /// Uncompressed bytes so far.
    plain: u64,
}

/// A frame that contains only content of a file that is already open.
struct Continuation {
    frame: Frame,
    file: Arc<TreeFile>,
    /// Records the file's content, if requested.
    digest: Option<Arc<PiecewiseDigest>>,
    offset: u64,
    /// Bytes of the file in this frame; zeros up to the next tar block may follow.
    content: u64,
    size: u64,
}

enum WorkItem {
    /// A frame, its continuations, and whether they are the last.
    Head {
        frame: Frame,
        rest: Vec<Frame>,
        last: bool,
    },
    Continuation(Continuation),
}

impl Queue {
    fn new(frames: Vec<Frame>) -> Self {
        Self {
            frames: frames.into(),
            continuations: Vec::new(),
            heads: 0,
            failed: false,
            plain: 0,
        }
    }
}

impl Work<'_> {
    fn run(&self) -> Result<(), SlotError> {
        let mut whole = self.of.decoders.take();
        while let Some(part) = self.next() {
            let head = matches!(part, WorkItem::Head { .. });
            let outcome = match part {
                WorkItem::Head { frame, rest, last } => self.head(frame, &rest, last, &mut whole),
                WorkItem::Continuation(part) => self.continuation(&part, &mut whole),
            };
            let mut queue = self.lock();
            queue.heads = queue.heads.saturating_sub(usize::from(head));
            match outcome {
                Ok(plain) => {
                    queue.plain = queue.plain.saturating_add(plain);
                    self.of.decoders.add_progress(plain);
                }
                Err(error) => {
                    queue.failed = true;
                    self.idle.notify_all();
                    return Err(error);
                }
            }
            self.idle.notify_all();
        }
        self.of.decoders.give_back(whole);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<WorkItem> {
        let mut queue = self.lock();
        loop {
            if queue.failed {
                return None;
            }
            if let Some(part) = queue.continuations.pop() {
                return Some(WorkItem::Continuation(part));
            }
            if let Some(head) = queue.frames.pop_front() {
                let mut rest = Vec::new();
                while queue.frames.front().is_some_and(|frame| frame.continues) {
                    rest.extend(queue.frames.pop_front());
                }
                queue.heads = queue.heads.saturating_add(1);
                let last = queue.frames.is_empty();
                return Some(WorkItem::Head {
                    frame: head,
                    rest,
                    last,
                });
            }
            if queue.heads == 0 {
                return None;
            }
            queue = self
                .idle
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn head(
        &self,
        frame: Frame,
        rest: &[Frame],
        last: bool,
        whole: &mut WholeFrames,
    ) -> Result<u64, SlotError> {
        let mut reader = Counted::new(self.of.slot.frame(frame, self.of.witness, whole)?);
        let end = match self.of.place {
            Place::Root => unpack(&mut reader, self.of.tree, self.tally)?,
            Place::File { name, mode } => self.single_file(&mut reader, frame, rest, name, mode)?,
        };
        // The end of the stream: nothing may follow, and decoders check their own trailers here.
        if reader.read(&mut [0])? != 0 {
            return Err(SlotError::BadArchive("trailing bytes"));
        }
        if frame.plain != u64::MAX && reader.count != frame.plain {
            return Err(SlotError::WrongLength {
                declared: frame.plain,
                found: reader.count,
            });
        }
        let archive = matches!(self.of.place, Place::Root);
        match (end, rest) {
            // Other readers would stop here.
            (FrameEnd::Archive, []) if !last => {
                return Err(SlotError::BadArchive("trailing bytes"));
            }
            (FrameEnd::Archive, []) => {}
            _ if archive && last => return Err(SlotError::NoEnd),
            (FrameEnd::Cut, []) => {}
            (FrameEnd::Open(open), rest) => self.add_continuations(open, rest)?,
            (FrameEnd::Archive | FrameEnd::Cut, _) => return Err(SlotError::BadFrameTable),
        }
        Ok(reader.count)
    }

    fn single_file(
        &self,
        reader: &mut impl BufRead,
        frame: Frame,
        rest: &[Frame],
        name: &[u8],
        mode: u16,
    ) -> Result<FrameEnd, SlotError> {
        let tree = self.of.tree;
        let file = tree.file(name, mode)?;
        self.tally.files.fetch_add(1, Ordering::Relaxed);
        let size = rest
            .iter()
            .fold(frame.plain, |sum, frame| sum.saturating_add(frame.plain));
        let mut done = 0;
        let mode = tree.mode(mode);
        let notes = self.tally.notes.as_ref();
        // The length of the single frame of a foreign slot is known only at its end.
        let digest = notes
            .filter(|_| !rest.is_empty())
            .map(|notes| notes.spread_file(b"", mode, size));
        let mut hasher = notes
            .filter(|_| rest.is_empty())
            .map(|_| blake3::Hasher::new());
        loop {
            let chunk = reader.fill_buf().map_err(SlotError::BadStream)?;
            if chunk.is_empty() {
                break;
            }
            file.write_at(chunk, done)?;
            if let Some(digest) = &digest {
                digest.see(done, chunk);
            }
            if let Some(hasher) = &mut hasher {
                hasher.update(chunk);
            }
            let len = chunk.len();
            reader.consume(len);
            done = done.saturating_add(len as u64);
        }
        if !rest.is_empty() {
            return Ok(FrameEnd::Open(OpenFile {
                file,
                digest,
                done,
                size,
            }));
        }
        if let (Some(notes), Some(hasher)) = (notes, hasher) {
            notes.file(
                b"",
                mode,
                done,
                FileDigest::Blake3(Blake3(hasher.finalize().into())),
            );
        }
        Ok(FrameEnd::Cut)
    }

    fn add_continuations(&self, open: OpenFile, rest: &[Frame]) -> Result<(), SlotError> {
        let file = Arc::new(open.file);
        let mut offset = open.done;
        let mut parts = Vec::with_capacity(rest.len());
        for frame in rest {
            let content = frame.plain.min(open.size.saturating_sub(offset));
            let (file, digest) = (Arc::clone(&file), open.digest.clone());
            parts.push(Continuation {
                frame: *frame,
                file,
                digest,
                offset,
                content,
                size: open.size,
            });
            offset = offset.saturating_add(content);
        }
        if offset != open.size {
            return Err(SlotError::BadArchive("truncated inside a file"));
        }
        self.lock().continuations.extend(parts);
        self.idle.notify_all();
        Ok(())
    }

    fn continuation(&self, part: &Continuation, whole: &mut WholeFrames) -> Result<u64, SlotError> {
        let mut reader = Counted::new(self.of.slot.frame(part.frame, self.of.witness, whole)?);
        let mut left = part.content;
        while left > 0 {
            let chunk = reader.fill_buf().map_err(SlotError::BadStream)?;
            if chunk.is_empty() {
                return Err(SlotError::BadArchive("truncated inside a file"));
            }
            let chunk = chunk
                .get(..usize::try_from(left).unwrap_or(usize::MAX))
                .unwrap_or(chunk);
            let done = part.content.saturating_sub(left);
            let offset = part.offset.saturating_add(done);
            if let Some(digest) = &part.digest {
                digest.see(offset, chunk);
            }
            part.file.write_at(chunk, offset)?;
            let len = chunk.len();
            reader.consume(len);
            left = left.saturating_sub(len as u64);
        }
        if part.frame.plain > part.content {
            tar::skip_padding(&mut reader, part.size)?;
        }
        if reader.read(&mut [0])? != 0 || reader.count != part.frame.plain {
            return Err(SlotError::WrongLength {
                declared: part.frame.plain,
                found: reader.count,
            });
        }
        Ok(reader.count)
    }
}
