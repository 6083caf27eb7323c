use super::fields::{Fields, put};
use super::{FormatError, Sha256, from_hex};

/// Bytes of the index.
pub const INDEX_LEN: usize = 8192;
/// Bytes of the trailer: start mark, index, end mark.
pub const TRAILER_LEN: usize = INDEX_LEN + START_MARK.len() + END_MARK.len();
/// The only format version: PSPF/2025, first revision.
pub const FORMAT_VERSION: u32 = 0x2025_0001;

/// U+1F4E6, a package, in UTF-8.
const START_MARK: [u8; 4] = [0xf0, 0x9f, 0x93, 0xa6];
/// U+1FA84, a magic wand, in UTF-8.
pub const END_MARK: [u8; 4] = [0xf0, 0x9f, 0xaa, 0x84];

/// The offset of each field in the index; `docs/format.md` § Index.
mod at {
    pub(super) const FORMAT_VERSION: usize = 0;
    pub(super) const CHECKSUM: usize = 4;
    pub(super) const PACKAGE_SIZE: usize = 8;
    pub(super) const LAUNCHER_SIZE: usize = 16;
    pub(super) const METADATA_OFFSET: usize = 24;
    pub(super) const METADATA_SIZE: usize = 32;
    pub(super) const SLOT_TABLE_OFFSET: usize = 40;
    pub(super) const SLOT_TABLE_SIZE: usize = 48;
    pub(super) const SLOT_COUNT: usize = 56;
    pub(super) const PUBLIC_KEY: usize = 64;
    pub(super) const METADATA_CHECKSUM: usize = 96;
    pub(super) const SIGNATURE: usize = 128;
    pub(super) const ACCESS_MODE: usize = 640;
    pub(super) const CACHE_STRATEGY: usize = 641;
    pub(super) const PAGE_SIZE: usize = 644;
    pub(super) const MAX_MEMORY: usize = 648;
    pub(super) const MIN_MEMORY: usize = 656;
    pub(super) const STREAM_CHUNK_SIZE: usize = 688;
    pub(super) const BUILD_TIMESTAMP: usize = 704;
    pub(super) const CAPABILITIES: usize = 832;
    pub(super) const COMPATIBILITY: usize = 856;
    pub(super) const PROTOCOL_VERSION: usize = 860;
    pub(super) const KEY_FINGERPRINT: usize = 1376;
    pub(super) const ATTESTATION_DIGEST: usize = 1440;
    pub(super) const POLICY_DIGEST: usize = 1504;
}

/// The hints that FlavorPack's builder writes. No reader uses them, so they are constants in our
/// packages.
mod hint {
    pub(super) const ACCESS_MODE_AUTO: u8 = 2;
    pub(super) const CACHE_NORMAL: u8 = 1;
    pub(super) const PAGE_SIZE: u32 = 4096;
    pub(super) const MAX_MEMORY: u64 = 128 << 20;
    pub(super) const MIN_MEMORY: u64 = 8 << 20;
    pub(super) const STREAM_CHUNK_SIZE: u32 = 64 << 10;
    /// mmap (1) and signed (0x80).
    pub(super) const CAPABILITIES: u64 = 0x81;
    pub(super) const PROTOCOL_VERSION: u32 = 1;
}

/// What the index says about the file around it.
///
/// The values are unchecked: nothing may rely on them before [`crate::package::Reader`] has
/// compared them with the file and, for our own packages, with the signed metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Bytes of the whole file, trailer included.
    pub package_size: u64,
    /// Bytes of the launcher at the front.
    pub launcher_size: u64,
    pub metadata_offset: u64,
    /// Bytes of the metadata block as stored.
    pub metadata_size: u64,
    pub slot_table_offset: u64,
    pub slot_count: u32,
    /// The Ed25519 key that made [`Self::signature`].
    pub public_key: [u8; 32],
    /// SHA-256 of the metadata block as stored.
    pub metadata_checksum: [u8; 32],
    /// Ed25519 signature over the uncompressed metadata.
    pub signature: [u8; 64],
    /// Seconds since 1970; 0 if the build recorded none.
    pub build_timestamp: u64,
    /// SHA-256 of the attestation slot, if there is one.
    pub attestation: Option<Sha256>,
    /// SHA-256 of the package's policy, if there is one.
    pub policy: Option<Sha256>,
}

