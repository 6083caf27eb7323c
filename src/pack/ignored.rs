//! Files that are left out of a package.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::BuildError;
use super::application::Role;
use crate::fs::{Entry, EntryKind, IoContext};
use crate::manifest::{Manifest, Slim};

/// The patterns of `[tool.flavor.build] exclude` and `include`, in the syntax of `.gitignore`. A
/// pattern that begins with `deps:` applies to the dependencies, every other one to the project and
/// the manifest's own slots. The file `.flavorignore` beside the manifest may have such patterns
/// too; those of the manifest take precedence. Both take precedence over `--slim`.
pub(super) struct Ignored {
    /// Those of the manifest.
    directory: PathBuf,
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
        let bring_back =
            manifest
                .build
                .include
                .iter()
                .map(|pattern| match pattern.strip_prefix("deps:") {
                    Some(rest) => format!("deps:!{rest}"),
                    None => format!("!{pattern}"),
                });
        // The `.flavorignore` beside a script or a wheel does not apply to it.
        let beside = manifest
            .project_directory()
            .map(of_dependencies)
            .transpose()?
            .unwrap_or_default();
        let written = beside
            .into_iter()
            .chain(manifest.build.exclude.iter().cloned());
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
                        .map_err(|_| BuildError::BadPattern {
                            pattern: rest.trim_start_matches('!').into(),
                        })?;
                }
            }
            builder.build().map_err(|_| BuildError::BadPattern {
                pattern: patterns.join(" "),
            })
        };
        Ok(Self {
            directory: manifest.directory.clone(),
            project: matcher(false)?,
            dependencies: matcher(true)?,
            slim: slim.iter().map(|kind| (*kind, kind.matcher())).collect(),
            patterns,
        })
    }

    /// Removes excluded entries, directories with their content, and returns those excluded by
    /// `--slim`.
    pub(super) fn filter(&self, role: Role, entries: &mut Vec<Entry>) -> Vec<LeftOut> {
        let mut left_out = Vec::new();
        match role {
            Role::Runtime => {}
            Role::Dependencies => self.filter_dependencies(entries, &mut left_out),
            _ if self.project.is_empty() => {}
            _ => entries.retain(|entry| !is_ignored(&self.project, entry)),
        }
        left_out
    }

    /// Removes what `.flavorignore` excludes from a slot's source.
    pub(super) fn filter_by_files(
        &self,
        source: &Path,
        entries: &mut Vec<Entry>,
    ) -> Result<(), BuildError> {
        drop_named(&self.directory, source, entries)
    }

    fn filter_dependencies(&self, entries: &mut Vec<Entry>, left_out: &mut Vec<LeftOut>) {
        if self.dependencies.is_empty() && self.slim.is_empty() {
            return;
        }
        let mut dropped: HashSet<PathBuf> = HashSet::new();
        entries.retain(|entry| {
            let is_directory = entry.kind == EntryKind::Directory;
            let keep = match self
                .dependencies
                .matched_path_or_any_parents(&entry.relative, is_directory)
            {
                Match::Ignore(_) => false,
                Match::Whitelist(_) => true,
                Match::None => match self
                    .slim
                    .iter()
                    .find(|(_, matcher)| is_ignored(matcher, entry))
                {
                    Some((kind, _)) => {
                        if !is_directory {
                            left_out.push(LeftOut {
                                kind: *kind,
                                entry: entry.clone(),
                            });
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

/// Like git's ignore files: each directory may have one.
const IGNORE_FILE: &str = ".flavorignore";
/// Prefix of lines for the dependencies.
const OF_DEPENDENCIES: &str = "deps:";

/// The lines of `.flavorignore` for the dependencies. The others are applied where sources are
/// listed.
fn of_dependencies(directory: &Path) -> Result<Vec<String>, BuildError> {
    Ok(lines(directory)?
        .into_iter()
        .filter(|line| line.starts_with(OF_DEPENDENCIES))
        .collect())
}

fn lines(directory: &Path) -> Result<Vec<String>, BuildError> {
    let path = directory.join(IGNORE_FILE);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let text = std::fs::read(&path).on("read", &path)?;
    Ok(String::from_utf8_lossy(&text)
        .lines()
        .map(str::to_owned)
        .collect())
}

/// Removes what `.flavorignore` excludes from a slot's source: in the tree, and above it up to the
/// project. `.gitignore` is not applied: the user has named this tree explicitly, and it often
/// contains generated files.
fn drop_named(project: &Path, source: &Path, entries: &mut Vec<Entry>) -> Result<(), BuildError> {
    let above = source
        .ancestors()
        .skip(1)
        .take_while(|directory| directory.starts_with(project))
        .map(Path::to_path_buf);
    let within = entries
        .iter()
        .filter(|entry| entry.path.file_name() == Some(IGNORE_FILE.as_ref()));
    let within = within.filter_map(|entry| Some(source.join(entry.relative.parent()?)));
    let mut matchers = Vec::new();
    for directory in above.chain([source.to_path_buf()]).chain(within) {
        let mut builder = GitignoreBuilder::new(&directory);
        for line in lines(&directory)?
            .iter()
            .filter(|line| !line.starts_with(OF_DEPENDENCIES))
        {
            builder
                .add_line(None, line)
                .map_err(|_| BuildError::BadPattern {
                    pattern: line.clone(),
                })?;
        }
        let matcher = builder.build().map_err(|_| BuildError::BadPattern {
            pattern: directory.display().to_string(),
        })?;
        if !matcher.is_empty() {
            matchers.push((directory, matcher));
        }
    }
    if matchers.is_empty() {
        return Ok(());
    }
    // The nearest file with a matching pattern decides.
    matchers.sort_by_key(|(directory, _)| std::cmp::Reverse(directory.components().count()));
    let mut dropped: HashSet<PathBuf> = HashSet::new();
    entries.retain(|entry| {
        let is_directory = entry.kind == EntryKind::Directory;
        let path = source.join(&entry.relative);
        let in_dropped = entry
            .relative
            .parent()
            .is_some_and(|parent| dropped.contains(parent));
        let verdict = matchers
            .iter()
            .filter(|(directory, _)| path.starts_with(directory))
            .map(|(_, matcher)| matcher.matched(&path, is_directory))
            .find(|verdict| !verdict.is_none());
        // As in git, nothing below an excluded directory can be included again.
        let keep = !in_dropped && !verdict.is_some_and(|verdict| verdict.is_ignore());
        if !keep && is_directory {
            dropped.insert(entry.relative.clone());
        }
        keep
    });
    Ok(())
}

fn is_ignored(matcher: &Gitignore, entry: &Entry) -> bool {
    matcher
        .matched_path_or_any_parents(&entry.relative, entry.kind == EntryKind::Directory)
        .is_ignore()
}

/// Removes directories that became empty: an empty directory would still be importable as a
/// namespace package.
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
