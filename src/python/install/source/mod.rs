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
mod error;
mod git;
mod index;
mod leavings;
mod named;
mod sources;
mod view;
mod walk;

use std::fs;
use std::path::{Path, PathBuf};

pub use error::{SourceError, SourcesError};
pub use sources::{Hidden, Sources};
pub use view::{Snapshot, View};

use self::error::Result;
use self::named::Named;
use self::walk::Walk;
use crate::fs::IoContext as _;

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
    let real = directory
        .canonicalize()
        .map_err(|_| SourcesError::NoProjectAt {
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
