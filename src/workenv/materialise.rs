//! An accepted package becomes an environment: at once when it is there, else by extraction.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use super::compose::compose;
use super::seal::{PRIVATE_DIR, SEAL_FILE, Seal};
use super::slots::CachedSlot;
use super::watch::critical_set;
use super::{Cache, EnvId, WorkenvError};
use crate::fs::{IoContext, Lock, LockKind};
use crate::report::Stopwatch;
use crate::trust::Accepted;

/// An environment that is complete and will stay while this value, or the descriptor it turns into, lives.
#[derive(Debug)]
pub struct Workenv {
    pub root: PathBuf,
    pub start: Start,
    lock: Lock,
    lock_path: PathBuf,
}

/// How an environment came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It was there.
    Warm,
    /// It was made now.
    Cold,
}

/// Told how an extraction goes.
pub trait Progress {
    /// `total` plain bytes are about to be extracted; `done` counts them from other threads.
    fn begin(&self, total: u64, done: &std::sync::Arc<AtomicU64>);
    /// The extraction is over, well or not.
    fn end(&self);
    /// Another process is extracting; this one waits.
    fn waiting(&self);
}

impl Workenv {
    /// Turns the hold on the environment into a descriptor that `exec` keeps, so that nobody removes the environment
    /// while the program runs.
    pub fn keep_across_exec(self) -> Result<OwnedFd, WorkenvError> {
        Ok(self.lock.keep_across_exec(&self.lock_path)?)
    }
}

/// Times that an environment is made before its changing again right away is taken for more than a coincidence.
const ATTEMPTS: usize = 5;

/// Provides the environment of a package.
///
/// # Errors
/// See [`WorkenvError`]; nothing half-made is left where it could be mistaken for an environment.
pub fn materialise(accepted: &Accepted, cache: &Cache, progress: &dyn Progress) -> Result<Workenv, WorkenvError> {
    let id = EnvId::of(accepted.reader());
    let root = cache.workenv_dir(&id);
    let lock_path = cache.env_lock(&id);
    let mut start = Start::Warm;
    // Held from before the first look until the program ends: who removes environments leaves this one alone.
    let lock = Lock::acquire(&lock_path, LockKind::Shared)?;
    for _ in 0..ATTEMPTS {
        if Seal::read(&root).is_some_and(|seal| seal.holds(&root)) {
            tracing::debug!(workenv = id.as_str(), "cache {}", if start == Start::Warm { "hit" } else { "filled" });
            if start == Start::Cold {
                cache.arrange_removal(&lock_path, accepted.reader().path());
            }
            return Ok(Workenv { root, start, lock, lock_path });
        }
        let making_path = cache.making_lock(&id);
        let _making = if let Some(lock) = Lock::try_acquire(&making_path, LockKind::Exclusive)? {
            lock
        } else {
            progress.waiting();
            Lock::acquire(&making_path, LockKind::Exclusive)?
        };
        if Seal::read(&root).is_some_and(|seal| seal.holds(&root)) {
            continue;
        }
        tracing::debug!(workenv = id.as_str(), "cache miss");
        make(accepted, cache, &root, progress)?;
        start = Start::Cold;
    }
    Err(WorkenvError::Unstable { path: root })
}

/// Extracts what is missing and composes the environment. The caller holds its making lock.
fn make(accepted: &Accepted, cache: &Cache, root: &Path, progress: &dyn Progress) -> Result<(), WorkenvError> {
    let clock = Stopwatch::start();
    let reader = accepted.reader();
    // When nobody else adds anything, whatever is in the staging area was left by a process that died.
    let _adding = match Lock::try_acquire(&cache.content_lock(), LockKind::Exclusive)? {
        Some(alone) => {
            cache.sweep_staging()?;
            alone.share();
            alone
        }
        None => Lock::acquire(&cache.content_lock(), LockKind::Shared)?,
    };
    let slots = CachedSlot::all(cache, reader)?;
    discard_damaged(cache, root, &slots)?;
    let missing: Vec<&CachedSlot<'_>> = slots.iter().filter(|slot| !slot.is_there(cache)).collect();
    let total = missing.iter().map(|slot| slot.facts.plain_size).sum();
    cache.check_room(total)?;
    let done = std::sync::Arc::new(AtomicU64::new(0));
    progress.begin(total, &done);
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Modes do not depend on the caller's umask: all may read, nobody else may write.
    let umask = rustix::process::umask(rustix::fs::Mode::WGRP | rustix::fs::Mode::WOTH);
    let outcome = slots.iter().try_for_each(|slot| slot.ensure(cache, reader, jobs, &done));
    let outcome = outcome.and_then(|()| publish(accepted, cache, &slots, root));
    rustix::process::umask(umask);
    progress.end();
    outcome?;
    tracing::info!(workenv = %root.display(), took = %clock.took(), "prepare");
    Ok(())
}

/// Removes the slots in which the old seal finds a change, so that they are extracted again.
fn discard_damaged(cache: &Cache, root: &Path, slots: &[CachedSlot<'_>]) -> Result<(), WorkenvError> {
    let Some(seal) = Seal::read(root) else { return Ok(()) };
    let sealed = root.join(SEAL_FILE);
    for path in seal.changed(root) {
        for slot in slots.iter().filter(|slot| path.starts_with(cache.slot_dir(&slot.key))) {
            // Another environment has had it extracted again in the meantime: it is another one, not a changed one.
            if slot.is_newer_than(cache, &sealed) {
                continue;
            }
            tracing::warn!("cache: {} is not as it was extracted, extracting it again", path.display());
            let _lock = Lock::acquire(&cache.slot_lock(&slot.key), LockKind::Exclusive)?;
            cache.discard(&cache.slot_dir(&slot.key))?;
        }
    }
    Ok(())
}

fn publish(accepted: &Accepted, cache: &Cache, slots: &[CachedSlot<'_>], root: &Path) -> Result<(), WorkenvError> {
    let facts = accepted.reader().metadata().flavor.as_ref();
    let staging = cache.stage()?;
    let made = &staging.path;
    let python = facts.and_then(|facts| facts.python.as_ref());
    compose(slots, python, made)?;
    let programs = facts.map(|facts| &facts.programs[..]).unwrap_or_default();
    let watch = critical_set(made, slots, programs, python);
    let private = made.join(PRIVATE_DIR);
    std::fs::create_dir(&private).on("create directory", &private)?;
    let keys = slots.iter().map(|slot| slot.key.clone()).collect();
    let seal = Seal::of(root, made, keys, &watch)?;
    let path = made.join(SEAL_FILE);
    std::fs::write(&path, seal.to_text()).on("write", &path)?;
    if root.symlink_metadata().is_ok() {
        cache.discard(root)?;
    }
    staging.publish(root)
}
