use std::collections::BTreeMap;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use toml::de::DeValue;

use super::entry_point::EntryPoint;
use super::error::Error;
use super::name::{self, normalized};
use super::requirement;
use super::suggest::closest;
use super::table::{Item, Table};

/// What the standard tables of `pyproject.toml` say: `[project]` and `[dependency-groups]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// As written. Without `[project]` it is the package's name.
    pub name: String,
    /// None when the build back end computes it.
    pub version: Option<String>,
    pub description: Option<String>,
    /// The expression of `license`, or the text of its older table form.
    pub license: Option<String>,
    /// Keys that the build back end computes.
    pub dynamic: Vec<String>,
    /// A valid PEP 440 specifier.
    pub requires_python: Option<String>,
    /// Valid PEP 508 requirements, as written.
    pub dependencies: Vec<String>,
    /// By the extra's normalized name.
    pub optional_dependencies: BTreeMap<String, Vec<String>>,
    /// By the group's normalized name, `include-group` already followed.
    pub dependency_groups: BTreeMap<String, Vec<String>>,
    /// Name and `module:function`, in the order of the file, `gui-scripts` last.
    pub scripts: Vec<(String, String)>,
    /// Commands that are files of their own, which only a wheel tells.
    pub programs: Vec<String>,
    /// Whether the file says how to build a wheel of the project.
    pub has_build_system: bool,
}

impl Project {
    /// What has been built already: `requires` and `extras` as its metadata have them.
    ///
    /// The reason, if a requirement is none.
    pub fn built(
        name: &str,
        version: &str,
        requires_python: Option<String>,
        requires: &[String],
        extras: &[String],
        scripts: Vec<(String, String)>,
    ) -> Result<Self, String> {
        if !name::is_name(name) {
            return Err(format!("`{name}` is no name"));
        }
        let specifier = requires_python.as_deref().map(VersionSpecifiers::from_str);
        if let Some(Err(error)) = specifier {
            return Err(format!("`Requires-Python`: {}", requirement::first_line(&error.to_string())));
        }
        let required = requirement::by_extra(requires, extras)?;
        Ok(Self {
            name: name.into(),
            version: Some(version.into()),
            requires_python,
            dependencies: required.always,
            optional_dependencies: required.with_extra,
            scripts: scripts.into_iter().filter(|(script, _)| name::is_name(script)).collect(),
            ..Self::default()
        })
    }

    /// A directory without a manifest, called as it is called.
    pub fn plain(directory: &str) -> Self {
        Self { name: name::made_of(directory), version: Some("0.0.0".into()), ..Self::default() }
    }
}

pub(super) fn entry_point(item: &Item<'_>) -> Result<EntryPoint, Error> {
    let text = item.text()?;
    EntryPoint::function(text).ok_or_else(|| Error::BadEntryPoint { at: item.at(), text: text.to_string() })
}

/// Reads the standard tables. `name` stays empty when there is none.
pub(super) fn parse(root: &mut Table<'_>) -> Result<Project, Error> {
    let mut project = match root.table("project")? {
        Some(table) => parse_project(table)?,
        None => Project::default(),
    };
    project.has_build_system = root.table("build-system")?.is_some();
    if let Some(groups) = root.table("dependency-groups")? {
        project.dependency_groups = parse_groups(&groups)?;
    }
    Ok(project)
}

