//! `pdm.lock`: packages with their requirements, resolved from the project's requirements.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr as _;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::VersionOrUrl;
use toml::{Table, Value};

use super::error::{Result, stale, unusable};
use super::locked::{Locked, Selection};
use super::table::{read_table, tables, text, texts};
use crate::python::core_metadata::normalised;
use crate::python::install::address::absolute;
use crate::python::install::named::{Source, expanded};
use crate::python::markers::{self, Requirement};

/// The locked distributions for a selection.
pub(super) fn read(file: &Path, selection: &Selection) -> Result<Vec<Locked>> {
    let lock = read_table(file)?;
    let metadata = lock.get("metadata").and_then(Value::as_table);
    let version = metadata
        .and_then(|metadata| text(metadata, "lock_version"))
        .unwrap_or("(none)");
    if !version.starts_with("4.") {
        return Err(unusable(file, format!("unknown lock_version {version}")));
    }
    let packages: Vec<&Table> = tables(&lock, "package").collect();
    let mut open: Vec<(Requirement, Option<String>)> = selection
        .requirements
        .iter()
        .filter_map(|one| Some((markers::parse(one)?, None)))
        .collect();
    let mut seen = BTreeSet::new();
    while let Some((requirement, by)) = open.pop() {
        if !requirement.marker.evaluate(selection.environment, &[]) {
            continue;
        }
        let name = requirement.name.as_ref();
        let extras: BTreeSet<String> = requirement.extras.iter().map(ToString::to_string).collect();
        let bounds = match &requirement.version_or_url {
            Some(VersionOrUrl::VersionSpecifier(bounds)) => Some(bounds),
            _ => None,
        };
        let Some(at) = find(&packages, name, &extras, bounds, selection) else {
            return Err(match by {
                Some(by) => unusable(
                    file,
                    format!("package `{name}` is missing, a dependency of `{by}`"),
                ),
                None => match find(&packages, name, &extras, None, selection) {
                    Some(at) => {
                        let version = text(packages[at], "version").unwrap_or("?");
                        let bounds = bounds.map(ToString::to_string).unwrap_or_default();
                        stale(
                            file,
                            format!("it has `{name}` {version}; `{bounds}` is required"),
                        )
                    }
                    None => stale(file, format!("the requirement `{name}` is missing")),
                },
            });
        };
        if seen.insert(at) {
            let of = text(packages[at], "name").map(ToOwned::to_owned);
            open.extend(
                texts(packages[at], "dependencies")
                    .filter_map(|one| Some((markers::parse(one)?, of.clone()))),
            );
        }
    }
    // A package with extras has an entry of its own, which depends on the plain one.
    let plain = seen
        .iter()
        .map(|at| packages[*at])
        .filter(|package| texts(package, "extras").next().is_none());
    let mut found = plain
        .map(|package| one(file, package))
        .collect::<Result<Vec<_>>>()?;
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn find(
    packages: &[&Table],
    name: &str,
    extras: &BTreeSet<String>,
    bounds: Option<&VersionSpecifiers>,
    selection: &Selection,
) -> Option<usize> {
    let python = &selection.environment.python_full_version().version;
    packages.iter().position(|package| {
        let version = text(package, "version").and_then(|version| Version::from_str(version).ok());
        let marker = text(package, "marker").and_then(markers::marker);
        let requires = text(package, "requires_python")
            .and_then(|text| text.parse::<VersionSpecifiers>().ok());
        text(package, "name").map(normalised).as_deref() == Some(name)
            && texts(package, "extras")
                .map(normalised)
                .collect::<BTreeSet<_>>()
                == *extras
            && bounds
                .zip(version)
                .is_none_or(|(bounds, version)| bounds.contains(&version))
            && marker.is_none_or(|marker| marker.evaluate(selection.environment, &[]))
            && requires.is_none_or(|requires| requires.contains(python))
    })
}

fn one(file: &Path, package: &Table) -> Result<Locked> {
    let base = file.parent().unwrap_or(Path::new("."));
    let name = &normalised(text(package, "name").unwrap_or_default());
    let version = text(package, "version");
    let hashes: Vec<String> = tables(package, "files")
        .filter_map(|file| text(file, "hash"))
        .map(ToOwned::to_owned)
        .collect();
    let below = text(package, "subdirectory");
    let source = if let Some(git) = text(package, "git") {
        let revision = text(package, "revision")
            .or_else(|| text(package, "ref"))
            .map(ToOwned::to_owned);
        Source::Git {
            url: git.to_owned(),
            revision,
            subdirectory: below.map(ToOwned::to_owned),
        }
    } else if let Some(path) = text(package, "path") {
        let path = absolute(&base.join(path));
        if path.is_dir() {
            Source::Directory {
                path,
                package: true,
            }
        } else {
            Source::Archive(path)
        }
    } else if let Some(url) = text(package, "url") {
        let below = below
            .map(|one| format!("#subdirectory={one}"))
            .unwrap_or_default();
        match Source::of_address(&expanded(url, base), base) {
            Source::Url(url) => Source::Url(format!("{url}{below}")),
            other => other,
        }
    } else {
        let version = version.ok_or_else(|| unusable(file, format!("`{name}` has no version")))?;
        return Ok(Locked::of_index(name, version, hashes, None));
    };
    let hashes = if matches!(source, Source::Archive(_) | Source::Url(_)) {
        hashes
    } else {
        Vec::new()
    };
    Ok(Locked::of_source(name, version, hashes, source))
}
