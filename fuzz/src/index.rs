//! The trailer and the index in it, against an encoder that follows `docs/format.md` § Index and nothing else.

use std::ops::Range;

use arbitrary::{Arbitrary, Unstructured};
use flavor::format::{
    FORMAT_VERSION, FormatError, INDEX_LEN, Index, Sha256, TRAILER_LEN, parse_trailer, wrap_index,
};

use crate::encode::digest;
use crate::encode::index::{CHECKSUM, END, Fields, START, checksum, repair};

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

/// Fields that are read as they stand: what decodes writes them back.
const READ: [Range<usize>; 11] = [
    0..4,
    8..16,
    16..24,
    24..32,
    32..40,
    40..48,
    56..60,
    64..96,
    96..128,
    128..192,
    704..712,
];
/// Fields of hexadecimal digits, which may be missing.
const DIGESTS: [Range<usize>; 2] = [1440..1504, 1504..1568];
/// Fields that follow from others.
const IMPLIED: [Range<usize>; 3] = [4..8, 48..56, 1376..1440];

/// Target `index`.
pub fn index(data: &[u8]) {
    let Ok(input) = Input::arbitrary(&mut Unstructured::new(data)) else {
        return;
    };
    let block = input.fields.encode();
    let index = Index::decode(&block).expect("an index by the book is read");
    assert_eq!(
        index,
        index_of(&input.fields),
        "every field is read as it was written"
    );
    assert_eq!(
        index.encode(),
        block,
        "an index by the book is written as it was"
    );

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
            assert_eq!(
                (stated, version),
                (right, FORMAT_VERSION),
                "an index with this checksum or version is none"
            );
            let again = index.encode();
            assert_eq!(
                Index::decode(&again),
                Ok(index),
                "what is written back reads the same"
            );
            let implied = decoded(block).encode();
            let empty = decoded(&[0; INDEX_LEN]).encode();
            for at in 0..INDEX_LEN {
                let expected = if READ.iter().any(|range| range.contains(&at)) {
                    block[at]
                } else if IMPLIED
                    .iter()
                    .chain(&DIGESTS)
                    .any(|range| range.contains(&at))
                {
                    // The checksum follows what is written back.
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
    assert_eq!(
        parse_trailer(&bytes).is_ok(),
        change == 0,
        "a trailer has both marks"
    );
    let excess = usize::from(input.excess);
    bytes.resize(TRAILER_LEN + excess, END[3]);
    assert_eq!(
        parse_trailer(&bytes).is_ok(),
        change == 0 && excess == 0,
        "a trailer has its length"
    );
    bytes.truncate(excess);
    assert_eq!(parse_trailer(&bytes), Err(FormatError::NoTrailer));
}

/// Reads the fields of a block that may be anything.
fn decoded(block: &[u8; INDEX_LEN]) -> Fields {
    let number = |at: usize| u64::from_le_bytes(block[at..at + 8].try_into().expect("eight bytes"));
    let digest_at = |range: &Range<usize>| digest(&block[range.clone()]);
    Fields {
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
        attestation: digest_at(&DIGESTS[0]),
        policy: digest_at(&DIGESTS[1]),
    }
}

fn index_of(fields: &Fields) -> Index {
    Index {
        package_size: fields.package_size,
        launcher_size: fields.launcher_size,
        metadata_offset: fields.metadata_offset,
        metadata_size: fields.metadata_size,
        slot_table_offset: fields.slot_table_offset,
        slot_count: fields.slot_count,
        public_key: fields.public_key,
        metadata_checksum: fields.metadata_checksum,
        signature: fields.signature,
        build_timestamp: fields.build_timestamp,
        attestation: fields.attestation.map(Sha256),
        policy: fields.policy.map(Sha256),
    }
}
