use std::path::PathBuf;

use super::complete::{self, Fault};
use super::hooks::FailedHook;
use super::warning::Finding;
use crate::diagnostics::Code;
use crate::format::FormatError;
use crate::manifest::suggest::closest;
use crate::package::PackageError;
use crate::report::Bytes;
use crate::sign::SignError;
use crate::slot::SlotError;
use crate::stub::StubError;
use crate::{fs, manifest, python};

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
    #[error("{}", complete::all(.0))]
    Incomplete(Vec<Fault>),
    #[error("the package has no build record")]
    NoRecord,
    #[error(transparent)]
    Hook(Box<FailedHook>),
    #[error("cannot encode the slots")]
    Encode(#[source] SlotError),
    #[error(transparent)]
    Python(#[from] python::Error),
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
        matches!(self, Self::Python(error) if error.is_resolution())
    }

    /// Whether a dependency was unavailable for want of the network.
    pub(super) fn is_offline_resolution(&self) -> bool {
        matches!(
            self,
            Self::Python(python::Error::Unresolved { offline: true, .. })
        )
    }

    /// Its code, or that of the wrapped cause.
    pub fn code(&self) -> Code {
        match self {
            Self::MissingSource { .. } => Code::MISSING_SOURCE,
            Self::SourceOutside { .. } => Code::SOURCE_OUTSIDE,
            Self::LauncherCannotRead { .. } => Code::LAUNCHER_CANNOT_READ,
            Self::LauncherLacks { .. } => Code::LAUNCHER_LACKS,
            Self::WholeTarget { .. } => Code::WHOLE_TARGET,
            Self::BadChain { .. } => Code::BAD_CHAIN,
            Self::SameTarget { .. } => Code::SAME_TARGET,
            Self::BadPattern { .. } => Code::BAD_PATTERN,
            Self::NoBuildTime => Code::NO_BUILD_TIME,
            Self::OutputInTheWay { .. } => Code::OUTPUT_IN_THE_WAY,
            Self::ReservedTarget { .. } => Code::TARGET_TAKEN,
            Self::ReservedPath { .. } => Code::RESERVED_PATH,
            Self::HiddenDirectory { .. } => Code::HIDDEN_DIRECTORY,
            Self::NoVersion => Code::NO_VERSION,
            Self::StrayRotation { .. } => Code::STRAY_ROTATION,
            Self::OtherProject { .. } => Code::OTHER_PROJECT,
            Self::NoSuchScript { .. } => Code::NO_SUCH_SCRIPT,
            Self::BadMetadata { .. } => Code::BAD_PROJECT_METADATA,
            Self::Manifest(error) => error.code(),
            Self::NothingSelected { .. } => Code::NOTHING_SELECTED,
            Self::UnknownScript { .. } => Code::UNKNOWN_SCRIPT,
            Self::WhichScript { .. } => Code::WHICH_SCRIPT,
            Self::NoKeyPlace => Code::NO_KEY_PLACE,
            Self::MemoryLimit { .. } => Code::MEMORY_LIMIT,
            Self::NoRecord => Code::NO_BUILD_RECORD,
            Self::Hook(_) => Code::HOOK_FAILED,
            Self::CannotStart(warning) => warning.code(),
            Self::Incomplete(faults) => faults.first().map_or(Code::UNMET_REQUIREMENT, Fault::code),
            Self::NoLongerImports { .. } => Code::NO_LONGER_IMPORTS,
            Self::SelfCheck { source } | Self::Package(source) => source.code(),
            Self::Slot { source, .. } | Self::Encode(source) => source.code(),
            Self::Python(error) => error.code(),
            Self::Runtime(error) => error.code(),
            Self::Stub(error) => error.code(),
            Self::Sign(error) => error.code(),
            Self::Format(error) => error.code(),
            Self::Io(error) => error.code(),
        }
    }

    /// The remedy, for the user.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::MissingSource { .. } => Some("sources are relative to the directory of pyproject.toml".into()),
            Self::SourceOutside { .. } => {
                Some("move it into the project, or set `follow = true` in the slot to allow it".into())
            }
            Self::Io(error) => error.hint(),
            Self::LauncherCannotRead { .. } => {
                Some("use gzip or raw for this slot, or omit --launcher-bin".into())
            }
            Self::LauncherLacks { .. } => Some("remove it, or omit --launcher-bin".into()),
            Self::WholeTarget { .. } => Some("set its `target` to a subdirectory".into()),
            Self::BadChain { first, .. } => Some(format!(
                "use one of gzip, xz and zstd, after `tar` for a directory: `operations = [\"tar\", \"{first}\"]`"
            )),
            Self::Hook(failed) => {
                let place = failed.directory.display();
                let rest = failed
                    .package
                    .as_ref()
                    .map(|path| format!("; the package was written to `{}` nevertheless", path.display()));
                let rest = rest.unwrap_or_default();
                Some(format!("run it by hand in `{place}`, or pass `--no-hooks`{rest}"))
            }
            Self::OutputInTheWay { .. } => Some("choose another file with --output".into()),
            Self::ReservedTarget { .. } | Self::SameTarget { .. } => Some("give one of them another `target`".into()),
            Self::ReservedPath { pattern, .. } => {
                // Dependencies have no `target` setting.
                let rest = if pattern.starts_with('/') { ", or give the slot another `target`" } else { "" };
                Some(format!("leave it out with `exclude = [\"{pattern}\"]` under [tool.flavor.build]{rest}"))
            }
            Self::HiddenDirectory { .. } => {
                Some("give one of the slots another `target`, or leave one of the two out with `exclude`".into())
            }
            Self::NoBuildTime => Some("set SOURCE_DATE_EPOCH, as in SOURCE_DATE_EPOCH=$(date +%s) flavor pack".into()),
            Self::MemoryLimit { .. } => Some("raise --memory-limit, or lower --compress or the slot's level".into()),
            Self::NoLongerImports { module, .. } => {
                let package = module.replace('.', "/");
                Some(format!(
                    "restore the files that it needs, as in `include = [\"deps:**/{package}/**\"]` under [tool.flavor.build], or leave less out"
                ))
            }
            Self::CannotStart(warning) => warning.hint(),
            Self::OtherProject { .. } => {
                Some("the names in `[project]` and in the build back end's settings must agree".into())
            }
            Self::NoSuchScript { known, .. } => Some(match &known[..] {
                [] => "it has none: the build back end must read `[project.scripts]`, or name a function with \
                       `--entry-point pkg.cli:main`"
                    .into(),
                known => format!("its commands are: {}", known.join(", ")),
            }),
            Self::BadMetadata { .. } => Some("correct the project's metadata".into()),
            Self::Manifest(error) => error.hint(),
            Self::NothingSelected { .. } => {
                Some("its marker is false: remove it, or choose another Python with `--python`".into())
            }
            Self::UnknownScript { known, .. } | Self::WhichScript { known, .. } if known.is_empty() => {
                Some("name a module or a function: `--entry-point pkg.cli:main`".into())
            }
            Self::UnknownScript { word, known, .. } => Some(match closest(word, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the scripts are: {}", known.join(", ")),
            }),
            Self::WhichScript { known, .. } => Some(format!("choose one with `--script`: {}", known.join(", "))),
            Self::Incomplete(faults) => faults.first().map(Fault::hint),
            Self::StrayRotation { .. } => {
                Some("give the statement that was written with `--to` and the public half of the signing key".into())
            }
            Self::NoVersion => Some("set `version` under `[tool.flavor]`".into()),
            Self::NoKeyPlace => Some("pass --private-key FILE or --key-seed TEXT".into()),
            Self::Slot { source, .. } | Self::Encode(source) => source.hint(),
            Self::Python(error) => error.hint(),
            Self::Runtime(error) => error.hint(),
            Self::Stub(error) => error.hint(),
            Self::Sign(error) => error.hint(),
            _ => None,
        }
    }
}

fn which(package: &str, of_others: bool, known: &[String]) -> String {
    match (of_others, known.len()) {
        (true, 0) => format!("`{package}` has no scripts"),
        (true, _) => {
            format!("`{package}` has no scripts, and its dependencies have none of that name")
        }
        (false, count) => format!("`{package}` has {count} scripts, and none of its own name"),
    }
}
