use std::fmt;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::{Input, is_name};
use crate::diagnostics::Code;
use crate::report::printable_path;
use crate::report::shown;

/// A key of the manifest and its position. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Dotted from the top of the file, entries of an array by index: `tool.flavor.slots[0].name`.
    pub key: String,
    /// As given by the caller.
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.path.display(), self.line, self.column)?;
        if self.key.is_empty() {
            Ok(())
        } else {
            write!(f, "`{}` ", shown(&self.key))
        }
    }
}

/// A boxed [`Site`], which keeps errors small enough to return by value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At(Box<Site>);

impl From<Site> for At {
    fn from(site: Site) -> Self {
        Self(Box::new(site))
    }
}

impl Deref for At {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.0
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a manifest is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no manifest at `{}`", path.display())]
    NotFound { path: PathBuf },
    #[error("cannot read manifest `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}:{line}: the text is not UTF-8", path.display())]
    NotUtf8 { path: PathBuf, line: usize },
    /// `excerpt` is the source line with a caret under the position.
    #[error("{at}{message}\n{excerpt}")]
    Syntax {
        at: At,
        message: String,
        excerpt: String,
    },
    #[error("{at}must be {expected}, not {found}")]
    WrongType {
        at: At,
        expected: &'static str,
        found: &'static str,
    },
    #[error("{at}must be {expected}: {}", shown(value))]
    BadValue {
        at: At,
        expected: String,
        value: String,
    },
    #[error("{at}needs `{name}`")]
    Missing { at: At, name: &'static str },
    #[error("{}: neither `project.name` nor `tool.flavor.package_name` names the package", path.display())]
    NoName { path: PathBuf },
    /// Not even its build back end provides one.
    #[error("{}: the project's metadata have no name", path.display())]
    Unnamed { path: PathBuf },
    #[error("{}: `project.version` is missing, and `project.dynamic` does not list it", path.display())]
    NoVersion { path: PathBuf },
    #[error("{}: no program: neither an entry point nor a script is declared", path.display())]
    NothingToRun {
        path: PathBuf,
        project: String,
        input: Input,
        /// Whether the build back end computes them.
        is_built: bool,
    },
    /// `known` are the extras reported by the build back end, all in normalized form.
    #[error("the project `{project}` has no extra `{}`", shown(extra))]
    NoSuchExtra {
        project: String,
        extra: String,
        suggestion: Option<String>,
        known: Vec<String>,
    },
    #[error("`{}` does not exist", path.display())]
    NoInput { path: PathBuf },
    /// The word is not a requirement either, for this reason.
    #[error("`{}` does not exist and is not a valid requirement: {}", path.display(), shown(reason))]
    BadInputRequirement { path: PathBuf, reason: String },
    /// `near` is the nearest existing name.
    #[error("`{}` does not exist, but `{}` does", path.display(), near.display())]
    LikeAFile { path: PathBuf, near: PathBuf },
    #[error("`{}` is not a project, script, wheel or module directory", path.display())]
    UnknownInput { path: PathBuf },
    #[error("`{}` has neither a `pyproject.toml` nor a `__main__.py`", path.display())]
    NoProgram { path: PathBuf },
    /// A file named by the entry point does not exist.
    #[error("`--entry-point` names a file that is not in `{}`: {}", directory.display(), file.display())]
    NoEntryFile { directory: PathBuf, file: PathBuf },
    /// `text` is the value of `--entry-point`.
    #[error("`--entry-point` is not a module or function: {}", shown(text))]
    BadChoice { text: String, input: Input },
    /// Like [`Self::UnknownWord`], from the command line.
    #[error("`{option}` names an unknown {what}: {}", shown(word))]
    UnknownChoice {
        option: &'static str,
        what: &'static str,
        word: String,
        suggestion: Option<String>,
        known: Vec<String>,
    },
    /// PEP 723 allows one block; both lines count from 1.
    #[error("{}:{second}: a second `script` block; the first is in line {first}", path.display())]
    SecondBlock {
        path: PathBuf,
        first: usize,
        second: usize,
    },
    /// `line` is the one that opens the block.
    #[error("{}:{line}: the `script` block that begins here has no end", path.display())]
    OpenBlock { path: PathBuf, line: usize },
    #[error("the name of the script `{}` {reason}", printable_path(path))]
    BadFileName { path: PathBuf, reason: &'static str },
    /// `what` is the kind of name: `package name`, `slot name`.
    #[error("{at}is not a {what}: {}", shown(name))]
    BadName {
        at: At,
        what: &'static str,
        name: String,
    },
    #[error(
        "{at}has an invalid requirement `{}`: {}",
        shown(requirement),
        shown(reason)
    )]
    BadRequirement {
        at: At,
        requirement: String,
        reason: String,
    },
    #[error("{at}is not a version specifier `{}`: {}", shown(text), shown(reason))]
    BadSpecifier {
        at: At,
        text: String,
        reason: String,
    },
    #[error("{at}is not a version: {}", shown(text))]
    BadVersion { at: At, text: String },
    #[error(
        "{at}asks for Python {version}, but `project.requires-python` is {}",
        shown(requires)
    )]
    PythonRefused {
        at: At,
        version: String,
        requires: String,
    },
    #[error("{at}is not of the form `module:function`: {}", shown(text))]
    BadEntryPoint { at: At, text: String },
    /// `what` is the kind of word (`operation`, `extra`); `known` lists the valid ones.
    #[error("{at}names an unknown {what}: {}", shown(word))]
    UnknownWord {
        at: At,
        what: &'static str,
        word: String,
        suggestion: Option<String>,
        known: Vec<String>,
    },
    /// `circle` begins and ends with the same group: `a > b > a`.
    #[error("{at}includes itself: {}", shown(circle))]
    GroupCycle { at: At, circle: String },
    #[error("{at}uses bzip2, which is not supported")]
    Bzip2 { at: At },
    #[error("{at}gives `{operation}` the level `{}`", shown(level))]
    BadLevel {
        at: At,
        operation: &'static str,
        level: String,
        allowed: &'static str,
    },
    #[error("{at}has {count} operations, more than {max}")]
    TooManyOperations { at: At, count: usize, max: usize },
    #[error("{at}has `tar` after another operation")]
    TarNotFirst { at: At },
    #[error("{at}combines `raw` with another operation")]
    RawNotAlone { at: At },
    #[error("{at}sets more than read, write and execute: {mode:04o}")]
    SpecialPermissions { at: At, mode: u32 },
    #[error("{at}is outside the work environment: {}", shown(target))]
    TargetOutside { at: At, target: String },
    #[error("{at}is below `.flavor`, which is reserved: {}", shown(target))]
    TargetReserved { at: At, target: String },
    #[error(
        "{at}has the placeholder `{}`, which is not expanded here",
        shown(placeholder)
    )]
    TargetPlaceholder { at: At, placeholder: String },
    #[error("{at}gives the slot two names, `{}` and `{}`", shown(id), shown(name))]
    IdAndName { at: At, id: String, name: String },
    #[error("{at}is reserved in a Python package: {name}")]
    ReservedSlot { at: At, name: String },
    #[error("{at}is the name of an earlier slot (line {first}): {name}")]
    DuplicateSlot { at: At, name: String, first: usize },
    #[error("{at}has an unterminated quote: {}", shown(command))]
    OpenQuote { at: At, command: String },
}

