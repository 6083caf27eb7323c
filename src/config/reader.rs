//! A parser for TOML 1.1 without the features in [`Unsupported`]. <https://toml.io/en/v1.1.0>

use super::error::{Fault, Unsupported};

/// The maximum depth of nested tables.
const MAX_DEPTH: usize = 16;

/// A key or a table, and its position.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Dotted, with the names of its tables. Quoted only where necessary, so that each key has one
    /// spelling.
    pub(super) key: String,
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) item: Item,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Text(String),
    Integer(i64),
    Boolean(bool),
    Table(Table),
}

/// How a table was defined, which determines what may be added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// Only as the parent of another; a header of its own may follow.
    Implied,
    Header,
    Dotted,
    Inline,
}

/// The line that cannot be parsed, and why.
pub(super) type Failure = (usize, Fault);

/// Every key and table of a text.
pub(super) fn read(text: &[u8]) -> Result<Vec<Entry>, Failure> {
    let text = str::from_utf8(text).map_err(|error| {
        let good = text.get(..error.valid_up_to()).unwrap_or_default();
        (good.split(|byte| *byte == b'\n').count(), Fault::NotUtf8)
    })?;
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        rest,
        line: 1,
        entries: Vec::new(),
    };
    match reader.document() {
        Ok(()) => Ok(reader.entries),
        Err(fault) => Err((reader.line, fault)),
    }
}

/// Where a table is defined.
#[derive(Clone, Default)]
struct Place {
    key: String,
    depth: usize,
}

impl Place {
    fn join(&self, name: &str) -> Result<Self, Fault> {
        if self.depth == MAX_DEPTH {
            return Err(Fault::Unsupported(Unsupported::Depth));
        }
        let dot = if self.depth == 0 { "" } else { "." };
        Ok(Self {
            key: format!("{}{dot}{}", self.key, spelled(name)),
            depth: self.depth.saturating_add(1),
        })
    }
}

