//! zstd frames that are decoded in memory as a whole, which is the fastest way for short frames.

use std::io::{self, Cursor, Read};

use zstd::zstd_safe::{self, DCtx};

use super::SlotError;
use super::frame::Frame;
use super::witness::Watched;

/// Frames up to this length, uncompressed and stored, are decoded in memory; longer ones as a
/// stream.
const LONGEST: u64 = 8 << 20;

/// Decodes one frame after another in the same memory, so that a thread never uses more than its
/// longest frame. Each is read and hashed as a whole.
#[derive(Default)]
pub(super) struct WholeFrames {
    context: Option<DCtx<'static>>,
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
        window_log: u32,
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
        if !windows_are_granted(stored, window_log) {
            let what = "the window of a frame exceeds the limit";
            return Err(SlotError::BadStream(io::Error::new(
                io::ErrorKind::InvalidData,
                what,
            )));
        }
        let context = match &mut self.context {
            Some(context) => context,
            none => none.insert(zstd_context().map_err(SlotError::BadStream)?),
        };
        let refused =
            |code| io::Error::new(io::ErrorKind::InvalidData, zstd_safe::get_error_name(code));
        context
            .decompress(&mut self.plain, &*stored)
            .map_err(|code| SlotError::BadStream(refused(code)))?;
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

/// Whether no zstd frame declares a larger window (log2 of bytes) than the limit for streams (RFC
/// 8878 § 3.1.1.1). In memory it would cost nothing, but the same bytes must be accepted or
/// rejected however they are read. Malformed frames are left to the decoder.
fn windows_are_granted(stored: &[u8], window_log: u32) -> bool {
    const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
    const SINGLE_SEGMENT: u8 = 1 << 5;
    let mut rest = stored;
    while !rest.is_empty() {
        if let Some([descriptor, window, ..]) = rest.strip_prefix(&MAGIC)
            // The window of a single segment is its content, whose length is known to be small.
            && descriptor & SINGLE_SEGMENT == 0
        {
            // Five bits of exponent above 1 KiB, three of eighths.
            let (exponent, eighths) = (
                u32::from(window >> 3).saturating_add(10),
                u64::from(window & 7),
            );
            let base = 1_u64 << exponent.min(41);
            if base.saturating_add((base >> 3).saturating_mul(eighths)) > 1 << window_log {
                return false;
            }
        }
        match zstd_safe::find_frame_compressed_size(rest) {
            Ok(len) if len > 0 => rest = rest.get(len..).unwrap_or_default(),
            _ => return true,
        }
    }
    true
}

pub(super) fn zstd_context() -> io::Result<DCtx<'static>> {
    DCtx::try_create().ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW_LOG: u32 = 25;

    /// A frame of three bytes that declares a window.
    fn frame(window: u8) -> Vec<u8> {
        const LAST_RAW_BLOCK_OF_3: [u8; 3] = [3 << 3 | 1, 0, 0];
        [
            &[0x28, 0xb5, 0x2f, 0xfd, 0, window][..],
            &LAST_RAW_BLOCK_OF_3,
            b"abc",
        ]
        .concat()
    }

    fn streams(bytes: &[u8]) -> bool {
        let mut decoder = zstd::stream::read::Decoder::new(bytes).expect("memory");
        decoder.window_log_max(WINDOW_LOG).expect("a limit");
        decoder.read_to_end(&mut Vec::new()).is_ok()
    }

    #[test]
    fn a_frame_is_granted_the_same_window_however_it_is_read() {
        const SKIPPABLE: &[u8] = b"\x50\x2a\x4d\x18\x02\0\0\0xx";
        for window in 0..=u8::MAX {
            let bytes = frame(window);
            assert_eq!(
                windows_are_granted(&bytes, WINDOW_LOG),
                streams(&bytes),
                "window {window:#04x}"
            );
            for bytes in [
                [frame(0), bytes.clone()].concat(),
                [SKIPPABLE, &bytes].concat(),
            ] {
                assert_eq!(
                    windows_are_granted(&bytes, WINDOW_LOG),
                    streams(&bytes),
                    "second, window {window:#04x}"
                );
            }
        }
    }
}
