use std::io;
use std::path::PathBuf;

use crate::diagnostics::Code;
use crate::format::FormatError;
use crate::fs;
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

impl WorkenvError {
    /// The error code.
    pub fn code(&self) -> Code {
        match self {
            Self::NoCache { .. } => Code::NO_CACHE_PLACE,
            Self::NotWritable { .. } => Code::CACHE_NOT_WRITABLE,
            Self::ForeignOwner { .. } => Code::FOREIGN_CACHE,
            Self::WritableByOthers { .. } => Code::OPEN_CACHE,
            Self::NoExec { .. } => Code::NOEXEC,
            Self::NoSpace { .. } => Code::NO_SPACE,
            Self::SlotDigest { .. } => Code::SLOT_CHANGED,
            Self::Extract { source, .. } => source.code(),
            Self::BadTarget { .. } | Self::NoRuntime(_) => Code::BAD_METADATA,
            Self::Unstable { .. } | Self::InUse(_) => Code::IN_USE,
            Self::NoLocks { .. } => Code::NO_LOCKS,
            Self::SetUp { .. } => Code::SET_UP_FAILED,
            Self::NotThere { .. } => Code::SLOT_NOT_THERE,
            Self::BadName(_) => Code::BAD_ENVIRONMENT_NAME,
            Self::NoEnvironment(_) => Code::NO_ENVIRONMENT,
            Self::Format(error) => error.code(),
            Self::Io(error) => error.code(),
        }
    }

    /// The remedy, for the user.
    pub fn hint(&self) -> Option<String> {
        if let Self::NotWritable { source, .. } | Self::Io(source) = self
            && let Some(locked) = source.locked_out()
        {
            let remedy = locked.remedy();
            return Some(format!(
                "{locked}; {remedy}, or set FLAVOR_CACHE_DIR to a directory of your own"
            ));
        }
        match self {
            Self::NoCache { .. }
            | Self::NoExec { .. }
            | Self::NoSpace { .. }
            | Self::NotWritable { .. }
            | Self::NoLocks { .. }
            | Self::ForeignOwner { .. } => Some(
                "set FLAVOR_CACHE_DIR to a directory of your own where programs may run".into(),
            ),
            Self::SetUp { output, .. } if !output.is_empty() => {
                Some(format!("its output ends with: {output}"))
            }
            Self::WritableByOthers { path, .. } => Some(format!(
                "run `chmod go-w {}`, or set FLAVOR_CACHE_DIR to another directory",
                path.display()
            )),
            Self::SlotDigest { .. } => Some("download the package again from its publisher".into()),
            Self::BadName(_) | Self::NoEnvironment(_) => {
                Some("`flavor workenv list` shows the names".into())
            }
            other => system_cause(other).and_then(remedy),
        }
    }
}

/// The operating system's error, at whatever depth in the chain.
fn system_cause(error: &WorkenvError) -> Option<&io::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(error) = one.downcast_ref::<io::Error>() {
            return Some(error);
        }
        cause = one.source();
    }
    None
}

fn remedy(error: &io::Error) -> Option<String> {
    use io::ErrorKind::{
        AlreadyExists, InvalidFilename, NotADirectory, OutOfMemory, PermissionDenied,
        QuotaExceeded, ReadOnlyFilesystem, StorageFull, TooManyLinks,
    };
    if let Some(lack) = fs::Lack::of(error) {
        return Some(format!("set FLAVOR_CACHE_DIR to {}", lack.remedy()));
    }
    match error.kind() {
        // Running out of inodes gives the same error as running out of space.
        StorageFull | QuotaExceeded => Some(
            "free disk space (`df`) or inodes (`df -i`), or set FLAVOR_CACHE_DIR to a directory elsewhere"
                .into(),
        ),
        OutOfMemory => Some("about 50 MB of memory are needed; `ulimit -v` shows the limit".into()),
        AlreadyExists | InvalidFilename | NotADirectory | PermissionDenied | ReadOnlyFilesystem | TooManyLinks => {
            Some("set FLAVOR_CACHE_DIR to a directory of your own where programs may run".into())
        }
        _ => None,
    }
}
