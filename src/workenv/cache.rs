use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::StatVfsMountFlags;

use super::{EnvId, SlotKey, WorkenvError};
use crate::fs::{
    IoContext, Lock, LockKind, cache_candidates, create_private_dir, names_in, remove_tree, staging_name,
    temporary_parents,
};
use crate::report::Bytes;

/// The layout below the cache root; a change of it gets a new name and leaves the old one alone.
const LAYOUT: &str = "v1";

/// Marks the directory for backup programs (bford.info/cachedir).
const CACHEDIR_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
# This directory holds files that flavor can make again.\n";

/// A directory that holds extracted packages.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
    layout: PathBuf,
    /// Whether it is to vanish when the program ends.
    temporary: bool,
}

impl Cache {
    /// Finds a usable cache and makes its directories. Without one, makes a private temporary directory.
    ///
    /// `package` is the file being started.
    ///
    /// # Errors
    /// [`WorkenvError::NoCache`] lists what was tried and why it cannot be used.
    pub fn open(package: &Path) -> Result<Self, WorkenvError> {
        let mut tried = Vec::new();
        for candidate in cache_candidates() {
            let cache = Self::at(candidate.path, false);
            match cache.prepare().and_then(|()| cache.resolved()) {
                Ok(cache) => return Ok(cache),
                // A home that is somebody else's (`sudo -E`) is no place to write to, but no reason not to start either.
                Err(error @ (WorkenvError::Io(_) | WorkenvError::ForeignOwner { .. })) if candidate.optional => {
                    tried.push(format!("{} ({})", describe(&error), candidate.origin));
                }
                Err(error) => return Err(error),
            }
        }
        for parent in temporary_parents(package) {
            let root = parent.join(staging_name("flavor"));
            match std::fs::DirBuilder::new().mode(0o700).create(&root).on("create directory", &root) {
                Ok(()) => {
                    tracing::debug!("no cache directory, using {} for this run", root.display());
                    let cache = Self::at(root, true);
                    cache.prepare()?;
                    return cache.resolved();
                }
                Err(error) => tried.push(describe(&error)),
            }
        }
        Err(WorkenvError::NoCache { tried: tried.join("; ") })
    }

    /// The cache that the environment names, if it has one, without making anything.
    pub fn find() -> Option<Self> {
        let candidates = cache_candidates().into_iter().map(|candidate| Self::at(candidate.path, false));
        candidates.filter(|cache| cache.layout.is_dir()).find_map(|cache| cache.resolved().ok())
    }

    /// The same cache by its one true name: environments hold absolute paths, and links lead to one place by many names.
    fn resolved(&self) -> Result<Self, WorkenvError> {
        Ok(Self::at(self.root.canonicalize().on("resolve", &self.root)?, self.temporary))
    }

    fn at(root: PathBuf, temporary: bool) -> Self {
        Self { layout: root.join(LAYOUT), root, temporary }
    }

    /// Makes the directories on first use; afterwards two `stat`s show that they are ours alone.
    fn prepare(&self) -> Result<(), WorkenvError> {
        // The last to be made shows that all are there, also when several starts come first or one was killed.
        if !self.layout.join("locks").is_dir() {
            create_private_dir(&self.root)?;
            let tag = self.root.join("CACHEDIR.TAG");
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create(true).mode(0o644).open(&tag).on("create", &tag)?;
            file.write_all(CACHEDIR_TAG.as_bytes()).on("write", &tag)?;
            for directory in ["slots", "workenv", "staging", "locks"] {
                create_private_dir(&self.layout.join(directory))?;
            }
        }
        for directory in [&self.root, &self.layout] {
            let metadata = directory.metadata().on("examine", directory)?;
            let user = rustix::process::geteuid().as_raw();
            if metadata.uid() != user {
                return Err(WorkenvError::ForeignOwner { path: directory.clone(), owner: metadata.uid(), user });
            }
            if metadata.mode() & 0o022 != 0 {
                return Err(WorkenvError::WritableByOthers { path: directory.clone(), mode: metadata.mode() & 0o7777 });
            }
        }
        Ok(())
    }

