//! Encodes plans: frames of all slots on all cores, each slot written in order.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sha2::Digest as _;

use super::SlotError;
use super::frame::{Frame, encode_table};
use super::plan::{Piece, Plan, PlannedFrame};
use crate::format::{Blake3, Codec, Operations, Sha256, limits};
use crate::fs::IoContext;

/// A slot as stored in the package.
#[derive(Debug)]
pub struct EncodedSlot {
    /// The stored bytes.
    pub file: File,
    pub stored_size: u64,
    /// Bytes before compression.
    pub plain_size: u64,
    /// Regular files.
    pub files: u64,
    /// Entries of the archive; 0 for a file.
    pub entries: u64,
    pub operations: Operations,
    pub sha256: Sha256,
    pub blake3: Blake3,
}

/// A frame that was encoded and written.
#[derive(Clone, Copy, Debug)]
pub struct DoneFrame {
    /// Index of the slot.
    pub slot: usize,
    /// The thread that encoded it, from 0.
    pub thread: usize,
    pub began: Instant,
    /// Bytes before compression.
    pub plain: u64,
    /// Bytes as stored.
    pub stored: u64,
}

/// Encodes slots with `jobs` threads, each into its own empty file.
///
/// The bytes depend on the plans alone, never on `jobs`. Memory is bounded by `jobs` times a frame,
/// whatever the sizes.
///
/// `done` is called for every frame, by the thread that encoded it.
///
/// # Errors
/// The first failure. The content of the files is undefined then.
pub fn encode(
    slots: Vec<(&Plan, File)>,
    jobs: usize,
    done: &(dyn Fn(DoneFrame) + Sync),
) -> Result<Vec<EncodedSlot>, SlotError> {
    let plans: Vec<&Plan> = slots.iter().map(|(plan, _)| *plan).collect();
    let mut order: Vec<usize> = (0..plans.len()).collect();
    // The largest first, so that no core works alone on one that was started last.
    order.sort_by_key(|slot| std::cmp::Reverse(plans[*slot].plain_size));
    let work: Vec<(usize, usize)> = order
        .into_iter()
        .flat_map(|slot| (0..plans[slot].frames.len()).map(move |frame| (slot, frame)))
        .collect();
    let outputs: Result<Vec<_>, SlotError> = slots
        .into_iter()
        .map(|(plan, file)| Output::new(plan, file))
        .collect();
    let outputs = outputs?;
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let worker = &|thread: usize| {
        while !failed.load(Ordering::Relaxed)
            && let Some((slot, frame)) = work.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let began = Instant::now();
            let outcome = compress_frame(plans[*slot], *frame).and_then(|compressed| {
                let is_copied = plans[*slot].compression.codec == Codec::Raw;
                let plain = compressed.plain;
                let stored = if is_copied {
                    plain
                } else {
                    compressed.stored.len() as u64
                };
                outputs[*slot].add(*frame, compressed, jobs, &failed)?;
                done(DoneFrame {
                    slot: *slot,
                    thread,
                    began,
                    plain,
                    stored,
                });
                Ok(())
            });
            if let Err(error) = outcome {
                failed.store(true, Ordering::Relaxed);
                for output in &outputs {
                    output.written.notify_all();
                }
                return Err(error);
            }
        }
        Ok(())
    };
    let results: Vec<Result<(), SlotError>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs.max(1).min(work.len().max(1)))
            .map(|thread| scope.spawn(move || worker(thread)))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    results.into_iter().collect::<Result<(), SlotError>>()?;
    outputs.into_iter().map(Output::finish).collect()
}

struct Compressed {
    stored: Vec<u8>,
    plain: u64,
    continues: bool,
    /// CRC-32 of the content, if the codec records it.
    crc: Option<flate2::Crc>,
}

fn compress_frame(plan: &Plan, frame: usize) -> Result<Compressed, SlotError> {
    let frame = &plan.frames[frame];
    if plan.compression.codec == Codec::Raw {
        // Copied straight from the source when it is written.
        return Ok(Compressed {
            stored: Vec::new(),
            plain: frame.plain,
            continues: frame.continues,
            crc: None,
        });
    }
    let plain = read_frame(frame)?;
    let crc = plan.compression.has_checksum().then(|| {
        let mut hasher = flate2::Crc::new();
        hasher.update(&plain);
        hasher
    });
    let stored = plan
        .compression
        .frame(&plain)
        .map_err(SlotError::BadStream)?;
    Ok(Compressed {
        stored,
        plain: frame.plain,
        continues: frame.continues,
        crc,
    })
}

fn read_frame(frame: &PlannedFrame) -> Result<Vec<u8>, SlotError> {
    let mut plain = Vec::with_capacity(usize::try_from(frame.plain).unwrap_or(0));
    each_chunk(frame, |chunk| {
        plain.extend_from_slice(chunk);
        Ok(())
    })?;
    Ok(plain)
}

