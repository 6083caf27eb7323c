//! Files and directories: errors that carry their path, deterministic walks, atomic publication, locks.
//!
//! Knows nothing of packages.

mod error;

pub use error::{Error, IoContext, Result};
