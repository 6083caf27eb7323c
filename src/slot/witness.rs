//! Computes the digest of a slot's stored bytes from the bytes that are decoded.
//!
//! A file can change between two reads. So the input of a decoder passes through here first, piece
//! by piece and on any thread, and the decoded content is valid only if the digest of these pieces
//! matches the signed one.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};

use sha2::Digest as _;

use super::SlotError;
use super::pieces::PiecewiseDigest;
use crate::format::{Blake3, Sha256};
use crate::fs::Window;

/// The expected digest of a slot's stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Pieces may come in any order.
    Blake3(Blake3),
    /// Pieces must come in the order of the slot; the only digest in foreign packages.
    Sha256(Sha256),
}

/// Sees the bytes of one slot that are passed to decoders.
pub(super) struct Witness {
    /// Stored length of the slot.
    len: u64,
    state: Option<(Signed, State)>,
}

enum State {
    Blake3(PiecewiseDigest),
    Sha256(Mutex<InOrder>),
}

/// SHA-256 of consecutive pieces.
#[derive(Default)]
struct InOrder {
    hasher: sha2::Sha256,
    done: u64,
}

impl Witness {
    /// For a slot of `len` stored bytes. Without a signed digest everything is accepted.
    pub(super) fn new(len: u64, signed: Option<Signed>) -> Self {
        let state = signed.map(|signed| {
            let state = match signed {
                Signed::Blake3(_) => State::Blake3(PiecewiseDigest::new(len)),
                Signed::Sha256(_) => State::Sha256(Mutex::default()),
            };
            (signed, state)
        });
        Self { len, state }
    }

    /// Adds bytes at `offset` in the slot. No byte may be added twice.
    pub(super) fn see(&self, offset: u64, bytes: &[u8]) {
        match &self.state {
            None => {}
            Some((_, State::Blake3(digest))) => digest.see(offset, bytes),
            Some((_, State::Sha256(in_order))) => {
                // A piece out of order makes the digest mismatch, never match.
                let mut in_order = in_order.lock().unwrap_or_else(PoisonError::into_inner);
                in_order.hasher.update(bytes);
                in_order.done = in_order.done.saturating_add(bytes.len() as u64);
            }
        }
    }

    /// Whether everything seen, together with the bytes that no decoder requested, matches the
    /// signed digest. The latter are read now, from `file`, in which the slot begins at `offset`.
    ///
    /// # Errors
    /// [`SlotError::Digest`], and errors of the file system.
    pub(super) fn check(self, file: &File, offset: u64) -> Result<(), SlotError> {
        for (from, to) in self.unseen() {
            let mut window =
                Window::new(file, offset.saturating_add(from), to.saturating_sub(from));
            let mut at = from;
            let mut buffer = vec![0; 64 << 10];
            while at < to {
                let count = match window.read(&mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    other => other.map_err(SlotError::BadStream)?,
                };
                self.see(at, buffer.get(..count).unwrap_or_default());
                at = at.saturating_add(count as u64);
            }
        }
        let Some((signed, state)) = self.state else {
            return Ok(());
        };
        let (actual, signed) = match (state, signed) {
            (State::Blake3(digest), Signed::Blake3(signed)) => (
                digest.take().map(|digest| digest.to_string()),
                signed.to_string(),
            ),
            (State::Sha256(in_order), Signed::Sha256(signed)) => {
                let InOrder { hasher, done } = in_order
                    .into_inner()
                    .unwrap_or_else(PoisonError::into_inner);
                let actual = Sha256(hasher.finalize().into()).to_string();
                (
                    Some(actual).filter(|_| done == self.len),
                    signed.to_string(),
                )
            }
            _ => (None, String::new()),
        };
        match actual {
            Some(actual) if actual == signed => Ok(()),
            actual => Err(SlotError::Digest {
                found: actual.unwrap_or_else(|| "of other bytes".into()),
                signed,
            }),
        }
    }

