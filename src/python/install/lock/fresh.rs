//! Whether a `uv.lock` is up to date with its manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use pep440_rs::VersionSpecifiers;
use pep508_rs::VersionOrUrl;
use toml::{Table, Value};

use super::error::{Result, stale};
use super::locked::Selection;
use super::table::{tables, text, texts};
use crate::pyproject;
use crate::python::core_metadata::normalised;
use crate::python::install::address::absolute;
use crate::python::install::named::{
    Conditions, NamedSources, Source, Workspace, expanded, project_name,
};
use crate::python::markers;

/// A requirement in comparable form: name, extras, version specifier, and source.
type Wanted = (String, BTreeSet<String>, BTreeSet<String>, String);

/// Compares a lock with the project's manifest and with those of its workspace.
pub(super) fn check(
    file: &Path,
    lock: &Table,
    packages: &[&Table],
    selection: &Selection,
) -> Result<()> {
    let root = absolute(file.parent().unwrap_or(Path::new(".")));
    let workspace = Workspace::of(&root);
    let members = workspace.map_or_else(|| vec![root.clone()], |workspace| workspace.members);
    let own = absolute(selection.project.unwrap_or(&root));
    let manifest = lock.get("manifest").and_then(Value::as_table);
    let of_root = pyproject::of(&root).unwrap_or_default();
    let read = |member: &PathBuf| pyproject::of(member).unwrap_or_default();
    let projects: Vec<Table> = members.iter().map(read).collect();
    check_members(file, &projects, manifest)?;
    check_constraints(file, &of_root, manifest, selection)?;
    if let [only] = projects.as_slice() {
        let text_of = |manifest: &Table| {
            manifest
                .get("project")?
                .get("requires-python")?
                .as_str()
                .map(bounds)
        };
        let wanted = text_of(only);
        let locked = text(lock, "requires-python").map(bounds);
        if wanted.is_some() && wanted != locked {
            return Err(stale(file, "`requires-python` has changed"));
        }
    }
    for (member, project) in members.iter().zip(&projects) {
        let place = |package: &&&Table| {
            let source = package.get("source").and_then(Value::as_table);
            let path = source.and_then(|source| {
                ["editable", "directory", "virtual"]
                    .iter()
                    .find_map(|key| text(source, key))
            });
            path.is_some_and(|path| absolute(&root.join(path)) == *member)
        };
        let Some(package) = packages.iter().find(place) else {
            return Err(stale(
                file,
                format!("it does not contain `{}`", member.display()),
            ));
        };
        check_member(
            file,
            (member, project),
            package,
            (*member == own).then_some(selection.requirements),
            selection,
        )?;
    }
    Ok(())
}

/// Compares the lock of a script with the script.
pub(super) fn check_script(
    file: &Path,
    manifest: Option<&Table>,
    selection: &Selection,
) -> Result<()> {
    let lists = manifest
        .map(|manifest| tables(manifest, "requirements").collect::<Vec<_>>())
        .unwrap_or_default();
    let base = absolute(file.parent().unwrap_or(Path::new(".")));
    // The sources in the script's own block are part of the requirements already.
    let strip = |(name, extras, bounds, _): Wanted| (name, extras, bounds);
    let locked = lists
        .iter()
        .filter_map(|one| locked(one, &base, selection, &[]))
        .map(strip)
        .collect::<BTreeSet<_>>();
    let wanted = selection.requirements.iter().filter_map(|one| {
        let requirement = markers::parse(one)?;
        let applies = requirement.marker.evaluate(selection.environment, &[]);
        applies.then(|| strip(described(&requirement, None)))
    });
    differ(file, "", &wanted.collect(), &locked, |(name, ..)| name)
}

fn check_members(file: &Path, projects: &[Table], manifest: Option<&Table>) -> Result<()> {
    let locked: BTreeSet<String> = manifest
        .into_iter()
        .flat_map(|manifest| texts(manifest, "members"))
        .map(normalised)
        .collect();
    let found: BTreeSet<String> = projects.iter().filter_map(project_name).collect();
    // A project without a workspace is not listed.
    if found.len() <= 1 && locked.is_empty() || found == locked {
        return Ok(());
    }
    match found.symmetric_difference(&locked).next() {
        Some(name) if found.contains(name) => {
            Err(stale(file, format!("the member `{name}` is new")))
        }
        Some(name) => Err(stale(file, format!("`{name}` is not a member any more"))),
        None => Ok(()),
    }
}

