//! Looking after the cache: what is there, what is in use, what may go.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::compose::Composition;
use super::provision::SET_UP_LOG;
use super::seal::{self, Origin, SEAL_FILE, Seal};
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
    /// Bytes that would be free without it: slots of others stay.
    pub own_bytes: u64,
    /// What it was made from; empty when its seal cannot be read.
    pub origin: Origin,
    /// When it was made or last repaired.
    pub created: Option<SystemTime>,
    /// When it was last started, to the hour.
    pub last_used: Option<SystemTime>,
    /// Whether a program runs in it.
    pub in_use: bool,
    /// Whether everything a start depends on is as it was when it was made.
    pub intact: bool,
    pub slots: Vec<SlotUse>,
}

/// A slot that an environment leads to.
#[derive(Clone, Debug)]
pub struct SlotUse {
    pub key: SlotKey,
    pub path: PathBuf,
    pub bytes: u64,
    pub files: u64,
    /// Environments that lead to it.
    pub shared_by: usize,
}

/// What came of comparing an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// What is not as it was made; nothing for a sound environment.
    pub damaged: Vec<PathBuf>,
    /// Whether slots were compared with what the package has signed. If not, their own lists were all there was, which
    /// whoever can change a slot can change too.
    pub against_package: bool,
}

/// What a removal did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    pub removed: Vec<EnvId>,
    /// Left alone because a program runs in it.
    pub in_use: Vec<EnvId>,
    /// Slots that no environment led to any more.
    pub slots: usize,
    /// Bytes on disk that were freed.
    pub bytes: u64,
}

impl Cache {
    /// All environments, in no order.
    pub fn environments(&self) -> std::result::Result<Vec<Summary>, WorkenvError> {
        let ids = self.ids()?;
        let seals: Vec<Option<Seal>> = ids
            .iter()
            .map(|id| Seal::read(&self.workenv_dir(id)))
            .collect();
        // A hundred environments have some hundred slots: lists are enough.
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

    /// One environment, by its full name or a beginning that only it has.
    ///
    /// # Errors
    /// [`WorkenvError::BadName`] for a path, [`WorkenvError::NoEnvironment`] when nothing or too much matches.
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

    /// Removes environments that no program runs in, then every slot that none leads to any more, what runs that have ended
    /// left behind, and the copies of other tools' packages that have not been started for as long as `copies`.
    ///
    /// Starts wait only while names change. The files go afterwards.
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

    /// Compares every byte of an environment and its slots with what its package has signed, if that is still where it was
    /// at the last start.
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

    /// Slots of an environment with what of them is not what its package has signed; `None` when the package cannot be read.
    /// A lazy slot may not be there yet.
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

    /// Removes an environment and those of its slots that are damaged, so that the next start makes them again.
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

    fn unused_slots(&self) -> std::result::Result<Vec<(SlotKey, u64)>, WorkenvError> {
        let mut used = Vec::new();
        for id in self.ids()? {
            used.extend(
                Seal::read(&self.workenv_dir(&id))
                    .into_iter()
                    .flat_map(|seal| seal.slots),
            );
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

/// Whether an environment is put together otherwise than its package says; `None` when that cannot be told.
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

/// Slots of an environment with what of them is not as the lists beside them say.
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

/// Whether set-up commands of a start that was killed still run in an environment.
fn is_being_set_up(environment: &Path) -> bool {
    let log = environment.join(SET_UP_LOG);
    log.is_file() && Lock::try_acquire(&log, LockKind::Exclusive).is_ok_and(|lock| lock.is_none())
}

/// What is in a directory of the layout. One that is not there has nothing in it.
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

/// Bytes on disk and regular files below a path; nothing there is nothing used.
pub(super) fn disk_usage(path: &Path) -> Result<(u64, u64)> {
    let Ok(metadata) = path.symlink_metadata() else {
        return Ok((0, 0));
    };
    // st_blocks counts 512-byte units whatever the file system's own.
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
