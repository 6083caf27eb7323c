//! `poetry.lock`: packages with their dependencies, resolved from the project's requirements.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr as _;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{ExtraName, VersionOrUrl};
use toml::{Table, Value};

use super::error::{Result, stale, unusable};
use super::locked::{Locked, Selection};
use super::table::{read_table, tables, text, texts};
use crate::python::core_metadata::normalised;
use crate::python::install::address::absolute;
use crate::python::install::named::Source;
use crate::python::markers;

/// The locked distributions for a selection.
pub(super) fn read(file: &Path, selection: &Selection) -> Result<Vec<Locked>> {
    let lock = read_table(file)?;
    let metadata = lock.get("metadata").and_then(Value::as_table);
    let version = metadata
        .and_then(|metadata| text(metadata, "lock-version"))
        .unwrap_or("(none)");
    if !version.starts_with("1.") && !version.starts_with("2.") {
        return Err(unusable(file, format!("unknown lock-version {version}")));
    }
    if let Some(wanted) = metadata
        .and_then(|metadata| text(metadata, "python-versions"))
        .and_then(specifier)
        && !wanted.contains(&selection.environment.python_full_version().version)
    {
        let version = &selection.interpreter.version_text;
        return Err(unusable(
            file,
            format!("it is for Python {wanted}; the package is for {version}"),
        ));
    }
    let packages: Vec<&Table> = tables(&lock, "package").collect();
    let mut graph = Graph {
        file,
        packages,
        selection,
        seen: BTreeSet::new(),
        visited: BTreeSet::new(),
    };
    for requirement in selection
        .requirements
        .iter()
        .filter_map(|one| markers::parse(one))
    {
        if requirement.marker.evaluate(selection.environment, &[]) {
            let name = requirement.name.as_ref();
            let bounds = match &requirement.version_or_url {
                Some(VersionOrUrl::VersionSpecifier(bounds)) => Some(bounds.clone()),
                _ => None,
            };
            let Some(at) = graph.find(name, bounds.as_ref()) else {
                let other = graph
                    .find(name, None)
                    .and_then(|at| text(graph.packages[at], "version"));
                let bounds = bounds.map(|bounds| bounds.to_string()).unwrap_or_default();
                return Err(stale(
                    file,
                    match other {
                        None => format!("the requirement `{name}` is missing"),
                        Some(version) => {
                            format!("it has `{name}` {version}; `{bounds}` is required")
                        }
                    },
                ));
            };
            graph.visit(at, &requirement.extras)?;
        }
    }
    let old_files = metadata.and_then(|metadata| metadata.get("files")?.as_table());
    graph
        .seen
        .iter()
        .map(|at| one(file, graph.packages[*at], old_files))
        .collect()
}

struct Graph<'a> {
    file: &'a Path,
    packages: Vec<&'a Table>,
    selection: &'a Selection<'a>,
    seen: BTreeSet<usize>,
    visited: BTreeSet<(usize, String)>,
}