impl Error {
    /// The error code.
    pub fn code(&self) -> Code {
        match self {
            Self::NotFound { .. } => Code::NO_MANIFEST,
            Self::Read { .. } => Code::UNREADABLE_MANIFEST,
            Self::NotUtf8 { .. } => Code::MANIFEST_NOT_UTF8,
            Self::Syntax { .. } => Code::MANIFEST_SYNTAX,
            Self::WrongType { .. } => Code::WRONG_TYPE,
            Self::BadValue { .. } => Code::BAD_VALUE,
            Self::Missing { .. } => Code::MISSING_KEY,
            Self::NoName { .. } | Self::Unnamed { .. } => Code::NO_PACKAGE_NAME,
            Self::NoSuchExtra { .. } => Code::NO_SUCH_EXTRA,
            Self::NoVersion { .. } => Code::NO_VERSION,
            Self::NothingToRun { .. } | Self::NoProgram { .. } => Code::NOTHING_TO_RUN,
            Self::NoInput { .. } | Self::UnknownInput { .. } => Code::UNKNOWN_INPUT,
            Self::BadInputRequirement { .. } => Code::BAD_INPUT_REQUIREMENT,
            Self::LikeAFile { .. } => Code::LIKE_A_FILE,
            Self::SecondBlock { .. } => Code::SECOND_BLOCK,
            Self::OpenBlock { .. } => Code::OPEN_BLOCK,
            Self::BadFileName { .. } => Code::BAD_FILE_NAME,
            Self::BadName { .. } => Code::BAD_NAME,
            Self::BadRequirement { .. } => Code::BAD_REQUIREMENT,
            Self::BadSpecifier { .. } => Code::BAD_SPECIFIER,
            Self::BadVersion { .. } => Code::BAD_VERSION,
            Self::PythonRefused { .. } => Code::PYTHON_REFUSED,
            Self::BadEntryPoint { .. } | Self::NoEntryFile { .. } | Self::BadChoice { .. } => {
                Code::BAD_ENTRY_POINT
            }
            Self::UnknownWord { .. } | Self::UnknownChoice { .. } => Code::UNKNOWN_WORD,
            Self::GroupCycle { .. } => Code::GROUP_CYCLE,
            Self::Bzip2 { .. } => Code::NO_BZIP2,
            Self::BadLevel { .. } => Code::BAD_LEVEL,
            Self::TooManyOperations { .. } => Code::TOO_MANY_OPERATIONS,
            Self::TarNotFirst { .. } => Code::TAR_NOT_FIRST,
            Self::RawNotAlone { .. } => Code::RAW_NOT_ALONE,
            Self::SpecialPermissions { .. } => Code::SPECIAL_PERMISSIONS,
            Self::TargetOutside { .. } => Code::TARGET_OUTSIDE,
            Self::TargetReserved { .. } => Code::TARGET_RESERVED,
            Self::TargetPlaceholder { .. } => Code::TARGET_PLACEHOLDER,
            Self::IdAndName { .. } => Code::ID_AND_NAME,
            Self::ReservedSlot { .. } => Code::RESERVED_SLOT,
            Self::DuplicateSlot { .. } => Code::DUPLICATE_SLOT,
            Self::OpenQuote { .. } => Code::OPEN_QUOTE,
        }
    }

