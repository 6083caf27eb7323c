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
use crate::format::is_version;

/// The standard tables of `pyproject.toml`: `[project]` and `[dependency-groups]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// Whether there is a `[project]` table.
    pub has_table: bool,
    /// As written. Without `[project]` it is the package's name.
    pub name: String,
    /// `None` if the build back end computes it.
    pub version: Option<String>,
    pub description: Option<String>,
    /// The expression of `license`, or the text of its older table form.
    pub license: Option<String>,
    /// Keys that the build back end computes: all of them if the project is not described in
    /// `[project]`.
    pub dynamic: Vec<String>,
    /// Whether the computed keys have been filled in.
    pub is_filled: bool,
    /// A valid PEP 440 specifier.
    pub requires_python: Option<String>,
    /// Valid PEP 508 requirements, as written.
    pub dependencies: Vec<String>,
    /// By the extra's normalized name.
    pub optional_dependencies: BTreeMap<String, Vec<String>>,
    /// By the group's normalized name, with `include-group` expanded.
    pub dependency_groups: BTreeMap<String, Vec<String>>,
    /// Name and `module:function`, in the order of the file, `gui-scripts` last.
    pub scripts: Vec<(String, String)>,
    /// Commands that are files in the wheel, known only after the build.
    pub programs: Vec<String>,
    /// Whether a build system is declared: `[build-system]`, or the files of an older back end.
    pub has_back_end: bool,
}

impl Project {
    /// Metadata of a built project: `requires` and `extras` as in its `METADATA`.
    ///
    /// The reason, if a requirement is invalid.
    pub fn built(
        name: &str,
        version: &str,
        requires_python: Option<String>,
        requires: &[String],
        extras: &[String],
        scripts: Vec<(String, String)>,
    ) -> Result<Self, String> {
        if !name::is_name(name) {
            return Err(format!("`{name}` is not a valid name"));
        }
        let specifier = requires_python.as_deref().map(VersionSpecifiers::from_str);
        if let Some(Err(error)) = specifier {
            return Err(format!(
                "`Requires-Python`: {}",
                requirement::first_line(&error.to_string())
            ));
        }
        let required = requirement::by_extra(requires, extras)?;
        Ok(Self {
            name: name.into(),
            version: Some(version.into()),
            requires_python,
            dependencies: required.always,
            optional_dependencies: required.with_extra,
            scripts: scripts
                .into_iter()
                .filter(|(script, _)| name::is_name(script))
                .collect(),
            ..Self::default()
        })
    }

    /// Whether the build back end computes a key.
    pub fn computes(&self, key: &str) -> bool {
        self.dynamic.iter().any(|dynamic| dynamic == key)
    }

    /// Whether the build back end computes a key that has not been filled in yet.
    pub fn awaits(&self, key: &str) -> bool {
        !self.is_filled && self.computes(key)
    }

    /// Whether the build back end computes the commands of the project.
    pub fn computes_scripts(&self) -> bool {
        SCRIPTS.iter().any(|key| self.computes(key))
    }

    /// Whether a distribution of that name may be this project.
    pub fn is_called(&self, name: &str) -> bool {
        !self.has_table || self.computes("name") || normalized(&self.name) == normalized(name)
    }

    /// The requirements, with references to the project's own extras (`project[extra]`) expanded:
    /// an index may have another distribution of that name.
    pub fn without_itself(&self, requirements: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut found = Vec::new();
        for text in requirements {
            self.follow_itself(&text, None, &mut Vec::new(), &mut found);
        }
        found
    }

    fn follow_itself(
        &self,
        text: &str,
        marker: Option<&requirement::Marker>,
        path: &mut Vec<String>,
        out: &mut Vec<String>,
    ) {
        let Some((extras, own)) = requirement::of_itself(text, &self.name) else {
            out.push(requirement::restricted(text, marker));
            return;
        };
        let marker = requirement::both(marker, &own);
        for extra in extras {
            if path.contains(&extra) {
                continue;
            }
            path.push(extra.clone());
            for text in self.optional_dependencies.get(&extra).into_iter().flatten() {
                self.follow_itself(text, Some(&marker), path, out);
            }
            path.pop();
        }
    }

    /// Fills in what the build back end computed. Values in the file take precedence.
    pub(super) fn filled(&self, built: Self) -> Self {
        let mut filled = Self {
            is_filled: true,
            programs: built.programs,
            ..self.clone()
        };
        if self.computes("name") {
            filled.name = built.name;
        }
        if self.computes("version") {
            filled.version = built.version;
        }
        if self.computes("description") {
            filled.description = built.description;
        }
        if self.computes("requires-python") {
            filled.requires_python = built.requires_python;
        }
        if self.computes("dependencies") {
            filled.dependencies = built.dependencies;
        }
        if self.computes("optional-dependencies") {
            filled.optional_dependencies = built.optional_dependencies;
        }
        if self.computes_scripts() || self.scripts.is_empty() {
            filled.scripts = built.scripts;
        }
        filled
    }

    /// For a directory without a manifest; it has the name of the directory.
    pub fn plain(directory: &str) -> Self {
        Self {
            name: name::made_of(directory),
            version: Some("0.0.0".into()),
            ..Self::default()
        }
    }
}

