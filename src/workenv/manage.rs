//! Management of the cache: what it holds, what is in use, what can be removed.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::compose::Composition;
use super::provision::SET_UP_LOG;
use super::seal::{self, SEAL_FILE, Seal, SourcePackage};
use super::slots::{self, CachedSlot, unlisted};
use super::{Cache, EnvId, SlotKey, WorkenvError};
use crate::fs::{Lock, LockKind, Result, names_in};
use crate::package::Reader;
use crate::slot::processors;

/// One environment.
#[derive(Clone, Debug)]
pub struct Summary {
    pub id: EnvId,
    pub path: PathBuf,
    /// Bytes on disk of the environment and its slots, each slot counted in full.
    pub bytes: u64,
    pub files: u64,
    /// Bytes that its removal would free: slots used by others stay.
    pub own_bytes: u64,
    /// What it was made from; empty if its seal cannot be read.
    pub origin: SourcePackage,
    /// When it was created or last repaired.
    pub created: Option<SystemTime>,
    /// When it was last started, to the hour.
    pub last_used: Option<SystemTime>,
    /// Whether a program runs in it.
    pub in_use: bool,
    /// Whether everything a start depends on is unchanged since it was created.
    pub intact: bool,
    pub slots: Vec<SlotUse>,
}

/// A slot that an environment links to.
#[derive(Clone, Debug)]
pub struct SlotUse {
    pub key: SlotKey,
    pub path: PathBuf,
    pub bytes: u64,
    pub files: u64,
    /// Environments that link to it.
    pub shared_by: usize,
}

/// The result of comparing an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The changed paths; empty for an intact environment.
    pub damaged: Vec<PathBuf>,
    /// Whether slots were compared with the package. If not, they were compared with their own
    /// content lists, which anyone who can change a slot can change too.
    pub against_package: bool,
}

/// The result of a removal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    pub removed: Vec<EnvId>,
    /// Kept because a program runs in it.
    pub in_use: Vec<EnvId>,
    /// Slots that no environment links to any more.
    pub slots: usize,
    /// Bytes on disk that were freed.
    pub bytes: u64,
}

impl Cache {
    /// All environments, unordered.
    pub fn environments(&self) -> std::result::Result<Vec<Summary>, WorkenvError> {
        let ids = self.ids()?;
        let seals: Vec<Option<Seal>> = ids
            .iter()
            .map(|id| Seal::read(&self.workenv_dir(id)))
            .collect();
        // A hundred environments have a few hundred slots, so linear search is enough.
        let sharers: Vec<SlotKey> = seals
            .iter()
            .flatten()
            .flat_map(|seal| seal.slots.clone())
            .collect();
        let mut usage = Vec::new();
        ids.into_iter()
            .zip(seals)
            .map(|(id, seal)| self.summary(id, seal, &sharers, &mut usage))
            .collect()
    }

    /// One environment, by its full name or a unique prefix.
    ///
    /// # Errors
    /// [`WorkenvError::BadName`] for a path, [`WorkenvError::NoEnvironment`] if none or several
    /// match.
    pub fn environment(&self, name: &str) -> std::result::Result<Summary, WorkenvError> {
        let wanted = EnvId::parse(name).ok_or_else(|| WorkenvError::BadName(name.into()))?;
        let all = self.environments()?;
        let exact = all.iter().find(|one| one.id == wanted);
        let mut matching = all.iter().filter(|one| one.id.as_str().starts_with(name));
        let found = exact.or_else(|| matching.next().filter(|_| matching.next().is_none()));
        found
            .cloned()
            .ok_or_else(|| WorkenvError::NoEnvironment(name.into()))
    }

    /// Removes environments that no program runs in; then slots that are no longer used, what ended
    /// runs left behind, and copies of other tools' packages that have not been started for as long
    /// as `copies`.
    ///
    /// Starts wait only while directories are renamed. The files are removed afterwards.
    pub fn remove(
        &self,
        ids: &[EnvId],
        copies: Duration,
    ) -> std::result::Result<Removal, WorkenvError> {
        self.complete()?;
        let removing = Lock::acquire(&self.content_lock(), LockKind::Exclusive)?;
        if removing.is_held() {
            self.sweep_staging()?;
        }
        self.sweep_runs()?;
        let trash = self.stage()?;
        let mut removal = Removal::default();
        for id in ids {
            let path = self.workenv_dir(id);
            let lock = Lock::alone(&self.env_lock(id))?;
            if lock.is_none() || is_being_set_up(&path) {
                removal.in_use.push(id.clone());
                continue;
            }
            removal.bytes = removal.bytes.saturating_add(disk_usage(&path)?.0);
            trash.take(seal::marked(&path))?;
            removal.removed.push(id.clone());
        }
        for (key, bytes) in self.unused_slots()? {
            trash.take(slots::marked(&self.slot_dir(&key)))?;
            removal.slots = removal.slots.saturating_add(1);
            removal.bytes = removal.bytes.saturating_add(bytes);
        }
        removal.bytes = removal.bytes.saturating_add(self.sweep_copies(copies)?);
        removing.share();
        drop(trash);
        Ok(removal)
    }

