//! Zstandard (RFC 8878): every frame is a frame of zstd.

use std::io::{self, BufReader, Read};

use zstd::zstd_safe::{self, DCtx};

use super::{DecoderMemory, Facts, buffered};
#[cfg(feature = "cli")]
use super::{Levels, Spelling};

pub(super) const FACTS: Facts = Facts {
    name: "zstd",
    code: 0x1b,
    #[cfg(feature = "cli")]
    extension: "zst",
    tar_extension: "tar.zst",
    tar_word: None,
    is_written: true,
    has_table: true,
    #[cfg(feature = "cli")]
    spelling: Spelling {
        words: &["zst"],
        tar_words: &["tzst"],
        levels: Some(Levels {
            least: 1,
            most: 22,
            has_extreme: false,
            text: "1 to 22",
        }),
    },
    #[cfg(feature = "cli")]
    encoder: Some(&encode::ENCODER),
};

/// The largest window, as log2 of bytes.
const fn window_log(memory: DecoderMemory) -> u32 {
    match memory {
        // No frame is longer, and it keeps a start below 64 MiB.
        DecoderMemory::Own => 25,
        // The default limit of `zstd`.
        DecoderMemory::Foreign => 27,
    }
}

pub(super) fn decoder<'a, R: Read>(
    stored: R,
    memory: DecoderMemory,
) -> io::Result<zstd::stream::read::Decoder<'a, BufReader<R>>> {
    // The decoder panics if it cannot allocate its context. Creating one here first turns that into
    // an error.
    drop(new_context()?);
    let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered(stored))?;
    decoder.window_log_max(window_log(memory))?;
    Ok(decoder)
}

/// Decodes frames that are in memory as a whole, one after another, with the same tables.
#[derive(Default)]
pub(crate) struct FrameDecoder {
    context: Option<DCtx<'static>>,
}

impl FrameDecoder {
    /// Decodes `stored` into the capacity of `plain`, which is empty.
    pub(crate) fn decode(
        &mut self,
        stored: &[u8],
        plain: &mut Vec<u8>,
        memory: DecoderMemory,
    ) -> io::Result<()> {
        if !windows_are_granted(stored, window_log(memory)) {
            let what = "the window of a frame exceeds the limit";
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let context = match &mut self.context {
            Some(context) => context,
            none => none.insert(new_context()?),
        };
        let refused =
            |code| io::Error::new(io::ErrorKind::InvalidData, zstd_safe::get_error_name(code));
        context.decompress(plain, stored).map_err(refused)?;
        Ok(())
    }
}

fn new_context() -> io::Result<DCtx<'static>> {
    DCtx::try_create().ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

/// Whether no frame declares a larger window (log2 of bytes) than the limit for streams (RFC
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

#[cfg(feature = "cli")]
mod encode {
    use std::io;

    use zstd::zstd_safe::CParameter;

    use super::window_log;
    use crate::codec::DecoderMemory;
    use crate::codec::compression::{Compression, Encoder};

    pub(super) const ENCODER: Encoder = Encoder {
        // Measured in `docs/benchmarks.md` § Levels.
        levels: [1, 1, 3, 5, 7, 9, 12, 15, 17, 19],
        frame_len: |compression| {
            if compression.extreme {
                32 << 20
            } else {
                5 << 20
            }
        },
        memory: |compression| match compression.level {
            _ if compression.extreme => 200_000_000,
            0..=5 => 20_000_000,
            6..=9 => 32_000_000,
            10..=12 => 60_000_000,
            _ => 100_000_000,
        },
        compress,
        store: |_, plain| Ok(raw_blocks(plain)),
        header: &[],
        footer: None,
    };

    fn compress(compression: Compression, plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut compressor =
            zstd::bulk::Compressor::new(i32::try_from(compression.level).unwrap_or(i32::MAX))?;
        if compression.extreme {
            compressor.set_parameter(CParameter::WindowLog(window_log(DecoderMemory::Own)))?;
            compressor.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
        }
        compressor.compress(plain)
    }

    /// A frame of raw blocks (§ 3.1.1): a single segment with its size in four bytes, no
    /// checksum.
    pub(super) fn raw_blocks(plain: &[u8]) -> Vec<u8> {
        const HEADER: [u8; 5] = [0x28, 0xb5, 0x2f, 0xfd, 0xa0];
        const BLOCK: usize = 128 << 10;
        const LAST: u32 = 1;
        let word = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let mut out = Vec::with_capacity(plain.len() + plain.len() / BLOCK * 3 + 16);
        out.extend_from_slice(&HEADER);
        out.extend_from_slice(&word(plain.len()).to_le_bytes());
        let count = plain.len().div_ceil(BLOCK).max(1);
        for (number, block) in (1..).zip(plain.chunks(BLOCK)) {
            let header = word(block.len()) << 3 | if number == count { LAST } else { 0 };
            out.extend_from_slice(&header.to_le_bytes()[..3]);
            out.extend_from_slice(block);
        }
        if plain.is_empty() {
            out.extend_from_slice(&LAST.to_le_bytes()[..3]);
        }
        out
    }
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

    #[cfg(feature = "cli")]
    #[test]
    fn a_frame_as_it_is_decodes_to_its_content() {
        for len in [0, 1, 128 << 10, (128 << 10) + 1, 1 << 20] {
            let plain: Vec<u8> = (0..len).map(|at: u32| at.to_le_bytes()[1]).collect();
            let stored = encode::raw_blocks(&plain);
            assert!(stored.len() <= plain.len() + plain.len() / 1000 + 20);
            assert_eq!(
                zstd::bulk::decompress(&stored, plain.len()).expect("a frame"),
                plain,
                "{len}"
            );
        }
    }
}
