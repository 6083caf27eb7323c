//! The codecs of slots. The file of a codec has everything about it: names, the number in the
//! format, levels, encoder, decoder, and the memory that they take.
//!
//! `docs/extending.md` has the steps for another one.

mod bzip2;
mod gzip;
mod raw;
mod xz;
mod zstd;

#[cfg(feature = "cli")]
mod compression;

use std::io::{self, BufReader, Read};

#[cfg(feature = "cli")]
pub use compression::Compression;
#[cfg(feature = "cli")]
use compression::Encoder;
pub(crate) use zstd::FrameDecoder;

/// The compression of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// No compression.
    Raw,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

/// What the file of a codec states about it.
struct Facts {
    /// The name in messages, in JSON, and in manifests.
    name: &'static str,
    /// The code of the operation in PSPF; 0 if there is no operation.
    code: u8,
    /// The suffix of a file that holds the stored bytes.
    #[cfg(feature = "cli")]
    extension: &'static str,
    /// The same if they are a tar archive, which is PSPF's word for both operations.
    tar_extension: &'static str,
    /// Another word for both operations that FlavorPack knows.
    tar_word: Option<&'static str>,
    /// Whether our packages have slots of it. Otherwise it is known from FlavorPack's packages.
    is_written: bool,
    /// Whether its frames are listed in a frame table and decoded by [`FrameDecoder`].
    has_table: bool,
    #[cfg(feature = "cli")]
    spelling: Spelling,
    /// Present if it is written.
    #[cfg(feature = "cli")]
    encoder: Option<&'static Encoder>,
}

/// What a manifest may write.
#[cfg(feature = "cli")]
struct Spelling {
    /// Words besides the name.
    words: &'static [&'static str],
    /// Words for an archive with this codec.
    tar_words: &'static [&'static str],
    levels: Option<Levels>,
}

/// The levels that a manifest may give a codec.
#[cfg(feature = "cli")]
#[derive(Clone, Copy, Debug)]
pub struct Levels {
    pub least: u32,
    pub most: u32,
    /// Whether an `e` may follow the highest.
    pub has_extreme: bool,
    /// The same in words.
    pub text: &'static str,
}

/// How much memory a decoder may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecoderMemory {
    /// What our own writer requires of readers.
    Own,
    /// What other tools' writers may require.
    Foreign,
}

impl Codec {
    pub const ALL: [Self; 5] = [Self::Raw, Self::Gzip, Self::Bzip2, Self::Xz, Self::Zstd];

    const fn facts(self) -> &'static Facts {
        match self {
            Self::Raw => &raw::FACTS,
            Self::Gzip => &gzip::FACTS,
            Self::Bzip2 => &bzip2::FACTS,
            Self::Xz => &xz::FACTS,
            Self::Zstd => &zstd::FACTS,
        }
    }

    /// A reader of the content of these stored bytes; `None` if the codec cannot be decoded.
    pub(crate) fn decoder<'a>(
        self,
        stored: impl Read + Send + 'a,
        memory: DecoderMemory,
    ) -> io::Result<Option<Box<dyn Read + Send + 'a>>> {
        Ok(Some(match self {
            Self::Raw => Box::new(stored),
            Self::Gzip => Box::new(gzip::decoder(stored)),
            Self::Bzip2 => return Ok(None),
            Self::Xz => Box::new(xz::decoder(stored, memory)?),
            Self::Zstd => Box::new(zstd::decoder(stored, memory)?),
        }))
    }

    /// The name used in messages and JSON.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The code of the operation in PSPF; 0 for [`Self::Raw`], which is none.
    pub fn code(self) -> u8 {
        self.facts().code
    }

    /// The codec with this code.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|codec| codec.code() == code)
    }

    /// The suffix of a file that holds the stored bytes: `gz`.
    #[cfg(feature = "cli")]
    pub fn extension(self) -> &'static str {
        self.facts().extension
    }

    /// The same for a tar archive: `tar.gz`.
    pub fn tar_extension(self) -> &'static str {
        self.facts().tar_extension
    }

    /// FlavorPack's other word for a tar archive with this codec: `tgz`.
    pub fn tar_word(self) -> Option<&'static str> {
        self.facts().tar_word
    }

    /// Whether our packages have slots of it.
    pub fn is_written(self) -> bool {
        self.facts().is_written
    }

    /// Whether its frames are listed in a frame table, so that threads can decode them in parallel.
    pub(crate) fn has_table(self) -> bool {
        self.facts().has_table
    }

    /// The codec that a word of a manifest denotes, and whether the word includes a tar archive.
    #[cfg(feature = "cli")]
    pub fn of_word(word: &str) -> Option<(Self, bool)> {
        Self::ALL.into_iter().find_map(|codec| {
            let Spelling {
                words, tar_words, ..
            } = &codec.facts().spelling;
            let is_alone = word == codec.name() || words.contains(&word);
            (is_alone || tar_words.contains(&word)).then_some((codec, !is_alone))
        })
    }

    /// The levels that a manifest may give; `None` if there are none.
    #[cfg(feature = "cli")]
    pub fn levels(self) -> Option<Levels> {
        self.facts().spelling.levels
    }
}