    /// Compares every byte of an environment and its slots with its package, if the package is
    /// still where it was at the last start.
    pub fn verify(&self, one: &Summary) -> Verification {
        let mut damaged: Vec<PathBuf> = match Seal::read(&one.path) {
            Some(seal) if seal.root == one.path => seal.changed(&one.path).collect(),
            _ => vec![one.path.join(SEAL_FILE)],
        };
        let signed = package_of(one).and_then(|reader| {
            damaged.extend(is_recomposed(self, one, &reader)?.then(|| one.path.clone()));
            self.damaged_slots(one, &reader)
        });
        let against_package = signed.is_some();
        let slots = signed.unwrap_or_else(|| unlisted_slots(one));
        damaged.extend(slots.into_iter().flat_map(|(_, paths)| paths));
        damaged.sort();
        damaged.dedup();
        Verification {
            damaged,
            against_package,
        }
    }

    /// The slots of an environment with the paths that differ from the package; `None` if the
    /// package cannot be read. A lazy slot may be missing.
    fn damaged_slots(
        &self,
        one: &Summary,
        reader: &Reader,
    ) -> Option<Vec<(PathBuf, Vec<PathBuf>)>> {
        let slots = CachedSlot::all(self, reader, &one.path).ok()?;
        let kept = slots.iter().filter(|slot| slot.is_kept());
        let there = kept
            .map(|slot| (slot, self.slot_dir(&slot.key)))
            .filter(|(_, directory)| directory.exists());
        there
            .map(|(slot, directory)| Some((directory, slot.damage(self, processors()).ok()?)))
            .collect()
    }

    /// Removes an environment and its damaged slots, so that the next start recreates them.
    ///
    /// # Errors
    /// [`WorkenvError::InUse`] while a program runs in it.
    pub fn discard_damaged(&self, one: &Summary) -> std::result::Result<(), WorkenvError> {
        let in_use = || WorkenvError::InUse(one.id.to_string());
        let _removing = Lock::acquire(&self.content_lock(), LockKind::Exclusive)?;
        let _lock = Lock::alone(&self.env_lock(&one.id))?
            .filter(|_| !is_being_set_up(&one.path))
            .ok_or_else(in_use)?;
        let trash = self.stage()?;
        trash.take(seal::marked(&one.path))?;
        let signed = package_of(one).and_then(|reader| self.damaged_slots(one, &reader));
        let slots = signed.unwrap_or_else(|| unlisted_slots(one));
        for (path, _) in slots.iter().filter(|(_, damaged)| !damaged.is_empty()) {
            trash.take(slots::marked(path))?;
        }
        Ok(())
    }

    fn ids(&self) -> std::result::Result<Vec<EnvId>, WorkenvError> {
        Ok(names(&self.directory("workenv"))?
            .iter()
            .filter_map(|name| EnvId::parse(name))
            .collect())
    }

    /// The slots that no environment links to, with their sizes.
    fn unused_slots(&self) -> std::result::Result<Vec<(SlotKey, u64)>, WorkenvError> {
        let mut used = Vec::new();
        for id in self.ids()? {
            match Seal::read(&self.workenv_dir(&id)) {
                Some(seal) => used.extend(seal.slots),
                // A program runs in an environment whose seal is damaged or of another version, so
                // any slot may be in use.
                None if Lock::alone(&self.env_lock(&id))?.is_none() => return Ok(Vec::new()),
                None => {}
            }
        }
        let keys = names(&self.directory("slots"))?;
        let unused = keys
            .iter()
            .filter_map(|name| SlotKey::parse(name))
            .filter(|key| !used.contains(key));
        Ok(unused
            .map(|key| Ok((disk_usage(&self.slot_dir(&key))?.0, key)))
            .map(|pair: Result<_>| pair.map(|(bytes, key)| (key, bytes)))
            .collect::<Result<_>>()?)
    }

