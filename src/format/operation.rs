use std::fmt;

use crate::codec::Codec;

/// The code of a tar archive in PSPF.
const TAR: u8 = 0x01;

/// How the content of a slot was encoded, first step first: at most a tar, then at most one codec.
///
/// PSPF allows eight steps in any order. Other chains than "archive, then compress" have no use and
/// are rejected when read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operations {
    /// Whether the content is a tree, stored as a tar archive.
    pub tar: bool,
    pub codec: Codec,
}

impl Operations {
    /// The operations as PSPF encodes them: one byte per step, the first in the lowest byte.
    pub fn pack(self) -> u64 {
        let codec = u64::from(self.codec.code());
        if self.tar {
            (codec << 8) | u64::from(TAR)
        } else {
            codec
        }
    }

    /// Decodes PSPF's encoding.
    ///
    /// # Errors
    /// The first code that is unknown or in an invalid position.
    pub fn unpack(packed: u64) -> Result<Self, u8> {
        let [first, second, rest @ ..] = packed.to_le_bytes();
        let tar = first == TAR;
        let (code, after) = if tar { (second, 0) } else { (first, second) };
        if let Some(extra) = std::iter::once(after).chain(rest).find(|code| *code != 0) {
            return Err(extra);
        }
        let codec = Codec::of_code(code).ok_or(code)?;
        Ok(Self { tar, codec })
    }

    /// The number of steps.
    pub fn steps(self) -> u32 {
        u32::from(self.tar).saturating_add(u32::from(self.codec != Codec::Raw))
    }

    /// The spelling in FlavorPack's JSON: `tar.zst`, `gzip`, `raw`.
    pub fn as_str(self) -> &'static str {
        if self.tar {
            self.codec.tar_extension()
        } else {
            self.codec.name()
        }
    }

    /// Parses [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Codec::ALL.iter().find_map(|codec| {
            let tar = codec.tar_extension() == text;
            (tar || codec.name() == text).then_some(Self { tar, codec: *codec })
        })
    }

    /// The suffix of a file that holds the stored bytes: `tar.gz`, `gz`, `bin`.
    #[cfg(feature = "cli")]
    pub fn extension(self) -> &'static str {
        if self.tar {
            self.codec.tar_extension()
        } else {
            self.codec.extension()
        }
    }

    /// The names of the steps, as in a manifest.
    pub fn words(self) -> Vec<&'static str> {
        let mut words = Vec::new();
        if self.tar {
            words.push("tar");
        }
        if self.codec != Codec::Raw || !self.tar {
            words.push(self.codec.name());
        }
        words
    }
}

impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_pack_as_flavorpack_packs_them() {
        assert_eq!(
            Operations {
                tar: true,
                codec: Codec::Gzip
            }
            .pack(),
            0x1001
        );
        assert_eq!(
            Operations {
                tar: true,
                codec: Codec::Zstd
            }
            .pack(),
            0x1b01
        );
        assert_eq!(
            Operations {
                tar: false,
                codec: Codec::Raw
            }
            .pack(),
            0
        );
    }

    #[test]
    fn what_packs_unpacks() {
        for tar in [false, true] {
            for codec in Codec::ALL {
                let chain = Operations { tar, codec };
                assert_eq!(Operations::unpack(chain.pack()), Ok(chain));
                assert_eq!(Operations::parse(chain.as_str()), Some(chain));
            }
        }
    }

    #[test]
    fn unknown_and_misplaced_codes_are_named() {
        assert_eq!(Operations::unpack(0x30), Err(0x30));
        assert_eq!(Operations::unpack(0x0110), Err(0x01));
        assert_eq!(Operations::unpack(0x10_1001), Err(0x10));
    }
}
