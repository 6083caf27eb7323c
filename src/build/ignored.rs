//! What does not go into a package.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::BuildError;
use super::application::{DEPS, RUNTIME};
use crate::fs::{Entry, EntryKind, IoContext};
use crate::manifest::{Manifest, Slim};

/// What `[tool.flavor.build] exclude` leaves out and `include` brings back, in the syntax of `.gitignore`. A pattern that
/// begins with `deps:` is for the dependencies, every other one for the project and the manifest's own slots. The file
/// `.flavorignore` beside the manifest may have such patterns too, before these. What they say of a file goes before what
/// `--slim` says of it.
pub(super) struct Ignored {
    project: Gitignore,
    dependencies: Gitignore,
    slim: Vec<(Slim, Gitignore)>,
    pub(super) patterns: Vec<String>,
}

/// A file that `--slim` left out.
pub(super) struct LeftOut {
    pub(super) kind: Slim,
    pub(super) entry: Entry,
}

impl Ignored {
    pub(super) fn new(manifest: &Manifest, slim: &[Slim]) -> Result<Self, BuildError> {
        let bring_back = manifest.build.include.iter().map(|pattern| match pattern.strip_prefix("deps:") {
            Some(rest) => format!("deps:!{rest}"),
            None => format!("!{pattern}"),
        });
        let written = of_dependencies(&manifest.directory)?.into_iter().chain(manifest.build.exclude.iter().cloned());
        let patterns: Vec<String> = written.chain(bring_back).collect();
        let matcher = |wanted: bool| {
            let mut builder = GitignoreBuilder::new("");
            for pattern in &patterns {
                let (of_dependencies, rest) = match pattern.strip_prefix("deps:") {
                    Some(rest) => (true, rest),
                    None => (false, pattern.as_str()),
                };
                if of_dependencies == wanted {
                    builder
                        .add_line(None, rest)
                        .map_err(|_| BuildError::BadPattern { pattern: rest.trim_start_matches('!').into() })?;
                }
            }
            builder.build().map_err(|_| BuildError::BadPattern { pattern: patterns.join(" ") })
        };
        Ok(Self {
            project: matcher(false)?,
            dependencies: matcher(true)?,
            slim: slim.iter().map(|kind| (*kind, kind.matcher())).collect(),
            patterns,
        })
    }

    /// Drops what is left out, directories with all that is in them, and returns what was dropped for `--slim`.
    pub(super) fn filter(&self, slot: &str, entries: &mut Vec<Entry>) -> Vec<LeftOut> {
        let mut left_out = Vec::new();
        match slot {
            RUNTIME => {}
            DEPS => self.filter_dependencies(entries, &mut left_out),
            _ if self.project.is_empty() => {}
            _ => entries.retain(|entry| !is_ignored(&self.project, entry)),
        }
        left_out
    }

    fn filter_dependencies(&self, entries: &mut Vec<Entry>, left_out: &mut Vec<LeftOut>) {
        if self.dependencies.is_empty() && self.slim.is_empty() {
            return;
        }
        let mut dropped: HashSet<PathBuf> = HashSet::new();
        entries.retain(|entry| {
            let is_directory = entry.kind == EntryKind::Directory;
            let keep = match self.dependencies.matched_path_or_any_parents(&entry.relative, is_directory) {
                Match::Ignore(_) => false,
                Match::Whitelist(_) => true,
                Match::None => match self.slim.iter().find(|(_, matcher)| is_ignored(matcher, entry)) {
                    Some((kind, _)) => {
                        if !is_directory {
                            left_out.push(LeftOut { kind: *kind, entry: entry.clone() });
                        }
                        false
                    }
                    None => true,
                },
            };
            if !keep {
                dropped.extend(entry.relative.ancestors().skip(1).map(Path::to_path_buf));
            }
            keep
        });
        drop_emptied(entries, &dropped);
    }
}

/// The lines of `.flavorignore` that are for the dependencies. The others are heeded where the sources are listed.
fn of_dependencies(directory: &Path) -> Result<Vec<String>, BuildError> {
    let path = directory.join(".flavorignore");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = std::fs::read(&path).on("read", &path)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(text.lines().filter(|line| line.starts_with("deps:")).map(str::to_owned).collect())
}

fn is_ignored(matcher: &Gitignore, entry: &Entry) -> bool {
    matcher.matched_path_or_any_parents(&entry.relative, entry.kind == EntryKind::Directory).is_ignore()
}

/// Drops directories that have lost all that was in them: an empty one could still be imported, as a namespace.
fn drop_emptied(entries: &mut Vec<Entry>, candidates: &HashSet<PathBuf>) {
    let inhabited: HashSet<PathBuf> = entries
        .iter()
        .filter(|entry| entry.kind != EntryKind::Directory || !candidates.contains(&entry.relative))
        .flat_map(|entry| entry.relative.ancestors().skip(1).map(Path::to_path_buf))
        .collect();
    entries.retain(|entry| {
        entry.kind != EntryKind::Directory
            || !candidates.contains(&entry.relative)
            || inhabited.contains(&entry.relative)
    });
}
