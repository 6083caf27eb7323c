//! The documentation of the codes: one Markdown file each, in `codes/`.

use super::{AREAS, Code};

/// The documentation of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub code: Code,
    /// The problem, in a few words.
    pub title: &'static str,
    pub cause: &'static str,
    pub remedy: &'static str,
    /// The error as printed.
    pub example: &'static str,
}

impl Entry {
    /// `None` if a part of the page is missing.
    fn parse(code: Code, page: &'static str) -> Option<Self> {
        let (title, rest) = page.strip_prefix("# ")?.split_once("\n\n")?;
        let (cause, rest) = rest.split_once("\n\n## What to do\n\n")?;
        let (remedy, rest) = rest.split_once("\n\n## Example\n\n```text\n")?;
        let example = rest.strip_suffix("\n```\n")?;
        Some(Self {
            code,
            title,
            cause,
            remedy,
            example,
        })
    }
}

/// The codes that begin with the same two digits.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    pub title: &'static str,
    pub(super) pages: &'static [(Code, &'static str)],
}

impl Area {
    /// Its codes, in the order of their numbers.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + use<> {
        self.pages
            .iter()
            .map(|(code, page)| Entry::parse(*code, page).expect("a page with all parts"))
    }
}

/// All codes.
pub fn entries() -> impl Iterator<Item = Entry> {
    AREAS.iter().flat_map(Area::entries)
}

/// The code in text that the user typed or pasted from a message: `error[FLV0207]: …`, `FLV0207:`.
pub fn within(text: &str) -> &str {
    let bracketed = text
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    bracketed
        .map_or(text, |(code, _)| code)
        .trim()
        .trim_end_matches(':')
}

/// The entry of a code as the user writes it: `FLV0207`, `flv207`, `0207`, `error[FLV0207]`.
pub fn find(text: &str) -> Option<Entry> {
    let text = within(text).to_ascii_uppercase();
    let digits = text.strip_prefix("FLV").unwrap_or(&text);
    let number: u16 = digits
        .parse()
        .ok()
        .filter(|_| digits.len() <= 4 && !digits.starts_with('+'))?;
    entries().find(|entry| entry.code == Code(number))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_codes_are_in_order_and_every_area_has_its_numbers() {
        let all: Vec<Entry> = entries().collect();
        assert!(all.is_sorted_by(|entry, next| entry.code < next.code));
        for (number, area) in (1..).zip(AREAS) {
            assert!(
                area.entries().all(|entry| entry.code.0 / 100 == number),
                "{}",
                area.title
            );
        }
    }

    #[test]
    fn every_page_is_that_of_a_code() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnostics/codes");
        let pages: BTreeSet<String> = directory
            .read_dir()
            .expect("the pages")
            .map(|page| page.expect("a page").file_name().to_string_lossy().into())
            .collect();
        let codes: BTreeSet<String> = entries()
            .map(|entry| format!("{}.md", entry.code))
            .collect();
        assert_eq!(pages, codes);
    }

    #[test]
    fn an_example_shows_its_code() {
        for entry in entries() {
            assert!(
                entry.example.contains(&format!("[{}]: ", entry.code)),
                "{}",
                entry.code
            );
        }
    }

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for text in [
            "FLV0201",
            "flv0201",
            "0201",
            "201",
            " FLV201 ",
            "error[FLV0201]: no",
            "warning[flv201]",
            "FLV0201:",
        ] {
            assert_eq!(
                find(text).map(|entry| entry.code),
                Some(Code::NO_MANIFEST),
                "{text}"
            );
        }
        for text in ["", "FLV", "FLV9999", "FLV00201", "201x", "[]", "+201"] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
