//! The sources that a project declares for distributions, in the syntax of uv, Poetry, PDM and
//! Hatch.

mod directory;
mod expand;
mod git;
mod poetry;
mod uv;
mod workspace;

use std::fs;
use std::path::{Path, PathBuf};

use pep508_rs::{MarkerEnvironment, MarkerTree};
use toml::Table;

pub(super) use directory::{Builder, Wheel};
pub(super) use expand::{expanded, file_url};
pub(super) use git::check_out;
pub(super) use workspace::{Workspace, is_member_or_root};

use super::index::{place_of, shown};
use crate::python::command::{fingerprinted, redact};
use crate::python::core_metadata::normalised;
use crate::python::error::{Error, Result};
use crate::python::markers;

/// The source of a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// A directory that is built by its back end; if it is not a package, only its requirements are
    /// used.
    Directory { path: PathBuf, package: bool },
    /// A local wheel or source archive.
    Archive(PathBuf),
    Git {
        url: String,
        revision: Option<String>,
        subdirectory: Option<String>,
    },
    /// A remote archive.
    Url(String),
    /// This index only.
    Index(IndexSource),
}

/// An index declared by a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IndexSource {
    pub(super) name: Option<String>,
    /// A URL, or the absolute path of a directory.
    pub(super) url: String,
    /// A flat page or directory of links, instead of an index with one page per name.
    pub(super) flat: bool,
}

/// A source with its conditions.
#[derive(Debug, Clone)]
struct Rule {
    /// Normalised.
    name: String,
    source: Source,
    marker: Option<MarkerTree>,
    /// Only for the requirements of this extra or group.
    extra: Option<String>,
    group: Option<String>,
}

/// Sources and indexes declared by a project or a script.
#[derive(Debug, Clone, Default)]
pub struct NamedSources {
    /// The first one whose conditions hold is used.
    rules: Vec<Rule>,
    /// Indexes for all distributions, in search order.
    pub(super) ordered: Vec<IndexSource>,
    /// The replacement of PyPI.
    pub(super) default: Option<IndexSource>,
    /// Indexes searched after the default one.
    pub(super) last: Vec<IndexSource>,
    /// Indexes whose versions are compared: the newest is used.
    pub(super) merged: Vec<IndexSource>,
    /// Whether uv itself reads the indexes from its working directory.
    pub(super) known_to_uv: bool,
    /// Manifests besides the project's own that contribute.
    pub(super) manifests: Vec<PathBuf>,
}

/// What the conditions of sources are evaluated for.
#[derive(Clone, Copy)]
pub(super) struct Conditions<'a> {
    pub(super) environment: &'a MarkerEnvironment,
    pub(super) extras: &'a [String],
    pub(super) groups: &'a [String],
}

impl NamedSources {
    /// The sources of the project in a directory, and of its workspace.
    pub fn of_project(directory: &Path) -> Result<Self> {
        let directory = absolute(directory);
        let path = directory.join("pyproject.toml");
        let Some(manifest) = table(&path) else {
            return Ok(Self::default());
        };
        let mut named = Self {
            known_to_uv: true,
            ..Self::default()
        };
        let workspace = Workspace::of(&directory);
        uv::read(&manifest, &path, workspace.as_ref(), &mut named)?;
        if let Some(workspace) = workspace
            .as_ref()
            .filter(|workspace| workspace.root != directory)
        {
            let path = workspace.root.join("pyproject.toml");
            let root = table(&path).unwrap_or_default();
            // A member's sources take precedence over the root's.
            let own: Vec<String> = named.rules.iter().map(|rule| rule.name.clone()).collect();
            let mut of_root = Self::default();
            uv::read(&root, &path, Some(workspace), &mut of_root)?;
            named.rules.extend(
                of_root
                    .rules
                    .into_iter()
                    .filter(|rule| !own.contains(&rule.name)),
            );
            (named.ordered, named.default) = (of_root.ordered, of_root.default);
            named.manifests.push(path);
        }
        poetry::read(&manifest, &path, &mut named)?;
        poetry::read_pdm(&manifest, &directory, &mut named);
        Ok(named)
    }

    /// Those of a script; `block` is the TOML of its metadata.
    pub fn of_script(path: &Path, block: &str) -> Result<Self> {
        let path = absolute(path);
        let mut named = Self::default();
        if let Ok(manifest) = block.parse::<Table>() {
            uv::read(&manifest, &path, None, &mut named)?;
        }
        Ok(named)
    }

