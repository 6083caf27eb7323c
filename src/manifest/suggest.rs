//! "Did you mean": the known word nearest to a mistyped one.

use std::borrow::Cow;

/// The candidate that `word` is most likely a misspelling of, or `None` if all are too different.
///
/// Ignores case, `-` and `_`. A third of the word may be wrong, at least one letter; of two equally
/// near candidates the first wins.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = fold(word);
    let limit = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        // Damerau-Levenshtein distance: a letter added, removed or replaced, or two neighbours
        // swapped.
        .map(|candidate| (strsim::osa_distance(&word, &fold(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The hint with that candidate.
pub fn did_you_mean(near: &str) -> Cow<'static, str> {
    format!("did you mean `{near}`?").into()
}

fn fold(word: &str) -> String {
    word.chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c == '-' { '_' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODECS: [&str; 4] = ["tar", "gzip", "xz", "zstd"];

    #[test]
    fn near_words_are_found() {
        assert_eq!(closest("zsdt", CODECS), Some("zstd"));
        assert_eq!(closest("GZIP", CODECS), Some("gzip"));
        assert_eq!(
            closest("entry-pont", ["package_name", "entry_point"]),
            Some("entry_point")
        );
    }

    #[test]
    fn far_words_are_not() {
        assert_eq!(closest("brotli", CODECS), None);
        assert_eq!(closest("", CODECS), None);
        assert_eq!(closest("a", ["b"]), None);
    }
}
