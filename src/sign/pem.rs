//! PEM around the fixed-length DER of Ed25519 keys (RFC 8410): a constant prefix and 32 bytes.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::SignError;
use crate::fs::IoContext;

/// A kind of PEM file.
pub(super) struct Pem {
    label: &'static str,
    /// The name of such a key in messages.
    half: &'static str,
    prefix: &'static [u8],
}

/// `SubjectPublicKeyInfo`.
pub(super) const PUBLIC: Pem = Pem {
    label: "PUBLIC KEY",
    half: "public",
    prefix: &[
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ],
};

/// PKCS#8 version 1.
pub(super) const PRIVATE: Pem = Pem {
    label: "PRIVATE KEY",
    half: "private",
    prefix: &[
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ],
};

/// The maximum size of a key file; no more is read.
const LONGEST: usize = 1 << 16;

impl Pem {
    /// Reads the key in a file. The text passes through `buffer`, so that the caller can wipe it if
    /// the key is secret.
    ///
    /// # Errors
    /// [`SignError::NotPem`], and [`SignError::OtherHalf`] if the file has the other key of the
    /// pair.
    pub(super) fn read(&self, path: &Path, buffer: &mut Vec<u8>) -> Result<[u8; 32], SignError> {
        // Reserved before reading, so that growing the buffer leaves no copy of a secret behind.
        buffer.reserve(LONGEST);
        let mut file = File::open(path).on("read key", path)?.take(LONGEST as u64);
        file.read_to_end(buffer).on("read key", path)?;
        let text = std::str::from_utf8(buffer).unwrap_or_default();
        let other = if self.half == PUBLIC.half {
            PRIVATE
        } else {
            PUBLIC
        };
        match self.decode(text) {
            Some(key) => Ok(key),
            None if text.contains(&other.begin()) => Err(SignError::OtherHalf {
                path: path.into(),
                expected: self.half,
                found: other.half,
            }),
            None => Err(SignError::NotPem {
                path: path.into(),
                expected: self.half,
            }),
        }
    }

    /// The 32 bytes of the first block with this label.
    pub(super) fn decode(&self, text: &str) -> Option<[u8; 32]> {
        let (_, rest) = text.split_once(&self.begin())?;
        let (body, _) = rest.split_once(&format!("-----END {}-----", self.label))?;
        let der = decode_base64(body)?;
        der.strip_prefix(self.prefix)?.try_into().ok()
    }

    fn begin(&self) -> String {
        format!("-----BEGIN {}-----", self.label)
    }

    #[cfg(feature = "cli")]
    pub(super) fn encode(&self, key: &[u8; 32]) -> String {
        let der = [self.prefix, key].concat();
        format!(
            "{}\n{}\n-----END {}-----\n",
            self.begin(),
            encode_base64(&der),
            self.label
        )
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=')
    {
        let value = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        count = count.saturating_add(6);
        if let Some(left) = count.checked_sub(8) {
            count = left;
            out.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    Some(out)
}

#[cfg(feature = "cli")]
fn encode_base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0_usize, |group, byte| (group << 8) | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let letter = char::from(ALPHABET[(group >> (18 - 6 * at)) & 0x3f]);
            out.push(if at <= chunk.len() { letter } else { '=' });
        }
    }
    out
}
