//! What happens to a package after it was signed.

use arbitrary::Arbitrary;

use crate::encode::package::Written;

/// What becomes of the file after it was signed.
#[derive(Arbitrary, Debug)]
pub(crate) enum Damage<'a> {
    None,
    /// Bytes, counted from the end, and what they are changed by.
    Bytes(Vec<(u16, u8)>),
    Cut(u16),
    Longer(&'a [u8]),
    Inserted(u16, &'a [u8]),
}

impl Damage<'_> {
    pub(crate) fn apply(&self, written: &mut Written) {
        let bytes = &mut written.bytes;
        let len = bytes.len();
        match self {
            Self::None => return,
            Self::Bytes(changes) => {
                for (at, change) in changes {
                    bytes[len - 1 - usize::from(*at) % len] ^= change;
                }
            }
            Self::Cut(by) => bytes.truncate(len.saturating_sub(usize::from(*by))),
            Self::Longer(more) => bytes.extend(*more),
            Self::Inserted(at, more) => {
                let at = usize::from(*at) % len;
                drop(bytes.splice(at..at, more.iter().copied()));
            }
        }
        written.repair();
    }
}
