//! What the owner of a machine, and the publisher of a package, require before it starts.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::format::from_json;
use crate::fs::{IoContext, config_dir, home_config_dir};

/// The machine-wide settings directory, which no variable can change.
pub const SYSTEM_DIR: &str = "/etc/flavor";
const FILE: &str = "policy.json";
/// The supported version of policy files.
const VERSION: u64 = 1;

impl Default for OperatorPolicy {
    fn default() -> Self {
        let (trust, execution) = (TrustRules::default(), ExecutionRules::default());
        Self {
            version: VERSION,
            trust,
            execution,
            attestation: AttestationRules::default(),
            enforcement: Enforcement::default(),
        }
    }
}

/// An operator's policy, in FlavorPack's format. Fields that FlavorPack does not know are marked as
/// ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorPolicy {
    pub version: u64,
    #[serde(default)]
    pub trust: TrustRules,
    #[serde(default)]
    pub execution: ExecutionRules,
    #[serde(default)]
    pub attestation: AttestationRules,
    #[serde(default)]
    pub enforcement: Enforcement,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrustRules {
    /// Only signers in the trust store.
    pub require_trusted_key: bool,
    /// FlavorPack's; rejected if true, because keychains are not supported.
    pub use_os_keychain: bool,
    /// Ours: no version older than the newest that was started here.
    pub refuse_rollback: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExecutionRules {
    pub refuse_root: bool,
    /// Days since the package was built.
    pub max_age_days: Option<u64>,
    /// Such as `linux_amd64`; empty for all.
    pub allow_platforms: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttestationRules {
    /// Whether packages must have an SBOM.
    pub require_sbom: bool,
}

/// The consequence of a violation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consequence {
    Allow,
    Warn,
    #[default]
    Deny,
}

/// The consequence of each kind of violation; [`Self::default`] where none is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Enforcement {
    pub default: Consequence,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_mismatch: Option<Consequence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untrusted_key: Option<Consequence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_package: Option<Consequence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_env: Option<Consequence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_sbom: Option<Consequence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_execution: Option<Consequence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_keychain: Option<Consequence>,
    /// Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Consequence>,
}

/// An unmet requirement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    #[error("it is not for {platform}")]
    Platform { platform: String },
    #[error("its signer {fingerprint} is not among the trusted keys")]
    UntrustedKey { fingerprint: String },
    #[error("it is {days} days old, more than {limit}")]
    Expired { days: u64, limit: u64 },
    #[error("its build time is {days} days in the future")]
    BuiltInFuture { days: u64 },
    #[error("it does not say when it was built, and no package older than {limit} days may start")]
    NoBuildTime { limit: u64 },
    #[error("the variable {name} is not set")]
    MissingVariable { name: String },
    #[error("it has no SBOM")]
    NoSbom,
    #[error("it may not be started by root")]
    Root,
    #[error("version {version} is older than {newest}, which was started here before")]
    Rollback { version: String, newest: String },
}

impl Enforcement {
    /// The consequence of a violation.
    pub fn of(&self, violation: &Violation) -> Consequence {
        let own = match violation {
            Violation::Platform { .. } => self.platform_mismatch,
            Violation::UntrustedKey { .. } => self.untrusted_key,
            Violation::Expired { .. }
            | Violation::BuiltInFuture { .. }
            | Violation::NoBuildTime { .. } => self.expired_package,
            Violation::MissingVariable { .. } => self.missing_env,
            Violation::NoSbom => self.missing_sbom,
            Violation::Root => self.root_execution,
            Violation::Rollback { .. } => self.rollback,
        };
        own.unwrap_or(self.default)
    }
}

/// A policy and its file.
#[derive(Clone, Debug)]
pub struct Source {
    pub path: PathBuf,
    pub policy: OperatorPolicy,
}

