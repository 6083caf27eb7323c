//! A whole file (`docs/format.md`), signed by a key that everybody has.

use std::ops::Range;

use ed25519_dalek::{Signer, SigningKey};
use sha2::Digest as _;

use super::index::{END, Fields, INDEX_LEN, START, repair};
use super::member;

/// What goes into a package. That it agrees with the signed text is for the caller to see to, or not.
pub(crate) struct Package {
    pub(crate) launcher: Vec<u8>,
    pub(crate) text: Vec<u8>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) build_timestamp: u64,
    pub(crate) attestation: Option<[u8; 32]>,
    pub(crate) policy: Option<[u8; 32]>,
}

/// The stored bytes of a slot and its row of the table.
pub(crate) struct Slot {
    pub(crate) bytes: Vec<u8>,
    pub(crate) name: String,
    pub(crate) plain_size: u64,
    pub(crate) operations: u64,
    /// Of the whole SHA-256 the row has the first eight bytes.
    pub(crate) sha256: [u8; 32],
    pub(crate) purpose: u8,
    pub(crate) lifecycle: u8,
    pub(crate) permissions: u16,
}

/// A written package, and where its slots lie.
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    pub(crate) slots: Vec<Range<usize>>,
}

impl Package {
    pub(crate) fn write(&self) -> Written {
        let key = SigningKey::from_bytes(&[7; 32]);
        let block = member(&self.text, 0xffff, 0, (0, 0));
        let mut bytes = [&self.launcher[..], &block].concat();
        align(&mut bytes);
        let table = bytes.len();
        bytes.resize(table + 64 * self.slots.len(), 0);
        let mut slots = Vec::new();
        for (at, slot) in self.slots.iter().enumerate() {
            align(&mut bytes);
            let row = slot.row(at, bytes.len());
            bytes[table + 64 * at..][..64].copy_from_slice(&row);
            slots.push(bytes.len()..bytes.len() + slot.bytes.len());
            bytes.extend(&slot.bytes);
        }
        let fields = Fields {
            package_size: (bytes.len() + INDEX_LEN + 8) as u64,
            launcher_size: self.launcher.len() as u64,
            metadata_offset: self.launcher.len() as u64,
            metadata_size: block.len() as u64,
            slot_table_offset: table as u64,
            slot_count: u32::try_from(self.slots.len()).expect("few slots"),
            public_key: key.verifying_key().to_bytes(),
            metadata_checksum: sha256(&block),
            signature: key.sign(&self.text).to_bytes(),
            build_timestamp: self.build_timestamp,
            attestation: self.attestation,
            policy: self.policy,
        };
        bytes.extend(START);
        bytes.extend(fields.encode());
        bytes.extend(END);
        Written { bytes, slots }
    }
}

impl Slot {
    fn row(&self, at: usize, offset: usize) -> [u8; 64] {
        let mut row = [0; 64];
        let numbers = [
            at as u64,
            first(&sha256(self.name.as_bytes())),
            offset as u64,
            self.bytes.len() as u64,
            self.plain_size,
            self.operations,
            first(&self.sha256),
        ];
        for (place, number) in row.chunks_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        row[56..59].copy_from_slice(&[self.purpose, self.lifecycle, 1]);
        row[62..].copy_from_slice(&self.permissions.to_le_bytes());
        row
    }
}

impl Written {
    /// Makes the index's checksum right again after a change: whoever changes a file can do that without a key.
    pub(crate) fn repair(&mut self) {
        if let Some((_, trailer)) = self.bytes.split_last_chunk_mut::<{ INDEX_LEN + 4 }>()
            && let Some((index, _)) = trailer.split_first_chunk_mut()
        {
            repair(index);
        }
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

fn first(digest: &[u8; 32]) -> u64 {
    u64::from_le_bytes(digest[..8].try_into().expect("eight bytes"))
}

fn align(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(8), 0);
}
