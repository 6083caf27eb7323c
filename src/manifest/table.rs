//! Reads TOML and keeps track: every value knows its key and position, every table which of its
//! keys were read.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::{At, Error, Site};
use super::suggest::closest;
use super::warning::Warning;
use crate::report::{Position, SourceText};

/// The text being read and the warnings so far.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    text: SourceText<'a>,
    warnings: RefCell<Vec<Warning>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str, path: &'a Path) -> Self {
        Self {
            path,
            text: text.into(),
            warnings: RefCell::default(),
        }
    }

    /// A text in the middle of a file, with a prefix before each of its lines.
    pub(super) fn within(
        text: &'a str,
        path: &'a Path,
        first_line: usize,
        margin: &'static str,
    ) -> Self {
        let text = SourceText {
            text,
            first_line,
            margin,
        };
        Self {
            path,
            text,
            warnings: RefCell::default(),
        }
    }

    pub(super) fn warn(&self, warning: Warning) {
        self.warnings.borrow_mut().push(warning);
    }

    /// The warnings in file order.
    pub(super) fn into_warnings(self) -> Vec<Warning> {
        let mut warnings = self.warnings.into_inner();
        warnings.sort_by_key(|warning| (warning.site().line, warning.site().column));
        warnings
    }

    fn at(&self, key: &str, offset: usize) -> At {
        let Position { line, column } = self.text.position(offset);
        At::from(Site {
            key: key.to_string(),
            path: self.path.to_path_buf(),
            line,
            column,
        })
    }

    /// The TOML parser's error, with the source line and a caret under the position.
    pub(super) fn syntax_error(&self, error: &toml::de::Error) -> Error {
        let offset = error.span().map_or(usize::MAX, |span| span.start);
        Error::Syntax {
            at: self.at("", offset),
            message: error.message().replace('\n', ", "),
            excerpt: self.text.excerpt(self.text.position(offset)),
        }
    }
}

/// One value and its position.
#[derive(Clone)]
pub(super) struct Item<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) key: String,
    pub(super) value: &'a DeValue<'a>,
    span: Range<usize>,
}

impl<'a> Item<'a> {
    pub(super) fn at(&self) -> At {
        self.source.at(&self.key, self.span.start)
    }

    pub(super) fn wrong(&self, expected: &'static str) -> Error {
        Error::WrongType {
            at: self.at(),
            expected,
            found: kind(self.value),
        }
    }

    pub(super) fn bad(
        &self,
        expected: impl Into<String>,
        value: &(impl ToString + ?Sized),
    ) -> Error {
        Error::BadValue {
            at: self.at(),
            expected: expected.into(),
            value: value.to_string(),
        }
    }

    pub(super) fn text(&self) -> Result<&'a str, Error> {
        self.value.as_str().ok_or_else(|| self.wrong("a string"))
    }

    /// A string with at least one visible character.
    pub(super) fn filled(&self) -> Result<&'a str, Error> {
        let text = self.text()?;
        if text.trim().is_empty() {
            Err(self.bad("a string that is not empty", "\"\""))
        } else {
            Ok(text)
        }
    }

    pub(super) fn flag(&self) -> Result<bool, Error> {
        self.value
            .as_bool()
            .ok_or_else(|| self.wrong("`true` or `false`"))
    }

    pub(super) fn number(&self) -> Result<u64, Error> {
        let integer = self
            .value
            .as_integer()
            .ok_or_else(|| self.wrong("a whole number"))?;
        u64::from_str_radix(integer.as_str(), integer.radix())
            .map_err(|_| self.bad("a whole number that is not negative", integer))
    }

    /// A string, or a number or boolean as written.
    pub(super) fn scalar(&self) -> Result<String, Error> {
        match self.value {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) => Ok(number.to_string()),
            DeValue::Float(number) => Ok(number.as_str().to_string()),
            DeValue::Boolean(flag) => Ok(flag.to_string()),
            _ => Err(self.wrong("a string")),
        }
    }

    pub(super) fn list(&self, expected: &'static str) -> Result<Vec<Item<'a>>, Error> {
        let array = self.value.as_array().ok_or_else(|| self.wrong(expected))?;
        Ok(array
            .iter()
            .enumerate()
            .map(|(index, value)| Item {
                source: self.source,
                key: format!("{}[{index}]", self.key),
                value: value.get_ref(),
                span: value.span(),
            })
            .collect())
    }

    pub(super) fn table(&self) -> Result<Table<'a>, Error> {
        let table = self.value.as_table().ok_or_else(|| self.wrong("a table"))?;
        Ok(Table {
            source: self.source,
            key: self.key.clone(),
            span: self.span.clone(),
            inner: table,
            known: Vec::new(),
        })
    }
}

