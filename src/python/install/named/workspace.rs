//! uv's workspaces: a root, and members below it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::manifest::project_name;
use crate::pyproject::{self, MANIFEST};

/// A workspace and the directories of its members.
#[derive(Debug, Clone)]
pub(in super::super) struct Workspace {
    pub(in super::super) root: PathBuf,
    /// Sorted; includes the root if it is a project.
    pub(in super::super) members: Vec<PathBuf>,
}

impl Workspace {
    /// The workspace of a project, which is its root or a member. `directory` is absolute.
    pub(in super::super) fn of(directory: &Path) -> Option<Self> {
        for root in directory.ancestors() {
            let Some(manifest) = pyproject::of(root) else {
                continue;
            };
            let Some(workspace) = workspace_table(&manifest) else {
                continue;
            };
            let workspace = Self::read(root, &manifest, workspace);
            // A project below a workspace may not be a member; workspaces further up are not
            // considered then.
            let is_in =
                root == directory || workspace.members.iter().any(|member| member == directory);
            return is_in.then_some(workspace);
        }
        None
    }

    fn read(root: &Path, manifest: &Table, workspace: &Table) -> Self {
        let patterns = |key: &str| -> Vec<&str> {
            let list = workspace
                .get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            list.filter_map(Value::as_str).collect()
        };
        let excluded: BTreeSet<PathBuf> = patterns("exclude")
            .into_iter()
            .flat_map(|pattern| directories(root, pattern))
            .collect();
        let mut members: BTreeSet<PathBuf> = patterns("members")
            .into_iter()
            .flat_map(|pattern| directories(root, pattern))
            .collect();
        members.retain(|member| !excluded.contains(member) && member.join(MANIFEST).is_file());
        if manifest.contains_key("project") {
            members.insert(root.to_path_buf());
        }
        Self {
            root: root.to_path_buf(),
            members: members.into_iter().collect(),
        }
    }

    /// The directory of the member with this normalised name.
    pub(super) fn member(&self, name: &str) -> Option<&Path> {
        let is_called = |member: &&PathBuf| {
            pyproject::of(member)
                .and_then(|manifest| project_name(&manifest))
                .as_deref()
                == Some(name)
        };
        self.members.iter().find(is_called).map(PathBuf::as_path)
    }
}

/// Whether the directory's manifest makes it the root of a workspace.
fn workspace_table(manifest: &Table) -> Option<&Table> {
    manifest
        .get("tool")?
        .get("uv")?
        .get("workspace")?
        .as_table()
}

/// The workspace's root for a project in it, else the project itself.
pub(in super::super) fn is_member_or_root(directory: &Path) -> PathBuf {
    Workspace::of(directory).map_or_else(|| directory.to_path_buf(), |workspace| workspace.root)
}

/// The directories below `root` that match a pattern such as `packages/*` or `libs/**`.
fn directories(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![root.to_path_buf()];
    for part in pattern
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
    {
        found = match part {
            "**" => found
                .iter()
                .flat_map(|directory| all_below(directory))
                .collect(),
            ".." => found
                .iter()
                .filter_map(|directory| directory.parent().map(Path::to_path_buf))
                .collect(),
            part => found
                .iter()
                .flat_map(|directory| below(directory))
                .filter(|path| {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    // As in a shell, wildcards do not match hidden directories.
                    matches(part, &name) && (part.starts_with('.') || !name.starts_with('.'))
                })
                .collect(),
        };
    }
    found
}

fn below(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn all_below(directory: &Path) -> Vec<PathBuf> {
    let is_walked = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        !path.is_symlink() && !name.starts_with('.') && name != "node_modules"
    };
    let mut found = vec![directory.to_path_buf()];
    for next in below(directory).into_iter().filter(is_walked) {
        found.extend(all_below(&next));
    }
    found
}

/// Whether a name matches one component of a pattern: `*`, `?` and `[…]`.
fn matches(pattern: &str, name: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return name.is_empty();
    };
    let rest = &pattern[first.len_utf8()..];
    let next = name.chars().next();
    let after = next.map(|c| &name[c.len_utf8()..]);
    match (first, next, after) {
        ('*', ..) => matches(rest, name) || after.is_some_and(|after| matches(pattern, after)),
        ('?', Some(_), Some(after)) => matches(rest, after),
        ('[', Some(c), Some(after)) if rest.contains(']') => {
            let (set, rest) = rest.split_once(']').unwrap_or((rest, ""));
            let (negated, set) = set
                .strip_prefix('!')
                .map_or((false, set), |set| (true, set));
            let characters: Vec<char> = set.chars().collect();
            let in_range = characters
                .windows(3)
                .any(|range| range[1] == '-' && (range[0]..=range[2]).contains(&c));
            (in_range || characters.contains(&c)) != negated && matches(rest, after)
        }
        (_, Some(c), Some(after)) => first == c && matches(rest, after),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        for (pattern, name, fits) in [
            ("*", "x", true),
            ("lib-*", "lib-a", true),
            ("lib-*", "app", false),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[!a]x", "ax", false),
            ("a", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }
}
