//! Turns an accepted package into an environment: an existing one, or else by extraction.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::cache::Kind;
use super::extraction::extraction;
use super::provision::{Check, Provision};
use super::publish::Making;
use super::run;
use super::seal::Seal;
use super::slots::{CachedSlot, SlotSeal};
use super::{Cache, EnvId, WorkenvError};
use crate::format::Lifecycle;
use crate::fs::{Lock, LockKind, Once, make_once};
use crate::report::Stopwatch;
use crate::slot::processors;
use crate::trust::Accepted;

/// A complete environment that is not removed while this value, or its descriptors, are open.
#[derive(Debug)]
pub struct Workenv {
    /// The environment: the one shared by all runs, or one of this run alone if the package has
    /// temporary slots.
    pub root: PathBuf,
    pub start: Start,
    /// Whether the cache may be due for cleaning.
    pub is_due: bool,
    /// Locks and the paths they are on.
    locks: Vec<(Lock, PathBuf)>,
}

/// How an environment was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It existed.
    Warm,
    /// It was created now.
    Cold,
}

impl Workenv {
    /// Turns the locks on the environment into descriptors that stay open across `exec`, so that
    /// the environment is not removed while the program runs.
    pub fn keep_across_exec(self) -> Result<Vec<OwnedFd>, WorkenvError> {
        self.locks
            .into_iter()
            .map(|(lock, path)| Ok(lock.keep_across_exec(&path)?))
            .collect()
    }
}

/// How many times an environment is recreated before repeated changes by another process are
/// reported as an error.
const ATTEMPTS: usize = 5;
/// The precision of the recorded time of the last start. It saves most starts from writing.
const USE_STEP: Duration = Duration::from_hours(1);

/// Provides the environment of a run.
///
/// # Errors
/// See [`WorkenvError`]. Nothing incomplete is left where it could be mistaken for an environment.
pub fn materialise(
    accepted: &Accepted,
    cache: &Cache,
    how: Provision<'_>,
) -> Result<Workenv, WorkenvError> {
    let mut workenv = shared(accepted, cache, how)?;
    let reader = accepted.reader();
    if reader
        .metadata()
        .slots
        .iter()
        .any(|slot| slot.lifecycle == Lifecycle::Temporary.word())
    {
        let (root, lock, path) = run::prepare(reader, cache, &workenv.root, how)?;
        workenv.root = root;
        workenv.locks.push((lock, path));
    }
    Ok(workenv)
}

/// Provides the environment that all runs share.
pub fn shared(
    accepted: &Accepted,
    cache: &Cache,
    how: Provision<'_>,
) -> Result<Workenv, WorkenvError> {
    let reader = accepted.reader();
    let id = EnvId::of(reader);
    let root = cache.workenv_dir(&id);
    let lock_path = cache.env_lock(&id);
    let package = &reader.metadata().package;
    let mut start = Start::Warm;
    let mut checked = how.check == Check::Seal && are_lazy_ones_certain(accepted, cache, &root);
    for _ in 0..ATTEMPTS {
        // Held from before the first check until the program ends, so that the environment is not
        // removed.
        let lock = how
            .progress
            .wait(&lock_path, LockKind::Shared, "the cache to be cleaned")?;
        let look = |_| Ok(checked.then(|| current(cache, &root)).flatten());
        let wait = || {
            let what = format!(
                "another process that extracts {} {}",
                package.name, package.version
            );
            let lock = cache.making_lock(&id);
            Ok(how.progress.wait(&lock, LockKind::Exclusive, &what)?)
        };
        let once = make_once(look, wait, |making: &Lock| {
            tracing::debug!(workenv = id.as_str(), "cache miss");
            make(accepted, cache, &root, making.is_held(), how)
        })?;
        match once {
            Once::Found(is_portable) => {
                tracing::debug!(
                    workenv = id.as_str(),
                    "cache {}",
                    if start == Start::Warm {
                        "hit"
                    } else {
                        "filled"
                    }
                );
                let is_due = !is_portable && note_use(&lock);
                cache.sweep_litter();
                if start == Start::Cold {
                    cache.arrange_removal(&lock_path, cache.root(), reader.path());
                }
                return Ok(Workenv {
                    root,
                    start,
                    is_due,
                    locks: vec![(lock, lock_path)],
                });
            }
            // The next attempt looks while it holds the shared lock.
            Once::Appeared(_) => {}
            Once::Made(is_changed) => {
                if is_changed {
                    start = Start::Cold;
                }
                checked = true;
            }
        }
    }
    Err(WorkenvError::Unstable { path: root })
}

/// Whether the environment of a valid seal is portable; `None` if there is none.
// Inlined, it would be in the launcher twice.
#[inline(never)]
fn current(cache: &Cache, root: &Path) -> Option<bool> {
    let seal = Seal::read(root)?;
    (seal.holds(root) && cache.is_content_with(&seal)).then(|| seal.is_portable())
}

