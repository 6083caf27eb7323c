//! The codes of errors and warnings: `FLV` and four digits, of which the first two name the area.
//!
//! `flavor explain` and `docs/errors.md` are generated from this table. A code never changes its meaning, and the number of a
//! removed code is not reused. The launcher contains the numbers only.

use std::fmt;

/// Defines a constant for each code, and the table of an area.
macro_rules! codes {
    ($($name:ident = $number:literal { title: $title:literal, cause: $cause:literal, remedy: $remedy:literal, example: $example:literal, })*) => {
        impl $crate::diagnostics::Code {
            $(#[doc = $title] pub const $name: Self = Self($number);)*
        }

        #[cfg(feature = "cli")]
        pub(super) const TABLE: &[$crate::diagnostics::Entry] = &[$($crate::diagnostics::Entry {
            code: $crate::diagnostics::Code::$name,
            title: $title,
            cause: $cause,
            remedy: $remedy,
            example: $example,
        }),*];
    };
}

mod cache;
mod files;
mod integrity;
mod keys;
mod manifest;
mod slots;
mod sources;
mod trust;
mod usage;

/// Identifies a kind of error; stable across versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FLV{:04}", self.0)
    }
}

/// The documentation of a code.
#[cfg(feature = "cli")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub code: Code,
    /// The problem, in a few words.
    pub title: &'static str,
    pub cause: &'static str,
    pub remedy: &'static str,
    /// The error as printed.
    pub example: &'static str,
}

/// The codes that begin with the same two digits.
#[cfg(feature = "cli")]
#[derive(Clone, Copy, Debug)]
pub struct Area {
    pub title: &'static str,
    pub entries: &'static [Entry],
}

/// The whole table, in the order of the numbers.
#[cfg(feature = "cli")]
pub const AREAS: &[Area] = &[
    Area {
        title: "Usage and settings",
        entries: usage::TABLE,
    },
    Area {
        title: "The manifest",
        entries: manifest::TABLE,
    },
    Area {
        title: "Interpreters, dependencies and the build of the project",
        entries: sources::TABLE,
    },
    Area {
        title: "Slots and the build",
        entries: slots::TABLE,
    },
    Area {
        title: "Keys and signatures",
        entries: keys::TABLE,
    },
    Area {
        title: "Damaged packages",
        entries: integrity::TABLE,
    },
    Area {
        title: "Trust and policies",
        entries: trust::TABLE,
    },
    Area {
        title: "The cache and starting a package",
        entries: cache::TABLE,
    },
    Area {
        title: "Input and output",
        entries: files::TABLE,
    },
];

/// All codes.
#[cfg(feature = "cli")]
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    AREAS.iter().flat_map(|area| area.entries)
}

/// The code in text that the user typed or pasted from a message: `error[FLV0207]: …`, `FLV0207:`.
#[cfg(feature = "cli")]
pub fn within(text: &str) -> &str {
    let bracketed = text
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    bracketed
        .map_or(text, |(code, _)| code)
        .trim()
        .trim_end_matches(':')
}

/// The entry of a code as the user writes it: `FLV0207`, `flv207`, `0207`, `error[FLV0207]`.
#[cfg(feature = "cli")]
pub fn find(text: &str) -> Option<&'static Entry> {
    let text = within(text).to_ascii_uppercase();
    let digits = text.strip_prefix("FLV").unwrap_or(&text);
    let number: u16 = digits
        .parse()
        .ok()
        .filter(|_| digits.len() <= 4 && !digits.starts_with('+'))?;
    entries().find(|entry| entry.code == Code(number))
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_every_area_has_its_numbers() {
        assert!(
            entries()
                .zip(entries().skip(1))
                .all(|(one, next)| one.code < next.code)
        );
        for (number, area) in (1..).zip(AREAS) {
            assert!(
                area.entries
                    .iter()
                    .all(|entry| entry.code.0 / 100 == number),
                "{}",
                area.title
            );
        }
    }

    #[test]
    fn an_example_shows_its_code() {
        for entry in entries() {
            assert!(
                entry.example.contains(&format!("[{}]: ", entry.code)),
                "{}",
                entry.code
            );
        }
    }

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for text in [
            "FLV0201",
            "flv0201",
            "0201",
            "201",
            " FLV201 ",
            "error[FLV0201]: no",
            "warning[flv201]",
            "FLV0201:",
        ] {
            assert_eq!(
                find(text).map(|entry| entry.code),
                Some(Code::NO_MANIFEST),
                "{text}"
            );
        }
        for text in ["", "FLV", "FLV9999", "FLV00201", "201x", "[]", "+201"] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
