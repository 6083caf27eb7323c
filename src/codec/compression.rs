//! How a slot is compressed: codec and level.

use std::io;

use super::Codec;

/// How a slot is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Compression {
    pub codec: Codec,
    /// The codec's own level: zstd 1–22, xz and gzip 0–9.
    pub level: u32,
    /// xz: the `e` of `9e`. zstd: a window as long as a frame, and frames as long as memory allows.
    pub extreme: bool,
}

/// The encoder of a codec. It makes one stream of independently compressed frames.
pub(super) struct Encoder {
    /// The codec's own level for each effort.
    pub(super) levels: [u32; 10],
    /// Uncompressed bytes after which a frame is cut. Longer frames compress better; shorter ones
    /// balance the load better and need less memory to decode.
    pub(super) frame_len: fn(Compression) -> u64,
    /// The maximum memory of one thread that compresses a frame: the frame, its compressed form,
    /// and the codec's tables. Rounded up from the measurements in `docs/benchmarks.md` § Memory.
    pub(super) memory: fn(Compression) -> u64,
    pub(super) compress: fn(Compression, &[u8]) -> io::Result<Vec<u8>>,
    /// Makes a frame that stores its content uncompressed, or the beginning if frames are long.
    pub(super) store: fn(Compression, &[u8]) -> io::Result<Vec<u8>>,
    /// Bytes before the first frame.
    pub(super) header: &'static [u8],
    /// Makes the bytes after the last frame, from the CRC-32 and the length of the whole content.
    pub(super) footer: Option<fn(u32, u64) -> Vec<u8>>,
}

impl Encoder {
    /// For codecs whose levels are those of `--compress`.
    pub(super) const SAME_LEVELS: [u32; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
}

impl Compression {
    /// The default of `--compress`: a good size in well under a second for a small application.
    pub const DEFAULT_EFFORT: u8 = 5;

    /// Translates `--compress 0..=9` to the codec's own level. The codec must be one that is
    /// written.
    pub fn with_effort(codec: Codec, effort: u8) -> Self {
        let effort = effort.min(9);
        Self {
            codec,
            level: encoder(codec).levels[usize::from(effort)],
            extreme: effort == 9,
        }
    }

    /// Uncompressed bytes after which a frame is cut.
    pub(crate) fn frame_len(self) -> u64 {
        (encoder(self.codec).frame_len)(self)
    }

    /// The maximum memory of one thread that compresses a frame, in bytes.
    pub fn memory(self) -> u64 {
        (encoder(self.codec).memory)(self)
    }

    /// Bytes before the first frame.
    pub(crate) fn header(self) -> &'static [u8] {
        encoder(self.codec).header
    }

    /// Whether [`Self::footer`] needs the CRC-32 of the content.
    pub(crate) fn has_checksum(self) -> bool {
        encoder(self.codec).footer.is_some()
    }

    /// Bytes after the last frame.
    pub(crate) fn footer(self, crc: u32, plain_len: u64) -> Vec<u8> {
        encoder(self.codec)
            .footer
            .map_or_else(Vec::new, |footer| footer(crc, plain_len))
    }

    /// Compresses one frame. Incompressible content is stored or compressed with less effort.
    pub(crate) fn frame(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let this = if is_compressed(plain)? {
            Self {
                level: 1,
                extreme: false,
                ..self
            }
        } else {
            self
        };
        (encoder(self.codec).compress)(this, plain)
    }

    /// A frame that stores its content uncompressed; for codecs whose frames are long, only the
    /// beginning.
    ///
    /// Readers reject a slot with an extreme compression ratio as a decompression bomb. One such
    /// frame in a sparse file is enough to avoid that.
    pub(crate) fn frame_as_it_is(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        (encoder(self.codec).store)(self, plain)
    }
}

fn encoder(codec: Codec) -> &'static Encoder {
    match codec.facts().encoder {
        Some(encoder) => encoder,
        None => unreachable!("{} is never written", codec.name()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