/// Whether lazily extracted slots are on the disk as they were written. They may be newer than the
/// seal of the environment, which does not watch them.
fn are_lazy_ones_certain(accepted: &Accepted, cache: &Cache, root: &Path) -> bool {
    let reader = accepted.reader();
    if reader
        .metadata()
        .slots
        .iter()
        .all(|slot| slot.lifecycle != Lifecycle::Lazy.word())
    {
        return true;
    }
    let is_certain = |slot: &CachedSlot<'_>| {
        slot.lifecycle != Lifecycle::Lazy
            || SlotSeal::read(&cache.slot_dir(&slot.key))
                .is_none_or(|seal| seal.written.is_certain())
    };
    // Whoever extracts the slots reports what is wrong with them.
    CachedSlot::all(cache, reader, root).map_or(true, |slots| slots.iter().all(is_certain))
}

/// Records a start, and returns whether the last cleaning of the cache is due. Always false for a
/// cache that this user cannot write to.
fn note_use(lock: &Lock) -> bool {
    let now = SystemTime::now();
    let is_old = lock
        .modified()
        .and_then(|last| now.duration_since(last).ok())
        .is_some_and(|age| age > USE_STEP);
    is_old && lock.touch()
}

/// Extracts what is missing or damaged and composes the environment. The caller holds its creation
/// lock, unless the file system has no locks. Returns whether anything had to be done.
// The launcher is smaller if it is not inlined.
#[inline(never)]
fn make(
    accepted: &Accepted,
    cache: &Cache,
    root: &Path,
    is_alone: bool,
    how: Provision<'_>,
) -> Result<bool, WorkenvError> {
    let clock = Stopwatch::start();
    let reader = accepted.reader();
    cache.complete()?;
    // While no other process adds anything, everything in the staging area was left by killed
    // processes.
    let _adding = match Lock::alone(&cache.content_lock())? {
        Some(alone) => {
            cache.sweep_staging()?;
            alone.share();
            alone
        }
        None => how.progress.wait(
            &cache.content_lock(),
            LockKind::Shared,
            "the cache to be cleaned",
        )?,
    };
    let slots = CachedSlot::all(cache, reader, root)?;
    let seal = Seal::read(root);
    let jobs = processors();
    let damaged = damaged(cache, root, &slots, seal.as_ref(), how.check, jobs)?;
    let is_wanted = |slot: &&CachedSlot<'_>| {
        damaged.contains(&slot.slot.index)
            || (slot.lifecycle == Lifecycle::Eager && !slot.is_there(cache))
    };
    let wanted: Vec<&CachedSlot<'_>> = slots.iter().filter(is_wanted).collect();
    let making = Making {
        reader,
        cache,
        root,
        slots: &slots,
        seal: seal.as_ref(),
        is_alone,
    };
    if wanted.is_empty() && making.is_done()? {
        tracing::debug!(took = %clock.took(), "checked");
        return Ok(false);
    }
    let done = extraction(cache, how, &wanted, |tools| {
        wanted
            .iter()
            .try_for_each(|slot| slot.ensure(tools, damaged.contains(&slot.slot.index)))?;
        making.publish(tools, how.set_up)
    });
    done?;
    tracing::info!(workenv = %root.display(), took = %clock.took(), "prepare");
    Ok(true)
}

/// The numbers of the slots in the cache that differ from the package.
fn damaged(
    cache: &Cache,
    root: &Path,
    slots: &[CachedSlot<'_>],
    seal: Option<&Seal>,
    check: Check,
    jobs: usize,
) -> Result<Vec<usize>, WorkenvError> {
    let changed: Vec<PathBuf> = seal
        .map(|seal| seal.changed(root).collect())
        .unwrap_or_default();
    // The seal of the environment cannot be read, so everything else may be damaged too.
    let is_unsealed = seal.is_none() && root.symlink_metadata().is_ok();
    let mut damaged = Vec::new();
    for slot in slots.iter().filter(|slot| slot.is_kept()) {
        let directory = cache.slot_dir(&slot.key);
        let Some(slot_seal) = SlotSeal::read(&directory) else {
            continue;
        };
        // A different inode or time does not imply different content: network file systems renumber
        // files with each mount, the cache may have been copied, or the slot re-extracted for
        // another environment. Comparing is faster than extracting. Lost writes may leave the size
        // and zeros.
        let is_looked_at = check == Check::Strict
            || is_unsealed
            || !slot_seal.written.is_certain()
            || changed.iter().any(|path| path.starts_with(&directory));
        let mut found = Vec::new();
        if is_looked_at {
            let clock = Stopwatch::start();
            found = slot.damage(cache, jobs)?;
            tracing::debug!(slot = slot.slot.name(), took = %clock.took(), "check");
        }
        if let Some(path) = found.first() {
            tracing::warn!(
                "cache: {} differs from the package, extracting it again",
                path.display()
            );
            damaged.push(slot.slot.index);
        } else if !slot_seal.written.is_certain() || cache.kind == Kind::Portable {
            slot_seal.settle(cache, slot);
        }
    }
    Ok(damaged)
}
