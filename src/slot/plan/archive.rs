//! The tar stream of a tree, cut into frames.

use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::super::SlotError;
use super::super::tar::{self, EntryKind, TarEntry};
use super::frames::{Cutter, PlannedFrame};
use super::twins::stored_mode;
use crate::codec::Compression;
use crate::format::limits;
use crate::fs::Entry;

/// Whether an archive may hold links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Links {
    /// Links stay links, and files of equal content are stored once.
    Keep,
    /// Every link is replaced by its target, for launchers that reject links.
    Follow,
}

/// What determines an archive in addition to its tree.
#[derive(Clone, Debug)]
pub struct TreeOptions {
    pub links: Links,
    /// A prefix of every name, such as `lib/data`; may be empty.
    pub prefix: PathBuf,
    /// mtime of every entry, in seconds since 1970.
    pub mtime: u64,
}

impl TreeOptions {
    /// The name of an entry in the archive.
    pub(super) fn stored_name(&self, relative: &Path) -> Vec<u8> {
        self.prefix.join(relative).into_os_string().into_vec()
    }
}

/// An archive being planned.
pub(super) struct Archive<'a> {
    cutter: Cutter,
    options: &'a TreeOptions,
    /// Total length of names and link targets.
    names: u64,
}

impl<'a> Archive<'a> {
    /// Starts an archive that will hold `content` bytes of files.
    pub(super) fn new(compression: Compression, content: u64, options: &'a TreeOptions) -> Self {
        Self {
            cutter: Cutter::new(compression, content),
            options,
            names: 0,
        }
    }

    /// Appends the header of an entry with `size` bytes of content; `link` is the target of a link.
    pub(super) fn header(&mut self, entry: &Entry, kind: EntryKind, size: u64, link: &[u8]) {
        let mode = match kind {
            EntryKind::Symlink => 0o777,
            _ => stored_mode(entry),
        };
        let entry = TarEntry {
            name: self.options.stored_name(&entry.relative),
            kind,
            mode,
            size,
            link: link.to_vec(),
        };
        let names = (entry.name.len() + entry.link.len()) as u64;
        self.names = self.names.saturating_add(names);
        self.cutter.header(entry.encode(self.options.mtime), size);
    }

    /// Appends a regular file of this length.
    pub(super) fn file(&mut self, entry: &Entry, len: u64) {
        self.header(entry, EntryKind::File, len, &[]);
        self.cutter.content(&entry.path, len);
        self.cutter.padding(len);
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// [`SlotError::LongNames`] if its names exceed the limit for this number of entries.
    pub(super) fn finish(mut self, entries: u64) -> Result<Vec<PlannedFrame>, SlotError> {
        if self.names > limits::names(entries) {
            return Err(SlotError::LongNames);
        }
        self.cutter.header(tar::END.to_vec(), 0);
        Ok(self.cutter.finish())
    }
}
