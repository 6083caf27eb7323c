use serde::Serialize;

use super::native::NativeFile;
use crate::format::{Blake3, Codec};
use crate::slot::EntryKind;

/// The contents of a package.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub package: String,
    pub version: String,
    /// Bytes of the package file.
    pub size: u64,
    pub launcher: u64,
    pub slots: Vec<SlotContents>,
    /// Sorted by name.
    pub distributions: Vec<PackedDistribution>,
}

/// The contents of a slot.
#[derive(Clone, Debug, Default)]
pub struct SlotContents {
    pub name: String,
    pub index: usize,
    /// Bytes in the package.
    pub stored: u64,
    /// Bytes after decompression: signed in our packages, only claimed in others.
    pub plain: u64,
    /// Stored bytes that belong to no entry.
    pub overhead: u64,
    /// The sum of the contents' sizes when each is compressed by itself, fast.
    pub alone: u64,
    pub codec: Option<Codec>,
    /// Whether it is an archive.
    pub tar: bool,
    /// `None` if the slot cannot be decoded here, which happens only with FlavorPack's packages.
    pub entries: Option<Vec<PackedEntry>>,
}

/// A file, directory or link in a slot.
#[derive(Clone, Debug)]
pub struct PackedEntry {
    /// Path inside the slot; for a slot that is one file, its path in the work environment.
    pub path: String,
    pub kind: EntryKind,
    pub mode: u16,
    /// Length of the content; 0 except for files.
    pub size: u64,
    /// The entry's share of the slot's stored bytes.
    pub stored: u64,
    /// Digest of a file's content.
    pub blake3: Option<Blake3>,
    /// Target of a link.
    pub link: Option<String>,
    /// Index into [`Contents::distributions`].
    pub distribution: Option<usize>,
    /// The module that it is, or is a part of: `rich.console`.
    pub module: Option<String>,
    pub native: Option<Box<NativeFile>>,
}

/// An installed Python distribution, from its `dist-info`, and its files in the package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PackedDistribution {
    pub name: String,
    pub version: String,
    /// Name of the slot that holds it.
    pub slot: String,
    /// Files that its RECORD lists and the slot has, their bytecode included, and the bytes of
    /// their content.
    pub files: u64,
    pub size: u64,
    /// Their share of the slot's stored bytes.
    pub stored: u64,
    pub license: Option<String>,
    /// Package URL (github.com/package-url/purl-spec).
    pub purl: String,
    /// Normalised names of the distributions that it requires, regardless of extras and markers.
    #[serde(skip)]
    pub requires: Vec<String>,
}

impl Contents {
    /// Files and links to them, with their slots.
    pub fn files(&self) -> impl Iterator<Item = (&SlotContents, &PackedEntry)> {
        self.entries().filter(|(_, entry)| entry.is_file())
    }

    /// All entries, with their slots.
    pub fn entries(&self) -> impl Iterator<Item = (&SlotContents, &PackedEntry)> {
        self.slots.iter().flat_map(|slot| {
            slot.entries
                .iter()
                .flatten()
                .map(move |entry| (slot, entry))
        })
    }

    /// The largest files by stored bytes.
    pub fn largest(&self, count: usize) -> Vec<(&SlotContents, &PackedEntry)> {
        let mut files: Vec<_> = self.files().collect();
        let size = |entry: &PackedEntry| {
            (
                std::cmp::Reverse(entry.stored),
                std::cmp::Reverse(entry.size),
            )
        };
        files.sort_by(|a, b| {
            size(a.1)
                .cmp(&size(b.1))
                .then_with(|| a.1.path.cmp(&b.1.path))
        });
        files.truncate(count);
        files
    }

    /// All native files, those with the highest requirements first.
    pub fn native_files(&self) -> Vec<(&SlotContents, &PackedEntry, &NativeFile)> {
        let native = |(slot, entry)| -> Option<(&SlotContents, &PackedEntry, &NativeFile)> {
            let entry: &PackedEntry = entry;
            Some((slot, entry, entry.native.as_deref()?))
        };
        let mut files: Vec<_> = self.entries().filter_map(native).collect();
        files.sort_by(|a, b| {
            b.2.glibc_floor
                .cmp(&a.2.glibc_floor)
                .then_with(|| b.1.stored.cmp(&a.1.stored))
        });
        files
    }

    /// Bytes that belong neither to the launcher nor to a slot: metadata, tables, padding.
    pub fn frame(&self) -> u64 {
        let slots: u64 = self.slots.iter().map(|slot| slot.stored).sum();
        self.size
            .saturating_sub(self.launcher)
            .saturating_sub(slots)
    }
}

impl SlotContents {
    /// Bytes of content, as counted.
    pub fn size(&self) -> u64 {
        self.entries.iter().flatten().map(|entry| entry.size).sum()
    }

    /// Files, including hard links.
    pub fn files(&self) -> Option<u64> {
        let entries = self.entries.as_ref()?;
        Some(entries.iter().filter(|entry| entry.is_file()).count() as u64)
    }
}

impl PackedEntry {
    /// Whether it has content of its own or shares that of another entry.
    pub fn is_file(&self) -> bool {
        matches!(self.kind, EntryKind::File | EntryKind::HardLink)
    }

    /// `file`, `directory`, `hardlink`, `symlink`.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            EntryKind::File => "file",
            EntryKind::Directory => "directory",
            EntryKind::HardLink => "hardlink",
            EntryKind::Symlink => "symlink",
        }
    }
}
