use std::path::PathBuf;

use super::error::Error;
use super::name;
use super::operation::{self, Operation};
use super::suggest::closest;
use super::table::{Item, Table};
use super::warning::Warning;
use crate::format::{WORKENV, is_target};

/// Slots that a Python package has by itself.
pub(super) const PYTHON_SLOTS: [&str; 3] = ["runtime", "deps", "app"];

/// The purpose of a slot. Informative only; the format allows any text.
const PURPOSES: [&str; 11] = [
    "data",
    "payload",
    "code",
    "runtime",
    "config",
    "tool",
    "media",
    "asset",
    "library",
    "binary",
    "installer",
];

/// A tree or a file that is packed in addition to the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Unique in the manifest.
    pub name: String,
    /// As written: relative to the manifest's directory, or absolute. Not checked for existence.
    pub source: PathBuf,
    /// Not empty if present; `None` leaves the choice to the builder, which knows whether the
    /// source is a tree.
    pub operations: Option<Vec<Operation>>,
    /// Path relative to the work environment, with `/` as separator; empty for its root. Never
    /// leads out.
    pub target: Option<String>,
    pub lifecycle: Lifecycle,
    /// For a file: read, write and execute bits, at most 0o777.
    pub permissions: Option<u32>,
    pub purpose: Option<String>,
    /// Whether it may include files outside the project, as its source or through links.
    pub follow: bool,
    /// Line of its table in the manifest, from 1.
    pub line: usize,
}

/// When a slot is extracted and how long it is kept; the names are those of PSPF/2025.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lifecycle {
    /// Removed once the environment is set up.
    Init,
    Startup,
    Runtime,
    Shutdown,
    Cache,
    Temporary,
    /// Extracted when first requested.
    Lazy,
    /// Extracted before the program starts.
    #[default]
    Eager,
    Dev,
    Config,
    Platform,
}

impl Lifecycle {
    /// Every name with its meaning; `cached` and `volatile` are older spellings.
    const WORDS: [(&'static str, Self); 13] = [
        ("eager", Self::Eager),
        ("lazy", Self::Lazy),
        ("temporary", Self::Temporary),
        ("init", Self::Init),
        ("startup", Self::Startup),
        ("runtime", Self::Runtime),
        ("shutdown", Self::Shutdown),
        ("cache", Self::Cache),
        ("dev", Self::Dev),
        ("config", Self::Config),
        ("platform", Self::Platform),
        ("cached", Self::Cache),
        ("volatile", Self::Temporary),
    ];

    /// The name in a package's metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Startup => "startup",
            Self::Runtime => "runtime",
            Self::Shutdown => "shutdown",
            Self::Cache => "cache",
            Self::Temporary => "temporary",
            Self::Lazy => "lazy",
            Self::Eager => "eager",
            Self::Dev => "dev",
            Self::Config => "config",
            Self::Platform => "platform",
        }
    }
}

/// Reads `[[tool.flavor.slots]]` or `[[tool.flavor.slots.entries]]`.
pub(super) fn parse_all(slots: &Item<'_>, is_python: bool) -> Result<Vec<Slot>, Error> {
    let entries = if slots.value.is_table() {
        let mut table = slots.table()?;
        let entries = table
            .get("entries")
            .map(|entries| entries.list("an array of tables"))
            .transpose()?;
        table.finish();
        entries.unwrap_or_default()
    } else {
        slots.list("an array of tables")?
    };
    let mut parsed: Vec<Slot> = Vec::with_capacity(entries.len());
    for entry in &entries {
        let (name_item, slot) = parse(entry.table()?)?;
        if is_python && PYTHON_SLOTS.contains(&slot.name.as_str()) {
            return Err(Error::ReservedSlot {
                at: name_item.at(),
                name: slot.name,
            });
        }
        if let Some(first) = parsed.iter().find(|earlier| earlier.name == slot.name) {
            return Err(Error::DuplicateSlot {
                at: name_item.at(),
                name: slot.name,
                first: first.line,
            });
        }
        parsed.push(slot);
    }
    Ok(parsed)
}