    /// The file and line, if known.
    pub fn site(&self) -> Option<&Site> {
        match self {
            Self::Syntax { at, .. }
            | Self::WrongType { at, .. }
            | Self::BadValue { at, .. }
            | Self::Missing { at, .. }
            | Self::BadName { at, .. }
            | Self::BadRequirement { at, .. }
            | Self::BadSpecifier { at, .. }
            | Self::BadVersion { at, .. }
            | Self::PythonRefused { at, .. }
            | Self::BadEntryPoint { at, .. }
            | Self::UnknownWord { at, .. }
            | Self::GroupCycle { at, .. }
            | Self::Bzip2 { at }
            | Self::BadLevel { at, .. }
            | Self::TooManyOperations { at, .. }
            | Self::TarNotFirst { at }
            | Self::RawNotAlone { at }
            | Self::SpecialPermissions { at, .. }
            | Self::TargetOutside { at, .. }
            | Self::TargetReserved { at, .. }
            | Self::TargetPlaceholder { at, .. }
            | Self::IdAndName { at, .. }
            | Self::ReservedSlot { at, .. }
            | Self::DuplicateSlot { at, .. }
            | Self::OpenQuote { at, .. } => Some(at),
            _ => None,
        }
    }

    /// Whether it is about an argument, not about the content of a file.
    pub fn is_input(&self) -> bool {
        let of_wheel = matches!(
            self,
            Self::NothingToRun {
                input: Input::Wheel,
                ..
            }
        );
        of_wheel
            || self.is_usage()
            || matches!(
                self,
                Self::NoProgram { .. } | Self::NoEntryFile { .. } | Self::BadFileName { .. }
            )
    }

