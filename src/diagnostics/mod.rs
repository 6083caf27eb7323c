//! What an error or a warning says besides its message: a code, and a hint.
//!
//! A code is `FLV` and four digits, of which the first two name the area. A code never changes its
//! meaning, and the number of a removed code is not reused.
//!
//! To add a code:
//!
//! 1. write its page, `codes/FLV0NNN.md`, with the parts that the others have;
//! 2. add a line to its area in `codes.rs`;
//! 3. return it in [`Diagnostic::diagnosis`] of a variant of an error or warning, with the hint;
//! 4. update `docs/errors.md`: `FLAVOR_UPDATE_DOCS=1 cargo test --test integration -- errors::`.
//!
//! Tests check that each page has a code, and that a test prints its example. The launcher contains
//! the numbers and its hints only, not the pages.

mod codes;
mod exit;
#[cfg(feature = "cli")]
mod pages;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

#[cfg(feature = "cli")]
pub use codes::AREAS;
#[cfg(feature = "cli")]
pub use pages::{Area, Entry, entries, find, within};

/// Identifies a kind of error; stable across versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FLV{:04}", self.0)
    }
}

impl Code {
    /// With the remedy, for the user, as one sentence.
    pub fn with_hint(self, hint: impl Into<Cow<'static, str>>) -> Diagnosis {
        Diagnosis {
            code: self,
            hint: Some(hint.into()),
        }
    }
}

/// The code of an error or warning and the remedy, for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    pub code: Code,
    pub hint: Option<Cow<'static, str>>,
}

impl From<Code> for Diagnosis {
    fn from(code: Code) -> Self {
        Self { code, hint: None }
    }
}

/// An error or a warning with a code.
pub trait Diagnostic {
    /// Its code and hint. An error that wraps another returns those of its cause, or the code of
    /// its cause with a hint of its own.
    fn diagnosis(&self) -> Diagnosis;

    /// The code.
    fn code(&self) -> Code {
        self.diagnosis().code
    }

    /// The remedy, for the user, as one sentence.
    fn hint(&self) -> Option<Cow<'static, str>> {
        self.diagnosis().hint
    }
}

/// The messages of the error and of its causes, outermost first, without repetitions.
pub fn messages(error: &impl Error) -> Vec<String> {
    let mut messages = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if messages.last() != Some(&message) {
            messages.push(message);
        }
        cause = error.source();
    }
    messages
}
