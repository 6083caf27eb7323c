//! The TOML files of projects, as tables. What a manifest means is checked by
//! [`manifest`](crate::manifest), which reports its errors with their positions.

use std::path::Path;

use toml::Table;

use crate::fs::{self, IoContext as _};

/// The file name of a manifest.
pub const MANIFEST: &str = "pyproject.toml";

/// Why a file has no table.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Read(#[from] fs::Error),
    #[error(transparent)]
    Syntax(#[from] toml::de::Error),
}

/// Reads and parses a TOML file.
///
/// # Errors
/// The file cannot be read, or is not valid TOML.
pub fn read(path: &Path) -> Result<Table, Error> {
    Ok(std::fs::read_to_string(path).on("read", path)?.parse()?)
}

/// The `pyproject.toml` of a directory, if it exists and is valid.
pub fn of(directory: &Path) -> Option<Table> {
    read(&directory.join(MANIFEST)).ok()
}
