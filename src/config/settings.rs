use std::env;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::error::Unread;
use super::reader::{self, Entry, Item};
#[cfg(feature = "cli")]
use super::source::{Environment, Sourced, Sources};
use crate::fs::{IoContext, config_dir};
use crate::report::Bytes;

const FILE: &str = "config.toml";
/// Overrides `cache.max-size`.
const MAX_SIZE_VARIABLE: &str = "FLAVOR_CACHE_MAX_SIZE";

const MAX_SIZE: &str = "cache.max-size";
const RETAIN: &str = "cache.retain";

/// Every known key.
#[cfg(feature = "cli")]
pub const KNOWN_KEYS: [&str; 2] = [MAX_SIZE, RETAIN];

/// The settings file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    path: PathBuf,
    entries: Vec<Entry>,
}

/// `[cache]`: limits of the caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// The maximum size of extracted packages in bytes, and likewise of the build cache; `None` for
    /// no limit.
    pub max_size: Option<u64>,
    /// The number of versions kept of one signer's package.
    pub retain: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self {
            max_size: Some(10 << 30),
            retain: 2,
        }
    }
}

impl Config {
    /// Reads the user's settings. A missing file has no settings.
    pub fn read() -> Result<Self, ConfigError> {
        let Some(path) = config_dir().map(|directory| directory.join(FILE)) else {
            return Ok(Self::default());
        };
        match std::fs::read(&path) {
            Ok(text) => Self::parse(&text, path),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                Ok(Self::default())
            }
            Err(error) => Err(error).on("read", &path).map_err(Into::into),
        }
    }

    /// Parses settings; `path` is for messages.
    pub fn parse(text: &[u8], path: PathBuf) -> Result<Self, ConfigError> {
        match reader::read(text) {
            Ok(entries) => Ok(Self { path, entries }),
            Err((line, fault)) => Err(ConfigError::NotRead(Unread { path, line, fault })),
        }
    }

    /// `[cache]`, and the variables that override it.
    pub fn cache_limits(&self) -> Result<CacheLimits, ConfigError> {
        const SIZE: &str = "a size such as \"20GB\", or \"none\"";
        let mut limits = CacheLimits::default();
        let size = |text: &str| {
            if text == "none" {
                Some(None)
            } else {
                Bytes::parse(text).map(|size| Some(size.0))
            }
        };
        if let Some(text) = env::var_os(MAX_SIZE_VARIABLE).filter(|text| !text.is_empty()) {
            let text = text.to_string_lossy();
            let (key, origin) = (MAX_SIZE_VARIABLE, "the environment".into());
            limits.max_size = size(&text).ok_or_else(|| bad(origin, key, SIZE, &text))?;
        } else if let Some(entry) = self.get(MAX_SIZE) {
            limits.max_size = match &entry.item {
                Item::Text(text) => size(text),
                Item::Integer(number) => u64::try_from(*number).ok().map(Some),
                _ => None,
            }
            .ok_or_else(|| self.bad(entry, SIZE))?;
        }
        if let Some(entry) = self.get(RETAIN) {
            let number = match entry.item {
                Item::Integer(number) => usize::try_from(number).ok().filter(|number| *number > 0),
                _ => None,
            };
            limits.retain = number.ok_or_else(|| self.bad(entry, "a positive integer"))?;
        }
        Ok(limits)
    }

    /// The maximum size of the caches with its origin.
    #[cfg(feature = "cli")]
    pub fn max_size(&self, environment: Environment) -> Result<Sourced<Option<u64>>, ConfigError> {
        let size = self.cache_limits()?.max_size;
        let variable = environment(MAX_SIZE_VARIABLE).map(|_| size);
        let line = self.line(MAX_SIZE);
        Ok(Sources::default()
            .variable(MAX_SIZE_VARIABLE, variable)
            .file(&self.path, line.unwrap_or(0), line.map(|_| size))
            .or(size))
    }

    /// The number of versions kept of one signer's package, with its origin.
    #[cfg(feature = "cli")]
    pub fn retain(&self) -> Result<Sourced<usize>, ConfigError> {
        let retain = self.cache_limits()?.retain;
        let line = self.line(RETAIN);
        Ok(Sources::default()
            .file(&self.path, line.unwrap_or(0), line.map(|_| retain))
            .or(retain))
    }

    fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The line of a key, counted from 1.
    #[cfg(feature = "cli")]
    pub fn line(&self, key: &str) -> Option<usize> {
        self.get(key).map(|entry| entry.line)
    }

    /// Every key of the file with its line, without tables.
    #[cfg(feature = "cli")]
    pub fn keys(&self) -> impl Iterator<Item = (&str, usize)> {
        let keys = self
            .entries
            .iter()
            .filter(|entry| !matches!(entry.item, Item::Table(_)));
        keys.map(|entry| (entry.key.as_str(), entry.line))
    }

    fn bad(&self, entry: &Entry, expected: &'static str) -> ConfigError {
        bad(
            format!("{}:{}", self.path.display(), entry.line),
            &entry.key,
            expected,
            &entry.item.to_string(),
        )
    }

    /// The path of the settings, if there are any.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn bad(origin: String, key: &str, expected: &'static str, value: &str) -> ConfigError {
    ConfigError::BadValue {
        origin,
        key: key.into(),
        expected,
        value: value.into(),
    }
}

/// The value as written in the file.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Table(_) => f.write_str("a table"),
        }
    }
}
