//! xz (The .xz File Format 1.2.1): every frame is a stream.

use std::io::{self, Read};

use xz2::read::XzDecoder;
use xz2::stream::{CONCATENATED, Stream};

use super::{DecoderMemory, Facts};
#[cfg(feature = "cli")]
use super::{Levels, Spelling};

pub(super) const FACTS: Facts = Facts {
    name: "xz",
    code: 0x16,
    #[cfg(feature = "cli")]
    extension: "xz",
    tar_extension: "tar.xz",
    tar_word: Some("txz"),
    is_written: true,
    has_table: false,
    #[cfg(feature = "cli")]
    spelling: Spelling {
        words: &[],
        tar_words: &["txz"],
        levels: Some(Levels {
            least: 0,
            most: 9,
            has_extreme: true,
            text: "0 to 9, or 9e",
        }),
    },
    #[cfg(feature = "cli")]
    encoder: Some(&encode::ENCODER),
};

/// The memory limit of the decoder, in bytes.
const fn memory_limit(memory: DecoderMemory) -> u64 {
    match memory {
        // Our dictionaries have at most 32 MiB.
        DecoderMemory::Own => 40 << 20,
        // Level 9 needs 65 MiB.
        DecoderMemory::Foreign => 80 << 20,
    }
}

pub(super) fn decoder<R: Read>(stored: R, memory: DecoderMemory) -> io::Result<XzDecoder<R>> {
    let stream = Stream::new_stream_decoder(memory_limit(memory), CONCATENATED)?;
    Ok(XzDecoder::new_stream(stored, stream))
}

#[cfg(feature = "cli")]
mod encode {
    use std::io::{self, Write};

    use xz2::stream::{Check, Filters, LzmaOptions, Stream};
    use xz2::write::XzEncoder;

    use crate::codec::compression::{Compression, Encoder};

    pub(super) const ENCODER: Encoder = Encoder {
        levels: Encoder::SAME_LEVELS,
        frame_len: |_| FRAME_LEN,
        // The match finder takes eleven times the dictionary.
        memory: |compression| {
            2 * FRAME_LEN + 11 * u64::from(preset_dictionary(compression.level).min(32 << 20))
        },
        compress,
        store,
        header: &[],
        footer: None,
    };

    /// Each stream starts with an empty dictionary; `xz -T` also uses three dictionary sizes per
    /// stream.
    const FRAME_LEN: u64 = 24 << 20;

    fn compress(compression: Compression, plain: &[u8]) -> io::Result<Vec<u8>> {
        const EXTREME: u32 = 1 << 31;
        let preset = compression.level | if compression.extreme { EXTREME } else { 0 };
        let mut options = LzmaOptions::new_preset(preset)?;
        // A dictionary longer than the frame would only cost the reader memory.
        let dictionary = plain.len().next_power_of_two().clamp(4096, 64 << 20);
        options.dict_size(
            u32::try_from(dictionary)
                .unwrap_or(64 << 20)
                .min(preset_dictionary(compression.level)),
        );
        let mut filters = Filters::new();
        filters.lzma2(&options);
        let mut encoder = XzEncoder::new_stream(
            Vec::new(),
            Stream::new_stream_encoder(&filters, Check::Crc32)?,
        );
        encoder.write_all(plain)?;
        encoder.finish()
    }

    /// Stores the beginning.
    fn store(compression: Compression, plain: &[u8]) -> io::Result<Vec<u8>> {
        /// Enough stored bytes for more than ten frames.
        const ENOUGH: usize = 1 << 20;
        let (first, rest) = plain.split_at(plain.len().min(ENOUGH));
        let mut out = uncompressed_stream(first);
        if !rest.is_empty() {
            out.extend(compression.frame(rest)?);
        }
        Ok(out)
    }

    /// An xz stream of one block whose LZMA2 chunks are stored (§§ 2 to 4 of the specification),
    /// checked by CRC-32.
    fn uncompressed_stream(plain: &[u8]) -> Vec<u8> {
        const CHUNK: usize = 64 << 10;
        // CRC-32 is the check.
        const FLAGS: [u8; 2] = [0, 1];
        // Its length in words of four bytes, less one; one filter: LZMA2, with the minimum dictionary
        // size; padding.
        const BLOCK_HEADER: [u8; 8] = [2, 0, 0x21, 1, 0, 0, 0, 0];
        let crc = |bytes: &[u8]| {
            let mut hasher = flate2::Crc::new();
            hasher.update(bytes);
            hasher.sum().to_le_bytes()
        };
        let pad = |out: &mut Vec<u8>| out.resize(out.len().next_multiple_of(4), 0);
        let mut out = [b"\xfd7zXZ\0", &FLAGS[..], &crc(&FLAGS)].concat();
        out.reserve(plain.len() + plain.len() / CHUNK * 3 + 64);
        let start = out.len();
        out.extend_from_slice(&BLOCK_HEADER);
        out.extend_from_slice(&crc(&BLOCK_HEADER));
        for (number, chunk) in plain.chunks(CHUNK).enumerate() {
            // An uncompressed chunk; the first resets the dictionary.
            out.push(if number == 0 { 1 } else { 2 });
            let [low, high] = u16::try_from(chunk.len() - 1)
                .unwrap_or(u16::MAX)
                .to_le_bytes();
            out.extend([high, low]);
            out.extend_from_slice(chunk);
        }
        out.push(0);
        // The header begins at a multiple of four.
        let unpadded = out.len() - start + 4;
        pad(&mut out);
        out.extend_from_slice(&crc(plain));
        let mut index = vec![0, 1];
        for mut number in [unpadded, plain.len()] {
            while number > 0x7f {
                index.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
                number >>= 7;
            }
            index.push(u8::try_from(number).unwrap_or(0));
        }
        pad(&mut index);
        index.extend(crc(&index));
        let words = u32::try_from(index.len() / 4 - 1).unwrap_or(u32::MAX);
        let footer = [&words.to_le_bytes()[..], &FLAGS].concat();
        out.extend(index);
        out.extend(crc(&footer));
        out.extend(footer);
        out.extend(b"YZ");
        out
    }

    /// Dictionary sizes of xz's presets, from its manual.
    fn preset_dictionary(level: u32) -> u32 {
        const MIB: [u32; 10] = [0, 1, 2, 4, 4, 8, 8, 16, 32, 64];
        MIB.get(level as usize)
            .map_or(64 << 20, |mib| (mib << 20).max(256 << 10))
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use crate::codec::{Codec, Compression};

    #[test]
    fn the_beginning_of_an_xz_frame_as_it_is_is_a_stream_of_its_own() {
        let xz = Compression {
            codec: Codec::Xz,
            level: 1,
            extreme: false,
        };
        for len in [
            0,
            1,
            2,
            3,
            64 << 10,
            (64 << 10) + 1,
            1 << 20,
            (1 << 20) + 1,
            3 << 20,
        ] {
            let plain: Vec<u8> = (0..len).map(|at: u32| at.to_le_bytes()[1]).collect();
            let stored = xz.frame_as_it_is(&plain).expect("a frame");
            assert!(stored.len() >= plain.len().min(1 << 20), "{len}");
            let mut decoded = Vec::new();
            XzDecoder::new_multi_decoder(&stored[..])
                .read_to_end(&mut decoded)
                .expect("xz");
            assert!(decoded == plain, "{len}");
        }
    }
}