fn parse(mut table: Table<'_>) -> Result<(Item<'_>, Slot), Error> {
    let name_item = match (table.get("name"), table.get("id")) {
        (Some(name), Some(id)) if name.text()? != id.text()? => {
            let (id_text, name_text) = (id.text()?.to_string(), name.text()?.to_string());
            return Err(Error::IdAndName {
                at: id.at(),
                id: id_text,
                name: name_text,
            });
        }
        (Some(item), _) | (None, Some(item)) => item,
        (None, None) => {
            return Err(Error::Missing {
                at: table.at(),
                name: "name",
            });
        }
    };
    let slot = Slot {
        name: name::checked(&name_item, "slot name")?,
        source: source(&table.need("source")?)?,
        operations: table
            .get("operations")
            .map(|item| operation::parse(&item))
            .transpose()?,
        target: table.get("target").map(|item| target(&item)).transpose()?,
        lifecycle: table
            .get("lifecycle")
            .map(|item| lifecycle(&item))
            .transpose()?
            .unwrap_or_default(),
        permissions: table
            .get("permissions")
            .map(|item| permissions(&item))
            .transpose()?,
        purpose: table
            .get("purpose")
            .map(|item| purpose(&item))
            .transpose()?,
        follow: table.flag("follow")?.unwrap_or_default(),
        line: table.at().line,
    };
    table.finish();
    Ok((name_item, slot))
}

fn source(item: &Item<'_>) -> Result<PathBuf, Error> {
    let text = item.filled()?;
    if text.contains('\0') {
        Err(item.bad("a path", "a NUL character"))
    } else {
        Ok(PathBuf::from(text))
    }
}

/// Reduces a target to a relative path without `.`, doubled or trailing slashes.
fn target(item: &Item<'_>) -> Result<String, Error> {
    let text = item.text()?;
    let outside = || Error::TargetOutside {
        at: item.at(),
        target: text.to_string(),
    };
    let relative = match text.strip_prefix("{workenv}") {
        Some("") => "",
        Some(rest) => rest.strip_prefix('/').ok_or_else(outside)?,
        None => text,
    };
    if let Some((_, rest)) = relative.split_once('{') {
        let placeholder = rest
            .split_once('}')
            .map_or(format!("{{{rest}"), |(name, _)| format!("{{{name}}}"));
        return Err(Error::TargetPlaceholder {
            at: item.at(),
            placeholder,
        });
    }
    // A backslash or a drive letter would mean something else on another system.
    if relative.starts_with('/')
        || relative.contains(['\\', ':'])
        || relative.chars().any(char::is_control)
    {
        return Err(outside());
    }
    let parts: Vec<&str> = relative
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.contains(&"..") {
        return Err(outside());
    }
    if parts
        .first()
        .is_some_and(|first| first.eq_ignore_ascii_case(".flavor"))
    {
        return Err(Error::TargetReserved {
            at: item.at(),
            target: text.to_string(),
        });
    }
    let target = parts.join("/");
    let is_sound = target.is_empty() || is_target(&format!("{WORKENV}/{target}"));
    if is_sound { Ok(target) } else { Err(outside()) }
}

fn lifecycle(item: &Item<'_>) -> Result<Lifecycle, Error> {
    let text = item.text()?;
    let words = || Lifecycle::WORDS.iter().map(|(word, _)| *word);
    Lifecycle::WORDS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text))
        .map(|(_, lifecycle)| *lifecycle)
        .ok_or_else(|| Error::UnknownWord {
            at: item.at(),
            what: "lifecycle",
            word: text.to_string(),
            suggestion: closest(text, words()).map(str::to_string),
            known: words().map(str::to_string).collect(),
        })
}

fn permissions(item: &Item<'_>) -> Result<u32, Error> {
    const EXPECTED: &str = "octal permissions such as \"0755\" or 0o755";
    let mode = if let Some(text) = item.value.as_str() {
        let digits = text.strip_prefix("0o").unwrap_or(text);
        // from_str_radix would accept a sign.
        let octal = !digits.is_empty() && digits.chars().all(|c| c.is_digit(8));
        u32::from_str_radix(digits, 8)
            .ok()
            .filter(|_| octal)
            .ok_or_else(|| item.bad(EXPECTED, text))?
    } else {
        let number = item
            .value
            .as_integer()
            .ok_or_else(|| item.wrong("octal permissions in a string"))?;
        // Decimal 755 is certainly a mistake.
        if number.radix() != 8 {
            return Err(item.bad(EXPECTED, number));
        }
        u32::try_from(item.number()?).map_err(|_| item.bad(EXPECTED, number))?
    };
    if mode > 0o777 {
        Err(Error::SpecialPermissions {
            at: item.at(),
            mode,
        })
    } else {
        Ok(mode)
    }
}

fn purpose(item: &Item<'_>) -> Result<String, Error> {
    let text = item.filled()?;
    if !PURPOSES.contains(&text) {
        let suggestion = closest(text, PURPOSES).map(str::to_string);
        item.source.warn(Warning::UnknownPurpose {
            at: item.at(),
            purpose: text.to_string(),
            suggestion,
        });
    }
    Ok(text.to_string())
}