/// A name as a part of a dotted key.
fn spelled(name: &str) -> String {
    if !name.is_empty() && name.chars().all(is_bare) {
        return name.into();
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn is_bare(one: char) -> bool {
    one.is_ascii_alphanumeric() || one == '-' || one == '_'
}

fn is_control(one: char) -> bool {
    one.is_ascii_control() && one != '\t'
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    entries: Vec<Entry>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<(), Fault> {
        let mut table = Place::default();
        loop {
            self.blanks();
            match self.peek() {
                None => return Ok(()),
                Some('#' | '\r' | '\n') => {}
                Some('[') => table = self.header()?,
                Some(_) => self.pair(&table)?,
            }
            self.blanks();
            self.comment()?;
            if !self.line_end() && self.peek().is_some() {
                return Err(Fault::More(self.word().into()));
            }
        }
    }

    /// `[a.b]`
    fn header(&mut self) -> Result<Place, Fault> {
        self.eat("[");
        if self.eat("[") {
            return Err(Fault::Unsupported(Unsupported::Tables));
        }
        let (way, name) = self.key()?;
        let mut place = Place::default();
        for name in way {
            place = place.join(&name)?;
            match self.find(&place) {
                None => self.add(&place, Item::Table(Table::Implied)),
                Some(Entry {
                    item: Item::Table(Table::Implied | Table::Header | Table::Dotted),
                    ..
                }) => {}
                Some(first) => return Err(twice(first)),
            }
        }
        place = place.join(&name)?;
        if !self.eat("]") {
            return Err(Fault::OpenHeader(place.key));
        }
        match self.find(&place) {
            None => {}
            Some(Entry {
                item: Item::Table(Table::Implied),
                ..
            }) => self.entries.retain(|one| one.key != place.key),
            Some(first) => return Err(twice(first)),
        }
        self.add(&place, Item::Table(Table::Header));
        Ok(place)
    }

    /// `a.b = VALUE`
    fn pair(&mut self, table: &Place) -> Result<(), Fault> {
        let (way, name) = self.key()?;
        let mut place = table.clone();
        for name in way {
            place = place.join(&name)?;
            match self.entries.iter_mut().find(|one| one.key == place.key) {
                None => self.add(&place, Item::Table(Table::Dotted)),
                // A later header for this table is an error.
                Some(Entry {
                    item: Item::Table(table @ (Table::Implied | Table::Dotted)),
                    ..
                }) => {
                    *table = Table::Dotted;
                }
                Some(first) => return Err(twice(first)),
            }
        }
        place = place.join(&name)?;
        if !self.eat("=") {
            return Err(Fault::NoEquals(place.key));
        }
        if let Some(first) = self.find(&place) {
            return Err(twice(first));
        }
        self.blanks();
        if self.eat("{") {
            self.add(&place, Item::Table(Table::Inline));
            return self.inline(&place);
        }
        let line = self.line;
        let item = self.value(&place)?;
        self.entries.push(Entry {
            key: place.key,
            line,
            item,
        });
        Ok(())
    }

    /// The names of a dotted key but the last, and the last.
    fn key(&mut self) -> Result<(Vec<String>, String), Fault> {
        let mut way = Vec::new();
        loop {
            self.blanks();
            let name = match self.peek() {
                Some('"') => self.basic()?,
                Some('\'') => self.literal()?,
                _ => {
                    let (name, rest) = self.split(|one| !is_bare(one));
                    if name.is_empty() {
                        return Err(Fault::BadKey(self.word().into()));
                    }
                    self.rest = rest;
                    name.into()
                }
            };
            self.blanks();
            if !self.eat(".") {
                return Ok((way, name));
            }
            way.push(name);
        }
    }

    /// The rest of `{ a = 1, b = 2 }`, which may span several lines.
    fn inline(&mut self, place: &Place) -> Result<(), Fault> {
        self.lines()?;
        while !self.eat("}") {
            self.pair(place)?;
            self.lines()?;
            if self.eat(",") {
                self.lines()?;
            } else if self.peek() != Some('}') {
                return Err(Fault::OpenInline);
            }
        }
        Ok(())
    }

    fn value(&mut self, place: &Place) -> Result<Item, Fault> {
        match self.peek() {
            Some('"' | '\'') if self.rest.starts_with("\"\"\"") || self.rest.starts_with("'''") => {
                Err(Fault::Unsupported(Unsupported::MultiLine))
            }
            Some('"') => Ok(Item::Text(self.basic()?)),
            Some('\'') => Ok(Item::Text(self.literal()?)),
            Some('[') => Err(Fault::Unsupported(Unsupported::Array)),
            None | Some('\r' | '\n' | '#' | ',' | '}') => Err(Fault::NoValue(place.key.clone())),
            Some(_) => {
                let word = self.word();
                self.rest = self.rest.get(word.len()..).unwrap_or_default();
                match word {
                    "true" => Ok(Item::Boolean(true)),
                    "false" => Ok(Item::Boolean(false)),
                    _ => number(word).map(Item::Integer),
                }
            }
        }
    }

    /// `"text"`
    fn basic(&mut self) -> Result<String, Fault> {
        self.eat("\"");
        let mut text = String::new();
        loop {
            let (plain, rest) = self.split(|one| one == '"' || one == '\\' || is_control(one));
            text.push_str(plain);
            self.rest = rest;
            if self.eat("\"") {
                return Ok(text);
            } else if self.eat("\\") {
                text.push(self.escape()?);
            } else {
                return Err(self.open_text('"'));
            }
        }
    }

    /// An escape sequence after the backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let letter = self.peek().filter(|one| !is_control(*one));
        self.rest = letter
            .and_then(|one| self.rest.strip_prefix(one))
            .unwrap_or(self.rest);
        let digits = match letter {
            Some('b') => return Ok('\u{8}'),
            Some('t') => return Ok('\t'),
            Some('n') => return Ok('\n'),
            Some('f') => return Ok('\u{c}'),
            Some('r') => return Ok('\r'),
            Some('e') => return Ok('\u{1b}'),
            Some(one @ ('"' | '\\')) => return Ok(one),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => 0,
        };
        let code = self
            .rest
            .get(..digits)
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)) {
            Some(one) => {
                self.rest = self.rest.get(digits..).unwrap_or_default();
                Ok(one)
            }
            None => Err(Fault::BadEscape(
                letter.map(String::from).unwrap_or_default() + code.unwrap_or_default(),
            )),
        }
    }

    /// `'text'`
    fn literal(&mut self) -> Result<String, Fault> {
        self.eat("'");
        let (text, rest) = self.split(|one| one == '\'' || is_control(one));
        self.rest = rest;
        if self.eat("'") {
            Ok(text.into())
        } else {
            Err(self.open_text('\''))
        }
    }

    /// Why a string is not terminated.
    fn open_text(&self, quote: char) -> Fault {
        match self.peek() {
            None | Some('\r' | '\n') => Fault::OpenText(quote),
            Some(_) => Fault::Control,
        }
    }

    /// Skips blanks, comments and line ends.
    fn lines(&mut self) -> Result<(), Fault> {
        loop {
            self.blanks();
            self.comment()?;
            if !self.line_end() {
                return Ok(());
            }
        }
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    /// Skips a comment, if there is one.
    fn comment(&mut self) -> Result<(), Fault> {
        if !self.eat("#") {
            return Ok(());
        }
        self.rest = self.split(is_control).1;
        let is_over =
            self.rest.is_empty() || self.rest.starts_with('\n') || self.rest.starts_with("\r\n");
        if is_over { Ok(()) } else { Err(Fault::Control) }
    }

    fn line_end(&mut self) -> bool {
        let is_there = self.eat("\n") || self.eat("\r\n");
        self.line = self.line.saturating_add(usize::from(is_there));
        is_there
    }

    /// The word at the current position, for a message or as a value.
    fn word(&self) -> &'a str {
        self.split(|one| matches!(one, ' ' | '\t' | '#' | ',' | ']' | '}') || is_control(one))
            .0
    }

    /// Splits before the first such character.
    fn split(&self, is_end: impl FnMut(char) -> bool) -> (&'a str, &'a str) {
        self.rest
            .split_at(self.rest.find(is_end).unwrap_or(self.rest.len()))
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn find(&self, place: &Place) -> Option<&Entry> {
        self.entries.iter().find(|one| one.key == place.key)
    }

    fn add(&mut self, place: &Place, item: Item) {
        self.entries.push(Entry {
            key: place.key.clone(),
            line: self.line,
            item,
        });
    }
}

