//! Whether what is stored can be extracted: what [`verify`](super::verify()) leaves undecoded.

use super::{PackageError, Reader};
use crate::slot::{StoredSlot, check, processors};

/// Reads through every slot of one of our packages: that it decodes to what is declared, and that no entry is one that
/// readers refuse. Nothing is written. Of packages that FlavorPack made only its launchers can say what they take.
///
/// The bytes are to have been verified: their digests are not looked at again.
///
/// # Errors
/// [`PackageError::Content`] with the first slot that no reader could extract.
pub fn check_content(reader: &Reader) -> Result<(), PackageError> {
    for slot in reader.slots().filter(|slot| slot.facts.is_some()) {
        let stored = StoredSlot {
            signed: None,
            ..slot.stored()?
        };
        check(&stored, processors()).map_err(|source| PackageError::Content {
            slot: slot.name().into(),
            source,
        })?;
    }
    Ok(())
}
