//! Warnings about an installation that succeeded.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::diagnostics::{Code, Diagnosis, Diagnostic};

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

impl Diagnostic for Notice {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::LockNotRead { unhashed: true, .. } => Code::LOCK_NOT_READ.with_hint(
                "a list with hashes is a lock: `uv pip compile --generate-hashes pyproject.toml -o requirements.txt`",
            ),
            Self::LockNotRead { .. } => Code::LOCK_NOT_READ.with_hint(
                "`uv.lock`, `pylock.toml`, `poetry.lock`, `pdm.lock` and a `requirements.txt` with hashes are read",
            ),
            Self::SelectionNotLocked { .. } => Code::SELECTION_NOT_LOCKED
                .with_hint("if the lock was made without it, lock again with it"),
            Self::Credentials { .. } => Code::CREDENTIALS_LEFT_OUT.with_hint(
                "keep them out of the project too: in `~/.netrc`, in a keyring, or in a variable that names the index",
            ),
            Self::StaleLock { .. } => {
                Code::STALE_LOCK.with_hint("create it again, for example with `uv lock`")
            }
            Self::SameFile { .. } => {
                Code::SAME_FILE_TWICE.with_hint("remove one of the two distributions")
            }
            Self::EntryPoint { .. } => {
                Code::ENTRY_POINT_PASSED_OVER.with_hint("write it as `name = module:function`")
            }
            Self::UvDoesNotRun { .. } => {
                Code::UV_DOES_NOT_RUN.with_hint("reinstall uv, or remove it from PATH")
            }
            Self::NoFindLinks { .. } => Code::NO_DISTRIBUTIONS_THERE
                .with_hint("correct the variable `PIP_FIND_LINKS` or `UV_FIND_LINKS`"),
        }
    }
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
