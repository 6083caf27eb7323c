//! Annotations for GitHub Actions, which shows messages at the file and line they refer to.
//!
//! A workflow command may be on either output; ours are on stderr, because stdout is for data.

use std::env;
use std::io::Write;
use std::path::Path;

use flavor::diagnostics::Code;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Warning,
}

/// The target of an annotation.
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) column: Option<usize>,
}

/// Writes an annotation if flavor runs in a GitHub Actions workflow.
pub(crate) fn write(level: Level, place: &Place<'_>, code: Code, sentences: &[String]) {
    if env::var_os("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return;
    }
    let checkout = env::var_os("GITHUB_WORKSPACE");
    let line = text(
        level,
        place,
        checkout.as_deref().map(Path::new),
        code,
        &sentences.join("\n"),
    );
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// The workflow command. GitHub resolves a path relative to the checkout.
fn text(
    level: Level,
    place: &Place<'_>,
    checkout: Option<&Path>,
    code: Code,
    message: &str,
) -> String {
    let absolute = std::path::absolute(place.path).unwrap_or_else(|_| place.path.into());
    let path = checkout
        .and_then(|checkout| absolute.strip_prefix(checkout).ok())
        .unwrap_or(place.path);
    let word = match level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let column = place
        .column
        .map_or(String::new(), |column| format!(",col={column}"));
    let file = property(&path.display().to_string());
    format!(
        "::{word} file={file},line={}{column},title={code}::{}",
        place.line,
        data(message)
    )
}

/// Escapes characters that would end the line or begin an escape sequence.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Also escapes characters that would end the property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_or_a_message_ends_the_command_early() {
        let place = Place {
            path: Path::new("/checkout/a,b:c%/pyproject.toml"),
            line: 3,
            column: Some(7),
        };
        assert_eq!(
            text(
                Level::Error,
                &place,
                Some(Path::new("/checkout")),
                Code::UNKNOWN_WORD,
                "50 %\r\n::warning::x, y: z"
            ),
            "::error file=a%2Cb%3Ac%25/pyproject.toml,line=3,col=7,title=FLV0207::50 %25%0D%0A::warning::x, y: z"
        );
        let place = Place {
            path: Path::new("pyproject.toml"),
            line: 1,
            column: None,
        };
        assert_eq!(
            text(Level::Warning, &place, None, Code::UNKNOWN_KEY, "odd"),
            "::warning file=pyproject.toml,line=1,title=FLV0240::odd"
        );
    }
}
