//! "Did you mean": the known word nearest to a mistyped one.

/// The candidate that `word` most likely stands for, or none when all are too far away.
///
/// Case, `-` and `_` do not count. A third of the word may be wrong, at least one letter; of two equally near
/// candidates the first wins.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = fold(word);
    let limit = (word.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &fold(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn fold(word: &str) -> Vec<char> {
    word.chars().flat_map(char::to_lowercase).map(|c| if c == '-' { '_' } else { c }).collect()
}

/// Edits between two words: a letter added, lost or changed, or two neighbours swapped (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODECS: [&str; 4] = ["tar", "gzip", "xz", "zstd"];

    #[test]
    fn a_swap_counts_as_one_edit() {
        assert_eq!(distance(&fold("zsdt"), &fold("zstd")), 1);
        assert_eq!(distance(&fold(""), &fold("tar")), 3);
        assert_eq!(distance(&fold("kitten"), &fold("sitting")), 3);
    }

    #[test]
    fn near_words_are_found() {
        assert_eq!(closest("zsdt", CODECS), Some("zstd"));
        assert_eq!(closest("GZIP", CODECS), Some("gzip"));
        assert_eq!(closest("entry-pont", ["package_name", "entry_point"]), Some("entry_point"));
    }

    #[test]
    fn far_words_are_not() {
        assert_eq!(closest("brotli", CODECS), None);
        assert_eq!(closest("", CODECS), None);
        assert_eq!(closest("a", ["b"]), None);
    }
}
