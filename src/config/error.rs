use std::path::PathBuf;

#[cfg(feature = "cli")]
use crate::diagnostics::Code;
use crate::fs;
#[cfg(feature = "cli")]
use crate::report::Position;

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
    #[cfg(feature = "cli")]
    #[error("cannot read the settings")]
    Syntax(#[source] Syntax),
    #[error("`{}` is not UTF-8", path.display())]
    NotUtf8 { path: PathBuf },
    #[error(transparent)]
    Io(#[from] fs::Error),
}

#[cfg(feature = "cli")]
impl ConfigError {
    /// The error code.
    pub fn code(&self) -> Code {
        match self {
            Self::BadValue { .. } => Code::BAD_SETTING,
            Self::Syntax(_) | Self::NotUtf8 { .. } => Code::BAD_SETTINGS_FILE,
            Self::Io(error) => error.code(),
        }
    }

    /// The remedy, for the user.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax(_) => {
                Some("correct the line, as in `max-size = \"20GB\"` below `[cache]`".into())
            }
            Self::NotUtf8 { .. } => Some("save the file as UTF-8".into()),
            Self::Io(error) => error.hint(),
            Self::BadValue { .. } => None,
        }
    }
}

/// The first thing in the settings that is not TOML.
#[cfg(feature = "cli")]
#[derive(Debug, thiserror::Error)]
#[error("{}:{}:{}: {message}\n{excerpt}", path.display(), at.line, at.column)]
pub struct Syntax {
    pub path: PathBuf,
    pub at: Position,
    /// The TOML parser's.
    pub message: String,
    /// The line with a caret under the position.
    pub excerpt: String,
}
