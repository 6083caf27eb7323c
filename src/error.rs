//! The top-level error: message, causes, hint, and exit code.

use std::path::{Path, PathBuf};

use flavor::diagnostics::Code;
use flavor::evidence::EnvelopeError;
use flavor::fs;
use flavor::launcher::LaunchError;
use flavor::manifest::{self, suggest};
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
    Wheel(flavor::python::Error),
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
            Self::NoDirectory { .. }
            | Self::NotASize(_)
            | Self::NotAFingerprint { .. }
            | Self::NotALayer { .. }
            | Self::BadVariable { .. }
            | Self::NobodyToAsk
            | Self::NoHelper { .. }
            | Self::NoSetting { .. }
            | Self::UnknownCode { .. } => 2,
            Self::Input(error) if error.is_usage() => 2,
            Self::Package { source, .. } if source.is_integrity() => 3,
            Self::Extract {
                source, declared, ..
            } if source.is_content() || source.is_over_limit(*declared) => 3,
            Self::NotAuthenticated { .. }
            | Self::Provenance { .. }
            | Self::Refused { .. }
            | Self::OtherSigner { .. } => 3,
            Self::Pack { source, .. } if source.is_resolution() => 4,
            Self::Launch(error) => error.exit_code(),
            _ => 1,
        }
    }

    /// Its code, or that of the wrapped cause.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::NoDirectory { .. } => Code::NO_DIRECTORY,
            Self::NotASize(_)
            | Self::NotAFingerprint { .. }
            | Self::NotALayer { .. }
            | Self::NoSetting { .. }
            | Self::NoHelper { .. } => Code::BAD_ARGUMENT,
            Self::BadVariable { .. } => Code::BAD_VARIABLE,
            Self::NobodyToAsk => Code::NOBODY_TO_ASK,
            Self::UnknownCode { .. } => Code::UNKNOWN_CODE,
            Self::AlreadySetUp { .. } => Code::ALREADY_SET_UP,
            Self::NothingToSetUp { .. } => Code::NOTHING_TO_SET_UP,
            Self::Launcher(error) => error.code(),
            Self::Manifest(error) | Self::Input(error) => error.code(),
            Self::Wheel(error) => error.code(),
            Self::Pack { source, .. } => source.code(),
            Self::Package { source, .. } => source.code(),
            Self::Extract { source, .. } => source.code(),
            Self::NotAuthenticated { .. } => Code::NOT_AUTHENTICATED,
            Self::NoAttestation { .. } => Code::NO_ATTESTATION,
            Self::Provenance { .. } => Code::BAD_PROVENANCE,
            Self::Exists { .. } => Code::EXISTS,
            Self::NoRoom { .. } => Code::NO_ROOM,
            Self::BadRotation { .. } => Code::BAD_ROTATION,
            Self::Refused { source, .. } | Self::Policy(source) => source.code(),
            Self::OtherSigner { .. } => Code::OTHER_SIGNER,
            Self::NoSuchKey(_) => Code::NO_SUCH_KEY,
            Self::AmbiguousKey(_) => Code::AMBIGUOUS_KEY,
            Self::NoTrustStore | Self::NoPolicyPlace => Code::NO_TRUST_STORE,
            Self::Keygen(source) | Self::KeyFile { source, .. } => source.code(),
            Self::SameKey { .. } => Code::SAME_KEY,
            Self::Workenv(error) => error.code(),
            Self::Launch(error) => error.code(),
            Self::Config(error) => error.code(),
            Self::NoCache => Code::NO_CACHE_YET,
            Self::Stdout(_) => Code::STDOUT,
            Self::Io(error) => error.code(),
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

    /// The remedy, for the user.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Io(error) => error.hint(),
            Self::NobodyToAsk => Some("pass -y to remove without asking".into()),
            Self::NotALayer { suggestion: Some(near), .. }
            | Self::NoSetting { suggestion: Some(near), .. }
            | Self::UnknownCode { suggestion: Some(near), .. } => Some(did_you_mean(near)),
            Self::NoSetting { .. } => Some("`flavor config` lists all settings".into()),
            Self::Package { source: PackageError::NoSlot { wanted, names }, .. }
            | Self::Launch(LaunchError::NoSlot { source: PackageError::NoSlot { wanted, names }, .. }) => {
                suggest::closest(wanted, names.iter().map(String::as_str)).map(did_you_mean)
            }
            Self::UnknownCode { .. } => Some("`flavor explain --list` lists them".into()),
            Self::NoHelper { .. } => Some("`flavor helpers list` lists the available ones".into()),
            Self::AlreadySetUp { .. } => Some("edit it, or run `flavor pack`".into()),
            Self::NothingToSetUp { .. } => Some(
                "run it where a `pyproject.toml` is (`uv init --package` makes one), or name a program that is not Python: \
                 `flavor init --command FILE`; a script needs none: `flavor pack FILE.py`"
                    .into(),
            ),
            Self::Launcher(error) => error.hint(),
            Self::Manifest(error) | Self::Input(error) => error.hint(),
            Self::Wheel(error) => error.hint(),
            Self::Pack { source, .. } => source.hint(),
            Self::Package { source, .. } if source.is_over_limit() => Some(NO_LIMITS.into()),
            Self::Package { source, .. } => source.hint(),
            Self::Extract { source, declared, .. } if source.is_over_limit(*declared) => Some(NO_LIMITS.into()),
            Self::Extract { source, .. } => source.hint(),
            Self::Keygen(source) | Self::KeyFile { source, .. } => source.hint(),
            Self::SameKey { .. } => Some("make its successor with `flavor keygen --out-dir DIR`".into()),
            Self::Workenv(error) => error.hint(),
            Self::Launch(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Exists { .. } => Some("existing files are not overwritten; choose another path or remove it first".into()),
            Self::NoRoom { .. } => Some("free space, or choose another directory".into()),
            Self::NotAuthenticated { .. } => Some("get the package from its publisher, built by flavor".into()),
            Self::Refused { source, .. } | Self::Policy(source) => source.hint(),
            Self::BadRotation { .. } => Some("`flavor trust rotate` writes one".into()),
            Self::NoSuchKey(_) | Self::AmbiguousKey(_) => Some("`flavor trust list` shows them".into()),
            Self::NoPolicyPlace => Some("set HOME or FLAVOR_CONFIG_DIR".into()),
            Self::NoTrustStore => Some("set HOME or FLAVOR_TRUSTED_KEYS_DIR".into()),
            Self::NoAttestation { .. } => Some("pack it again with this version of flavor".into()),
            Self::NoCache => Some("it is created when a package starts for the first time".into()),
            _ => None,
        }
    }

    /// The causes, outermost first, without repetitions.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut last = self.to_string();
        let mut next = std::error::Error::source(self);
        while let Some(error) = next {
            let text = error.to_string();
            if text != last {
                causes.push(text.clone());
            }
            last = text;
            next = error.source();
        }
        causes
    }
}

/// The hint for a package that exceeds the limits.
const NO_LIMITS: &str =
    "it may be made to exhaust the machine; if you trust it, look at it with `--limits none`";

fn did_you_mean(near: &str) -> String {
    format!("did you mean `{near}`?")
}
