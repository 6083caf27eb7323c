//! Codec and level, and how each codec makes one stream of independently compressed frames.

use std::io::{self, Write};

use flate2::{Compress, FlushCompress, Status};
use xz2::stream::{Check, Filters, LzmaOptions, Stream};
use xz2::write::XzEncoder;
use zstd::zstd_safe::CParameter;

use crate::format::Codec;

/// How a slot is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Compression {
    pub codec: Codec,
    /// The codec's own level: zstd 1–22, xz and gzip 0–9.
    pub level: u32,
    /// xz: the `e` of `9e`. zstd: a window as long as a frame, and frames as long as memory allows.
    pub extreme: bool,
}

/// zstd level for each `--compress`; measured in `docs/benchmarks.md` § Levels.
const ZSTD_LEVELS: [u32; 10] = [1, 1, 3, 5, 7, 9, 12, 15, 17, 19];

impl Compression {
    /// The default of `--compress`: a good size in well under a second for a small application.
    pub const DEFAULT_EFFORT: u8 = 5;

    /// Translates `--compress 0..=9` to the codec's own level.
    pub fn with_effort(codec: Codec, effort: u8) -> Self {
        let effort = usize::from(effort.min(9));
        let level = match codec {
            Codec::Zstd => ZSTD_LEVELS[effort],
            _ => u32::try_from(effort).unwrap_or(9),
        };
        Self {
            codec,
            level,
            extreme: effort == 9,
        }
    }

    /// Uncompressed bytes after which a frame is cut. Longer frames compress better; shorter ones
    /// balance the load better and need less memory to decode.
    pub(super) fn frame_len(self) -> u64 {
        match self.codec {
            Codec::Zstd if self.extreme => 32 << 20,
            // 1.003 of the size of one stream at level 9; with 4 MiB it was 1.014.
            Codec::Zstd | Codec::Gzip => 5 << 20,
            // Each xz stream starts with an empty dictionary; `xz -T` also uses three dictionary
            // sizes per stream.
            Codec::Xz => 24 << 20,
            // Stored content needs no cuts.
            Codec::Raw | Codec::Bzip2 => u64::MAX,
        }
    }

    /// The maximum memory of one thread that compresses a frame: the frame, its compressed form,
    /// and the codec's tables. Rounded up from the measurements in `docs/benchmarks.md` § Memory.
    pub fn memory(self) -> u64 {
        const MB: u64 = 1_000_000;
        match self.codec {
            Codec::Raw | Codec::Bzip2 => MB,
            Codec::Gzip => 16 * MB,
            Codec::Zstd if self.extreme => 200 * MB,
            Codec::Zstd => match self.level {
                0..=5 => 20 * MB,
                6..=9 => 32 * MB,
                10..=12 => 60 * MB,
                _ => 100 * MB,
            },
            // The match finder takes eleven times the dictionary.
            Codec::Xz => {
                2 * self.frame_len() + 11 * u64::from(preset_dictionary(self.level).min(32 << 20))
            }
        }
    }

    /// Whether the stored bytes end with a frame table.
    pub(super) fn has_table(self) -> bool {
        self.codec == Codec::Zstd
    }

    /// Compresses one frame. Incompressible content is stored or compressed with less effort.
    pub(super) fn frame(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let this = if is_compressed(plain)? {
            Self {
                level: 1,
                extreme: false,
                ..self
            }
        } else {
            self
        };
        this.compress(plain)
    }

    /// A frame that stores its content uncompressed; for xz, whose frames are long, only the
    /// beginning.
    ///
    /// Readers reject a slot with an extreme compression ratio as a decompression bomb. One such
    /// frame in a sparse file is enough to avoid that.
    pub(super) fn frame_as_it_is(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        /// Enough stored bytes for more than ten frames.
        const ENOUGH: usize = 1 << 20;
        match self.codec {
            Codec::Zstd => Ok(raw_blocks(plain)),
            Codec::Gzip => Self { level: 0, ..self }.deflate(plain),
            Codec::Xz => {
                let (first, rest) = plain.split_at(plain.len().min(ENOUGH));
                let mut out = uncompressed_stream(first);
                if !rest.is_empty() {
                    out.extend(self.frame(rest)?);
                }
                Ok(out)
            }
            Codec::Raw | Codec::Bzip2 => Ok(plain.to_vec()),
        }
    }

    fn compress(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        match self.codec {
            Codec::Raw | Codec::Bzip2 => Ok(plain.to_vec()),
            Codec::Zstd => self.zstd(plain),
            Codec::Gzip => self.deflate(plain),
            Codec::Xz => self.xz(plain),
        }
    }

    fn zstd(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut compressor =
            zstd::bulk::Compressor::new(i32::try_from(self.level).unwrap_or(i32::MAX))?;
        if self.extreme {
            compressor.set_parameter(CParameter::WindowLog(25))?;
            compressor.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
        }
        compressor.compress(plain)
    }

