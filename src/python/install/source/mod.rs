//! Determines which files of a directory go into a package, and which files of a project its build
//! sees.
//!
//! ```text
//! leavings  outputs of tools and builds, recognised by name
//! named     files that the project's own settings include
//! git       tracked files: repositories, worktrees, submodules
//! index     git's index
//! walk      a tree ─▶ Sources
//! above     what a build refers to outside its project
//! view      all files that a build sees, and their copy for the build
//! ```

mod above;
mod git;
mod index;
mod leavings;
mod named;
mod view;
mod walk;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::fs::{IoContext as _, code_of};
use crate::python::error::{Error, Result};
use named::Named;
use walk::Walk;

pub use view::{Snapshot, View};

/// The files of a directory that may go into a package.
#[derive(Debug, Default)]
pub struct Sources {
    /// Relative to the directory, sorted. Links are followed: a file below one is listed by the
    /// link's path.
    pub files: Vec<PathBuf>,
    /// Those that git ignores and does not track: generated files. None for a directory that is
    /// packed as it is.
    pub ignored: Vec<PathBuf>,
    /// Links that were followed, except those below another link.
    pub links: Vec<PathBuf>,
    /// Links to outside, relative to the directory.
    pub outside: Vec<PathBuf>,
    /// Entries that are not files and do not lead to one.
    pub unfit: Vec<SourceError>,
    /// Ignored directories with so many files that they must be data.
    pub too_large: Vec<PathBuf>,
    /// Why it is unknown which files git tracks.
    pub trouble: Option<String>,
}

impl Sources {
    /// All files.
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().chain(&self.ignored)
    }
}

/// An entry of a directory that cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("the link `{}` leads to `{}`, outside `{}`", path.display(), target.display(), directory.display())]
    LeadsOut {
        directory: PathBuf,
        path: PathBuf,
        target: PathBuf,
    },
    #[error("the link `{}` is broken: `{}`", path.display(), target.display())]
    Dangling { path: PathBuf, target: PathBuf },
    #[error("the link `{}` is a loop", path.display())]
    Loop { path: PathBuf },
    #[error("`{}` is a device, socket or pipe", path.display())]
    Special { path: PathBuf },
    #[error("cannot read `{}`", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
}

impl Diagnostic for SourceError {
    fn diagnosis(&self) -> Diagnosis {
        let leave_out = format!("leave it out with a line in `{IGNORE_FILE}`");
        match self {
            Self::LeadsOut { .. } => {
                Code::ESCAPING_LINK.with_hint(format!("replace the link by a copy, or {leave_out}"))
            }
            Self::Dangling { .. } => {
                Code::DANGLING_LINK.with_hint(format!("remove the link, or {leave_out}"))
            }
            Self::Loop { .. } => {
                Code::LINK_LOOP.with_hint(format!("remove the link, or {leave_out}"))
            }
            Self::Special { .. } => Code::SPECIAL_FILE.with_hint(leave_out),
            Self::Unreadable { source, .. } => code_of(source).with_hint(leave_out),
        }
    }
}

impl SourceError {
    /// The path it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::LeadsOut { path, .. }
            | Self::Dangling { path, .. }
            | Self::Loop { path }
            | Self::Special { path }
            | Self::Unreadable { path, .. } => path,
        }
    }
}

/// The name of the ignore file.
const IGNORE_FILE: &str = ".flavorignore";

/// How hidden files and directories are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// A build back end sees them and decides itself.
    Taken,
    /// Only those that an ignore file includes, as in `!.well-known`.
    Named,
}

/// Lists the files of a project that take part in its build, or those of a directory that is packed
/// as it is.
///
/// Excludes what `.flavorignore` matches, in every directory and with git's semantics, and
/// untracked outputs of builds and tools. Files that `.gitignore` matches are excluded from a
/// directory that is packed as it is, unless tracked; a build sees them.
pub fn list(directory: &Path, hidden: Hidden) -> Result<Sources> {
    list_with(directory, hidden, &[])
}

/// The same, plus the files included by patterns as in `.gitignore`.
pub fn list_with(directory: &Path, hidden: Hidden, include: &[String]) -> Result<Sources> {
    let real = directory.canonicalize().map_err(|_| Error::NoProjectAt {
        path: directory.to_path_buf(),
    })?;
    let configured = match hidden {
        Hidden::Taken => named::Settings::of(&real).strings,
        Hidden::Named => Vec::new(),
    };
    Ok(Walk::new(directory, real, hidden, &Named::new(include, &configured)).run())
}

/// Copies files; links are replaced by their targets. `files` are relative to the directory, as
/// returned by [`list`].
pub fn copy(directory: &Path, files: &[PathBuf], dest: &Path) -> Result<()> {
    for relative in files {
        let (from, to) = (directory.join(relative), dest.join(relative));
        if let Some(directory) = to.parent() {
            fs::create_dir_all(directory).on("create directory", directory)?;
        }
        fs::copy(&from, &to).on("copy", &from)?;
    }
    Ok(())
}
