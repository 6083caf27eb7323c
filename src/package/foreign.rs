//! Checks for packages made by FlavorPack: its launchers go by the unsigned slot table, so the
//! table must agree with the signed metadata.

use crate::format::{Codec, FormatError, Index, Metadata, Operations, SlotEntry, SlotRecord};

use super::PackageError;
use super::layout::{check_range, purpose_code};

/// Modes that its builders write if the metadata has none.
const DEFAULT_MODES: [u16; 4] = [0o600, 0o644, 0o700, 0o755];

/// Checks the layout and the rows.
pub(super) fn check(
    index: &Index,
    metadata: &Metadata,
    rows: &[SlotEntry],
    end: u64,
) -> Result<(), PackageError> {
    check_range("the launcher", 0, index.launcher_size, end)?;
    for (at, (row, record)) in rows.iter().zip(&metadata.slots).enumerate() {
        check_range("a slot", row.offset, row.stored_size, end)?;
        if row.id != at as u64 || record.slot != row.id || !agrees(row, record) {
            return Err(PackageError::RowDiffers {
                slot: record.id.clone(),
            });
        }
    }
    Ok(())
}

fn agrees(row: &SlotEntry, record: &SlotRecord) -> bool {
    let mode = match &record.permissions {
        Some(text) => {
            u16::from_str_radix(text, 8).is_ok_and(|mode| mode == row.permissions && mode <= 0o777)
        }
        None => DEFAULT_MODES.contains(&row.permissions),
    };
    // FlavorPack's Go builder hashes the target.
    let name = [&record.id, &record.target]
        .map(|name| SlotEntry::name_hash(name))
        .contains(&row.name_hash);
    let purpose = match record.purpose.as_str() {
        "tool" => row.purpose == 0 || row.purpose == purpose_code("config"),
        word => row.purpose == purpose_code(word),
    };
    mode && name
        && purpose
        && lifecycle_code(&record.lifecycle) == Some(row.lifecycle)
        && operations(record) == Ok(row.operations)
}

/// FlavorPack's codes, which include ours.
fn lifecycle_code(word: &str) -> Option<u8> {
    const WORDS: [&str; 12] = [
        "init",
        "startup",
        "runtime",
        "shutdown",
        "cache",
        "temporary",
        "lazy",
        "eager",
        "dev",
        "config",
        "platform",
        "attestation",
    ];
    u8::try_from(WORDS.iter().position(|known| *known == word)?).ok()
}

/// Parses operations as FlavorPack spells them: one name, or several separated by `|`,
/// case-insensitive.
fn operations(record: &SlotRecord) -> Result<u64, FormatError> {
    let unknown = || {
        FormatError::BadMetadata(format!(
            "`{}` is not an operation",
            record.operations.escape_debug()
        ))
    };
    let mut packed = 0_u64;
    let mut shift = 0_u32;
    for word in record.operations.to_ascii_lowercase().split('|') {
        let chain = chain(word.trim()).ok_or_else(unknown)?;
        packed |= chain.pack().checked_shl(shift).unwrap_or(0);
        shift = shift.saturating_add(chain.steps().saturating_mul(8));
        if shift > u64::BITS {
            return Err(unknown());
        }
    }
    Ok(packed)
}

/// The steps that one word stands for.
fn chain(word: &str) -> Option<Operations> {
    if matches!(word, "" | "none") {
        return Operations::parse("raw");
    }
    let short = || {
        let codec = Codec::ALL
            .iter()
            .find(|codec| codec.tar_word() == Some(word))?;
        let (tar, codec) = (true, *codec);
        Some(Operations { tar, codec })
    };
    Operations::parse(word).or_else(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_what_flavorpack_takes_them_for() {
        let packed = |words: &str| {
            operations(&SlotRecord {
                operations: words.into(),
                ..SlotRecord::default()
            })
        };
        for (words, chain) in [
            ("none", 0),
            ("TAR|GZIP", 0x1001),
            ("tar.gz", 0x1001),
            ("tgz", 0x1001),
            ("zstd", 0x1b),
        ] {
            assert_eq!(packed(words), Ok(chain), "{words}");
        }
        assert!(packed("lzma").is_err());
        assert!(packed(&"tar|".repeat(9)).is_err());
        assert_eq!(lifecycle_code("attestation"), Some(11));
    }
}
