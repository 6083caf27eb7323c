//! `[tool.poetry.dependencies]` with a source, `[[tool.poetry.source]]`, and `[[tool.pdm.source]]`.

use std::path::Path;

use toml::{Table, Value};

use super::error::{Result, refused};
use super::expand::expanded;
use super::rules::{NamedSources, Rule, condition};
use super::source::{IndexSource, Source};
use crate::python::core_metadata::normalised;
use crate::python::install::address::{DEFAULT_INDEX, absolute};

/// Adds the sources in `[tool.poetry]` of a manifest at `path`.
pub(super) fn read(manifest: &Table, path: &Path, named: &mut NamedSources) -> Result<()> {
    let Some(poetry) = manifest
        .get("tool")
        .and_then(|tool| tool.get("poetry")?.as_table())
    else {
        return Ok(());
    };
    let indexes = indexes(poetry, named);
    let groups = poetry
        .get("group")
        .and_then(Value::as_table)
        .into_iter()
        .flatten();
    let groups =
        groups.filter_map(|(group, table)| Some((Some(group), table.get("dependencies")?)));
    for (group, dependencies) in poetry
        .get("dependencies")
        .map(|table| (None, table))
        .into_iter()
        .chain(groups)
    {
        for (name, value) in dependencies.as_table().into_iter().flatten() {
            let several = value
                .as_array()
                .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
            for one in several.iter().filter_map(Value::as_table) {
                let Some(source) = source(one, path, name, &indexes)? else {
                    continue;
                };
                let marker = one.get("markers").and_then(Value::as_str);
                let marker = marker
                    .map(|marker| condition(marker, path, name))
                    .transpose()?;
                let group = group.map(|group| normalised(group));
                named.rules.push(Rule {
                    name: normalised(name),
                    source,
                    marker,
                    extra: None,
                    group,
                });
            }
        }
    }
    Ok(())
}

fn source(
    one: &Table,
    path: &Path,
    name: &str,
    indexes: &[(String, IndexSource)],
) -> Result<Option<Source>> {
    let text = |key: &str| one.get(key).and_then(Value::as_str);
    let directory = path.parent().unwrap_or(Path::new("/"));
    if let Some(written) = text("path").or_else(|| text("file")) {
        let place = absolute(&directory.join(written));
        let below = text("subdirectory").map_or_else(|| place.clone(), |below| place.join(below));
        return if below.is_dir() {
            Ok(Some(Source::Directory {
                path: below,
                package: true,
            }))
        } else if place.is_file() {
            Ok(Some(Source::Archive(place)))
        } else {
            Err(refused(path, name, format!("`{written}` does not exist")))
        };
    }
    if let Some(url) = text("git") {
        let revision = ["rev", "tag", "branch"]
            .iter()
            .find_map(|key| text(key))
            .map(ToOwned::to_owned);
        let subdirectory = text("subdirectory").map(ToOwned::to_owned);
        return Ok(Some(Source::Git {
            url: url.to_owned(),
            revision,
            subdirectory,
        }));
    }
    if let Some(url) = text("url") {
        let below = text("subdirectory")
            .map(|below| format!("#subdirectory={below}"))
            .unwrap_or_default();
        return Ok(Some(Source::Url(format!("{url}{below}"))));
    }
    let Some(wanted) = text("source") else {
        return Ok(None);
    };
    let found = indexes
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let none = || {
        refused(
            path,
            name,
            format!("no `[[tool.poetry.source]]` has the name `{wanted}`"),
        )
    };
    Ok(Some(Source::Index(found.ok_or_else(none)?.1.clone())))
}

/// Reads `[[tool.poetry.source]]`; returns all of them by name.
fn indexes(poetry: &Table, named: &mut NamedSources) -> Vec<(String, IndexSource)> {
    let mut all = Vec::new();
    let (mut primary, mut supplemental) = (Vec::new(), Vec::new());
    for source in poetry
        .get("source")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |key: &str| source.get(key).and_then(Value::as_str);
        let flag = |key: &str| source.get(key).and_then(Value::as_bool).unwrap_or_default();
        let Some(name) = text("name") else { continue };
        let url =
            text("url").or_else(|| name.eq_ignore_ascii_case("pypi").then_some(DEFAULT_INDEX));
        let Some(url) = url else { continue };
        let index = IndexSource {
            name: None,
            url: url.to_owned(),
            flat: false,
        };
        match text("priority") {
            Some("explicit") => {}
            Some("supplemental" | "secondary") => supplemental.push(index.clone()),
            _ if flag("secondary") => supplemental.push(index.clone()),
            _ => primary.push(index.clone()),
        }
        all.push((name.to_owned(), index));
    }
    // With a primary source, Poetry uses PyPI only if it is declared.
    if let Some(last) = primary.pop() {
        named.ordered.extend(primary);
        named.default = Some(last);
    }
    named.known_to_uv &= all.is_empty();
    named.last.extend(supplemental);
    all
}

/// Adds the sources in `[[tool.pdm.source]]`. PDM searches all indexes and uses the newest version,
/// like pip.
pub(super) fn read_pdm(manifest: &Table, directory: &Path, named: &mut NamedSources) {
    let sources = manifest
        .get("tool")
        .and_then(|tool| tool.get("pdm")?.get("source")?.as_array());
    for source in sources.into_iter().flatten() {
        let text = |key: &str| source.get(key).and_then(Value::as_str);
        let Some(url) = text("url") else { continue };
        // It is passed on to whichever installer runs.
        let flat = text("type") == Some("find_links");
        let index = IndexSource {
            name: None,
            url: expanded(url, directory),
            flat,
        };
        named.known_to_uv &= named.ordered.is_empty();
        let packages = source.get("include_packages").and_then(Value::as_array);
        if let Some(packages) = packages {
            for name in packages
                .iter()
                .filter_map(Value::as_str)
                .filter(|name| !name.contains(['*', '?']))
            {
                let source = Source::Index(index.clone());
                named.rules.push(Rule {
                    name: normalised(name),
                    source,
                    marker: None,
                    extra: None,
                    group: None,
                });
            }
        } else if text("name") == Some("pypi") {
            named.default = Some(index);
        } else {
            named.merged.push(index);
        }
    }
}
