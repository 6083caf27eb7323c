//! Plans what to install and from where, before anything is fetched: from a lock, or from the
//! project's requirements and sources.

use std::path::Path;

use pep508_rs::{MarkerEnvironment, VersionOrUrl};

use super::address::absolute;
use super::error::{Error, Result};
use super::index::Index;
use super::lock::{
    self, Entry, Lock, Locked, LockedOrigin, Selection, check_locked_list, entries, unread,
};
use super::named::{Conditions, NamedSources, Source, expanded};
use super::neutral::direct_reference;
use super::notice::Notice;
use super::request::{InstallRequest, Purpose};
use crate::python::command::redact;
use crate::python::interpreter::Interpreter;
use crate::python::markers;

/// The plan of an installation.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) items: Vec<Item>,
    /// Whether the items are complete, so that nothing must be resolved.
    pub(super) complete: bool,
    /// The manifest's additional requirements for the package, to be resolved.
    pub(super) additional: Vec<Item>,
    pub(super) notices: Vec<Notice>,
}

/// One line for the installer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Item {
    /// As written; with a source, the requirement without its URL.
    pub(super) text: String,
    /// Normalised; `None` for a path or a URL without a name.
    pub(super) name: Option<String>,
    pub(super) extras: Vec<String>,
    /// The source, if the installer does not determine it.
    pub(super) source: Option<Source>,
    pub(super) hashes: Vec<String>,
}

impl Plan {
    /// Makes the plan for a request; runs nothing.
    pub(super) fn of(interpreter: &Interpreter, request: &InstallRequest) -> Result<Self> {
        let environment = &markers::environment(interpreter);
        let mut plan = Self::default();
        let directory = request
            .project
            .map_or_else(|| absolute(Path::new(".")), absolute);
        let selection = Selection {
            project: request.project,
            interpreter,
            environment,
            requirements: &request.requirements,
            extras: &request.extras,
            groups: &request.groups,
        };
        let conditions = Conditions {
            environment,
            extras: &request.extras,
            groups: &request.groups,
        };
        let here = Here {
            named: &request.named,
            conditions,
            directory: &directory,
        };
        let mut lock = request.lock.clone();
        match lock
            .as_ref()
            .map(|lock| plan.locked(lock, &selection, &here))
        {
            Some(Err(lock::Error::Stale { path, reason })) if request.refresh => {
                plan.notices.push(Notice::StaleLock {
                    path,
                    reason: reason.into(),
                });
                lock = None;
            }
            Some(outcome) => outcome?,
            None => {}
        }
        if lock.is_some() {
            plan.additional = here.items(&request.additional);
        } else {
            plan.items = here.items(request.requirements.iter().chain(&request.additional));
            let unread = request
                .project
                .filter(|_| request.purpose != Purpose::BackEnd);
            plan.notices
                .extend(unread.and_then(|project| unread_lock(project, request, &plan)));
        }
        plan.credentials(request);
        Ok(plan)
    }

    fn locked(
        &mut self,
        lock: &Lock,
        selection: &Selection,
        here: &Here,
    ) -> std::result::Result<(), lock::Error> {
        if let Some(locked) = lock.read(selection, &mut self.notices)? {
            self.items = locked.into_iter().map(Item::of_locked).collect();
            self.complete = true;
            return Ok(());
        }
        let list = entries(lock.path(), here.directory);
        if list.iter().any(|entry| !entry.hashes.is_empty()) {
            check_locked_list(lock.path(), selection, &list, &mut self.notices)?;
        }
        // The project is not a dependency of itself.
        let is_own = |entry: &Entry| {
            let (path, _) = split_extras(&entry.text);
            let file = entry.file.parent().unwrap_or(here.directory);
            let leads_here = |base: &Path| matches!(Source::of_address(path, base), Source::Directory { path, .. } if path == here.directory);
            selection.project.is_some()
                && is_path(path)
                && (leads_here(file) || leads_here(here.directory))
        };
        self.items = list
            .iter()
            .filter(|entry| !is_own(entry))
            .filter_map(|entry| here.entry(entry))
            .collect();
        Ok(())
    }

    /// Records requirements with credentials in their URLs.
    fn credentials(&mut self, request: &InstallRequest) {
        let has_secret = |item: &&Item| {
            let text = match &item.source {
                Some(Source::Url(url) | Source::Git { url, .. }) => url,
                _ => &item.text,
            };
            redact(text) != *text
        };
        let mut names: Vec<String> = self
            .items
            .iter()
            .chain(&self.additional)
            .filter(has_secret)
            .map(Item::shown)
            .collect();
        names.extend(request.named.with_credentials().map(ToOwned::to_owned));
        names.sort();
        names.dedup();
        if !names.is_empty() {
            self.notices.push(Notice::Credentials { names });
        }
    }

    /// Local directories and archives in the plan, without indirect ones.
    pub(super) fn local_paths(&self) -> impl Iterator<Item = &Path> {
        self.items
            .iter()
            .chain(&self.additional)
            .filter_map(|item| item.source.as_ref()?.local_path())
    }

    /// Rejects an order of indexes, which pip does not support: it uses the newest version in any
    /// of them.
    pub(super) fn check_for_pip(request: &InstallRequest, index: &Index) -> Result<()> {
        let named = &request.named;
        let Some(first) = named.ordered.first().or(named.last.first()) else {
            return Ok(());
        };
        if index.find_links_only || index.offline || first.flat {
            return Ok(());
        }
        Err(Error::IndexOrder {
            index: first.shown().into(),
        })
    }
}

