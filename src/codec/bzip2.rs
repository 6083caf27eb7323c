//! Known from FlavorPack's packages, and not decoded.

use super::Facts;
#[cfg(feature = "cli")]
use super::Spelling;

pub(super) const FACTS: Facts = Facts {
    name: "bzip2",
    code: 0x13,
    #[cfg(feature = "cli")]
    extension: "bz2",
    tar_extension: "tar.bz2",
    tar_word: Some("tbz2"),
    is_written: false,
    has_table: false,
    #[cfg(feature = "cli")]
    spelling: Spelling {
        words: &["bz2"],
        tar_words: &["tbz2", "tbz"],
        levels: None,
    },
    #[cfg(feature = "cli")]
    encoder: None,
};