    /// Whether the command line is at fault, not a file.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoInput { .. }
                | Self::UnknownInput { .. }
                | Self::BadInputRequirement { .. }
                | Self::LikeAFile { .. }
                | Self::BadChoice { .. }
                | Self::UnknownChoice { .. }
        )
    }

    /// The remedy, as one sentence.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { .. } => {
                "run in the directory that has a `pyproject.toml`, or name one with `--manifest`".into()
            }
            Self::NotUtf8 { .. } => "save the file as UTF-8, the only encoding of TOML".into(),
            Self::WrongType { found: "a number", expected, .. } if expected.contains("string") => {
                "put the value in quotes".into()
            }
            Self::WrongType { expected: "an array of strings", found: "a string", .. } => {
                "put the value in brackets: [\"…\"]".into()
            }
            Self::Missing { name, .. } => format!("add `{name} = \"…\"` to the table"),
            Self::NoName { .. } => "add `name = \"…\"` to `[project]`".into(),
            Self::Unnamed { .. } => {
                "set the `name` of the project, or `package_name` under `[tool.flavor]`".into()
            }
            Self::NoSuchExtra { known, .. } if known.is_empty() => "it has no extras".into(),
            Self::NoSuchExtra { suggestion: Some(near), known, .. } => {
                format!("did you mean `{}`? its extras are: {}", shown(near), shown(&known.join(", ")))
            }
            Self::NoSuchExtra { known, .. } => format!("its extras are: {}", shown(&known.join(", "))),
            Self::NoVersion { .. } => {
                "add `version = \"0.1.0\"` to `[project]`, or `dynamic = [\"version\"]` if the build back end computes it"
                    .into()
            }
            Self::NothingToRun { input: Input::Wheel, .. } => {
                "it has no commands; name a function: `--entry-point pkg.cli:main`".into()
            }
            Self::NoProgram { .. } => {
                "say what to run: `--entry-point pkg.cli:main`, `--entry-point pkg.cli` or `--entry-point run.py`".into()
            }
            Self::NoInput { .. } => {
                "name a project, a script, a wheel, an archive of sources, a directory of modules, or a requirement such as `NAME==VERSION`".into()
            }
            Self::UnknownInput { path } => {
                let kinds = "name a project, a script, a wheel (`.whl`), an archive of sources (`.tar.gz`), or a directory of modules";
                match path.to_str().filter(|name| is_name(name)) {
                    Some(name) => format!("{kinds}; with a version it is a requirement: `{name}==VERSION`"),
                    None => kinds.into(),
                }
            }
            Self::BadInputRequirement { .. } => {
                "a requirement looks like `NAME==VERSION`, `NAME[EXTRA]>=VERSION` or `NAME @ URL`".into()
            }
            Self::LikeAFile { path, near } => format!(
                "did you mean `{}`? A distribution from the index is named with a version: `{}==VERSION`",
                near.display(),
                path.display()
            ),
            Self::NoEntryFile { .. } => "write its path relative to that directory".into(),
            Self::BadChoice { input: Input::Directory, .. } => {
                "name a function (`pkg.cli:main`), a module (`pkg.cli`) or a file (`run.py`)".into()
            }
            Self::BadChoice { .. } => "name a function (`pkg.cli:main`) or a module (`pkg.cli`)".into(),
            Self::OpenBlock { .. } => {
                "end it with a line `# ///`, and begin every line before that, empty ones too, with `#`".into()
            }
            Self::BadFileName { .. } => "rename the file".into(),
            Self::SecondBlock { .. } => "put everything into one block".into(),
            Self::NothingToRun { is_built: true, .. } => {
                "the wheel that its build back end makes has no commands: declare one where the project is described, or \
                 name a function with `--entry-point pkg.cli:main`"
                    .into()
            }
            Self::NothingToRun { project, .. } => {
                let module = project.replace(['-', '.'], "_").to_lowercase();
                format!(
                    "add a script, `[project.scripts]` with `{project} = \"{module}.cli:main\"`, \
                     or without Python `[tool.flavor.execution]` with `command = [\"{{workenv}}/bin/{project}\"]`"
                )
            }
            Self::BadName { .. } => {
                "use letters, digits, `.`, `-` and `_`, beginning with a letter or a digit, at most 128".into()
            }
            Self::BadRequirement { .. } => "write it like `rich>=13,<15`".into(),
            Self::BadSpecifier { .. } => "write it like `>=3.11` or `>=3.11,<4`".into(),
            Self::BadVersion { .. } => "write it like `1.2.0` or `1.2.0rc1`".into(),
            Self::GroupCycle { .. } => "remove one `include-group`".into(),
            Self::OpenQuote { .. } => "close it, or write the words as an array: [\"…\", \"…\"]".into(),
            Self::PythonRefused { .. } => "change one of the two".into(),
            Self::BadEntryPoint { .. } => {
                "name a module and a function in it, such as `entry_point = \"hello.cli:main\"`".into()
            }
            Self::UnknownWord { suggestion: Some(suggestion), .. }
            | Self::UnknownChoice { suggestion: Some(suggestion), .. } => {
                format!("did you mean `{}`?", shown(suggestion))
            }
            Self::UnknownWord { known, .. } | Self::UnknownChoice { known, .. } if !known.is_empty() => {
                format!("known: {}", shown(&known.join(", ")))
            }
            Self::UnknownWord { what, .. } | Self::UnknownChoice { what, .. } => format!("the file defines no {what}"),
            Self::Bzip2 { .. } => "`xz` is smaller and `zstd` is faster; both are always available".into(),
            Self::BadLevel { operation, allowed, .. } => format!("`{operation}` takes {allowed}"),
            Self::TarNotFirst { .. } => "`tar` comes first: `[\"tar\", \"zstd\"]`".into(),
            Self::RawNotAlone { .. } => "`raw` stores the bytes as they are; remove it or the other operations".into(),
            Self::SpecialPermissions { .. } => "set-uid, set-gid and sticky bits are not packaged".into(),
            Self::TargetOutside { .. } => "write it relative to the work environment: `{workenv}/data`".into(),
            Self::TargetReserved { .. } | Self::ReservedSlot { .. } | Self::DuplicateSlot { .. } => {
                "choose another name".into()
            }
            Self::TargetPlaceholder { .. } => "only `{workenv}` is expanded in a target".into(),
            Self::IdAndName { .. } => "`id` and `name` mean the same; keep one".into(),
            _ => return None,
        })
    }
}