    /// A piece of a deflate stream that ends on a byte boundary, as in pigz: the concatenated
    /// pieces form one gzip member.
    fn deflate(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut compressor = Compress::new(flate2::Compression::new(self.level), false);
        let mut out = Vec::with_capacity(plain.len() / 2 + 1024);
        loop {
            let read = usize::try_from(compressor.total_in()).unwrap_or(usize::MAX);
            let status = compressor.compress_vec(&plain[read..], &mut out, FlushCompress::Sync)?;
            // If there is room left, the flush is complete.
            if status == Status::StreamEnd
                || (compressor.total_in() == plain.len() as u64 && out.len() < out.capacity())
            {
                return Ok(out);
            }
            out.reserve(64 << 10);
        }
    }

    fn xz(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        const EXTREME: u32 = 1 << 31;
        let preset = self.level | if self.extreme { EXTREME } else { 0 };
        let mut options = LzmaOptions::new_preset(preset)?;
        // A dictionary longer than the frame would only cost the reader memory.
        let dictionary = plain.len().next_power_of_two().clamp(4096, 64 << 20);
        options.dict_size(
            u32::try_from(dictionary)
                .unwrap_or(64 << 20)
                .min(preset_dictionary(self.level)),
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
}

/// A zstd frame of raw blocks (RFC 8878 § 3.1.1): a single segment with its size in four bytes, no
/// checksum.
fn raw_blocks(plain: &[u8]) -> Vec<u8> {
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

/// An xz stream of one block whose LZMA2 chunks are stored (The .xz File Format 1.2.1 §§ 2 to 4),
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

/// Whether samples of a frame are incompressible: images, archives, wheels.
///
/// Frames that are partly compressible keep the full effort, because the samples are spread over
/// all of it.
fn is_compressed(plain: &[u8]) -> io::Result<bool> {
    const SAMPLES: usize = 8;
    const SAMPLE: usize = 16 << 10;
    if plain.len() < 2 * SAMPLES * SAMPLE {
        return Ok(false);
    }
    let mut stored = 0;
    for start in (0..plain.len() - SAMPLE)
        .step_by((plain.len() - SAMPLE) / SAMPLES)
        .take(SAMPLES)
    {
        let size = zstd::bulk::compress(&plain[start..start + SAMPLE], 1)?.len();
        // One compressible sample is enough.
        if size < SAMPLE - SAMPLE / 20 {
            return Ok(false);
        }
        stored += size;
    }
    Ok(stored > SAMPLES * (SAMPLE - SAMPLE / 50))
}

/// Dictionary sizes of xz's presets, from its manual.
fn preset_dictionary(level: u32) -> u32 {
    const MIB: [u32; 10] = [0, 1, 2, 4, 4, 8, 8, 16, 32, 64];
    MIB.get(level as usize)
        .map_or(64 << 20, |mib| (mib << 20).max(256 << 10))
}

/// Starts a gzip member: no name, no time, made on Unix (RFC 1952).
pub(super) const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03];

/// Ends the deflate stream with an empty final block, then the member.
pub(super) fn gzip_footer(crc: u32, plain_len: u64) -> Vec<u8> {
    // ISIZE is the length modulo 2^32.
    let size = u32::try_from(plain_len & u64::from(u32::MAX)).unwrap_or(0);
    [&[0x03, 0x00][..], &crc.to_le_bytes(), &size.to_le_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_as_it_is_decodes_to_its_content() {
        for len in [0, 1, 128 << 10, (128 << 10) + 1, 1 << 20] {
            let plain: Vec<u8> = (0..len).map(|at: u32| at.to_le_bytes()[1]).collect();
            let stored = raw_blocks(&plain);
            assert!(stored.len() <= plain.len() + plain.len() / 1000 + 20);
            assert_eq!(
                zstd::bulk::decompress(&stored, plain.len()).expect("a frame"),
                plain,
                "{len}"
            );
        }
    }

    #[test]
    fn the_beginning_of_an_xz_frame_as_it_is_is_a_stream_of_its_own() {
        use std::io::Read;
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
            let mut found = Vec::new();
            xz2::read::XzDecoder::new_multi_decoder(&stored[..])
                .read_to_end(&mut found)
                .expect("xz");
            assert!(found == plain, "{len}");
        }
    }

    #[test]
    fn what_is_compressed_already_is_told_from_what_is_not() {
        let mut state = 1_u64;
        let mut noise = || {
            // Numerical Recipes' linear congruential generator; the upper bits are good enough.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        let random: Vec<u8> = (0..1 << 20).map(|_| noise()).collect();
        let text: Vec<u8> = b"the quick brown fox "
            .iter()
            .copied()
            .cycle()
            .take(1 << 20)
            .collect();
        let both = [&random[..1 << 19], &text[..1 << 19]].concat();
        assert!(is_compressed(&random).expect("sampled"));
        assert!(!is_compressed(&text).expect("sampled"));
        assert!(!is_compressed(&both).expect("sampled"));
        assert!(!is_compressed(&random[..1000]).expect("too short to tell"));
    }
}
