use std::path::Path;

use toml::{Table, Value};

use super::error::{Result, unusable};
use crate::pyproject;

/// Reads and parses a lock file.
pub(super) fn read_table(file: &Path) -> Result<Table> {
    pyproject::read(file).map_err(|error| match error {
        pyproject::Error::Read(error) => error.into(),
        pyproject::Error::Syntax(error) => unusable(file, error.message()),
    })
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
