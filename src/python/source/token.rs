//! Splits Python into logical lines of tokens.

/// A token of a logical line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) kind: Kind<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A name, a keyword or a number.
    Word(&'a str),
    /// A string literal; with the text between its quotes if that is its value.
    Text(Option<&'a str>),
    /// Any other character.
    Mark(char),
}

/// Splits a source into tokens.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text: text.strip_prefix('\u{feff}').unwrap_or(text),
            at: 0,
            line: 1,
        }
    }

    /// Puts the tokens of the next logical line into `line`, and returns the width of its
    /// indentation.
    pub(super) fn logical_line(&mut self, line: &mut Vec<Token<'a>>) -> Option<usize> {
        line.clear();
        let mut depth = 0_usize;
        let mut indent = 0;
        while let Some(next) = self.byte(0) {
            match next {
                b' ' if line.is_empty() => (indent, self.at) = (indent + 1, self.at + 1),
                b'\t' if line.is_empty() => (indent, self.at) = ((indent / 8 + 1) * 8, self.at + 1),
                b' ' | b'\t' | b'\x0c' => self.at += 1,
                b'\r' | b'\n' => {
                    self.line_end();
                    if depth == 0 && !line.is_empty() {
                        return Some(indent);
                    }
                    if line.is_empty() {
                        indent = 0;
                    }
                }
                b'\\' if matches!(self.byte(1), Some(b'\r' | b'\n')) => {
                    self.at += 1;
                    self.line_end();
                }
                b'#' => self.at += self.rest().find(['\r', '\n']).unwrap_or(self.rest().len()),
                _ => {
                    let token = self.token();
                    match token.kind {
                        Kind::Mark('(' | '[' | '{') => depth += 1,
                        Kind::Mark(')' | ']' | '}') => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    line.push(token);
                }
            }
        }
        (!line.is_empty()).then_some(indent)
    }

    fn token(&mut self) -> Token<'a> {
        let line = self.line;
        let rest = self.rest();
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let kind = match rest.find(|c| !is_word(c)).unwrap_or(rest.len()) {
            0 if rest.starts_with(['"', '\'']) => Kind::Text(self.text("")),
            0 => {
                let mark = rest.chars().next().unwrap_or_default();
                self.at += mark.len_utf8();
                Kind::Mark(mark)
            }
            end => {
                let (word, after) = rest.split_at(end);
                self.at += end;
                let is_prefix = word.len() <= 2 && word.chars().all(|c| "rbuftRBUFT".contains(c));
                if is_prefix && after.starts_with(['"', '\'']) {
                    Kind::Text(self.text(word))
                } else {
                    Kind::Word(word)
                }
            }
        };
        Token { line, kind }
    }

    /// Skips a string literal, whose prefix has been read.
    fn text(&mut self, prefix: &str) -> Option<&'a str> {
        let has = |letters: [char; 2]| prefix.contains(letters);
        let quote = self.byte(0).unwrap_or_default();
        let whole = if self.byte(1) == Some(quote) && self.byte(2) == Some(quote) {
            3
        } else {
            1
        };
        self.at += whole;
        let is_filled = has(['f', 'F']) || has(['t', 'T']);
        let begin = self.at;
        let mut is_plain = !is_filled && !has(['b', 'B']);
        while let Some(next) = self.byte(0) {
            match next {
                b'\\' => {
                    is_plain &= has(['r', 'R']);
                    self.at += 1;
                    match self.byte(0) {
                        Some(b'\r' | b'\n') => self.line_end(),
                        Some(_) => self.at += 1,
                        None => {}
                    }
                }
                b'\r' | b'\n' if whole == 1 => return None,
                b'\r' | b'\n' => self.line_end(),
                b'{' if is_filled && self.byte(1) == Some(b'{') => self.at += 2,
                b'{' if is_filled => self.field(quote, whole),
                next if next == quote
                    && (whole == 1 || self.rest().as_bytes().starts_with(&[quote; 3])) =>
                {
                    let value = self.text.get(begin..self.at);
                    self.at += whole;
                    return value.filter(|_| is_plain);
                }
                _ => self.at += 1,
            }
        }
        None
    }

    /// Skips a replacement field. Since Python 3.12 literals in it may use the quotes of the
    /// enclosing literal; before that such a quote ends the enclosing literal, so it is not a
    /// field. What follows its `:` is not an expression.
    fn field(&mut self, quote: u8, whole: usize) {
        let (begin, line) = (self.at, self.line);
        self.at += 1;
        let mut depth = 1_usize;
        while let Some(next) = self.byte(0) {
            match next {
                b'{' | b'[' | b'(' => (depth, self.at) = (depth + 1, self.at + 1),
                b'}' | b']' | b')' => {
                    (depth, self.at) = (depth - 1, self.at + 1);
                    if depth == 0 {
                        return;
                    }
                }
                b':' if depth == 1 && self.byte(1) != Some(b'=') => {
                    self.format(quote, whole);
                    return;
                }
                b'\r' | b'\n' => self.line_end(),
                b'"' | b'\'' => drop(self.text("")),
                _ => self.at += 1,
            }
        }
        // It is not terminated: the brace is an ordinary character.
        (self.at, self.line) = (begin + 1, line);
    }

    /// Skips the format specifier after the `:` of a replacement field.
    fn format(&mut self, quote: u8, whole: usize) {
        while let Some(next) = self.byte(0) {
            match next {
                b'{' => self.field(quote, whole),
                b'}' => {
                    self.at += 1;
                    return;
                }
                b'\r' | b'\n' if whole == 1 => return,
                b'\r' | b'\n' => self.line_end(),
                next if next == quote && whole == 1 => return,
                _ => self.at += 1,
            }
        }
    }

    fn line_end(&mut self) {
        self.at += if self.rest().starts_with("\r\n") {
            2
        } else {
            1
        };
        self.line += 1;
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }
}
