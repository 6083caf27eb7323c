//! Turns a plan into lists for an installer. Distributions with a source become local wheels, so
//! that no index can supply another distribution of that name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use toml::{Table, Value};

use super::index::Index;
use super::installer::{Installer, Tool};
use super::named::{
    Builder, Conditions, IndexSource, NamedSources, Source, Wheel, check_out, file_url,
    project_name, table,
};
use super::plan::{Here, Item, Plan, brackets};
use super::wheel::wheels_in;
use super::{InstallRequest, failure};
use crate::fs::IoContext as _;
use crate::python::core_metadata::normalised;
use crate::python::error::{Error, Result};
use crate::python::interpreter::Interpreter;
use crate::python::markers;

/// One run of the installer.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    /// A list of requirements; with pinned indexes, a manifest for uv.
    pub(super) path: PathBuf,
    /// Whether it is complete, so that nothing must be resolved.
    pub(super) complete: bool,
    /// The only index to use.
    pub(super) index: Option<IndexSource>,
    /// Constraints in addition to the list.
    pub(super) constraints: Option<PathBuf>,
}

/// The runs that install a plan, in order.
pub(super) fn prepare(
    plan: Plan,
    installer: &Installer,
    interpreter: &Interpreter,
    request: &InstallRequest,
    index: &Index,
) -> Result<Vec<Batch>> {
    let mut lists = Lists {
        installer,
        request,
        index,
        batches: Vec::new(),
        pins: 0,
    };
    let mut local = Local::new(interpreter, request);
    let additional = !plan.additional.is_empty();
    let pins = plan.items.clone();
    let items = local.resolve(plan.items, plan.complete)?;
    if plan.complete {
        lists.complete(&items)?;
    } else {
        lists.open(&items, None)?;
    }
    if additional {
        let held = lists.constraints(&pins, &items)?;
        let items = local.resolve(plan.additional, false)?;
        lists.open(&items, Some(held))?;
    }
    Ok(lists.batches)
}

