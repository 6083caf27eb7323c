use std::fmt;

/// One step of the operations, with its code in PSPF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Operation {
    Tar = 0x01,
    Gzip = 0x10,
    Bzip2 = 0x13,
    Xz = 0x16,
    Zstd = 0x1b,
}

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

impl Codec {
    /// The name used in messages and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }
}

/// A name that is not an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an operation")]
pub struct UnknownOperation(pub String);

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
        let codec = match self.codec {
            Codec::Raw => 0,
            Codec::Gzip => Operation::Gzip as u64,
            Codec::Bzip2 => Operation::Bzip2 as u64,
            Codec::Xz => Operation::Xz as u64,
            Codec::Zstd => Operation::Zstd as u64,
        };
        if self.tar {
            (codec << 8) | Operation::Tar as u64
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
        let tar = first == Operation::Tar as u8;
        let (code, after) = if tar { (second, 0) } else { (first, second) };
        if let Some(extra) = std::iter::once(after).chain(rest).find(|code| *code != 0) {
            return Err(extra);
        }
        let codec = match code {
            0x00 => Codec::Raw,
            0x10 => Codec::Gzip,
            0x13 => Codec::Bzip2,
            0x16 => Codec::Xz,
            0x1b => Codec::Zstd,
            other => return Err(other),
        };
        Ok(Self { tar, codec })
    }

    /// The suffix of a file that holds the stored bytes: `tar.gz`, `gz`, `bin`.
    pub fn extension(self) -> &'static str {
        match (self.tar, self.codec) {
            (true, Codec::Raw) => "tar",
            (true, Codec::Gzip) => "tar.gz",
            (true, Codec::Bzip2) => "tar.bz2",
            (true, Codec::Xz) => "tar.xz",
            (true, Codec::Zstd) => "tar.zst",
            (false, Codec::Raw) => "bin",
            (false, Codec::Gzip) => "gz",
            (false, Codec::Bzip2) => "bz2",
            (false, Codec::Xz) => "xz",
            (false, Codec::Zstd) => "zst",
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

/// The spelling in FlavorPack's JSON: `tar.zst`, `gzip`, `raw`.
impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.tar {
            self.extension()
        } else {
            self.codec.name()
        })
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
            for codec in [
                Codec::Raw,
                Codec::Gzip,
                Codec::Bzip2,
                Codec::Xz,
                Codec::Zstd,
            ] {
                let chain = Operations { tar, codec };
                assert_eq!(Operations::unpack(chain.pack()), Ok(chain));
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
