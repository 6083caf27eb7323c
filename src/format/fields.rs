//! Little-endian fields at fixed offsets of a byte block.

/// Reads fields. A field that does not fit reads as zero; no caller can reach that, because blocks
/// have a fixed length.
pub(super) struct Fields<'a>(pub &'a [u8]);

impl Fields<'_> {
    pub(super) fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0
            .get(at..)
            .and_then(|rest| rest.first_chunk::<N>())
            .copied()
            .unwrap_or([0; N])
    }

    pub(super) fn u8(&self, at: usize) -> u8 {
        u8::from_le_bytes(self.bytes(at))
    }

    pub(super) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }

    pub(super) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes(at))
    }
}

/// Writes `value` at `at`. Callers pass constant offsets inside the block.
pub(super) fn put(block: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = block
        .get_mut(at..)
        .and_then(|rest| rest.get_mut(..value.len()))
    {
        place.copy_from_slice(value);
    } else {
        debug_assert!(false, "field at {at} is outside its block");
    }
}