impl Graph<'_> {
    /// The package of that name that satisfies the specifier and the interpreter.
    fn find(&self, name: &str, bounds: Option<&VersionSpecifiers>) -> Option<usize> {
        let python = &self.selection.environment.python_full_version().version;
        let fits = |package: &Table| {
            let version =
                text(package, "version").and_then(|version| Version::from_str(version).ok());
            let in_bounds = match (bounds, &version) {
                (Some(bounds), Some(version)) => bounds.contains(version) || is_elsewhere(package),
                _ => true,
            };
            let marker = text(package, "markers").and_then(markers::marker);
            in_bounds
                && marker.is_none_or(|marker| marker.evaluate(self.selection.environment, &[]))
                && text(package, "python-versions")
                    .and_then(specifier)
                    .is_none_or(|wanted| wanted.contains(python))
        };
        let of_name =
            |package: &Table| text(package, "name").map(normalised).as_deref() == Some(name);
        self.packages
            .iter()
            .position(|package| of_name(package) && fits(package))
    }

    fn visit(&mut self, at: usize, extras: &[ExtraName]) -> Result<()> {
        let mut names: Vec<&str> = extras.iter().map(AsRef::as_ref).collect();
        names.sort_unstable();
        if !self.visited.insert((at, names.join(","))) {
            return Ok(());
        }
        self.seen.insert(at);
        let package = self.packages[at];
        let of_extras = package.get("extras").and_then(Value::as_table);
        // An extra is a list of requirements, whose names are among the dependencies.
        let wanted: BTreeSet<String> = of_extras
            .into_iter()
            .flatten()
            .filter(|(extra, _)| names.contains(&&*normalised(extra)))
            .filter_map(|(_, list)| list.as_array())
            .flatten()
            .filter_map(Value::as_str)
            .map(|one| {
                normalised(
                    one.split(|c: char| !(c.is_alphanumeric() || "-_.".contains(c)))
                        .next()
                        .unwrap_or(one),
                )
            })
            .collect();
        let dependencies = package.get("dependencies").and_then(Value::as_table);
        for (name, value) in dependencies.into_iter().flatten() {
            let name = normalised(name);
            let several = value
                .as_array()
                .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
            for one in several {
                self.dependency(at, &name, one, extras, &wanted)?;
            }
        }
        Ok(())
    }

    fn dependency(
        &mut self,
        at: usize,
        name: &str,
        one: &Value,
        extras: &[ExtraName],
        wanted: &BTreeSet<String>,
    ) -> Result<()> {
        let table = one.as_table();
        let optional = table
            .and_then(|table| table.get("optional")?.as_bool())
            .unwrap_or_default();
        if optional && !wanted.contains(name) {
            return Ok(());
        }
        if let Some(marker) = table.and_then(|table| text(table, "markers")) {
            let tree = markers::marker(marker)
                .ok_or_else(|| unusable(self.file, format!("`{marker}` is not a valid marker")))?;
            if !tree.evaluate(self.selection.environment, extras) {
                return Ok(());
            }
        }
        if let Some(python) = table
            .and_then(|table| text(table, "python"))
            .and_then(specifier)
            && !python.contains(&self.selection.environment.python_full_version().version)
        {
            return Ok(());
        }
        let bounds = one
            .as_str()
            .or_else(|| text(table?, "version"))
            .and_then(specifier);
        let found = self
            .find(name, bounds.as_ref())
            .or_else(|| self.find(name, None));
        let Some(next) = found else {
            let of = text(self.packages[at], "name").unwrap_or_default();
            return Err(unusable(
                self.file,
                format!("package `{name}` is missing, a dependency of `{of}`"),
            ));
        };
        let asked: Vec<String> = table
            .into_iter()
            .flat_map(|table| texts(table, "extras"))
            .map(normalised)
            .collect();
        self.visit(next, &markers::extras(&asked))
    }
}

/// Whether a package does not come from an index: its source decides then, whatever the specifier.
fn is_elsewhere(package: &Table) -> bool {
    let source = package.get("source").and_then(Value::as_table);
    source.is_some_and(|source| text(source, "type") != Some("legacy"))
}