fn parse_project(mut table: Table<'_>) -> Result<Project, Error> {
    let mut optional_dependencies = BTreeMap::new();
    if let Some(extras) = table.table("optional-dependencies")? {
        for (extra, item) in extras.entries() {
            optional_dependencies
                .insert(normalized(extra), requirement::parse_all(&item.list("an array of strings")?)?);
        }
    }
    let mut scripts = Vec::new();
    for key in ["scripts", "gui-scripts"] {
        let Some(table) = table.table(key)? else { continue };
        for (script, item) in table.entries() {
            if !name::is_name(script) {
                return Err(Error::BadName { at: item.at(), what: "script name", name: script.to_string() });
            }
            scripts.push((script.to_string(), entry_point(&item)?.to_string()));
        }
    }
    Ok(Project {
        name: table.get("name").map(|item| name::checked(&item, "project name")).transpose()?.unwrap_or_default(),
        version: table.get("version").map(|item| version(&item)).transpose()?,
        description: table.get("description").map(|item| item.text().map(str::to_string)).transpose()?,
        license: table.get("license").map(|item| license(&item)).transpose()?.flatten(),
        dynamic: table.texts("dynamic")?,
        requires_python: table.get("requires-python").map(|item| specifier(&item)).transpose()?,
        dependencies: requirement::parse_all(&table.items("dependencies")?)?,
        optional_dependencies,
        scripts,
        ..Project::default()
    })
}

pub(super) fn version(item: &Item<'_>) -> Result<String, Error> {
    let text = item.text()?;
    match Version::from_str(text) {
        Ok(_) => Ok(text.trim().to_string()),
        Err(_) => Err(Error::BadVersion { at: item.at(), text: text.to_string() }),
    }
}

pub(super) fn specifier(item: &Item<'_>) -> Result<String, Error> {
    let text = item.text()?;
    let checked = requirement::require_ascii(text).and_then(|()| {
        // The rest of the message draws the text again with an underline.
        VersionSpecifiers::from_str(text).map_err(|error| requirement::first_line(&error.to_string()).to_string())
    });
    match checked {
        Ok(_) => Ok(text.to_string()),
        Err(reason) => {
            let reason = reason.trim_start_matches("Failed to parse version: ").to_string();
            Err(Error::BadSpecifier { at: item.at(), text: text.to_string(), reason })
        }
    }
}

/// PEP 639's expression, or the older table with `text` or `file`; only words are of use here.
fn license(item: &Item<'_>) -> Result<Option<String>, Error> {
    if item.value.is_str() {
        return item.text().map(|text| Some(text.to_string()));
    }
    item.table()?.get("text").map(|text| text.text().map(str::to_string)).transpose()
}

fn parse_groups(table: &Table<'_>) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let mut groups = BTreeMap::new();
    for (group, item) in table.entries() {
        groups.insert(normalized(group), item.list("an array of requirements")?);
    }
    let mut resolved = BTreeMap::new();
    for (group, items) in &groups {
        let mut requirements = Vec::new();
        follow(items, &groups, &mut vec![group.clone()], &mut requirements)?;
        resolved.insert(group.clone(), requirements);
    }
    Ok(resolved)
}

/// Appends the requirements of one group; `path` holds the groups being followed, to notice a circle.
fn follow(
    items: &[Item<'_>],
    groups: &BTreeMap<String, Vec<Item<'_>>>,
    path: &mut Vec<String>,
    out: &mut Vec<String>,
) -> Result<(), Error> {
    for item in items {
        if !matches!(item.value, DeValue::Table(_)) {
            let requirement = requirement::parse(item)?;
            if !out.contains(&requirement) {
                out.push(requirement);
            }
            continue;
        }
        let included = item.table()?.need("include-group")?;
        let name = normalized(included.text()?);
        let Some(inner) = groups.get(&name) else {
            return Err(unknown(&included, "dependency group", &name, groups.keys()));
        };
        if path.contains(&name) {
            path.push(name);
            return Err(Error::GroupCycle { at: included.at(), circle: path.join(" > ") });
        }
        path.push(name.clone());
        follow(inner, groups, path, out)?;
        path.pop();
    }
    Ok(())
}

/// An error for a name that is not among the `known` ones.
pub(super) fn unknown<'k>(
    item: &Item<'_>,
    what: &'static str,
    word: &str,
    known: impl Iterator<Item = &'k String>,
) -> Error {
    let known: Vec<String> = known.cloned().collect();
    Error::UnknownWord {
        at: item.at(),
        what,
        word: word.to_string(),
        suggestion: closest(word, known.iter().map(String::as_str)).map(str::to_string),
        known,
    }
}