fn check_constraints(
    file: &Path,
    root: &Table,
    manifest: Option<&Table>,
    selection: &Selection,
) -> Result<()> {
    let uv = root.get("tool").and_then(|tool| tool.get("uv")?.as_table());
    for (key, of_lock) in [
        ("constraint-dependencies", "constraints"),
        ("override-dependencies", "overrides"),
    ] {
        let list = uv.into_iter().flat_map(|uv| texts(uv, key));
        let wanted: BTreeSet<_> = list
            .filter_map(markers::parse)
            .filter(|one| one.marker.evaluate(selection.environment, &[]))
            .map(|one| described(&one, None))
            .map(|(name, _, bounds, _)| (name, bounds))
            .collect();
        let list = manifest
            .into_iter()
            .flat_map(|manifest| tables(manifest, of_lock));
        let base = Path::new("/");
        let locked: BTreeSet<_> = list
            .filter_map(|one| locked(one, base, selection, &[]))
            .map(|(name, _, bounds, _)| (name, bounds))
            .collect();
        if wanted != locked {
            return Err(stale(file, format!("`{key}` has changed")));
        }
    }
    Ok(())
}

/// Compares the requirements of a member, unconditional ones and those of each extra and group.
fn check_member(
    file: &Path,
    (member, manifest): (&Path, &Table),
    package: &Table,
    given: Option<&[String]>,
    selection: &Selection,
) -> Result<()> {
    let named = NamedSources::of_project(member)?;
    let base = absolute(file.parent().unwrap_or(Path::new(".")));
    let metadata = package.get("metadata").and_then(Value::as_table);
    let requires: Vec<&Table> = metadata
        .map(|one| tables(one, "requires-dist").collect())
        .unwrap_or_default();
    let project = manifest.get("project").and_then(Value::as_table);
    let dynamic: Vec<&str> = project
        .map(|project| texts(project, "dynamic").collect())
        .unwrap_or_default();
    let name = text(package, "name").unwrap_or_default();
    let is_static = project.is_some() && !dynamic.contains(&"dependencies");
    let wanted = |list: &mut dyn Iterator<Item = &str>,
                  extra: &[String],
                  group: &[String]|
     -> BTreeSet<Wanted> {
        let conditions = Conditions {
            environment: selection.environment,
            extras: extra,
            groups: group,
        };
        list.filter_map(markers::parse)
            .filter(|one| one.marker.evaluate(selection.environment, &[]))
            .filter(|one| one.name.as_ref() != name)
            .map(|one| {
                let own = match &one.version_or_url {
                    Some(VersionOrUrl::Url(url)) => {
                        Some(Source::of_address(&expanded(&url.0, member), member))
                    }
                    _ => None,
                };
                let source = named.pick(one.name.as_ref(), conditions).cloned().or(own);
                described(&one, source.as_ref())
            })
            .collect()
    };
    let in_lock = |list: &[&Table], extras: &[String]| -> BTreeSet<Wanted> {
        let all = list
            .iter()
            .filter_map(|one| locked(one, &base, selection, extras));
        all.filter(|(required, ..)| required != name).collect()
    };
    if is_static {
        let mut lists: BTreeMap<Option<String>, Vec<&str>> = BTreeMap::new();
        lists.insert(
            None,
            project
                .map(|project| texts(project, "dependencies").collect())
                .unwrap_or_default(),
        );
        if !dynamic.contains(&"optional-dependencies") {
            let extras =
                project.and_then(|project| project.get("optional-dependencies")?.as_table());
            for (extra, list) in extras.into_iter().flatten() {
                let list = list
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                lists.insert(Some(normalised(extra)), list);
            }
        }
        let always = in_lock(&requires, &[]);
        for (extra, list) in lists {
            let extras: Vec<String> = extra.iter().cloned().collect();
            let mut found = in_lock(&requires, &extras);
            if extra.is_some() {
                found.retain(|one| !always.contains(one));
            }
            let mut here = wanted(&mut list.into_iter(), &extras, &[]);
            if extra.is_some() {
                here.retain(|one| !always.contains(one));
            }
            differ(
                file,
                &of(name, extra.as_deref()),
                &here,
                &found,
                |(name, ..)| name,
            )?;
        }
    } else if let Some(given) = given {
        // Only the back end knows; its answer is given for the selected ones.
        let mut found = in_lock(&requires, selection.extras);
        found.extend(
            selection
                .groups
                .iter()
                .flat_map(|group| in_lock(&group_of(metadata, group), &[])),
        );
        let here = wanted(
            &mut given.iter().map(String::as_str),
            selection.extras,
            selection.groups,
        );
        differ(file, &of(name, None), &here, &found, |(name, ..)| name)?;
    }
    let groups = manifest.get("dependency-groups").and_then(Value::as_table);
    for (group, list) in groups.into_iter().flatten() {
        let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
        // Included groups are compared by themselves.
        if list.iter().any(|one| !one.is_str()) {
            continue;
        }
        let chosen = [normalised(group)];
        let here = wanted(&mut list.iter().filter_map(Value::as_str), &[], &chosen);
        let found = in_lock(&group_of(metadata, group), &[]);
        differ(
            file,
            &format!("the group `{group}` of `{name}`"),
            &here,
            &found,
            |(name, ..)| name,
        )?;
    }
    Ok(())
}

