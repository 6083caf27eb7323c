//! `[tool.uv.sources]` and `[[tool.uv.index]]`.

use std::path::Path;

use toml::{Table, Value};

use super::error::{Result, refused};
use super::rules::{NamedSources, Rule, condition};
use super::source::{IndexSource, Source};
use super::workspace::Workspace;
use crate::pyproject::{self, MANIFEST};
use crate::python::core_metadata::normalised;
use crate::python::install::address::absolute;

/// Adds the sources in `[tool.uv]` of a manifest at `path`.
pub(super) fn read(
    manifest: &Table,
    path: &Path,
    workspace: Option<&Workspace>,
    named: &mut NamedSources,
) -> Result<()> {
    let Some(uv) = manifest
        .get("tool")
        .and_then(|tool| tool.get("uv")?.as_table())
    else {
        return Ok(());
    };
    let directory = path.parent().unwrap_or(Path::new("/"));
    let root = workspace
        .map(|workspace| workspace.root.join(MANIFEST))
        .filter(|root| root != path);
    let of_root = root
        .as_deref()
        .and_then(|root| pyproject::read(root).ok())
        .unwrap_or_default();
    let mut indexes = indexes(uv, directory);
    if let (Some(root), Some(uv)) = (
        &root,
        of_root
            .get("tool")
            .and_then(|tool| tool.get("uv")?.as_table()),
    ) {
        indexes.extend(self::indexes(uv, root.parent().unwrap_or(directory)));
    }
    for (name, value) in uv
        .get("sources")
        .and_then(Value::as_table)
        .into_iter()
        .flatten()
    {
        let several = value
            .as_array()
            .map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for source in several {
            let Some(source) = source.as_table() else {
                return Err(refused(path, name, "a source must be a table"));
            };
            let text = |key: &str| source.get(key).and_then(Value::as_str);
            let marker = text("marker")
                .map(|marker| condition(marker, path, name))
                .transpose()?;
            let [extra, group] = ["extra", "group"].map(|key| text(key).map(normalised));
            let source = one(source, path, name, workspace, &indexes)?;
            named.rules.push(Rule {
                name: normalised(name),
                source,
                marker,
                extra,
                group,
            });
        }
    }
    for index in indexes {
        if index.default {
            named.default.get_or_insert(index.source);
        } else if !index.explicit && !named.ordered.contains(&index.source) {
            named.ordered.push(index.source);
        }
    }
    Ok(())
}

fn one(
    source: &Table,
    path: &Path,
    name: &str,
    workspace: Option<&Workspace>,
    indexes: &[Index],
) -> Result<Source> {
    let text = |key: &str| source.get(key).and_then(Value::as_str);
    let flag = |key: &str| source.get(key).and_then(Value::as_bool);
    let directory = path.parent().unwrap_or(Path::new("/"));
    if flag("workspace") == Some(true) {
        let Some(workspace) = workspace else {
            return Err(refused(
                path,
                name,
                "it has a workspace source, but this project is not in a workspace",
            ));
        };
        let Some(member) = workspace.member(&normalised(name)) else {
            let root = workspace.root.display();
            return Err(refused(
                path,
                name,
                format!("the workspace in `{root}` has no such member"),
            ));
        };
        return Ok(Source::Directory {
            path: member.to_path_buf(),
            package: is_package(member),
        });
    }
    if let Some(written) = text("path") {
        let place = absolute(&directory.join(written));
        if place.is_dir() {
            let package = flag("package").unwrap_or_else(|| is_package(&place));
            return Ok(Source::Directory {
                path: place,
                package,
            });
        }
        if !place.is_file() {
            return Err(refused(path, name, format!("`{written}` does not exist")));
        }
        return Ok(Source::Archive(place));
    }
    if let Some(url) = text("git") {
        let revision = ["rev", "tag", "branch"]
            .iter()
            .find_map(|key| text(key))
            .map(ToOwned::to_owned);
        let url = url.strip_prefix("git+").unwrap_or(url).to_owned();
        return Ok(Source::Git {
            url,
            revision,
            subdirectory: text("subdirectory").map(ToOwned::to_owned),
        });
    }
    if let Some(url) = text("url") {
        let below = text("subdirectory")
            .map(|below| format!("#subdirectory={below}"))
            .unwrap_or_default();
        return Ok(Source::Url(format!("{url}{below}")));
    }
    if let Some(wanted) = text("index") {
        let found = indexes
            .iter()
            .find(|index| index.source.name.as_deref() == Some(wanted));
        let none = || {
            refused(
                path,
                name,
                format!("no `[[tool.uv.index]]` has the name `{wanted}`"),
            )
        };
        return Ok(Source::Index(found.ok_or_else(none)?.source.clone()));
    }
    let keys: Vec<&str> = source.keys().map(String::as_str).collect();
    Err(refused(
        path,
        name,
        format!("`{}` is not a source", keys.join(", ")),
    ))
}

/// Whether a project is installed itself, not only its requirements.
fn is_package(directory: &Path) -> bool {
    let manifest = pyproject::of(directory).unwrap_or_default();
    let said = manifest
        .get("tool")
        .and_then(|tool| tool.get("uv")?.get("package")?.as_bool());
    said.unwrap_or(true)
}

struct Index {
    source: IndexSource,
    explicit: bool,
    default: bool,
}

fn indexes(uv: &Table, directory: &Path) -> Vec<Index> {
    let list = uv
        .get("index")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let one = |index: &Value| {
        let flag = |key: &str| index.get(key).and_then(Value::as_bool).unwrap_or_default();
        let url = index.get("url")?.as_str()?;
        let is_path = !url.contains("://");
        let url = if is_path {
            absolute(&directory.join(url)).display().to_string()
        } else {
            url.to_owned()
        };
        let name = index
            .get("name")
            .and_then(Value::as_str)
            .map(ToOwned::to_owned);
        let flat = index.get("format").and_then(Value::as_str) == Some("flat");
        let source = IndexSource { name, url, flat };
        Some(Index {
            source,
            explicit: flag("explicit"),
            default: flag("default"),
        })
    };
    let mut found: Vec<Index> = list.filter_map(one).collect();
    let plain = |url: &str| IndexSource {
        name: None,
        url: url.to_owned(),
        flat: false,
    };
    if let Some(url) = uv.get("index-url").and_then(Value::as_str) {
        found.push(Index {
            source: plain(url),
            explicit: false,
            default: true,
        });
    }
    let extra = uv
        .get("extra-index-url")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    found.extend(extra.map(|url| Index {
        source: plain(url),
        explicit: false,
        default: false,
    }));
    found
}
