//! Reading and editing ELF files: what one needs in order to run, cutting off what it does not, and where it looks for
//! libraries.
//!
//! goblin reads headers; everything reached from there is read here with checked arithmetic, because files come from
//! wheels and interpreters that nobody vouched for. Nothing in this folder opens a file or panics on any bytes.

mod facts;
mod glibc;
mod grow;
mod search_path;
mod strip;
#[cfg(test)]
mod testing;
mod versions;
mod view;

pub use facts::{Facts, Kind, inspect, is_elf, is_for_this_machine};
pub use glibc::{GlibcVersion, GlibcVersionError};
pub use grow::add_search_path;
pub use search_path::{Change, SearchPathTag, rewrite_search_path, set_search_path};
pub use strip::{StripOutcome, Unstripped, strip};
pub use versions::{Versions, versions};

/// Why an ELF file could not be read or edited. After an error the bytes are as they were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes do not begin with the ELF magic; only edits say so, [`inspect`] returns `None`.
    #[error("not an ELF file")]
    NotElf,
    /// A header points outside the file or contradicts another.
    #[error("malformed ELF file: {what}")]
    Malformed { what: &'static str },
    /// The file has no dynamic section, so no loader looks for libraries on its behalf.
    #[error("the file is not dynamically linked")]
    NotDynamic,
    /// There is no `DT_RPATH` or `DT_RUNPATH` to rewrite; [`add_search_path`] makes one.
    #[error("the file has no library search path")]
    NoSearchPath,
    /// The new path is longer than the string that it would overwrite.
    #[error("the search path needs {needed} bytes, the one in the file has {room}")]
    SearchPathTooLong { needed: usize, room: usize },
    /// The linker let another name share bytes with the old path; overwriting it would rename that too.
    #[error("the search path shares its bytes with the name `{name}`")]
    SearchPathShared { name: String },
    /// A search path with a NUL byte would end there.
    #[error("the search path contains a NUL byte")]
    SearchPathNul,
    /// No program header can be given up for the segment that would hold the new search path.
    #[error("no program header is free for a search path")]
    NoSpareHeader,
}

/// Shorthand for the operations of this module.
pub type Result<T> = std::result::Result<T, Error>;
