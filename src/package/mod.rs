//! A whole package file: the positions of its parts ([`Layout`], arithmetic only), writing and
//! reading it.

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

/// Checks the metadata of a package to be written against the rules of its readers.
///
/// # Errors
/// [`PackageError::Format`] with the offending value.
#[cfg(feature = "cli")]
pub fn check(metadata: &crate::format::Metadata) -> Result<(), PackageError> {
    match &metadata.flavor {
        Some(facts) => Ok(strict::check(metadata, facts)?),
        None => Ok(()),
    }
}
