//! The cuts inside a stored slot.
//!
//! A zstd slot is a sequence of frames, each of which decodes without the others. Behind them, in a skippable frame that
//! every zstd decoder passes over (RFC 8878 § 3.1.2), lies the table of their lengths; `docs/format.md` § Frame table.

use super::SlotError;

/// First of the magic numbers that RFC 8878 sets aside for skippable frames, as little-endian bytes.
const SKIPPABLE_MAGIC: [u8; 4] = [0x5e, 0x2a, 0x4d, 0x18];
/// Ends a table, so that it can be found from the end of the slot.
const TABLE_MAGIC: [u8; 4] = *b"FLVT";
const ROW_LEN: usize = 12;
/// Row count and [`TABLE_MAGIC`].
const FOOTER_LEN: usize = 8;
/// Magic and length of the skippable frame.
const HEADER_LEN: usize = 8;

/// One frame: where its bytes lie in the slot, and how many come out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// From the first byte of the slot.
    pub(super) offset: u64,
    pub(super) stored: u64,
    pub(super) plain: u64,
    /// Whether it begins inside a file that an earlier frame has opened. Such a frame holds only content of that file.
    pub(super) continues: bool,
}

/// The table as it is stored. Lengths of single frames fit 32 bits by construction.
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

/// Bytes at the end of a slot that tell whether it has a table and how long it is.
pub(super) const PROBE_LEN: usize = FOOTER_LEN;

/// Bytes of the whole table, from the last [`PROBE_LEN`] bytes of a slot; `None` when there is no table.
pub(super) fn table_len(probe: [u8; PROBE_LEN]) -> Option<u64> {
    let count = probe.strip_suffix(&TABLE_MAGIC)?.first_chunk::<4>()?;
    Some((HEADER_LEN + FOOTER_LEN) as u64 + u64::from(u32::from_le_bytes(*count)) * ROW_LEN as u64)
}

/// Reads a table and holds it against the slot: the frames must fill it exactly.
pub(super) fn decode_table(table: &[u8], stored_size: u64) -> Result<Vec<Frame>, SlotError> {
    let body = table.strip_prefix(&SKIPPABLE_MAGIC).and_then(|rest| rest.split_first_chunk::<4>());
    let (len, body) = body.ok_or(SlotError::BadFrameTable)?;
    if u32::from_le_bytes(*len) as usize != body.len() || body.len() < FOOTER_LEN {
        return Err(SlotError::BadFrameTable);
    }
    let mut offset = 0;
    let mut frames = Vec::with_capacity(body.len() / ROW_LEN);
    let (rows, []) = body[..body.len() - FOOTER_LEN].as_chunks::<ROW_LEN>() else {
        return Err(SlotError::BadFrameTable);
    };
    for row in rows {
        let word = |at: usize| u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
        let continues = match word(8) {
            0 => false,
            1 if !frames.is_empty() => true,
            _ => return Err(SlotError::BadFrameTable),
        };
        let frame = Frame { offset, stored: word(0).into(), plain: word(4).into(), continues };
        offset += frame.stored;
        frames.push(frame);
    }
    if offset + table.len() as u64 != stored_size {
        return Err(SlotError::BadFrameTable);
    }
    Ok(frames)
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn a_table_reads_back_and_must_fill_its_slot() {
        let frames = [
            Frame { offset: 0, stored: 10, plain: 100, continues: false },
            Frame { offset: 10, stored: 20, plain: 200, continues: true },
        ];
        let table = encode_table(&frames);
        let stored = 30 + table.len() as u64;
        let probe = *table.last_chunk().expect("longer than a probe");
        assert_eq!(table_len(probe), Some(table.len() as u64));
        assert_eq!(decode_table(&table, stored).expect("valid"), frames);
        assert!(decode_table(&table, stored + 1).is_err());
    }
}
