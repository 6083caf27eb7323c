//! The bytes of a package: index, slot table, trailer and metadata block, and the values they may
//! have.
//!
//! `docs/format.md` is the normative description. Nothing here opens a file.

#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]

mod digest;
mod envelope;
mod error;
mod facts;
mod fields;
mod index;
mod json;
pub mod limits;
mod metadata;
mod operation;
mod overlap;
mod reference;
mod slot_table;
#[cfg(feature = "cli")]
mod timestamp;
mod withheld;
mod words;

/// A marker in every launcher of ours, by which a file is recognised as one.
pub const LAUNCHER_MARK: &str = concat!("flavor-launcher ", env!("CARGO_PKG_VERSION"));

pub use crate::codec::Codec;
pub use digest::{Blake3, Sha256, from_hex};
pub use envelope::{open_envelope, seal_envelope, sealed_len};
pub use error::FormatError;
pub use facts::{Commands, Facts, Program, PythonFacts, RotationRecord, SCHEMA, SlotFacts};
pub use index::{
    END_MARK, FORMAT_VERSION, INDEX_LEN, Index, TRAILER_LEN, parse_trailer, wrap_index,
};
pub use json::from_json;
pub use metadata::{
    ATTESTATION_SLOT, Build, Compatibility, Execution, IntegritySeal, LauncherRecord, Lifecycle,
    Metadata, Package, PackagePolicy, Runtime, RuntimeEnv, SlotRecord, Verification,
};
pub use operation::Operations;
pub use overlap::{Overlap, SlotPlace, overlap};
pub use reference::EnvReference;
pub use slot_table::{SLOT_ENTRY_LEN, SlotEntry};
#[cfg(feature = "cli")]
pub use timestamp::timestamp;
pub use withheld::{READ_REGARDLESS, WITHHELD, WITHHELD_PREFIX};
pub use words::{
    FORMAT, FORMAT_REVISION, MAX_NAME, WORKENV, is_file_name, is_name, is_platform, is_target,
    is_time, is_version,
};
