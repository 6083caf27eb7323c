//! Warnings about an installation that succeeded.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::diagnostics::Code;

/// A problem that the user who packs should know about. Stored with the installed tree, because it
/// is repeated on every pack.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
pub enum Notice {
    #[error("`{}` is not read: versions were chosen without it", path.display())]
    LockNotRead { path: PathBuf, unhashed: bool },
    #[error("`{}` has no extra or group `{name}`, which therefore adds nothing", path.display())]
    SelectionNotLocked { path: PathBuf, name: String },
    #[error(
        "the URL of {} has credentials, which are left out of the package",
        list(names)
    )]
    Credentials { names: Vec<String> },
    #[error("`{}` does not match the project and is not used: {reason}", path.display())]
    StaleLock { path: PathBuf, reason: String },
    #[error("`{one}` and `{other}` both have `{path}`: the package has one of the two")]
    SameFile {
        path: String,
        one: String,
        other: String,
    },
    #[error("`{distribution}` has the invalid entry point `{line}`: skipped")]
    EntryPoint { distribution: String, line: String },
    #[error("`{}` does not run: installing with pip", path.display())]
    UvDoesNotRun { path: PathBuf },
    #[error("the find-links directory `{}` does not exist", path.display())]
    NoFindLinks { path: PathBuf },
}

impl Notice {
    /// The code.
    pub fn code(&self) -> Code {
        match self {
            Self::LockNotRead { .. } => Code::LOCK_NOT_READ,
            Self::SelectionNotLocked { .. } => Code::SELECTION_NOT_LOCKED,
            Self::Credentials { .. } => Code::CREDENTIALS_LEFT_OUT,
            Self::StaleLock { .. } => Code::STALE_LOCK,
            Self::SameFile { .. } => Code::SAME_FILE_TWICE,
            Self::EntryPoint { .. } => Code::ENTRY_POINT_PASSED_OVER,
            Self::UvDoesNotRun { .. } => Code::UV_DOES_NOT_RUN,
            Self::NoFindLinks { .. } => Code::NO_DISTRIBUTIONS_THERE,
        }
    }

    /// The remedy.
    pub fn hint(&self) -> String {
        match self {
            Self::LockNotRead { unhashed: true, .. } => {
                "a list with hashes is a lock: `uv pip compile --generate-hashes pyproject.toml -o requirements.txt`"
            }
            Self::LockNotRead { .. } => {
                "`uv.lock`, `pylock.toml`, `poetry.lock`, `pdm.lock` and a `requirements.txt` with hashes are read"
            }
            Self::SelectionNotLocked { .. } => "if the lock was made without it, lock again with it",
            Self::Credentials { .. } => {
                "keep them out of the project too: in `~/.netrc`, in a keyring, or in a variable that names the index"
            }
            Self::StaleLock { .. } => "create it again, for example with `uv lock`",
            Self::SameFile { .. } => "remove one of the two distributions",
            Self::EntryPoint { .. } => "write it as `name = module:function`",
            Self::UvDoesNotRun { .. } => "reinstall uv, or remove it from PATH",
            Self::NoFindLinks { .. } => "correct the variable `PIP_FIND_LINKS` or `UV_FIND_LINKS`",
        }
        .to_owned()
    }
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
