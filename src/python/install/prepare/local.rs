use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use toml::Value;

use super::builder::{Builder, MakeEnvironment, Wheel};
use super::checkout::check_out;
use crate::fs::{self as files, IoContext as _};
use crate::pyproject;
use crate::python::core_metadata::normalised;
use crate::python::install::error::{Error, Result};
use crate::python::install::lock::unusable;
use crate::python::install::named::{Conditions, NamedSources, Source, project_name};
use crate::python::install::plan::{Here, Item};
use crate::python::install::request::InstallRequest;
use crate::python::interpreter::Interpreter;
use crate::python::markers;

/// Distributions that are built here.
pub(super) struct Local<'a> {
    request: &'a InstallRequest<'a>,
    interpreter: &'a Interpreter,
    builder: Builder<'a>,
    /// By name: the source, the wheel, and the manifest's own sources.
    made: BTreeMap<String, (Source, Option<Wheel>, PathBuf)>,
    /// Names with the extras whose requirements have been followed.
    followed: BTreeSet<(String, String)>,
    checkouts: Vec<(String, Option<String>, PathBuf)>,
}

impl<'a> Local<'a> {
    pub(super) fn new(
        interpreter: &'a Interpreter,
        request: &'a InstallRequest<'a>,
        make_environment: MakeEnvironment,
    ) -> Self {
        Self {
            request,
            interpreter,
            builder: Builder::new(interpreter, request, make_environment),
            made: BTreeMap::new(),
            followed: BTreeSet::new(),
            checkouts: Vec::new(),
        }
    }

    /// Builds the distributions with sources, and their dependencies with sources; the rest has a
    /// file or an index.
    pub(super) fn resolve(&mut self, items: Vec<Item>, complete: bool) -> Result<Vec<Item>> {
        let mut out: Vec<Item> = Vec::new();
        let mut open: Vec<(Item, Option<PathBuf>)> =
            items.into_iter().rev().map(|item| (item, None)).collect();
        while let Some((item, declared_in)) = open.pop() {
            let Some(source) = &item.source else {
                if !out.contains(&item) {
                    out.push(item);
                }
                continue;
            };
            if let (Some(name), Some(by)) = (&item.name, &declared_in)
                && let Some((before, ..)) = self.made.get(name)
                && before != source
            {
                return Err(Error::SourceConflict {
                    name: name.clone().into(),
                    one: before.shown().into(),
                    other: source.shown().into(),
                    path: by.clone(),
                });
            }
            match source {
                Source::Url(_) | Source::Index(_) => out.push(item),
                Source::Directory {
                    path,
                    package: false,
                } => {
                    open.extend(self.requirements_of(&path.clone(), &item.extras)?);
                }
                Source::Directory { .. } | Source::Git { .. } | Source::Archive(_) => {
                    let (name, wheel, place) = self.wheel(&item, source)?;
                    let Some(wheel) = wheel else {
                        out.push(item);
                        continue;
                    };
                    if !complete {
                        open.extend(self.further(&name, &wheel, &place, &item.extras)?);
                    }
                    out.push(Item {
                        name: Some(name),
                        source: Some(Source::Archive(wheel.path)),
                        ..item
                    });
                }
            }
        }
        Ok(joined(out))
    }

    /// The wheel of a source, its name, and the directory that it was built from; no wheel for a
    /// source archive, which the installer builds.
    fn wheel(&mut self, item: &Item, source: &Source) -> Result<(String, Option<Wheel>, PathBuf)> {
        if let Some(name) = &item.name
            && let Some((_, wheel, place)) = self.made.get(name)
        {
            return Ok((name.clone(), wheel.clone(), place.clone()));
        }
        let (wheel, place) = match source {
            Source::Archive(path) => {
                if !path.is_file() {
                    return Err(Error::NoPlace {
                        name: item.shown().into(),
                        path: path.clone(),
                    });
                }
                if path.extension().is_none_or(|extension| extension != "whl") {
                    return Ok((item.name.clone().unwrap_or_default(), None, path.clone()));
                }
                self.check(item, path)?;
                (self.builder.neutral(path)?, path.clone())
            }
            Source::Git {
                url,
                revision,
                subdirectory,
            } => {
                let place = self.check_out(url, revision.as_deref(), subdirectory.as_deref())?;
                (self.builder.build(&place)?, place)
            }
            Source::Directory { path, .. } => (self.builder.build(path)?, path.clone()),
            Source::Url(_) | Source::Index(_) => {
                return Ok((item.name.clone().unwrap_or_default(), None, PathBuf::new()));
            }
        };
        let name = wheel.metadata.name.clone().unwrap_or_default();
        if let Some(wanted) = item.name.as_ref().filter(|wanted| **wanted != name) {
            return Err(Error::OtherName {
                wanted: wanted.clone().into(),
                found: name.into(),
                source_of: source.shown().into(),
            });
        }
        self.made.insert(
            name.clone(),
            (source.clone(), Some(wheel.clone()), place.clone()),
        );
        Ok((name, Some(wheel), place))
    }

