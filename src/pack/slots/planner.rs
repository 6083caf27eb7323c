//! Plans a slot for a tree of the application or for a slot of the manifest.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::outside;
use super::{Beside, Chain, Content, SlotPlan, links};
use crate::format::{Codec, Lifecycle, Operations, WORKENV};
use crate::fs::{Entry, walk};
use crate::manifest::{self, Operation, OperationName};
use crate::pack::BuildError;
use crate::pack::application::{BuiltSlot, Role};
use crate::pack::cache::{Inputs, Layer, hash_tree};
use crate::pack::context::Pack;
use crate::pack::ignored::Ignored;
use crate::pack::settings::OutputFiles;
use crate::slot::{Compression, Links, check_size, follow_links};
use crate::stub::Family;

/// Version of the processing of native files and of what is recorded about them. Increased when
/// that changes, to invalidate older entries of the build cache.
const NATIVE_REVISION: u32 = 3;

pub(super) struct Planner<'a> {
    pub(super) pack: Pack<'a>,
    pub(super) ignored: Ignored,
    pub(super) written: OutputFiles,
    pub(super) beside: Beside,
}

impl Planner<'_> {
    pub(super) fn application_slot(&self, slot: &BuiltSlot) -> SlotPlan {
        let BuiltSlot {
            name,
            role,
            target,
            purpose,
            entries,
            parts,
        } = slot;
        let (name, role) = (*name, *role);
        let chain = self.default_chain(true);
        let mut entries = entries.clone();
        let left_out = self.ignored.filter(role, &mut entries);
        let prefix = self.prefix(target);
        let mut inputs = self.inputs(&chain, &prefix);
        for (part, digest) in parts {
            inputs.add(part, digest);
        }
        if role.is_installed() {
            let patterns = inputs.add_list("patterns", self.ignored.patterns.iter().cloned());
            patterns.set_by(&["tool", "flavor", "build", "exclude"]);
        }
        if role == Role::Dependencies {
            let slim = inputs.add_list(
                "slim",
                self.pack
                    .settings
                    .slim
                    .iter()
                    .map(|slim| slim.name().to_owned()),
            );
            slim.set_by(&["tool", "flavor", "build", "slim"]);
        }
        inputs.add("relocate", role.is_installed());
        let beside = if role.is_installed() {
            self.beside.clone()
        } else {
            Beside::default()
        };
        if role.is_installed() {
            inputs.add_list("libraries of the runtime", beside.runtime.keys().cloned());
        }
        beside.add_to(&mut inputs);
        SlotPlan {
            name: name.into(),
            role,
            source: String::new(),
            target: self.target_text(target, true),
            purpose: (*purpose).into(),
            lifecycle: Lifecycle::Eager,
            mode: 0o644,
            inputs,
            layer: if role == Role::Runtime {
                Layer::Runtime
            } else {
                Layer::Slots
            },
            left_out,
            content: Content::Tree(entries),
            chain,
            prefix,
            beside,
        }
    }

    pub(super) fn manifest_slot(&self, slot: &manifest::Slot) -> Result<SlotPlan, BuildError> {
        let manifest = self.pack.manifest;
        let source = manifest.directory.join(&slot.source);
        if !source.exists() {
            return Err(BuildError::MissingSource {
                slot: slot.name.clone(),
                line: slot.line,
                path: source,
            });
        }
        outside::refuse(&manifest.directory, slot, &source)?;
        let target = slot.target.clone().unwrap_or_else(|| slot.name.clone());
        let chain = match &slot.operations {
            Some(operations) => self.chain(&slot.name, operations)?,
            None => self.default_chain(source.is_dir()),
        };
        let prefix = self.prefix(&target);
        let mut inputs = self.inputs(&chain, &prefix);
        let content = self.content(slot, &source, &chain, &mut inputs)?;
        let beside = Beside {
            runtime: Arc::default(),
            ..self.beside.clone()
        };
        beside.add_to(&mut inputs);
        if !chain.tar {
            // With libraries beside it the file goes into a tree, which records its name and mode.
            inputs.add("target", &target);
            inputs.add(
                "mode",
                slot.permissions
                    .map_or_else(String::new, |mode| format!("{mode:o}")),
            );
            inputs.add("lifecycle", lifecycle(slot.lifecycle).word());
        }
        let default_mode = if slot.purpose.as_deref() == Some("binary") {
            0o755
        } else {
            0o644
        };
        Ok(SlotPlan {
            name: slot.name.clone(),
            role: Role::Manifest,
            source: slot.source.display().to_string(),
            target: self.target_text(&target, chain.tar),
            purpose: slot.purpose.clone().unwrap_or_else(|| "data".into()),
            lifecycle: lifecycle(slot.lifecycle),
            mode: slot
                .permissions
                .and_then(|mode| u16::try_from(mode).ok())
                .unwrap_or(default_mode),
            inputs,
            layer: Layer::Slots,
            left_out: Vec::new(),
            content,
            chain,
            prefix,
            beside,
        })
    }

    /// Lists and hashes a source of the manifest.
    fn content(
        &self,
        slot: &manifest::Slot,
        source: &Path,
        chain: &Chain,
        inputs: &mut Inputs,
    ) -> Result<Content, BuildError> {
        let failed = |source| BuildError::Slot {
            slot: slot.name.clone(),
            source,
        };
        let name: PathBuf = source.file_name().unwrap_or_default().into();
        if !chain.tar {
            if source.is_dir() {
                return Err(failed(crate::slot::SlotError::DirectoryWithoutTar {
                    path: source.into(),
                }));
            }
            let entry = Entry::examine_target(source.into(), name)?;
            check_size(std::slice::from_ref(&entry)).map_err(failed)?;
            self.hash(source, vec![entry.clone()], inputs)?;
            return Ok(Content::File(entry));
        }
        let mut entries = if source.is_dir() {
            walk(source)?
        } else {
            vec![Entry::examine_target(source.into(), name)?]
        };
        if source.is_dir() {
            self.ignored.filter_by_files(source, &mut entries)?;
        }
        self.ignored.filter(Role::Manifest, &mut entries);
        entries.retain(|entry| !self.written.contains(&entry.path));
        if links(self.pack.family()) == Links::Follow {
            // For a launcher that rejects links, the targets of links are hashed.
            entries = follow_links(&entries).map_err(failed)?;
        } else if slot.follow && source.is_dir() {
            entries = outside::bring_in(source, &entries).map_err(failed)?;
        }
        check_size(&entries).map_err(failed)?;
        self.hash(source, entries.clone(), inputs)?;
        Ok(Content::Tree(entries))
    }

    fn hash(
        &self,
        source: &Path,
        entries: Vec<Entry>,
        inputs: &mut Inputs,
    ) -> Result<(), BuildError> {
        let source = std::path::absolute(source).unwrap_or_else(|_| source.into());
        let hashed = hash_tree(entries, &self.pack.cache.memory(&source, "slot"))?;
        inputs
            .add("content", hashed.digest.hex())
            .found_at(source)
            .changed(&hashed.changes);
        Ok(())
    }

    /// The inputs of the stored bytes besides the content.
    fn inputs(&self, chain: &Chain, prefix: &Path) -> Inputs {
        let mut inputs = Inputs::default();
        let Compression {
            codec,
            level,
            extreme,
        } = chain.compression;
        inputs.add("tool", env!("CARGO_PKG_VERSION"));
        inputs.add(
            "operations",
            Operations {
                tar: chain.tar,
                codec,
            },
        );
        inputs.add(
            "level",
            format!("{level}{}", if extreme { "e" } else { "" }),
        );
        inputs.add("links", format!("{:?}", links(self.pack.family())));
        inputs.add("prefix", prefix.display());
        inputs.add("native", NATIVE_REVISION);
        inputs.add("strip", *self.pack.settings.strip);
        inputs.add("epoch", *self.pack.settings.epoch);
        inputs
    }

    fn prefix(&self, target: &str) -> PathBuf {
        match self.pack.family() {
            Family::Flavor => PathBuf::new(),
            Family::FlavorPack => target.into(),
        }
    }

    /// FlavorPack's launchers ignore the target of an archive, so the names of its entries have the
    /// whole path.
    fn target_text(&self, target: &str, tar: bool) -> String {
        let inside = if self.pack.family() == Family::FlavorPack && tar {
            ""
        } else {
            target
        };
        if inside.is_empty() {
            WORKENV.into()
        } else {
            format!("{WORKENV}/{inside}")
        }
    }

    fn default_chain(&self, tar: bool) -> Chain {
        let codec = match *self.pack.settings.effort {
            0 => Codec::Raw,
            _ => self.pack.family().default_codec(),
        };
        Chain {
            tar,
            compression: Compression::with_effort(codec, *self.pack.settings.effort),
        }
    }

    /// Checks the operations of the manifest: at most a tar, then at most one codec that the
    /// launcher supports.
    fn chain(&self, slot: &str, operations: &[Operation]) -> Result<Chain, BuildError> {
        let mut rest = operations;
        let tar = rest
            .first()
            .is_some_and(|first| first.name == OperationName::Tar);
        if tar {
            rest = &rest[1..];
        }
        let (codec, step) = match rest {
            [] => (Codec::Raw, None),
            [one] => (codec(one.name), Some(one)),
            [first, second, ..] => {
                let (first, second) = (first.name.as_str(), second.name.as_str());
                return Err(BuildError::BadChain {
                    slot: slot.into(),
                    first,
                    second,
                });
            }
        };
        if !self.pack.family().reads(codec) {
            return Err(BuildError::LauncherCannotRead {
                slot: slot.into(),
                operation: codec.name(),
                launcher: self.pack.family().name(),
            });
        }
        let mut compression = Compression::with_effort(codec, *self.pack.settings.effort);
        if let Some(step) = step
            && let Some(level) = step.level
        {
            compression = Compression {
                codec,
                level,
                extreme: step.extreme,
            };
        }
        Ok(Chain { tar, compression })
    }
}

fn codec(name: OperationName) -> Codec {
    match name {
        OperationName::Tar => Codec::Raw,
        OperationName::Codec(codec) => codec,
    }
}

/// PSPF's twelve lifecycles reduce to four behaviours; `docs/format.md` § Lifecycles.
fn lifecycle(word: manifest::Lifecycle) -> Lifecycle {
    use manifest::Lifecycle as Word;
    match word {
        Word::Lazy | Word::Dev => Lifecycle::Lazy,
        Word::Temporary => Lifecycle::Temporary,
        Word::Init => Lifecycle::Init,
        _ => Lifecycle::Eager,
    }
}
