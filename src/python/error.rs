use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

/// Shorthand for operations of this module.
pub type Result<T> = std::result::Result<T, Error>;

/// What kept an interpreter from being found, or a tree from being made for it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Fs(#[from] crate::fs::Error),

    #[error("no CPython interpreter fits `{wanted}`{}", listed(found))]
    NoInterpreter { wanted: String, free_threaded: bool, found: Vec<Found> },

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

    #[error("`{}` is {implementation} {version}, the project needs CPython {requires}", path.display())]
    Unsuitable { path: PathBuf, implementation: String, version: String, requires: String },

    #[error("cannot start `{}`", program.display())]
    Start { program: PathBuf, source: io::Error },

    #[error("a bytecode compiler of `{}` stopped early: {said}", interpreter.display())]
    Compiler { interpreter: PathBuf, said: String },
}

/// An interpreter that is there but does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub version: String,
    pub path: PathBuf,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoInterpreter { wanted, .. } => {
                let version = wanted.trim_start_matches(|c: char| !c.is_ascii_digit());
                let version = version.split([',', ' ']).next().unwrap_or(version);
                Some(format!("get one with `uv python install {version}`, or name one with `--python PATH`"))
            }
            Self::NotAVersion { .. } => {
                Some("use a path, a version as in `3.13`, or a specifier as in `>=3.11`".to_owned())
            }
            Self::NotASpecifier { .. } => Some("write it as in `requires-python = \">=3.11\"`".to_owned()),
            Self::NoSuchInterpreter { .. } | Self::NoInterpreterIn { .. } | Self::NotAnInterpreter { .. } => {
                Some("name an executable or the directory that has it in `bin`, or a version as in `3.13`".to_owned())
            }
            Self::Unsuitable { .. } => {
                Some("leave `--python` out to have one found, or change `requires-python`".to_owned())
            }
            Self::Fs(_) | Self::Start { .. } | Self::Compiler { .. } => None,
        }
    }
}

/// At most this many of the interpreters found are listed.
const LISTED: usize = 6;

fn listed(found: &[Found]) -> String {
    if found.is_empty() {
        return "; none was found at all".to_owned();
    }
    let mut text = String::from("; found:");
    for one in found.iter().take(LISTED) {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {} at `{}`", one.version, one.path.display());
    }
    if found.len() > LISTED {
        let _ = write!(text, "\n  and {} more", found.len() - LISTED);
    }
    text
}