    /// The source of a distribution, if it has one.
    pub(super) fn pick(&self, name: &str, conditions: Conditions) -> Option<&Source> {
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
    pub(super) fn or_indexes_of(mut self, other: &Self) -> Self {
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
    pub(super) fn described(&self, name: &dyn Fn(&Path) -> String) -> Vec<String> {
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
    pub(super) fn local_paths(&self) -> impl Iterator<Item = &Path> {
        self.rules
            .iter()
            .filter_map(|rule| rule.source.local_path())
    }

    /// The directories that serve as flat indexes of single distributions.
    pub(super) fn flat_directories(&self) -> impl Iterator<Item = &Path> {
        let indexes = self.rules.iter().filter_map(|rule| match &rule.source {
            Source::Index(index) if index.flat => Some(Path::new(&index.url)),
            _ => None,
        });
        indexes.filter(|path| path.is_dir())
    }

    /// The URLs with credentials, by what they are for.
    pub(super) fn with_credentials(&self) -> impl Iterator<Item = &str> {
        self.rules
            .iter()
            .filter(|rule| rule.source.address().is_some_and(|url| redact(url) != url))
            .map(|rule| &*rule.name)
    }
}

impl Source {
    pub(super) fn local_path(&self) -> Option<&Path> {
        match self {
            Self::Directory { path, .. } | Self::Archive(path) => Some(path),
            _ => None,
        }
    }

    fn address(&self) -> Option<&str> {
        match self {
            Self::Git { url, .. } | Self::Url(url) => Some(url),
            Self::Index(index) => Some(&index.url),
            Self::Directory { .. } | Self::Archive(_) => None,
        }
    }

    /// For messages: without credentials.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Index(index) => {
                let kind = if index.flat { "flat " } else { "" };
                format!("index {kind}{}", shown(&index.url))
            }
            _ => self.described(&|path| path.display().to_string()),
        }
    }

    /// Without credentials. `name` is how a local path is called.
    fn described(&self, name: &dyn Fn(&Path) -> String) -> String {
        match self {
            Self::Directory {
                path,
                package: true,
            }
            | Self::Archive(path) => name(path),
            Self::Directory {
                path,
                package: false,
            } => format!("requirements of {}", name(path)),
            Self::Git {
                url,
                revision,
                subdirectory,
            } => {
                let revision = revision
                    .as_ref()
                    .map(|revision| format!("@{revision}"))
                    .unwrap_or_default();
                let below = subdirectory
                    .as_ref()
                    .map(|below| format!("#subdirectory={below}"))
                    .unwrap_or_default();
                format!("git+{}{revision}{below}", fingerprinted(url))
            }
            Self::Url(url) => fingerprinted(url),
            Self::Index(index) => format!("index {}", index.described()),
        }
    }

    /// Parses the URL after `@` in a requirement, once it is [`expanded`].
    pub(super) fn of_address(address: &str, directory: &Path) -> Self {
        if let Some(rest) = address.strip_prefix("git+") {
            return git_reference(rest);
        }
        match expand::local(address, directory) {
            Some(path) if path.is_dir() => Self::Directory {
                package: true,
                path,
            },
            Some(path) => Self::Archive(path),
            None => Self::Url(address.to_owned()),
        }
    }
}

/// Parses what follows `git+`: `https://host/x.git@revision#subdirectory=y`.
fn git_reference(rest: &str) -> Source {
    let (place, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let parts = fragment
        .split('&')
        .find_map(|part| part.strip_prefix("subdirectory="));
    // The `@` of `user@host` is before the path.
    let path_at = place.find("://").map_or(0, |at| at + 3);
    let path_at = path_at + place[path_at..].find('/').unwrap_or(0);
    let (url, revision) = match place[path_at..].rfind('@') {
        Some(at) => (
            &place[..path_at + at],
            Some(place[path_at + at + 1..].to_owned()),
        ),
        None => (place, None),
    };
    Source::Git {
        url: url.to_owned(),
        revision,
        subdirectory: parts.map(ToOwned::to_owned),
    }
}

impl IndexSource {
    /// For messages: without credentials.
    pub(super) fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| redact(&self.url))
    }

    /// Without credentials, and without the path of a directory whose content is hashed.
    fn described(&self) -> String {
        if self.flat {
            format!("flat {}", place_of(&self.url))
        } else {
            shown(&self.url)
        }
    }
}

/// The error for an unsupported source.
fn refused(path: &Path, name: &str, reason: impl Into<String>) -> Error {
    Error::NamedSource {
        path: path.to_path_buf(),
        name: name.to_owned(),
        reason: redact(&reason.into()).into(),
    }
}

pub(super) fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    path.canonicalize().unwrap_or(path)
}

/// A TOML file, if it exists and is valid.
pub(super) fn table(path: &Path) -> Option<Table> {
    fs::read_to_string(path).ok()?.parse().ok()
}

/// The project name in a manifest, normalised.
pub(super) fn project_name(manifest: &Table) -> Option<String> {
    let name = |table: Option<&toml::Value>| Some(normalised(table?.get("name")?.as_str()?));
    name(manifest.get("project")).or_else(|| name(manifest.get("tool")?.get("poetry")))
}

/// Parses the marker of a source.
fn condition(text: &str, path: &Path, name: &str) -> Result<MarkerTree> {
    markers::marker(text)
        .ok_or_else(|| refused(path, name, format!("`{text}` is not a valid marker")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_reference_has_a_revision_and_a_subdirectory() {
        let git = |text: &str| match git_reference(text) {
            Source::Git {
                url,
                revision,
                subdirectory,
            } => (url, revision, subdirectory),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            git("ssh://git@host/a/b.git@v1.0#egg=x&subdirectory=sub/y"),
            (
                "ssh://git@host/a/b.git".into(),
                Some("v1.0".into()),
                Some("sub/y".into())
            )
        );
        assert_eq!(
            git("https://u:p@host/x"),
            ("https://u:p@host/x".into(), None, None)
        );
        assert_eq!(
            git("file:///a/b@main"),
            ("file:///a/b".into(), Some("main".into()), None)
        );
    }
}
