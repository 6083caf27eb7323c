//! Files named by the project's own settings: they take part in a build even if they look like
//! build outputs.

use std::fs;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use toml::Value;

use crate::pyproject;

/// Include patterns.
#[derive(Debug)]
pub(super) struct Named {
    /// From `[tool.flavor.build] include`: everything that may be packed is visible to the build.
    included: Gitignore,
    /// From the back end's settings: they include generated files.
    configured: Gitignore,
    /// The plain names in all of them.
    words: Vec<String>,
}

impl Named {
    pub(super) fn new(include: &[String], configured: &[String]) -> Self {
        let included = include
            .iter()
            .filter(|line| !line.starts_with("deps:") && !leads_up(line));
        let configured = configured
            .iter()
            .filter(|line| !leads_up(line) && !line.contains(char::is_whitespace));
        // Package data are relative to a package, which may be anywhere.
        let configured: Vec<String> = configured
            .map(|line| line.trim_start_matches("./").trim_matches('/'))
            .filter(|line| line.contains(|c: char| c.is_alphanumeric()))
            .map(|line| format!("**/{line}"))
            .collect();
        let words = included
            .clone()
            .chain(&configured)
            .flat_map(|line| line.split('/'));
        let words = words
            .filter(|word| !word.is_empty() && *word != "**")
            .map(str::to_owned)
            .collect();
        Self {
            included: matcher(included),
            configured: matcher(configured.iter()),
            words,
        }
    }

    /// Whether an excluded directory must be searched, judged by its name.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.words.iter().any(|word| word == name)
    }

    pub(super) fn includes(&self, path: &Path) -> bool {
        !self.included.is_empty()
            && self
                .included
                .matched_path_or_any_parents(path, false)
                .is_ignore()
    }

    pub(super) fn configures(&self, path: &Path) -> bool {
        self.configured
            .matched_path_or_any_parents(path, false)
            .is_ignore()
    }
}

fn matcher<'a>(lines: impl Iterator<Item = &'a String>) -> Gitignore {
    let mut builder = GitignoreBuilder::new("");
    for line in lines {
        // An invalid pattern matches nothing here; it is rejected elsewhere.
        drop(builder.add_line(None, line));
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Whether a path has `..` in it.
pub(super) fn leads_up(text: &str) -> bool {
    Path::new(text)
        .components()
        .any(|part| part == std::path::Component::ParentDir)
}

/// What a project's files say about its build.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// Strings in the manifest that may be paths: in `[project]`, `backend-path`, and the tables of
    /// the tools in `build-system.requires`.
    pub(super) strings: Vec<String>,
    /// Directories of the project that contain its back end.
    pub(super) backend_path: Vec<String>,
    /// Whether the back end derives the version from the history.
    pub(super) needs_history: bool,
}

/// Build requirements whose back ends derive the version from the repository's history.
const NEED_HISTORY: &[&str] = &[
    "scm",
    "vcs",
    "versioningit",
    "versioneer",
    "setuptools-git",
    "setuptools_git",
    "pbr",
    "dunamai",
    "dynamic-versioning",
];

/// Other files that say what a build packs, and from where.
const SCRIPTS: &[&str] = &["setup.cfg", "MANIFEST.in"];

impl Settings {
    pub(super) fn of(project: &Path) -> Self {
        let manifest = pyproject::of(project).unwrap_or_default();
        let system = manifest.get("build-system").and_then(Value::as_table);
        let requires = system.and_then(|system| system.get("requires")?.as_array());
        let requires: Vec<String> = requires
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_ascii_lowercase)
            .collect();
        let mut strings = Vec::new();
        let mut backend_path = Vec::new();
        system
            .and_then(|system| system.get("backend-path"))
            .iter()
            .for_each(|value| gather(value, &mut backend_path));
        strings.extend(backend_path.iter().cloned());
        manifest
            .get("project")
            .iter()
            .for_each(|value| gather(value, &mut strings));
        let tools = manifest.get("tool").and_then(Value::as_table);
        for (tool, value) in tools.into_iter().flatten() {
            if is_required(tool, &requires) {
                gather(settings_of_build(tool, value), &mut strings);
            }
        }
        for name in SCRIPTS {
            let text = fs::read_to_string(project.join(name)).unwrap_or_default();
            let words = text.split(|c: char| c.is_whitespace() || c == '=' || c == ',');
            strings.extend(
                words
                    .filter(|word| word.contains(['/', '.']))
                    .map(str::to_owned),
            );
        }
        let by_settings = strings
            .iter()
            .any(|text| text == "scm" || text.contains("setuptools_scm"));
        let needs_history = by_settings
            || requires
                .iter()
                .any(|one| NEED_HISTORY.iter().any(|mark| one.contains(mark)));
        Self {
            strings,
            backend_path,
            needs_history,
        }
    }
}

/// Whether a table is that of a back end or of one of its plug-ins: `hatch` of `hatchling`,
/// `setuptools`, `pdm` of `pdm-backend`. The default back end is setuptools.
fn is_required(tool: &str, requires: &[String]) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['_', '.'], "-");
    let tool = plain(tool);
    requires.iter().any(|one| plain(one).starts_with(&tool))
        || (requires.is_empty() && tool == "setuptools")
}

/// The build settings of a tool that does more than building.
fn settings_of_build<'a>(tool: &str, value: &'a Value) -> &'a Value {
    if tool == "uv" {
        value.get("build-backend").unwrap_or(&Value::Boolean(false))
    } else {
        value
    }
}

/// Keys whose values are not inputs of a build, or are output paths.
const OTHERS: &[&str] = &[
    "exclude",
    "envs",
    "directory",
    "raw-options",
    "build-dir",
    "dependencies",
    "urls",
    "scripts",
];

fn gather(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| gather(value, found)),
        Value::Table(table) => {
            for (key, value) in table {
                if OTHERS.iter().any(|other| key.contains(other)) {
                    continue;
                }
                // `force-include` has the sources as keys.
                if key.contains(['/', '.']) {
                    found.push(key.clone());
                }
                gather(value, found);
            }
        }
        _ => {}
    }
}

/// A path without its last components if they are patterns.
pub(super) fn without_pattern(text: &str) -> PathBuf {
    Path::new(text)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']))
        .collect()
}
