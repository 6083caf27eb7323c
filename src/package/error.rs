use std::path::PathBuf;

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::format::FormatError;
use crate::fs;
use crate::sign::SignError;

/// Why a file is not accepted as a package, or cannot be read as one.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("`{}` is not a regular file", path.display())]
    NotAFile { path: PathBuf },
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error("the digest of the metadata block does not match the index")]
    MetadataDigest,
    #[error("the metadata block is not in canonical form")]
    MetadataForm,
    #[error("the index does not match the signed metadata: the first difference is at byte {at}")]
    IndexDiffers { at: usize },
    #[error("the slot table does not match the signed metadata: slot `{slot}`")]
    RowDiffers { slot: String },
    #[error("the padding before {what} is not all zeros")]
    Padding { what: String },
    #[error("the launcher has digest {found}; the signed metadata has {signed}")]
    LauncherDigest { found: String, signed: String },
    #[error("slot `{slot}` has digest {found}; the signed metadata has {signed}")]
    SlotDigest {
        slot: String,
        found: String,
        signed: String,
    },
    #[error("slot `{slot}` cannot be decoded")]
    Content {
        slot: String,
        source: crate::slot::SlotError,
    },
    #[error("there is no slot `{wanted}`; the package has {}", listed(.names))]
    NoSlot { wanted: String, names: Vec<String> },
    #[error("`{}` was changed while it was read", path.display())]
    Changed { path: PathBuf },
    #[error(transparent)]
    Io(#[from] fs::Error),
}

/// Formats the names in order, with their numbers from 0.
fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".into()
    } else {
        format!("`{}`", names.join("`, `"))
    }
}

impl PackageError {
    /// Whether the file was read but is damaged, tampered with, or not a package.
    pub fn is_integrity(&self) -> bool {
        !matches!(
            self,
            Self::Io(_) | Self::NotAFile { .. } | Self::NoSlot { .. }
        )
    }

    /// Whether the file has no part of a package.
    pub fn is_no_package(&self) -> bool {
        matches!(
            self,
            Self::Format(FormatError::NoTrailer | FormatError::TooShort { .. })
        )
    }

    /// Whether the package exceeds the limits. A user who trusts it may lift them:
    /// [`Limits::None`](super::Limits::None).
    pub fn is_over_limit(&self) -> bool {
        match self {
            Self::Format(FormatError::OverBudget { .. }) => true,
            // Only slots of our packages are decoded for this.
            Self::Content { source, .. } => source.is_over_limit(true),
            _ => false,
        }
    }
}

impl Diagnostic for PackageError {
    fn diagnosis(&self) -> Diagnosis {
        let code = match self {
            Self::NotAFile { .. } => return Code::NOT_A_FILE.into(),
            Self::NoSlot { .. } => return Code::NO_SLOT.into(),
            Self::Io(error) => return error.code().into(),
            Self::Format(error) => error.code(),
            Self::Sign(error) => error.code(),
            Self::MetadataDigest | Self::MetadataForm | Self::Changed { .. } => {
                Code::METADATA_CHANGED
            }
            Self::IndexDiffers { .. } => Code::INDEX_DIFFERS,
            Self::RowDiffers { .. } => Code::SLOT_TABLE_DIFFERS,
            Self::Padding { .. } => Code::PADDING,
            Self::LauncherDigest { .. } => Code::LAUNCHER_CHANGED,
            Self::SlotDigest { .. } => Code::SLOT_CHANGED,
            Self::Content { source, .. } => source.code(),
        };
        // The package is damaged, whatever the code.
        code.with_hint(match code {
            Code::NOT_A_PACKAGE => {
                "it may be truncated, or not a package: `flavor pack` prints the size of each package it writes"
            }
            Code::WRONG_SIZE => "the file is truncated or has bytes appended; copy it again",
            _ => "do not run it; download the file again from its publisher",
        })
    }
}
