use std::path::PathBuf;

#[cfg(feature = "cli")]
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
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
impl Diagnostic for ConfigError {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::BadValue { .. } => Code::BAD_SETTING.into(),
            Self::Syntax(_) => Code::BAD_SETTINGS_FILE
                .with_hint("correct the line, as in `max-size = \"20GB\"` below `[cache]`"),
            Self::NotUtf8 { .. } => Code::BAD_SETTINGS_FILE.with_hint("save the file as UTF-8"),
            Self::Io(error) => error.diagnosis(),
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
