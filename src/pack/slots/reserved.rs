//! Rejects slots that use reserved paths of the environment, and files of one slot where another
//! has a directory.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::{Content, SlotPlan};
use crate::format::WORKENV;
use crate::fs::{Entry, EntryKind};
use crate::pack::BuildError;
use crate::pack::application::{Environment, Role};

/// A reserved path of the environment.
struct Reserved {
    path: PathBuf,
    /// What is there, as a part of a sentence.
    what: &'static str,
    whose: Whose,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The launcher's own directory, in any case: a file system may be case-insensitive.
    Launcher,
    /// A start writes it, and would overwrite an existing file.
    Environment,
    /// The tree of the interpreter, with everything in it.
    Interpreter,
}

/// Rejects slots whose targets or trees use reserved paths. Without an application only one
/// directory is reserved.
pub(super) fn refuse_reserved(
    plans: &[SlotPlan],
    environment: &Environment,
) -> Result<(), BuildError> {
    let reserved = all(plans, environment);
    for plan in plans {
        let place = plan.place();
        for one in &reserved {
            if one.whose == Whose::Interpreter && plan.role == Role::Runtime {
                continue;
            }
            if let Some(found) = taken(plan, &place, one) {
                return Err(match found {
                    Taken::ByTarget => BuildError::ReservedTarget {
                        slot: plan.name.clone(),
                        target: plan.target.clone(),
                    },
                    Taken::ByEntry(entry) => BuildError::ReservedPath {
                        slot: plan.name.clone(),
                        pattern: format!(
                            "{}/{}",
                            if plan.role == Role::Dependencies {
                                "deps:"
                            } else {
                                ""
                            },
                            entry.relative.display()
                        ),
                        path: format!("{WORKENV}/{}", place.join(&entry.relative).display()),
                        what: one.what,
                    },
                });
            }
        }
    }
    Ok(())
}

fn all(plans: &[SlotPlan], environment: &Environment) -> Vec<Reserved> {
    let new = |path: PathBuf, what, whose| Reserved { path, what, whose };
    let own = "the launcher keeps its own files there";
    let made = environment.made.iter();
    let interpreters = plans.iter().filter(|plan| plan.role == Role::Runtime);
    [new(".flavor".into(), own, Whose::Launcher)]
        .into_iter()
        .chain(made.map(|path| new(path.into(), environment.purpose, Whose::Environment)))
        .chain(
            interpreters
                .map(|plan| new(plan.place(), "the interpreter is there", Whose::Interpreter)),
        )
        .collect()
}

enum Taken<'a> {
    ByTarget,
    ByEntry(&'a Entry),
}

/// The entry of a slot at a reserved path, below it, or as a file in the place of its parent.
fn taken<'a>(plan: &'a SlotPlan, place: &Path, reserved: &Reserved) -> Option<Taken<'a>> {
    let whole = &*reserved.path;
    if place.starts_with(whole) {
        return Some(Taken::ByTarget);
    }
    let inner = whole.strip_prefix(place).ok()?;
    let Content::Tree(entries) = &plan.content else {
        // A file in the place of a directory that is needed.
        return Some(Taken::ByTarget);
    };
    let inner = inner.as_os_str().as_bytes();
    let is_taken = |entry: &&Entry| {
        let path = entry.relative.as_os_str().as_bytes();
        let is_directory = entry.kind == EntryKind::Directory;
        if is_below(inner, path, false) {
            // `bin` as a file; `bin` itself is covered by the reserved files in it.
            return if path.len() == inner.len() {
                is_kept(plan, reserved, is_directory)
            } else {
                !is_directory
            };
        }
        is_below(path, inner, reserved.whose == Whose::Launcher)
            && is_kept(plan, reserved, is_directory)
    };
    entries.iter().find(is_taken).map(Taken::ByEntry)
}

/// Whether an entry at or below a reserved path is a conflict. What a distribution installs into a
/// directory beside the interpreter's own files hides none of them.
fn is_kept(plan: &SlotPlan, reserved: &Reserved, is_directory: bool) -> bool {
    reserved.whose != Whose::Interpreter || !plan.role.is_of_application() || !is_directory
}