pub(super) fn entry_point(item: &Item<'_>) -> Result<EntryPoint, Error> {
    let text = item.text()?;
    EntryPoint::function(text).ok_or_else(|| Error::BadEntryPoint {
        at: item.at(),
        text: text.to_string(),
    })
}

/// Entries of `dynamic` by which a back end computes commands.
const SCRIPTS: [&str; 3] = ["scripts", "gui-scripts", "entry-points"];

/// The fields taken from a back end that describes the whole project.
const FACTS: [&str; 7] = [
    "name",
    "version",
    "description",
    "requires-python",
    "dependencies",
    "optional-dependencies",
    "scripts",
];

/// Reads the standard tables. `name` stays empty if there is none.
///
/// `is_described` is true if files beside the manifest describe the project to a build back end.
pub(super) fn parse(root: &mut Table<'_>, is_described: bool) -> Result<Project, Error> {
    let mut project = match root.table("project")? {
        Some(table) => parse_project(table)?,
        None => Project::default(),
    };
    project.has_back_end =
        root.table("build-system")?.is_some() || is_described || has_older_table(root)?;
    if !project.has_table && project.has_back_end {
        project.dynamic = FACTS.map(ToOwned::to_owned).to_vec();
    }
    if let Some(groups) = root.table("dependency-groups")? {
        project.dependency_groups = parse_groups(&groups)?;
    }
    Ok(project)
}

/// Whether a tool's own table describes the project, as with Poetry and flit before `[project]`
/// existed.
fn has_older_table(root: &mut Table<'_>) -> Result<bool, Error> {
    let Some(mut tool) = root.table("tool")? else {
        return Ok(false);
    };
    // Tables of other tools are not checked here.
    let has_metadata = |flit: Item<'_>| {
        flit.table()
            .is_ok_and(|mut flit| flit.get("metadata").is_some())
    };
    Ok(tool.get("poetry").is_some() || tool.get("flit").is_some_and(has_metadata))
}

fn parse_project(mut table: Table<'_>) -> Result<Project, Error> {
    let mut optional_dependencies = BTreeMap::new();
    if let Some(extras) = table.table("optional-dependencies")? {
        for (extra, item) in extras.entries() {
            optional_dependencies.insert(
                normalized(extra),
                requirement::parse_all(&item.list("an array of strings")?)?,
            );
        }
    }
    let mut scripts = Vec::new();
    for key in ["scripts", "gui-scripts"] {
        let Some(table) = table.table(key)? else {
            continue;
        };
        for (script, item) in table.entries() {
            if !name::is_name(script) {
                return Err(Error::BadName {
                    at: item.at(),
                    what: "script name",
                    name: script.to_string(),
                });
            }
            scripts.push((script.to_string(), entry_point(&item)?.to_string()));
        }
    }
    Ok(Project {
        has_table: true,
        name: table
            .get("name")
            .map(|item| name::checked(&item, "project name"))
            .transpose()?
            .unwrap_or_default(),
        version: table
            .get("version")
            .map(|item| version(&item))
            .transpose()?,
        description: table
            .get("description")
            .map(|item| item.text().map(str::to_string))
            .transpose()?,
        license: table
            .get("license")
            .map(|item| license(&item))
            .transpose()?
            .flatten(),
        dynamic: table.texts("dynamic")?,
        requires_python: table
            .get("requires-python")
            .map(|item| specifier(&item))
            .transpose()?,
        dependencies: requirement::parse_all(&table.items("dependencies")?)?,
        optional_dependencies,
        scripts,
        ..Project::default()
    })
}

pub(super) fn version(item: &Item<'_>) -> Result<String, Error> {
    let text = item.text()?;
    match Version::from_str(text) {
        Ok(_) if is_version(text.trim()) => Ok(text.trim().to_string()),
        _ => Err(Error::BadVersion {
            at: item.at(),
            text: text.to_string(),
        }),
    }
}

pub(super) fn specifier(item: &Item<'_>) -> Result<String, Error> {
    let text = item.text()?;
    let checked = requirement::require_ascii(text).and_then(|()| {
        // The rest of the message repeats the text with an underline.
        VersionSpecifiers::from_str(text)
            .map_err(|error| requirement::first_line(&error.to_string()).to_string())
    });
    match checked {
        Ok(_) => Ok(text.to_string()),
        Err(reason) => {
            let reason = reason
                .trim_start_matches("Failed to parse version: ")
                .to_string();
            Err(Error::BadSpecifier {
                at: item.at(),
                text: text.to_string(),
                reason,
            })
        }
    }
}

/// The expression of PEP 639, or the older table with `text` or `file`, of which only `text` is
/// used.
fn license(item: &Item<'_>) -> Result<Option<String>, Error> {
    if item.value.is_str() {
        return item.text().map(|text| Some(text.to_string()));
    }
    item.table()?
        .get("text")
        .map(|text| text.text().map(str::to_string))
        .transpose()
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

/// Appends the requirements of one group. `path` holds the groups being expanded, to detect a
/// cycle.
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
            return Err(Error::GroupCycle {
                at: included.at(),
                circle: path.join(" > "),
            });
        }
        path.push(name.clone());
        follow(inner, groups, path, out)?;
        path.pop();
    }
    Ok(())
}

/// The error for a name that is not among the `known` ones.
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
