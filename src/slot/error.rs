use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::fs::{self, TreeError};

/// Why a slot cannot be encoded or decoded.
#[derive(Debug, thiserror::Error)]
pub enum SlotError {
    #[error("digest mismatch: found {found}, the signed metadata has {signed}")]
    Digest { found: String, signed: String },
    #[error("invalid archive: {0}")]
    BadArchive(&'static str),
    #[error("the archive has an entry of unknown type {0:#04x}")]
    UnknownEntry(u8),
    #[error("the archive holds more than {0} entries")]
    TooManyEntries(u64),
    #[error("the archive has {found} {what}; {declared} were declared")]
    WrongCount {
        what: &'static str,
        declared: u64,
        found: u64,
    },
    #[error("the names in the archive exceed the limit on their total length")]
    LongNames,
    #[error("the archive is truncated: it has no end marker")]
    NoEnd,
    #[error("the slot expands from {stored} to {plain} bytes; the limit is {limit}")]
    TooLarge { stored: u64, plain: u64, limit: u64 },
    #[error("reading took longer than {} seconds, the limit for a package of this size", granted.as_secs())]
    OutOfTime { granted: Duration },
    #[error("the slot has {plain} bytes; the limit is {limit}")]
    TooLong { plain: u64, limit: u64 },
    #[error("the frame table does not match the frames")]
    BadFrameTable,
    #[error("cannot decode: {0}")]
    BadStream(io::Error),
    #[error("the content has {found} bytes; {declared} were declared")]
    WrongLength { declared: u64, found: u64 },
    #[error("{0} cannot be decoded")]
    UnsupportedCodec(&'static str),
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Io(#[from] fs::Error),
    #[error("`{}` changed while it was read", path.display())]
    Changed { path: PathBuf },
    #[error("`{}` is a device, socket or pipe", path.display())]
    SpecialFile { path: PathBuf },
    #[error("the link `{}` points to `{}`, outside the packed tree", path.display(), target.display())]
    EscapingLink { path: PathBuf, target: PathBuf },
    #[error("the links below `{}` form a loop", path.display())]
    LinkLoop { path: PathBuf },
    #[error("`{}` is a directory, and the operations have no `tar`", path.display())]
    DirectoryWithoutTar { path: PathBuf },
    #[error("`{}` has a frame of more than {limit} bytes", path.display())]
    FrameTooLarge { path: PathBuf, limit: u64 },
}

impl SlotError {
    /// Whether the stored bytes are at fault, not a file system.
    pub fn is_content(&self) -> bool {
        !matches!(
            self,
            Self::Io(_)
                | Self::Tree(TreeError::Io(_))
                | Self::Changed { .. }
                | Self::UnsupportedCodec(_)
                | Self::OutOfTime { .. }
        )
    }

    /// Whether the slot exceeds limits that a user who trusts it may lift. For a `declared` slot
    /// that is only the time limit: exceeding the declared sizes is an error.
    pub fn is_over_limit(&self, declared: bool) -> bool {
        match self {
            Self::OutOfTime { .. } => true,
            Self::TooLarge { .. } | Self::TooManyEntries(_) => !declared,
            _ => false,
        }
    }
}

impl Diagnostic for SlotError {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::TooLarge { .. } => {
                Code::TOO_LARGE.with_hint("store it without compression: `operations = [\"tar\"]`")
            }
            Self::TooLong { .. } => Code::TOO_LARGE.with_hint("split it into several slots"),
            Self::FrameTooLarge { .. } => Code::TOO_LARGE.into(),
            Self::OutOfTime { .. } => Code::OVER_LIMIT.into(),
            Self::Tree(TreeError::Io(error)) | Self::Io(error) => error.diagnosis(),
            Self::Changed { .. } => {
                Code::SOURCE_CHANGED.with_hint("pack again when nothing writes to the tree")
            }
            Self::SpecialFile { .. } => {
                Code::SPECIAL_FILE.with_hint("leave it out of the slot's source")
            }
            Self::EscapingLink { .. } => Code::ESCAPING_LINK
                .with_hint("replace the link by a copy, or widen the slot's source"),
            Self::LinkLoop { .. } => Code::LINK_LOOP.into(),
            Self::DirectoryWithoutTar { .. } => {
                Code::DIRECTORY_WITHOUT_TAR.with_hint("write `operations = [\"tar\", \"zstd\"]`")
            }
            Self::Digest { .. } => {
                Code::SLOT_CHANGED.with_hint("download the package again from its publisher")
            }
            Self::UnsupportedCodec(_)
            | Self::BadArchive(_)
            | Self::UnknownEntry(_)
            | Self::TooManyEntries(_)
            | Self::WrongCount { .. }
            | Self::NoEnd
            | Self::LongNames
            | Self::BadFrameTable
            | Self::BadStream(_)
            | Self::WrongLength { .. }
            | Self::Tree(_) => Code::BAD_CONTENT.into(),
        }
    }
}