/// Whether a path is `above` or is below it.
fn is_below(path: &[u8], above: &[u8], any_case: bool) -> bool {
    let Some((begin, rest)) = path.split_at_checked(above.len()) else {
        return false;
    };
    let is_same = if any_case {
        begin.eq_ignore_ascii_case(above)
    } else {
        begin == above
    };
    is_same && (rest.is_empty() || rest.starts_with(b"/"))
}

/// Rejects a file where another slot has a directory. Of two files the later slot's is used, and
/// directories are merged; but a file hides a directory with everything in it, or has no path for
/// what is below it.
pub(super) fn refuse_hidden(plans: &[SlotPlan]) -> Result<(), BuildError> {
    let places: Vec<PathBuf> = plans.iter().map(SlotPlan::place).collect();
    for (at, plan) in plans
        .iter()
        .enumerate()
        .filter(|(_, plan)| !plan.role.is_of_application())
    {
        // Pairs of the manifest's own slots are compared once.
        let others = plans
            .iter()
            .enumerate()
            .filter(|(other, one)| *other > at || one.role.is_of_application());
        for (other, one) in others {
            let (upper, lower, inner) = if let Ok(inner) = places[other].strip_prefix(&places[at]) {
                (plan, one, inner)
            } else if let Ok(inner) = places[at].strip_prefix(&places[other]) {
                (one, plan, inner)
            } else {
                continue;
            };
            if let Some((path, is_upper)) = hidden(upper, lower, inner) {
                let (file, directory) = if is_upper {
                    (upper, lower)
                } else {
                    (lower, upper)
                };
                return Err(BuildError::HiddenDirectory {
                    slot: file.name.clone(),
                    other: directory.name.clone(),
                    path: format!("{WORKENV}/{}", upper.place().join(path).display()),
                });
            }
        }
    }
    Ok(())
}

/// The first path, relative to the upper slot, at which one has a file and the other a directory;
/// and whether the file is the upper one's. The lower slot is at `inner` in the upper one.
fn hidden(upper: &SlotPlan, lower: &SlotPlan, inner: &Path) -> Option<(PathBuf, bool)> {
    let Content::Tree(above) = &upper.content else {
        return None;
    };
    let inner_bytes = inner.as_os_str().as_bytes();
    let is_directory = |entry: &Entry| entry.kind == EntryKind::Directory;
    // Files of the upper slot in the place of the lower one's parents.
    for entry in above {
        let path = entry.relative.as_os_str().as_bytes();
        if path.len() > inner_bytes.len() || !is_below(inner_bytes, path, false) {
            continue;
        }
        let needs_directory =
            path.len() < inner_bytes.len() || matches!(lower.content, Content::Tree(_));
        if needs_directory != is_directory(entry) {
            return Some((entry.relative.clone(), needs_directory));
        }
    }
    let Content::Tree(below) = &lower.content else {
        return None;
    };
    let start = if inner_bytes.is_empty() {
        0
    } else {
        inner_bytes.len() + 1
    };
    let meeting = above.iter().filter_map(|entry| {
        let path = entry.relative.as_os_str().as_bytes();
        let is_inside = start == 0 || (is_below(path, inner_bytes, false) && path.len() > start);
        is_inside.then(|| (&path[start..], entry))
    });
    let (mut directories, mut files) = (HashSet::new(), HashSet::new());
    for (path, entry) in meeting {
        if is_directory(entry) {
            directories.insert(path)
        } else {
            files.insert(path)
        };
    }
    if directories.is_empty() && files.is_empty() {
        return None;
    }
    below.iter().find_map(|entry| {
        let path = entry.relative.as_os_str().as_bytes();
        let other = if is_directory(entry) {
            &files
        } else {
            &directories
        };
        other
            .contains(path)
            .then(|| (inner.join(&entry.relative), is_directory(entry)))
    })
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_path_is_below_whole_names_alone() {
        for (path, above, any_case, expected) in [
            ("bin", "bin", false, true),
            ("bin/x", "bin", false, true),
            ("binary", "bin", false, false),
            ("Bin", "bin", false, false),
            (".Flavor/seal", ".flavor", true, true),
            (".flavors", ".flavor", true, false),
            ("b", "bin", false, false),
        ] {
            assert_eq!(
                is_below(path.as_bytes(), above.as_bytes(), any_case),
                expected,
                "{path} {above}"
            );
        }
    }
}