    /// The ranges of the slot that were not seen, in order.
    fn unseen(&self) -> Vec<(u64, u64)> {
        let Some((_, state)) = &self.state else {
            return Vec::new();
        };
        let mut seen = match state {
            State::Sha256(in_order) => vec![(
                0,
                in_order.lock().unwrap_or_else(PoisonError::into_inner).done,
            )],
            State::Blake3(digest) => digest.seen(),
        };
        seen.sort_unstable();
        let mut unseen = Vec::new();
        let mut end = 0;
        for (start, len) in seen {
            if start > end {
                unseen.push((end, start));
            }
            end = end.max(start.saturating_add(len));
        }
        if end < self.len {
            unseen.push((end, self.len));
        }
        unseen
    }
}

/// Stored bytes on their way to a decoder.
pub(super) struct Watched<'a> {
    window: Window<'a>,
    witness: &'a Witness,
    /// Position in the slot.
    at: u64,
}

impl<'a> Watched<'a> {
    /// The `len` bytes at `at` in the slot, which begins at `offset` of the file.
    pub(super) fn new(
        file: &'a File,
        offset: u64,
        at: u64,
        len: u64,
        witness: &'a Witness,
    ) -> Self {
        Self {
            window: Window::new(file, offset.saturating_add(at), len),
            witness,
            at,
        }
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.window.read(buffer)?;
        self.witness
            .see(self.at, buffer.get(..count).unwrap_or_default());
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

/// Reads bytes at a position of the slot into memory.
pub(super) fn read_exact_at(
    file: &File,
    offset: u64,
    at: u64,
    buffer: &mut [u8],
    witness: &Witness,
) -> io::Result<()> {
    file.read_exact_at(buffer, offset.saturating_add(at))?;
    witness.see(at, buffer);
    Ok(())
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    fn bytes(len: usize) -> Vec<u8> {
        (0..len)
            .map(|at| u8::try_from(at * at % 251).unwrap_or(0))
            .collect()
    }

    #[test]
    fn pieces_in_any_order_have_the_digest_of_the_whole() {
        for len in [
            0,
            1,
            1023,
            1024,
            1025,
            2048,
            2049,
            5000,
            8192,
            70_001,
            1 << 20,
        ] {
            let whole = bytes(len);
            for step in [1, 7, 1000, 1024, 1500, 4096, 10_000, 300_000] {
                if len / step > 10_000 {
                    continue;
                }
                let witness = Witness::new(len as u64, Some(Signed::Blake3(Blake3::of(&whole))));
                // Odd pieces first, then the even ones in reverse.
                let pieces: Vec<(usize, &[u8])> = whole.chunks(step).enumerate().collect();
                let (odd, even): (Vec<_>, Vec<_>) =
                    pieces.into_iter().partition(|(number, _)| number % 2 == 1);
                for (number, piece) in odd.into_iter().chain(even.into_iter().rev()) {
                    witness.see((number * step) as u64, piece);
                }
                let file = tempfile::tempfile().expect("a file");
                witness
                    .check(&file, 0)
                    .unwrap_or_else(|error| panic!("{len} by {step}: {error}"));
            }
        }
    }

    #[test]
    fn what_nobody_asked_for_is_read_and_what_differs_is_refused() {
        use std::io::Write;
        let whole = bytes(10_000);
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&[b"before".as_slice(), &whole].concat())
            .expect("written");
        for signed in [
            Signed::Blake3(Blake3::of(&whole)),
            Signed::Sha256(Sha256::of(&whole)),
        ] {
            let seen = |change: usize| {
                let witness = Witness::new(10_000, Some(signed));
                let mut piece = whole[..3000].to_vec();
                piece[0] = piece[0].wrapping_add(u8::try_from(change).expect("small"));
                witness.see(0, &piece);
                witness.check(&file, 6)
            };
            assert!(seen(0).is_ok());
            assert!(matches!(seen(1), Err(SlotError::Digest { .. })));
        }
    }
}
