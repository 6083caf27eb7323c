//! Encoders by the book, none of which shares code with the readers: they compress nothing, and say on request what no
//! honest writer would.

mod archive;
mod gzip;
pub(crate) mod index;
pub(crate) mod package;
mod xz;
mod zstd;

pub(crate) use archive::Archive;
pub(crate) use gzip::{Gzip, member};
pub(crate) use xz::Xz;
pub(crate) use zstd::{Frames, Zstd};

/// Reads a digest of 64 hexadecimal digits. It has one spelling, without capitals.
pub(crate) fn digest(digits: &[u8]) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(digits, &mut digest).ok()?;
    (!digits.iter().any(u8::is_ascii_uppercase)).then_some(digest)
}
