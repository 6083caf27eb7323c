//! The top-level error: message, causes, hint, and exit code.

use std::path::{Path, PathBuf};

use flavor::diagnostics::{Code, Diagnosis, Diagnostic};
use flavor::evidence::EnvelopeError;
use flavor::fs;
use flavor::launcher::LaunchError;
use flavor::manifest;
use flavor::manifest::suggest::{closest, did_you_mean};
use flavor::pack::{BuildError, InputError, SettingsError};
use flavor::package::PackageError;
use flavor::report::Bytes;
use flavor::sign::SignError;
use flavor::slot::SlotError;
use flavor::stub::StubError;
use flavor::trust::Refusal;
use flavor::workenv::WorkenvError;

use crate::annotation::Place;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot work in `{}`", path.display())]
    NoDirectory {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("`{0}` is not a size such as 20GB or 512MiB")]
    NotASize(String),
    #[error("`{text}` is neither a public key file nor at least {digits} digits of a fingerprint")]
    NotAFingerprint { text: String, digits: usize },
    #[error("`{name}` is not a layer of the build cache ({known})")]
    NotALayer {
        name: String,
        known: String,
        suggestion: Option<String>,
    },
    #[error("{variable} is not {expected}: {value}")]
    BadVariable {
        variable: &'static str,
        expected: &'static str,
        value: String,
    },
    #[error("cannot ask for confirmation: not a terminal")]
    NobodyToAsk,
    #[error("no setting begins with `{name}`")]
    NoSetting {
        name: String,
        suggestion: Option<String>,
    },
    #[error("`{text}` is not an error code")]
    UnknownCode {
        text: String,
        suggestion: Option<String>,
    },
    #[error("`{name}` is neither an available launcher nor a file")]
    NoHelper { name: String },
    #[error("`{}` already has a `[tool.flavor]` table", path.display())]
    AlreadySetUp { path: PathBuf, line: usize },
    #[error("there is no project in `{}`", path.display())]
    NothingToSetUp { path: PathBuf },
    #[error(transparent)]
    Launcher(#[from] StubError),
    #[error("cannot read the manifest")]
    Manifest(#[source] manifest::Error),
    /// The path was given on the command line, not in a file.
    #[error(transparent)]
    Input(manifest::Error),
    #[error(transparent)]
    Wheel(flavor::python::install::WheelError),
    #[error("cannot pack `{}`", manifest.display())]
    Pack {
        manifest: PathBuf,
        source: BuildError,
    },
    #[error("cannot open package `{}`", path.display())]
    Package { path: PathBuf, source: PackageError },
    #[error("cannot extract slot `{slot}` of `{}`", path.display())]
    Extract {
        path: PathBuf,
        slot: String,
        declared: bool,
        source: SlotError,
    },
    #[error("`{slot}` in `{}` is not authenticated by the signature", path.display())]
    NotAuthenticated { path: PathBuf, slot: String },
    #[error("`{}` contains no SBOM or provenance", path.display())]
    NoAttestation { path: PathBuf },
    #[error("the provenance of `{}` is not valid", path.display())]
    Provenance {
        path: PathBuf,
        source: EnvelopeError,
    },
    #[error("`{}` already exists", path.display())]
    Exists { path: PathBuf },
    #[error("not enough space in `{}`: {needed} needed, {available} available", path.display())]
    NoRoom {
        path: PathBuf,
        needed: Bytes,
        available: Bytes,
    },
    #[error("`{}` is not a key rotation statement", path.display())]
    BadRotation { path: PathBuf },
    #[error("`{}` is not accepted", path.display())]
    Refused { path: PathBuf, source: Refusal },
    #[error("`{}` is signed by another key: {found}", path.display())]
    OtherSigner { path: PathBuf, found: String },
    #[error("no trusted key begins with `{0}`")]
    NoSuchKey(String),
    #[error("more than one trusted key begins with `{0}`")]
    AmbiguousKey(String),
    #[error("cannot find the trust store: HOME is not set")]
    NoTrustStore,
    #[error("cannot find the policy: HOME is not set")]
    NoPolicyPlace,
    #[error("cannot read the policy of this machine")]
    Policy(#[source] Refusal),
    #[error("cannot generate a key pair")]
    Keygen(#[from] SignError),
    #[error("cannot use `{}` as a key", path.display())]
    KeyFile { path: PathBuf, source: SignError },
    #[error("the key in `{}` cannot replace itself", path.display())]
    SameKey { path: PathBuf },
    #[error(transparent)]
    Workenv(#[from] WorkenvError),
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Config(#[from] flavor::config::ConfigError),
    #[error("there is no cache yet")]
    NoCache,
    #[error("cannot write to standard output")]
    Stdout(#[source] std::io::Error),
    #[error(transparent)]
    Io(#[from] fs::Error),
}

impl From<manifest::Error> for Error {
    fn from(error: manifest::Error) -> Self {
        if error.is_input() {
            Self::Input(error)
        } else {
            Self::Manifest(error)
        }
    }
}

impl Error {
    /// Why a key file given by the user cannot be used.
    pub(crate) fn key_file(path: &Path, error: SignError) -> Self {
        match error {
            SignError::Io(error) => Self::Io(error),
            source => Self::KeyFile {
                path: path.into(),
                source,
            },
        }
    }
}

impl From<SettingsError> for Error {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::BadVariable {
                variable,
                expected,
                value,
            } => Self::BadVariable {
                variable,
                expected,
                value,
            },
            SettingsError::Config(error) => Self::Config(error),
        }
    }
}

impl From<InputError> for Error {
    fn from(error: InputError) -> Self {
        match error {
            InputError::Manifest(error) => error.into(),
            InputError::Wheel(error) => Self::Wheel(error),
        }
    }
}

impl Error {
    /// 1 failure, 2 usage, 3 package damaged or not trusted, 4 dependency not resolved; 101–119
    /// from a launch.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Launch(error) => error.exit_code(),
            // Manifests have errors with the same codes.
            Self::Input(error) if error.is_usage() => 2,
            Self::Package { source, .. } if source.is_integrity() => 3,
            Self::Extract {
                source, declared, ..
            } if source.is_content() || source.is_over_limit(*declared) => 3,
            Self::Refused { .. } => 3,
            Self::Pack { source, .. } if source.is_resolution() => 4,
            _ => self.code().exit_code(),
        }
    }

    /// The file and line at fault.
    pub(crate) fn place(&self) -> Option<Place<'_>> {
        let (path, line, column) = match self {
            Self::Manifest(error) => {
                let site = error.site()?;
                (site.path.as_path(), site.line, Some(site.column))
            }
            Self::Pack {
                manifest,
                source: BuildError::MissingSource { line, .. },
            } => (manifest.as_path(), *line, None),
            Self::AlreadySetUp { path, line } => (path.as_path(), *line, None),
            _ => return None,
        };
        Some(Place { path, line, column })
    }
}

impl Diagnostic for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::NoDirectory { .. } => Code::NO_DIRECTORY.into(),
            Self::NotASize(_) | Self::NotAFingerprint { .. } => Code::BAD_ARGUMENT.into(),
            Self::NotALayer { suggestion, .. } => Diagnosis {
                code: Code::BAD_ARGUMENT,
                hint: suggestion.as_deref().map(did_you_mean),
            },
            Self::NoSetting { suggestion, .. } => Code::BAD_ARGUMENT.with_hint(
                suggestion
                    .as_deref()
                    .map_or("`flavor config` lists all settings".into(), did_you_mean),
            ),
            Self::NoHelper { .. } => {
                Code::BAD_ARGUMENT.with_hint("`flavor helpers list` lists the available ones")
            }
            Self::BadVariable { .. } => Code::BAD_VARIABLE.into(),
            Self::NobodyToAsk => Code::NOBODY_TO_ASK.with_hint("pass -y to remove without asking"),
            Self::UnknownCode { suggestion, .. } => Code::UNKNOWN_CODE.with_hint(
                suggestion
                    .as_deref()
                    .map_or("`flavor explain --list` lists them".into(), did_you_mean),
            ),
            Self::AlreadySetUp { .. } => {
                Code::ALREADY_SET_UP.with_hint("edit it, or run `flavor pack`")
            }
            Self::NothingToSetUp { .. } => Code::NOTHING_TO_SET_UP.with_hint(
                "run it where a `pyproject.toml` is (`uv init --package` makes one), or name a program that is not Python: \
                 `flavor init --command FILE`; a script needs none: `flavor pack FILE.py`",
            ),
            Self::Launcher(error) => error.diagnosis(),
            Self::Manifest(error) | Self::Input(error) => error.diagnosis(),
            Self::Wheel(error) => error.diagnosis(),
            Self::Pack { source, .. } => source.diagnosis(),
            Self::Package {
                source: error @ PackageError::NoSlot { wanted, names },
                ..
            }
            | Self::Launch(LaunchError::NoSlot {
                source: error @ PackageError::NoSlot { wanted, names },
                ..
            }) => Diagnosis {
                code: error.code(),
                hint: closest(wanted, names.iter().map(String::as_str)).map(did_you_mean),
            },
            Self::Package { source, .. } if source.is_over_limit() => {
                source.code().with_hint(NO_LIMITS)
            }
            Self::Package { source, .. } => source.diagnosis(),
            Self::Extract { source, declared, .. } if source.is_over_limit(*declared) => {
                source.code().with_hint(NO_LIMITS)
            }
            Self::Extract { source, .. } => source.diagnosis(),
            Self::NotAuthenticated { .. } => Code::NOT_AUTHENTICATED
                .with_hint("get the package from its publisher, built by flavor"),
            Self::NoAttestation { .. } => {
                Code::NO_ATTESTATION.with_hint("pack it again with this version of flavor")
            }
            Self::Provenance { .. } => Code::BAD_PROVENANCE.into(),
            Self::Exists { .. } => Code::EXISTS.with_hint(
                "existing files are not overwritten; choose another path or remove it first",
            ),
            Self::NoRoom { .. } => {
                Code::NO_ROOM.with_hint("free space, or choose another directory")
            }
            Self::BadRotation { .. } => {
                Code::BAD_ROTATION.with_hint("`flavor trust rotate` writes one")
            }
            Self::Refused { source, .. } | Self::Policy(source) => source.diagnosis(),
            Self::OtherSigner { .. } => Code::OTHER_SIGNER.into(),
            Self::NoSuchKey(_) => Code::NO_SUCH_KEY.with_hint(LIST_KEYS),
            Self::AmbiguousKey(_) => Code::AMBIGUOUS_KEY.with_hint(LIST_KEYS),
            Self::NoTrustStore => {
                Code::NO_TRUST_STORE.with_hint("set HOME or FLAVOR_TRUSTED_KEYS_DIR")
            }
            Self::NoPolicyPlace => Code::NO_TRUST_STORE.with_hint("set HOME or FLAVOR_CONFIG_DIR"),
            Self::Keygen(source) | Self::KeyFile { source, .. } => source.diagnosis(),
            Self::SameKey { .. } => {
                Code::SAME_KEY.with_hint("make its successor with `flavor keygen --out-dir DIR`")
            }
            Self::Workenv(error) => error.diagnosis(),
            Self::Launch(error) => error.diagnosis(),
            Self::Config(error) => error.diagnosis(),
            Self::NoCache => Code::NO_CACHE_YET
                .with_hint("it is created when a package starts for the first time"),
            Self::Stdout(_) => Code::STDOUT.into(),
            Self::Io(error) => error.diagnosis(),
        }
    }
}

const LIST_KEYS: &str = "`flavor trust list` shows them";

/// The hint for a package that exceeds the limits.
const NO_LIMITS: &str =
    "it may be made to exhaust the machine; if you trust it, look at it with `--limits none`";
