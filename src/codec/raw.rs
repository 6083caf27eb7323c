//! Stored as it is.

use super::Facts;
#[cfg(feature = "cli")]
use super::{Spelling, compression::Encoder};

pub(super) const FACTS: Facts = Facts {
    name: "raw",
    code: 0,
    #[cfg(feature = "cli")]
    extension: "bin",
    tar_extension: "tar",
    tar_word: None,
    is_written: true,
    has_table: false,
    #[cfg(feature = "cli")]
    spelling: Spelling {
        words: &["none"],
        tar_words: &[],
        levels: None,
    },
    #[cfg(feature = "cli")]
    encoder: Some(&ENCODER),
};

#[cfg(feature = "cli")]
const ENCODER: Encoder = Encoder {
    levels: Encoder::SAME_LEVELS,
    // Stored content needs no cuts.
    frame_len: |_| u64::MAX,
    memory: |_| 1_000_000,
    compress: |_, plain| Ok(plain.to_vec()),
    store: |_, plain| Ok(plain.to_vec()),
    header: &[],
    footer: None,
};
