//! One slot: a tree or a file on one side, stored bytes on the other.
//!
//! Encoding cuts the content into frames that are compressed independently; decoding uses the same
//! cuts, so both directions use all cores. Independent of the layout of packages.

mod check;
mod contents;
mod counting_reader;
mod decoders;
mod digest;
mod error;
mod expected;
mod extract;
mod frame;
mod grant;
mod pieces;
mod source;
mod tar;
mod threads;
mod unpack;
mod whole;
mod witness;

#[cfg(feature = "cli")]
mod encode;
#[cfg(feature = "cli")]
mod measure;
#[cfg(feature = "cli")]
mod plan;

pub use check::check;
pub use contents::Contents;
pub use decoders::Decoders;
pub use digest::digest_range;
pub use error::SlotError;
pub use expected::{Form, expected};
pub use extract::{Destination, Extracted, extract};
pub use grant::{Deadline, Grant};
pub use source::{Declared, StoredSlot};
pub use tar::{EntryKind, TarEntry};
pub use threads::{on_threads, processors};
pub use unpack::list;
pub use witness::Signed;

#[cfg(feature = "cli")]
pub use crate::codec::Compression;
#[cfg(feature = "cli")]
pub use encode::{DoneFrame, EncodedSlot, encode};
#[cfg(feature = "cli")]
pub use measure::{Passing, Shares, measure, weigh};
#[cfg(feature = "cli")]
pub use plan::{Links, Plan, TreeOptions, check_size, follow_links, follow_links_where};

#[cfg(all(test, feature = "cli"))]
mod tests;
