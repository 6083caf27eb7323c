//! Slots in the cache: extracted once, published by one rename.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::durability::Durability;
use super::seal::PRIVATE_DIR;
use super::{Cache, Progress, SlotKey, WorkenvError};
use crate::format::{Blake3, Lifecycle, SlotFacts};
use crate::fs::{IoContext, LockKind, Marked, Modes, Once, make_once, rename_file, set_mode};
use crate::package::{Reader, Slot};
use crate::report::Stopwatch;
use crate::slot::{Contents, Decoders, Destination, Extracted, Form, SlotError, expected, extract};

/// Name of the tree, or of the file, below a slot's directory.
pub(super) const TREE: &str = "tree";
const CONTENTS: &str = "contents";
const SEAL: &str = "seal";
/// Version of the seals of slots.
const SEAL_VERSION: u64 = 2;

/// A slot of a package with its place in the cache.
pub(super) struct CachedSlot<'a> {
    pub(super) slot: Slot<'a>,
    pub(super) facts: &'a SlotFacts,
    pub(super) key: SlotKey,
    pub(super) lifecycle: Lifecycle,
    /// The path of the tree or the file: in the cache for a kept slot, else where it is for as long
    /// as it is needed.
    pub(super) tree: PathBuf,
}

/// What a start needs for extracting.
pub(super) struct Tools<'a> {
    pub(super) cache: &'a Cache,
    pub(super) decoders: &'a Decoders,
    pub(super) progress: &'a dyn Progress,
}

impl<'a> CachedSlot<'a> {
    /// All slots of one of our packages, whose environment is at `root`.
    pub(super) fn all(
        cache: &Cache,
        reader: &'a Reader,
        root: &Path,
    ) -> Result<Vec<Self>, WorkenvError> {
        reader
            .slots()
            .filter(|slot| slot.record.lifecycle != Lifecycle::Attestation.word())
            .filter_map(|slot| slot.facts.map(|facts| (slot, facts)))
            .map(|(slot, facts)| {
                let key = SlotKey::of(&slot, facts, slot.operations()?);
                let lifecycle = Lifecycle::parse(&slot.record.lifecycle).unwrap_or_default();
                let directory = match lifecycle {
                    Lifecycle::Eager | Lifecycle::Lazy => cache.slot_dir(&key),
                    Lifecycle::Init | Lifecycle::Temporary | Lifecycle::Attestation => root
                        .join(PRIVATE_DIR)
                        .join("slots")
                        .join(slot.index.to_string()),
                };
                Ok(Self {
                    slot,
                    facts,
                    key,
                    lifecycle,
                    tree: directory.join(TREE),
                })
            })
            .collect()
    }

    /// Whether it stays in the cache and is shared.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.lifecycle, Lifecycle::Eager | Lifecycle::Lazy)
    }

    pub(super) fn is_there(&self, cache: &Cache) -> bool {
        SlotSeal::read(&cache.slot_dir(&self.key)).is_some() && self.tree.exists()
    }

    /// Ensures that the slot exists. Of several processes one extracts; the others wait for it.
    /// With `again`, the existing one is damaged and is replaced.
    pub(super) fn ensure(&self, tools: &Tools<'_>, again: bool) -> Result<(), WorkenvError> {
        let cache = tools.cache;
        let name = self.slot.name();
        let wait = || {
            let what = format!("another process that extracts slot `{name}`");
            let lock = cache.slot_lock(&self.key);
            Ok(tools.progress.wait(&lock, LockKind::Exclusive, &what)?)
        };
        let once = make_once(
            |_| Ok((!again && self.is_there(cache)).then_some(())),
            wait,
            |_| self.make(tools, again),
        )?;
        match once {
            Once::Found(()) => tracing::debug!(slot = name, "cache hit"),
            Once::Appeared(()) => {
                tracing::debug!(slot = name, "cache hit, extracted by another process");
            }
            Once::Made(()) => {}
        }
        Ok(())
    }

    /// Extracts and publishes the slot. The caller holds its lock, unless the file system has no
    /// locks.
    // The launcher is smaller if it is not inlined.
    #[inline(never)]
    fn make(&self, tools: &Tools<'_>, again: bool) -> Result<(), WorkenvError> {
        let cache = tools.cache;
        let staging = cache.stage()?;
        let made = staging.path().join("slot");
        std::fs::create_dir(&made).on("create directory", &made)?;
        let mut done = self.extract_into(&made, Modes::ReadOnly, tools)?;
        let tree = made.join(TREE);
        let is_tree = self.slot.operations()?.tar;
        let mode = self.mode(is_tree);
        if is_tree {
            set_mode(&tree, mode)?;
        }
        // Checking one file shows whether the file system stores modes.
        if tree.metadata().on("examine", &tree)?.mode() & 0o777 != mode {
            done.contents = done
                .contents
                .with_modes_of(&tree)
                .on("make the programs executable in", &tree)?;
        }
        let contents = made.join(CONTENTS);
        std::fs::write(&contents, done.contents.as_bytes()).on("write", &contents)?;
        let seal = SlotSeal {
            slot: self.slot.name().into(),
            written: cache.written_now()?,
            contents: Blake3::of(done.contents.as_bytes()).to_string(),
            files: done.files,
            bytes: done.bytes,
        };
        seal.write(&made.join(SEAL))?;
        // Without locks another process may have been faster. The results are identical.
        if again || !self.is_there(cache) {
            staging.publish(&made, marked(&cache.slot_dir(&self.key)))?;
        }
        Ok(())
    }

    /// The paths of it in the cache that differ from the package; empty for an intact slot.
    ///
    /// # Errors
    /// Errors in reading the package, which may be damaged itself.
    pub(super) fn damage(&self, cache: &Cache, jobs: usize) -> Result<Vec<PathBuf>, WorkenvError> {
        let directory = cache.slot_dir(&self.key);
        let stored = self.slot.stored()?;
        let modes = Modes::ReadOnly;
        let is_tree = stored.operations.tar;
        let form = if is_tree {
            Form::Tree(modes)
        } else {
            Form::File(modes.apply(self.slot.record.mode()))
        };
        let mut expected = expected(&stored, form).map_err(|source| self.failed(source))?;
        if self
            .tree
            .metadata()
            .is_ok_and(|there| there.mode() & 0o777 != self.mode(is_tree))
            && !cache.keeps_modes()
        {
            expected = expected.with_modes_of(&self.tree).unwrap_or(expected);
        }
        let mut damaged = expected.damage(&self.tree, jobs);
        damaged.extend(listed(&directory).err());
        Ok(damaged)
    }

    /// Of the tree's directory, or of the one file.
    fn mode(&self, is_tree: bool) -> u32 {
        let mode = if is_tree {
            0o555
        } else {
            self.slot.record.mode()
        };
        Modes::ReadOnly.apply(mode).into()
    }

    fn failed(&self, source: SlotError) -> WorkenvError {
        let slot = self.slot.name().into();
        match source {
            SlotError::Digest { found, signed } => WorkenvError::SlotDigest {
                slot,
                found,
                signed,
            },
            source => WorkenvError::Extract { slot, source },
        }
    }

    /// Extracts the stored bytes as `tree` in a directory that is private to this process, and
    /// checks them against the signed digest. The result must not be used before this returns.
    pub(super) fn extract_into(
        &self,
        directory: &Path,
        modes: Modes,
        tools: &Tools<'_>,
    ) -> Result<Extracted, WorkenvError> {
        let clock = Stopwatch::start();
        let stored = self.slot.stored()?;
        let tree = directory.join(TREE);
        let destination = if stored.operations.tar {
            std::fs::create_dir(&tree).on("create directory", &tree)?;
            Destination::Tree(&tree, modes)
        } else {
            Destination::File {
                directory,
                name: TREE.as_ref(),
                mode: modes.apply(self.slot.record.mode()),
            }
        };
        let done =
            extract(&stored, destination, tools.decoders).map_err(|source| self.failed(source))?;
        let name = self.slot.name();
        tracing::info!(slot = name, files = done.files, bytes = done.bytes, took = %clock.took(), "extract");
        Ok(done)
    }
}

