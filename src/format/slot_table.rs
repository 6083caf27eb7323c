use super::fields::{Fields, put};
use super::{Operations, Sha256};

/// Bytes of one row of the slot table.
pub const SLOT_ENTRY_LEN: usize = 64;

mod at {
    pub(super) const ID: usize = 0;
    pub(super) const NAME_HASH: usize = 8;
    pub(super) const OFFSET: usize = 16;
    pub(super) const STORED_SIZE: usize = 24;
    pub(super) const PLAIN_SIZE: usize = 32;
    pub(super) const OPERATIONS: usize = 40;
    pub(super) const CHECKSUM: usize = 48;
    pub(super) const PURPOSE: usize = 56;
    pub(super) const LIFECYCLE: usize = 57;
    pub(super) const PRIORITY: usize = 58;
    pub(super) const PERMISSIONS: usize = 62;
}

/// The only priority that we write.
const PRIORITY: u8 = 1;

/// One row of the slot table: the position of a slot in the file and how to decode it.
///
/// On disk: [`SLOT_ENTRY_LEN`] bytes, little-endian, `docs/format.md` § Slot table. In our own
/// packages every row equals what the signed metadata implies; in foreign ones it is an unverified
/// claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotEntry {
    /// Position in the table.
    pub id: u64,
    /// First eight bytes of the SHA-256 of the slot's name.
    pub name_hash: u64,
    /// First stored byte, counted from the start of the file.
    pub offset: u64,
    /// Bytes in the file.
    pub stored_size: u64,
    /// Length after decompression.
    pub plain_size: u64,
    /// The encoded operations; see [`Operations`].
    pub operations: u64,
    /// First eight bytes of the SHA-256 of the stored bytes.
    pub checksum: u64,
    pub purpose: u8,
    pub lifecycle: u8,
    /// Permission bits of a slot that is a single file.
    pub permissions: u16,
}

impl SlotEntry {
    /// The abbreviated hash by which the table identifies `name`.
    pub fn name_hash(name: &str) -> u64 {
        Sha256::of(name.as_bytes()).short()
    }

    /// Encodes the row.
    pub fn encode(&self) -> [u8; SLOT_ENTRY_LEN] {
        let mut row = [0; SLOT_ENTRY_LEN];
        put(&mut row, at::ID, &self.id.to_le_bytes());
        put(&mut row, at::NAME_HASH, &self.name_hash.to_le_bytes());
        put(&mut row, at::OFFSET, &self.offset.to_le_bytes());
        put(&mut row, at::STORED_SIZE, &self.stored_size.to_le_bytes());
        put(&mut row, at::PLAIN_SIZE, &self.plain_size.to_le_bytes());
        put(&mut row, at::OPERATIONS, &self.operations.to_le_bytes());
        put(&mut row, at::CHECKSUM, &self.checksum.to_le_bytes());
        put(&mut row, at::PURPOSE, &[self.purpose]);
        put(&mut row, at::LIFECYCLE, &[self.lifecycle]);
        put(&mut row, at::PRIORITY, &[PRIORITY]);
        put(&mut row, at::PERMISSIONS, &self.permissions.to_le_bytes());
        row
    }

    /// Decodes a row. Every bit pattern is valid.
    pub fn decode(row: &[u8; SLOT_ENTRY_LEN]) -> Self {
        let fields = Fields(row);
        Self {
            id: fields.u64(at::ID),
            name_hash: fields.u64(at::NAME_HASH),
            offset: fields.u64(at::OFFSET),
            stored_size: fields.u64(at::STORED_SIZE),
            plain_size: fields.u64(at::PLAIN_SIZE),
            operations: fields.u64(at::OPERATIONS),
            checksum: fields.u64(at::CHECKSUM),
            purpose: fields.u8(at::PURPOSE),
            lifecycle: fields.u8(at::LIFECYCLE),
            permissions: u16::from_le_bytes(fields.bytes(at::PERMISSIONS)),
        }
    }

    /// The operations.
    ///
    /// # Errors
    /// The first code that is unknown.
    pub fn chain(&self) -> Result<Operations, u8> {
        Operations::unpack(self.operations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hash_as_flavorpack_hashes_them() {
        assert_eq!(SlotEntry::name_hash("uv"), 0x3461_260e_e14c_18e6);
        assert_eq!(SlotEntry::name_hash("_attestation"), 0xeecd_de8b_b7e0_40c6);
    }

    #[test]
    fn a_row_reads_back_as_written() {
        let row = SlotEntry {
            id: 1,
            name_hash: 2,
            offset: 3,
            stored_size: 4,
            plain_size: 5,
            operations: 6,
            checksum: 7,
            purpose: 3,
            lifecycle: 7,
            permissions: 0o755,
        };
        assert_eq!(SlotEntry::decode(&row.encode()), row);
    }
}