    /// Checks what only an extraction needs: that programs may run from here and that there is room.
    pub(super) fn check_room(&self, needed: u64) -> Result<(), WorkenvError> {
        let facts = rustix::fs::statvfs(&self.layout).map_err(std::io::Error::from).on("examine", &self.layout)?;
        if facts.f_flag.contains(StatVfsMountFlags::NOEXEC) {
            return Err(WorkenvError::NoExec { path: self.root.clone() });
        }
        let available = facts.f_bavail.saturating_mul(facts.f_frsize);
        if available < needed {
            return Err(WorkenvError::NoSpace {
                path: self.root.clone(),
                needed: Bytes(needed),
                available: Bytes(available),
            });
        }
        Ok(())
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a slot is, or will be.
    pub fn slot_dir(&self, key: &SlotKey) -> PathBuf {
        self.layout.join("slots").join(key.as_str())
    }

    /// Where an environment is, or will be.
    pub fn workenv_dir(&self, id: &EnvId) -> PathBuf {
        self.layout.join("workenv").join(id.as_str())
    }

    pub(super) fn directory(&self, name: &str) -> PathBuf {
        self.layout.join(name)
    }

    pub(super) fn env_lock(&self, id: &EnvId) -> PathBuf {
        self.layout.join("locks").join(id.as_str())
    }

    /// Held by the one process that makes or repairs an environment. Apart from [`Self::env_lock`], which running programs
    /// hold: a repair need not wait until they end.
    pub(super) fn making_lock(&self, id: &EnvId) -> PathBuf {
        self.layout.join("locks").join(format!("making-{id}"))
    }

    pub(super) fn slot_lock(&self, key: &SlotKey) -> PathBuf {
        self.layout.join("locks").join(format!("slot-{key}"))
    }

    /// Held shared while anything is added, exclusively while anything is removed.
    pub(super) fn content_lock(&self) -> PathBuf {
        self.layout.join("locks").join("content")
    }

    /// A new directory to work in, gone again when dropped.
    pub(super) fn stage(&self) -> Result<Staging, WorkenvError> {
        loop {
            let path = self.staging_path("work");
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                // Two containers with one cache and one process number at one moment.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                other => {
                    other.on("create directory", &path)?;
                    return Ok(Staging { path });
                }
            }
        }
    }

    fn staging_path(&self, prefix: &str) -> PathBuf {
        self.layout.join("staging").join(staging_name(prefix))
    }

    /// Moves a directory out of the way by one rename, then removes it.
    pub(super) fn discard(&self, path: &Path) -> Result<(), WorkenvError> {
        let trash = Staging { path: self.staging_path("trash") };
        match std::fs::rename(path, &trash.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => Ok(other.on("move aside", path)?),
        }
    }

    /// Removes what killed processes left in the staging area. The caller holds the content lock exclusively.
    pub(super) fn sweep_staging(&self) -> Result<(), WorkenvError> {
        let staging = self.layout.join("staging");
        for name in names_in(&staging)? {
            remove_tree(&staging.join(name))?;
        }
        Ok(())
    }

    /// For a temporary cache: starts a process that waits until nobody holds `lock` and then removes everything.
    ///
    /// The program that is about to be exec'ed cannot do it, and a parent that stays would be a second process in its
    /// way; the reaper is detached and holds none of its descriptors.
    ///
    /// `package` is what the detached process is started from: our launcher stands at its front.
    pub(super) fn arrange_removal(&self, lock: &Path, package: &Path) {
        if !self.temporary {
            return;
        }
        // Pipes whose other ends are closed at once: a bare root file system has no /dev/null.
        let started = Command::new(package)
            .env_clear()
            .env("FLAVOR_LAUNCHER_CLI", "1")
            .args(["reap".as_ref(), lock.as_os_str(), self.root.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .current_dir("/")
            .spawn();
        if let Err(error) = started {
            tracing::warn!("{} will be left behind: {error}", self.root.display());
        }
    }

    /// The reaper's work.
    pub fn reap(lock: &Path, root: &Path) -> Result<(), WorkenvError> {
        let looks_ours = root.file_name().is_some_and(|name| name.to_string_lossy().starts_with("flavor-"));
        if !looks_ours || !lock.starts_with(root) {
            return Err(WorkenvError::BadName(root.display().to_string()));
        }
        drop(Lock::acquire(lock, LockKind::Exclusive)?);
        Ok(remove_tree(root)?)
    }
}

/// A directory below `staging/`.
pub(super) struct Staging {
    pub(super) path: PathBuf,
}

impl Staging {
    /// Makes the directory appear at its place by one rename. Nothing is left in the staging area: who is killed right
    /// afterwards leaves no work for a start that finds the environment whole and does not look there.
    pub(super) fn publish(self, place: &Path) -> Result<(), WorkenvError> {
        // What is made for others to read is not private any more.
        std::fs::set_permissions(&self.path, Permissions::from_mode(0o755)).on("set the mode of", &self.path)?;
        Ok(std::fs::rename(&self.path, place).on("publish", place)?)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if let Err(error) = remove_tree(&self.path) {
            tracing::debug!("left behind: {error}");
        }
    }
}

fn describe(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
