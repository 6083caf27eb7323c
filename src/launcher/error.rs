use std::path::PathBuf;

use crate::code::Code;
use crate::format::FormatError;
use crate::fs;
use crate::package::PackageError;
use crate::report::printable;
use crate::trust::Refusal;
use crate::workenv::WorkenvError;

/// Why a package does not start.
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
    #[error("the package has no command to start")]
    NoProgram,
    /// A link has the name; `names` are those of the programs, the main one first.
    #[error("the package has no program `{name}`")]
    UnknownProgram { name: String, names: Vec<String> },
    #[error("cannot start `{}`", program.display())]
    Exec { program: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Io(#[from] fs::Error),
}

/// At most this many names are listed.
const LISTED: usize = 40;

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let text = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{text} and {more} more; `flavor inspect` lists them all") } else { text }
}

impl LaunchError {
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
                Refusal::Package(PackageError::Io(_) | PackageError::NotAFile { .. }) | Refusal::Io(_) => 106,
                Refusal::Package(_) | Refusal::NotComplete | Refusal::ChangedSigner { .. } => 107,
                Refusal::OtherTarget { .. }
                | Refusal::OperatorPolicy { .. }
                | Refusal::PackagePolicy { .. }
                | Refusal::BadPolicy { .. }
                | Refusal::Writable { .. }
                | Refusal::BadNote { .. } => 104,
            },
            Self::Workenv { source, .. } => match source {
                WorkenvError::SlotDigest { .. } => 107,
                WorkenvError::Io(_) | WorkenvError::NoCache { .. } => 106,
                _ => 103,
            },
            Self::NoProgram | Self::Exec { .. } => 104,
            Self::Usage(_) | Self::NoSlot { .. } | Self::UnknownProgram { .. } => 105,
            Self::NoOwnPath | Self::Io(_) => 106,
        }
    }

    /// Its code, or that of the cause it wraps.
    pub fn code(&self) -> Code {
        match self {
            Self::NoOwnPath => Code::NOT_FOUND,
            Self::Refused { source, .. } => source.code(),
            Self::Workenv { source, .. } => source.code(),
            Self::NoSlot { source, .. } => source.code(),
            Self::NoProgram => Code::NO_PROGRAM,
            Self::UnknownProgram { .. } => Code::UNKNOWN_PROGRAM,
            Self::Exec { .. } => Code::NOT_STARTED,
            Self::Usage(_) => Code::LAUNCHER_USAGE,
            Self::Io(error) => error.code(),
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused { source, .. } => source.hint(),
            Self::Workenv { source, .. } => source.hint(),
            Self::Exec { program, source } if source.kind() == std::io::ErrorKind::PermissionDenied => {
                let why =
                    "if its file system is mounted noexec, set FLAVOR_CACHE_DIR to a directory where programs may run";
                Some(format!("`{}` may not be executed; {why}", program.display()))
            }
            Self::UnknownProgram { names, .. } => {
                Some(format!("call the link by the name of a program: {}", listed(names)))
            }
            Self::Usage(_) => Some("`FLAVOR_LAUNCHER_CLI=1 PACKAGE help` lists the commands".into()),
            _ => None,
        }
    }

    /// The error, its causes and the remedy, a line each, with nothing from the package reaching the terminal raw.
    pub fn to_message(&self) -> String {
        let mut text = format!("error[{}]: {self}\n", self.code());
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let line = format!("  {error}\n");
            // Transparent errors repeat what they wrap.
            if !text.ends_with(&line) {
                text.push_str(&line);
            }
            cause = error.source();
        }
        if let Some(hint) = self.hint() {
            text.push_str(&format!("hint: {hint}\n"));
        }
        text.lines().flat_map(|line| [printable(line), "\n".into()]).collect()
    }
}
