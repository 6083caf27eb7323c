//! The user's settings: `config.toml` in the settings directory.
//!
//! The one reader of that file. The launcher carries it, so it is our own and small; what it takes means what TOML says.

mod error;
mod reader;
mod settings;
#[cfg(all(test, feature = "cli"))]
mod tests;

pub use error::{ConfigError, Fault, Unread};
#[cfg(feature = "cli")]
pub use settings::KNOWN_KEYS;
pub use settings::{CacheLimits, Config};
