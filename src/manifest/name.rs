use super::error::Error;
use super::table::Item;

/// The longest name of a package, a slot or a script, in bytes: it becomes a file name with something appended.
pub const MAX_NAME: usize = 128;

/// Letters, digits, `.`, `-` and `_`, beginning with a letter or digit: never a path, never hidden, never an option.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= MAX_NAME
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

pub(super) fn checked(item: &Item<'_>, what: &'static str) -> Result<String, Error> {
    let name = item.text()?;
    if is_name(name) {
        Ok(name.to_string())
    } else {
        Err(Error::BadName { at: item.at(), what, name: name.to_string() })
    }
}

/// The nearest thing to the name of a package that a text holds; `app` if there is nothing.
pub fn made_of(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
    let name: String = text.chars().map(plain).take(MAX_NAME).collect();
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if name.is_empty() { "app".into() } else { name.into() }
}

/// The form in which Python compares names of projects, extras and groups: lower case, runs of `-_.` are one `-`.
pub(super) fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.push(c.to_ascii_lowercase());
        }
    }
    out
}
