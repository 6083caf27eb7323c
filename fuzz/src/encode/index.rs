//! The index (`docs/format.md` § Index) and what stands around it.

use std::ops::Range;

use arbitrary::Arbitrary;
use sha2::Digest as _;

use crate::checksum::adler32;

pub(crate) const INDEX_LEN: usize = 8192;
pub(crate) const CHECKSUM: Range<usize> = 4..8;
pub(crate) const START: [u8; 4] = [0xf0, 0x9f, 0x93, 0xa6];
pub(crate) const END: [u8; 4] = [0xf0, 0x9f, 0xaa, 0x84];

/// What an index says.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) package_size: u64,
    pub(crate) launcher_size: u64,
    pub(crate) metadata_offset: u64,
    pub(crate) metadata_size: u64,
    pub(crate) slot_table_offset: u64,
    pub(crate) slot_count: u32,
    pub(crate) public_key: [u8; 32],
    pub(crate) metadata_checksum: [u8; 32],
    pub(crate) signature: [u8; 64],
    pub(crate) build_timestamp: u64,
    pub(crate) attestation: Option<[u8; 32]>,
    pub(crate) policy: Option<[u8; 32]>,
}

impl Fields {
    /// An index of these values, and of constants where there are no others.
    pub(crate) fn encode(&self) -> [u8; INDEX_LEN] {
        let mut block = [0; INDEX_LEN];
        let mut put = |at: usize, value: &[u8]| block[at..at + value.len()].copy_from_slice(value);
        put(0, &0x2025_0001_u32.to_le_bytes());
        put(8, &self.package_size.to_le_bytes());
        put(16, &self.launcher_size.to_le_bytes());
        put(24, &self.metadata_offset.to_le_bytes());
        put(32, &self.metadata_size.to_le_bytes());
        put(40, &self.slot_table_offset.to_le_bytes());
        put(48, &(u64::from(self.slot_count) * 64).to_le_bytes());
        put(56, &self.slot_count.to_le_bytes());
        put(64, &self.public_key);
        put(96, &self.metadata_checksum);
        put(128, &self.signature);
        put(640, &[2, 1]);
        put(644, &4096_u32.to_le_bytes());
        put(648, &134_217_728_u64.to_le_bytes());
        put(656, &8_388_608_u64.to_le_bytes());
        put(688, &65536_u32.to_le_bytes());
        put(704, &self.build_timestamp.to_le_bytes());
        put(832, &0x81_u64.to_le_bytes());
        put(856, &0x2025_0001_u32.to_le_bytes());
        put(860, &1_u32.to_le_bytes());
        put(
            1376,
            hex::encode(sha2::Sha256::digest(self.public_key)).as_bytes(),
        );
        for (at, digest) in [(1440, self.attestation), (1504, self.policy)] {
            if let Some(digest) = digest {
                put(at, hex::encode(digest).as_bytes());
            }
        }
        repair(&mut block);
        block
    }
}

/// The checksum that belongs to an index.
pub(crate) fn checksum(block: &[u8; INDEX_LEN]) -> u32 {
    let mut zeroed = *block;
    zeroed[CHECKSUM].fill(0);
    adler32(&zeroed)
}

/// Makes the checksum right.
pub(crate) fn repair(block: &mut [u8; INDEX_LEN]) {
    let checksum = checksum(block);
    block[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
}
