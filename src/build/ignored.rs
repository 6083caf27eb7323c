//! What does not go into a package.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::BuildError;
use super::application::{DEPS, RUNTIME};
use crate::fs::{Entry, EntryKind, IoContext};
use crate::manifest::{Manifest, Slim};

/// What `[tool.flavor.build] exclude` leaves out and `include` brings back, in the syntax of `.gitignore`. A pattern that
/// begins with `deps:` is for the dependencies, every other one for the project and the manifest's own slots. The file
/// `.flavorignore` beside the manifest may have patterns for the dependencies too, before these; its others are, as seen
/// from the project's directory, for what the project is built from and for the sources of slots. What patterns say of a
/// file goes before what `--slim` says of it.
pub(super) struct Ignored {
    sources: Gitignore,
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
        let (of_dependencies, of_project) = read_ignore_file(&manifest.directory)?;
        let written = of_dependencies.into_iter().chain(manifest.build.exclude.iter().cloned());
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
            sources: matcher_of_project(&of_project),
            project: matcher(false)?,
            dependencies: matcher(true)?,
            slim: slim.iter().map(|kind| (*kind, kind.matcher())).collect(),
            patterns,
        })
    }

    /// Drops what `.flavorignore` leaves out of the source of a slot, a path from the project's directory.
    pub(super) fn filter_source(&self, source: &Path, entries: &mut Vec<Entry>) {
        let is_inside = source.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if self.sources.is_empty() || !is_inside {
            return;
        }
        let source: PathBuf = source.components().filter(|part| *part != Component::CurDir).collect();
        entries.retain(|entry| {
            let path = source.join(&entry.relative);
            !self.sources.matched_path_or_any_parents(path, entry.kind == EntryKind::Directory).is_ignore()
        });
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

/// The lines of `.flavorignore` beside the manifest, those for the dependencies apart.
fn read_ignore_file(directory: &Path) -> Result<(Vec<String>, Vec<String>), BuildError> {
    let path = directory.join(".flavorignore");
    if !path.is_file() {
        return Ok(Default::default());
    }
    let text = std::fs::read(&path).on("read", &path)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(text.lines().map(str::to_owned).partition(|line| line.starts_with("deps:")))
}

/// Matches paths from the project's directory, as the file has them. What is no pattern is passed over, as git does.
fn matcher_of_project(lines: &[String]) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    for line in lines {
        drop(builder.add_line(None, line));
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
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
