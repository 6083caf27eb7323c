use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::error::{Result, unusable};
use crate::fs::IoContext as _;

/// Reads and parses a lock file.
pub(super) fn read_table(file: &Path) -> Result<Table> {
    let text = fs::read_to_string(file).on("read", file)?;
    text.parse()
        .map_err(|error: toml::de::Error| unusable(file, error.message()))
}

/// The tables in an array.
pub(super) fn tables<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a Table> {
    table
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_table)
}

/// The strings in an array.
pub(super) fn texts<'a>(table: &'a Table, key: &str) -> impl Iterator<Item = &'a str> {
    table
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

pub(super) fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}
