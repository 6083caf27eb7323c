//! `uv.lock`: a graph of packages, followed from the project for the target interpreter.

use std::collections::BTreeSet;
use std::path::Path;

use pep440_rs::VersionSpecifiers;
use pep508_rs::ExtraName;
use toml::{Table, Value};

use super::error::{Result, stale, unusable};
use super::fresh;
use super::locked::{Locked, Selection};
use super::table::{read_table, tables, text, texts};
use crate::python::core_metadata::normalised;
use crate::python::install::address::absolute;
use crate::python::install::named::{IndexSource, Source};
use crate::python::markers;

/// The locked distributions of a project, which is the root or a member of the lock's workspace.
pub(super) fn of_project(file: &Path, selection: &Selection) -> Result<Vec<Locked>> {
    let lock = read_table(file)?;
    let mut graph = Graph::new(file, &lock, selection)?;
    let project = selection.project.unwrap_or(Path::new("."));
    let own = graph.packages.iter().position(|package| {
        graph
            .directory(package)
            .is_some_and(|one| one == absolute(project))
    });
    let own = own.ok_or_else(|| {
        stale(
            file,
            format!("it does not contain the project in `{}`", project.display()),
        )
    })?;
    fresh::check(file, &lock, &graph.packages, selection)?;
    graph.select(graph.packages[own]);
    graph.visit(own, None)?;
    for extra in selection.extras {
        graph.visit(own, Some(extra))?;
    }
    let groups = graph.packages[own]
        .get("dev-dependencies")
        .and_then(Value::as_table);
    for (_, list) in groups
        .into_iter()
        .flatten()
        .filter(|(name, _)| selection.groups.contains(&normalised(name)))
    {
        graph.follow(list)?;
    }
    graph.seen.remove(&own);
    graph.locked()
}

/// The locked distributions of a script.
pub(super) fn of_script(file: &Path, selection: &Selection) -> Result<Vec<Locked>> {
    let lock = read_table(file)?;
    let mut graph = Graph::new(file, &lock, selection)?;
    let roots = lock.get("manifest").and_then(Value::as_table);
    fresh::check_script(file, roots, selection)?;
    for root in roots
        .into_iter()
        .flat_map(|manifest| tables(manifest, "requirements"))
    {
        let mut root = root.clone();
        // In a requirement the key is `extras`, in an edge `extra`.
        if let Some(extras) = root.remove("extras") {
            root.insert("extra".into(), extras);
        }
        graph.edge(&root)?;
    }
    graph.locked()
}

struct Graph<'a> {
    file: &'a Path,
    packages: Vec<&'a Table>,
    selection: &'a Selection<'a>,
    /// The names of selected conflicting extras and groups in markers.
    chosen: Vec<ExtraName>,
    seen: BTreeSet<usize>,
    /// With extras.
    visited: BTreeSet<(usize, Option<String>)>,
}

impl<'a> Graph<'a> {
    fn new(file: &'a Path, lock: &'a Table, selection: &'a Selection<'a>) -> Result<Self> {
        match lock.get("version").and_then(Value::as_integer) {
            Some(1) => {}
            other => {
                let version = other.map_or("(none)".to_owned(), |version| version.to_string());
                return Err(unusable(file, format!("unknown version {version}")));
            }
        }
        let wanted =
            text(lock, "requires-python").and_then(|text| text.parse::<VersionSpecifiers>().ok());
        if let Some(wanted) = wanted
            .filter(|wanted| !wanted.contains(&selection.environment.python_full_version().version))
        {
            let version = &selection.interpreter.version_text;
            return Err(unusable(
                file,
                format!("it is for Python {wanted}; the package is for {version}"),
            ));
        }
        let packages = tables(lock, "package").collect();
        Ok(Self {
            file,
            packages,
            selection,
            chosen: Vec::new(),
            seen: BTreeSet::new(),
            visited: BTreeSet::new(),
        })
    }

    /// Records the project's selection in the form used by conflict markers.
    fn select(&mut self, own: &Table) {
        let name = text(own, "name").unwrap_or_default();
        let word = |kind: &str, item: &str| {
            markers::extra(&format!("{kind}-{}-{name}-{item}", name.len()))
        };
        let extras = self
            .selection
            .extras
            .iter()
            .filter_map(|extra| word("extra", extra));
        let groups = self
            .selection
            .groups
            .iter()
            .filter_map(|group| word("group", group));
        self.chosen = extras
            .chain(groups)
            .chain(markers::extra(&format!("project-{}-{name}", name.len())))
            .collect();
    }

    fn visit(&mut self, at: usize, extra: Option<&str>) -> Result<()> {
        if !self.visited.insert((at, extra.map(ToOwned::to_owned))) {
            return Ok(());
        }
        self.seen.insert(at);
        let package = self.packages[at];
        let list = match extra {
            None => package.get("dependencies"),
            Some(extra) => {
                let extras = package
                    .get("optional-dependencies")
                    .and_then(Value::as_table);
                extras
                    .into_iter()
                    .flatten()
                    .find(|(name, _)| normalised(name) == *extra)
                    .map(|(_, list)| list)
            }
        };
        list.map_or(Ok(()), |list| self.follow(list))
    }

