use std::path::PathBuf;

use super::hooks::FailedHook;
use super::python::fault::{self, Fault};
use super::warning::Finding;
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::format::FormatError;
use crate::manifest::suggest::{closest, did_you_mean};
use crate::package::PackageError;

use crate::python::{self, install};
use crate::report::Bytes;
use crate::sign::SignError;
use crate::slot::SlotError;
use crate::stub::StubError;
use crate::{fs, manifest};

/// Why a package cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("slot `{slot}` (line {line}): the source `{}` does not exist", path.display())]
    MissingSource {
        slot: String,
        line: usize,
        path: PathBuf,
    },
    #[error(
        "slot `{slot}` (line {line}): the source `{}` leads to `{}`, outside the project",
        source_text.display(),
        real.display()
    )]
    SourceOutside {
        slot: String,
        line: usize,
        source_text: PathBuf,
        real: PathBuf,
    },
    #[error("slot `{slot}`: `{operation}` is not supported by the launcher of {launcher}")]
    LauncherCannotRead {
        slot: String,
        operation: &'static str,
        launcher: &'static str,
    },
    #[error("{what} is not supported by the launcher of {launcher}")]
    LauncherLacks {
        what: String,
        launcher: &'static str,
    },
    #[error(
        "slot `{slot}`: with the lifecycle `{lifecycle}` it cannot be the whole work environment"
    )]
    WholeTarget {
        slot: String,
        lifecycle: &'static str,
    },
    #[error("the rotation statement ends at {found}; the package is signed by {signer}")]
    StrayRotation { found: String, signer: String },
    #[error("slot `{slot}`: `{first}` and `{second}` are both codecs; only one is allowed")]
    BadChain {
        slot: String,
        first: &'static str,
        second: &'static str,
    },
    #[error("slots `{first}` and `{second}` both target `{target}`")]
    SameTarget {
        first: String,
        second: String,
        target: String,
    },
    #[error("`{pattern}` under `[tool.flavor.build]` is not a pattern as in .gitignore")]
    BadPattern { pattern: String },
    #[error("`tool.flavor.policy.max_age_days` needs a build time to count from")]
    NoBuildTime,
    #[error("`{}` exists and is not a package; it is not replaced", path.display())]
    OutputInTheWay { path: PathBuf },
    #[error("slot `{slot}`: the target `{target}` is reserved for the virtual environment")]
    ReservedTarget { slot: String, target: String },
    /// `pattern` would exclude it.
    #[error("slot `{slot}` has `{path}`, and {what}")]
    ReservedPath {
        slot: String,
        pattern: String,
        path: String,
        what: &'static str,
    },
    #[error("slot `{slot}` has a file at `{path}`, where slot `{other}` has a directory")]
    HiddenDirectory {
        slot: String,
        other: String,
        path: String,
    },
    /// `found` is the name of the wheel that the back end built.
    #[error("the build back end built a wheel of `{found}`; the project is `{project}`")]
    OtherProject { project: String, found: String },
    /// `known` lists the commands in the wheel.
    #[error("the wheel built by the build back end has no command `{script}`")]
    NoSuchScript { script: String, known: Vec<String> },
    #[error("the metadata of the project's wheel are invalid: {reason}")]
    BadMetadata { reason: String },
    #[error(transparent)]
    Manifest(Box<manifest::Error>),
    /// The marker of the requirement is false. Without credentials.
    #[error("`{requirement}` does not apply to this interpreter")]
    NothingSelected { requirement: String },
    /// `asked` is the option or the key that names it.
    #[error("{asked} is not a script in the package: {word}")]
    UnknownScript {
        asked: String,
        word: String,
        known: Vec<String>,
    },
    /// `known` lists its scripts, or, if it has none, those of its dependencies.
    #[error("{}", which(package, *of_others, known))]
    WhichScript {
        package: String,
        of_others: bool,
        known: Vec<String>,
    },
    #[error("the build back end returned no version")]
    NoVersion,
    #[error(
        "cannot store a signing key: neither FLAVOR_CONFIG_DIR, XDG_CONFIG_HOME nor HOME is set"
    )]
    NoKeyPlace,
    #[error("the package that was written failed verification")]
    SelfCheck { source: PackageError },
    #[error("cannot encode slot `{slot}`")]
    Slot { slot: String, source: SlotError },
    #[error("encoding `{slot}` requires {} with one thread; the limit is {}", Bytes(*needed), Bytes(*limit))]
    MemoryLimit {
        slot: String,
        needed: u64,
        limit: u64,
    },
    #[error("with {slim} left out, `{module}` can no longer be imported: {reason}")]
    NoLongerImports {
        module: String,
        reason: String,
        slim: String,
    },
    /// The main program certainly cannot start.
    #[error(transparent)]
    CannotStart(Box<Finding>),
    /// At least one.
    #[error("{}", fault::all(.0))]
    Incomplete(Vec<Fault>),
    #[error("the package has no build record")]
    NoRecord,
    #[error(transparent)]
    Hook(Box<FailedHook>),
    #[error("cannot encode the slots")]
    Encode(#[source] SlotError),
    #[error(transparent)]
    Interpreter(#[from] python::interpreter::Error),
    #[error(transparent)]
    Install(#[from] install::Error),
    #[error(transparent)]
    Sources(#[from] install::SourcesError),
    #[error(transparent)]
    NamedSource(#[from] install::NamedSourceError),
    #[error(transparent)]
    Bytecode(#[from] python::bytecode::Error),
    #[error(transparent)]
    Worker(#[from] python::WorkerError),
    #[error("cannot make the interpreter relocatable")]
    Runtime(#[from] python::runtime::Error),
    #[error(transparent)]
    Stub(#[from] StubError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Io(#[from] fs::Error),
}

impl From<manifest::Error> for BuildError {
    fn from(error: manifest::Error) -> Self {
        Self::Manifest(Box::new(error))
    }
}

impl BuildError {
    /// Whether a dependency could not be resolved or fetched.
    pub fn is_resolution(&self) -> bool {
        match self {
            Self::Install(error) => error.is_resolution(),
            error => matches!(error, Self::NamedSource(_)),
        }
    }

    /// Whether a dependency was unavailable for want of the network.
    pub(super) fn is_offline_resolution(&self) -> bool {
        matches!(
            self,
            Self::Install(install::Error::Unresolved { offline: true, .. })
        )
    }
}

impl Diagnostic for BuildError {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::MissingSource { .. } => {
                Code::MISSING_SOURCE.with_hint("sources are relative to the directory of pyproject.toml")
            }
            Self::SourceOutside { .. } => Code::SOURCE_OUTSIDE
                .with_hint("move it into the project, or set `follow = true` in the slot to allow it"),
            Self::LauncherCannotRead { .. } => Code::LAUNCHER_CANNOT_READ
                .with_hint("use gzip or raw for this slot, or omit --launcher-bin"),
            Self::LauncherLacks { .. } => {
                Code::LAUNCHER_LACKS.with_hint("remove it, or omit --launcher-bin")
            }
            Self::WholeTarget { .. } => Code::WHOLE_TARGET.with_hint("set its `target` to a subdirectory"),
            Self::BadChain { first, .. } => Code::BAD_CHAIN.with_hint(format!(
                "use one of gzip, xz and zstd, after `tar` for a directory: `operations = [\"tar\", \"{first}\"]`"
            )),
            Self::SameTarget { .. } => Code::SAME_TARGET.with_hint(OTHER_TARGET),
            Self::ReservedTarget { .. } => Code::TARGET_TAKEN.with_hint(OTHER_TARGET),
            Self::BadPattern { .. } => Code::BAD_PATTERN.into(),
            Self::NoBuildTime => Code::NO_BUILD_TIME
                .with_hint("set SOURCE_DATE_EPOCH, as in SOURCE_DATE_EPOCH=$(date +%s) flavor pack"),
            Self::OutputInTheWay { .. } => {
                Code::OUTPUT_IN_THE_WAY.with_hint("choose another file with --output")
            }
            Self::ReservedPath { pattern, .. } => {
                // Dependencies have no `target` setting.
                let rest = if pattern.starts_with('/') { ", or give the slot another `target`" } else { "" };
                Code::RESERVED_PATH.with_hint(format!(
                    "leave it out with `exclude = [\"{pattern}\"]` under [tool.flavor.build]{rest}"
                ))
            }
            Self::HiddenDirectory { .. } => Code::HIDDEN_DIRECTORY.with_hint(
                "give one of the slots another `target`, or leave one of the two out with `exclude`",
            ),
            Self::OtherProject { .. } => Code::OTHER_PROJECT
                .with_hint("the names in `[project]` and in the build back end's settings must agree"),
            Self::NoSuchScript { known, .. } if known.is_empty() => Code::NO_SUCH_SCRIPT.with_hint(
                "it has none: the build back end must read `[project.scripts]`, or name a function with \
                 `--entry-point pkg.cli:main`",
            ),
            Self::NoSuchScript { known, .. } => {
                Code::NO_SUCH_SCRIPT.with_hint(format!("its commands are: {}", known.join(", ")))
            }
            Self::BadMetadata { .. } => {
                Code::BAD_PROJECT_METADATA.with_hint("correct the project's metadata")
            }
            Self::NothingSelected { .. } => Code::NOTHING_SELECTED
                .with_hint("its marker is false: remove it, or choose another Python with `--python`"),
            Self::UnknownScript { known, .. } if known.is_empty() => {
                Code::UNKNOWN_SCRIPT.with_hint(NAME_FUNCTION)
            }
            Self::UnknownScript { word, known, .. } => {
                let near = closest(word, known.iter().map(String::as_str));
                Code::UNKNOWN_SCRIPT.with_hint(near.map_or_else(
                    || format!("the scripts are: {}", known.join(", ")).into(),
                    did_you_mean,
                ))
            }
            Self::WhichScript { known, .. } if known.is_empty() => {
                Code::WHICH_SCRIPT.with_hint(NAME_FUNCTION)
            }
            Self::WhichScript { known, .. } => {
                Code::WHICH_SCRIPT.with_hint(format!("choose one with `--script`: {}", known.join(", ")))
            }
            Self::StrayRotation { .. } => Code::STRAY_ROTATION.with_hint(
                "give the statement that was written with `--to` and the public half of the signing key",
            ),
            Self::NoVersion => Code::NO_VERSION.with_hint("set `version` under `[tool.flavor]`"),
            Self::NoKeyPlace => Code::NO_KEY_PLACE.with_hint("pass --private-key FILE or --key-seed TEXT"),
            Self::MemoryLimit { .. } => Code::MEMORY_LIMIT
                .with_hint("raise --memory-limit, or lower --compress or the slot's level"),
            Self::NoLongerImports { module, .. } => Code::NO_LONGER_IMPORTS.with_hint(format!(
                "restore the files that it needs, as in `include = [\"deps:**/{}/**\"]` under [tool.flavor.build], or leave less out",
                module.replace('.', "/")
            )),
            Self::Incomplete(faults) => faults
                .first()
                .map_or(Code::UNMET_REQUIREMENT.into(), Fault::diagnosis),
            Self::NoRecord => Code::NO_BUILD_RECORD.into(),
            Self::Hook(failed) => {
                let written = failed.package.as_ref().map_or_else(String::new, |path| {
                    format!("; the package was written to `{}` nevertheless", path.display())
                });
                Code::HOOK_FAILED.with_hint(format!(
                    "run it by hand in `{}`, or pass `--no-hooks`{written}",
                    failed.directory.display()
                ))
            }
            Self::CannotStart(finding) => finding.diagnosis(),
            Self::Manifest(error) => error.diagnosis(),
            Self::Slot { source, .. } | Self::Encode(source) => source.diagnosis(),
            Self::Interpreter(error) => error.diagnosis(),
            Self::Install(error) => error.diagnosis(),
            Self::Sources(error) => error.diagnosis(),
            Self::NamedSource(error) => error.diagnosis(),
            Self::Bytecode(error) => error.diagnosis(),
            Self::Worker(error) => error.diagnosis(),
            Self::Runtime(error) => error.diagnosis(),
            Self::Stub(error) => error.diagnosis(),
            Self::Sign(error) => error.diagnosis(),
            Self::Format(error) => error.diagnosis(),
            Self::Io(error) => error.diagnosis(),
            // Its hint is for those who got the package.
            Self::SelfCheck { source } | Self::Package(source) => source.code().into(),
        }
    }
}

const OTHER_TARGET: &str = "give one of them another `target`";
const NAME_FUNCTION: &str = "name a module or a function: `--entry-point pkg.cli:main`";

fn which(package: &str, of_others: bool, known: &[String]) -> String {
    match (of_others, known.len()) {
        (true, 0) => format!("`{package}` has no scripts"),
        (true, _) => {
            format!("`{package}` has no scripts, and its dependencies have none of that name")
        }
        (false, count) => format!("`{package}` has {count} scripts, and none of its own name"),
    }
}
