//! gzip (RFC 1952): one member, whose frames are pieces of its deflate stream.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::{Facts, buffered};
#[cfg(feature = "cli")]
use super::{Levels, Spelling};

pub(super) const FACTS: Facts = Facts {
    name: "gzip",
    code: 0x10,
    #[cfg(feature = "cli")]
    extension: "gz",
    tar_extension: "tar.gz",
    tar_word: Some("tgz"),
    is_written: true,
    has_table: false,
    #[cfg(feature = "cli")]
    spelling: Spelling {
        words: &["gz"],
        tar_words: &["tgz"],
        levels: Some(Levels {
            least: 0,
            most: 9,
            has_extreme: false,
            text: "0 to 9",
        }),
    },
    #[cfg(feature = "cli")]
    encoder: Some(&encode::ENCODER),
};

pub(super) fn decoder(stored: impl Read) -> impl Read {
    SingleMember(Some(GzDecoder::new(buffered(stored))))
}

/// A gzip member without trailing bytes: FlavorPack's launcher would read only the first member, so
/// readers would interpret a second one differently.
struct SingleMember<R>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for SingleMember<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = &mut self.0 else {
            return Ok(0);
        };
        let count = decoder.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            let rest = self.0.take().map(GzDecoder::into_inner);
            if !rest.map_or(Ok(true), |mut rest| rest.fill_buf().map(<[u8]>::is_empty))? {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "bytes after the gzip member",
                ));
            }
        }
        Ok(count)
    }
}

#[cfg(feature = "cli")]
mod encode {
    use std::io;

    use flate2::{Compress, FlushCompress, Status};

    use crate::codec::compression::Encoder;

    pub(super) const ENCODER: Encoder = Encoder {
        levels: Encoder::SAME_LEVELS,
        // 1.003 of the size of one stream at level 9; with 4 MiB it was 1.014.
        frame_len: |_| 5 << 20,
        memory: |_| 16_000_000,
        compress: |compression, plain| deflate(compression.level, plain),
        store: |_, plain| deflate(0, plain),
        header: &HEADER,
        footer: Some(footer),
    };

    /// Starts a member: no name, no time, made on Unix.
    const HEADER: [u8; 10] = [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03];

    /// Ends the deflate stream with an empty final block, then the member.
    fn footer(crc: u32, plain_len: u64) -> Vec<u8> {
        // ISIZE is the length modulo 2^32.
        let size = u32::try_from(plain_len & u64::from(u32::MAX)).unwrap_or(0);
        [&[0x03, 0x00][..], &crc.to_le_bytes(), &size.to_le_bytes()].concat()
    }

    /// A piece of a deflate stream that ends on a byte boundary, as in pigz: the concatenated
    /// pieces form one gzip member.
    fn deflate(level: u32, plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut compressor = Compress::new(flate2::Compression::new(level), false);
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
}
