//! Trust decisions: turns a [`Reader`] into an [`Accepted`] package or a refusal.

mod known_signers;
mod policy;
mod store;
mod version;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::format::{Lifecycle, PackagePolicy};
use crate::fs;
use crate::package::{Authenticity, PackageError, Reader};
use crate::sign::Rotation;
use crate::target::Host;

pub use known_signers::{Acquaintance, Known, NotNoted, Notes, Presented};
pub use policy::{
    AttestationRules, Consequence, Enforcement, ExecutionRules, OperatorPolicy, SYSTEM_DIR, Source,
    TrustRules, Violation, policies, read as read_policy,
};
pub use store::{TrustStore, TrustedKey, UnusableKey};

/// A package that may be extracted and started. Only [`judge`] creates one, so no other package can
/// be extracted.
#[derive(Debug)]
pub struct Accepted {
    reader: Reader,
    warnings: Vec<Violation>,
    acquaintance: Acquaintance,
    not_noted: Option<NotNoted>,
}

impl Accepted {
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Violations of a policy that only warns.
    pub fn warnings(&self) -> &[Violation] {
        &self.warnings
    }

    /// Why its signer cannot be recorded.
    pub fn not_noted(&self) -> Option<&NotNoted> {
        self.not_noted.as_ref()
    }

    /// How it compares with the known signer.
    pub fn acquaintance(&self) -> &Acquaintance {
        &self.acquaintance
    }
}

/// Why a package is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the signature does not cover all bytes: the package was made by another tool")]
    NotComplete,
    #[error("it is for {wanted}; this machine is {here}")]
    OtherTarget { wanted: String, here: String },
    #[error("the policy of this machine (`{}`) refuses it: {violation}", path.display())]
    OperatorPolicy { path: PathBuf, violation: Violation },
    #[error("its own policy refuses: {violation}")]
    PackagePolicy { violation: Violation },
    #[error("`{}` is not a policy: {reason}", path.display())]
    BadPolicy { path: PathBuf, reason: String },
    #[error("`{}` is writable by other users", path.display())]
    Writable { path: PathBuf },
    #[error("`{}` is not a known-signer record: {reason}", path.display())]
    BadNote { path: PathBuf, reason: String },
    #[error("`{name}` was signed by {known} before and is now signed by {found}")]
    ChangedSigner {
        name: String,
        known: String,
        found: String,
    },
    #[error("`{name}` looks like `{other}`, which {known} signed before, and is signed by {found}")]
    LooksAlike {
        name: String,
        other: String,
        known: String,
        found: String,
    },
    #[error("at `{}` there was {known} before, and now there is {found}", place.display())]
    ChangedPlace {
        place: PathBuf,
        known: String,
        found: String,
    },
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Io(#[from] fs::Error),
}

impl Diagnostic for Refusal {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::NotComplete => Code::NOT_COMPLETE.into(),
            Self::OtherTarget { .. } => Code::OTHER_TARGET.into(),
            Self::OperatorPolicy { violation: Violation::UntrustedKey { .. }, .. } => {
                Code::OPERATOR_POLICY.with_hint("`flavor trust add` adds a key to those that are trusted")
            }
            Self::OperatorPolicy { .. } => {
                Code::OPERATOR_POLICY.with_hint("`flavor policy show` prints the policies in force")
            }
            Self::PackagePolicy { .. } => Code::PACKAGE_POLICY.into(),
            Self::BadPolicy { .. } => Code::BAD_POLICY
                .with_hint("an invalid policy is never ignored: correct the file or remove it"),
            Self::Writable { path } => {
                Code::WRITABLE_POLICY.with_hint(format!("chmod go-w {}", path.display()))
            }
            Self::BadNote { .. } => {
                Code::BAD_NOTE.with_hint("remove the file; the next start notes the signer again")
            }
            Self::ChangedSigner { .. } => Code::CHANGED_SIGNER.with_hint(
                "if its publisher has told you about the new key: `flavor trust accept PACKAGE`, or `FLAVOR_LAUNCHER_CLI=1 \
                 PACKAGE accept`",
            ),
            Self::LooksAlike { .. } | Self::ChangedPlace { .. } => Code::CHANGED_SIGNER.with_hint(
                "if it is what you want to start: `flavor trust accept PACKAGE`, or `FLAVOR_LAUNCHER_CLI=1 PACKAGE accept`",
            ),
            Self::Package(error) => error.diagnosis(),
            Self::Io(error) => error.diagnosis(),
        }
    }
}

/// A violation of a policy.
#[derive(Clone, Debug)]
pub struct Objection {
    /// The operator's policy; `None` for the package's own.
    pub policy: Option<PathBuf>,
    pub violation: Violation,
    pub consequence: Consequence,
}

/// Decides on a package whose signature was verified by [`Reader::open`], and records its signer.
///
/// A key inside a package proves that nothing was changed since it was signed, not who signed it.
/// That is what policies and known signers are for.
///
/// # Errors
/// [`Refusal::NotComplete`] for packages that are not ours, [`Refusal::OtherTarget`] for another
/// system or processor, and violations of policies or changed signers.
pub fn judge(reader: Reader) -> Result<Accepted, Refusal> {
    let Some(facts) = &reader.metadata().flavor else {
        return Err(Refusal::NotComplete);
    };
    let here = Host::TARGET.name();
    if facts.target != here {
        return Err(Refusal::OtherTarget {
            wanted: facts.target.clone(),
            here: here.into(),
        });
    }
    debug_assert_eq!(
        reader.authenticity(),
        Authenticity::Complete,
        "a package with facts is held to the strict rules"
    );
    let Permitted {
        warnings,
        acquaintance,
        not_noted,
    } = permit(&reader)?;
    Ok(Accepted {
        reader,
        warnings,
        acquaintance,
        not_noted,
    })
}