    /// Compares an archive with its digests in a lock.
    fn check(&self, item: &Item, path: &Path) -> Result<()> {
        let wanted: Vec<&str> = item
            .hashes
            .iter()
            .filter_map(|hash| hash.strip_prefix("sha256:"))
            .collect();
        if wanted.is_empty() || wanted.contains(&&*sha256(path)?) {
            return Ok(());
        }
        let lock = self
            .request
            .lock
            .as_ref()
            .map(|lock| lock.path().to_path_buf())
            .unwrap_or_default();
        let said = format!("`{}` does not have the locked hash", path.display());
        Err(unusable(&lock, said).into())
    }

    fn check_out(
        &mut self,
        url: &str,
        revision: Option<&str>,
        subdirectory: Option<&str>,
    ) -> Result<PathBuf> {
        let same = |(one, at, _): &&(String, Option<String>, PathBuf)| {
            one == url && at.as_deref() == revision
        };
        let below =
            |root: &Path| subdirectory.map_or_else(|| root.to_path_buf(), |below| root.join(below));
        if let Some((.., root)) = self.checkouts.iter().find(same) {
            return Ok(below(root));
        }
        let root = self.builder.place()?.join("repository");
        let place = check_out(url, revision, subdirectory, self.request.offline, &root)?;
        self.checkouts
            .push((url.to_owned(), revision.map(ToOwned::to_owned), root));
        Ok(place)
    }

    /// The requirements of a wheel with sources in its own manifest, or in ours.
    fn further(
        &mut self,
        name: &str,
        wheel: &Wheel,
        place: &Path,
        extras: &[String],
    ) -> Result<Vec<(Item, Option<PathBuf>)>> {
        if !self.followed.insert((name.to_owned(), extras.join(","))) {
            return Ok(Vec::new());
        }
        let environment = markers::environment(self.interpreter);
        let named = if place.is_dir() {
            NamedSources::of_project(place)?
        } else {
            NamedSources::default()
        };
        let extra_names = markers::extras(extras);
        let mut found = Vec::new();
        for text in &wheel.metadata.requires_dist {
            let Some(requirement) = markers::parse(text) else {
                continue;
            };
            if !requirement.marker.evaluate(&environment, &extra_names) {
                continue;
            }
            // Installers get no extras here, so conditions on extras are evaluated here.
            let plain = markers::Requirement {
                marker: pep508_rs::MarkerTree::TRUE,
                ..requirement
            };
            // The back end saw a copy, to which local URLs are relative; the URLs in the manifest
            // are used instead.
            let conditions = Conditions {
                environment: &environment,
                extras,
                groups: &[],
            };
            let own = Here {
                named: &named,
                conditions,
                directory: place,
            }
            .item(&plain.to_string());
            let own = own
                .filter(|item| item.source.is_some())
                .or_else(|| self.of_root(&environment, &plain.to_string()));
            found.extend(
                own.filter(|item| item.source.is_some())
                    .map(|item| (item, Some(place.to_path_buf()))),
            );
        }
        Ok(found)
    }

    fn of_root(&self, environment: &pep508_rs::MarkerEnvironment, text: &str) -> Option<Item> {
        let conditions = Conditions {
            environment,
            extras: &self.request.extras,
            groups: &self.request.groups,
        };
        let directory = self.request.project.unwrap_or(Path::new("/"));
        Here {
            named: &self.request.named,
            conditions,
            directory,
        }
        .item(text)
    }

    /// The requirements of a directory that is not a package itself.
    fn requirements_of(
        &mut self,
        directory: &Path,
        extras: &[String],
    ) -> Result<Vec<(Item, Option<PathBuf>)>> {
        let manifest = pyproject::of(directory).unwrap_or_default();
        let name = project_name(&manifest).unwrap_or_default();
        if !self
            .followed
            .insert((format!("{name} {}", directory.display()), extras.join(",")))
        {
            return Ok(Vec::new());
        }
        let environment = markers::environment(self.interpreter);
        let named = NamedSources::of_project(directory)?;
        let conditions = Conditions {
            environment: &environment,
            extras,
            groups: &[],
        };
        let here = Here {
            named: &named,
            conditions,
            directory,
        };
        let project = manifest.get("project").and_then(Value::as_table);
        let optional = project.and_then(|project| project.get("optional-dependencies")?.as_table());
        let of_extras = optional
            .into_iter()
            .flatten()
            .filter(|(extra, _)| extras.contains(&normalised(extra)))
            .map(|(_, list)| list);
        let dependencies = project.and_then(|project| project.get("dependencies"));
        let lists = dependencies.into_iter().chain(of_extras);
        let texts = lists
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(Value::as_str);
        Ok(texts
            .filter_map(|text| Some((here.item(text)?, Some(directory.to_path_buf()))))
            .collect())
    }
}

/// Merges items of the same name and source, with the union of their extras.
fn joined(items: Vec<Item>) -> Vec<Item> {
    let mut out: Vec<Item> = Vec::new();
    for item in items {
        let same = |one: &&mut Item| {
            one.name.is_some()
                && one.name == item.name
                && one.source == item.source
                && item.source.is_some()
        };
        match out
            .iter_mut()
            .find(same)
            .filter(|one| !matches!(one.source, Some(Source::Index(_))))
        {
            Some(one) => {
                one.extras.extend(item.extras);
                one.extras.sort();
                one.extras.dedup();
            }
            None => out.push(item),
        }
    }
    out
}

/// The digest of a file in hex.
pub(super) fn sha256(path: &Path) -> files::Result<String> {
    Ok(hex::encode(Sha256::digest(
        fs::read(path).on("read", path)?,
    )))
}
