//! An accepted package becomes an environment: at once when it is there, else by extraction.

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
use crate::fs::{Lock, LockKind};
use crate::report::Stopwatch;
use crate::slot::processors;
use crate::trust::Accepted;

/// An environment that is complete and will stay while this value, or the descriptors it turns into, live.
#[derive(Debug)]
pub struct Workenv {
    /// The environment: one that all runs share, or one of this run alone when the package has temporary slots.
    pub root: PathBuf,
    pub start: Start,
    /// Whether the cache may be due for a look at its size.
    pub is_due: bool,
    /// Locks and what they are on.
    locks: Vec<(Lock, PathBuf)>,
}

/// How an environment came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It was there.
    Warm,
    /// It was made now.
    Cold,
}

impl Workenv {
    /// Turns the hold on the environment into descriptors that `exec` keeps, so that nobody removes the environment while
    /// the program runs.
    pub fn keep_across_exec(self) -> Result<Vec<OwnedFd>, WorkenvError> {
        self.locks
            .into_iter()
            .map(|(lock, path)| Ok(lock.keep_across_exec(&path)?))
            .collect()
    }
}

/// Times that an environment is made before its changing again right away is taken for more than a coincidence.
const ATTEMPTS: usize = 5;
/// How exactly the time of the last start is noted. Not every start writes.
const USE_STEP: Duration = Duration::from_hours(1);

/// Provides the environment of a run.
///
/// # Errors
/// See [`WorkenvError`]; nothing half-made is left where it could be mistaken for an environment.
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
        // Held from before the first look until the program ends: who removes environments leaves this one alone.
        let lock = how
            .progress
            .wait(&lock_path, LockKind::Shared, "the cache to be cleaned")?;
        if let Some(seal) = Seal::read(&root)
            && checked
            && seal.holds(&root)
            && cache.is_content_with(&seal)
        {
            tracing::debug!(
                workenv = id.as_str(),
                "cache {}",
                if start == Start::Warm {
                    "hit"
                } else {
                    "filled"
                }
            );
            let is_due = !seal.is_portable() && note_use(&lock);
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
        let what = format!(
            "another process that extracts {} {}",
            package.name, package.version
        );
        let making = how
            .progress
            .wait(&cache.making_lock(&id), LockKind::Exclusive, &what)?;
        if checked
            && Seal::read(&root)
                .is_some_and(|seal| seal.holds(&root) && cache.is_content_with(&seal))
        {
            continue;
        }
        tracing::debug!(workenv = id.as_str(), "cache miss");
        if make(accepted, cache, &root, making.is_held(), how)? {
            start = Start::Cold;
        }
        checked = true;
    }
    Err(WorkenvError::Unstable { path: root })
}

/// Whether the slots that are extracted when a program asks for them are on the disk as they were written. They may have come
/// after the seal of the environment, which does not watch them.
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
    // What is wrong with the slots is said by whoever makes them.
    CachedSlot::all(cache, reader, root).map_or(true, |slots| slots.iter().all(is_certain))
}

/// Notes a start, and tells whether the last one is so long ago that somebody should look after the cache. Nobody does in
/// a cache that this user cannot write to.
fn note_use(lock: &Lock) -> bool {
    let now = SystemTime::now();
    let is_old = lock
        .modified()
        .and_then(|last| now.duration_since(last).ok())
        .is_some_and(|age| age > USE_STEP);
    is_old && lock.touch()
}

/// Extracts what is missing or damaged and composes the environment. The caller holds its making lock, unless there are
/// no locks. Returns whether anything had to be done.
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
    // When nobody else adds anything, whatever is in the staging area was left by a process that died.
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

/// Slots, by number, that are in the cache and not what is signed.
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
    // Something has happened to an environment whose seal does not read, and nothing tells to what else.
    let is_unsealed = seal.is_none() && root.symlink_metadata().is_ok();
    let mut damaged = Vec::new();
    for slot in slots.iter().filter(|slot| slot.is_kept()) {
        let directory = cache.slot_dir(&slot.key);
        let Some(slot_seal) = SlotSeal::read(&directory) else {
            continue;
        };
        // Another inode or another time is not yet another content: network file systems number their files anew with each
        // mount, a cache may have been copied, another environment may have had the slot extracted again. Comparing takes
        // a part of the time of extracting. A write that the machine has lost may have left the size and zeros.
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
                "cache: {} is not what was signed, extracting it again",
                path.display()
            );
            damaged.push(slot.slot.index);
        } else if !slot_seal.written.is_certain() || cache.kind == Kind::Portable {
            slot_seal.settle(cache, slot);
        }
    }
    Ok(damaged)
}
