//! Limits the size of the cache: what is removed, and when.
//!
//! Once a day, a warm start leaves a process behind that examines the whole cache. It removes
//! superseded versions and, while the cache is too large, the least recently started environments.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::durability::Durability;
use super::manage::disk_usage;
use super::{Cache, EnvId, SlotKey, Summary, WorkenvError};
use crate::config::CacheLimits;
use crate::fs::{IoContext, Lock, Marked, names_in};

/// The interval between two cleanings.
const DAY: Duration = Duration::from_hours(24);

/// Directory of the copies of other tools' packages.
pub(super) const FOREIGN: &str = "foreign";
/// How long an unused copy is kept. It saves no more than the time of copying.
pub const COPIES_KEPT: Duration = Duration::from_hours(24 * 7);

/// Which environments to remove. Without any criterion, all of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Selection {
    /// Those that have not been started for this long.
    pub older_than: Option<Duration>,
    /// The least recently started ones, until the rest is within this many bytes.
    pub max_size: Option<u64>,
    /// All but this many latest versions of each package of each signer.
    pub keep_latest: Option<usize>,
    /// Exempts those that have been started within this time.
    pub spare: Duration,
}

impl Selection {
    /// Selects among all environments of a cache.
    pub fn choose<'a>(&self, all: &'a [Summary], now: SystemTime) -> Vec<&'a Summary> {
        let age = |one: &Summary| {
            one.last_used
                .and_then(|last| now.duration_since(last).ok())
                .unwrap_or_default()
        };
        let may_go = |one: &&Summary| !one.in_use && age(one) >= self.spare;
        if self.older_than.is_none() && self.max_size.is_none() && self.keep_latest.is_none() {
            return all.iter().collect();
        }
        // The last start is recorded to the hour; within it, the later created one counts as used
        // later.
        let rank = |one: &Summary| (one.last_used, one.created);
        let mut chosen: Vec<&EnvId> = Vec::new();
        if let Some(limit) = self.older_than {
            chosen.extend(all.iter().filter(|one| age(one) > limit).map(|one| &one.id));
        }
        if let Some(keep) = self.keep_latest {
            let is_superseded = |one: &&Summary| {
                let of_same = |other: &&Summary| {
                    (&other.origin.signer, &other.origin.name)
                        == (&one.origin.signer, &one.origin.name)
                };
                all.iter()
                    .filter(of_same)
                    .filter(|other| rank(other) > rank(one))
                    .count()
                    >= keep
            };
            chosen.extend(
                all.iter()
                    .filter(may_go)
                    .filter(is_superseded)
                    .map(|one| &one.id),
            );
        }
        if let Some(limit) = self.max_size {
            while bytes(all.iter().filter(|one| !chosen.contains(&&one.id))) > limit {
                let left = all
                    .iter()
                    .filter(may_go)
                    .filter(|one| !chosen.contains(&&one.id));
                match left.min_by_key(|one| rank(one)) {
                    Some(oldest) => chosen.push(&oldest.id),
                    None => break,
                }
            }
        }
        all.iter().filter(|one| chosen.contains(&&one.id)).collect()
    }
}

/// Bytes on disk of environments, with shared slots counted once.
pub fn bytes<'a>(all: impl Iterator<Item = &'a Summary>) -> u64 {
    let mut seen: Vec<&SlotKey> = Vec::new();
    let mut total = 0_u64;
    for one in all {
        total = total.saturating_add(one.bytes);
        for slot in &one.slots {
            if seen.contains(&&slot.key) {
                total = total.saturating_sub(slot.bytes);
            } else {
                seen.push(&slot.key);
            }
        }
    }
    total
}

impl Cache {
    /// Whether the cache has not been examined for a day.
    pub fn is_due(&self) -> bool {
        let last = self
            .stamp()
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok();
        last.and_then(|last| SystemTime::now().duration_since(last).ok())
            .is_none_or(|age| age > DAY)
    }

    /// Its modification time is that of the last cleaning.
    fn stamp(&self) -> PathBuf {
        self.directory("looked-after")
    }

    /// The daily cleaning, in a detached process.
    ///
    /// # Errors
    /// See [`WorkenvError`]. They only appear in a log.
    pub fn evict(root: &Path) -> Result<(), WorkenvError> {
        let cache = Self::known(root)?;
        // If several starts try, one of them does it.
        if !cache.is_due() {
            return Ok(());
        }
        let stamp = cache.stamp();
        std::fs::write(&stamp, "").on("write", &stamp)?;
        // Another process is extracting; the next day's cleaning will do.
        if Lock::alone(&cache.content_lock())?.is_none() {
            return Ok(());
        }
        cache.sweep_runs()?;
        let Some(limits) = CacheLimits::of_launcher() else {
            return Ok(());
        };
        let selection = Selection {
            max_size: limits.max_size,
            keep_latest: Some(limits.retain),
            spare: DAY,
            older_than: None,
        };
        let all = cache.environments()?;
        let chosen: Vec<EnvId> = selection
            .choose(&all, SystemTime::now())
            .into_iter()
            .map(|one| one.id.clone())
            .collect();
        cache.remove(&chosen, COPIES_KEPT)?;
        Ok(())
    }

    /// Copies of other tools' packages that have not been started for this long and that no running
    /// program uses, with their sizes.
    ///
    /// # Errors
    /// Errors in listing and locking.
    pub fn idle_copies(&self, spare: Duration) -> Result<Vec<(PathBuf, u64)>, WorkenvError> {
        let directory = self.directory(FOREIGN);
        let mut idle = Vec::new();
        for key in names_in(&directory).unwrap_or_default() {
            let Some(lock) = Lock::alone(&self.copy_lock(&key.to_string_lossy()))? else {
                continue;
            };
            let age = lock
                .modified()
                .and_then(|last| SystemTime::now().duration_since(last).ok())
                .unwrap_or_default();
            if age >= spare {
                let path = directory.join(key);
                let bytes = disk_usage(&path)?.0;
                idle.push((path, bytes));
            }
        }
        Ok(idle)
    }

    /// Removes them, and returns the bytes freed. The caller holds the content lock exclusively.
    pub(super) fn sweep_copies(&self, spare: Duration) -> Result<u64, WorkenvError> {
        let mut freed = 0_u64;
        for (path, bytes) in self.idle_copies(spare)? {
            let name = names_in(&path)?.into_iter().next().unwrap_or_default();
            self.stage()?.take(Marked {
                path: &path,
                mark: Path::new(&name),
            })?;
            freed = freed.saturating_add(bytes);
        }
        Ok(freed)
    }

    /// Held by programs that run from a copy. Its modification time is that of the last start.
    pub(super) fn copy_lock(&self, key: &str) -> PathBuf {
        self.directory("locks").join(format!("{FOREIGN}-{key}"))
    }

    /// Synchronises everything to the disk: the files must be complete in an image.
    pub fn synchronise(&self) -> Result<(), WorkenvError> {
        Durability::synchronised(self.layout())?;
        Ok(())
    }
}
