//! A whole package file: where its parts lie ([`Layout`], arithmetic only), writing and reading it.

mod error;
mod foreign;
mod layout;
mod reader;
mod strict;
mod verify;
#[cfg(feature = "cli")]
mod writer;

pub use error::PackageError;
pub use layout::Layout;
pub use reader::{Authenticity, Reader, Slot};
pub use verify::{Verified, verify};
#[cfg(feature = "cli")]
pub use writer::SignedPackage;
