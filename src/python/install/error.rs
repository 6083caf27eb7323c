use std::borrow::Cow;
use std::path::PathBuf;

use super::lock::error::Error as LockError;
use super::named::NamedSourceError;
use super::source::SourcesError;
use super::tool::Choice;
use super::wheel_error::WheelError;
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::fs;
use crate::python::command::{StartError, indented};

/// Result of the operations of this module.
pub(super) type Result<T> = std::result::Result<T, Error>;

/// Why distributions cannot be installed, or a wheel cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Fs(#[from] fs::Error),

    #[error(transparent)]
    Start(#[from] StartError),

    #[error(transparent)]
    Sources(#[from] SourcesError),

    #[error(transparent)]
    NamedSource(#[from] NamedSourceError),

    #[error(transparent)]
    Lock(#[from] LockError),

    #[error(transparent)]
    Wheel(#[from] WheelError),

    #[error("no {} to install with, for `{}`", sought(*asked), interpreter.display())]
    NoInstaller { interpreter: PathBuf, asked: Choice },

    /// From `--find-links`, or from the manifest.
    #[error("the find-links directory `{}` does not exist", path.display())]
    NoFindLinks { path: PathBuf },

    /// `index` is without credentials.
    #[error("the index `{index}` is neither a URL nor a directory")]
    NotAnIndex { index: String },

    /// An installer ran out of disk space.
    #[error(
        "not enough space for the distributions\n{}",
        indented(installer, said)
    )]
    NoRoom {
        installer: &'static str,
        said: Vec<String>,
    },

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

    /// `interpreter` is its version and platform.
    #[error("the wheel `{}` is for {tags}, which {interpreter} is not", wheel.display())]
    WheelMisfit {
        wheel: PathBuf,
        tags: String,
        interpreter: String,
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
}

impl Diagnostic for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Fs(error) => error.code().into(),
            Self::Start(error) => error.diagnosis(),
            Self::Sources(error) => error.diagnosis(),
            Self::NamedSource(error) => error.diagnosis(),
            Self::Lock(error) => error.diagnosis(),
            Self::Wheel(error) => error.diagnosis(),
            Self::NoInstaller { interpreter, asked: Choice::Pip } => Code::NO_INSTALLER
                .with_hint(format!("run `{} -m ensurepip`, or use uv", interpreter.display())),
            Self::NoInstaller { asked: Choice::Uv, .. } => {
                Code::NO_INSTALLER.with_hint("put `uv` on PATH or its path into `UV`, or install with pip")
            }
            Self::NoInstaller { interpreter, .. } => Code::NO_INSTALLER.with_hint(format!(
                "put `uv` on PATH, or give the interpreter pip: `{} -m ensurepip`",
                interpreter.display()
            )),
            Self::NoFindLinks { .. } => Code::NO_DISTRIBUTIONS_THERE
                .with_hint("`--find-links` takes a directory of distributions, or a URL"),
            Self::NotAnIndex { .. } => {
                Code::NO_DISTRIBUTIONS_THERE.with_hint("write it as in `--index-url https://host/simple`")
            }
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
            Self::WheelMisfit { .. } => Code::WHEEL_MISFIT.with_hint(
                "use the wheel for this platform, or select a compatible interpreter with `--python`",
            ),
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
        match self {
            Self::Lock(error) => !matches!(error, LockError::Fs(_)),
            Self::NamedSource(_)
            | Self::Unresolved { .. }
            | Self::NoPlace { .. }
            | Self::SourceConflict { .. }
            | Self::OtherName { .. }
            | Self::Git { .. }
            | Self::IndexOrder { .. }
            | Self::NotAnIndex { .. }
            | Self::NoFindLinks { .. } => true,
            _ => false,
        }
    }
}

fn sought(choice: Choice) -> &'static str {
    match choice {
        Choice::Auto => "uv and no pip",
        Choice::Uv => "uv",
        Choice::Pip => "pip",
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