impl Index {
    /// Encodes the index, checksum included.
    pub fn encode(&self) -> [u8; INDEX_LEN] {
        let mut block = [0; INDEX_LEN];
        let table_size = u64::from(self.slot_count).saturating_mul(super::SLOT_ENTRY_LEN as u64);
        put(
            &mut block,
            at::FORMAT_VERSION,
            &FORMAT_VERSION.to_le_bytes(),
        );
        put(
            &mut block,
            at::PACKAGE_SIZE,
            &self.package_size.to_le_bytes(),
        );
        put(
            &mut block,
            at::LAUNCHER_SIZE,
            &self.launcher_size.to_le_bytes(),
        );
        put(
            &mut block,
            at::METADATA_OFFSET,
            &self.metadata_offset.to_le_bytes(),
        );
        put(
            &mut block,
            at::METADATA_SIZE,
            &self.metadata_size.to_le_bytes(),
        );
        put(
            &mut block,
            at::SLOT_TABLE_OFFSET,
            &self.slot_table_offset.to_le_bytes(),
        );
        put(&mut block, at::SLOT_TABLE_SIZE, &table_size.to_le_bytes());
        put(&mut block, at::SLOT_COUNT, &self.slot_count.to_le_bytes());
        put(&mut block, at::PUBLIC_KEY, &self.public_key);
        put(&mut block, at::METADATA_CHECKSUM, &self.metadata_checksum);
        put(&mut block, at::SIGNATURE, &self.signature);
        put(&mut block, at::ACCESS_MODE, &[hint::ACCESS_MODE_AUTO]);
        put(&mut block, at::CACHE_STRATEGY, &[hint::CACHE_NORMAL]);
        put(&mut block, at::PAGE_SIZE, &hint::PAGE_SIZE.to_le_bytes());
        put(&mut block, at::MAX_MEMORY, &hint::MAX_MEMORY.to_le_bytes());
        put(&mut block, at::MIN_MEMORY, &hint::MIN_MEMORY.to_le_bytes());
        put(
            &mut block,
            at::STREAM_CHUNK_SIZE,
            &hint::STREAM_CHUNK_SIZE.to_le_bytes(),
        );
        put(
            &mut block,
            at::BUILD_TIMESTAMP,
            &self.build_timestamp.to_le_bytes(),
        );
        put(
            &mut block,
            at::CAPABILITIES,
            &hint::CAPABILITIES.to_le_bytes(),
        );
        put(&mut block, at::COMPATIBILITY, &FORMAT_VERSION.to_le_bytes());
        put(
            &mut block,
            at::PROTOCOL_VERSION,
            &hint::PROTOCOL_VERSION.to_le_bytes(),
        );
        put(
            &mut block,
            at::KEY_FINGERPRINT,
            Sha256::of(&self.public_key).hex().as_bytes(),
        );
        for (at, digest) in [
            (at::ATTESTATION_DIGEST, &self.attestation),
            (at::POLICY_DIGEST, &self.policy),
        ] {
            if let Some(digest) = digest {
                put(&mut block, at, digest.hex().as_bytes());
            }
        }
        let checksum = checksum(&block);
        put(&mut block, at::CHECKSUM, &checksum.to_le_bytes());
        block
    }

