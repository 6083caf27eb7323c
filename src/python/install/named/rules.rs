use std::path::{Path, PathBuf};

use pep508_rs::{MarkerEnvironment, MarkerTree};

use super::error::{Result, refused};
use super::source::{IndexSource, Source};
use crate::python::command::redact;
use crate::python::markers;

/// A source with its conditions.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// Normalised.
    pub(super) name: String,
    pub(super) source: Source,
    pub(super) marker: Option<MarkerTree>,
    /// Only for the requirements of this extra or group.
    pub(super) extra: Option<String>,
    pub(super) group: Option<String>,
}

/// Sources and indexes declared by a project or a script.
#[derive(Debug, Clone, Default)]
pub struct NamedSources {
    /// The first one whose conditions hold is used.
    pub(super) rules: Vec<Rule>,
    /// Indexes for all distributions, in search order.
    pub(in super::super) ordered: Vec<IndexSource>,
    /// The replacement of PyPI.
    pub(in super::super) default: Option<IndexSource>,
    /// Indexes searched after the default one.
    pub(in super::super) last: Vec<IndexSource>,
    /// Indexes whose versions are compared: the newest is used.
    pub(in super::super) merged: Vec<IndexSource>,
    /// Whether uv itself reads the indexes from its working directory.
    pub(in super::super) known_to_uv: bool,
    /// Manifests besides the project's own that contribute.
    pub(in super::super) manifests: Vec<PathBuf>,
}

/// What the conditions of sources are evaluated for.
#[derive(Clone, Copy)]
pub(in super::super) struct Conditions<'a> {
    pub(in super::super) environment: &'a MarkerEnvironment,
    pub(in super::super) extras: &'a [String],
    pub(in super::super) groups: &'a [String],
}

impl NamedSources {
    /// The source of a distribution, if it has one.
    pub(in super::super) fn pick(&self, name: &str, conditions: Conditions) -> Option<&Source> {
        let holds = |rule: &&Rule| {
            let marker = rule
                .marker
                .as_ref()
                .is_none_or(|marker| marker.evaluate(conditions.environment, &[]));
            let chosen = |name: &Option<String>, list: &[String]| {
                name.as_ref().is_none_or(|one| list.contains(one))
            };
            rule.name == name
                && marker
                && chosen(&rule.extra, conditions.extras)
                && chosen(&rule.group, conditions.groups)
        };
        self.rules.iter().find(holds).map(|rule| &rule.source)
    }

    fn has_indexes(&self) -> bool {
        !(self.ordered.is_empty()
            && self.default.is_none()
            && self.last.is_empty()
            && self.merged.is_empty())
    }

    /// The same with the indexes of another project, if there are none.
    pub(in super::super) fn or_indexes_of(mut self, other: &Self) -> Self {
        if !self.has_indexes() {
            self.ordered.clone_from(&other.ordered);
            self.default.clone_from(&other.default);
            self.last.clone_from(&other.last);
            self.merged.clone_from(&other.merged);
            self.known_to_uv = false;
        }
        self
    }

    /// All sources, as phrases without credentials. `name` is how a local path is called.
    pub(in super::super) fn described(&self, name: &dyn Fn(&Path) -> String) -> Vec<String> {
        let when = |rule: &Rule| {
            let marker = rule
                .marker
                .as_ref()
                .and_then(MarkerTree::try_to_string)
                .unwrap_or_default();
            format!(
                "{marker} {} {}",
                rule.extra.as_deref().unwrap_or_default(),
                rule.group.as_deref().unwrap_or_default()
            )
        };
        let rules = self.rules.iter().map(|rule| {
            format!(
                "{}: {} {}",
                rule.name,
                rule.source.described(name),
                when(rule).trim()
            )
            .trim_end()
            .to_owned()
        });
        let index = |what: &str, index: &IndexSource| format!("{what} {}", index.described());
        let indexes = self.ordered.iter().map(|one| index("index", one));
        let indexes = indexes.chain(self.default.iter().map(|one| index("default index", one)));
        let others = self.last.iter().map(|one| index("last index", one));
        let others = others.chain(self.merged.iter().map(|one| index("extra index", one)));
        rules.chain(indexes).chain(others).collect()
    }

    /// Local directories and archives.
    pub(in super::super) fn local_paths(&self) -> impl Iterator<Item = &Path> {
        self.rules
            .iter()
            .filter_map(|rule| rule.source.local_path())
    }

    /// The directories that serve as flat indexes of single distributions.
    pub(in super::super) fn flat_directories(&self) -> impl Iterator<Item = &Path> {
        let indexes = self.rules.iter().filter_map(|rule| match &rule.source {
            Source::Index(index) if index.flat => Some(Path::new(&index.url)),
            _ => None,
        });
        indexes.filter(|path| path.is_dir())
    }

    /// The URLs with credentials, by what they are for.
    pub(in super::super) fn with_credentials(&self) -> impl Iterator<Item = &str> {
        self.rules
            .iter()
            .filter(|rule| rule.source.address().is_some_and(|url| redact(url) != url))
            .map(|rule| &*rule.name)
    }
}

/// Parses the marker of a source.
pub(super) fn condition(text: &str, path: &Path, name: &str) -> Result<MarkerTree> {
    markers::marker(text)
        .ok_or_else(|| refused(path, name, format!("`{text}` is not a valid marker")))
}
