//! The order of versions.

use std::cmp::Ordering;

/// Compares two versions by PEP 440: numbers by value, `dev` before `a` before `b` before `rc`
/// before the release before `post`. Versions that do not follow PEP 440 are compared by their
/// numbers and words.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (parts(left), parts(right));
    let longest = left.len().max(right.len());
    (0..longest)
        .map(|at| {
            left.get(at)
                .unwrap_or(&VersionPart::END)
                .cmp(right.get(at).unwrap_or(&VersionPart::END))
        })
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Rank, number, word.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct VersionPart(u8, u128, String);

impl VersionPart {
    /// Sorts after the last part: after a pre-release, before a further number.
    const END: Self = Self(3, 0, String::new());
}

fn parts(version: &str) -> Vec<VersionPart> {
    let version = version
        .trim()
        .trim_start_matches(['v', 'V'])
        .to_ascii_lowercase();
    // An epoch takes precedence.
    let (epoch, rest) = version.split_once('!').unwrap_or(("0", &version));
    let mut parts = vec![VersionPart(4, number(epoch), String::new())];
    for word in words(rest) {
        if !word.starts_with(|first: char| first.is_ascii_digit()) {
            drop_zeros(&mut parts);
        }
        parts.push(match &*word {
            "dev" => VersionPart(0, 0, String::new()),
            "a" | "alpha" => VersionPart(1, 0, "a".into()),
            "b" | "beta" => VersionPart(1, 0, "b".into()),
            "c" | "rc" | "pre" | "preview" => VersionPart(1, 0, "c".into()),
            "post" | "rev" | "r" => VersionPart(4, 0, "post".into()),
            word if word.bytes().all(|byte| byte.is_ascii_digit()) => {
                VersionPart(4, number(word).saturating_add(1), String::new())
            }
            word => VersionPart(2, 0, word.into()),
        });
    }
    drop_zeros(&mut parts);
    parts
}

/// 1.0 equals 1, and 1.0a1 equals 1a1. The first part is the epoch.
fn drop_zeros(parts: &mut Vec<VersionPart>) {
    while parts.len() > 1
        && parts
            .last()
            .is_some_and(|part| *part == VersionPart(4, 1, String::new()))
    {
        parts.pop();
    }
}

fn number(text: &str) -> u128 {
    text.parse().unwrap_or(u128::MAX)
}

/// Splits into runs of digits and runs of letters.
fn words(version: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = None;
    for character in version.chars() {
        let kind = if character.is_ascii_digit() {
            Some(true)
        } else {
            character.is_alphabetic().then_some(false)
        };
        match (kind, words.last_mut()) {
            (Some(_), Some(word)) if kind == last => word.push(character),
            (Some(_), _) => words.push(character.into()),
            (None, _) => {}
        }
        last = kind;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_the_order_of_pep_440() {
        let sorted = [
            "1.0.dev1",
            "1.0a1",
            "1.0a2",
            "1.0b1",
            "1.0rc1",
            "1.0",
            "1.0.post1",
            "1.0.1",
            "1.1.dev1",
            "1.1",
            "1.9",
            "1.10",
            "2.0",
            "1!0.5",
        ];
        for pair in sorted.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        for (left, right) in [
            ("1", "1.0"),
            ("v1.2", "1.2.0"),
            ("1.0RC1", "1.0-rc.1"),
            ("1.0alpha1", "1.0a1"),
        ] {
            assert_eq!(compare(left, right), Ordering::Equal, "{left} {right}");
        }
    }
}
