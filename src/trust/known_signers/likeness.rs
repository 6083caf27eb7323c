//! Names that people confuse with each other.

/// Letters of other scripts that look like Latin ones: of the confusables of Unicode Technical
/// Standard 39, those whose counterpart can occur in a package name.
const LOOK_LIKE: &[(&str, char)] = &[
    ("аɑα", 'a'),
    ("ЬƄ", 'b'),
    ("сϲⅽ", 'c'),
    ("ԁⅾ", 'd'),
    ("еҽ℮", 'e'),
    ("ẝք", 'f'),
    ("ɡց", 'g'),
    ("һհ", 'h'),
    ("іıɩιӏΙІӀⅠⅼ∣❘ǀ", 'l'),
    ("јϳ", 'j'),
    ("κк", 'k'),
    ("ոռ", 'n'),
    ("оοσօ೦૦๐໐०০੦୦௦౦൦", 'o'),
    ("рρ⍴ϱ", 'p'),
    ("ԛզ", 'q'),
    ("гᴦ", 'r'),
    ("ѕꜱ", 's'),
    ("τт", 't'),
    ("υս", 'u'),
    ("νѵ", 'v'),
    ("ѡԝա", 'w'),
    ("х×", 'x'),
    ("уγү", 'y'),
    ("ᴢ", 'z'),
];

/// Reduces a name to what a reader notices: case, separators and the differences between similar
/// characters are removed. Names with the same result are treated as one name.
pub(super) fn likeness(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        // Full-width forms have the order of ASCII.
        let c = match c {
            '\u{ff01}'..='\u{ff5e}' => {
                u8::try_from(u32::from(c).saturating_sub(0xfee0)).map_or(c, char::from)
            }
            _ => c,
        };
        match c {
            '-' | '_' | '.' | ' ' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {
                if !out.ends_with('-') {
                    out.push('-');
                }
            }
            // Invisible characters, and combining marks, which only change the letter before them.
            '\u{300}'..='\u{36f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'..='\u{2064}'
            | '\u{feff}'
            | '\u{ad}' => {}
            _ => out.extend(c.to_lowercase().map(plain)),
        }
    }
    // Two letters that look like one.
    out.replace("rn", "m").replace("vv", "w").replace("cl", "d")
}

/// The representative of all characters that look alike.
fn plain(c: char) -> char {
    match c {
        'i' | '1' | '|' | '!' => 'l',
        '0' => 'o',
        '5' | '$' => 's',
        c if c.is_ascii() => c,
        c => LOOK_LIKE
            .iter()
            .find(|(letters, _)| letters.contains(c))
            .map_or(c, |(_, like)| *like),
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_have_one_likeness() {
        for (left, right) in [
            ("tool", "Tool"),
            ("tool", "t00l"),
            ("tool", "tooI"),
            ("tool", "tοοl"),
            ("paypal", "раураl"),
            ("my-tool", "My_.Tool"),
            ("modern", "modem"),
            ("ｔｏｏｌ", "tool"),
            ("to\u{200b}ol", "tool"),
            ("tóol", "tool"),
        ] {
            let likeness_of = |name: &str| likeness(&name.replace('ó', "o\u{301}"));
            assert_eq!(likeness_of(left), likeness_of(right), "{left} {right}");
        }
        for (left, right) in [
            ("tool", "tools"),
            ("black", "block"),
            ("a-b", "ab"),
            ("x2", "x3"),
        ] {
            assert_ne!(likeness(left), likeness(right), "{left} {right}");
        }
    }
}
