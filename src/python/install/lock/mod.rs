//! Lock files: a reader for each kind.

pub(super) mod error;
mod fresh;
mod locked;
mod pdm;
mod poetry;
mod pylock;
mod requirements;
mod table;
mod uv;

use std::fs;
use std::path::{Path, PathBuf};

pub(super) use error::Error;
pub(super) use error::unusable;
pub(super) use locked::{Locked, LockedOrigin, Selection};
pub(super) use pylock::wheels_of;
pub(super) use requirements::{Entry, check_locked_list, entries};

use self::error::Result;
use super::address::absolute;
use super::named::is_member_or_root;
use super::notice::Notice;
use crate::fs::{self as files, IoContext as _};

/// A file of the project that pins the versions of its dependencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lock {
    /// `uv.lock`.
    Uv(PathBuf),
    /// `pylock.toml`: PEP 751.
    Pylock(PathBuf),
    /// `poetry.lock`.
    Poetry(PathBuf),
    /// `pdm.lock`.
    Pdm(PathBuf),
    /// The `uv.lock` of a single script, `NAME.py.lock`.
    Script { script: PathBuf, lock: PathBuf },
    /// A `requirements.txt` with hashes. Without hashes it is an ordinary list of requirements; if
    /// there is no manifest, that list is used.
    Requirements(PathBuf),
}

/// Lock files of other tools, which are not read.
const FOREIGN: &[&str] = &[
    "Pipfile.lock",
    "pixi.lock",
    "requirements.lock",
    "conda-lock.yml",
];

impl Lock {
    /// The project's lock file; if there are several, the first in the order above.
    ///
    /// A member of a uv workspace uses the `uv.lock` at the workspace's root. The path is absolute.
    pub fn find(project: &Path) -> Option<Self> {
        let project = absolute(project);
        let file = |name| Some(project.join(name)).filter(|path| path.is_file());
        let hashed =
            |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| text.contains("--hash="));
        let uv = Some(is_member_or_root(&project).join("uv.lock")).filter(|path| path.is_file());
        uv.map(Self::Uv)
            .or_else(|| file("pylock.toml").map(Self::Pylock))
            .or_else(|| file("poetry.lock").map(Self::Poetry))
            .or_else(|| file("pdm.lock").map(Self::Pdm))
            .or_else(|| {
                file("requirements.txt")
                    .filter(hashed)
                    .map(Self::Requirements)
            })
    }

    /// The lock file of a script, beside it.
    pub fn of_script(script: &Path) -> Option<Self> {
        let mut lock = script.as_os_str().to_owned();
        lock.push(".lock");
        let (script, lock) = (script.to_path_buf(), PathBuf::from(lock));
        lock.is_file().then_some(Self::Script { script, lock })
    }

    /// The lock file of a directory without a manifest, else its `requirements.txt`.
    pub fn of_directory(directory: &Path) -> Option<Self> {
        let wishes = || Some(directory.join("requirements.txt")).filter(|path| path.is_file());
        // The others belong to a manifest.
        let pylock = Some(directory.join("pylock.toml")).filter(|path| path.is_file());
        pylock
            .map(Self::Pylock)
            .or_else(|| wishes().map(Self::Requirements))
    }

    /// The same with absolute paths: installers run in another directory.
    pub(super) fn absolute(&self) -> files::Result<Self> {
        let absolute = |path: &Path| std::path::absolute(path).on("find the directory of", path);
        Ok(match self {
            Self::Uv(path) => Self::Uv(absolute(path)?),
            Self::Pylock(path) => Self::Pylock(absolute(path)?),
            Self::Poetry(path) => Self::Poetry(absolute(path)?),
            Self::Pdm(path) => Self::Pdm(absolute(path)?),
            Self::Script { script, lock } => Self::Script {
                script: absolute(script)?,
                lock: absolute(lock)?,
            },
            Self::Requirements(path) => Self::Requirements(absolute(path)?),
        })
    }

    /// The list, and the files that it includes. `directory` is the base of the installer's
    /// relative paths.
    pub(super) fn files(&self, directory: &Path) -> Vec<PathBuf> {
        match self {
            Self::Requirements(path) => requirements::files(path, directory),
            _ => vec![self.path().to_path_buf()],
        }
    }

    /// The first line of a list of requirements that no installer can parse.
    pub(super) fn malformed(&self, directory: &Path) -> Option<Error> {
        let Self::Requirements(_) = self else {
            return None;
        };
        self.files(directory)
            .iter()
            .find_map(|path| requirements::malformed_line(path))
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Uv(path)
            | Self::Pylock(path)
            | Self::Poetry(path)
            | Self::Pdm(path)
            | Self::Requirements(path)
            | Self::Script { lock: path, .. } => path,
        }
    }

    /// The locked distributions for a selection; `None` for a list of requirements, which
    /// installers read.
    pub(super) fn read(
        &self,
        selection: &Selection,
        notices: &mut Vec<Notice>,
    ) -> Result<Option<Vec<Locked>>> {
        match self {
            Self::Uv(path) => uv::of_project(path, selection).map(Some),
            Self::Script { lock, .. } => uv::of_script(lock, selection).map(Some),
            Self::Pylock(path) => pylock::read(path, selection, notices).map(Some),
            Self::Poetry(path) => poetry::read(path, selection).map(Some),
            Self::Pdm(path) => pdm::read(path, selection).map(Some),
            Self::Requirements(_) => Ok(None),
        }
    }
}

/// The warning for a project whose only lock file is of an unsupported kind.
pub(super) fn unread(project: &Path, requirements: &[String]) -> Option<Notice> {
    let foreign = FOREIGN
        .iter()
        .map(|name| project.join(name))
        .find(|path| path.is_file());
    let pinned = || {
        let path = project.join("requirements.txt");
        requirements::pins_others(&path, project, requirements).then_some(path)
    };
    foreign
        .map(|path| Notice::LockNotRead {
            path,
            unhashed: false,
        })
        .or_else(|| {
            pinned().map(|path| Notice::LockNotRead {
                path,
                unhashed: true,
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_without_hashes_are_no_lock() {
        let scratch = tempfile::tempdir().expect("scratch");
        fs::write(scratch.path().join("requirements.txt"), "click\n").expect("scratch");
        assert_eq!(Lock::find(scratch.path()), None);
    }
}
