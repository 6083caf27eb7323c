//! Stored bytes of a slot, and the content decoded from them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use super::SlotError;
use super::frame::{self, Frame};
use super::grant::{Deadline, Grant};
use super::whole::WholeFrames;
use super::witness::{Signed, Watched, Witness, read_exact_at};
use crate::format::{Operations, limits};

/// The size of a decoder's output buffer.
const CHUNK: usize = 256 << 10;

/// The position of a slot's bytes, their digest, and how to decode them.
#[derive(Clone, Copy, Debug)]
pub struct StoredSlot<'a> {
    pub file: &'a File,
    /// Offset of the first stored byte, from the start of the file.
    pub offset: u64,
    pub stored_size: u64,
    /// The signed digest; `None` if the bytes are this process's own, or are not authenticated.
    pub signed: Option<Signed>,
    /// The signed content sizes; `None` if the package does not declare them reliably.
    pub declared: Option<Declared>,
    /// Further limits.
    pub grant: Grant,
    pub operations: Operations,
}

/// The signed sizes of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Length after decompression.
    pub plain_size: u64,
    /// Regular files.
    pub files: u64,
    /// Entries of the archive.
    pub entries: u64,
}

impl<'a> StoredSlot<'a> {
    /// The witness of a pass over the slot.
    pub(super) fn witness(&self) -> Witness {
        Witness::new(self.stored_size, self.signed)
    }

    /// Whether the bytes seen by the witness match the signed digest. Decoded content must not be
    /// used before that.
    ///
    /// # Errors
    /// [`SlotError::Digest`].
    pub(super) fn check(&self, witness: Witness) -> Result<(), SlotError> {
        witness.check(self.file, self.offset)
    }

    /// The cause of a decoding error: an exceeded limit, a wrong digest, or else the error itself.
    pub(super) fn blame(&self, error: SlotError) -> SlotError {
        let error = match error {
            SlotError::BadStream(error) => match error.downcast::<Stopped>() {
                Ok(Stopped(why)) => *why,
                Err(error) => SlotError::BadStream(error),
            },
            error => error,
        };
        if !error.is_content() {
            return error;
        }
        match self.check(self.witness()) {
            Err(changed @ SlotError::Digest { .. }) => changed,
            _ => error,
        }
    }

    /// Passes the stored bytes to `take`, in order.
    ///
    /// # Errors
    /// [`SlotError::Digest`] at the end, if they do not match the signed digest; and errors of
    /// `take`.
    #[cfg(feature = "cli")]
    pub fn copy(&self, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> Result<(), SlotError> {
        let witness = self.witness();
        let mut stored = Watched::new(self.file, self.offset, 0, self.stored_size, &witness);
        let mut buffer = vec![0; CHUNK];
        loop {
            match stored.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    take(buffer.get(..count).unwrap_or_default()).map_err(SlotError::BadStream)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(SlotError::BadStream(error)),
            }
        }
        self.check(witness)
    }