    fn summary(
        &self,
        id: EnvId,
        seal: Option<Seal>,
        sharers: &[SlotKey],
        usage: &mut Vec<(SlotKey, (u64, u64))>,
    ) -> std::result::Result<Summary, WorkenvError> {
        let path = self.workenv_dir(&id);
        let (mut bytes, mut files) = disk_usage(&path)?;
        let mut slots = Vec::new();
        for key in seal.iter().flat_map(|seal| &seal.slots) {
            let place = self.slot_dir(key);
            let known = usage
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, usage)| *usage);
            let (slot_bytes, slot_files) = match known {
                Some(known) => known,
                None => disk_usage(&place)?,
            };
            usage.push((key.clone(), (slot_bytes, slot_files)));
            bytes = bytes.saturating_add(slot_bytes);
            files = files.saturating_add(slot_files);
            let shared_by = sharers.iter().filter(|one| *one == key).count();
            slots.push(SlotUse {
                key: key.clone(),
                path: place,
                bytes: slot_bytes,
                files: slot_files,
                shared_by,
            });
        }
        let lock = self.env_lock(&id);
        let used = lock
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok();
        let created = path
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok();
        let in_use =
            Lock::try_acquire(&lock, LockKind::Exclusive)?.is_none() || is_being_set_up(&path);
        let shared = slots
            .iter()
            .filter(|slot| slot.shared_by > 1)
            .map(|slot| slot.bytes)
            .sum::<u64>();
        Ok(Summary {
            created,
            last_used: used.max(created),
            intact: seal.as_ref().is_some_and(|seal| seal.holds(&path)),
            origin: seal.map(|seal| seal.origin).unwrap_or_default(),
            id,
            path,
            bytes,
            own_bytes: bytes.saturating_sub(shared),
            files,
            in_use,
            slots,
        })
    }
}

/// The package that an environment was made from, if it is still where it was at the last start.
fn package_of(one: &Summary) -> Option<Reader> {
    Reader::open(&one.origin.package)
        .ok()
        .filter(|reader| EnvId::of(reader) == one.id)
}

/// Whether the links of an environment differ from its package; `None` if that cannot be
/// determined.
fn is_recomposed(cache: &Cache, one: &Summary, reader: &Reader) -> Option<bool> {
    let slots = CachedSlot::all(cache, reader, &one.path).ok()?;
    let facts = reader.facts()?;
    let composition = Composition::of(
        slots.iter().filter(|slot| slot.is_kept()),
        facts.python.as_ref(),
    )
    .ok()?;
    Some(!composition.is_at(&one.path, facts.set_up.is_empty()))
}

/// The slots of an environment with the paths that differ from their content lists.
fn unlisted_slots(one: &Summary) -> Vec<(PathBuf, Vec<PathBuf>)> {
    let there = one
        .slots
        .iter()
        .map(|slot| &slot.path)
        .filter(|path| path.exists());
    there
        .map(|path| (path.clone(), unlisted(path, processors())))
        .collect()
}

/// Whether set-up commands of a killed start still run in an environment.
fn is_being_set_up(environment: &Path) -> bool {
    let log = environment.join(SET_UP_LOG);
    log.is_file() && Lock::try_acquire(&log, LockKind::Exclusive).is_ok_and(|lock| lock.is_none())
}

/// The entries of a directory of the layout; none if it does not exist.
fn names(directory: &Path) -> Result<Vec<String>> {
    let found = match names_in(directory) {
        Err(error) if error.source.kind() == ErrorKind::NotFound => Vec::new(),
        found => found?,
    };
    Ok(found
        .into_iter()
        .filter_map(|name| name.into_string().ok())
        .collect())
}

/// Bytes on disk and number of regular files below a path; zero if it does not exist.
pub(super) fn disk_usage(path: &Path) -> Result<(u64, u64)> {
    let Ok(metadata) = path.symlink_metadata() else {
        return Ok((0, 0));
    };
    // st_blocks counts 512-byte units on every file system.
    let mut total = (
        metadata.blocks().saturating_mul(512),
        u64::from(metadata.is_file()),
    );
    if metadata.is_dir() {
        for name in names_in(path)? {
            let (bytes, files) = disk_usage(&path.join(name))?;
            total = (total.0.saturating_add(bytes), total.1.saturating_add(files));
        }
    }
    Ok(total)
}
