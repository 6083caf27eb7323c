use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::error::Syntax;
use super::limits::{CacheLimits, LIMITS, MAX_SIZE_VARIABLE, SETTINGS, SIZE, max_size, size};
use super::source::{Environment, Sourced, Sources};
use crate::fs::{IoContext, config_dir, own_config_dir, replace_file};
use crate::report::SourceText;

const MAX_SIZE: &str = "cache.max-size";
const RETAIN: &str = "cache.retain";

/// Every known key.
pub const KNOWN_KEYS: [&str; 2] = [MAX_SIZE, RETAIN];

/// The settings file.
#[derive(Clone, Debug, Default)]
pub struct Config {
    path: PathBuf,
    entries: Vec<Entry>,
}

/// A key with a value that is not a table.
#[derive(Clone, Debug)]
struct Entry {
    /// With the names of the tables, separated by dots.
    key: String,
    /// Counted from 1.
    line: usize,
    value: Item,
    /// The value as written, for messages.
    written: String,
}

/// The kinds of values that settings have.
#[derive(Clone, Debug)]
enum Item {
    Text(String),
    Integer(i64),
    Other,
}

impl Item {
    fn of(value: &DeValue) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Self::Other, Self::Integer),
            _ => Self::Other,
        }
    }
}

impl Config {
    /// Reads the user's settings, and leaves the limits of the caches for the launchers. A missing
    /// file has no settings.
    ///
    /// # Errors
    /// The file cannot be read, or is not TOML.
    pub fn read() -> Result<Self, ConfigError> {
        let Some(path) = config_dir().map(|directory| directory.join(SETTINGS)) else {
            return Ok(Self::default());
        };
        let config = match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, path)?,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(Self::default());
            }
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Err(ConfigError::NotUtf8 { path });
            }
            Err(error) => return Err(error).on("read", &path).map_err(Into::into),
        };
        config.leave_limits();
        Ok(config)
    }

    /// Parses settings; `path` is for messages.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn parse(text: &str, path: PathBuf) -> Result<Self, ConfigError> {
        // Editors of other systems put a byte order mark before the text.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let source = SourceText::from(text);
        let document = match DeTable::parse(text) {
            Ok(document) => document,
            Err(error) => {
                let at = source.position(error.span().map_or(usize::MAX, |span| span.start));
                return Err(ConfigError::Syntax(Syntax {
                    path,
                    at,
                    message: error.message().replace('\n', ", "),
                    excerpt: source.excerpt(at),
                }));
            }
        };
        let mut entries = Vec::new();
        list("", document.get_ref(), source, &mut entries);
        Ok(Self { path, entries })
    }

    /// `[cache]`, and the variables that override it.
    ///
    /// # Errors
    /// A value is not valid.
    pub fn cache_limits(&self) -> Result<CacheLimits, ConfigError> {
        self.limits()?.overridden()
    }

    /// `[cache]`.
    fn limits(&self) -> Result<CacheLimits, ConfigError> {
        let mut limits = CacheLimits::default();
        if let Some(entry) = self.get(MAX_SIZE) {
            limits.max_size = match &entry.value {
                Item::Text(text) => size(text).ok(),
                Item::Integer(number) => u64::try_from(*number).ok().map(Some),
                Item::Other => None,
            }
            .ok_or_else(|| self.bad(entry, SIZE))?;
        }
        if let Some(entry) = self.get(RETAIN) {
            let number = match entry.value {
                Item::Integer(number) => usize::try_from(number).ok().filter(|number| *number > 0),
                _ => None,
            };
            limits.retain = number.ok_or_else(|| self.bad(entry, "a positive integer"))?;
        }
        Ok(limits)
    }

    /// Leaves the limits for the launchers. Without them a launcher removes nothing, so a failure is
    /// only logged.
    fn leave_limits(&self) {
        let Ok(limits) = self.limits() else { return };
        let is_own = own_config_dir().as_deref() == self.path.parent();
        let path = self.path.with_file_name(LIMITS);
        let modified = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
        let text = serde_json::to_vec(&limits).unwrap_or_default();
        let is_current = modified(&path) >= modified(&self.path)
            && std::fs::read(&path).is_ok_and(|there| there == text);
        if is_own
            && !is_current
            && let Err(error) = replace_file(&path, &text)
        {
            tracing::info!(%error, "packages do not learn the limits of the cache");
        }
    }

    /// The maximum size of the caches with its origin.
    ///
    /// # Errors
    /// A value is not valid.
    pub fn max_size(&self, environment: Environment) -> Result<Sourced<Option<u64>>, ConfigError> {
        let limit = self.limits()?.max_size;
        let variable = environment(MAX_SIZE_VARIABLE);
        let variable = variable.map(|text| max_size(&text)).transpose()?;
        let line = self.line(MAX_SIZE);
        Ok(Sources::default()
            .variable(MAX_SIZE_VARIABLE, variable)
            .file(&self.path, line.unwrap_or(0), line.map(|_| limit))
            .or(limit))
    }

    /// The number of versions kept of one signer's package, with its origin.
    ///
    /// # Errors
    /// A value is not valid.
    pub fn retain(&self) -> Result<Sourced<usize>, ConfigError> {
        let retain = self.limits()?.retain;
        let line = self.line(RETAIN);
        Ok(Sources::default()
            .file(&self.path, line.unwrap_or(0), line.map(|_| retain))
            .or(retain))
    }

    fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The line of a key, counted from 1.
    fn line(&self, key: &str) -> Option<usize> {
        self.get(key).map(|entry| entry.line)
    }

    /// Every key of the file with its line, without tables.
    pub fn keys(&self) -> impl Iterator<Item = (&str, usize)> {
        let entries = self.entries.iter();
        entries.map(|entry| (entry.key.as_str(), entry.line))
    }

    fn bad(&self, entry: &Entry, expected: &'static str) -> ConfigError {
        ConfigError::BadValue {
            origin: format!("{}:{}", self.path.display(), entry.line),
            key: entry.key.clone(),
            expected,
            value: entry.written.clone(),
        }
    }

    /// The path of the settings, if there are any.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Lists the keys of a table below `prefix`, with those of its tables.
fn list(prefix: &str, table: &DeTable, source: SourceText, entries: &mut Vec<Entry>) {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        let is_known = KNOWN_KEYS.contains(&key.as_str());
        match value.get_ref() {
            DeValue::Table(inner) if !is_known => {
                list(&format!("{key}."), inner, source, entries);
            }
            item => entries.push(Entry {
                key,
                line: source.position(name.span().start).line,
                value: Item::of(item),
                written: match item {
                    DeValue::Table(_) => "a table".into(),
                    _ => source.text.get(value.span()).unwrap_or_default().into(),
                },
            }),
        }
    }
}