    /// The stored bytes, at most `limit` of them.
    ///
    /// # Errors
    /// Those of [`Self::copy`]; [`SlotError::TooLarge`] if there are more.
    #[cfg(feature = "cli")]
    pub fn bytes(&self, limit: u64) -> Result<Vec<u8>, SlotError> {
        if self.stored_size > limit {
            return Err(SlotError::TooLarge {
                stored: self.stored_size,
                plain: self.stored_size,
                limit,
            });
        }
        let mut bytes = Vec::new();
        self.copy(|part| {
            bytes.extend_from_slice(part);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// The maximum uncompressed size.
    fn most(&self) -> u64 {
        self.declared
            .map_or(self.grant.plain, |declared| declared.plain_size)
    }

    /// Offset of the last `len` stored bytes in the slot.
    fn last(&self, len: u64) -> u64 {
        self.stored_size.saturating_sub(len)
    }

    /// The maximum number of entries in the archive.
    pub(super) fn most_entries(&self) -> u64 {
        self.declared
            .map_or(self.grant.entries, |declared| declared.entries)
    }

    /// The content, if it is at most `limit` bytes long; else `None`.
    ///
    /// # Errors
    /// [`SlotError::Digest`] if the decoded bytes do not match the signed digest, and errors of the
    /// decoder.
    #[cfg(feature = "cli")]
    pub fn content(&self, limit: u64) -> Result<Option<Vec<u8>>, SlotError> {
        let witness = self.witness();
        let mut plain = Vec::new();
        let mut reader = self.plain(&witness)?.take(limit.saturating_add(1));
        reader
            .read_to_end(&mut plain)
            .map_err(|error| self.blame(SlotError::BadStream(error)))?;
        drop(reader);
        if plain.len() as u64 > limit {
            return Ok(None);
        }
        self.check(witness).map(|()| Some(plain))
    }

    /// The content, decoded by one thread.
    pub(super) fn plain<'w>(
        &self,
        witness: &'w Witness,
    ) -> Result<impl BufRead + use<'w>, SlotError>
    where
        'a: 'w,
    {
        self.decoder(
            Watched::new(self.file, self.offset, 0, self.stored_size, witness),
            u64::MAX,
        )
    }

    /// The independent parts. A slot without a table is one part, and so is one whose bytes must be
    /// read in order.
    pub(super) fn frames(&self, witness: &Witness) -> Result<Vec<Frame>, SlotError> {
        let whole = Frame {
            offset: 0,
            stored: self.stored_size,
            plain: u64::MAX,
            continues: false,
        };
        let in_order = matches!(self.signed, Some(Signed::Sha256(_)));
        let mut probe = [0; frame::PROBE_LEN];
        if !self.operations.codec.has_table() || self.stored_size < probe.len() as u64 || in_order {
            return Ok(vec![whole]);
        }
        let at = self.last(frame::PROBE_LEN as u64);
        // The probe is only a lookup; the witness sees the table when it is read. Without a table
        // the decoder reads those bytes.
        let unseen = Witness::new(self.stored_size, None);
        read_exact_at(self.file, self.offset, at, &mut probe, &unseen)
            .map_err(SlotError::BadStream)?;
        let Some(len) = frame::table_len(probe) else {
            return Ok(vec![whole]);
        };
        if len > self.stored_size || len > limits::FRAME_TABLE {
            return Err(SlotError::BadFrameTable);
        }
        let mut table = vec![0; usize::try_from(len).unwrap_or(0)];
        read_exact_at(self.file, self.offset, self.last(len), &mut table, witness)
            .map_err(SlotError::BadStream)?;
        let frames = frame::decode_table(&table, self.stored_size)?;
        let plain = frames
            .iter()
            .fold(0_u64, |sum, frame| sum.saturating_add(frame.plain));
        let limit = self.most();
        if plain > limit {
            return Err(SlotError::TooLarge {
                stored: self.stored_size,
                plain,
                limit,
            });
        }
        Ok(frames)
    }

    /// The content of one frame.
    pub(super) fn frame<'w>(
        &self,
        frame: Frame,
        witness: &'w Witness,
        whole: &'w mut WholeFrames,
    ) -> Result<Plain<'w>, SlotError>
    where
        'a: 'w,
    {
        let window = Watched::new(self.file, self.offset, frame.offset, frame.stored, witness);
        if self.operations.codec.has_table() && WholeFrames::accept(&frame) {
            self.in_time()?;
            return whole
                .decode(window, frame, self.grant.memory)
                .map(Plain::Memory);
        }
        Ok(Plain::Stream(Box::new(self.decoder(window, frame.plain)?)))
    }

    /// # Errors
    /// [`SlotError::OutOfTime`] if the time limit has passed.
    fn in_time(&self) -> Result<(), SlotError> {
        match self.grant.deadline.and_then(|deadline| deadline.passed()) {
            Some(granted) => Err(SlotError::OutOfTime { granted }),
            None => Ok(()),
        }
    }

    fn decoder<'w>(
        &self,
        window: Watched<'w>,
        plain: u64,
    ) -> Result<impl BufRead + use<'w>, SlotError> {
        let most = self.most().min(plain);
        let codec = self.operations.codec;
        let source = codec
            .decoder(window, self.grant.memory)
            .map_err(SlotError::BadStream)?
            .ok_or(SlotError::UnsupportedCodec(codec.name()))?;
        let (stored, deadline) = (self.stored_size, self.grant.deadline);
        Ok(BufReader::with_capacity(
            CHUNK,
            Capped {
                inner: source,
                left: most,
                stored,
                limit: most,
                deadline,
            },
        ))
    }
}

/// Returns an error if more comes out than allowed, or if it takes too long.
struct Capped<R> {
    inner: R,
    left: u64,
    stored: u64,
    limit: u64,
    deadline: Option<Deadline>,
}

/// Why [`Capped`] ended, passed through readers that only know I/O errors.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Stopped(Box<SlotError>);

impl From<SlotError> for Stopped {
    fn from(why: SlotError) -> Self {
        Self(Box::new(why))
    }
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Reading one more byte shows whether there is more.
        let most = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX);
        let len = buffer.len().min(most);
        let count = self.inner.read(buffer.get_mut(..len).unwrap_or_default())?;
        if let Some(granted) = self.deadline.and_then(|deadline| deadline.passed()) {
            return Err(io::Error::other(Stopped::from(SlotError::OutOfTime {
                granted,
            })));
        }
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            let plain = self.limit.saturating_add(1);
            io::Error::other(Stopped::from(SlotError::TooLarge {
                stored: self.stored,
                plain,
                limit: self.limit,
            }))
        })?;
        Ok(count)
    }
}

/// The content of a frame.
pub(super) enum Plain<'a> {
    Memory(Cursor<&'a [u8]>),
    Stream(Box<dyn BufRead + 'a>),
}

impl Read for Plain<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(cursor) => cursor.read(buffer),
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}

impl BufRead for Plain<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Self::Memory(cursor) => cursor.fill_buf(),
            Self::Stream(stream) => stream.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        match self {
            Self::Memory(cursor) => cursor.consume(amount),
            Self::Stream(stream) => stream.consume(amount),
        }
    }
}
