//! The user's settings: `config.toml` in the settings directory.
//!
//! The parser is our own and small, because the launcher contains it. It supports a subset of TOML
//! with TOML's meaning.

mod error;
mod reader;
mod settings;
#[cfg(feature = "cli")]
mod source;
#[cfg(all(test, feature = "cli"))]
mod tests;

pub use error::{ConfigError, Fault, Unread};
#[cfg(feature = "cli")]
pub use settings::KNOWN_KEYS;
pub use settings::{CacheLimits, Config};
#[cfg(feature = "cli")]
pub use source::{Environment, Origin, Sourced, Sources, process_environment};