    /// Decodes an index and checks its checksum and version.
    ///
    /// # Errors
    /// [`FormatError::IndexChecksum`] and [`FormatError::UnknownVersion`].
    pub fn decode(block: &[u8; INDEX_LEN]) -> Result<Self, FormatError> {
        let fields = Fields(block);
        let found = fields.u32(at::CHECKSUM);
        let computed = checksum(block);
        if found != computed {
            return Err(FormatError::IndexChecksum { found, computed });
        }
        let version = fields.u32(at::FORMAT_VERSION);
        if version != FORMAT_VERSION {
            return Err(FormatError::UnknownVersion { found: version });
        }
        let digest = |at| from_hex(str::from_utf8(&fields.bytes::<64>(at)).ok()?).map(Sha256);
        Ok(Self {
            package_size: fields.u64(at::PACKAGE_SIZE),
            launcher_size: fields.u64(at::LAUNCHER_SIZE),
            metadata_offset: fields.u64(at::METADATA_OFFSET),
            metadata_size: fields.u64(at::METADATA_SIZE),
            slot_table_offset: fields.u64(at::SLOT_TABLE_OFFSET),
            slot_count: fields.u32(at::SLOT_COUNT),
            public_key: fields.bytes(at::PUBLIC_KEY),
            metadata_checksum: fields.bytes(at::METADATA_CHECKSUM),
            signature: fields.bytes(at::SIGNATURE),
            build_timestamp: fields.u64(at::BUILD_TIMESTAMP),
            attestation: digest(at::ATTESTATION_DIGEST),
            policy: digest(at::POLICY_DIGEST),
        })
    }
}

/// Adler-32 over the index with the checksum's own four bytes taken as zero. It detects accidental
/// damage, not tampering.
fn checksum(block: &[u8; INDEX_LEN]) -> u32 {
    let mut zeroed = *block;
    put(&mut zeroed, at::CHECKSUM, &[0; 4]);
    adler2::adler32_slice(&zeroed)
}

/// The trailer around an index.
pub fn wrap_index(index: &[u8; INDEX_LEN]) -> Vec<u8> {
    [&START_MARK[..], index, &END_MARK].concat()
}

/// Takes the index out of the last [`TRAILER_LEN`] bytes of a file.
///
/// # Errors
/// [`FormatError::NoTrailer`] when a mark is missing.
pub fn parse_trailer(trailer: &[u8]) -> Result<&[u8; INDEX_LEN], FormatError> {
    trailer
        .strip_prefix(&START_MARK)
        .and_then(|rest| rest.strip_suffix(&END_MARK))
        .and_then(|index| index.try_into().ok())
        .ok_or(FormatError::NoTrailer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Index {
        Index {
            package_size: 1,
            launcher_size: 2,
            metadata_offset: 3,
            metadata_size: 4,
            slot_table_offset: 5,
            slot_count: 6,
            public_key: [7; 32],
            metadata_checksum: [8; 32],
            signature: [9; 64],
            build_timestamp: 10,
            attestation: Some(Sha256([11; 32])),
            policy: Some(Sha256([12; 32])),
        }
    }

    #[test]
    fn an_index_reads_back_as_written() {
        let index = sample();
        assert_eq!(Index::decode(&index.encode()), Ok(index));
    }

    #[test]
    fn the_checksum_of_an_empty_index_is_the_documented_one() {
        assert_eq!(checksum(&[0; INDEX_LEN]), 0x2000_0001);
    }

    #[test]
    fn every_flipped_byte_of_an_index_is_noticed() {
        let good = sample().encode();
        for at in 0..INDEX_LEN {
            let mut bad = good;
            if let Some(byte) = bad.get_mut(at) {
                *byte ^= 0x10;
            }
            assert!(Index::decode(&bad).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_trailer_wants_both_marks() {
        let trailer = wrap_index(&sample().encode());
        assert_eq!(trailer.len(), TRAILER_LEN);
        assert!(parse_trailer(&trailer).is_ok());
        assert_eq!(
            parse_trailer(trailer.get(1..).unwrap_or_default()),
            Err(FormatError::NoTrailer)
        );
    }
}