/// Reads the policies of this machine: the system's and the user's. All of them apply.
///
/// The user's is read from where the environment says *and* from the home in the password file, so
/// that a variable can add requirements but not remove any.
///
/// # Errors
/// [`Refusal::BadPolicy`] for a malformed file, and [`Refusal::Writable`] for one that others may
/// change: a policy is never skipped.
pub fn policies() -> Result<Vec<Source>, Refusal> {
    let mut places = vec![PathBuf::from(SYSTEM_DIR)];
    places.extend(home_config_dir());
    let certain = places.len();
    places.extend(config_dir().filter(|place| !places.contains(place)));
    let mut sources: Vec<Source> = Vec::new();
    for (at, path) in places.into_iter().map(|place| place.join(FILE)).enumerate() {
        match read(&path) {
            Ok(policy) => sources.extend(policy.map(|policy| Source { path, policy })),
            // The environment is another user's, left by a program that changes users: that user's
            // policies do not apply to us.
            Err(Refusal::Io(error))
                if at >= certain && error.source.kind() == ErrorKind::PermissionDenied =>
            {
                tracing::debug!(%error, "not this user's policy");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(sources)
}

/// Reads one policy file; `None` if it does not exist.
pub fn read(path: &Path) -> Result<Option<OperatorPolicy>, Refusal> {
    let bad = |reason: String| Refusal::BadPolicy {
        path: path.into(),
        reason,
    };
    match path.symlink_metadata() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            // Only a missing entry counts as absent, not a dangling link.
            return match path
                .parent()
                .filter(|directory| directory.is_symlink() && !directory.exists())
            {
                Some(_) => Err(bad("its directory is a dangling link".into())),
                None => Ok(None),
            };
        }
        other => other.on("read policy", path).map(|_| ())?,
    }
    // Opening a pipe would block until it has a writer.
    match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(bad("it is a dangling link".into()));
        }
        other => {
            if !other.on("read policy", path)?.is_file() {
                return Err(bad("it is not a regular file".into()));
            }
        }
    }
    let bytes = std::fs::read(path).on("read policy", path)?;
    refuse_writable(path)?;
    let policy: OperatorPolicy = from_json(&bytes).map_err(|error| bad(error.to_string()))?;
    if policy.version != VERSION {
        return Err(bad(format!(
            "unknown version {}; expected {VERSION}",
            policy.version
        )));
    }
    if policy.trust.use_os_keychain {
        return Err(bad("`trust.use_os_keychain` is not supported".into()));
    }
    Ok(Some(policy))
}

/// Rejects a file that anybody other than its user or root may write to.
pub(super) fn refuse_writable(path: &Path) -> Result<(), Refusal> {
    if is_private(path)? {
        Ok(())
    } else {
        Err(Refusal::Writable { path: path.into() })
    }
}

/// Whether only this user and root can change a file.
pub(super) fn is_private(path: &Path) -> Result<bool, Refusal> {
    let metadata = path.metadata().on("examine", path)?;
    let own = rustix::process::geteuid().as_raw();
    Ok((metadata.uid() == own || metadata.uid() == 0) && metadata.mode() & 0o022 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_denied() {
        let enforcement: Enforcement =
            serde_json::from_str(r#"{"untrusted_key":"warn"}"#).expect("read");
        assert_eq!(enforcement.of(&Violation::Root), Consequence::Deny);
        let untrusted = Violation::UntrustedKey {
            fingerprint: String::new(),
        };
        assert_eq!(enforcement.of(&untrusted), Consequence::Warn);
    }

    #[test]
    fn unknown_words_are_refused_and_parts_may_be_missing() {
        let read = serde_json::from_str::<OperatorPolicy>;
        let partial = read(r#"{"version":1,"execution":{"refuse_root":true}}"#).expect("read");
        assert!(partial.execution.refuse_root && !partial.trust.require_trusted_key);
        for bad in [
            r#"{"version":1,"trsut":{}}"#,
            "{}",
            r#"{"version":1,"trust":{"require_trusted_keys":true}}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
