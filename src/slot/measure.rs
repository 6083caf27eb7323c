//! Measures how many stored bytes each entry of a slot takes.
//!
//! A codec does not attribute its output to entries, because the entries of a frame are compressed
//! together. So every piece of content is compressed once more by itself, fast, and the bytes of
//! its frame are distributed in proportion to the results. The shares of a frame add up to its
//! exact length. In an uncompressed archive the weight of an entry is its length.

use std::io::BufRead;

use rayon::prelude::*;

use super::counting_reader::Counted;
use super::tar::{self, EntryKind, Next, TarEntry};
use super::unpack::name_bytes;
use super::witness::Witness;
use super::{SlotError, StoredSlot};
use crate::format::{Blake3, Codec, limits};
use crate::fs::checked_path;

/// The longest piece that is compressed by itself. Longer pieces would be more accurate, but take
/// more memory.
const PIECE: u64 = 1 << 20;
/// Content queued for compression, which is then done on all cores.
const BATCH: usize = 16 << 20;
/// The typical compressed size of a header among others: it differs from the previous one in name,
/// size and checksum.
const HEADER: u64 = 32;
/// Its uncompressed size.
const RAW_HEADER: u64 = 512;
/// The longest content that is passed to the visitor.
const KEPT: u64 = 256 << 20;
const LEVEL: i32 = 1;

/// An entry with what was measured while reading it.
#[derive(Debug)]
pub struct Passing<'a> {
    pub entry: &'a TarEntry,
    /// BLAKE3 of a file's content.
    pub digest: Option<Blake3>,
    /// The content, if it was requested and is shorter than 256 MiB.
    pub content: Option<&'a [u8]>,
}

/// The stored bytes of a slot, distributed over its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// Of every entry, in the order of the archive. A slot that is one file has one.
    pub entries: Vec<u64>,
    /// The compressed size of the content of an entry by itself.
    pub alone: Vec<u64>,
    /// Bytes that belong to no entry: the frame table, or an entire slot without entries.
    pub overhead: u64,
}

/// Returns the compressed size of bytes by themselves, as used for the weights.
pub fn weigh(bytes: &[u8]) -> u64 {
    bytes
        .par_chunks(usize::try_from(PIECE).unwrap_or(usize::MAX))
        .map(|piece| weigh_piece(None, piece))
        .sum()
}

