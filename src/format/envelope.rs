//! The gzip member around the metadata.
//!
//! PSPF requires gzip. The signature covers the uncompressed text and therefore not the compressed
//! bytes. Our packages use stored deflate blocks (RFC 1951 § 3.2.4) of maximum length, so that each
//! text has exactly one valid encoding and a reader compares bytes instead of inflating.

use std::io::{self, Read};

use super::{FormatError, limits};

/// RFC 1952: magic, deflate, no flags, no time, no extra flags, Unix.
const HEADER: [u8; 10] = [0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03];
/// CRC-32 and length.
const FOOTER_LEN: usize = 8;
/// The maximum length of a stored deflate block.
const BLOCK: usize = 0xffff;
/// Final bit and type, length, complement of the length.
const BLOCK_HEADER_LEN: usize = 5;

/// Length of [`seal_envelope`]'s result for a text of `text_len` bytes.
pub fn sealed_len(text_len: usize) -> usize {
    let blocks = text_len.div_ceil(BLOCK).max(1);
    HEADER
        .len()
        .saturating_add(blocks.saturating_mul(BLOCK_HEADER_LEN))
        .saturating_add(text_len)
        .saturating_add(FOOTER_LEN)
}

/// Encodes the metadata text in the one form that our reader accepts.
pub fn seal_envelope(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(sealed_len(text.len()));
    out.extend_from_slice(&HEADER);
    let mut blocks = text.chunks(BLOCK).peekable();
    if blocks.peek().is_none() {
        out.extend_from_slice(&[1, 0, 0, 0xff, 0xff]);
    }
    while let Some(block) = blocks.next() {
        let len = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend_from_slice(&crc32(text).to_le_bytes());
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
    out
}

/// The CRC-32 of gzip, computed by the library that `open_envelope` needs anyway.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Decodes a metadata block: exactly one gzip member, no trailing bytes, at most
/// [`limits::METADATA_PLAIN`] bytes of text.
///
/// # Errors
/// [`FormatError::BadEnvelope`] and [`FormatError::OverLimit`].
pub fn open_envelope(block: &[u8]) -> Result<Vec<u8>, FormatError> {
    let mut text = Vec::new();
    let mut decoder = flate2::bufread::GzDecoder::new(block);
    decoder
        .by_ref()
        .take(limits::METADATA_PLAIN.saturating_add(1))
        .read_to_end(&mut text)
        .map_err(|_| FormatError::BadEnvelope("damaged stream"))?;
    if text.len() as u64 > limits::METADATA_PLAIN {
        return Err(FormatError::OverLimit {
            what: "bytes of metadata",
            found: text.len() as u64,
            limit: limits::METADATA_PLAIN,
        });
    }
    // One more read makes the decoder check the CRC even when the text ended exactly at the limit.
    io::copy(&mut decoder, &mut io::sink())
        .map_err(|_| FormatError::BadEnvelope("damaged stream"))?;
    if !decoder.into_inner().is_empty() {
        return Err(FormatError::BadEnvelope("trailing bytes"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_envelope_is_a_gzip_member_of_the_foretold_length(len in 0_usize..200_000) {
            let text: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap_or(0)).collect();
            let sealed = seal_envelope(&text);
            prop_assert_eq!(sealed.len(), sealed_len(len));
            prop_assert_eq!(open_envelope(&sealed), Ok(text));
        }
    }

    #[test]
    fn a_second_member_is_refused() {
        let sealed = seal_envelope(b"{}");
        let twice = [sealed.clone(), sealed].concat();
        assert_eq!(
            open_envelope(&twice),
            Err(FormatError::BadEnvelope("trailing bytes"))
        );
    }
}