fn unread_lock(project: &Path, request: &InstallRequest, plan: &Plan) -> Option<Notice> {
    let stale = plan
        .notices
        .iter()
        .any(|notice| matches!(notice, Notice::StaleLock { .. }));
    (!stale)
        .then(|| unread(project, &request.requirements))
        .flatten()
}

/// The context of a requirement.
pub(super) struct Here<'a> {
    pub(super) named: &'a NamedSources,
    pub(super) conditions: Conditions<'a>,
    /// The base of relative paths.
    pub(super) directory: &'a Path,
}

impl Here<'_> {
    fn items<'t>(&self, requirements: impl IntoIterator<Item = &'t String>) -> Vec<Item> {
        requirements
            .into_iter()
            .filter_map(|one| self.item(one))
            .collect()
    }

    fn environment(&self) -> &MarkerEnvironment {
        self.conditions.environment
    }

    /// A requirement as written by the project; `None` if it does not apply.
    pub(super) fn item(&self, text: &str) -> Option<Item> {
        let text = expanded(text, self.directory);
        let Some(requirement) = markers::parse(&text) else {
            return Some(self.nameless(&text));
        };
        if !requirement.marker.evaluate(self.environment(), &[]) {
            return None;
        }
        let name = requirement.name.to_string();
        let own = match &requirement.version_or_url {
            Some(VersionOrUrl::Url(url)) => Some(Source::of_address(&url.0, self.directory)),
            _ => None,
        };
        let source = self.named.pick(&name, self.conditions).cloned().or(own);
        let extras: Vec<String> = requirement.extras.iter().map(ToString::to_string).collect();
        let bounds = match (&requirement.version_or_url, &source) {
            (Some(VersionOrUrl::VersionSpecifier(bounds)), Some(Source::Index(_))) => {
                bounds.to_string()
            }
            (_, None) => {
                return Some(Item {
                    text,
                    name: Some(name),
                    extras,
                    ..Item::default()
                });
            }
            _ => String::new(),
        };
        let text = format!("{name}{}{bounds}", brackets(&extras));
        Some(Item {
            text,
            name: Some(name),
            extras,
            source,
            ..Item::default()
        })
    }

    /// A path or a URL without a name.
    fn nameless(&self, text: &str) -> Item {
        let plain = |source| Item {
            text: text.to_owned(),
            source,
            ..Item::default()
        };
        let (place, extras) = split_extras(text.split(" ;").next().unwrap_or(text).trim());
        if let Some((name, address, _)) =
            direct_reference(text).filter(|_| !is_path(place) && !text.contains("://"))
        {
            // Such as `name @ ../path`, which PEP 508 does not allow.
            let source = Source::of_address(address, self.directory);
            return Item {
                name: Some(crate::python::core_metadata::normalised(name)),
                ..plain(Some(source))
            };
        }
        if !is_path(place) {
            return plain(None);
        }
        match Source::of_address(place, self.directory) {
            Source::Url(_) | Source::Index(_) => plain(None),
            source @ (Source::Directory { .. } | Source::Archive(_) | Source::Git { .. }) => Item {
                extras,
                ..plain(Some(source))
            },
        }
    }

    /// A line of a list of requirements.
    fn entry(&self, entry: &Entry) -> Option<Item> {
        if entry.is_option() {
            return Some(Item {
                text: entry.text.clone(),
                ..Item::default()
            });
        }
        let file = entry.file.parent().unwrap_or(self.directory);
        let item = |directory: &Path| {
            Here {
                directory,
                named: self.named,
                conditions: self.conditions,
            }
            .item(&entry.text)
        };
        // The tools resolve relative paths in a list differently.
        let is_there = |item: &Option<Item>| {
            let path = item
                .as_ref()
                .and_then(|item| item.source.as_ref()?.local_path());
            path.is_none_or(Path::exists)
        };
        let found = item(file);
        let found = if is_there(&found) {
            found
        } else {
            item(self.directory)
        };
        found.map(|item| Item {
            hashes: entry.hashes.clone(),
            ..item
        })
    }
}

impl Item {
    fn of_locked(locked: Locked) -> Self {
        let Locked {
            name,
            version,
            hashes,
            origin,
        } = locked;
        let version = version
            .map(|version| format!("=={version}"))
            .unwrap_or_default();
        let (text, source) = match origin {
            LockedOrigin::DefaultIndex => (format!("{name}{version}"), None),
            LockedOrigin::Source(source @ Source::Index(_)) => {
                (format!("{name}{version}"), Some(source))
            }
            LockedOrigin::Source(source) => (name.clone(), Some(source)),
        };
        Self {
            text,
            name: Some(name),
            source,
            hashes,
            ..Self::default()
        }
    }

    /// For messages: without a URL.
    pub(super) fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| redact(&self.text))
    }

    pub(super) fn is_option(&self) -> bool {
        self.text.starts_with('-')
    }
}

pub(super) fn brackets(extras: &[String]) -> String {
    if extras.is_empty() {
        String::new()
    } else {
        format!("[{}]", extras.join(","))
    }
}

/// Whether a requirement is a path or URL without a name.
fn is_path(text: &str) -> bool {
    text.starts_with(['.', '/']) || text.starts_with("file:") || text.starts_with("git+")
}

/// A path and the extras after it: `./lib[x,y]`.
fn split_extras(text: &str) -> (&str, Vec<String>) {
    match text
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once('['))
    {
        Some((path, extras)) => (
            path.trim_end(),
            extras
                .split(',')
                .map(|one| crate::python::core_metadata::normalised(one.trim()))
                .collect(),
        ),
        None => (text, Vec::new()),
    }
}
