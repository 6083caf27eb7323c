use toml::de::DeValue;

use super::error::Error;
use super::suggest::closest;
use super::table::Item;

/// The maximum number of operations in the format.
pub const MAX_OPERATIONS: usize = 8;

/// An operation on the content of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationName {
    /// Stored as it is.
    Raw,
    Tar,
    Gzip,
    Xz,
    Zstd,
}

impl OperationName {
    /// The name in a manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Tar => "tar",
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
        }
    }
}

/// One step of a slot's encoding, in the order in which a builder applies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    pub name: OperationName,
    /// Within the codec's range; `None` leaves the choice to the builder.
    pub level: Option<u32>,
    /// xz only: `9e`, slower for a few bytes less.
    pub extreme: bool,
}

const WORDS: [&str; 5] = ["raw", "tar", "gzip", "xz", "zstd"];

/// Parses any spelling of operations: `["tar", "zstd:19"]`, `"tar.gz"`, `"tgz"`, `"tar|gzip"`,
/// `"raw"`, `""`.
///
/// The result is never empty; `raw` is the only operation, and `tar` is the first.
pub(super) fn parse(item: &Item<'_>) -> Result<Vec<Operation>, Error> {
    let mut chain = Vec::new();
    match item.value {
        DeValue::String(text) => push_chain(item, text, &mut chain)?,
        DeValue::Array(_) => {
            for entry in item.list("an array of operations")? {
                push_chain(&entry, entry.text()?, &mut chain)?;
            }
        }
        _ => return Err(item.wrong("an array of operations")),
    }
    if chain.is_empty() {
        chain.push(plain(OperationName::Raw));
    }
    if chain.len() > MAX_OPERATIONS {
        return Err(Error::TooManyOperations {
            at: item.at(),
            count: chain.len(),
            max: MAX_OPERATIONS,
        });
    }
    if chain.len() > 1
        && chain
            .iter()
            .any(|operation| operation.name == OperationName::Raw)
    {
        return Err(Error::RawNotAlone { at: item.at() });
    }
    if chain
        .iter()
        .skip(1)
        .any(|operation| operation.name == OperationName::Tar)
    {
        return Err(Error::TarNotFirst { at: item.at() });
    }
    Ok(chain)
}

const fn plain(name: OperationName) -> Operation {
    Operation {
        name,
        level: None,
        extreme: false,
    }
}

fn push_chain(item: &Item<'_>, text: &str, chain: &mut Vec<Operation>) -> Result<(), Error> {
    if text.trim().is_empty() {
        chain.push(plain(OperationName::Raw));
        return Ok(());
    }
    for step in text.split(['|', '.']) {
        push_step(item, step.trim(), chain)?;
    }
    Ok(())
}

fn push_step(item: &Item<'_>, step: &str, chain: &mut Vec<Operation>) -> Result<(), Error> {
    let (word, level) = step.split_once(':').map_or((step, None), |(word, level)| {
        (word.trim(), Some(level.trim()))
    });
    let names: &[OperationName] = match word.to_ascii_lowercase().as_str() {
        "raw" | "none" => &[OperationName::Raw],
        "tar" => &[OperationName::Tar],
        "gzip" | "gz" => &[OperationName::Gzip],
        "xz" => &[OperationName::Xz],
        "zstd" | "zst" => &[OperationName::Zstd],
        "tgz" => &[OperationName::Tar, OperationName::Gzip],
        "txz" => &[OperationName::Tar, OperationName::Xz],
        "tzst" => &[OperationName::Tar, OperationName::Zstd],
        "bzip2" | "bz2" | "tbz2" | "tbz" => return Err(Error::Bzip2 { at: item.at() }),
        _ => {
            return Err(Error::UnknownWord {
                at: item.at(),
                what: "operation",
                word: word.to_string(),
                suggestion: closest(word, WORDS).map(str::to_string),
                known: WORDS.iter().map(ToString::to_string).collect(),
            });
        }
    };
    chain.extend(names.iter().copied().map(plain));
    if let (Some(level), Some(last)) = (level, chain.last_mut()) {
        *last = with_level(item, last.name, level)?;
    }
    Ok(())
}

fn with_level(item: &Item<'_>, name: OperationName, text: &str) -> Result<Operation, Error> {
    let (range, allowed) = match name {
        OperationName::Raw | OperationName::Tar => (0..0, "no level"),
        OperationName::Gzip => (0..10, "0 to 9"),
        OperationName::Xz => (0..10, "0 to 9, or 9e"),
        OperationName::Zstd => (1..23, "1 to 22"),
    };
    let extreme = name == OperationName::Xz && text.eq_ignore_ascii_case("9e");
    let digits = if extreme { "9" } else { text };
    let level = digits
        .parse::<u32>()
        .ok()
        .filter(|level| range.contains(level));
    if level.is_none() {
        return Err(Error::BadLevel {
            at: item.at(),
            operation: name.as_str(),
            level: text.to_string(),
            allowed,
        });
    }
    Ok(Operation {
        name,
        level,
        extreme,
    })
}
