use std::path::{Path, PathBuf};

use super::start_fault::{StartFault, foreign};
use crate::diagnostics::Code;
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

    /// Exit code, in the band 101–119 so that it cannot be mistaken for the program's own.
    ///
    /// The meanings are FlavorPack's; `docs/format.md` § Exit codes.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused { source, .. } => match source {
                Refusal::Package(PackageError::Format(
                    FormatError::NoTrailer
                    | FormatError::TooShort { .. }
                    | FormatError::UnknownVersion { .. }
                    | FormatError::BadMetadata(_),
                )) => 102,
                Refusal::Package(PackageError::Io(_) | PackageError::NotAFile { .. })
                | Refusal::Io(_) => 106,
                Refusal::Package(_)
                | Refusal::NotComplete
                | Refusal::ChangedSigner { .. }
                | Refusal::LooksAlike { .. }
                | Refusal::ChangedPlace { .. } => 107,
                Refusal::OtherTarget { .. }
                | Refusal::OperatorPolicy { .. }
                | Refusal::PackagePolicy { .. }
                | Refusal::BadPolicy { .. }
                | Refusal::Writable { .. }
                | Refusal::BadNote { .. } => 104,
            },
            Self::Workenv { source, .. } => match source {
                WorkenvError::SlotDigest { .. } => 107,
                WorkenvError::Io(error) if error.lack().is_some() => 103,
                WorkenvError::Io(_) | WorkenvError::NoCache { .. } => 106,
                _ => 103,
            },
            Self::SetUserId | Self::NoProgram | Self::Exec { .. } => 104,
            Self::Usage(_) | Self::NoSlot { .. } | Self::UnknownProgram { .. } => 105,
            Self::NoOwnPath | Self::Io(_) => 106,
        }
    }

    /// Its code, or that of the wrapped cause.
    pub fn code(&self) -> Code {
        match self {
            Self::NoOwnPath => Code::NOT_FOUND,
            Self::Refused { source, .. } => source.code(),
            Self::Workenv { source, .. } => source.code(),
            Self::NoSlot { source, .. } => source.code(),
            Self::SetUserId => Code::SET_USER_ID,
            Self::NoProgram => Code::NO_PROGRAM,
            Self::Exec { source, .. } => source
                .fault
                .as_ref()
                .map_or(Code::NOT_STARTED, StartFault::code),
            Self::UnknownProgram { .. } => Code::UNKNOWN_PROGRAM,
            Self::Usage(_) => Code::LAUNCHER_USAGE,
            Self::Io(error) => error.code(),
        }
    }

    /// The remedy, for the user.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { source, .. } => source.hint(),
            Self::Workenv { source, .. } => source.hint(),
            Self::SetUserId => Some(
                "remove the bits with `chmod ug-s`, and use sudo where other rights are needed"
                    .into(),
            ),
            Self::Exec { source, .. } => source.fault.as_ref().map(StartFault::hint),
            Self::UnknownProgram { names, .. } => {
                Some(format!("name the link after a program: {}", listed(names)))
            }
            Self::Usage(_) => {
                Some("`FLAVOR_LAUNCHER_CLI=1 PACKAGE help` lists the commands".into())
            }
            _ => None,
        }
    }

    /// The error, its causes and the hint, one per line, with everything from the package escaped
    /// for the terminal.
    pub fn to_message(&self) -> String {
        let mut text = format!("error[{}]: {self}\n", self.code());
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let line = format!("  {error}\n");
            // Transparent errors repeat the message of what they wrap.
            if !text.ends_with(&line) {
                text.push_str(&line);
            }
            cause = error.source();
        }
        if let Some(hint) = self.hint() {
            text.push_str(&format!("hint: {hint}\n"));
        }
        text.lines()
            .flat_map(|line| [printable(line), "\n".into()])
            .collect()
    }
}
