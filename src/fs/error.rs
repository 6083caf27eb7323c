use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::Lack;
use crate::diagnostics::{Code, Diagnosis, Diagnostic};

/// A file system operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} `{}`", path.display())]
pub struct Error {
    /// The operation, as a verb phrase after "cannot": `read`, `create directory`.
    pub operation: &'static str,
    /// The path it was attempted on.
    pub path: PathBuf,
    /// The cause.
    pub source: io::Error,
}

impl Diagnostic for Error {
    fn diagnosis(&self) -> Diagnosis {
        if let Some(lack) = self.lack() {
            return Code::FILE_SYSTEM_LACKS.with_hint(format!("choose {}", lack.remedy()));
        }
        match self.locked_out() {
            Some(locked) => Code::LOCKED_OUT.with_hint(format!("{locked}; {}", locked.remedy())),
            None => code_of(&self.source).into(),
        }
    }
}

impl Error {
    /// The feature that the file system lacks.
    pub fn lack(&self) -> Option<Lack> {
        Lack::of(&self.source)
    }

    /// Another user's file or directory, in a directory of this user, that is in the way.
    pub fn locked_out(&self) -> Option<LockedOut> {
        let is_denied = self.source.kind() == io::ErrorKind::PermissionDenied;
        is_denied
            .then(|| LockedOut::on_the_way_to(&self.path))
            .flatten()
    }
}

/// A file or directory of another user in a directory of this one, as root leaves behind after
/// working in another user's home.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` belongs to user {owner}, not to user {user}", path.display())]
pub struct LockedOut {
    pub path: PathBuf,
    owner: u32,
    user: u32,
}

impl LockedOut {
    /// The first such component of a path.
    fn on_the_way_to(path: &Path) -> Option<Self> {
        let user = rustix::process::geteuid().as_raw();
        let mut way: Vec<&Path> = path.ancestors().collect();
        way.reverse();
        let owner = |path: &Path| path.metadata().ok().map(|metadata| metadata.uid());
        way.windows(2).find_map(|pair| match pair {
            [above, path] if owner(above) == Some(user) => {
                let owner = owner(path).filter(|owner| *owner != user)?;
                Some(Self {
                    path: (*path).into(),
                    owner,
                    user,
                })
            }
            _ => None,
        })
    }

    /// The remedy, for the user.
    pub fn remedy(&self) -> String {
        format!(
            "`sudo chown -R {} {}` changes that",
            self.user,
            self.path.display()
        )
    }
}

/// The error code for an operating system error.
pub fn code_of(error: &io::Error) -> Code {
    if Lack::of(error).is_some() {
        return Code::FILE_SYSTEM_LACKS;
    }
    match error.kind() {
        io::ErrorKind::NotFound => Code::NOT_FOUND,
        io::ErrorKind::PermissionDenied => Code::PERMISSION_DENIED,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::NO_ROOM,
        _ => Code::SYSTEM,
    }
}

/// Result of the operations of this module.
pub type Result<T> = std::result::Result<T, Error>;

/// Adds the operation and the path to an [`io::Result`].
pub trait IoContext<T> {
    /// `operation` reads after "cannot"; `path` is what it was attempted on.
    fn on(self, operation: &'static str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn on(self, operation: &'static str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|source| Error {
            operation,
            path: path.as_ref().to_path_buf(),
            source,
        })
    }
}

impl IoContext<()> for rustix::io::Result<()> {
    fn on(self, operation: &'static str, path: impl AsRef<Path>) -> Result<()> {
        self.map_err(|errno| Error {
            operation,
            path: path.as_ref().to_path_buf(),
            source: errno.into(),
        })
    }
}