    fn follow(&mut self, list: &Value) -> Result<()> {
        list.as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_table)
            .try_for_each(|edge| self.edge(edge))
    }

    fn edge(&mut self, edge: &Table) -> Result<()> {
        if let Some(marker) = text(edge, "marker") {
            let tree = markers::marker(marker)
                .ok_or_else(|| unusable(self.file, format!("`{marker}` is not a valid marker")))?;
            if !tree.evaluate(self.selection.environment, &self.chosen) {
                return Ok(());
            }
        }
        let name = text(edge, "name").unwrap_or_default();
        let at = self
            .find(name, edge)
            .ok_or_else(|| unusable(self.file, format!("package `{name}` is missing")))?;
        self.visit(at, None)?;
        for extra in texts(edge, "extra") {
            self.visit(at, Some(&normalised(extra)))?;
        }
        Ok(())
    }

    /// The package that an edge leads to. If several have the name, the edge or the interpreter
    /// decides.
    fn find(&self, name: &str, edge: &Table) -> Option<usize> {
        let same = |key: &str, package: &Table| {
            edge.get(key)
                .is_none_or(|value| package.get(key) == Some(value))
        };
        let mut found = self
            .packages
            .iter()
            .enumerate()
            .filter(|(_, package)| text(package, "name") == Some(name))
            .filter(|(_, package)| same("version", package) && same("source", package));
        let first = found.next()?;
        let fits = |package: &Table| {
            let mut markers = texts(package, "resolution-markers")
                .filter_map(markers::marker)
                .peekable();
            markers.peek().is_none()
                || markers.any(|one| one.evaluate(self.selection.environment, &self.chosen))
        };
        if fits(first.1) {
            return Some(first.0);
        }
        Some(found.find(|(_, package)| fits(package)).unwrap_or(first).0)
    }

    /// The directory of a package from a directory.
    fn directory(&self, package: &Table) -> Option<std::path::PathBuf> {
        let source = package.get("source")?.as_table()?;
        let path = ["editable", "directory", "virtual"]
            .iter()
            .find_map(|key| text(source, key))?;
        Some(absolute(
            &self.file.parent().unwrap_or(Path::new(".")).join(path),
        ))
    }

    fn locked(&self) -> Result<Vec<Locked>> {
        self.seen
            .iter()
            .filter_map(|at| self.one(self.packages[*at]).transpose())
            .collect()
    }

    fn one(&self, package: &Table) -> Result<Option<Locked>> {
        let base = self.file.parent().unwrap_or(Path::new("."));
        let name = text(package, "name").unwrap_or_default();
        let version = text(package, "version");
        let source = package.get("source").and_then(Value::as_table);
        let source =
            source.ok_or_else(|| unusable(self.file, format!("`{name}` has no source")))?;
        let files = tables(package, "wheels").chain(package.get("sdist").and_then(Value::as_table));
        let hashes: Vec<String> = files
            .filter_map(|file| text(file, "hash"))
            .map(ToOwned::to_owned)
            .collect();
        if text(source, "virtual").is_some() {
            // Only its requirements matter.
            return Ok(None);
        }
        if let Some(path) = self.directory(package) {
            let source = Source::Directory {
                path,
                package: true,
            };
            return Ok(Some(Locked::of_source(name, version, Vec::new(), source)));
        }
        if let Some(registry) = text(source, "registry") {
            let version =
                version.ok_or_else(|| unusable(self.file, format!("`{name}` has no version")))?;
            if registry.contains("://") {
                return Ok(Some(Locked::of_index(
                    name,
                    version,
                    hashes,
                    Some(registry),
                )));
            }
            let url = absolute(&base.join(registry)).display().to_string();
            let source = Source::Index(IndexSource {
                name: None,
                url,
                flat: true,
            });
            return Ok(Some(Locked::of_source(name, Some(version), hashes, source)));
        }
        let source = if let Some(git) = text(source, "git") {
            let (rest, commit) = git.split_once('#').unwrap_or((git, ""));
            let (url, query) = rest.split_once('?').unwrap_or((rest, ""));
            let below = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("subdirectory="));
            let below = below.map(|below| {
                percent_encoding::percent_decode_str(below)
                    .decode_utf8_lossy()
                    .into_owned()
            });
            let revision = Some(commit.to_owned()).filter(|commit| !commit.is_empty());
            Source::Git {
                url: url.to_owned(),
                revision,
                subdirectory: below,
            }
        } else if let Some(url) = text(source, "url") {
            let below = text(source, "subdirectory")
                .map(|below| format!("#subdirectory={below}"))
                .unwrap_or_default();
            Source::Url(format!("{url}{below}"))
        } else if let Some(path) = text(source, "path") {
            Source::Archive(absolute(&base.join(path)))
        } else {
            return Err(unusable(
                self.file,
                format!("`{name}` has a source of an unknown kind"),
            ));
        };
        Ok(Some(Locked::of_source(name, version, hashes, source)))
    }
}
