//! Locates the cache: the first usable directory that no other user can write to, along its whole
//! path.

use std::ffi::OsString;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use super::WorkenvError;
use super::cache::{Cache, Kind, is_noexec};
use crate::diagnostics::{Code, Diagnosis, Diagnostic, messages};
use crate::fs::{
    CACHE_TAG, CacheRoot, IoContext, cache_tag, from_here, is_outside_namespace, staging_name,
    temporary_parents,
};
#[cfg(feature = "cli")]
use crate::fs::{takes_files, there_of};

/// Directories of the layout. The last to be created indicates that all exist.
const DIRECTORIES: [&str; 5] = ["slots", "workenv", "runs", "staging", "locks"];

/// The maximum number of links in a path, as in the kernel.
const MAX_LINKS: usize = 40;

impl Cache {
    /// Finds a usable cache and creates its directories. If there is none, creates a private
    /// temporary directory and reports why.
    ///
    /// `package` is the file being started.
    ///
    /// # Errors
    /// [`WorkenvError::NoCache`] lists the places tried and why they cannot be used.
    pub fn open(package: &Path) -> Result<(Self, Option<NoLastingCache>), WorkenvError> {
        let mut tried = Vec::new();
        if let Some((cache, _)) = Self::named(&mut tried, Self::own)? {
            return Ok((cache, None));
        }
        let why = tried.join("; ");
        for parent in temporary_parents(package) {
            let root = parent.join(staging_name("flavor"));
            let made = match is_noexec(&parent) {
                Ok(true) => Err(WorkenvError::NoExec { path: parent }),
                _ => DirBuilder::new()
                    .mode(0o700)
                    .create(&root)
                    .on("create directory", &root)
                    .map_err(Into::into),
            };
            match made.and_then(|()| Self::prepared(&root, Kind::Temporary)) {
                Ok(cache) => {
                    tracing::debug!("no cache directory, using {} for this run", root.display());
                    return Ok((cache, Some(NoLastingCache { why })));
                }
                Err(error) => tried.push(messages(&error).join(": ")),
            }
        }
        Err(WorkenvError::NoCache {
            tried: tried.join("; "),
        })
    }

    /// Like [`Self::open`], but only a permanent cache.
    pub fn open_lasting() -> Result<Self, WorkenvError> {
        let mut tried = Vec::new();
        match Self::named(&mut tried, Self::own)? {
            Some((cache, _)) => Ok(cache),
            None => Err(WorkenvError::NoCache {
                tried: tried.join("; "),
            }),
        }
    }

    /// Creates a cache that others may read, to be part of an image.
    ///
    /// The modes are right for an image only if the umask of the process allows others to read.
    pub fn portable(directory: &Path) -> Result<Self, WorkenvError> {
        Self::prepared(&from_here(directory), Kind::Portable)
    }

    /// The cache at a given path.
    pub(super) fn known(root: &Path) -> Result<Self, WorkenvError> {
        Self::prepared(root, Kind::Own)
    }

    /// The user's own, created if necessary.
    fn own(path: &Path) -> Result<Self, WorkenvError> {
        Self::prepared(path, Kind::Own)
    }