/// For decoders that read a few bytes at a time.
fn buffered<R: Read>(stored: R) -> BufReader<R> {
    const LEN: usize = 256 << 10;
    BufReader::with_capacity(LEN, stored)
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    fn written() -> impl Iterator<Item = Codec> {
        Codec::ALL.into_iter().filter(|codec| codec.is_written())
    }

    /// A stream of two frames.
    fn encode(codec: Codec, level: u32, parts: [&[u8]; 2]) -> Vec<u8> {
        let compression = Compression {
            codec,
            level,
            extreme: false,
        };
        let plain = parts.concat();
        let mut crc = flate2::Crc::new();
        crc.update(&plain);
        let frame = |part| compression.frame(part).expect("encoded");
        [
            compression.header(),
            &frame(parts[0]),
            &frame(parts[1]),
            &compression.footer(crc.sum(), plain.len() as u64),
        ]
        .concat()
    }

    fn decode(codec: Codec, stored: &[u8], memory: DecoderMemory) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        let decoder = codec.decoder(stored, memory)?.expect("it is decoded");
        decoder.take(1 << 20).read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn every_name_and_number_stands_for_one_codec() {
        for codec in Codec::ALL {
            assert_eq!(Codec::of_code(codec.code()), Some(codec));
            assert_eq!(Codec::of_word(codec.name()), Some((codec, false)));
            let spelling = &codec.facts().spelling;
            for (words, tar) in [(spelling.words, false), (spelling.tar_words, true)] {
                for word in words {
                    assert_eq!(Codec::of_word(word), Some((codec, tar)), "{word}");
                }
            }
            let tar_extension = format!("tar.{}", codec.extension());
            assert!(codec == Codec::Raw || codec.tar_extension() == tar_extension);
        }
        assert_eq!(Codec::of_word("tar"), None);
        assert_eq!(Codec::of_code(0xff), None);
    }

    #[test]
    fn what_is_written_can_be_read() {
        for codec in Codec::ALL {
            assert_eq!(codec.facts().encoder.is_some(), codec.is_written());
            let decoder = codec.decoder(&[][..], DecoderMemory::Own);
            let is_decoded = decoder.expect("memory").is_some();
            assert!(is_decoded || !codec.is_written(), "{codec:?}");
        }
        let text = b"some text ".repeat(1000);
        let parts = [&text[..7000], &text[7000..]];
        for codec in written() {
            let levels = codec
                .levels()
                .map_or(0..=0, |levels| levels.least..=levels.most);
            for level in levels {
                let stored = encode(codec, level, parts);
                for memory in [DecoderMemory::Own, DecoderMemory::Foreign] {
                    let plain = decode(codec, &stored, memory).expect("decoded");
                    assert!(plain == text, "{codec:?} {level}");
                }
            }
        }
    }

    #[test]
    fn damaged_and_foreign_bytes_end_with_an_error_or_with_content() {
        let text = b"some text ".repeat(20);
        for codec in written() {
            let good = encode(codec, 1, [&text[..50], &text[50..]]);
            for len in 0..good.len() {
                let plain = decode(codec, &good[..len], DecoderMemory::Own);
                assert!(plain.map_or(true, |plain| plain != text), "{codec:?} {len}");
            }
            for at in 0..good.len() {
                let mut bad = good.clone();
                bad[at] ^= 0x41;
                drop(decode(codec, &bad, DecoderMemory::Own));
            }
            for other in written() {
                let stored = encode(other, 1, [&text, &text]);
                let plain = decode(codec, &stored, DecoderMemory::Foreign);
                let is_accepted = plain.is_ok();
                assert_eq!(is_accepted, codec == other || codec == Codec::Raw);
            }
        }
    }
}