/// Reads a whole slot and distributes its stored bytes. `visit` sees every entry in the order of
/// the archive, with the content of those for which `wanted`, given the entry and the first bytes
/// of its content, returns true. Results are valid only if the whole call succeeds.
///
/// # Errors
/// [`SlotError::Digest`] if the bytes read do not match the signed digest.
pub fn measure(
    slot: &StoredSlot<'_>,
    wanted: impl Fn(&TarEntry, &[u8]) -> bool,
    visit: impl FnMut(Passing<'_>),
) -> Result<Shares, SlotError> {
    let witness = slot.witness();
    let shares =
        measure_before(slot, wanted, visit, &witness).map_err(|error| slot.blame(error))?;
    slot.check(witness)?;
    Ok(shares)
}

fn measure_before(
    slot: &StoredSlot<'_>,
    wanted: impl Fn(&TarEntry, &[u8]) -> bool,
    mut visit: impl FnMut(Passing<'_>),
    witness: &Witness,
) -> Result<Shares, SlotError> {
    let mut weighing = Weighing::new(slot)?;
    if !slot.operations.tar {
        let whole = TarEntry {
            name: Vec::new(),
            kind: EntryKind::File,
            mode: 0,
            size: u64::MAX,
            link: Vec::new(),
        };
        let (size, digest, content) = take(
            &mut weighing,
            &mut Counted::new(slot.plain(witness)?),
            &whole,
            &wanted,
        )?;
        visit(Passing {
            entry: &TarEntry { size, ..whole },
            digest: Some(digest),
            content: content.as_deref(),
        });
        return Ok(weighing.shares(slot.stored_size));
    }
    let mut reader = Counted::new(slot.plain(witness)?);
    let mut left = slot.most_entries();
    let mut names_left = limits::names(left);
    loop {
        let entry = match tar::next_entry(&mut reader)? {
            Next::Entry(entry) => entry,
            Next::Cut => return Err(SlotError::NoEnd),
            Next::End => return Ok(weighing.shares(slot.stored_size)),
        };
        left = left
            .checked_sub(1)
            .ok_or(SlotError::TooManyEntries(slot.most_entries()))?;
        // "./" itself, which other archivers list first, is not a name; any other invalid name
        // could not be extracted.
        if entry.kind != EntryKind::Directory || !(entry.name == b"." || entry.name.is_empty()) {
            checked_path(&entry.name)?;
        }
        names_left = names_left
            .checked_sub(name_bytes(&entry))
            .ok_or(SlotError::LongNames)?;
        weighing.begin(reader.count);
        let (size, digest, content) = take(&mut weighing, &mut reader, &entry, &wanted)?;
        if size < entry.size {
            return Err(SlotError::BadArchive("truncated inside a file"));
        }
        let digest = (entry.kind == EntryKind::File).then_some(digest);
        visit(Passing {
            entry: &entry,
            digest,
            content: content.as_deref(),
        });
    }
}

/// Reads the content of an entry: its length, its digest, and the bytes if requested.
fn take(
    weighing: &mut Weighing,
    reader: &mut Counted<impl BufRead>,
    entry: &TarEntry,
    wanted: impl Fn(&TarEntry, &[u8]) -> bool,
) -> Result<(u64, Blake3, Option<Vec<u8>>), SlotError> {
    let start = reader.count;
    let mut hasher = blake3::Hasher::new();
    let mut kept: Option<Vec<u8>> = None;
    let mut taken = 0_u64;
    if entry.size > 0 {
        let take = |chunk: &[u8], done: u64| {
            if done == 0 && wanted(entry, chunk) {
                kept = Some(Vec::new());
            }
            if let Some(content) = &mut kept {
                content.extend_from_slice(chunk);
            }
            if done.saturating_add(chunk.len() as u64) > KEPT {
                kept = None;
            }
            hasher.update(chunk);
            weighing.add(chunk, start.saturating_add(done));
            Ok(())
        };
        taken = tar::take_content(reader, entry.size, take)?;
    } else if wanted(entry, &[]) {
        kept = Some(Vec::new());
    }
    Ok((taken, Blake3(*hasher.finalize().as_bytes()), kept))
}

/// A piece of an entry's content that is queued for compression.
struct Piece {
    entry: usize,
    frame: usize,
    start: usize,
    end: usize,
}

/// The weights of entries in their frames.
struct Weighing {
    /// Whether the slot is stored uncompressed.
    raw: bool,
    /// The end of each frame in the uncompressed data, and its stored length.
    frames: Vec<(u64, u64)>,
    frame: usize,
    entries: usize,
    /// Entry, frame and weight, in order. An entry that spans several frames has several.
    weights: Vec<(usize, usize, u64)>,
    alone: Vec<u64>,
    batch: Vec<u8>,
    pieces: Vec<Piece>,
}

impl Weighing {
    fn new(slot: &StoredSlot<'_>) -> Result<Self, SlotError> {
        let mut end = 0_u64;
        // The frame boundaries affect only the shares; the witness sees the bytes of the table when
        // the decoder reads them.
        let unseen = Witness::new(slot.stored_size, None);
        let frames = slot.frames(&unseen)?.into_iter().map(|frame| {
            end = end.saturating_add(frame.plain);
            (end, frame.stored)
        });
        let mut this = Self {
            raw: slot.operations.codec == Codec::Raw,
            frames: frames.collect(),
            frame: 0,
            entries: 0,
            weights: Vec::new(),
            alone: Vec::new(),
            batch: Vec::new(),
            pieces: Vec::new(),
        };
        if !slot.operations.tar {
            this.entry();
        }
        Ok(this)
    }

    fn entry(&mut self) -> usize {
        self.entries += 1;
        self.alone.push(0);
        self.entries - 1
    }

    /// An entry begins; its header ended at `position`.
    fn begin(&mut self, position: u64) {
        let entry = self.entry();
        // The header is in the frame of its last byte.
        self.seek(position.saturating_sub(1));
        self.weights.push((
            entry,
            self.frame,
            if self.raw { RAW_HEADER } else { HEADER },
        ));
    }

    /// Advances to the frame that contains the byte at `position`.
    fn seek(&mut self, position: u64) {
        while self.frame + 1 < self.frames.len() && self.frames[self.frame].0 <= position {
            self.frame += 1;
        }
    }

    /// Content of the last entry, at `position`.
    fn add(&mut self, mut chunk: &[u8], mut position: u64) {
        while !chunk.is_empty() {
            self.seek(position);
            let entry = self.entries - 1;
            let room = match self.pieces.last() {
                Some(last) if last.entry == entry && last.frame == self.frame => {
                    PIECE.saturating_sub((last.end - last.start) as u64)
                }
                _ => 0,
            };
            let in_frame = self
                .frames
                .get(self.frame)
                .map_or(u64::MAX, |frame| frame.0.saturating_sub(position));
            // The last frame absorbs what a wrong table would leave over.
            let in_frame = if self.frame + 1 < self.frames.len() {
                in_frame
            } else {
                u64::MAX
            };
            let most = in_frame.min(if room == 0 { PIECE } else { room });
            let (now, rest) = chunk
                .split_at_checked(usize::try_from(most).unwrap_or(usize::MAX))
                .unwrap_or((chunk, &[]));
            let start = self.batch.len();
            self.batch.extend_from_slice(now);
            match self.pieces.last_mut().filter(|_| room > 0) {
                Some(last) => last.end = self.batch.len(),
                None => self.pieces.push(Piece {
                    entry,
                    frame: self.frame,
                    start,
                    end: self.batch.len(),
                }),
            }
            chunk = rest;
            position = position.saturating_add(now.len() as u64);
            if self.batch.len() >= BATCH {
                self.flush();
            }
        }
    }

    /// Compresses the queue.
    fn flush(&mut self) {
        let weigh = |compressor: &mut Option<_>, piece: &Piece| {
            let bytes = self.batch.get(piece.start..piece.end).unwrap_or_default();
            (
                piece.entry,
                piece.frame,
                bytes.len() as u64,
                weigh_piece(compressor.as_mut(), bytes),
            )
        };
        let compressor = || zstd::bulk::Compressor::new(LEVEL).ok();
        let weighed: Vec<_> = self.pieces.par_iter().map_init(compressor, weigh).collect();
        for (entry, frame, len, weight) in weighed {
            self.alone[entry] += weight;
            self.weights
                .push((entry, frame, if self.raw { len } else { weight }));
        }
        self.batch.clear();
        self.pieces.clear();
    }

    fn shares(mut self, stored: u64) -> Shares {
        self.flush();
        // Pieces come later than the headers of the entries after them.
        self.weights
            .sort_by_key(|(entry, frame, _)| (*frame, *entry));
        let mut shares = Shares {
            entries: vec![0; self.entries],
            alone: self.alone,
            overhead: stored,
        };
        for in_frame in self.weights.chunk_by(|a, b| a.1 == b.1) {
            let stored = in_frame
                .first()
                .and_then(|first| self.frames.get(first.1))
                .map_or(0, |frame| frame.1);
            let total: u64 = in_frame.iter().map(|(_, _, weight)| weight).sum();
            let (mut sum, mut given) = (0, 0);
            for (entry, _, weight) in in_frame {
                sum += weight;
                // Rounding the running sum, not each share, makes the shares add up exactly.
                let until = u128::from(stored) * u128::from(sum) / u128::from(total.max(1));
                let until = u64::try_from(until).unwrap_or(stored);
                shares.entries[*entry] += until - given;
                given = until;
            }
            shares.overhead = shares.overhead.saturating_sub(given);
        }
        shares
    }
}

fn weigh_piece(compressor: Option<&mut zstd::bulk::Compressor<'_>>, piece: &[u8]) -> u64 {
    let compressed = match compressor {
        Some(compressor) => compressor.compress(piece),
        None => zstd::bulk::compress(piece, LEVEL),
    };
    // Incompressible content is stored as it is.
    compressed.map_or(piece.len(), |compressed| compressed.len().min(piece.len())) as u64
}