/// The directory of a slot, which is valid if it has its seal.
pub(super) fn marked(directory: &Path) -> Marked<'_> {
    Marked {
        path: directory,
        mark: Path::new(SEAL),
    }
}

/// The paths of a slot in the cache that differ from its content list; empty for an intact slot.
/// Used if the package is not available: anyone who can change the slot can change the list.
pub(super) fn unlisted(directory: &Path, jobs: usize) -> Vec<PathBuf> {
    match listed(directory) {
        Ok(contents) => contents.damage(&directory.join(TREE), jobs),
        Err(path) => vec![path],
    }
}

/// The content list beside a slot, or which of seal and list is damaged.
fn listed(directory: &Path) -> Result<Contents, PathBuf> {
    let seal = SlotSeal::read(directory).ok_or_else(|| directory.join(SEAL))?;
    let path = directory.join(CONTENTS);
    let text = std::fs::read(&path)
        .ok()
        .filter(|text| Blake3::of(text).to_string() == seal.contents);
    text.and_then(Contents::parse).ok_or(path)
}

/// The seal beside an extracted slot, written last.
#[derive(Clone, Debug)]
pub(super) struct SlotSeal {
    /// The name of the slot, for people.
    slot: String,
    pub(super) written: Durability,
    /// BLAKE3 of the content list.
    contents: String,
    pub(super) files: u64,
    pub(super) bytes: u64,
}

impl SlotSeal {
    pub(super) fn read(directory: &Path) -> Option<Self> {
        let seal = std::fs::read(directory.join(SEAL)).ok()?;
        let seal: Value = serde_json::from_slice(&seal).ok()?;
        let text = |key: &str| seal.get(key)?.as_str();
        let number = |key: &str| seal.get(key)?.as_u64();
        (number("seal")? == SEAL_VERSION).then_some(())?;
        Some(Self {
            slot: text("slot")?.into(),
            written: Durability::parse(text("written")?),
            contents: text("contents")?.into(),
            files: number("files")?,
            bytes: number("bytes")?,
        })
    }

    fn write(&self, path: &Path) -> crate::fs::Result<()> {
        let Self {
            slot,
            written,
            contents,
            files,
            bytes,
        } = self;
        let seal = format!(
            r#"{{"seal":{SEAL_VERSION},"slot":"{slot}","written":"{}","contents":"{contents}","files":{files},"bytes":{bytes}}}"#,
            written.word(),
        );
        std::fs::write(path, seal).on("write", path)
    }

    /// Records that the slot was found intact after a reboot. In a cache that cannot be written to
    /// it is checked again next time.
    pub(super) fn settle(mut self, cache: &Cache, slot: &CachedSlot<'_>) {
        self.written = Durability::Settled;
        let noted = cache.stage().and_then(|staging| {
            let fresh = staging.path().join(SEAL);
            self.write(&fresh)?;
            let place = cache.slot_dir(&slot.key).join(SEAL);
            Ok(rename_file(&fresh, &place)?)
        });
        if let Err(error) = noted {
            tracing::debug!("cannot write the seal: {error}");
        }
    }
}
