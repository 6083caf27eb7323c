//! The user's settings: `config.toml` in the settings directory.
//!
//! The one reader of that file. The launcher carries it, so it understands what the file needs and not all of TOML:
//! tables, and keys with a string, a number or a boolean on one line. Everything else is passed over.

use std::env;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::code::Code;
use crate::fs::{self, IoContext, config_dir};
use crate::report::Bytes;

const FILE: &str = "config.toml";
/// Overrides `cache.max-size`.
const MAX_SIZE_VARIABLE: &str = "FLAVOR_CACHE_MAX_SIZE";

/// Every key that means something.
#[cfg(feature = "cli")]
pub const KNOWN_KEYS: [&str; 2] = ["cache.max-size", "cache.retain"];

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{origin}: `{key}` must be {expected}: {value}")]
    BadValue { origin: String, key: String, expected: &'static str, value: String },
    #[error(transparent)]
    Io(#[from] fs::Error),
}

impl ConfigError {
    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            Self::BadValue { .. } => Code::BAD_SETTING,
            Self::Io(error) => error.code(),
        }
    }
}

/// The settings file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    path: PathBuf,
    values: Vec<Value>,
}

#[derive(Clone, Debug)]
struct Value {
    /// With the names of its tables, dotted.
    key: String,
    text: String,
    line: usize,
}

/// `[cache]`: how much may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// Bytes that extracted packages may take, and as many those of the build cache; `None` for any number.
    pub max_size: Option<u64>,
    /// Versions of one signer's package that are kept.
    pub retain: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { max_size: Some(10 << 30), retain: 2 }
    }
}

impl Config {
    /// Reads the user's settings; without a file there are none.
    pub fn read() -> Result<Self, ConfigError> {
        let Some(path) = config_dir().map(|directory| directory.join(FILE)) else { return Ok(Self::default()) };
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&text, path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).on("read", &path).map_err(Into::into),
        }
    }

    /// The settings in a text; `path` serves the messages.
    pub fn parse(text: &str, path: PathBuf) -> Self {
        Self { values: parse(text), path }
    }

    /// A value by its dotted key: text without its quotes, anything else as it is written.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|value| value.key == key).map(|value| value.text.as_str())
    }

    /// `[cache]`, and the variables that override it.
    pub fn cache_limits(&self) -> Result<CacheLimits, ConfigError> {
        const SIZE: &str = "a size such as \"20GB\", or \"none\"";
        let mut limits = CacheLimits::default();
        let size = |text: &str| if text == "none" { Some(None) } else { Bytes::parse(text).map(|size| Some(size.0)) };
        if let Some(text) = env::var_os(MAX_SIZE_VARIABLE).filter(|text| !text.is_empty()) {
            let text = text.to_string_lossy();
            let (key, origin) = (MAX_SIZE_VARIABLE, "the environment".into());
            limits.max_size = size(&text).ok_or_else(|| bad(origin, key, SIZE, &text))?;
        } else if let Some(text) = self.get("cache.max-size") {
            limits.max_size = size(text).ok_or_else(|| self.bad("cache.max-size", SIZE))?;
        }
        if let Some(text) = self.get("cache.retain") {
            let number = text.parse().ok().filter(|number| *number > 0);
            limits.retain = number.ok_or_else(|| self.bad("cache.retain", "a number from 1"))?;
        }
        Ok(limits)
    }

    /// The line of a key, counted from 1.
    #[cfg(feature = "cli")]
    pub fn line(&self, key: &str) -> Option<usize> {
        self.values.iter().find(|value| value.key == key).map(|value| value.line)
    }

    /// Every key of the file with its line.
    #[cfg(feature = "cli")]
    pub fn keys(&self) -> impl Iterator<Item = (&str, usize)> {
        self.values.iter().map(|value| (value.key.as_str(), value.line))
    }

    fn bad(&self, key: &str, expected: &'static str) -> ConfigError {
        let value = self.values.iter().find(|value| value.key == key);
        let (line, text) = value.map(|value| (value.line, value.text.as_str())).unwrap_or_default();
        bad(format!("{}:{line}", self.path.display()), key, expected, text)
    }

    /// Where the settings are read from, if there are any.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn bad(origin: String, key: &str, expected: &'static str, value: &str) -> ConfigError {
    ConfigError::BadValue { origin, key: key.into(), expected, value: value.into() }
}

fn parse(text: &str) -> Vec<Value> {
    let mut table = String::new();
    let mut values = Vec::new();
    for (line, text) in (1..).zip(text.lines().map(uncommented)) {
        if let Some(name) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            table = format!("{}.", name.trim());
        } else if let Some((key, value)) = text.split_once('=') {
            let key = format!("{table}{}", key.trim().replace('_', "-"));
            values.push(Value { key, text: unquoted(value.trim()).into(), line });
        }
    }
    values
}

/// A line without its comment and the blanks around.
fn uncommented(line: &str) -> &str {
    let mut quote = None;
    for (at, one) in line.char_indices() {
        match (quote, one) {
            (None, '#') => return line.get(..at).unwrap_or(line).trim(),
            (None, '"' | '\'') => quote = Some(one),
            (Some(open), one) if open == one => quote = None,
            _ => {}
        }
    }
    line.trim()
}

fn unquoted(value: &str) -> &str {
    let inside = |quote| value.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse(text, "config.toml".into())
    }

    #[test]
    fn keys_are_dotted_and_values_bare() {
        let config = config("top = 1 # one\n[cache]\nmax_size = \"2#0GB\"\n[other.table]\nx = 'y'\n");
        assert_eq!(config.get("top"), Some("1"));
        assert_eq!(config.get("cache.max-size"), Some("2#0GB"));
        assert_eq!(config.get("other.table.x"), Some("y"));
    }

    #[test]
    fn limits_have_defaults_and_refuse_nonsense() {
        assert_eq!(config("").cache_limits().expect("defaults"), CacheLimits::default());
        let limits = config("[cache]\nmax-size = \"none\"\nretain = 1\n").cache_limits().expect("limits");
        assert_eq!(limits, CacheLimits { max_size: None, retain: 1 });
        let error = config("\n[cache]\nmax-size = \"much\"\n").cache_limits().expect_err("nonsense");
        assert_eq!(
            error.to_string(),
            "config.toml:3: `cache.max-size` must be a size such as \"20GB\", or \"none\": much"
        );
    }
}
