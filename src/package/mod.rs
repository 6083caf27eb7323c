//! A whole package file: where its parts lie ([`Layout`], arithmetic only), writing and reading it.

mod error;
mod layout;
mod reader;
mod strict;
#[cfg(feature = "cli")]
mod survey;
mod verify;
#[cfg(feature = "cli")]
mod writer;

pub use error::PackageError;
pub use layout::Layout;
pub use reader::{Authenticity, Reader, Slot};
#[cfg(feature = "cli")]
pub use survey::{PackedDistribution, PackedFile, Survey, survey};
pub use verify::{Verified, verify};
#[cfg(feature = "cli")]
pub use writer::SignedPackage;