fn one(file: &Path, package: &Table, old_files: Option<&Table>) -> Result<Locked> {
    let base = file.parent().unwrap_or(Path::new("."));
    let name = text(package, "name").unwrap_or_default();
    let version = text(package, "version")
        .ok_or_else(|| unusable(file, format!("`{name}` has no version")))?;
    let of_old = old_files.and_then(|files| files.get(name)?.as_array());
    let files =
        tables(package, "files").chain(of_old.into_iter().flatten().filter_map(Value::as_table));
    let hashes: Vec<String> = files
        .filter_map(|file| text(file, "hash"))
        .map(ToOwned::to_owned)
        .collect();
    let name = &normalised(name);
    let Some(source) = package.get("source").and_then(Value::as_table) else {
        return Ok(Locked::of_index(name, version, hashes, None));
    };
    let url = text(source, "url").unwrap_or_default();
    let below = text(source, "subdirectory");
    let source = match text(source, "type") {
        Some("legacy") => return Ok(Locked::of_index(name, version, hashes, Some(url))),
        Some("directory") => Source::Directory {
            path: absolute(&base.join(url)),
            package: true,
        },
        Some("file") => Source::Archive(absolute(&base.join(url))),
        Some("url") => Source::Url(format!(
            "{url}{}",
            below
                .map(|one| format!("#subdirectory={one}"))
                .unwrap_or_default()
        )),
        Some("git") => {
            let revision = text(source, "resolved_reference").or_else(|| text(source, "reference"));
            let (revision, subdirectory) = (
                revision.map(ToOwned::to_owned),
                below.map(ToOwned::to_owned),
            );
            Source::Git {
                url: url.to_owned(),
                revision,
                subdirectory,
            }
        }
        other => {
            return Err(unusable(
                file,
                format!("`{name}` has a source `{}`", other.unwrap_or_default()),
            ));
        }
    };
    // A directory or a repository has no archive with a hash.
    let hashes = if matches!(source, Source::Archive(_) | Source::Url(_)) {
        hashes
    } else {
        Vec::new()
    };
    Ok(Locked::of_source(name, Some(version), hashes, source))
}

/// Parses Poetry's version constraints: PEP 440, and `^1.2`, `~1.2`, `1.*`, `1.2`. `None` for
/// invalid ones and for alternatives.
fn specifier(text: &str) -> Option<VersionSpecifiers> {
    if text.contains('|') {
        return None;
    }
    let parts = text
        .split([',', ' '])
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let mut all = Vec::new();
    let mut pending = String::new();
    for part in parts {
        // `>= 1.2` contains a blank.
        if part.chars().all(|c| "<>=!~^".contains(c)) {
            part.clone_into(&mut pending);
            continue;
        }
        all.push(one_bound(&format!(
            "{}{part}",
            std::mem::take(&mut pending)
        ))?);
    }
    let all: Vec<String> = all.into_iter().filter(|bound| !bound.is_empty()).collect();
    VersionSpecifiers::from_str(&all.join(",")).ok()
}

fn one_bound(text: &str) -> Option<String> {
    let numbers = |version: &str| -> Vec<u64> {
        version
            .split('.')
            .map_while(|part| part.parse().ok())
            .collect()
    };
    let join = |numbers: &[u64]| {
        numbers
            .iter()
            .map(u64::to_string)
            .collect::<Vec<_>>()
            .join(".")
    };
    let below = |version: &str, at: usize| -> Option<String> {
        let mut upper = numbers(version);
        upper.truncate(at + 1);
        *upper.get_mut(at)? += 1;
        Some(format!(">={version},<{}", join(&upper)))
    };
    if text == "*" {
        return Some(String::new());
    }
    if let Some(version) = text.strip_prefix('^') {
        let parts = numbers(version);
        let first = parts
            .iter()
            .position(|part| *part != 0)
            .unwrap_or(parts.len().saturating_sub(1));
        return below(version, first);
    }
    if let Some(version) = text.strip_prefix('~').filter(|rest| !rest.starts_with('=')) {
        return below(version, 1.min(numbers(version).len().saturating_sub(1)));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(format!("=={text}"));
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poetrys_bounds_are_understood() {
        let within = |bounds: &str, version: &str| {
            specifier(bounds)
                .expect("bounds")
                .contains(&Version::from_str(version).expect("a version"))
        };
        for (bounds, version, expected) in [
            ("^1.2", "1.9", true),
            ("^1.2", "2.0", false),
            ("^0.3.1", "0.3.9", true),
            ("^0.3.1", "0.4", false),
            ("~1.2", "1.2.9", true),
            ("~1.2", "1.3", false),
            ("*", "9", true),
            ("1.2", "1.2", true),
            (">= 1.2, <2", "1.5", true),
            ("~=1.4", "1.9", true),
            ("2.*", "2.7", true),
        ] {
            assert_eq!(within(bounds, version), expected, "{bounds} {version}");
        }
    }
}
