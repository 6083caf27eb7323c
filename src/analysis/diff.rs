//! What changed from one package to another: by slot, distribution and file.

use std::collections::BTreeMap;

use serde::Serialize;

use super::contents::{Contents, PackedEntry};

/// A size before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    pub stored: u64,
    pub size: u64,
    pub files: u64,
}

/// Something in the first package, in the second, or in both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    pub name: String,
    /// For a file: its slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// For a distribution: its versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<(Option<String>, Option<String>)>,
    pub before: Option<Size>,
    pub after: Option<Size>,
    /// Change of the stored bytes.
    pub grown: i64,
}

/// The difference of two packages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The whole files.
    pub package: Change,
    pub launcher: Change,
    /// Metadata, tables, padding.
    pub metadata: Change,
    /// All slots, in the order of the second package.
    pub slots: Vec<Change>,
    /// Those that changed, largest change first.
    pub distributions: Vec<Change>,
    /// Files and links that were added, removed or changed, largest change first.
    pub files: Vec<Change>,
    /// Change of the stored bytes of files that are equal in both packages; only what they are
    /// compressed with differs.
    pub same_files: i64,
}

impl Change {
    fn new(name: &str, before: Option<Size>, after: Option<Size>) -> Self {
        let grown = signed(after.map_or(0, |size| size.stored))
            .saturating_sub(signed(before.map_or(0, |size| size.stored)));
        Self {
            name: name.into(),
            before,
            after,
            grown,
            ..Self::default()
        }
    }
}

/// Compares two packages.
pub fn diff(before: &Contents, after: &Contents) -> Diff {
    let part = |name, before, after| {
        let size = |bytes| {
            Some(Size {
                stored: bytes,
                size: bytes,
                files: 0,
            })
        };
        Change::new(name, size(before), size(after))
    };
    let (files, same_files) = files(before, after);
    Diff {
        package: part(&after.package, before.size, after.size),
        launcher: part("launcher", before.launcher, after.launcher),
        metadata: part("metadata", before.frame(), after.frame()),
        slots: slots(before, after),
        distributions: distributions(before, after),
        files,
        same_files,
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn slots(before: &Contents, after: &Contents) -> Vec<Change> {
    let sizes = |contents: &Contents| -> BTreeMap<String, Size> {
        let size = |slot: &super::SlotContents| Size {
            stored: slot.stored,
            size: slot.plain,
            files: slot.files().unwrap_or_default(),
        };
        contents
            .slots
            .iter()
            .map(|slot| (slot.name.clone(), size(slot)))
            .collect()
    };
    let (old, new) = (sizes(before), sizes(after));
    let gone = before
        .slots
        .iter()
        .filter(|slot| !new.contains_key(&slot.name));
    let all = after.slots.iter().chain(gone).map(|slot| &slot.name);
    all.map(|name| Change::new(name, old.get(name).copied(), new.get(name).copied()))
        .collect()
}

fn distributions(before: &Contents, after: &Contents) -> Vec<Change> {
    let sizes = |contents: &Contents| -> BTreeMap<(String, String), (String, Size)> {
        let pair = |distribution: &super::PackedDistribution| {
            let size = Size {
                stored: distribution.stored,
                size: distribution.size,
                files: distribution.files,
            };
            (
                (distribution.name.clone(), distribution.slot.clone()),
                (distribution.version.clone(), size),
            )
        };
        contents.distributions.iter().map(pair).collect()
    };
    let (old, new) = (sizes(before), sizes(after));
    let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let change = |key: &(String, String)| {
        let (old, new) = (old.get(key), new.get(key));
        let mut change = Change::new(
            &key.0,
            old.map(|(_, size)| *size),
            new.map(|(_, size)| *size),
        );
        let (old_version, new_version) = (
            old.map(|(version, _)| version),
            new.map(|(version, _)| version),
        );
        change.versions = Some((old_version.cloned(), new_version.cloned()));
        let same_version = old_version == new_version;
        let same_content = |old: Size, new: Size| (old.size, old.files) == (new.size, new.files);
        let same = same_version
            && change
                .before
                .zip(change.after)
                .is_some_and(|(old, new)| same_content(old, new));
        (!same).then_some(change)
    };
    most_changed_first(names.into_iter().filter_map(change).collect())
}

fn files(before: &Contents, after: &Contents) -> (Vec<Change>, i64) {
    let entries = |contents: &Contents| -> BTreeMap<(String, String), PackedEntry> {
        let of_interest = contents
            .entries()
            .filter(|(_, entry)| entry.is_file() || entry.link.is_some());
        of_interest
            .map(|(slot, entry)| ((slot.name.clone(), entry.path.clone()), entry.clone()))
            .collect()
    };
    let (mut old, new) = (entries(before), entries(after));
    let size = |entry: &PackedEntry| Size {
        stored: entry.stored,
        size: entry.size,
        files: 1,
    };
    let what = |entry: &PackedEntry| (entry.kind, entry.mode, entry.blake3, entry.link.clone());
    let (mut changed, mut same) = (Vec::new(), 0_i64);
    for (key, entry) in new {
        let was = old.remove(&key);
        let is_same = was.as_ref().is_some_and(|was| what(was) == what(&entry));
        let change = Change::new(&key.1, was.as_ref().map(size), Some(size(&entry)));
        if is_same {
            same = same.saturating_add(change.grown);
        } else {
            changed.push(Change {
                slot: Some(key.0),
                ..change
            });
        }
    }
    let gone = old.into_iter();
    changed.extend(gone.map(|(key, entry)| Change {
        slot: Some(key.0),
        ..Change::new(&key.1, Some(size(&entry)), None)
    }));
    (most_changed_first(changed), same)
}

fn most_changed_first(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by(|a, b| {
        b.grown
            .unsigned_abs()
            .cmp(&a.grown.unsigned_abs())
            .then_with(|| a.name.cmp(&b.name))
    });
    changes
}
