//! The limits of the caches.
//!
//! Users set them in `config.toml`, which only `flavor` reads: a TOML parser would increase the
//! size of every package. `flavor` writes the limits that it reads there to a JSON file beside it,
//! for the launchers.

use std::env;
use std::ffi::OsStr;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::fs::config_dir;
use crate::report::Bytes;

/// The user's settings, in the settings directory.
pub(super) const SETTINGS: &str = "config.toml";
/// `[cache]` of the settings as `flavor` last read them.
pub(super) const LIMITS: &str = "cache-limits.json";
/// Overrides `cache.max-size`.
pub(super) const MAX_SIZE_VARIABLE: &str = "FLAVOR_CACHE_MAX_SIZE";
/// The values of [`MAX_SIZE_VARIABLE`] and of `cache.max-size`.
pub(super) const SIZE: &str = "a size such as \"20GB\", or \"none\"";

/// `[cache]`: limits of the caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

impl CacheLimits {
    /// The limits for a launcher. `None` while they are not known: the settings changed after
    /// `flavor` last read them, or cannot be read. Nothing may be removed then, because the user
    /// may have meant other limits.
    pub fn of_launcher() -> Option<Self> {
        let limits = match config_dir() {
            Some(directory) => Self::left_in(&directory)?,
            None => Self::default(),
        };
        limits.overridden().ok()
    }

    /// The limits that [`super::Config::read`] left in a settings directory; the defaults if there
    /// are no settings.
    fn left_in(directory: &Path) -> Option<Self> {
        let modified = |name: &str| directory.join(name).metadata().ok()?.modified().ok();
        let Some(changed) = modified(SETTINGS) else {
            return Some(Self::default());
        };
        modified(LIMITS).filter(|read| *read >= changed)?;
        serde_json::from_slice(&std::fs::read(directory.join(LIMITS)).ok()?).ok()
    }

    /// With the values of the environment.
    pub(super) fn overridden(self) -> Result<Self, ConfigError> {
        match env::var_os(MAX_SIZE_VARIABLE).filter(|text| !text.is_empty()) {
            Some(text) => Ok(Self {
                max_size: max_size(&text)?,
                ..self
            }),
            None => Ok(self),
        }
    }
}

/// A value of [`MAX_SIZE_VARIABLE`].
pub(super) fn max_size(text: &OsStr) -> Result<Option<u64>, ConfigError> {
    let text = text.to_string_lossy();
    size(&text).map_err(|NotASize| ConfigError::BadValue {
        origin: "the environment".into(),
        key: MAX_SIZE_VARIABLE.into(),
        expected: SIZE,
        value: text.into_owned(),
    })
}

/// See [`SIZE`].
pub(super) fn size(text: &str) -> Result<Option<u64>, NotASize> {
    if text == "none" {
        return Ok(None);
    }
    let size = Bytes::parse(text).ok_or(NotASize)?;
    Ok(Some(size.0))
}

/// The text is not a size as [`SIZE`] describes it.
pub(super) struct NotASize;
