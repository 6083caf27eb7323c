//! Errors as the user meets them: the thing, the causes, the remedy, and an exit code.

use std::io::Write;
use std::path::PathBuf;

use flavor::build::BuildError;
use flavor::evidence::EnvelopeError;
use flavor::fs;
use flavor::launcher::LaunchError;
use flavor::manifest;
use flavor::package::PackageError;
use flavor::report::printable;
use flavor::sign::SignError;
use flavor::slot::SlotError;
use flavor::trust::Refusal;
use flavor::workenv::WorkenvError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("cannot read the manifest")]
    Manifest(#[from] manifest::Error),
    #[error("cannot pack `{}`", manifest.display())]
    Pack { manifest: PathBuf, source: BuildError },
    #[error("cannot open package `{}`", path.display())]
    Package { path: PathBuf, source: PackageError },
    #[error("cannot extract slot `{slot}` of `{}`", path.display())]
    Extract { path: PathBuf, slot: String, source: SlotError },
    #[error("`{slot}` in `{}` is not authenticated by the signature", path.display())]
    NotAuthenticated { path: PathBuf, slot: String },
    #[error("`{}` says nothing of what it contains", path.display())]
    NoAttestation { path: PathBuf },
    #[error("cannot believe what `{}` says of its making", path.display())]
    Provenance { path: PathBuf, source: EnvelopeError },
    #[error("`{}` exists already", path.display())]
    Exists { path: PathBuf },
    #[error("`{}` is not a statement that one key takes the place of another", path.display())]
    BadRotation { path: PathBuf },
    #[error("`{}` is not accepted", path.display())]
    Refused { path: PathBuf, source: Refusal },
    #[error("`{}` is signed by another key: {found}", path.display())]
    OtherSigner { path: PathBuf, found: String },
    #[error("no trusted key begins with `{0}`")]
    NoSuchKey(String),
    #[error("more than one trusted key begins with `{0}`")]
    AmbiguousKey(String),
    #[error("there is no place for trusted keys: HOME is not set")]
    NoTrustStore,
    #[error("cannot read the policy of this machine")]
    Policy(#[source] Refusal),
    #[error("cannot make a key pair")]
    Key(#[from] SignError),
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

impl Error {
    /// 1 failure, 2 usage, 3 package damaged or not trusted, 4 dependency not resolved; 101–119 from a launch.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Package { source, .. } if source.is_integrity() => 3,
            Self::Extract { source, .. } if source.is_content() => 3,
            Self::NotAuthenticated { .. }
            | Self::Provenance { .. }
            | Self::Refused { .. }
            | Self::OtherSigner { .. } => 3,
            Self::Pack { source, .. } if source.is_resolution() => 4,
            Self::Launch(error) => error.exit_code(),
            _ => 1,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Manifest(error) => error.hint(),
            Self::Pack { source, .. } => source.hint(),
            Self::Package { source, .. } => source.hint(),
            Self::Extract { source, .. } => source.hint(),
            Self::Key(error) => error.hint(),
            Self::Workenv(error) => error.hint(),
            Self::Launch(error) => error.hint(),
            Self::Exists { .. } => Some("nothing is overwritten; choose another place or remove it first".into()),
            Self::NotAuthenticated { .. } => Some("get the package from its publisher, built by flavor".into()),
            Self::Refused { source, .. } | Self::Policy(source) => source.hint(),
            Self::BadRotation { .. } => Some("`flavor trust rotate` writes one".into()),
            Self::NoSuchKey(_) | Self::AmbiguousKey(_) => Some("`flavor trust list` shows them".into()),
            Self::NoTrustStore => Some("set HOME or FLAVOR_TRUSTED_KEYS_DIR".into()),
            Self::NoAttestation { .. } => Some("pack it again with this version of flavor".into()),
            Self::NoCache => Some("it is made when a package starts for the first time".into()),
            _ => None,
        }
    }

    /// The causes, outermost first, each once.
    fn causes(&self) -> Vec<String> {
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

    /// Tells the user on stderr, or with `json` as an object on stdout.
    pub(crate) fn report(&self, json: bool) {
        if json {
            let value = serde_json::json!({
                "error": { "message": self.to_string(), "causes": self.causes(), "hint": self.hint(), "exit_code": self.exit_code() }
            });
            drop(crate::output::json(&value));
            return;
        }
        let mut text = format!("error: {self}\n");
        for cause in self.causes() {
            for line in cause.lines() {
                text.push_str(&format!("  {line}\n"));
            }
        }
        if let Some(hint) = self.hint() {
            text.push_str(&format!("hint: {hint}\n"));
        }
        for line in text.lines() {
            // With stderr gone there is nobody to tell.
            drop(writeln!(std::io::stderr(), "{}", printable(line)));
        }
    }
}
