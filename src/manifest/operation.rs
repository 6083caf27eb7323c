use toml::de::DeValue;

use super::error::Error;
use super::suggest::closest;
use super::table::Item;
use crate::codec::{Codec, Levels};

/// The maximum number of operations in the format.
pub const MAX_OPERATIONS: usize = 8;

/// An operation on the content of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationName {
    Tar,
    /// A codec that packages are written with; [`Codec::Raw`] for content stored as it is.
    Codec(Codec),
}

impl OperationName {
    const RAW: Self = Self::Codec(Codec::Raw);

    /// The name in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::Codec(codec) => codec.name(),
        }
    }

    /// All of them.
    fn all() -> impl Iterator<Item = Self> {
        let codecs = Codec::ALL.into_iter().filter(|codec| codec.is_written());
        let (raw, others) = (Self::RAW, codecs.filter(|codec| *codec != Codec::Raw));
        [raw, Self::Tar].into_iter().chain(others.map(Self::Codec))
    }
}

/// One step of a slot's encoding, in the order in which a builder applies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    pub name: OperationName,
    /// Within the codec's range; `None` leaves the choice to the builder.
    pub level: Option<u32>,
    /// `9e` of xz, slower for a few bytes less.
    pub extreme: bool,
}

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
        chain.push(plain(OperationName::RAW));
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
            .any(|operation| operation.name == OperationName::RAW)
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
        chain.push(plain(OperationName::RAW));
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
    let lower = word.to_ascii_lowercase();
    if lower == "tar" {
        chain.push(plain(OperationName::Tar));
    } else {
        let (codec, with_tar) = Codec::of_word(&lower).ok_or_else(|| unknown(item, word))?;
        if !codec.is_written() {
            return Err(Error::Bzip2 { at: item.at() });
        }
        if with_tar {
            chain.push(plain(OperationName::Tar));
        }
        chain.push(plain(OperationName::Codec(codec)));
    }
    if let (Some(level), Some(last)) = (level, chain.last_mut()) {
        *last = with_level(item, last.name, level)?;
    }
    Ok(())
}

fn unknown(item: &Item<'_>, word: &str) -> Error {
    let words: Vec<&str> = OperationName::all().map(OperationName::as_str).collect();
    Error::UnknownWord {
        at: item.at(),
        what: "operation",
        word: word.to_string(),
        suggestion: closest(word, words.iter().copied()).map(str::to_string),
        known: words.iter().map(ToString::to_string).collect(),
    }
}

fn with_level(item: &Item<'_>, name: OperationName, text: &str) -> Result<Operation, Error> {
    let levels = match name {
        OperationName::Tar => None,
        OperationName::Codec(codec) => codec.levels(),
    };
    let parsed = levels.and_then(
        |Levels {
             least,
             most,
             has_extreme,
             ..
         }| {
            let extreme = has_extreme && text.eq_ignore_ascii_case(&format!("{most}e"));
            let level = if extreme { most } else { text.parse().ok()? };
            (least..=most).contains(&level).then_some((level, extreme))
        },
    );
    match parsed {
        Some((level, extreme)) => Ok(Operation {
            name,
            level: Some(level),
            extreme,
        }),
        None => Err(Error::BadLevel {
            at: item.at(),
            operation: name.as_str(),
            level: text.to_string(),
            allowed: levels.map_or("no level", |levels| levels.text),
        }),
    }
}
