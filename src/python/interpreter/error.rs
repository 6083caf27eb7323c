use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::supported::OLDEST;
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::python::command::StartError;

/// Result of the operations of this module.
pub(super) type Result<T> = std::result::Result<T, Error>;

/// Why an interpreter was not found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Start(#[from] StartError),

    #[error("no CPython interpreter fits `{wanted}`{}", listed(found))]
    NoInterpreter {
        wanted: String,
        free_threaded: bool,
        found: Vec<FoundInterpreter>,
    },

    #[error("`{word}` is neither a path nor a version of CPython")]
    NotAVersion { word: String },

    #[error("`{specifier}` is not a version specifier")]
    NotASpecifier { specifier: String },

    #[error("there is no interpreter at `{}`", path.display())]
    NoSuchInterpreter { path: PathBuf },

    #[error("there is no interpreter in `{}`", path.join("bin").display())]
    NoInterpreterIn { path: PathBuf },

    #[error("`{}` is not a usable Python interpreter: {said}", path.display())]
    NotAnInterpreter { path: PathBuf, said: String },

    #[error("`{}` is {implementation} {version}; the project needs CPython {requires}", path.display())]
    Unsuitable {
        path: PathBuf,
        implementation: String,
        version: String,
        requires: String,
    },
}

/// An existing interpreter that does not satisfy the requirements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundInterpreter {
    pub version: String,
    pub path: PathBuf,
}

impl Diagnostic for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Start(error) => error.diagnosis(),
            Self::NoInterpreter {
                wanted,
                free_threaded,
                ..
            } => Code::NO_INTERPRETER.with_hint(how_to_get(wanted, *free_threaded)),
            Self::NotAVersion { .. } => Code::NOT_A_PYTHON
                .with_hint("use a path, a version as in `3.13`, or a specifier as in `>=3.11`"),
            Self::NotASpecifier { .. } => {
                Code::NOT_A_PYTHON.with_hint("write it as in `requires-python = \">=3.11\"`")
            }
            Self::NoSuchInterpreter { .. } | Self::NoInterpreterIn { .. } => {
                Code::NO_SUCH_INTERPRETER.with_hint(NAME_INTERPRETER)
            }
            Self::NotAnInterpreter { .. } => Code::NOT_AN_INTERPRETER.with_hint(NAME_INTERPRETER),
            Self::Unsuitable { .. } => Code::UNSUITABLE_INTERPRETER
                .with_hint("omit `--python` to search for one, or change `requires-python`"),
        }
    }
}

const NAME_INTERPRETER: &str =
    "name an executable or the directory that has it in `bin`, or a version as in `3.13`";

/// The remedy for a machine without the interpreter that is wanted.
fn how_to_get(wanted: &str, free_threaded: bool) -> Cow<'static, str> {
    if wanted.contains('`') {
        return "`--python` and `requires-python` must both hold: change one of them".into();
    }
    let version = wanted.trim_start_matches(|c: char| !c.is_ascii_digit());
    let version = version
        .split([',', ' ', 't', '+'])
        .next()
        .unwrap_or(version);
    let minor = version
        .strip_prefix("3.")
        .and_then(|rest| rest.split('.').next()?.parse::<u8>().ok());
    if version.starts_with('2') || minor.is_some_and(|minor| minor < OLDEST.1) {
        return format!(
            "packages are made for CPython {}.{} and later",
            OLDEST.0, OLDEST.1
        )
        .into();
    }
    let threads = if free_threaded { "t" } else { "" };
    format!("get one with `uv python install {version}{threads}`, or name one with `--python PATH`")
        .into()
}

/// The maximum number of interpreters listed.
const LISTED: usize = 6;

fn listed(found: &[FoundInterpreter]) -> String {
    if found.is_empty() {
        return "; none was found".to_owned();
    }
    let mut text = String::from("; found:");
    for interpreter in found.iter().take(LISTED) {
        let path = interpreter.path.display();
        // Writing to a string cannot fail.
        _ = write!(text, "\n  {} at `{path}`", interpreter.version);
    }
    if found.len() > LISTED {
        _ = write!(text, "\n  and {} more", found.len() - LISTED);
    }
    text
}