fn of(name: &str, extra: Option<&str>) -> String {
    extra.map_or_else(|| format!("`{name}`"), |extra| format!("`{name}[{extra}]`"))
}

fn group_of<'a>(metadata: Option<&'a Table>, group: &str) -> Vec<&'a Table> {
    let groups = metadata.and_then(|metadata| metadata.get("requires-dev")?.as_table());
    let list = groups
        .into_iter()
        .flatten()
        .find(|(name, _)| normalised(name) == normalised(group));
    list.and_then(|(_, list)| list.as_array())
        .into_iter()
        .flatten()
        .filter_map(Value::as_table)
        .collect()
}

/// A requirement of the manifest.
fn described(requirement: &markers::Requirement, source: Option<&Source>) -> Wanted {
    let bounds = match (&requirement.version_or_url, source) {
        // With a source, the version specifier does not matter.
        (Some(VersionOrUrl::VersionSpecifier(specifier)), None | Some(Source::Index(_))) => {
            specifier.iter().map(ToString::to_string).collect()
        }
        _ => BTreeSet::new(),
    };
    let extras = requirement.extras.iter().map(ToString::to_string).collect();
    (requirement.name.to_string(), extras, bounds, place(source))
}

/// A requirement of a lock; `None` if it does not apply.
fn locked(one: &Table, base: &Path, selection: &Selection, extras: &[String]) -> Option<Wanted> {
    if let Some(marker) = text(one, "marker").and_then(markers::marker)
        && !marker.evaluate(selection.environment, &markers::extras(extras))
    {
        return None;
    }
    let path = ["editable", "directory", "virtual", "path"]
        .iter()
        .find_map(|key| text(one, key));
    let place = path
        .map(|path| format!("path {}", absolute(&base.join(path)).display()))
        .or_else(|| {
            text(one, "git").map(|git| format!("git {} {}", repository(git), revision(git)))
        })
        .or_else(|| {
            text(one, "url").map(|url| format!("url {}", url.split('#').next().unwrap_or(url)))
        })
        .unwrap_or_default();
    let extras = texts(one, "extras").map(normalised).collect();
    let bounds = text(one, "specifier")
        .filter(|_| place.is_empty())
        .map(bounds)
        .unwrap_or_default();
    Some((normalised(text(one, "name")?), extras, bounds, place))
}

fn place(source: Option<&Source>) -> String {
    match source {
        Some(Source::Directory { path, .. } | Source::Archive(path)) => {
            format!("path {}", path.display())
        }
        Some(Source::Git { url, revision, .. }) => {
            format!(
                "git {} {}",
                repository(url),
                revision.as_deref().unwrap_or_default()
            )
        }
        Some(Source::Url(url)) => {
            let url = crate::python::command::without_user(url);
            format!("url {}", url.split('#').next().unwrap_or(&url))
        }
        Some(Source::Index(_)) | None => String::new(),
    }
}

/// The normalised URL of a repository, which lock and manifest spell differently.
fn repository(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    crate::python::command::without_user(url)
        .trim_end_matches('/')
        .trim_end_matches(".git")
        .to_owned()
}

/// The revision in a lock's repository URL: `https://host/x?rev=v1`.
fn revision(git: &str) -> String {
    let query = git
        .split('#')
        .next()
        .and_then(|git| git.split_once('?'))
        .map_or("", |(_, query)| query);
    let pair = query.split('&').filter_map(|pair| pair.split_once('='));
    let value = { pair }
        .find(|(key, _)| ["rev", "tag", "branch"].contains(key))
        .map_or("", |(_, value)| value);
    percent_encoding::percent_decode_str(value)
        .decode_utf8_lossy()
        .into_owned()
}

fn bounds(text: &str) -> BTreeSet<String> {
    let parsed =
        VersionSpecifiers::from_str(text).map(|all| all.iter().map(ToString::to_string).collect());
    parsed.unwrap_or_else(|_| BTreeSet::from([text.to_owned()]))
}

/// Rejects a lock with missing or additional entries.
fn differ<T: Ord>(
    file: &Path,
    of: &str,
    wanted: &BTreeSet<T>,
    locked: &BTreeSet<T>,
    name: impl Fn(&T) -> &String,
) -> Result<()> {
    let Some(other) = wanted.symmetric_difference(locked).next() else {
        return Ok(());
    };
    let required = name(other);
    let of = if of.is_empty() {
        String::new()
    } else {
        format!(" of {of}")
    };
    let [here, there] = [wanted, locked].map(|all| all.iter().any(|one| name(one) == required));
    Err(stale(
        file,
        match (here, there) {
            (true, false) => format!("the requirement `{required}`{of} is new"),
            (false, true) => format!("the requirement `{required}`{of} was removed"),
            _ => format!("the requirement `{required}`{of} has changed"),
        },
    ))
}
