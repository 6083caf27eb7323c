use std::borrow::Cow;

/// Text from a package or a file name, safe to print: control characters and those that reorder a line are escaped.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().saturating_add(8));
    for one in text.chars() {
        if is_unsafe(one) {
            out.extend(one.escape_unicode());
        } else {
            out.push(one);
        }
    }
    Cow::Owned(out)
}

fn is_unsafe(one: char) -> bool {
    // C0 and C1, then the Unicode bidirectional controls.
    one.is_control()
        || matches!(one, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_never_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
        assert!(matches!(printable("plain ✓"), Cow::Borrowed(_)));
    }
}