fn twice(first: &Entry) -> Fault {
    Fault::Twice {
        key: first.key.clone(),
        first: first.line,
    }
}

/// `+1_000`
fn number(word: &str) -> Result<i64, Fault> {
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    let is_grouped = |digits: &str| {
        digits
            .split('_')
            .all(|group| group.bytes().all(|byte| byte.is_ascii_digit()) && !group.is_empty())
    };
    if is_grouped(digits) && (digits == "0" || !digits.starts_with('0')) {
        return word
            .replace('_', "")
            .parse()
            .map_err(|_| Fault::TooLarge(word.into()));
    }
    let of = |letters: &[char]| digits.matches(letters).count();
    let is_numeric = digits
        .chars()
        .all(|one| one.is_ascii_digit() || ".eE+-_:TtZz".contains(one));
    Err(match digits {
        "inf" | "nan" => Fault::Unsupported(Unsupported::Fraction),
        _ if ["0x", "0o", "0b"]
            .iter()
            .any(|base| digits.starts_with(base)) =>
        {
            Fault::Unsupported(Unsupported::Base)
        }
        _ if !is_numeric || !digits.starts_with(|one: char| one.is_ascii_digit()) => {
            Fault::NotAValue(word.into())
        }
        _ if digits.contains(':') || digits.as_bytes().get(4) == Some(&b'-') => {
            Fault::Unsupported(Unsupported::Date)
        }
        _ if of(&['.', 'e', 'E']) > 0 && of(&['.']) < 2 => {
            Fault::Unsupported(Unsupported::Fraction)
        }
        _ => Fault::NotAValue(word.into()),
    })
}