/// Distributions that are built here.
struct Local<'a> {
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
    fn new(interpreter: &'a Interpreter, request: &'a InstallRequest<'a>) -> Self {
        Self {
            request,
            interpreter,
            builder: Builder::new(interpreter, request),
            made: BTreeMap::new(),
            followed: BTreeSet::new(),
            checkouts: Vec::new(),
        }
    }

    /// Builds the distributions with sources, and their dependencies with sources; the rest has a
    /// file or an index.
    fn resolve(&mut self, items: Vec<Item>, complete: bool) -> Result<Vec<Item>> {
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
                if path.extension().is_none_or(|extension| extension != "whl") {
                    if !path.is_file() {
                        return Err(Error::NoPlace {
                            name: item.shown().into(),
                            path: path.clone(),
                        });
                    }
                    return Ok((item.name.clone().unwrap_or_default(), None, path.clone()));
                }
                if !path.is_file() {
                    return Err(Error::NoPlace {
                        name: item.shown().into(),
                        path: path.clone(),
                    });
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
        Err(Error::Lock {
            path: lock,
            said: vec![said],
        })
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
        let manifest = table(&directory.join("pyproject.toml")).unwrap_or_default();
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
        let project = manifest
            .get("project")
            .and_then(Value::as_table)
            .cloned()
            .unwrap_or_default();
        let optional = project
            .get("optional-dependencies")
            .and_then(Value::as_table)
            .cloned()
            .unwrap_or_else(Table::new);
        let of_extras = optional
            .iter()
            .filter(|(extra, _)| extras.contains(&normalised(extra)))
            .map(|(_, list)| list);
        let lists = project.get("dependencies").into_iter().chain(of_extras);
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

/// Writes the lists.
struct Lists<'a> {
    installer: &'a Installer,
    request: &'a InstallRequest<'a>,
    index: &'a Index,
    batches: Vec<Batch>,
    pins: usize,
}

impl Lists<'_> {
    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.request.work.join(name);
        fs::write(&path, text).on("write", &path)?;
        Ok(path)
    }

    /// Lists that need no resolution: one for each index, and one for entries without a hash.
    fn complete(&mut self, items: &[Item]) -> Result<()> {
        let mut groups: BTreeMap<(Option<IndexSource>, bool), String> = BTreeMap::new();
        for item in items {
            let index = match &item.source {
                Some(Source::Index(index)) if !self.index.closed() || index.flat => {
                    Some(self.index.known_as(index))
                }
                _ => None,
            };
            let (line, hashed) = line(item, true)?;
            let list = groups.entry((index, hashed)).or_default();
            list.push_str(&line);
            list.push('\n');
        }
        for (number, ((index, _), text)) in groups.into_iter().enumerate() {
            let path = self.write(&format!("locked-{number}.txt"), &text)?;
            self.batches.push(Batch {
                path,
                complete: true,
                index,
                constraints: None,
            });
        }
        Ok(())
    }

    /// A list to be resolved.
    fn open(&mut self, items: &[Item], constraints: Option<PathBuf>) -> Result<()> {
        let hashed = items.iter().any(|item| !item.hashes.is_empty());
        let pinned: Vec<&Item> = items
            .iter()
            .filter(|item| matches!(item.source, Some(Source::Index(_))))
            .collect();
        if pinned.is_empty() || self.index.closed() {
            return self.list(items, hashed, constraints);
        }
        if self.installer.tool() == Tool::Uv && !items.iter().any(Item::is_option) {
            return self.manifest(items, constraints);
        }
        let mut held = Vec::new();
        for item in items {
            match &item.source {
                Some(Source::Index(index)) => held.push(self.fetched(item, index)?),
                _ => held.push(item.clone()),
            }
        }
        self.list(&held, hashed, constraints)
    }

    fn list(&mut self, items: &[Item], hashed: bool, constraints: Option<PathBuf>) -> Result<()> {
        let mut text = String::new();
        for item in items {
            text.push_str(&line(item, hashed)?.0);
            text.push('\n');
        }
        let path = self.write(&format!("requirements-{}.txt", self.batches.len()), &text)?;
        self.batches.push(Batch {
            path,
            complete: false,
            index: None,
            constraints,
        });
        Ok(())
    }

    /// A manifest that tells uv which index each distribution comes from.
    fn manifest(&mut self, items: &[Item], constraints: Option<PathBuf>) -> Result<()> {
        let mut lines = Vec::new();
        let (mut sources, mut indexes) = (Table::new(), Vec::new());
        let mut known: Vec<&IndexSource> = Vec::new();
        for item in items {
            let Some(Source::Index(index)) = &item.source else {
                lines.push(Value::from(line(item, false)?.0));
                continue;
            };
            lines.push(Value::from(item.text.clone()));
            let at = known
                .iter()
                .position(|one| *one == index)
                .unwrap_or_else(|| {
                    known.push(index);
                    known.len() - 1
                });
            let name = index.name.clone().unwrap_or_else(|| format!("flavor-{at}"));
            let mut source = Table::new();
            source.insert("index".into(), name.clone().into());
            sources.insert(item.name.clone().unwrap_or_default(), source.into());
            if indexes.len() < known.len() {
                let mut table = Table::new();
                table.insert("name".into(), name.into());
                table.insert("url".into(), self.index.known_as(index).url.into());
                table.insert("explicit".into(), true.into());
                if index.flat {
                    table.insert("format".into(), "flat".into());
                }
                indexes.push(Value::from(table));
            }
        }
        let mut project = Table::new();
        project.insert("name".into(), "flavor-requirements".into());
        project.insert("version".into(), "0".into());
        project.insert("dependencies".into(), lines.into());
        let mut uv = Table::new();
        uv.insert("sources".into(), sources.into());
        uv.insert("index".into(), indexes.into());
        let mut tool = Table::new();
        tool.insert("uv".into(), uv.into());
        let mut manifest = Table::new();
        manifest.insert("project".into(), project.into());
        manifest.insert("tool".into(), tool.into());
        let directory = self
            .request
            .work
            .join(format!("pinned-{}", self.batches.len()));
        fs::create_dir_all(&directory).on("create directory", &directory)?;
        let path = directory.join("pyproject.toml");
        fs::write(&path, manifest.to_string()).on("write", &path)?;
        self.batches.push(Batch {
            path,
            complete: false,
            index: None,
            constraints,
        });
        Ok(())
    }

    /// The wheel of a distribution with an index of its own: pip would search all indexes for all
    /// distributions.
    fn fetched(&mut self, item: &Item, index: &IndexSource) -> Result<Item> {
        self.pins += 1;
        let path = self.write(
            &format!("pinned-{}.txt", self.pins),
            &(item.text.clone() + "\n"),
        )?;
        let wheels = self.request.work.join(format!("pinned-{}", self.pins));
        let batch = Batch {
            path,
            complete: true,
            index: Some(self.index.known_as(index)),
            constraints: None,
        };
        let output = self
            .installer
            .gather(self.request, self.index, &batch, &wheels)?;
        if !output.status.success() {
            return Err(failure::unresolved(
                self.installer.tool(),
                &output,
                self.request,
                self.index,
            ));
        }
        let name = item.name.as_deref().unwrap_or_default();
        let is_it = |wheel: &PathBuf| {
            let file = wheel.file_name().unwrap_or_default().to_string_lossy();
            file.split('-').next().map(normalised).as_deref() == Some(name)
        };
        let found = wheels_in(&wheels)?.into_iter().find(is_it);
        let none = || Error::NoPlace {
            name: name.into(),
            path: wheels.clone(),
        };
        Ok(Item {
            source: Some(Source::Archive(found.ok_or_else(none)?)),
            ..item.clone()
        })
    }

    /// The locked versions as constraints for additional requirements.
    fn constraints(&self, pins: &[Item], items: &[Item]) -> Result<PathBuf> {
        let mut text = String::new();
        for item in pins.iter().filter(|item| {
            matches!(item.source, None | Some(Source::Index(_))) && item.name.is_some()
        }) {
            text.push_str(item.text.split('[').next().unwrap_or(&item.text));
            text.push('\n');
        }
        for item in items {
            if let (Some(name), Some(Source::Archive(path))) = (&item.name, &item.source) {
                text.push_str(&format!("{name} @ {}\n", file_url(path)));
            }
        }
        self.write("held.txt", &text)
    }
}

