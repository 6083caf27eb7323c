use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use super::install::{Choice, SourceError};
use super::interpreter::OLDEST;

use crate::diagnostics::{Code, Diagnosis, Diagnostic};

/// Result of the operations of this module.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an interpreter was not found, or a tree could not be made for it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Fs(#[from] crate::fs::Error),

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

    #[error("cannot start `{}`", program.display())]
    Start { program: PathBuf, source: io::Error },

    #[error("`{}`, which was to import the packed modules, {outcome}", executable.display())]
    ImportCheck {
        executable: PathBuf,
        outcome: String,
    },

    #[error("no {} to install with, for `{}`", sought(*asked), interpreter.display())]
    NoInstaller { interpreter: PathBuf, asked: Choice },

    #[error("there is no project to build")]
    NoProject,

    #[error("there is no project in `{}`", path.display())]
    NoProjectAt { path: PathBuf },

    /// From `--find-links`, or from the manifest.
    #[error("the find-links directory `{}` does not exist", path.display())]
    NoFindLinks { path: PathBuf },

    /// `index` is without credentials.
    #[error("the index `{index}` is neither a URL nor a directory")]
    NotAnIndex { index: String },

    /// `requirement` is without credentials.
    #[error("{}:{line}: `{requirement}` is not a valid requirement: {reason}", path.display())]
    BadLine {
        path: PathBuf,
        line: usize,
        requirement: Box<str>,
        reason: Box<str>,
    },

    /// An installer ran out of disk space.
    #[error(
        "not enough space for the distributions\n{}",
        indented(installer, said)
    )]
    NoRoom {
        installer: &'static str,
        said: Vec<String>,
    },

    #[error(transparent)]
    Source(#[from] SourceError),

    /// Dependencies or a build back end that could not be resolved, fetched or built. See
    /// [`Error::is_resolution`].
    #[error("cannot install {}\n{}", requirement.as_ref().map_or("the dependencies".to_owned(), |r| format!("`{r}`")), indented(installer, said))]
    Unresolved {
        requirement: Option<String>,
        installer: &'static str,
        said: Vec<String>,
        offline: bool,
        /// The index that is unreachable, without credentials.
        unreachable: Option<Box<str>>,
    },

    #[error("cannot build the wheel of the project in `{}`\n{}", project.display(), indented("build", said))]
    NotBuilt { project: PathBuf, said: Vec<String> },

    #[error("the build environment of the project in `{}` does not contain the build back end that the project names", project.display())]
    NoBackEnd { project: PathBuf },

    #[error("the build back end of the project in `{}` built no wheel", project.display())]
    NoWheel { project: PathBuf },

    #[error("the build of the project in `{}` modified `{}`, which is outside its copy", project.display(), path.display())]
    WrittenTo { project: PathBuf, path: PathBuf },

    #[error("cannot unpack the wheel `{}`: {reason}", wheel.display())]
    BadWheel { wheel: PathBuf, reason: String },
    /// `interpreter` is its version and platform.
    #[error("the wheel `{}` is for {tags}, which {interpreter} is not", wheel.display())]
    WheelMisfit {
        wheel: PathBuf,
        tags: String,
        interpreter: String,
    },

    #[error("cannot use the lock file `{}`\n{}", path.display(), indented("lock", said))]
    Lock { path: PathBuf, said: Vec<String> },

    /// `path` is the lock file.
    #[error("the lock file `{}` does not match the project: {reason}", path.display())]
    StaleLock { path: PathBuf, reason: Box<str> },

    /// `path` is the manifest.
    #[error("the source of `{name}` in `{}` cannot be used: {reason}", path.display())]
    NamedSource {
        path: PathBuf,
        name: String,
        reason: Box<str>,
    },

    #[error("the source of `{name}` does not exist: `{}`", path.display())]
    NoPlace { name: Box<str>, path: PathBuf },

    /// `path` is the project with the second source.
    #[error("`{name}` has two sources: `{one}`, and by `{}` from `{other}`", path.display())]
    SourceConflict {
        name: Box<str>,
        one: Box<str>,
        other: Box<str>,
        path: PathBuf,
    },

    #[error("`{source_of}` is expected to be `{wanted}`; its name is `{found}`")]
    OtherName {
        wanted: Box<str>,
        found: Box<str>,
        source_of: Box<str>,
    },

    /// `url` is without credentials.
    #[error("cannot fetch `{url}` with git\n{}", indented("git", said))]
    Git { url: Box<str>, said: Vec<String> },

    #[error("the index `{index}` has priority over others, which pip does not support")]
    IndexOrder { index: Box<str> },

    /// A file left by an editable installation.
    #[error("`{file}` of a distribution leads to sources on this machine{}", if target.is_empty() { String::new() } else { format!(": `{target}`") })]
    LinkedSources { file: Box<str>, target: Box<str> },

    #[error("a bytecode compiler of `{}` stopped early: {said}", interpreter.display())]
    Compiler { interpreter: PathBuf, said: String },
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
            Self::Fs(error) => error.code().into(),
            Self::NoInterpreter { wanted, free_threaded, .. } => {
                Code::NO_INTERPRETER.with_hint(how_to_get(wanted, *free_threaded))
            }
            Self::NotAVersion { .. } => {
                Code::NOT_A_PYTHON.with_hint("use a path, a version as in `3.13`, or a specifier as in `>=3.11`")
            }
            Self::NotASpecifier { .. } => {
                Code::NOT_A_PYTHON.with_hint("write it as in `requires-python = \">=3.11\"`")
            }
            Self::NoSuchInterpreter { .. } | Self::NoInterpreterIn { .. } => {
                Code::NO_SUCH_INTERPRETER.with_hint(NAME_INTERPRETER)
            }
            Self::NotAnInterpreter { .. } => Code::NOT_AN_INTERPRETER.with_hint(NAME_INTERPRETER),
            Self::Unsuitable { .. } => Code::UNSUITABLE_INTERPRETER
                .with_hint("omit `--python` to search for one, or change `requires-python`"),
            Self::Start { .. } | Self::Compiler { .. } | Self::ImportCheck { .. } => {
                Code::PROGRAM_STOPPED.into()
            }
            Self::NoInstaller { interpreter, asked: Choice::Pip } => Code::NO_INSTALLER
                .with_hint(format!("run `{} -m ensurepip`, or use uv", interpreter.display())),
            Self::NoInstaller { asked: Choice::Uv, .. } => {
                Code::NO_INSTALLER.with_hint("put `uv` on PATH or its path into `UV`, or install with pip")
            }
            Self::NoInstaller { interpreter, .. } => Code::NO_INSTALLER.with_hint(format!(
                "put `uv` on PATH, or give the interpreter pip: `{} -m ensurepip`",
                interpreter.display()
            )),
            Self::NoProject | Self::NoProjectAt { .. } => {
                Code::NO_MANIFEST.with_hint("a project is a directory with a `pyproject.toml`")
            }
            Self::Source(error) => error.diagnosis(),
            Self::NoFindLinks { .. } => Code::NO_DISTRIBUTIONS_THERE
                .with_hint("`--find-links` takes a directory of distributions, or a URL"),
            Self::NotAnIndex { .. } => {
                Code::NO_DISTRIBUTIONS_THERE.with_hint("write it as in `--index-url https://host/simple`")
            }
            Self::BadLine { .. } => Code::BAD_REQUIREMENT.with_hint("write it like `rich>=13,<15`, one a line"),
            Self::NoRoom { .. } => Code::NO_ROOM.with_hint(
                "free space, or choose another directory with TMPDIR, FLAVOR_CACHE_DIR or the installer's own variable",
            ),
            Self::Unresolved { unreachable, said, offline, .. } => {
                Code::UNRESOLVED.with_hint(how_to_resolve(unreachable.as_deref(), said, *offline))
            }
            Self::NotBuilt { .. } => Code::NOT_BUILT
                .with_hint("`python -m pip wheel --no-deps .` in the project shows the build's whole output"),
            Self::NoBackEnd { .. } | Self::NoWheel { .. } => {
                Code::NO_WHEEL.with_hint("check `[build-system]` in `pyproject.toml`")
            }
            Self::WrittenTo { .. } => Code::WRITTEN_TO.with_hint(
                "check the file; exclude it with a line in `.flavorignore`, or generate it in `pre_build`",
            ),
            Self::BadWheel { .. } => Code::BAD_WHEEL
                .with_hint("the wheel is damaged or violates PEP 427; download or build it again"),
            Self::WheelMisfit { .. } => Code::WHEEL_MISFIT.with_hint(
                "use the wheel for this platform, or select a compatible interpreter with `--python`",
            ),
            Self::Lock { .. } => Code::BAD_LOCK.with_hint("create it again, for example with `uv lock`"),
            Self::StaleLock { path, .. } => Code::STALE_LOCK.with_hint(format!(
                "create it again with `{}`, or ignore it with `--refresh`",
                lock_command(path)
            )),
            Self::NamedSource { .. } => Code::NO_SOURCE_THERE.with_hint("correct the source, or remove it"),
            Self::NoPlace { .. } => Code::NO_SOURCE_THERE.with_hint("correct the path"),
            Self::SourceConflict { .. } => Code::OTHER_SOURCE.with_hint("use the same source in both"),
            Self::OtherName { wanted, found, .. } => Code::OTHER_SOURCE
                .with_hint(format!("require `{found}`, or give the source of `{wanted}`")),
            Self::Git { said, .. } if says(said, &["no git on PATH"]) => {
                Code::GIT_FAILED.with_hint("install git, or name a directory or an archive instead")
            }
            Self::Git { .. } => Code::GIT_FAILED
                .with_hint("check the URL, the revision and the credentials with `git ls-remote`"),
            Self::IndexOrder { .. } => Code::INDEX_ORDER.with_hint(
                "put `uv` on PATH, make it the default index, or name the distributions that it has and make it `explicit`",
            ),
            Self::LinkedSources { .. } => Code::LINKED_SOURCES
                .with_hint("it was installed or built as editable: build a wheel of it, and use that"),
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

/// The remedy for dependencies that were not installed, from what the installer said.
fn how_to_resolve(unreachable: Option<&str>, said: &[String], offline: bool) -> Cow<'static, str> {
    if let Some(index) = unreachable {
        return format!(
            "`{index}` does not respond: check the URL (`--index-url`) and the network"
        )
        .into();
    }
    let hint = if says(
        said,
        &["Hashes are required", "must have their versions pinned"],
    ) {
        "if one requirement has a hash, every requirement needs `==` and a hash"
    } else if says(
        said,
        &[
            "No such file or directory",
            "does not exist",
            "Expected package name",
        ],
    ) {
        "check the path: it does not exist"
    } else if said.iter().any(|line| line.to_lowercase().contains("hash")) {
        "the file is not the one that was locked: find out why before locking again"
    } else if offline {
        "the network is not used: add a directory that has the wheel with `--find-links DIR`"
    } else if not_compiled(said) {
        "it has no wheel for this interpreter and could not be built: use another version of it or of Python"
    } else {
        "check the name and the version, and the indexes (`--index-url`, `--find-links`)"
    };
    hint.into()
}