/// Reads the pieces of a frame in order. A file whose length changed since it was planned is an
/// error.
fn each_chunk(
    frame: &PlannedFrame,
    mut take: impl FnMut(&[u8]) -> Result<(), SlotError>,
) -> Result<(), SlotError> {
    let mut buffer = vec![0; 256 << 10];
    for piece in &frame.pieces {
        match piece {
            Piece::Bytes(bytes) => take(bytes)?,
            Piece::Content { path, offset, len } => {
                let file = File::open(path).on("read", path)?;
                let mut done = 0;
                while done < *len {
                    let wanted = buffer
                        .len()
                        .min(usize::try_from(len - done).unwrap_or(usize::MAX));
                    let count = file
                        .read_at(&mut buffer[..wanted], offset + done)
                        .on("read", path)?;
                    if count == 0 {
                        return Err(SlotError::Changed { path: path.clone() });
                    }
                    take(&buffer[..count])?;
                    done += count as u64;
                }
            }
        }
    }
    Ok(())
}

/// Writes the frames of one slot in order.
struct Output<'a> {
    plan: &'a Plan,
    state: Mutex<State>,
    /// Signalled when frames have been written.
    written: Condvar,
}

struct State {
    file: File,
    path: &'static str,
    next: usize,
    waiting: BTreeMap<usize, Compressed>,
    frames: Vec<Frame>,
    stored_size: u64,
    /// Of the frames written.
    plain_size: u64,
    sha256: sha2::Sha256,
    blake3: blake3::Hasher,
    crc: flate2::Crc,
}

impl<'a> Output<'a> {
    fn new(plan: &'a Plan, file: File) -> Result<Self, SlotError> {
        let mut state = State {
            file,
            path: "an encoded slot",
            next: 0,
            waiting: BTreeMap::new(),
            frames: Vec::new(),
            stored_size: 0,
            plain_size: 0,
            sha256: sha2::Sha256::new(),
            blake3: blake3::Hasher::new(),
            crc: flate2::Crc::new(),
        };
        state.write(plan.compression.header())?;
        Ok(Self {
            plan,
            state: Mutex::new(state),
            written: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Submits a finished frame. Waits while too many later ones are queued behind a slow one, to
    /// bound memory.
    fn add(
        &self,
        frame: usize,
        done: Compressed,
        jobs: usize,
        failed: &AtomicBool,
    ) -> Result<(), SlotError> {
        let mut state = self.lock();
        state.waiting.insert(frame, done);
        loop {
            let next = state.next;
            if let Some(ready) = state.waiting.remove(&next) {
                state.write_frame(self.plan, &ready)?;
                self.written.notify_all();
            } else if frame > state.next + 2 * jobs && !failed.load(Ordering::Relaxed) {
                state = self
                    .written
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            } else {
                return Ok(());
            }
        }
    }

    fn finish(self) -> Result<EncodedSlot, SlotError> {
        let plan = self.plan;
        let mut state = self
            .state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if plan.compression.codec.has_table() {
            let table = encode_table(&state.frames);
            state.write(&table)?;
        }
        let footer = plan.compression.footer(state.crc.sum(), plan.plain_size);
        state.write(&footer)?;
        let limit = limits::slot_plain(state.stored_size);
        if plan.plain_size > limit {
            return Err(SlotError::TooLarge {
                stored: state.stored_size,
                plain: plan.plain_size,
                limit,
            });
        }
        state
            .file
            .seek(SeekFrom::Start(0))
            .on("rewind", state.path)?;
        Ok(EncodedSlot {
            file: state.file,
            stored_size: state.stored_size,
            plain_size: plan.plain_size,
            files: plan.files,
            entries: plan.entries,
            operations: plan.operations,
            sha256: Sha256(state.sha256.finalize().into()),
            blake3: Blake3(*state.blake3.finalize().as_bytes()),
        })
    }
}

impl State {
    fn write(&mut self, bytes: &[u8]) -> Result<(), SlotError> {
        self.file.write_all(bytes).on("write", self.path)?;
        self.sha256.update(bytes);
        self.blake3.update(bytes);
        self.stored_size += bytes.len() as u64;
        Ok(())
    }

    fn write_frame(&mut self, plan: &Plan, done: &Compressed) -> Result<(), SlotError> {
        if plan.compression.codec == Codec::Raw {
            each_chunk(&plan.frames[self.next], |chunk| self.write(chunk))?;
        } else {
            let mut stored = Cow::Borrowed(&done.stored);
            self.plain_size += done.plain;
            if self.plain_size > limits::written_plain(self.stored_size + stored.len() as u64) {
                let plain = read_frame(&plan.frames[self.next])?;
                stored = Cow::Owned(
                    plan.compression
                        .frame_as_it_is(&plain)
                        .map_err(SlotError::BadStream)?,
                );
            }
            self.frames.push(Frame {
                offset: self.stored_size,
                stored: stored.len() as u64,
                plain: done.plain,
                continues: done.continues,
            });
            self.write(&stored)?;
        }
        if let Some(crc) = &done.crc {
            self.crc.combine(crc);
        }
        self.next += 1;
        Ok(())
    }
}
