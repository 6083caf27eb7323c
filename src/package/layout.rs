use crate::format::{
    FormatError, Index, Lifecycle, Metadata, PackagePolicy, SLOT_ENTRY_LEN, Sha256, SlotEntry,
    SlotRecord, TRAILER_LEN, limits, sealed_len,
};

/// The alignment of the slot table and of every slot.
const ALIGNMENT: u64 = 8;

/// The position of each part of one of our packages. It follows from lengths alone, so a reader
/// recomputes it from the signed metadata and accepts no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub launcher_size: u64,
    pub metadata_size: u64,
    pub slot_table_offset: u64,
    /// Offset and length of each slot.
    pub slots: Vec<(u64, u64)>,
    /// End of the last slot.
    pub trailer_offset: u64,
    pub package_size: u64,
}

impl Layout {
    /// Computes the layout for a launcher, a metadata text of `text_len` bytes and slots of the
    /// given stored sizes.
    ///
    /// # Errors
    /// [`FormatError::OverLimit`] when the sum does not fit 64 bits or there are too many slots.
    pub fn compute(
        launcher_size: u64,
        text_len: usize,
        slot_sizes: &[u64],
    ) -> Result<Self, FormatError> {
        let too_large = FormatError::OverLimit {
            what: "bytes in the package",
            found: u64::MAX,
            limit: u64::MAX,
        };
        Self::checked(launcher_size, text_len, slot_sizes).ok_or(too_large)
    }

    fn checked(launcher_size: u64, text_len: usize, slot_sizes: &[u64]) -> Option<Self> {
        let count = u32::try_from(slot_sizes.len())
            .ok()
            .filter(|count| *count <= limits::SLOTS)?;
        let metadata_size = sealed_len(text_len) as u64;
        let slot_table_offset = align(launcher_size.checked_add(metadata_size)?)?;
        let mut end =
            slot_table_offset.checked_add(u64::from(count).checked_mul(SLOT_ENTRY_LEN as u64)?)?;
        let mut slots = Vec::with_capacity(slot_sizes.len());
        for size in slot_sizes {
            let offset = align(end)?;
            slots.push((offset, *size));
            end = offset.checked_add(*size)?;
        }
        let package_size = end.checked_add(TRAILER_LEN as u64)?;
        Some(Self {
            launcher_size,
            metadata_size,
            slot_table_offset,
            slots,
            trailer_offset: end,
            package_size,
        })
    }

    /// The index that belongs to this layout.
    pub(super) fn index(
        &self,
        metadata: &Metadata,
        public_key: [u8; 32],
        metadata_checksum: [u8; 32],
        signature: [u8; 64],
    ) -> Index {
        Index {
            package_size: self.package_size,
            launcher_size: self.launcher_size,
            metadata_offset: self.launcher_size,
            metadata_size: self.metadata_size,
            slot_table_offset: self.slot_table_offset,
            slot_count: u32::try_from(self.slots.len()).unwrap_or(u32::MAX),
            public_key,
            metadata_checksum,
            signature,
            build_timestamp: metadata
                .flavor
                .as_ref()
                .map_or(0, |facts| facts.build_timestamp),
            attestation: attestation(metadata),
            policy: metadata.policy.as_ref().map(PackagePolicy::digest),
        }
    }

    /// The slot table that belongs to this layout; `None` if the metadata is incomplete.
    pub(super) fn rows(&self, metadata: &Metadata) -> Option<Vec<SlotEntry>> {
        let facts = metadata.flavor.as_ref()?;
        let slots = metadata.slots.iter().zip(&facts.slots).zip(&self.slots);
        slots
            .enumerate()
            .map(|(at, ((record, facts), (offset, stored_size)))| {
                Some(SlotEntry {
                    id: at as u64,
                    name_hash: SlotEntry::name_hash(&record.id),
                    offset: *offset,
                    stored_size: *stored_size,
                    plain_size: facts.plain_size,
                    operations: record.chain()?.pack(),
                    checksum: record.sha256()?.short(),
                    purpose: purpose_code(&record.purpose),
                    lifecycle: Lifecycle::parse(&record.lifecycle)?.code(),
                    permissions: record.mode(),
                })
            })
            .collect()
    }
}

/// The digest by which the index binds the attestation slot, for launchers that look for it there.
fn attestation(metadata: &Metadata) -> Option<Sha256> {
    let word = Lifecycle::Attestation.word();
    metadata
        .slots
        .iter()
        .find(|record| record.lifecycle == word)
        .and_then(SlotRecord::sha256)
}

/// PSPF has four codes; every other purpose is data.
pub(super) fn purpose_code(word: &str) -> u8 {
    match word {
        "code" => 1,
        "config" => 2,
        "media" => 3,
        _ => 0,
    }
}

fn align(offset: u64) -> Option<u64> {
    offset.checked_next_multiple_of(ALIGNMENT)
}

/// Digest of a metadata block, as in the index.
pub(super) fn block_digest(block: &[u8]) -> [u8; 32] {
    Sha256::of(block).0
}

pub(super) fn check_range(
    what: &'static str,
    offset: u64,
    len: u64,
    end: u64,
) -> Result<(), FormatError> {
    match offset.checked_add(len) {
        Some(stop) if stop <= end => Ok(()),
        _ => Err(FormatError::OutOfBounds {
            what,
            offset,
            len,
            end,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_follow_each_other_without_overlap(
            launcher in 0_u64..1 << 40,
            text in 0_usize..1 << 20,
            sizes in prop::collection::vec(0_u64..1 << 40, 0..20),
        ) {
            let layout = Layout::compute(launcher, text, &sizes).expect("fits");
            let mut end = layout.slot_table_offset + (sizes.len() * SLOT_ENTRY_LEN) as u64;
            prop_assert!(layout.slot_table_offset - (launcher + layout.metadata_size) < ALIGNMENT);
            for (offset, len) in &layout.slots {
                prop_assert_eq!(offset % ALIGNMENT, 0);
                prop_assert!(offset - end < ALIGNMENT);
                end = offset + len;
            }
            prop_assert_eq!(layout.package_size, end + TRAILER_LEN as u64);
        }
    }

    #[test]
    fn sizes_that_overflow_are_an_error() {
        assert!(Layout::compute(u64::MAX - 10, 100, &[]).is_err());
        assert!(Layout::compute(0, 100, &[u64::MAX / 2, u64::MAX / 2, 2]).is_err());
    }
}
