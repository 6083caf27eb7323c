use std::path::{Path, PathBuf};

use super::lock::Lock;
use super::named::NamedSources;
use super::tool::Choice;

/// The purpose of an installation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// The dependencies of an input.
    #[default]
    Dependencies,
    /// The first requirement is the one to be packed, the rest its dependencies.
    Subject,
    /// A build back end.
    BackEnd,
}

/// What to install and from where.
///
/// The `PIP_` and `UV_` variables for indexes and find-links apply too, whichever installer runs.
#[derive(Clone)]
pub struct InstallRequest<'a> {
    /// The directory of the project, where installers run; otherwise they run in `work`.
    pub project: Option<&'a Path>,
    /// PEP 508: `[project.dependencies]` and those of the selected extras and groups.
    pub requirements: Vec<String>,
    pub purpose: Purpose,
    /// The package's requirements in addition to the project's, which are not in a lock.
    pub additional: Vec<String>,
    /// Names of the selected extras, for lock files.
    pub extras: Vec<String>,
    /// Names of the selected dependency groups (PEP 735), for lock files.
    pub groups: Vec<String>,
    /// Directories or URLs; relative ones are relative to the caller's current directory.
    pub find_links: Vec<String>,
    pub index_url: Option<String>,
    pub extra_index_urls: Vec<String>,
    /// No network: only find-links and the installer's own cache.
    pub offline: bool,
    /// The lock file that determines the versions.
    pub lock: Option<Lock>,
    /// The project's own sources of distributions.
    pub named: NamedSources,
    /// Whether an outdated lock is ignored.
    pub refresh: bool,
    /// Directories whose wheels are being built, for which this is installed.
    pub building: Vec<PathBuf>,
    /// A directory for temporary files, which the caller removes.
    pub work: &'a Path,
    pub installer: Choice,
}

impl<'a> InstallRequest<'a> {
    /// Nothing to install, defaults from the environment.
    pub fn new(work: &'a Path) -> Self {
        Self {
            project: None,
            requirements: Vec::new(),
            purpose: Purpose::default(),
            additional: Vec::new(),
            extras: Vec::new(),
            groups: Vec::new(),
            find_links: Vec::new(),
            index_url: None,
            extra_index_urls: Vec::new(),
            offline: false,
            lock: None,
            named: NamedSources::default(),
            refresh: false,
            building: Vec::new(),
            work,
            installer: Choice::default(),
        }
    }
}
