use crate::diagnostics::{Code, Diagnosis, Diagnostic};

/// Why bytes are not a valid package.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    #[error("no package trailer at the end of the file")]
    NoTrailer,
    #[error("the file has {file_len} bytes; a package has at least {minimum}")]
    TooShort { file_len: u64, minimum: u64 },
    #[error("the index has format version {found:#x}; this version of flavor reads {FORMAT_VERSION:#x}", FORMAT_VERSION = super::FORMAT_VERSION)]
    UnknownVersion { found: u32 },
    #[error("the index has checksum {found:#010x}; expected {computed:#010x}")]
    IndexChecksum { found: u32, computed: u32 },
    #[error("the package has {declared} bytes according to its index; the file has {file_len}")]
    PackageSize { declared: u64, file_len: u64 },
    #[error("{what} at byte {offset}, {len} bytes long, extends beyond byte {end}")]
    OutOfBounds {
        what: &'static str,
        offset: u64,
        len: u64,
        end: u64,
    },
    #[error("{what}: {found} is more than the limit of {limit}")]
    OverLimit {
        what: &'static str,
        found: u64,
        limit: u64,
    },
    /// Like [`Self::OverLimit`], for limits that the user can lift.
    #[error("{what}: {found} is more than the limit of {limit}")]
    OverBudget {
        what: &'static str,
        found: u64,
        limit: u64,
    },
    #[error("the metadata block is not a single gzip stream: {0}")]
    BadEnvelope(&'static str),
    #[error("the metadata is not canonical JSON: the first difference is at byte {at}")]
    MetadataForm { at: usize },
    #[error("the metadata is not valid: {0}")]
    BadMetadata(String),
    #[error("the slot table has {rows} rows; the signed metadata has {slots} slots")]
    SlotCount { rows: usize, slots: usize },
    #[error("slot `{slot}`: unknown operation code {code:#04x}")]
    UnknownOperation { slot: String, code: u8 },
}

impl Diagnostic for FormatError {
    fn diagnosis(&self) -> Diagnosis {
        let code = match self {
            Self::NoTrailer | Self::TooShort { .. } => Code::NOT_A_PACKAGE,
            Self::UnknownVersion { .. } => Code::UNKNOWN_FORMAT,
            Self::IndexChecksum { .. } => Code::INDEX_DAMAGED,
            Self::PackageSize { .. } => Code::WRONG_SIZE,
            Self::OutOfBounds { .. } => Code::OUT_OF_BOUNDS,
            Self::OverLimit { .. } | Self::OverBudget { .. } => Code::OVER_LIMIT,
            Self::BadEnvelope(_) | Self::BadMetadata(_) => Code::BAD_METADATA,
            Self::MetadataForm { .. } => Code::METADATA_CHANGED,
            Self::SlotCount { .. } => Code::SLOT_TABLE_DIFFERS,
            Self::UnknownOperation { .. } => Code::BAD_CONTENT,
        };
        code.into()
    }
}
