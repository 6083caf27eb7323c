//! Reads the contents of a package from its slots.

use std::collections::HashMap;

use super::contents::{Contents, PackedDistribution, PackedEntry, SlotContents};
use super::distribution::Claims;
use super::module::module_of;
use super::native::examine;
use crate::elf;
use crate::format::{Blake3, WORKENV};
use crate::package::{PackageError, Reader, Slot};
use crate::slot::{EntryKind, Passing, SlotError, TarEntry, measure};

impl Contents {
    /// Reads all slots. Their bytes must have been verified: this decodes them.
    ///
    /// # Errors
    /// [`PackageError::Content`] if a slot of ours does not decode.
    pub fn read(reader: &Reader) -> Result<Self, PackageError> {
        let metadata = reader.metadata();
        let mut contents = Self {
            package: metadata.package.name.clone(),
            version: metadata.package.version.clone(),
            size: reader.index().package_size,
            launcher: reader.index().launcher_size,
            ..Self::default()
        };
        for slot in reader.slots() {
            let mut slot_contents = SlotContents {
                name: slot.name().into(),
                index: slot.index,
                stored: slot.row.stored_size,
                plain: slot
                    .facts
                    .map_or(slot.row.plain_size, |facts| facts.plain_size),
                ..SlotContents::default()
            };
            match read_slot(&slot, &mut slot_contents, &mut contents.distributions) {
                Ok(()) => {}
                // FlavorPack's packages may use encodings that only its own launchers can decode.
                Err(_) if slot.facts.is_none() => slot_contents.entries = None,
                Err(source) => {
                    return Err(PackageError::Content {
                        slot: slot_contents.name,
                        source,
                    });
                }
            }
            contents.slots.push(slot_contents);
        }
        contents.sort_distributions();
        Ok(contents)
    }

    fn sort_distributions(&mut self) {
        let mut order: Vec<usize> = (0..self.distributions.len()).collect();
        order.sort_by(|a, b| {
            self.distributions[*a]
                .name
                .cmp(&self.distributions[*b].name)
        });
        let mut now = vec![0; order.len()];
        for (at, was) in order.iter().enumerate() {
            now[*was] = at;
        }
        self.distributions.sort_by(|a, b| a.name.cmp(&b.name));
        for entry in self
            .slots
            .iter_mut()
            .flat_map(|slot| slot.entries.iter_mut().flatten())
        {
            entry.distribution = entry.distribution.map(|was| now[was]);
        }
    }
}

fn read_slot(
    slot: &Slot<'_>,
    contents: &mut SlotContents,
    distributions: &mut Vec<PackedDistribution>,
) -> Result<(), SlotError> {
    let Ok(stored) = slot.stored() else {
        return Err(SlotError::UnsupportedCodec("the slot"));
    };
    contents.codec = Some(stored.operations.codec);
    contents.tar = stored.operations.tar;
    let mut entries = Vec::new();
    let mut claims = Claims::default();
    let visit = |passing: Passing<'_>| {
        let mut entry = packed(&passing, slot);
        if let Some(content) = passing.content {
            if elf::is_elf(content) {
                entry.native = examine(content).map(Box::new);
            } else {
                claims.read(&entry.path, content);
            }
        }
        entries.push(entry);
    };
    let shares = measure(&stored, is_wanted, visit)?;
    for (entry, share) in entries.iter_mut().zip(&shares.entries) {
        entry.stored = *share;
    }
    contents.overhead = shares.overhead;
    contents.alone = shares.alone.iter().sum();
    claims.settle(slot.name(), &mut entries, distributions);
    if contents.tar {
        let roots = claims.roots();
        for entry in &mut entries {
            entry.module = module_of(&entry.path, entry.kind, &roots);
        }
    }
    follow_hard_links(&mut entries);
    contents.entries = Some(entries);
    Ok(())
}

/// The maximum length of a distribution's metadata.
const LONGEST: u64 = 16 << 20;

/// Files whose content is needed: native files, and the two metadata files of a distribution.
fn is_wanted(entry: &TarEntry, start: &[u8]) -> bool {
    let describes =
        entry.name.ends_with(b".dist-info/METADATA") || entry.name.ends_with(b".dist-info/RECORD");
    elf::is_elf(start) || (describes && entry.size <= LONGEST)
}

fn packed(passing: &Passing<'_>, slot: &Slot<'_>) -> PackedEntry {
    let entry = passing.entry;
    let is_whole_slot = entry.name.is_empty() && entry.kind == EntryKind::File;
    PackedEntry {
        path: if is_whole_slot {
            let target = slot.record.target.as_str();
            target
                .strip_prefix(WORKENV)
                .map_or(target, |inside| inside.trim_start_matches('/'))
                .to_owned()
        } else {
            String::from_utf8_lossy(&entry.name).into_owned()
        },
        kind: entry.kind,
        mode: if is_whole_slot {
            slot.row.permissions
        } else {
            entry.mode
        },
        size: entry.size,
        stored: 0,
        blake3: passing.digest,
        link: (!entry.link.is_empty()).then(|| String::from_utf8_lossy(&entry.link).into_owned()),
        distribution: None,
        module: None,
        native: None,
    }
}

/// A hard link has the digest of its target.
fn follow_hard_links(entries: &mut [PackedEntry]) {
    if !entries
        .iter()
        .any(|entry| entry.kind == EntryKind::HardLink)
    {
        return;
    }
    let digests: HashMap<String, Blake3> = entries
        .iter()
        .filter_map(|entry| Some((entry.path.clone(), entry.blake3?)))
        .collect();
    for entry in entries
        .iter_mut()
        .filter(|entry| entry.kind == EntryKind::HardLink)
    {
        entry.blake3 = entry
            .link
            .as_ref()
            .and_then(|link| digests.get(link).copied());
    }
}