/// A problem that does not stop a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    #[error("{at}is not a known key and has no effect")]
    UnknownKey { at: At, suggestion: Option<String> },
    #[error("{at}has the unknown placeholder `{}`", shown(placeholder))]
    UnknownPlaceholder { at: At, placeholder: String },
    #[error("{at}is not a known purpose: {}", shown(purpose))]
    UnknownPurpose {
        at: At,
        purpose: String,
        suggestion: Option<String>,
    },
}

impl Warning {
    /// The code.
    pub fn code(&self) -> Code {
        match self {
            Self::UnknownKey { .. } => Code::UNKNOWN_KEY,
            Self::UnknownPlaceholder { .. } => Code::UNKNOWN_PLACEHOLDER,
            Self::UnknownPurpose { .. } => Code::UNKNOWN_PURPOSE,
        }
    }

    /// The remedy, as one sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKey { suggestion, .. } | Self::UnknownPurpose { suggestion, .. } => {
                suggestion.as_ref().map(|suggestion| format!("did you mean `{}`?", shown(suggestion)))
            }
            Self::UnknownPlaceholder { placeholder, .. } if placeholder.contains([':', '.']) => Some(
                "only values of `env` and `set` can refer to variables, as `{env:NAME}` or `{env:NAME:-DEFAULT}`".into(),
            ),
            Self::UnknownPlaceholder { .. } => Some("did you mean `{workenv}`?".into()),
        }
    }

    /// The key.
    pub fn site(&self) -> &Site {
        match self {
            Self::UnknownKey { at, .. }
            | Self::UnknownPlaceholder { at, .. }
            | Self::UnknownPurpose { at, .. } => at,
        }
    }
}

/// Turns the failure to read a manifest into the error whose hint has the remedy.
pub(super) fn unreadable(path: &Path, source: io::Error) -> Error {
    let path = path.to_path_buf();
    match source.kind() {
        io::ErrorKind::NotFound => Error::NotFound { path },
        _ => Error::Read { path, source },
    }
}
