//! Whom to believe: turns a [`Reader`] into an [`Accepted`] package or a refusal.

mod store;

use crate::package::{Authenticity, PackageError, Reader};

pub use store::TrustStore;

/// A package that may be extracted and started. Only [`judge`] makes one, so nothing unjudged gets any further.
#[derive(Debug)]
pub struct Accepted {
    reader: Reader,
}

impl Accepted {
    pub fn reader(&self) -> &Reader {
        &self.reader
    }
}

/// Why a package is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("its signature does not cover every byte: the package was made by another tool")]
    NotComplete,
    #[error("it is made for {wanted}, this is {here}")]
    OtherTarget { wanted: String, here: String },
    #[error(transparent)]
    Package(#[from] PackageError),
}

/// Decides on a package whose signature [`Reader::open`] has found to hold.
///
/// A key inside a package proves that nothing was changed since it was signed, not who signed it.
///
/// # Errors
/// [`Refusal::NotComplete`] for packages that are not ours, [`Refusal::OtherTarget`] for another system or processor.
pub fn judge(reader: Reader) -> Result<Accepted, Refusal> {
    let Some(facts) = &reader.metadata().flavor else { return Err(Refusal::NotComplete) };
    let here = format!("linux-{}", std::env::consts::ARCH);
    if facts.target != here {
        return Err(Refusal::OtherTarget { wanted: facts.target.clone(), here });
    }
    debug_assert_eq!(reader.authenticity(), Authenticity::Complete, "a package with facts is held to the strict rules");
    Ok(Accepted { reader })
}
