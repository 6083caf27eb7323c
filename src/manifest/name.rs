use super::error::Error;
use super::table::Item;

pub use crate::format::{MAX_NAME, is_name};

pub(super) fn checked(item: &Item<'_>, what: &'static str) -> Result<String, Error> {
    let name = item.text()?;
    if is_name(name) {
        Ok(name.to_string())
    } else {
        Err(Error::BadName {
            at: item.at(),
            what,
            name: name.to_string(),
        })
    }
}

/// Letters with diacritics, and their transliterations.
const LATIN: &[(&str, &str)] = &[
    ("àáâãäåāăą", "a"),
    ("æ", "ae"),
    ("çćĉċč", "c"),
    ("ďđð", "d"),
    ("èéêëēĕėęě", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįı", "i"),
    ("ĵ", "j"),
    ("ķ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŋ", "n"),
    ("òóôõöøōŏő", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšș", "s"),
    ("ß", "ss"),
    ("ţťŧț", "t"),
    ("þ", "th"),
    ("ùúûüũūŭůűų", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
];

/// A valid package name that resembles a text; `app` for a text in another script, which cannot be
/// transliterated.
pub fn made_of(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        let lower = c.to_lowercase().next().unwrap_or(c);
        match LATIN.iter().find(|(letters, _)| letters.contains(lower)) {
            _ if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') => name.push(c),
            Some((_, plain)) if lower == c => name.push_str(plain),
            Some((_, plain)) => name.push_str(&plain.to_ascii_uppercase()),
            // Combining marks.
            None if matches!(c, '\u{300}'..='\u{36f}') => {}
            None if c.is_alphabetic() => return "app".into(),
            None => name.push('-'),
        }
    }
    name.truncate(MAX_NAME);
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if name.is_empty() {
        "app".into()
    } else {
        name.into()
    }
}

/// Normalises names of projects, extras and groups as in PEP 503: lower case, runs of `-_.` become
/// one `-`.
pub fn normalized(name: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_what_letters_there_are() {
        for (text, name) in [
            ("ünï", "uni"),
            ("u\u{308}ni", "uni"),
            ("Größe 2", "Grosse-2"),
            ("Ærø", "AEro"),
            (".hidden", "hidden"),
            ("привет_v2", "app"),
            ("!!", "app"),
        ] {
            assert_eq!(made_of(text), name, "{text}");
        }
        assert_eq!(made_of(&"ß".repeat(200)).len(), MAX_NAME);
    }
}
