//! Symbolic links of a tree that becomes an archive: checked, or replaced by their targets.

use std::collections::HashSet;
use std::path::PathBuf;

use super::super::SlotError;
use crate::fs::{Entry, EntryKind as FileKind, IoContext, LinkFault, TreeError, TreeLinks, walk};

/// Replaces every link by its target.
pub fn follow_links(entries: &[Entry]) -> Result<Vec<Entry>, SlotError> {
    follow_links_where(entries, |_| true)
}

/// Replaces the links that are `wanted`, and all links below them.
pub fn follow_links_where(
    entries: &[Entry],
    wanted: impl Fn(&Entry) -> bool,
) -> Result<Vec<Entry>, SlotError> {
    let mut out = Vec::new();
    for entry in entries {
        if matches!(entry.kind, FileKind::Symlink { .. }) && wanted(entry) {
            follow_link(entry, &mut HashSet::new(), &mut out)?;
        } else {
            out.push(entry.clone());
        }
    }
    Ok(out)
}

fn follow_link(
    link: &Entry,
    open: &mut HashSet<PathBuf>,
    out: &mut Vec<Entry>,
) -> Result<(), SlotError> {
    let real = std::fs::canonicalize(&link.path).on("follow link", &link.path)?;
    let target = Entry::examine(real.clone(), link.relative.clone())?;
    if target.kind != FileKind::Directory {
        out.push(target);
        return Ok(());
    }
    if !open.insert(real.clone()) {
        return Err(SlotError::LinkLoop {
            path: link.path.clone(),
        });
    }
    out.push(target);
    for child in walk(&real)? {
        let moved = Entry {
            relative: link.relative.join(&child.relative),
            ..child
        };
        if matches!(moved.kind, FileKind::Symlink { .. }) {
            follow_link(&moved, open, out)?;
        } else {
            out.push(moved);
        }
    }
    open.remove(&real);
    Ok(())
}

/// Rejects links that a reader would reject, while the user who packs can still fix them.
pub(super) fn check_links(entries: &[Entry]) -> Result<(), SlotError> {
    let mut links = TreeLinks::default();
    for entry in entries {
        if let FileKind::Symlink { target } = &entry.kind {
            links.add(entry.relative.clone(), target.clone());
        }
    }
    links.check(entries.len()).map_err(|fault| match fault {
        LinkFault::LeadsOut { path, target } => {
            let place = entries
                .iter()
                .find(|entry| entry.relative == path)
                .map_or(path, |entry| &entry.path);
            SlotError::EscapingLink {
                path: place.into(),
                target: target.into(),
            }
        }
        // On disk nothing is below a link.
        LinkFault::Behind { path } => SlotError::Changed { path: path.into() },
        LinkFault::Scattered => TreeError::Implied.into(),
    })
}
