//! What of a directory goes into a package, and what of a project its build gets to see.
//!
//! ```text
//! leavings  what tools and builds leave behind, by its looks
//! named     what the project's own settings bring back
//! git       what git tracks: repositories, worktrees, submodules     index  git's index
//! walk      a tree ─▶ Sources
//! above     what a build refers to above its project
//! view      all of that together, and its copy for the build
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

use crate::diagnostics::Code;
use crate::fs::{IoContext as _, code_of};
use crate::python::error::{Error, Result};
use named::Named;
use walk::Walk;

pub use view::{Snapshot, View};

/// What a directory holds that may go into a package.
#[derive(Debug, Default)]
pub struct Sources {
    /// Relative to the directory, sorted. Links are followed: a file behind one stands here by the link's path.
    pub files: Vec<PathBuf>,
    /// The same of files that git ignores and does not track: what has been made. None of a directory that goes in as it is.
    pub ignored: Vec<PathBuf>,
    /// Links that have been followed, but for those behind another link.
    pub links: Vec<PathBuf>,
    /// Links to what is outside, relative to the directory.
    pub outside: Vec<PathBuf>,
    /// What is no file, and leads to none.
    pub unfit: Vec<SourceError>,
    /// Directories that have too many files to be anything but data.
    pub too_large: Vec<PathBuf>,
    /// Why it is not known what git tracks.
    pub trouble: Option<String>,
}

impl Sources {
    /// All files.
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().chain(&self.ignored)
    }
}

/// Something in a directory that cannot be packed.
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

impl SourceError {
    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            Self::LeadsOut { .. } => Code::ESCAPING_LINK,
            Self::Dangling { .. } => Code::DANGLING_LINK,
            Self::Loop { .. } => Code::LINK_LOOP,
            Self::Special { .. } => Code::SPECIAL_FILE,
            Self::Unreadable { source, .. } => code_of(source),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        let leave_out = format!("leave it out with a line in `{IGNORE_FILE}`");
        match self {
            Self::LeadsOut { .. } => format!("replace the link by a copy, or {leave_out}"),
            Self::Dangling { .. } | Self::Loop { .. } => format!("remove the link, or {leave_out}"),
            Self::Special { .. } | Self::Unreadable { .. } => leave_out,
        }
    }

    /// What it is about.
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

/// What `.flavorignore` is called.
const IGNORE_FILE: &str = ".flavorignore";

/// Whether files and directories whose names begin with a dot are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// A build back end sees what it would see without us, and decides itself.
    Taken,
    /// Only those that an ignore file brings back, as in `!.well-known`.
    Named,
}

/// Lists the files of a project that take part in its build, or those of a directory that goes in as it is.
///
/// Left out is what `.flavorignore` says, in every directory with the meaning that git gives to such files, and what builds
/// and tools leave behind unless git tracks it. What `.gitignore` says keeps a file out of a directory that goes in as it
/// is, unless git tracks it; a build sees it.
pub fn list(directory: &Path, hidden: Hidden) -> Result<Sources> {
    list_with(directory, hidden, &[])
}

/// The same, and what patterns as in `.gitignore` bring back.
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

/// Copies files, to what links lead instead of the links. `files` are relative to the directory, as [`list`] finds them.
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
