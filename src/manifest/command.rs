use super::error::Error;
use super::placeholder;
use super::table::Item;

/// Splits a command line into words: blanks separate, single and double quotes group.
///
/// A backslash is an ordinary character and nothing is expanded, so that `{workenv}` and Windows
/// paths survive. `None` for an unterminated quote.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            Some(_) | None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// Reads `command`, an array of words or one line. The first word, the program, is never empty.
pub(super) fn parse(item: &Item<'_>) -> Result<Vec<String>, Error> {
    let words = match item.value.as_str() {
        Some(line) => split(line).ok_or_else(|| Error::OpenQuote {
            at: item.at(),
            command: line.to_string(),
        })?,
        None => item
            .list("an array of strings or one string")?
            .iter()
            .map(|word| word.text().map(str::to_string))
            .collect::<Result<_, _>>()?,
    };
    if words
        .first()
        .is_none_or(|program| program.trim().is_empty())
    {
        return Err(item.bad("a program and its arguments", "nothing"));
    }
    for word in &words {
        placeholder::check(item, word);
    }
    if words.iter().any(|word| word.contains('\0')) {
        return Err(item.bad("an argument without NUL characters", "a NUL character"));
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_separate_and_quotes_group() {
        let words = |line| split(line).expect("closed quotes");
        assert_eq!(words(" a  b\tc "), ["a", "b", "c"]);
        assert_eq!(
            words(r#""{workenv}/my bin" 'a "b"' x"y z"w"#),
            ["{workenv}/my bin", "a \"b\"", "xy zw"]
        );
        assert_eq!(words(r"e\ f '' $HOME *"), ["e\\", "f", "", "$HOME", "*"]);
        assert!(words("  ").is_empty());
    }

    #[test]
    fn an_open_quote_is_no_command() {
        assert_eq!(split("run 'it"), None);
    }
}
