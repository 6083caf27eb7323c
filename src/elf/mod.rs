//! Reads and edits ELF files: requirements, stripping, and library search paths.
//!
//! goblin parses headers; everything they refer to is read here with checked arithmetic, because
//! the files come from untrusted wheels and interpreters. This folder opens no files, and panics on
//! no input.

mod facts;
mod glibc;
mod grow;
mod search_path;
mod strip;
#[cfg(test)]
mod testing;
mod versions;
mod view;

pub use facts::{ElfFacts, Kind, inspect, is_elf};
pub use glibc::{GlibcVersion, GlibcVersionError};
pub use grow::add_search_path;
pub use search_path::{Change, SearchPathTag, rewrite_search_path, set_search_path};
pub use strip::{StripOutcome, Unstripped, strip};
pub use versions::{Versions, versions};

/// Why an ELF file could not be read or edited. After an error the bytes are unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes do not begin with the ELF magic. Only edits return this; [`inspect`] returns
    /// `None`.
    #[error("not an ELF file")]
    NotElf,
    /// A header points outside the file or contradicts another.
    #[error("malformed ELF file: {what}")]
    Malformed { what: &'static str },
    /// The file has no dynamic section, so it has no library search path.
    #[error("the file is not dynamically linked")]
    NotDynamic,
    /// There is no `DT_RPATH` or `DT_RUNPATH` to rewrite; [`add_search_path`] adds one.
    #[error("the file has no library search path")]
    NoSearchPath,
    /// The new path is longer than the string that it would overwrite.
    #[error("the search path needs {needed} bytes, the one in the file has {room}")]
    SearchPathTooLong { needed: usize, room: usize },
    /// Another name shares bytes with the old path (the linker merged their tails), so overwriting
    /// it would change that name too.
    #[error("the search path shares its bytes with the name `{name}`")]
    SearchPathShared { name: String },
    /// A search path cannot contain a NUL byte.
    #[error("the search path contains a NUL byte")]
    SearchPathNul,
    /// No dispensable program header for the segment that would hold the new search path.
    #[error("no program header is free for a search path")]
    NoSpareHeader,
}

/// Result of the operations of this module.
pub type Result<T> = std::result::Result<T, Error>;
