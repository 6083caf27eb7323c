use std::path::PathBuf;

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::fs;

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{origin}: `{key}` must be {expected}: {value}")]
    BadValue {
        origin: String,
        key: String,
        expected: &'static str,
        value: String,
    },
    #[error("cannot read the settings")]
    NotRead(#[source] Unread),
    #[error(transparent)]
    Io(#[from] fs::Error),
}

impl Diagnostic for ConfigError {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::BadValue { .. } => Code::BAD_SETTING.into(),
            Self::NotRead(unread) => Code::BAD_SETTINGS_FILE.with_hint(unread.fault.remedy()),
            Self::Io(error) => error.diagnosis(),
        }
    }
}

/// A line that cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {fault}", path.display())]
pub struct Unread {
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    pub fault: Fault,
}

/// The syntax error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("bytes that are not UTF-8")]
    NotUtf8,
    #[error("a control character")]
    Control,
    #[error("`{0}` is not a valid key")]
    BadKey(String),
    #[error("expected `=` after `{0}`")]
    NoEquals(String),
    #[error("`{0}` has no value")]
    NoValue(String),
    #[error("`{0}` is not a quoted string, a number, `true` or `false`")]
    NotAValue(String),
    #[error("the number `{0}` needs more than 64 bits")]
    TooLarge(String),
    #[error("expected `]` after `[{0}`")]
    OpenHeader(String),
    #[error("unterminated string: expected `{0}`")]
    OpenText(char),
    #[error("expected `,` or `}}` after a value in `{{ … }}`")]
    OpenInline,
    #[error("`\\{0}` is not a valid escape sequence")]
    BadEscape(String),
    #[error("unexpected `{0}` after the value")]
    More(String),
    #[error("`{key}` is defined twice, first in line {first}")]
    Twice { key: String, first: usize },
    /// Valid TOML, but unsupported in settings.
    #[error("{} is not supported here", .0.what())]
    Unsupported(Unsupported),
}

/// Features of TOML that settings do not support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    MultiLine,
    Array,
    Tables,
    Fraction,
    Base,
    Date,
    Depth,
}

impl Unsupported {
    fn what(self) -> &'static str {
        match self {
            Self::MultiLine => "a multi-line string",
            Self::Array => "an array",
            Self::Tables => "an array of tables",
            Self::Fraction => "a floating-point number",
            Self::Base => "a number that is not decimal",
            Self::Date => "a date or time",
            Self::Depth => "a key in so many nested tables",
        }
    }
}

impl Fault {
    /// The supported alternative.
    fn remedy(&self) -> String {
        match self {
            Self::NotUtf8 => "save the file as UTF-8".into(),
            Self::Control => "remove it, or write it as `\\u0007` in a double-quoted string".into(),
            Self::BadKey(_) => {
                "a key has letters, digits, `-` and `_`; any other needs quotes".into()
            }
            Self::NoEquals(key) => {
                format!("write `{key} = VALUE`; a table is `[{key}]`, a comment begins with `#`")
            }
            Self::NoValue(key) => format!("write `{key} = VALUE`, or remove the line"),
            Self::NotAValue(word) => format!("put a string in quotes: `\"{word}\"`"),
            Self::TooLarge(_) => "write a smaller number".into(),
            Self::OpenHeader(key) => format!("write `[{key}]`"),
            Self::OpenText(quote) => format!("end it with `{quote}` in the same line"),
            Self::OpenInline => "write `{ one = 1, two = 2 }`".into(),
            Self::BadEscape(_) => {
                "write a backslash as `\\\\`, or use a single-quoted string".into()
            }
            Self::More(_) => "write one key per line; a comment begins with `#`".into(),
            Self::Twice { .. } => "remove one of them".into(),
            Self::Unsupported(what) => match what {
                Unsupported::MultiLine => "write it in one line, with `\\n` for each line break",
                Unsupported::Array | Unsupported::Tables => "no setting takes one: remove it",
                Unsupported::Fraction => "write an integer, or a string in quotes",
                Unsupported::Base => "write it in decimal",
                Unsupported::Date => "put it in quotes",
                Unsupported::Depth => "no setting is nested so deep: remove it",
            }
            .into(),
        }
    }
}