/// A table that records which keys were read.
pub(super) struct Table<'a> {
    pub(super) source: &'a Source<'a>,
    key: String,
    span: Range<usize>,
    inner: &'a DeTable<'a>,
    known: Vec<&'static str>,
}

impl<'a> Table<'a> {
    pub(super) fn root(source: &'a Source<'a>, table: &'a DeTable<'a>) -> Self {
        Self {
            source,
            key: String::new(),
            span: 0..0,
            inner: table,
            known: Vec::new(),
        }
    }

    pub(super) fn at(&self) -> At {
        self.source.at(&self.key, self.span.start)
    }

    /// The value of `name`, or of its spelling with `-` instead of `_`.
    pub(super) fn get(&mut self, name: &'static str) -> Option<Item<'a>> {
        self.known.push(name);
        let (key, value) = self
            .inner
            .get_key_value(name)
            .or_else(|| self.inner.get_key_value(name.replace('_', "-").as_str()))?;
        Some(self.item(key.get_ref(), value))
    }

    pub(super) fn need(&mut self, name: &'static str) -> Result<Item<'a>, Error> {
        self.get(name).ok_or_else(|| Error::Missing {
            at: self.at(),
            name,
        })
    }

    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        self.get(name)
            .map(|item| item.filled().map(str::to_string))
            .transpose()
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Error> {
        self.get(name).map(|item| item.flag()).transpose()
    }

    /// The strings of an array; empty if the key is missing.
    pub(super) fn texts(&mut self, name: &'static str) -> Result<Vec<String>, Error> {
        self.items(name)?
            .iter()
            .map(|item| item.filled().map(str::to_string))
            .collect()
    }

    /// The entries of an array of strings; empty if the key is missing.
    pub(super) fn items(&mut self, name: &'static str) -> Result<Vec<Item<'a>>, Error> {
        self.get(name)
            .map_or(Ok(Vec::new()), |item| item.list("an array of strings"))
    }

    pub(super) fn table(&mut self, name: &'static str) -> Result<Option<Table<'a>>, Error> {
        self.get(name).map(|item| item.table()).transpose()
    }

    /// All entries in file order, for tables with keys chosen by the user.
    pub(super) fn entries(&self) -> Vec<(&'a str, Item<'a>)> {
        self.inner
            .iter()
            .map(|(key, value)| (&**key.get_ref(), self.item(key.get_ref(), value)))
            .collect()
    }

    /// Warns about every key that was not read.
    pub(super) fn finish(self) {
        let dashed: Vec<String> = self
            .known
            .iter()
            .map(|known| known.replace('_', "-"))
            .collect();
        self.warn_but(
            self.known
                .iter()
                .copied()
                .chain(dashed.iter().map(String::as_str)),
        );
    }

    /// Warns about every key that is not one of these.
    pub(super) fn warn_but<'k>(&self, known: impl Iterator<Item = &'k str>) {
        let known: Vec<&str> = known.collect();
        for (key, _) in self.inner {
            let name = &**key.get_ref();
            if !known.contains(&name) {
                let suggestion = closest(name, known.iter().copied()).map(str::to_string);
                let at = self.source.at(&self.join(name), key.span().start);
                self.source.warn(Warning::UnknownKey { at, suggestion });
            }
        }
    }

    /// Warns about misspellings of `name`.
    pub(super) fn warn_near(&self, name: &'static str) {
        for (key, _) in self.inner {
            if closest(key.get_ref(), [name]).is_some() {
                let at = self.source.at(&self.join(key.get_ref()), key.span().start);
                self.source.warn(Warning::UnknownKey {
                    at,
                    suggestion: Some(name.to_string()),
                });
            }
        }
    }

    fn item(&self, name: &str, value: &'a toml::Spanned<DeValue<'a>>) -> Item<'a> {
        Item {
            source: self.source,
            key: self.join(name),
            value: value.get_ref(),
            span: value.span(),
        }
    }

    fn join(&self, name: &str) -> String {
        let bare = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let name = if bare {
            Cow::Borrowed(name)
        } else {
            Cow::Owned(format!("\"{name}\""))
        };
        if self.key.is_empty() {
            name.into_owned()
        } else {
            format!("{}.{name}", self.key)
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
