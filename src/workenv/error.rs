use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::format::FormatError;
use crate::fs::{self, TreeError};
use crate::slot::SlotError;

/// Why an environment cannot be provided or managed.
#[derive(Debug, thiserror::Error)]
pub enum WorkenvError {
    #[error("no directory for the cache: {tried}")]
    NoCache { tried: String },
    #[error("the cache directory `{}`, or a directory above it, cannot be written to", path.display())]
    NotWritable { path: PathBuf, source: fs::Error },
    #[error("the directory `{}` is owned by user {owner}, not by user {user}, and cannot hold the cache", path.display())]
    ForeignOwner {
        path: PathBuf,
        owner: u32,
        user: u32,
    },
    #[error("the directory `{}` is writable by other users (mode {mode:04o}) and cannot hold the cache", path.display())]
    WritableByOthers { path: PathBuf, mode: u32 },
    #[error("the cache directory `{}` is on a file system mounted noexec", path.display())]
    NoExec { path: PathBuf },
    #[error("not enough space in `{}`: {needed} needed, {available} available", path.display())]
    NoSpace {
        path: PathBuf,
        needed: crate::report::Bytes,
        available: crate::report::Bytes,
    },
    #[error("slot `{slot}` is damaged: found digest {found}, the signed metadata has {signed}")]
    SlotDigest {
        slot: String,
        found: String,
        signed: String,
    },
    #[error("cannot extract slot `{slot}`")]
    Extract { slot: String, source: SlotError },
    #[error("slot `{slot}`: the target `{target}` is not inside the work environment")]
    BadTarget { slot: String, target: String },
    #[error("the package names no slot `{0}` for its interpreter")]
    NoRuntime(String),
    #[error("the environment `{}` keeps being changed by another process", path.display())]
    Unstable { path: PathBuf },
    #[error("the cache directory `{}` is on a file system without file locks, which {what} requires", path.display())]
    NoLocks { path: PathBuf, what: &'static str },
    #[error("the set-up command `{}` {outcome}", crate::report::printable(command))]
    SetUp {
        command: String,
        outcome: String,
        output: String,
    },
    #[error("slot `{slot}` exists only while {when}")]
    NotThere { slot: String, when: &'static str },
    #[error("`{0}` is not the name of a work environment")]
    BadName(String),
    #[error("no work environment `{0}` in the cache")]
    NoEnvironment(String),
    #[error("`{0}` is in use by a running program")]
    InUse(String),
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Io(#[from] fs::Error),
}

/// The remedy for most problems with the cache.
const OWN_CACHE: &str = "set FLAVOR_CACHE_DIR to a directory of your own where programs may run";

impl Diagnostic for WorkenvError {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::NoCache { .. } => Code::NO_CACHE_PLACE.with_hint(OWN_CACHE),
            Self::NotWritable { source, .. } => match source.locked_out() {
                Some(locked) => Code::CACHE_NOT_WRITABLE.with_hint(unlocked(&locked)),
                None => Code::CACHE_NOT_WRITABLE.with_hint(OWN_CACHE),
            },
            Self::ForeignOwner { .. } => Code::FOREIGN_CACHE.with_hint(OWN_CACHE),
            Self::WritableByOthers { path, .. } => Code::OPEN_CACHE.with_hint(format!(
                "run `chmod go-w {}`, or set FLAVOR_CACHE_DIR to another directory",
                path.display()
            )),
            Self::NoExec { .. } => Code::NOEXEC.with_hint(OWN_CACHE),
            Self::NoSpace { .. } => Code::NO_SPACE.with_hint(OWN_CACHE),
            Self::NoLocks { .. } => Code::NO_LOCKS.with_hint(OWN_CACHE),
            Self::SlotDigest { .. } => {
                Code::SLOT_CHANGED.with_hint("download the package again from its publisher")
            }
            Self::Extract { source, .. } => Diagnosis {
                code: source.code(),
                hint: match source {
                    SlotError::Io(error) | SlotError::Tree(TreeError::Io(error)) => {
                        remedy(&error.source)
                    }
                    _ => None,
                },
            },
            Self::BadTarget { .. } | Self::NoRuntime(_) => Code::BAD_METADATA.into(),
            Self::Unstable { .. } | Self::InUse(_) => Code::IN_USE.into(),
            Self::SetUp { output, .. } if !output.is_empty() => {
                Code::SET_UP_FAILED.with_hint(format!("its output ends with: {output}"))
            }
            Self::SetUp { .. } => Code::SET_UP_FAILED.into(),
            Self::NotThere { .. } => Code::SLOT_NOT_THERE.into(),
            Self::BadName(_) => Code::BAD_ENVIRONMENT_NAME.with_hint(NAMES),
            Self::NoEnvironment(_) => Code::NO_ENVIRONMENT.with_hint(NAMES),
            Self::Format(error) => error.diagnosis(),
            Self::Io(error) => match error.locked_out() {
                Some(locked) => Code::LOCKED_OUT.with_hint(unlocked(&locked)),
                None => Diagnosis {
                    code: fs::code_of(&error.source),
                    hint: remedy(&error.source),
                },
            },
        }
    }
}

const NAMES: &str = "`flavor workenv list` shows the names";

fn unlocked(locked: &fs::LockedOut) -> String {
    let remedy = locked.remedy();
    format!("{locked}; {remedy}, or set FLAVOR_CACHE_DIR to a directory of your own")
}

/// The remedy for the operating system's error.
fn remedy(error: &io::Error) -> Option<Cow<'static, str>> {
    use io::ErrorKind::{
        AlreadyExists, InvalidFilename, NotADirectory, OutOfMemory, PermissionDenied,
        QuotaExceeded, ReadOnlyFilesystem, StorageFull, TooManyLinks,
    };
    if let Some(lack) = fs::Lack::of(error) {
        return Some(format!("set FLAVOR_CACHE_DIR to {}", lack.remedy()).into());
    }
    match error.kind() {
        // Running out of inodes gives the same error as running out of space.
        StorageFull | QuotaExceeded => Some(
            "free disk space (`df`) or inodes (`df -i`), or set FLAVOR_CACHE_DIR to a directory elsewhere"
                .into(),
        ),
        OutOfMemory => Some("about 50 MB of memory are needed; `ulimit -v` shows the limit".into()),
        AlreadyExists | InvalidFilename | NotADirectory | PermissionDenied | ReadOnlyFilesystem | TooManyLinks => {
            Some(OWN_CACHE.into())
        }
        _ => None,
    }
}
