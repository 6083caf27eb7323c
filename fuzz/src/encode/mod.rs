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