    /// The first usable place in the environment, and what named it.
    fn named(
        tried: &mut Vec<String>,
        prepared: impl Fn(&Path) -> Result<Self, WorkenvError>,
    ) -> Result<Option<(Self, &'static str)>, WorkenvError> {
        for candidate in CacheRoot::candidates() {
            match prepared(&candidate.path) {
                Ok(cache) => return Ok(Some((cache, candidate.origin))),
                // The home of another user (`sudo -E`) must not be written to, but must not prevent
                // the start either.
                Err(error) if candidate.optional => {
                    tried.push(format!(
                        "{} ({})",
                        messages(&error).join(": "),
                        candidate.origin
                    ));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Where a start would put its cache. Nothing is created.
    ///
    /// # Errors
    /// The same choice as a start's: a place that the user named is the only candidate.
    #[cfg(feature = "cli")]
    pub fn foresee() -> Result<Foreseen, WorkenvError> {
        let mut passed_over = Vec::new();
        let found = Self::named(&mut passed_over, Self::foreseen)?;
        Ok(Foreseen { found, passed_over })
    }

    /// The cache that a start would use, if it exists.
    ///
    /// # Errors
    /// Like [`Self::foresee`].
    #[cfg(feature = "cli")]
    pub fn find() -> Result<Option<Self>, WorkenvError> {
        Ok(Self::foresee()?
            .found
            .map(|(cache, _)| cache)
            .filter(Self::is_there))
    }

    /// Whether anything has been extracted here.
    #[cfg(feature = "cli")]
    pub fn is_there(&self) -> bool {
        self.layout().is_dir()
    }

    /// What [`Self::own`] would return.
    #[cfg(feature = "cli")]
    fn foreseen(path: &Path) -> Result<Self, WorkenvError> {
        let there = there_of(path);
        let root = match path.strip_prefix(there) {
            Ok(rest) if !rest.as_os_str().is_empty() => vouched(there, Role::Way)?.join(rest),
            _ => vouched(path, Role::Cache)?,
        };
        let cache = Self::at(root, Kind::Own);
        if cache.directory("locks").is_dir() {
            cache.checked()
        } else {
            takes_files(&cache.root).map_err(|error| not_writable(&cache.root, error))?;
            Ok(cache)
        }
    }

    /// Creates the directories on first use. Later, one `stat` for each component of the path shows
    /// that they are safe.
    fn prepared(path: &Path, kind: Kind) -> Result<Self, WorkenvError> {
        let resolved = match vouched(path, Role::Cache) {
            Err(WorkenvError::Io(error)) if error.source.kind() == ErrorKind::NotFound => {
                create(path, kind)?;
                vouched(path, Role::Cache)?
            }
            other => other?,
        };
        let cache = Self::at(resolved, kind);
        if !cache.directory("locks").is_dir() {
            let tag = cache.root.join(CACHE_TAG);
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o644)
                .open(&tag)
                .on("create", &tag)
                .map_err(|error| not_writable(&cache.root, error))?;
            file.write_all(cache_tag().as_bytes()).on("write", &tag)?;
            cache.complete()?;
        }
        cache.checked()
    }

    /// Creates missing directories. A start checks only for the last of them; after a power failure
    /// others may be missing, because directory entries reach the disk in any order. Called before
    /// anything is added or removed.
    pub(super) fn complete(&self) -> Result<(), WorkenvError> {
        let directories = DIRECTORIES.map(|name| self.directory(name));
        directories
            .iter()
            .filter(|path| !path.is_dir())
            .try_for_each(|path| create(path, self.kind))
    }

    fn checked(self) -> Result<Self, WorkenvError> {
        let layout = self.layout();
        check(
            layout,
            &layout.metadata().on("examine", layout)?,
            Role::Cache,
        )?;
        Ok(self)
    }
}

/// Why a start uses a temporary directory instead of a cache.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no permanent cache directory: every start extracts the package again{}{why}", if why.is_empty() { "" } else { ": " })]
pub struct NoLastingCache {
    /// The places that were tried; empty if nothing names one.
    why: String,
}

impl Diagnostic for NoLastingCache {
    fn diagnosis(&self) -> Diagnosis {
        Code::NO_LASTING_CACHE
            .with_hint("set FLAVOR_CACHE_DIR, or HOME, to a permanent directory of your own")
    }
}

/// Where a start would put its cache.
#[cfg(feature = "cli")]
#[derive(Debug)]
pub struct Foreseen {
    /// The place and what names it. If `None`, each start creates a temporary directory.
    pub found: Option<(Cache, &'static str)>,
    /// Preferred places that cannot be used, and why.
    pub passed_over: Vec<String>,
}

fn create(path: &Path, kind: Kind) -> Result<(), WorkenvError> {
    let mode = if kind == Kind::Portable { 0o755 } else { 0o700 };
    let made = DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .on("create directory", path);
    made.map_err(|error| not_writable(path, error))
}

/// Turns a permission error into the one whose hint has the remedy.
pub(super) fn not_writable(path: &Path, error: crate::fs::Error) -> WorkenvError {
    match error.source.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::ROFS | Errno::ACCESS | Errno::PERM) => WorkenvError::NotWritable {
            path: path.into(),
            source: error,
        },
        _ => error.into(),
    }
}

/// The role of a directory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Cache,
    /// A directory or link on the path to the cache.
    Way,
}

/// Resolves a path from the root and checks, for every component, who may change it. Returns the
/// path without links. The last component has the role `end`. Environments hold absolute paths, and
/// links give one place many names, hence the resolved path.
fn vouched(path: &Path, end: Role) -> Result<PathBuf, WorkenvError> {
    let mut so_far = PathBuf::from("/");
    let mut rest = parts(path);
    let mut links = 0_usize;
    while let Some(part) = rest.pop() {
        if part == ".." {
            so_far.pop();
            continue;
        }
        so_far.push(&part);
        let metadata = so_far.symlink_metadata().on("examine", &so_far)?;
        if metadata.is_symlink() {
            check(&so_far, &metadata, Role::Way)?;
            links = links.saturating_add(1);
            if links > MAX_LINKS {
                return Err(io::Error::from(Errno::LOOP))
                    .on("resolve", path)
                    .map_err(Into::into);
            }
            let target = std::fs::read_link(&so_far).on("read link", &so_far)?;
            so_far.pop();
            if target.is_absolute() {
                so_far = "/".into();
            }
            rest.extend(parts(&target));
        } else {
            check(
                &so_far,
                &metadata,
                if rest.is_empty() { end } else { Role::Way },
            )?;
        }
    }
    Ok(so_far)
}

/// The components of a path, last one first.
fn parts(path: &Path) -> Vec<OsString> {
    let parts = path
        .components()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    parts
        .rev()
        .map(|part| part.as_os_str().to_owned())
        .collect()
}

/// Rejects a directory that another user could change. The superuser is exempt: an image may have a
/// cache made by root.
fn check(path: &Path, metadata: &std::fs::Metadata, part: Role) -> Result<(), WorkenvError> {
    const STICKY: u32 = 0o1000;
    let (user, owner) = (rustix::process::geteuid().as_raw(), metadata.uid());
    if owner != user && owner != 0 && !(part == Role::Way && is_outside_namespace(owner)) {
        return Err(WorkenvError::ForeignOwner {
            path: path.into(),
            owner,
            user,
        });
    }
    let mode = metadata.mode() & 0o7777;
    // In a sticky directory only the owner can replace an entry. The user's own group counts as the
    // user: on many systems it has no other member.
    let harmless = part == Role::Way
        && (metadata.is_symlink()
            || mode & STICKY != 0
            || (mode & 0o002 == 0 && metadata.gid() == rustix::process::getegid().as_raw()));
    if mode & 0o022 != 0 && !harmless {
        return Err(WorkenvError::WritableByOthers {
            path: path.into(),
            mode,
        });
    }
    Ok(())
}
