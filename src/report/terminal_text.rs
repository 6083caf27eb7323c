use std::borrow::Cow;
#[cfg(feature = "cli")]
use std::os::unix::ffi::OsStrExt;
#[cfg(feature = "cli")]
use std::path::Path;

/// Text from a package or a file name, safe to print: control characters, and those that reorder a
/// line, are escaped.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().saturating_add(8));
    for c in text.chars() {
        if is_unsafe(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// A path, safe to print; bytes that are not UTF-8 are written as `\xff`.
#[cfg(feature = "cli")]
pub fn printable_path(path: &Path) -> Cow<'_, str> {
    if let Some(text) = path.to_str() {
        return printable(text);
    }
    let mut out = String::new();
    for part in path.as_os_str().as_bytes().utf8_chunks() {
        out.push_str(&printable(part.valid()));
        out.extend(part.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    Cow::Owned(out)
}

/// Equivalent JSON without characters that a terminal interprets, except line ends.
pub fn printable_json(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c != '\n' && is_unsafe(c);
    if !text.chars().any(harmful) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| {
        if harmful(c) {
            format!("\\u{:04x}", u32::from(c))
        } else {
            c.to_string()
        }
    };
    Cow::Owned(text.chars().map(escaped).collect())
}

fn is_unsafe(c: char) -> bool {
    // C0 and C1, then the Unicode bidirectional controls.
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_its_meaning() {
        let text = "{\n\"a\u{9b}\u{202e}\": 1\n}";
        assert_eq!(printable_json(text), "{\n\"a\\u009b\\u202e\": 1\n}");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(read(&printable_json(text)), read(text));
    }

    #[cfg(feature = "cli")]
    #[test]
    fn names_that_are_not_text_are_told_apart() {
        use std::ffi::OsStr;
        let shown = |name: &[u8]| printable_path(Path::new(OsStr::from_bytes(name))).into_owned();
        assert_eq!(shown(b"a\xff\n\xfe.txt"), "a\\xff\\u{a}\\xfe.txt");
        assert_eq!(shown("ünï".as_bytes()), "ünï");
    }

    #[test]
    fn escapes_never_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
        assert!(matches!(printable("plain ✓"), Cow::Borrowed(_)));
    }
}
