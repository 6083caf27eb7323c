//! A whole package file: where its parts lie ([`Layout`], arithmetic only), writing and reading it.

mod budget;
mod content;
mod error;
mod foreign;
mod layout;
mod reader;
mod strict;
mod verify;
#[cfg(feature = "cli")]
mod writer;

pub use budget::Limits;
pub use content::check_content;
pub use error::PackageError;
pub use layout::Layout;
pub use reader::{Authenticity, Reader, Slot};
pub use verify::{Verified, verify};
#[cfg(feature = "cli")]
pub use writer::SignedPackage;

/// Holds the metadata of a package that is to be made to what its readers will hold it to.
///
/// # Errors
/// [`PackageError::Format`] with the words that are at fault.
#[cfg(feature = "cli")]
pub fn check(metadata: &crate::format::Metadata) -> Result<(), PackageError> {
    match &metadata.flavor {
        Some(facts) => Ok(strict::check(metadata, facts)?),
        None => Ok(()),
    }
}
