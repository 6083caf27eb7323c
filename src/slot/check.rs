//! Reads a slot through: whether [`extract`](super::extract()) would accept it, without writing
//! anything.

use super::extract::{Place, Unpacking};
use super::{Decoders, SlotError, StoredSlot};
use crate::fs::PaperTree;

/// Decodes a slot with up to `jobs` threads and checks every entry, so that a slot that no reader
/// could extract is rejected here.
///
/// # Errors
/// Like [`extract`](super::extract()), except for errors of the file system.
pub fn check(slot: &StoredSlot<'_>, jobs: usize) -> Result<(), SlotError> {
    let witness = slot.witness();
    let tree = PaperTree::default();
    let place = if slot.operations.tar {
        Place::Root
    } else {
        Place::File {
            name: b"content",
            mode: 0o644,
        }
    };
    let unpacking = Unpacking {
        slot,
        witness: &witness,
        tree: &tree,
        place,
        decoders: &Decoders::new(jobs),
    };
    let done = unpacking
        .run(slot.most_entries(), None)
        .and_then(|_| Ok(tree.finish()?));
    done.map_err(|error| slot.blame(error))?;
    slot.check(witness)
}
