//! The trailer and the index in it, against an encoder that follows `docs/format.md` § Index and nothing else.

use std::ops::Range;

use arbitrary::{Arbitrary, Unstructured};
use flavor::format::{FORMAT_VERSION, FormatError, INDEX_LEN, Index, Sha256, TRAILER_LEN, parse_trailer, wrap_index};
use sha2::Digest as _;

use crate::checksum::adler32;

const CHECKSUM: Range<usize> = 4..8;
const START: [u8; 4] = [0xf0, 0x9f, 0x93, 0xa6];
const END: [u8; 4] = [0xf0, 0x9f, 0xaa, 0x84];

#[derive(Arbitrary, Debug)]
struct Input {
    fields: Fields,
    /// Bytes to write over the index, and where.
    patches: Vec<(u16, Vec<u8>)>,
    /// Whether the checksum is made right again after that.
    is_repaired: bool,
    /// What is done to the marks around: a byte of the eight, and what it is changed by.
    mark: (u8, u8),
    /// Bytes that the trailer is too long.
    excess: u8,
}

#[derive(Arbitrary, Clone, Debug)]
struct Fields {
    package_size: u64,
    launcher_size: u64,
    metadata_offset: u64,
    metadata_size: u64,
    slot_table_offset: u64,
    slot_count: u32,
    public_key: [u8; 32],
    metadata_checksum: [u8; 32],
    signature: [u8; 64],
    build_timestamp: u64,
    attestation: Option<[u8; 32]>,
    policy: Option<[u8; 32]>,
}

/// Fields that are read as they stand: what decodes writes them back.
const READ: [Range<usize>; 11] =
    [0..4, 8..16, 16..24, 24..32, 32..40, 40..48, 56..60, 64..96, 96..128, 128..192, 704..712];
/// Fields of hexadecimal digits, which may be missing.
const DIGESTS: [Range<usize>; 2] = [1440..1504, 1504..1568];
/// Fields that follow from others.
const IMPLIED: [Range<usize>; 3] = [4..8, 48..56, 1376..1440];

/// Target `index`.
pub fn index(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else { return };
    let block = input.fields.encode();
    let index = Index::decode(&block).expect("an index by the book is read");
    assert_eq!(index, input.fields.index(), "every field is read as it was written");
    assert_eq!(index.encode(), block, "an index by the book is written as it was");

    let mut patched = block;
    for (at, bytes) in &input.patches {
        let at = usize::from(*at) % INDEX_LEN;
        for (place, byte) in patched[at..].iter_mut().zip(bytes) {
            *place = *byte;
        }
    }
    if input.is_repaired {
        repair(&mut patched);
    }
    decode(&patched);
    trailer(&patched, &input);
}

fn decode(block: &[u8; INDEX_LEN]) {
    let version = u32::from_le_bytes(block[..4].try_into().expect("four bytes"));
    let stated = u32::from_le_bytes(block[CHECKSUM].try_into().expect("four bytes"));
    let right = checksum(block);
    match Index::decode(block) {
        Ok(index) => {
            assert_eq!((stated, version), (right, FORMAT_VERSION), "an index with this checksum or version is none");
            let again = index.encode();
            assert_eq!(Index::decode(&again), Ok(index), "what is written back reads the same");
            let implied = Fields::decoded(block).encode();
            let empty = Fields::decoded(&[0; INDEX_LEN]).encode();
            for at in 0..INDEX_LEN {
                let expected = if READ.iter().any(|range| range.contains(&at)) {
                    block[at]
                } else if IMPLIED.iter().chain(&DIGESTS).any(|range| range.contains(&at)) {
                    // A digest with capitals is read, and written with small letters; the checksum follows all that.
                    implied[at]
                } else {
                    empty[at]
                };
                assert_eq!(again[at], expected, "byte {at}");
            }
        }
        Err(FormatError::IndexChecksum { found, computed }) => {
            assert_eq!((found, computed), (stated, right));
            assert_ne!(found, computed);
        }
        Err(FormatError::UnknownVersion { found }) => {
            assert_eq!((found, stated), (version, right));
            assert_ne!(found, FORMAT_VERSION);
        }
        Err(other) => panic!("not an error of an index: {other}"),
    }
}

fn trailer(block: &[u8; INDEX_LEN], input: &Input) {
    let mut bytes = [&START[..], block, &END].concat();
    assert_eq!(bytes.len(), TRAILER_LEN);
    assert_eq!(wrap_index(block), bytes);
    assert_eq!(parse_trailer(&bytes), Ok(block));
    let (at, change) = input.mark;
    let at = usize::from(at % 8);
    bytes[if at < 4 { at } else { at + INDEX_LEN }] ^= change;
    assert_eq!(parse_trailer(&bytes).is_ok(), change == 0, "a trailer has both marks");
    let excess = usize::from(input.excess);
    bytes.resize(TRAILER_LEN + excess, END[3]);
    assert_eq!(parse_trailer(&bytes).is_ok(), change == 0 && excess == 0, "a trailer has its length");
    bytes.truncate(excess);
    assert_eq!(parse_trailer(&bytes), Err(FormatError::NoTrailer));
}

impl Fields {
    fn encode(&self) -> [u8; INDEX_LEN] {
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
        put(1376, hex::encode(sha2::Sha256::digest(self.public_key)).as_bytes());
        for (range, digest) in DIGESTS.into_iter().zip([self.attestation, self.policy]) {
            if let Some(digest) = digest {
                put(range.start, hex::encode(digest).as_bytes());
            }
        }
        repair(&mut block);
        block
    }

    /// Reads the fields of a block that may be anything.
    fn decoded(block: &[u8; INDEX_LEN]) -> Self {
        let number = |at: usize| u64::from_le_bytes(block[at..at + 8].try_into().expect("eight bytes"));
        let digest = |range: &Range<usize>| {
            let mut digest = [0; 32];
            hex::decode_to_slice(&block[range.clone()], &mut digest).ok().map(|()| digest)
        };
        Self {
            package_size: number(8),
            launcher_size: number(16),
            metadata_offset: number(24),
            metadata_size: number(32),
            slot_table_offset: number(40),
            slot_count: u32::from_le_bytes(block[56..60].try_into().expect("four bytes")),
            public_key: block[64..96].try_into().expect("a key"),
            metadata_checksum: block[96..128].try_into().expect("a digest"),
            signature: block[128..192].try_into().expect("a signature"),
            build_timestamp: number(704),
            attestation: digest(&DIGESTS[0]),
            policy: digest(&DIGESTS[1]),
        }
    }

    fn index(&self) -> Index {
        Index {
            package_size: self.package_size,
            launcher_size: self.launcher_size,
            metadata_offset: self.metadata_offset,
            metadata_size: self.metadata_size,
            slot_table_offset: self.slot_table_offset,
            slot_count: self.slot_count,
            public_key: self.public_key,
            metadata_checksum: self.metadata_checksum,
            signature: self.signature,
            build_timestamp: self.build_timestamp,
            attestation: self.attestation.map(Sha256),
            policy: self.policy.map(Sha256),
        }
    }
}

fn checksum(block: &[u8; INDEX_LEN]) -> u32 {
    let mut zeroed = *block;
    zeroed[CHECKSUM].fill(0);
    adler32(&zeroed)
}

fn repair(block: &mut [u8; INDEX_LEN]) {
    let checksum = checksum(block);
    block[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
}
