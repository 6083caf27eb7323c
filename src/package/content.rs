//! Whether the slots can be extracted: the part that [`verify`](super::verify()) does not decode.

use super::{PackageError, Reader};
use crate::slot::{StoredSlot, check, processors};

/// Decodes every slot of one of our packages and checks that the content has the declared sizes and
/// that readers accept every entry. Nothing is written. For packages made by FlavorPack, only its
/// own launchers can tell what they accept.
///
/// The bytes must have been verified before: digests are not checked again.
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
