//! The user's settings: `config.toml` in the settings directory, and the precedence of everything
//! that can be set in more than one place.

mod error;
mod limits;
#[cfg(feature = "cli")]
mod settings;
#[cfg(feature = "cli")]
mod source;
#[cfg(all(test, feature = "cli"))]
mod tests;

pub use error::ConfigError;
#[cfg(feature = "cli")]
pub use error::Syntax;
pub use limits::CacheLimits;
#[cfg(feature = "cli")]
pub use settings::{Config, KNOWN_KEYS};
#[cfg(feature = "cli")]
pub use source::{Environment, Origin, Sourced, Sources, process_environment};
