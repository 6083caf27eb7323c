//! Explains which input of a step changed.

use std::path::Path;

use super::inputs::{Input, InputOrigin, Inputs};
use crate::manifest::line_of;

/// The maximum number of changed files or list items that are listed.
const SHOWN: usize = 10;

/// The differences between the previous and the current inputs, one per line.
pub(super) fn differences(old: &Inputs, new: &Inputs, manifest: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for input in new.iter() {
        match old.get(&input.name) {
            Some(before) if before.values == input.values => {}
            before => lines.extend(difference(before, input, manifest)),
        }
    }
    let gone = old.iter().filter(|input| new.get(&input.name).is_none());
    lines.extend(gone.map(|input| format!("{}: {} → none", input.name, shown(&input.values))));
    lines
}

fn difference(before: Option<&Input>, input: &Input, manifest: &Path) -> Vec<String> {
    let none = Vec::new();
    let old = before.map_or(&none, |before| &before.values);
    if !input.changes.is_empty() {
        let mut lines: Vec<String> = input
            .changes
            .iter()
            .take(SHOWN)
            .map(|change| format!("{}: {change}", input.name))
            .collect();
        if input.changes.len() > SHOWN {
            lines.push(format!(
                "{}: and {} more",
                input.name,
                input.changes.len() - SHOWN
            ));
        }
        return lines;
    }
    let at = |value: Option<&str>| match &input.origin {
        Some(InputOrigin::Key(keys)) => match line_of(manifest, keys, value) {
            Some(line) => format!(" ({}:{line})", manifest.display()),
            None => format!(" ({})", manifest.display()),
        },
        Some(InputOrigin::Path(path)) => format!(" ({})", path.display()),
        None => String::new(),
    };
    if old.len() <= 1 && input.values.len() <= 1 {
        let value = input.values.first().map(String::as_str);
        return vec![format!(
            "{}: {} → {}{}",
            input.name,
            shown(old),
            shown(&input.values),
            at(value)
        )];
    }
    let added = input.values.iter().filter(|value| !old.contains(value));
    let removed = old.iter().filter(|value| !input.values.contains(value));
    let mut lines: Vec<String> = added
        .map(|value| format!("{}: + `{}`{}", input.name, short(value), at(Some(value))))
        .chain(removed.map(|value| format!("{}: - `{}`{}", input.name, short(value), at(None))))
        .collect();
    if lines.is_empty() {
        lines.push(format!("{}: in another order{}", input.name, at(None)));
    }
    if lines.len() > SHOWN {
        let more = lines.len() - SHOWN;
        lines.truncate(SHOWN);
        lines.push(format!("{}: and {more} more", input.name));
    }
    lines
}

fn shown(values: &[String]) -> String {
    match values {
        [] => "none".into(),
        values => values
            .iter()
            .map(|value| format!("`{}`", short(value)))
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// Digests are abbreviated.
fn short(value: &str) -> &str {
    let is_digest = value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest { &value[..12] } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_the_value_and_its_line() {
        let scratch = tempfile::tempdir().expect("scratch");
        let manifest = scratch.path().join("pyproject.toml");
        std::fs::write(
            &manifest,
            "[project]\nname = \"a\"\ndependencies = [\n  \"click\",\n  \"rich\",\n]\n",
        )
        .expect("written");
        let with = |requirements: &[&str], level: &str| {
            let mut inputs = Inputs::default();
            inputs
                .add_list("requirements", requirements.iter().copied())
                .set_by(&["project", "dependencies"]);
            inputs.add("level", level);
            inputs
        };
        let (old, new) = (with(&["click"], "9"), with(&["click", "rich"], "12"));
        let place = manifest.display();
        assert_eq!(
            differences(&old, &new, &manifest),
            [
                format!("requirements: + `rich` ({place}:5)"),
                "level: `9` → `12`".to_owned()
            ]
        );
        assert!(differences(&new, &new, &manifest).is_empty());
    }

    #[test]
    fn many_changes_are_counted() {
        let mut old = Inputs::default();
        old.add("sources", "0".repeat(64));
        let mut new = Inputs::default();
        let changes: Vec<String> = (0..25)
            .map(|number| format!("{number}.py has changed"))
            .collect();
        new.add("sources", "1".repeat(64)).changed(&changes);
        let lines = differences(&old, &new, Path::new("pyproject.toml"));
        assert_eq!(lines.len(), SHOWN + 1);
        assert_eq!(
            lines.last().map(String::as_str),
            Some("sources: and 15 more")
        );
    }
}
