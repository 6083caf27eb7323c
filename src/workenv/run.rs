//! Environments of single runs, for packages with temporary slots.
//!
//! `runs/<id>-<random>/` has `slots/<number>/tree`, private to the run, and `workenv`: links to
//! everything in the shared environment, and the temporary slots at their targets. The running
//! program holds a lock on the directory itself. A process that gets the lock knows that the
//! program has ended, however it ended.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::compose::{Composition, target_path};
use super::extraction::extraction;
use super::provision::Provision;
use super::slots::CachedSlot;
use super::{Cache, EnvId, WorkenvError};
use crate::format::Lifecycle;
use crate::fs::{IoContext, Lock, LockKind, Marked, Modes, Put, names_in, staging_name};
use crate::package::{Reader, Slot};
use crate::trust::Accepted;

/// Name of the environment below a run's directory.
pub(super) const WORKENV_DIR: &str = "workenv";

/// Creates the environment of one run on top of the shared one. Returns it with its lock and the
/// path of that.
pub(super) fn prepare(
    reader: &Reader,
    cache: &Cache,
    shared: &Path,
    how: Provision<'_>,
) -> Result<(PathBuf, Lock, PathBuf), WorkenvError> {
    cache.complete()?;
    cache.sweep_runs()?;
    let _adding = how.progress.wait(
        &cache.content_lock(),
        LockKind::Shared,
        "the cache to be cleaned",
    )?;
    let place = cache
        .directory("runs")
        .join(staging_name(EnvId::of(reader).as_str()));
    let root = place.join(WORKENV_DIR);
    let slots = CachedSlot::all(cache, reader, &root)?;
    let temporary: Vec<_> = slots
        .iter()
        .filter(|slot| slot.lifecycle == Lifecycle::Temporary)
        .collect();
    let staging = cache.stage()?;
    let made = staging.path().join("run");
    std::fs::create_dir(&made).on("create directory", &made)?;
    let mut lock = Lock::acquire(&made, LockKind::Shared)?;
    if !lock.is_held() {
        return Err(WorkenvError::NoLocks {
            path: cache.root().into(),
            what: "a package with temporary slots",
        });
    }
    let directory = |slot: &CachedSlot<'_>| Path::new("slots").join(slot.slot.index.to_string());
    extraction(cache, how, &temporary, |tools| {
        for slot in &temporary {
            let directory = made.join(directory(slot));
            std::fs::create_dir_all(&directory).on("create directory", &directory)?;
            slot.extract_into(&directory, Modes::Keep, tools)?;
        }
        // Once in place, the directory belongs to this run alone, so nothing has to appear
        // atomically.
        if staging.publish(
            &made,
            Marked {
                path: &place,
                mark: Path::new(WORKENV_DIR),
            },
        )? == Put::ByEntries
        {
            // The lock stayed behind on the directory that was left.
            lock = Lock::acquire(&place, LockKind::Shared)?;
        }
        let trees = temporary
            .iter()
            .map(|slot| (*slot, place.join(directory(slot)).join(super::slots::TREE)));
        Ok(Composition::over(shared, trees)?.write(&root)?)
    })?;
    cache.arrange_removal(&place, &place, reader.path());
    Ok((root, lock, place))
}

impl Cache {
    /// Removes the environments of runs that have ended.
    pub(super) fn sweep_runs(&self) -> Result<(), WorkenvError> {
        let runs = self.directory("runs");
        let names = match names_in(&runs) {
            Err(error) if error.source.kind() == ErrorKind::NotFound => return Ok(()),
            names => names?,
        };
        for name in names {
            let path = runs.join(name);
            // It may have been removed since it was listed.
            if let Ok(Some(_ended)) = Lock::alone(&path) {
                self.stage()?.take(Marked {
                    path: &path,
                    mark: Path::new(WORKENV_DIR),
                })?;
            }
        }
        Ok(())
    }
}

impl Cache {
    /// The cache that holds the environment of a running program of this package.
    pub fn of_running(workenv: &Path, reader: &Reader) -> Option<Self> {
        let id = EnvId::of(reader);
        let name = |path: &Path| {
            path.file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let directory = workenv.parent()?;
        let layout = if name(directory) == "workenv" && name(workenv) == id.as_str() {
            directory.parent()?
        } else if name(workenv) == WORKENV_DIR && name(directory).starts_with(id.as_str()) {
            directory
                .parent()
                .filter(|runs| name(runs) == "runs")?
                .parent()?
        } else {
            return None;
        };
        Self::known(layout.parent()?).ok()
    }
}

/// The path of a slot in the environment at `root`. A lazy one is extracted if necessary.
pub fn lazy_slot(
    accepted: &Accepted,
    cache: &Cache,
    wanted: &Slot<'_>,
    root: &Path,
    how: Provision<'_>,
) -> Result<PathBuf, WorkenvError> {
    let slots = CachedSlot::all(cache, accepted.reader(), root)?;
    let name = || wanted.name().to_owned();
    let slot = slots.iter().find(|slot| slot.slot.index == wanted.index);
    let slot = slot.ok_or_else(|| WorkenvError::NotThere {
        slot: name(),
        when: "its package is one of ours",
    })?;
    if slot.lifecycle == Lifecycle::Init {
        return Err(WorkenvError::NotThere {
            slot: name(),
            when: "the environment is set up",
        });
    }
    if slot.lifecycle == Lifecycle::Lazy && !slot.is_there(cache) {
        cache.complete()?;
        let _adding = how.progress.wait(
            &cache.content_lock(),
            LockKind::Shared,
            "the cache to be cleaned",
        )?;
        extraction(cache, how, &[slot], |tools| slot.ensure(tools, false))?;
    }
    let path = root.join(target_path(slot)?);
    if slot.lifecycle == Lifecycle::Temporary && !path.exists() {
        return Err(WorkenvError::NotThere {
            slot: name(),
            when: "the program runs",
        });
    }
    Ok(path)
}
