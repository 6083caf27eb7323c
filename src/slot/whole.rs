//! Frames that are decoded in memory as a whole, which is the fastest way for short frames.

use std::io::{self, Cursor, Read};

use super::SlotError;
use super::frame::Frame;
use super::witness::Watched;
use crate::codec::{DecoderMemory, FrameDecoder};

/// Frames up to this length, uncompressed and stored, are decoded in memory; longer ones as a
/// stream.
const LONGEST: u64 = 8 << 20;

/// Decodes one frame after another in the same memory, so that a thread never uses more than its
/// longest frame. Each is read and hashed as a whole.
#[derive(Default)]
pub(super) struct WholeFrames {
    decoder: FrameDecoder,
    stored: Vec<u8>,
    plain: Vec<u8>,
}

impl WholeFrames {
    /// Whether a frame is short enough.
    pub(super) fn accept(frame: &Frame) -> bool {
        frame.plain.max(frame.stored) <= LONGEST
    }

    /// The memory in use, in bytes.
    pub(super) fn held(&self) -> usize {
        self.stored.capacity().saturating_add(self.plain.capacity())
    }

    /// The content of a frame, whose stored bytes are read from `window`.
    ///
    /// # Errors
    /// Errors of the decoder, and [`SlotError::BadFrameTable`] if the length differs from the
    /// table's.
    pub(super) fn decode(
        &mut self,
        mut window: Watched<'_>,
        frame: Frame,
        memory: DecoderMemory,
    ) -> Result<Cursor<&[u8]>, SlotError> {
        self.plain.clear();
        make_room(&mut self.plain, frame.plain).map_err(SlotError::BadStream)?;
        let len = usize::try_from(frame.stored).unwrap_or(0);
        // The data of an earlier frame is overwritten, so the buffer is not cleared. New memory is
        // zeroed by the kernel; `resize` would set it byte by byte in a launcher that is compiled
        // for size.
        if self.stored.len() < len {
            self.stored = Vec::new();
            // A request that the kernel refuses is an error here, and would be an abort below.
            make_room(&mut Vec::new(), frame.stored).map_err(SlotError::BadStream)?;
            self.stored = vec![0; len];
        }
        let stored = self.stored.get_mut(..len).unwrap_or_default();
        window.read_exact(stored).map_err(SlotError::BadStream)?;
        self.decoder
            .decode(stored, &mut self.plain, memory)
            .map_err(SlotError::BadStream)?;
        if self.plain.len() as u64 != frame.plain {
            return Err(SlotError::BadFrameTable);
        }
        Ok(Cursor::new(&self.plain))
    }
}

/// Allocates a buffer of this capacity. These are the largest allocations of a start, so failure
/// must be an error, not an abort.
fn make_room(buffer: &mut Vec<u8>, bytes: u64) -> io::Result<()> {
    let bytes = usize::try_from(bytes).map_err(|_| io::ErrorKind::OutOfMemory)?;
    if buffer.capacity() < bytes {
        // The old content is not needed, so it need not be copied.
        *buffer = Vec::new();
        buffer
            .try_reserve_exact(bytes)
            .map_err(|_| io::ErrorKind::OutOfMemory)?;
    }
    Ok(())
}
