//! The last steps of creating an environment: links, set-up commands, seal.

use std::path::Path;

use super::cache::Kind;
use super::compose::{Composition, target_path};
use super::durability::Durability;
use super::provision::{SET_UP_LOG, SetUp};
use super::seal::{Attributes, PRIVATE_DIR, SEAL_FILE, Seal, SourcePackage, marked};
use super::slots::{CachedSlot, Tools};
use super::watch::critical_set;
use super::{Cache, WorkenvError};
use crate::format::Lifecycle;
use crate::fs::{IoContext, LockKind, Modes, Put, remove_tree, rename_file};
use crate::interrupt::Leftover;
use crate::package::Reader;

/// An environment that is being created.
pub(super) struct Making<'a> {
    pub(super) reader: &'a Reader,
    pub(super) cache: &'a Cache,
    pub(super) root: &'a Path,
    pub(super) slots: &'a [CachedSlot<'a>],
    /// The seal that existed before.
    pub(super) seal: Option<&'a Seal>,
    /// Whether no other process creates the same one. Unknown if the file system has no locks.
    pub(super) is_alone: bool,
}

impl Making<'_> {
    /// If nothing had to be extracted: whether the environment matches the plan. If so, it is
    /// sealed again.
    pub(super) fn is_done(&self) -> Result<bool, WorkenvError> {
        let Some(seal) = self.seal.filter(|seal| seal.is_unchanged(self.root)) else {
            return Ok(false);
        };
        let composition = self.composition(false)?;
        if !composition.is_at(self.root, !self.has_set_up()) {
            return Ok(false);
        }
        if !seal.written.is_certain() || !self.cache.is_content_with(seal) {
            // A cache that cannot be written to is checked again at the next start.
            match self
                .sealed(self.root, Durability::Settled)
                .and_then(|seal| self.replace_seal(&seal))
            {
                Err(error) if seal.is_unchanged(self.root) => {
                    tracing::debug!("cannot write the seal: {error}");
                }
                other => other?,
            }
        }
        Ok(true)
    }

    /// Composes the environment and publishes it. An environment with correct links stays in place,
    /// with what its set-up commands made; it only gets a new seal.
    pub(super) fn publish(
        &self,
        tools: &Tools<'_>,
        set_up: &dyn SetUp,
    ) -> Result<(), WorkenvError> {
        let is_ours = self.seal.is_some_and(|seal| seal.root == self.root);
        let plain = self.composition(false)?;
        if is_ours && plain.is_at(self.root, !self.has_set_up()) {
            return self.replace_seal(&self.sealed(self.root, self.cache.written_now()?)?);
        }
        if self.has_set_up() && !self.is_alone {
            return Err(WorkenvError::NoLocks {
                path: self.cache.root().into(),
                what: "a package with set-up commands",
            });
        }
        let staging = self.cache.stage()?;
        let made = staging.path().join("workenv");
        let composition = self.composition(self.has_set_up())?;
        composition.write(&made)?;
        let private = made.join(PRIVATE_DIR);
        std::fs::create_dir(&private).on("create directory", &private)?;
        if self.has_set_up() {
            // The commands run in the final directory, so that paths they write down stay right.
            // Until it is sealed it does not count: after a failed command or a power failure the
            // next start begins anew.
            let log = self.root.join(SET_UP_LOG);
            // The commands of a killed start would write into the new environment.
            let before = log.is_file().then(|| {
                tools
                    .progress
                    .wait(&log, LockKind::Exclusive, "an earlier set-up to end")
            });
            let _ended = before.transpose()?;
            // The results of a failed set-up are of no use.
            let (_half_done, _) =
                Leftover::make(self.root, || staging.publish(&made, marked(self.root)))?;
            let outcome = self.set_up(tools, set_up);
            if outcome.is_err() {
                staging.take(marked(self.root))?;
            }
            outcome?;
            // There is no content list for what commands wrote, so it could not be checked after a
            // power failure.
            let written = Durability::synchronised(self.root)?;
            return self.replace_seal(&self.sealed(self.root, written)?);
        }
        let seal = self.sealed(&made, self.cache.written_now()?)?;
        let path = made.join(SEAL_FILE);
        std::fs::write(&path, seal.to_json()).on("write", &path)?;
        match staging.publish(&made, marked(self.root))? {
            Put::AtOnce => Ok(()),
            // The watched directory itself was renamed, which changed its ctime.
            Put::ByEntries => {
                self.replace_seal(&self.sealed(self.root, self.cache.written_now()?)?)
            }
        }
    }

    fn has_set_up(&self) -> bool {
        self.reader
            .facts()
            .is_some_and(|facts| !facts.set_up.is_empty())
    }

    fn init_slots(&self) -> impl Iterator<Item = &CachedSlot<'_>> {
        self.slots
            .iter()
            .filter(|slot| slot.lifecycle == Lifecycle::Init)
    }

    /// The plan of the environment, `with_init` while set-up commands run.
    fn composition(&self, with_init: bool) -> Result<Composition, WorkenvError> {
        let is_in = |slot: &&CachedSlot<'_>| match slot.lifecycle {
            Lifecycle::Eager | Lifecycle::Lazy => true,
            Lifecycle::Init => with_init,
            Lifecycle::Temporary | Lifecycle::Attestation => false,
        };
        let python = self.reader.facts().and_then(|facts| facts.python.as_ref());
        Composition::of(self.slots.iter().filter(is_in), python)
    }

    /// Runs the set-up commands, with the init slots in place.
    fn set_up(&self, tools: &Tools<'_>, set_up: &dyn SetUp) -> Result<(), WorkenvError> {
        for slot in self.init_slots() {
            let directory = slot.tree.parent().unwrap_or(self.root);
            std::fs::create_dir_all(directory).on("create directory", directory)?;
            slot.extract_into(directory, Modes::Keep, tools)?;
        }
        tools.progress.end();
        tools.progress.setting_up();
        let outcome = set_up.run(self.root);
        tools.progress.end();
        outcome?;
        for slot in self.init_slots() {
            let relative = target_path(slot)?;
            let target = self.root.join(&relative);
            remove_tree(&target)?;
            // Removes their parent directories if they are empty.
            let mut parent = relative.parent();
            while let Some(one) = parent.filter(|one| !one.as_os_str().is_empty()) {
                if std::fs::remove_dir(self.root.join(one)).is_err() {
                    break;
                }
                parent = one.parent();
            }
        }
        Ok(remove_tree(&self.root.join(PRIVATE_DIR).join("slots"))?)
    }

    /// Seals an environment that is in `staged`.
    fn sealed(&self, staged: &Path, written: Durability) -> Result<Seal, WorkenvError> {
        let extracted: Vec<_> = self
            .slots
            .iter()
            .filter(|slot| slot.lifecycle == Lifecycle::Eager)
            .collect();
        let about = self.reader.facts();
        let programs = about.map(|facts| &facts.programs[..]).unwrap_or_default();
        let watch = critical_set(
            staged,
            &extracted,
            programs,
            about.and_then(|facts| facts.python.as_ref()),
        );
        let package = &self.reader.metadata().package;
        let origin = SourcePackage {
            name: package.name.clone(),
            version: package.version.clone(),
            signer: self.reader.signer().fingerprint().to_string(),
            package: self.reader.path().into(),
        };
        let slots = self
            .slots
            .iter()
            .filter(|slot| slot.is_kept())
            .map(|slot| slot.key.clone())
            .collect();
        let facts = if self.cache.kind == Kind::Portable {
            Attributes::Lasting
        } else {
            Attributes::All
        };
        Ok(Seal::of(
            self.root, staged, origin, slots, &watch, facts, written,
        )?)
    }

    /// Gives the environment in its place a new seal, by one rename.
    fn replace_seal(&self, seal: &Seal) -> Result<(), WorkenvError> {
        let staging = self.cache.stage()?;
        let fresh = staging.path().join("seal");
        std::fs::write(&fresh, seal.to_json()).on("write", &fresh)?;
        let place = self.root.join(SEAL_FILE);
        Ok(rename_file(&fresh, &place)?)
    }
}

impl Cache {
    /// Whether the seal of an environment is of the kind that this cache requires. A portable cache
    /// requires a portable one.
    pub(super) fn is_content_with(&self, seal: &Seal) -> bool {
        self.kind != Kind::Portable || (seal.is_portable() && seal.written == Durability::Settled)
    }
}
