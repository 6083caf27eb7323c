//! A line of a source text with a caret under a position, as in compiler errors.

use super::redact;

/// A position in a file, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    /// In characters.
    pub column: usize,
}

/// A text of which an excerpt can be shown.
#[derive(Clone, Copy, Debug)]
pub struct SourceText<'a> {
    pub text: &'a str,
    /// The line of the file with the first line of the text.
    pub first_line: usize,
    /// The prefix of each line of the text in the file.
    pub margin: &'static str,
}

impl<'a> From<&'a str> for SourceText<'a> {
    /// A whole file.
    fn from(text: &'a str) -> Self {
        Self {
            text,
            first_line: 1,
            margin: "",
        }
    }
}

impl SourceText<'_> {
    /// The position of a byte of the text; the end for an offset outside.
    pub fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let lines = before.split('\n');
        let last = lines.clone().next_back().unwrap_or_default();
        Position {
            line: lines
                .count()
                .saturating_add(self.first_line)
                .saturating_sub(1),
            column: last
                .chars()
                .count()
                .saturating_add(self.margin.len())
                .saturating_add(1),
        }
    }

    /// The line of the position, with its number and a caret, without credentials.
    pub fn excerpt(&self, at: Position) -> String {
        let mut lines = self.text.split('\n');
        let line = lines
            .nth(at.line.saturating_sub(self.first_line))
            .unwrap_or_default();
        let line = format!("{}{line}", self.margin);
        // Tabs are shown as one blank, so that the caret is under its character.
        let line = shown(&line.trim_end().replace('\t', " "));
        let indent = " ".repeat(at.column.saturating_sub(1));
        let number = at.line.to_string();
        let gutter = " ".repeat(number.len());
        format!("{gutter} |\n{number} | {line}\n{gutter} | {indent}^")
    }
}

/// Text from a file for messages: without credentials, control characters escaped.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in redact(text).chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}