impl Error {
    /// Whether a dependency could not be resolved or fetched, as opposed to all other failures.
    pub fn is_resolution(&self) -> bool {
        matches!(
            self,
            Self::Unresolved { .. }
                | Self::Lock { .. }
                | Self::StaleLock { .. }
                | Self::NamedSource { .. }
                | Self::NoPlace { .. }
                | Self::SourceConflict { .. }
                | Self::OtherName { .. }
                | Self::Git { .. }
                | Self::IndexOrder { .. }
                | Self::BadLine { .. }
                | Self::NotAnIndex { .. }
                | Self::NoFindLinks { .. }
        )
    }
}

fn sought(choice: Choice) -> &'static str {
    match choice {
        Choice::Auto => "uv and no pip",
        Choice::Uv => "uv",
        Choice::Pip => "pip",
    }
}

/// The command that makes a lock file again.
fn lock_command(lock: &Path) -> &'static str {
    match lock.file_name().and_then(|name| name.to_str()) {
        Some("poetry.lock") => "poetry lock",
        Some("pdm.lock") => "pdm lock",
        Some("pylock.toml") => "uv export --output-file pylock.toml",
        Some("uv.lock") => "uv lock",
        Some(name)
            if Path::new(name)
                .extension()
                .is_some_and(|extension| extension == "lock") =>
        {
            "uv lock --script"
        }
        _ => "uv pip compile --generate-hashes",
    }
}

/// Whether an installer printed one of these.
fn says(said: &[String], marks: &[&str]) -> bool {
    said.iter()
        .any(|line| marks.iter().any(|mark| line.contains(mark)))
}

/// Whether a dependency was found but could not be built from its sources.
fn not_compiled(said: &[String]) -> bool {
    let has = |mark| said.iter().any(|line| line.contains(mark));
    (has("Failed to build") || has("Failed building"))
        && !has("No solution found")
        && !has("Failed to resolve")
}

/// The output of a program, with each line prefixed.
fn indented(who: &str, said: &[String]) -> String {
    said.iter()
        .map(|line| format!("  {who}: {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The maximum number of interpreters listed.
const LISTED: usize = 6;

fn listed(found: &[FoundInterpreter]) -> String {
    if found.is_empty() {
        return "; none was found".to_owned();
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
