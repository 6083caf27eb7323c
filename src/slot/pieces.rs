//! BLAKE3 of data that arrives in pieces, in any order and from any thread.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use blake3::Hasher;
use blake3::hazmat::{
    ChainingValue, HasherExt, Mode, max_subtree_len, merge_subtrees_non_root, merge_subtrees_root,
};

use crate::format::Blake3;

/// The digest of data of which each thread sees a part.
pub(super) struct PiecewiseDigest {
    /// Total length.
    len: u64,
    pieces: Mutex<Pieces>,
}

impl PiecewiseDigest {
    /// For data of this length.
    pub(super) fn new(len: u64) -> Self {
        Self {
            len,
            pieces: Mutex::default(),
        }
    }

    /// Adds the bytes at `offset`. No byte may be added twice.
    pub(super) fn see(&self, offset: u64, bytes: &[u8]) {
        // Threads hash without the lock.
        let pieces = Pieces::of(offset, bytes, self.len);
        let mut all = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        all.subtrees.extend(pieces.subtrees);
        all.edges.extend(pieces.edges);
    }

    /// The parts seen: offset and length of each, unordered.
    pub(super) fn seen(&self) -> Vec<(u64, u64)> {
        let pieces = self.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let subtrees = pieces
            .subtrees
            .iter()
            .map(|(start, (len, _))| (*start, *len));
        subtrees
            .chain(
                pieces
                    .edges
                    .iter()
                    .map(|(start, bytes)| (*start, bytes.len() as u64)),
            )
            .collect()
    }

    /// Returns the digest if all bytes have been seen, and resets the state.
    pub(super) fn take(&self) -> Option<Blake3> {
        std::mem::take(&mut *self.pieces.lock().unwrap_or_else(PoisonError::into_inner))
            .digest(self.len)
    }
}

/// BLAKE3 of pieces in any order: nodes of its tree (its paper, § 2.1), and remainders too short to
/// be one.
#[derive(Default)]
struct Pieces {
    /// Chaining values of subtrees by offset, with their lengths.
    subtrees: BTreeMap<u64, (u64, ChainingValue)>,
    /// Partial chunks at the edges of pieces, by offset.
    edges: BTreeMap<u64, Vec<u8>>,
}

/// Bytes of a leaf of BLAKE3's tree.
const CHUNK: u64 = blake3::CHUNK_LEN as u64;

impl Pieces {
    /// The nodes of the tree over `len` bytes that are inside a piece.
    fn of(offset: u64, bytes: &[u8], len: u64) -> Self {
        let mut pieces = Self::default();
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let end = at.saturating_add(rest.len() as u64);
            let (take, is_node) = match subtree(at, end, len) {
                Some(take) => (take, true),
                // Up to the next chunk.
                None => (
                    (at / CHUNK)
                        .saturating_add(1)
                        .saturating_mul(CHUNK)
                        .min(end)
                        .saturating_sub(at),
                    false,
                ),
            };
            let (now, later) = rest
                .split_at_checked(usize::try_from(take).unwrap_or(usize::MAX))
                .unwrap_or((rest, &[]));
            if is_node {
                let value = Hasher::new()
                    .set_input_offset(at)
                    .update(now)
                    .finalize_non_root();
                pieces.subtrees.insert(at, (take, value));
            } else {
                pieces.edges.insert(at, now.to_vec());
            }
            at = at.saturating_add(now.len() as u64);
            rest = later;
        }
        pieces
    }

    /// The digest, if the pieces cover all of the `len` bytes.
    fn digest(mut self, len: u64) -> Option<Blake3> {
        let mut chunk: Vec<u8> = Vec::new();
        for (start, bytes) in std::mem::take(&mut self.edges) {
            let chunk_start = start.checked_sub(chunk.len() as u64)?;
            // Parts of one chunk are contiguous; a gap leaves an incomplete chunk.
            if chunk_start % CHUNK != 0 {
                return None;
            }
            chunk.extend_from_slice(&bytes);
            let end = chunk_start.saturating_add(chunk.len() as u64);
            if len <= CHUNK && end == len {
                return Some(Blake3::of(&chunk));
            }
            if chunk.len() as u64 == CHUNK || end == len {
                let value = Hasher::new()
                    .set_input_offset(chunk_start)
                    .update(&chunk)
                    .finalize_non_root();
                self.subtrees
                    .insert(chunk_start, (chunk.len() as u64, value));
                chunk.clear();
            }
        }
        if len == 0 {
            return Some(Blake3::of(&[]));
        }
        let left = left_len(len.max(CHUNK.saturating_add(1)));
        let (left_value, right_value) = (
            self.node(0, left)?,
            self.node(left, len.checked_sub(left)?)?,
        );
        Some(Blake3(
            *merge_subtrees_root(&left_value, &right_value, Mode::Hash).as_bytes(),
        ))
    }

    fn node(&self, start: u64, len: u64) -> Option<ChainingValue> {
        if let Some((known, value)) = self.subtrees.get(&start)
            && *known == len
        {
            return Some(*value);
        }
        if len <= CHUNK {
            return None;
        }
        let left = left_len(len);
        let (left_value, right_value) = (
            self.node(start, left)?,
            self.node(start.saturating_add(left), len.saturating_sub(left))?,
        );
        Some(merge_subtrees_non_root(
            &left_value,
            &right_value,
            Mode::Hash,
        ))
    }
}

/// The length of the left child of a tree over `len` bytes, which are more than a chunk. The
/// function in `blake3` overflows for the longest file that a header can claim.
fn left_len(len: u64) -> u64 {
    len.div_ceil(2).next_power_of_two()
}

/// The length of the largest subtree that begins at `at`, ends before `end`, and is not the whole
/// tree over `len` bytes.
fn subtree(at: u64, end: u64, len: u64) -> Option<u64> {
    if !at.is_multiple_of(CHUNK) || len <= CHUNK {
        return None;
    }
    let most = max_subtree_len(at).unwrap_or_else(|| left_len(len));
    let room = end.checked_sub(at)?;
    if room >= most {
        return Some(most);
    }
    // The last subtree may be incomplete.
    if end == len {
        return Some(room);
    }
    let whole = room.checked_ilog2().map(|power| 1_u64 << power)?;
    (whole >= CHUNK).then_some(whole)
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_is_only_claimed_gives_no_digest() {
        for len in [5000, u64::MAX / 2, u64::MAX / 2 + 2, u64::MAX - 1, u64::MAX] {
            let digest = PiecewiseDigest::new(len);
            digest.see(0, &[1; 3000]);
            digest.see(3000, &[2; 1000]);
            assert_eq!(digest.take(), None, "{len}");
        }
    }

    #[test]
    fn children_are_those_of_blake3() {
        for len in [1025, 2048, 2049, 3 << 20, u64::MAX / 2] {
            assert_eq!(
                left_len(len),
                blake3::hazmat::left_subtree_len(len),
                "{len}"
            );
        }
    }
}
