//! The frames of a stored slot.
//!
//! A zstd slot is a sequence of independent frames, followed by the table of their lengths in a
//! skippable frame, which every zstd decoder ignores (RFC 8878 § 3.1.2); `docs/format.md` § Frame
//! table.

use super::SlotError;

/// The first of the magic numbers that RFC 8878 reserves for skippable frames, as little-endian
/// bytes.
const SKIPPABLE_MAGIC: [u8; 4] = [0x5e, 0x2a, 0x4d, 0x18];
/// Ends a table, so that it can be found from the end of the slot.
const TABLE_MAGIC: [u8; 4] = *b"FLVT";
const ROW_LEN: usize = 12;
/// Row count and [`TABLE_MAGIC`].
const FOOTER_LEN: usize = 8;
/// Magic and length of the skippable frame.
const HEADER_LEN: usize = 8;

/// One frame: the range of its bytes in the slot, and its uncompressed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Offset from the first byte of the slot.
    pub(super) offset: u64,
    pub(super) stored: u64,
    pub(super) plain: u64,
    /// Whether it begins inside a file that an earlier frame has opened. Such a frame contains only
    /// content of that file.
    pub(super) continues: bool,
}

/// Encodes the table. Lengths of single frames fit 32 bits by construction.
#[cfg(feature = "cli")]
pub(super) fn encode_table(frames: &[Frame]) -> Vec<u8> {
    let word = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes();
    let body = frames.len() * ROW_LEN + FOOTER_LEN;
    let mut out = Vec::with_capacity(HEADER_LEN + body);
    out.extend_from_slice(&SKIPPABLE_MAGIC);
    out.extend_from_slice(&word(body as u64));
    for frame in frames {
        out.extend_from_slice(&word(frame.stored));
        out.extend_from_slice(&word(frame.plain));
        out.extend_from_slice(&word(u64::from(frame.continues)));
    }
    out.extend_from_slice(&word(frames.len() as u64));
    out.extend_from_slice(&TABLE_MAGIC);
    out
}

/// Bytes at the end of a slot that show whether it has a table, and its length.
pub(super) const PROBE_LEN: usize = FOOTER_LEN;

/// Length of the whole table, from the last [`PROBE_LEN`] bytes of a slot; `None` if there is no
/// table.
pub(super) fn table_len(probe: [u8; PROBE_LEN]) -> Option<u64> {
    let count = probe.strip_suffix(&TABLE_MAGIC)?.first_chunk::<4>()?;
    let rows = u64::from(u32::from_le_bytes(*count)).saturating_mul(ROW_LEN as u64);
    Some(rows.saturating_add((HEADER_LEN + FOOTER_LEN) as u64))
}

/// Parses a table and checks it against the slot: the frames must fill it exactly.
pub(super) fn decode_table(table: &[u8], stored_size: u64) -> Result<Vec<Frame>, SlotError> {
    let body = table
        .strip_prefix(&SKIPPABLE_MAGIC)
        .and_then(|rest| rest.split_first_chunk::<4>());
    let (len, body) = body.ok_or(SlotError::BadFrameTable)?;
    if u32::from_le_bytes(*len) as usize != body.len() || body.len() < FOOTER_LEN {
        return Err(SlotError::BadFrameTable);
    }
    let mut offset = 0_u64;
    let rows = body
        .get(..body.len().saturating_sub(FOOTER_LEN))
        .unwrap_or_default();
    let (rows, []) = rows.as_chunks::<ROW_LEN>() else {
        return Err(SlotError::BadFrameTable);
    };
    let mut frames = Vec::with_capacity(rows.len());
    for row in rows {
        let ([stored, plain, continues], []) = row.as_chunks::<4>() else {
            return Err(SlotError::BadFrameTable);
        };
        let continues = match u32::from_le_bytes(*continues) {
            0 => false,
            1 if !frames.is_empty() => true,
            _ => return Err(SlotError::BadFrameTable),
        };
        let (stored, plain) = (
            u32::from_le_bytes(*stored).into(),
            u32::from_le_bytes(*plain).into(),
        );
        if stored > most_stored(plain) {
            return Err(SlotError::BadFrameTable);
        }
        frames.push(Frame {
            offset,
            stored,
            plain,
            continues,
        });
        offset = offset.saturating_add(stored);
    }
    // An empty slot still has a frame: the two zero blocks of its archive, or no bytes.
    if frames.is_empty() || offset.saturating_add(table.len() as u64) != stored_size {
        return Err(SlotError::BadFrameTable);
    }
    Ok(frames)
}

/// The maximum stored length of a frame: zstd's documented worst case, with a margin. Frames are
/// decoded in memory.
fn most_stored(plain: u64) -> u64 {
    plain.saturating_add(plain / 128).saturating_add(1024)
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn a_table_reads_back_and_must_fill_its_slot() {
        let frames = [
            Frame {
                offset: 0,
                stored: 10,
                plain: 100,
                continues: false,
            },
            Frame {
                offset: 10,
                stored: 20,
                plain: 200,
                continues: true,
            },
        ];
        let table = encode_table(&frames);
        let stored = 30 + table.len() as u64;
        let probe = *table.last_chunk().expect("longer than a probe");
        assert_eq!(table_len(probe), Some(table.len() as u64));
        assert_eq!(decode_table(&table, stored).expect("valid"), frames);
        assert!(decode_table(&table, stored + 1).is_err());
        let empty = encode_table(&[]);
        assert!(decode_table(&empty, empty.len() as u64).is_err());
    }
}
