use arbitrary::Arbitrary;

use crate::checksum::crc32;

/// A gzip member of stored blocks (RFC 1951, RFC 1952), and what may be wrong with it.
#[derive(Arbitrary, Clone, Debug, Default)]
pub(crate) struct Gzip {
    /// Bytes of a block; 0 for as many as go.
    block: u16,
    /// Flags in the header, with the fields that they announce.
    flags: u8,
    /// How many members the bytes are spread over.
    members: u8,
    /// What the checksum and the length are changed by.
    lie: (u32, u32),
    is_honest: bool,
}

impl Gzip {
    pub(crate) fn encode(&self, plain: &[u8]) -> Vec<u8> {
        if self.is_honest {
            return member(plain, 0xffff, 0, (0, 0));
        }
        let block = match self.block {
            0 => 0xffff,
            block => usize::from(block),
        };
        let members = usize::from(self.members % 3) + 1;
        let parts = plain.chunks(plain.len().div_ceil(members).max(1));
        let mut out: Vec<u8> = parts
            .flat_map(|part| member(part, block, self.flags, self.lie))
            .collect();
        if out.is_empty() {
            out = member(&[], block, self.flags, self.lie);
        }
        out
    }
}

/// One member of stored blocks; `block` is the longest of them.
pub(crate) fn member(plain: &[u8], block: usize, flags: u8, lie: (u32, u32)) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
    // Extra field, name, comment, checksum of the header.
    if flags & 4 != 0 {
        out.extend([2, 0, b'x', b'y']);
    }
    for text in [8, 16] {
        if flags & text != 0 {
            out.extend(b"name\0");
        }
    }
    if flags & 2 != 0 {
        let crc = crc32(&out).to_le_bytes();
        out.extend([crc[0], crc[1]]);
    }
    let mut blocks = plain.chunks(block).peekable();
    if blocks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let len = u16::try_from(block.len()).expect("a block fits");
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(len.to_le_bytes());
        out.extend((!len).to_le_bytes());
        out.extend(block);
    }
    out.extend((crc32(plain) ^ lie.0).to_le_bytes());
    out.extend((u32::try_from(plain.len()).expect("short") ^ lie.1).to_le_bytes());
    out
}
