use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::script::{block_line, is_script};

/// The line, counted from 1, of a key in a TOML file; or of one of its items, if `value` is given
/// and found. `None` if the file or the key does not exist.
pub fn line_of(path: &Path, keys: &[&str], value: Option<&str>) -> Option<usize> {
    // In a script's block, the keys of `[project]` are at the top level.
    let is_script = path.extension().is_none_or(|ending| ending != "toml") && is_script(path);
    let (first_line, text, keys) = if is_script {
        let (first_line, text) = block_line(path)?;
        (
            first_line,
            text,
            keys.strip_prefix(&["project"]).unwrap_or(keys),
        )
    } else {
        (1, std::fs::read_to_string(path).ok()?, keys)
    };
    let document = DeTable::parse(&text).ok()?;
    let (last, tables) = keys.split_last()?;
    let mut table = document.get_ref();
    for key in tables {
        table = table.get(*key)?.get_ref().as_table()?;
    }
    let (key, found) = table.iter().find(|(key, _)| key.get_ref() == *last)?;
    let item = match found.get_ref() {
        DeValue::Array(items) => items.iter().find(|item| item.get_ref().as_str() == value),
        _ => None,
    };
    let offset = item.map_or(key.span().start, |item| item.span().start);
    Some(
        text.get(..offset)?
            .split('\n')
            .count()
            .saturating_add(first_line)
            .saturating_sub(1),
    )
}
