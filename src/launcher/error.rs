use std::path::{Path, PathBuf};

use super::start_fault::{StartFault, foreign};
use crate::diagnostics::{Code, Diagnosis, Diagnostic, messages};
use crate::format::FormatError;
use crate::fs;
use crate::package::PackageError;
use crate::report::printable;
use crate::trust::Refusal;
use crate::workenv::WorkenvError;

/// Why a package cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error("cannot find the package's own file: /proc is not mounted and the kernel gave no path")]
    NoOwnPath,
    #[error("cannot accept `{}`", path.display())]
    Refused { path: PathBuf, source: Refusal },
    #[error("cannot prepare the environment of `{}`", path.display())]
    Workenv { path: PathBuf, source: WorkenvError },
    #[error("cannot find the slot in `{}`", path.display())]
    NoSlot { path: PathBuf, source: PackageError },
    #[error(
        "the package would run with the rights of another user: its file is set-user-id or set-group-id"
    )]
    SetUserId,
    #[error("the package has no command to start")]
    NoProgram,
    /// `name` is the name of the link; `names` are those of the programs, the main one first.
    #[error("the package has no program `{name}`")]
    UnknownProgram { name: String, names: Vec<String> },
    #[error("cannot start `{}`", program.display())]
    Exec {
        program: PathBuf,
        source: StartError,
    },
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Io(#[from] fs::Error),
}

/// The error of the operating system, and its cause as far as the program's file shows it.
#[derive(Debug)]
pub struct StartError {
    error: std::io::Error,
    fault: Option<StartFault>,
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.fault {
            Some(fault) => f.write_str(&fault.cause()),
            None => self.error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

/// The maximum number of names in the list.
const LISTED: usize = 40;

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let text = names
        .iter()
        .take(LISTED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if more > 0 {
        format!("{text} and {more} more; `flavor inspect` lists them all")
    } else {
        text
    }
}

impl Diagnostic for LaunchError {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::NoOwnPath => Code::NOT_FOUND.into(),
            Self::Refused { source, .. } => source.diagnosis(),
            Self::Workenv { source, .. } => source.diagnosis(),
            Self::NoSlot { source, .. } => source.code().into(),
            Self::SetUserId => Code::SET_USER_ID.with_hint(
                "remove the bits with `chmod ug-s`, and use sudo where other rights are needed",
            ),
            Self::NoProgram => Code::NO_PROGRAM.into(),
            Self::UnknownProgram { names, .. } => Code::UNKNOWN_PROGRAM
                .with_hint(format!("name the link after a program: {}", listed(names))),
            Self::Exec { source, .. } => match &source.fault {
                Some(fault) => fault.diagnosis(),
                None => Code::NOT_STARTED.into(),
            },
            Self::Usage(_) => Code::LAUNCHER_USAGE
                .with_hint("`FLAVOR_LAUNCHER_CLI=1 PACKAGE help` lists the commands"),
            Self::Io(error) => error.code().into(),
        }
    }
}

impl LaunchError {
    /// For a program that the operating system failed to start.
    pub fn not_started(program: PathBuf, error: std::io::Error) -> Self {
        let fault = StartFault::of(&program, &error);
        Self::Exec {
            program,
            source: StartError { error, fault },
        }
    }

    /// For a program built for another processor, which the system may pass to a shell instead of
    /// rejecting it.
    pub fn foreign(program: &Path) -> Option<Self> {
        let fault = foreign(program)?;
        let error = std::io::Error::from(std::io::ErrorKind::Unsupported);
        Some(Self::Exec {
            program: program.into(),
            source: StartError {
                error,
                fault: Some(fault),
            },
        })
    }

    /// The exit code, in the band 101–119.
    pub fn exit_code(&self) -> u8 {
        match self {
            // Bytes that are not the envelope of metadata, in contrast to other invalid metadata.
            Self::Refused {
                source: Refusal::Package(PackageError::Format(FormatError::BadEnvelope(_))),
                ..
            } => 107,
            // Extraction failed, whatever the cause.
            Self::Workenv {
                source:
                    WorkenvError::Extract { .. }
                    | WorkenvError::BadTarget { .. }
                    | WorkenvError::NoRuntime(_)
                    | WorkenvError::Format(_),
                ..
            } => 103,
            _ => self.code().start_exit_code(),
        }
    }

    /// The error, its causes and the hint, for the terminal.
    pub fn to_message(&self) -> String {
        shown("error", &messages(self), &self.diagnosis())
    }
}

/// A diagnostic of the kind `error` or `warning`: its message, its causes and its hint, one per
/// line, with everything from the package escaped for the terminal.
pub(super) fn shown(kind: &str, messages: &[String], diagnosis: &Diagnosis) -> String {
    let Diagnosis { code, hint } = diagnosis;
    let mut text = format!("{kind}[{code}]: {}", messages.join("\n  "));
    if let Some(hint) = hint {
        text.push_str("\nhint: ");
        text.push_str(hint);
    }
    let mut shown = String::new();
    for line in text.lines() {
        shown.push_str(&printable(line));
        shown.push('\n');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_follows_from_the_code_with_two_exceptions() {
        let refused = |error| LaunchError::Refused {
            path: PathBuf::new(),
            source: Refusal::Package(PackageError::Format(error)),
        };
        let workenv = |source| LaunchError::Workenv {
            path: PathBuf::new(),
            source,
        };
        let bad_metadata = || FormatError::BadMetadata(String::new());
        assert_eq!(refused(FormatError::NoTrailer).exit_code(), 102);
        assert_eq!(refused(bad_metadata()).exit_code(), 102);
        assert_eq!(refused(FormatError::BadEnvelope("")).exit_code(), 107);
        assert_eq!(workenv(bad_metadata().into()).exit_code(), 103);
        let no_cache = WorkenvError::NoCache {
            tried: String::new(),
        };
        assert_eq!(workenv(no_cache).exit_code(), 106);
        let text = String::new;
        let damaged = WorkenvError::SlotDigest {
            slot: text(),
            found: text(),
            signed: text(),
        };
        assert_eq!(workenv(damaged).exit_code(), 107);
        let not_decoded = WorkenvError::Extract {
            slot: text(),
            source: crate::slot::SlotError::NoEnd,
        };
        assert_eq!(workenv(not_decoded).exit_code(), 103);
        assert_eq!(LaunchError::NoProgram.exit_code(), 104);
        assert_eq!(LaunchError::Usage(String::new()).exit_code(), 105);
        assert_eq!(LaunchError::NoOwnPath.exit_code(), 106);
    }
}
