use std::borrow::Cow;
use std::fmt;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::input::Input;
use super::suggest::did_you_mean;
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::format::is_name;
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
}

impl Diagnostic for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::NotFound { .. } => Code::NO_MANIFEST.with_hint(
                "run in the directory that has a `pyproject.toml`, or name one with `--manifest`",
            ),
            Self::Read { .. } => Code::UNREADABLE_MANIFEST.into(),
            Self::NotUtf8 { .. } => {
                Code::MANIFEST_NOT_UTF8.with_hint("save the file as UTF-8, the only encoding of TOML")
            }
            Self::Syntax { .. } => Code::MANIFEST_SYNTAX.into(),
            Self::WrongType { found: "a number", expected, .. } if expected.contains("string") => {
                Code::WRONG_TYPE.with_hint("put the value in quotes")
            }
            Self::WrongType { expected: "an array of strings", found: "a string", .. } => {
                Code::WRONG_TYPE.with_hint("put the value in brackets: [\"…\"]")
            }
            Self::WrongType { .. } => Code::WRONG_TYPE.into(),
            Self::BadValue { .. } => Code::BAD_VALUE.into(),
            Self::Missing { name, .. } => {
                Code::MISSING_KEY.with_hint(format!("add `{name} = \"…\"` to the table"))
            }
            Self::NoName { .. } => Code::NO_PACKAGE_NAME.with_hint("add `name = \"…\"` to `[project]`"),
            Self::Unnamed { .. } => Code::NO_PACKAGE_NAME
                .with_hint("set the `name` of the project, or `package_name` under `[tool.flavor]`"),
            Self::NoVersion { .. } => Code::NO_VERSION.with_hint(
                "add `version = \"0.1.0\"` to `[project]`, or `dynamic = [\"version\"]` if the build back end computes it",
            ),
            Self::NothingToRun { input, project, is_built, .. } => {
                Code::NOTHING_TO_RUN.with_hint(how_to_run(*input, project, *is_built))
            }
            Self::NoProgram { .. } => Code::NOTHING_TO_RUN.with_hint(
                "say what to run: `--entry-point pkg.cli:main`, `--entry-point pkg.cli` or `--entry-point run.py`",
            ),
            Self::NoSuchExtra { known, .. } if known.is_empty() => {
                Code::NO_SUCH_EXTRA.with_hint("it has no extras")
            }
            Self::NoSuchExtra { suggestion: Some(near), known, .. } => Code::NO_SUCH_EXTRA.with_hint(format!(
                "{} its extras are: {}",
                did_you_mean(&shown(near)),
                shown(&known.join(", "))
            )),
            Self::NoSuchExtra { known, .. } => {
                Code::NO_SUCH_EXTRA.with_hint(format!("its extras are: {}", shown(&known.join(", "))))
            }
            Self::NoInput { .. } => Code::UNKNOWN_INPUT.with_hint(
                "name a project, a script, a wheel, an archive of sources, a directory of modules, or a requirement such as `NAME==VERSION`",
            ),
            Self::UnknownInput { path } => {
                let kinds = "name a project, a script, a wheel (`.whl`), an archive of sources (`.tar.gz`), or a directory of modules";
                match path.to_str().filter(|name| is_name(name)) {
                    Some(name) => Code::UNKNOWN_INPUT
                        .with_hint(format!("{kinds}; with a version it is a requirement: `{name}==VERSION`")),
                    None => Code::UNKNOWN_INPUT.with_hint(kinds),
                }
            }
            Self::BadInputRequirement { .. } => Code::BAD_INPUT_REQUIREMENT.with_hint(
                "a requirement looks like `NAME==VERSION`, `NAME[EXTRA]>=VERSION` or `NAME @ URL`",
            ),
            Self::LikeAFile { path, near } => Code::LIKE_A_FILE.with_hint(format!(
                "did you mean `{}`? A distribution from the index is named with a version: `{}==VERSION`",
                near.display(),
                path.display()
            )),
            Self::NoEntryFile { .. } => {
                Code::BAD_ENTRY_POINT.with_hint("write its path relative to that directory")
            }
            Self::BadChoice { input: Input::Directory, .. } => Code::BAD_ENTRY_POINT
                .with_hint("name a function (`pkg.cli:main`), a module (`pkg.cli`) or a file (`run.py`)"),
            Self::BadChoice { .. } => {
                Code::BAD_ENTRY_POINT.with_hint("name a function (`pkg.cli:main`) or a module (`pkg.cli`)")
            }
            Self::BadEntryPoint { .. } => Code::BAD_ENTRY_POINT
                .with_hint("name a module and a function in it, such as `entry_point = \"hello.cli:main\"`"),
            Self::SecondBlock { .. } => Code::SECOND_BLOCK.with_hint("put everything into one block"),
            Self::OpenBlock { .. } => Code::OPEN_BLOCK.with_hint(
                "end it with a line `# ///`, and begin every line before that, empty ones too, with `#`",
            ),
            Self::BadFileName { .. } => Code::BAD_FILE_NAME.with_hint("rename the file"),
            Self::BadName { .. } => Code::BAD_NAME.with_hint(
                "use letters, digits, `.`, `-` and `_`, beginning with a letter or a digit, at most 128",
            ),
            Self::BadRequirement { .. } => Code::BAD_REQUIREMENT.with_hint("write it like `rich>=13,<15`"),
            Self::BadSpecifier { .. } => Code::BAD_SPECIFIER.with_hint("write it like `>=3.11` or `>=3.11,<4`"),
            Self::BadVersion { .. } => Code::BAD_VERSION.with_hint("write it like `1.2.0` or `1.2.0rc1`"),
            Self::PythonRefused { .. } => Code::PYTHON_REFUSED.with_hint("change one of the two"),
            Self::UnknownWord { suggestion: Some(near), .. } | Self::UnknownChoice { suggestion: Some(near), .. } => {
                Code::UNKNOWN_WORD.with_hint(did_you_mean(&shown(near)))
            }
            Self::UnknownWord { known, .. } | Self::UnknownChoice { known, .. } if !known.is_empty() => {
                Code::UNKNOWN_WORD.with_hint(format!("known: {}", shown(&known.join(", "))))
            }
            Self::UnknownWord { what, .. } | Self::UnknownChoice { what, .. } => {
                Code::UNKNOWN_WORD.with_hint(format!("the file defines no {what}"))
            }
            Self::GroupCycle { .. } => Code::GROUP_CYCLE.with_hint("remove one `include-group`"),
            Self::Bzip2 { .. } => {
                Code::NO_BZIP2.with_hint("`xz` is smaller and `zstd` is faster; both are always available")
            }
            Self::BadLevel { operation, allowed, .. } => {
                Code::BAD_LEVEL.with_hint(format!("`{operation}` takes {allowed}"))
            }
            Self::TooManyOperations { .. } => Code::TOO_MANY_OPERATIONS.into(),
            Self::TarNotFirst { .. } => Code::TAR_NOT_FIRST.with_hint("`tar` comes first: `[\"tar\", \"zstd\"]`"),
            Self::RawNotAlone { .. } => Code::RAW_NOT_ALONE
                .with_hint("`raw` stores the bytes as they are; remove it or the other operations"),
            Self::SpecialPermissions { .. } => {
                Code::SPECIAL_PERMISSIONS.with_hint("set-uid, set-gid and sticky bits are not packaged")
            }
            Self::TargetOutside { .. } => Code::TARGET_OUTSIDE
                .with_hint("write it relative to the work environment: `{workenv}/data`"),
            Self::TargetReserved { .. } => Code::TARGET_RESERVED.with_hint(OTHER_NAME),
            Self::TargetPlaceholder { .. } => {
                Code::TARGET_PLACEHOLDER.with_hint("only `{workenv}` is expanded in a target")
            }
            Self::IdAndName { .. } => {
                Code::ID_AND_NAME.with_hint("`id` and `name` mean the same; keep one")
            }
            Self::ReservedSlot { .. } => Code::RESERVED_SLOT.with_hint(OTHER_NAME),
            Self::DuplicateSlot { .. } => Code::DUPLICATE_SLOT.with_hint(OTHER_NAME),
            Self::OpenQuote { .. } => {
                Code::OPEN_QUOTE.with_hint("close it, or write the words as an array: [\"…\", \"…\"]")
            }
        }
    }
}

const OTHER_NAME: &str = "choose another name";

/// The remedy for a project without a program.
fn how_to_run(input: Input, project: &str, is_built: bool) -> Cow<'static, str> {
    if input == Input::Wheel {
        return "it has no commands; name a function: `--entry-point pkg.cli:main`".into();
    }
    if is_built {
        return "the wheel that its build back end makes has no commands: declare one where the project is described, or \
                name a function with `--entry-point pkg.cli:main`"
            .into();
    }
    let module = project.replace(['-', '.'], "_").to_lowercase();
    format!(
        "add a script, `[project.scripts]` with `{project} = \"{module}.cli:main\"`, \
         or without Python `[tool.flavor.execution]` with `command = [\"{{workenv}}/bin/{project}\"]`"
    )
    .into()
}

/// Turns the failure to read a manifest into the error whose hint has the remedy.
pub(super) fn unreadable(path: &Path, source: io::Error) -> Error {
    let path = path.to_path_buf();
    match source.kind() {
        io::ErrorKind::NotFound => Error::NotFound { path },
        _ => Error::Read { path, source },
    }
}
