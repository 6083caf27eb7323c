//! Keeps files outside the project out of a slot, unless the slot allows them.

use std::path::{Path, PathBuf};

use crate::fs::Entry;
use crate::manifest;
use crate::pack::BuildError;
use crate::slot::{SlotError, follow_links_where};

/// The resolved path, if it is outside the project whose manifest is in `directory`.
///
/// The rest of the repository counts as inside: projects of one repository share files.
pub fn leads_outside(directory: &Path, path: &Path) -> Option<PathBuf> {
    let real = path.canonicalize().ok()?;
    let directory = directory
        .canonicalize()
        .unwrap_or_else(|_| directory.into());
    if real.starts_with(&directory) {
        return None;
    }
    let repository = directory
        .ancestors()
        .find(|above| above.join(".git").exists());
    (!repository.is_some_and(|top| real.starts_with(top))).then_some(real)
}

/// Rejects a source outside the project.
pub(super) fn refuse(
    directory: &Path,
    slot: &manifest::Slot,
    source: &Path,
) -> Result<(), BuildError> {
    let directory = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    match leads_outside(directory, source).filter(|_| !slot.follow) {
        Some(real) => Err(BuildError::SourceOutside {
            slot: slot.name.clone(),
            line: slot.line,
            source_text: slot.source.clone(),
            real,
        }),
        None => Ok(()),
    }
}

/// Replaces the links of a tree that lead out of it by their targets. All others stay links.
pub(super) fn bring_in(source: &Path, entries: &[Entry]) -> Result<Vec<Entry>, SlotError> {
    let root = source.canonicalize().unwrap_or_else(|_| source.into());
    follow_links_where(entries, |link| {
        link.path
            .canonicalize()
            .is_ok_and(|real| !real.starts_with(&root))
    })
}
