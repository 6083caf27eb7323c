use std::path::PathBuf;

use super::error::SourceError;

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

/// How hidden files and directories are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// A build back end sees them and decides itself.
    Taken,
    /// Only those that an ignore file includes, as in `!.well-known`.
    Named,
}
