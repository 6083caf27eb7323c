//! Checksums by their definitions: what the targets write must not be made by the code that reads it.

use std::sync::LazyLock;

/// Adler-32 (RFC 1950 § 8.2).
pub(crate) fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65521;
    // As many as can be added up before 32 bits are not enough.
    const RUN: usize = 5552;
    let (mut low, mut high) = (1, 0);
    for run in bytes.chunks(RUN) {
        for byte in run {
            low += u32::from(*byte);
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    (high << 16) | low
}

/// CRC-32 (RFC 1952 § 8).
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    static TABLE: LazyLock<[u32; 256]> = LazyLock::new(|| {
        let shift = |value: u32, _| {
            if value & 1 == 1 {
                (value >> 1) ^ 0xedb8_8320
            } else {
                value >> 1
            }
        };
        std::array::from_fn(|at| (0..8).fold(u32::try_from(at).expect("a byte"), shift))
    });
    let table = &*TABLE;
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        table[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_published_ones() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }
}