/// A line of a list, and whether it has a hash.
fn line(item: &Item, hashed: bool) -> Result<(String, bool)> {
    if item.is_option() {
        return Ok((item.text.clone(), false));
    }
    let name = item.name.as_deref();
    let (text, mut hashes) = match &item.source {
        Some(Source::Archive(path)) => {
            let name = name
                .map(|name| format!("{name}{} @ ", brackets(&item.extras)))
                .unwrap_or_default();
            let own = || -> Result<String> { Ok(format!("sha256:{}", sha256(path)?)) };
            let is_wheel = path.extension().is_some_and(|extension| extension == "whl");
            // A wheel built here has no hash in the lock, and neutralising a wheel changes its
            // hash.
            let hashes = if hashed && (is_wheel || item.hashes.is_empty()) {
                vec![own()?]
            } else {
                item.hashes.clone()
            };
            (format!("{name}{}", file_url(path)), hashes)
        }
        Some(Source::Url(url)) => {
            let name = name
                .map(|name| format!("{name}{} @ ", brackets(&item.extras)))
                .unwrap_or_default();
            (format!("{name}{url}"), item.hashes.clone())
        }
        _ => (item.text.clone(), item.hashes.clone()),
    };
    hashes.sort();
    hashes.dedup();
    let options: String = hashes.iter().flat_map(|hash| [" --hash=", hash]).collect();
    Ok((text + &options, !hashes.is_empty()))
}

fn sha256(path: &Path) -> Result<String> {
    Ok(hex::encode(Sha256::digest(
        fs::read(path).on("read", path)?,
    )))
}