/// The warnings for a package that may start.
#[derive(Clone, Debug)]
pub struct Permitted {
    pub warnings: Vec<Violation>,
    pub acquaintance: Acquaintance,
    /// Why the signer cannot be recorded.
    pub not_noted: Option<NotNoted>,
}

/// Checks policies and known signers, and records the signer. For packages of other tools too.
///
/// # Errors
/// Violations of policies, and changed signers.
pub fn permit(reader: &Reader) -> Result<Permitted, Refusal> {
    let policies = policies()?;
    let mut warnings = Vec::new();
    for objection in objections(reader, &policies) {
        apply(objection, &mut warnings)?;
    }
    let (acquaintance, not_noted) = Notes::open().meet(&Presented::of(reader))?;
    if let Acquaintance::Older(newest) = &acquaintance {
        for objection in rollback(reader, newest, &policies) {
            apply(objection, &mut warnings)?;
        }
    }
    Ok(Permitted {
        warnings,
        acquaintance,
        not_noted,
    })
}

/// All violations of policies, without the known signers.
pub fn objections(reader: &Reader, policies: &[Source]) -> Vec<Objection> {
    let mut objections = Vec::new();
    // The build time in packages of other tools is not reliable.
    let built = reader.facts().map_or(0, |facts| facts.build_timestamp);
    for source in policies {
        objections.extend(
            violations(source, reader, built)
                .into_iter()
                .map(|violation| source.objection(violation)),
        );
    }
    let own = reader
        .metadata()
        .policy
        .iter()
        .flat_map(|policy| demands(policy, built));
    objections.extend(own.map(|violation| Objection {
        policy: None,
        violation,
        consequence: Consequence::Deny,
    }));
    objections
}

/// The violations of policies by a version older than `newest`.
pub fn rollback(reader: &Reader, newest: &str, policies: &[Source]) -> Vec<Objection> {
    let version = &reader.metadata().package.version;
    let strict = policies
        .iter()
        .filter(|source| source.policy.trust.refuse_rollback);
    strict
        .map(|source| {
            source.objection(Violation::Rollback {
                version: version.clone(),
                newest: newest.into(),
            })
        })
        .collect()
}

/// The rotation statements in a package; malformed ones are left out.
pub fn rotations(reader: &Reader) -> Vec<Rotation> {
    let facts = reader.metadata().flavor.iter();
    facts
        .flat_map(|facts| &facts.rotations)
        .filter_map(Rotation::read)
        .collect()
}

/// The violations of an operator's policy.
fn violations(source: &Source, reader: &Reader, built: u64) -> Vec<Violation> {
    let policy = &source.policy;
    let execution = PackagePolicy {
        max_age_days: policy.execution.max_age_days,
        platforms: policy.execution.allow_platforms.clone(),
        refuse_root: policy.execution.refuse_root,
        require_env: Vec::new(),
    };
    let mut violations = demands(&execution, built);
    if policy.trust.require_trusted_key
        && !TrustStore::beside(&source.path).contains(reader.signer())
    {
        violations.push(Violation::UntrustedKey {
            fingerprint: reader.signer().fingerprint().as_str().into(),
        });
    }
    let attestation = Lifecycle::Attestation.word();
    if policy.attestation.require_sbom
        && reader
            .metadata()
            .slots
            .iter()
            .all(|slot| slot.lifecycle != attestation)
    {
        violations.push(Violation::NoSbom);
    }
    violations
}

/// The requirements that this machine, or a package built this many seconds after 1970 (0: unknown),
/// does not meet.
fn demands(policy: &PackagePolicy, built: u64) -> Vec<Violation> {
    const DAY: u64 = 86_400;
    let mut violations = Vec::new();
    let platform = Host::TARGET.platform();
    if !policy.platforms.is_empty() && !policy.platforms.iter().any(|allowed| allowed == platform) {
        violations.push(Violation::Platform {
            platform: platform.into(),
        });
    }
    if policy.refuse_root && rustix::process::geteuid().is_root() {
        violations.push(Violation::Root);
    }
    if let Some(limit) = policy.max_age_days {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let days = now.saturating_sub(built) / DAY;
        if built == 0 {
            violations.push(Violation::NoBuildTime { limit });
        } else if days > limit {
            violations.push(Violation::Expired { days, limit });
        } else if built.saturating_sub(now) > DAY {
            // It would never count as old. A day of tolerance is for clock skew.
            violations.push(Violation::BuiltInFuture {
                days: built.saturating_sub(now) / DAY,
            });
        }
    }
    let missing = policy
        .require_env
        .iter()
        .filter(|name| std::env::var_os(name).is_none());
    violations.extend(missing.map(|name| Violation::MissingVariable { name: name.clone() }));
    violations
}

impl Source {
    fn objection(&self, violation: Violation) -> Objection {
        let consequence = self.policy.enforcement.of(&violation);
        Objection {
            policy: Some(self.path.clone()),
            violation,
            consequence,
        }
    }
}

fn apply(objection: Objection, warnings: &mut Vec<Violation>) -> Result<(), Refusal> {
    let Objection {
        policy,
        violation,
        consequence,
    } = objection;
    match (consequence, policy) {
        (Consequence::Deny, Some(path)) => return Err(Refusal::OperatorPolicy { path, violation }),
        (Consequence::Deny, None) => return Err(Refusal::PackagePolicy { violation }),
        (Consequence::Warn, _) => warnings.push(violation),
        (Consequence::Allow, _) => {}
    }
    Ok(())
}
