//! `pyproject.toml` to a checked [`Manifest`]; every refusal names the key, the line, the cause and the remedy.
//!
//! [`parse`] sees nothing but the text: whether a source exists or an interpreter can be found is for the builder to
//! say. What it returns needs no further checks of form: names are names, targets stay inside, requirements parse.

#![warn(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::string_slice)]

mod command;
mod error;
mod line;
mod name;
mod operation;
mod project;
mod requirement;
mod settings;
mod slim;
mod slot;
pub mod suggest;
mod table;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

pub use error::{At, Error, Site, Warning};
pub use line::line_of;
pub use name::MAX_NAME;
pub use operation::{MAX_OPERATIONS, Operation, OperationName};
pub use project::{EntryPoint, Project};
pub use settings::{Budget, Build, Execution, Policy, Python, RuntimeEnv};
pub use slim::{Slim, UnknownSlim};
pub use slot::{Lifecycle, Slot};

use table::{Item, Source, Table};

/// What a project says about the package to be made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The file, as the caller named it.
    pub path: PathBuf,
    /// The directory that relative paths in the file start from.
    pub directory: PathBuf,
    pub project: Project,
    /// Names the file and the cache entry of the package: a name, never a path.
    pub package_name: String,
    /// `tool.flavor.version`, else the project's; none when the build back end computes it.
    pub version: Option<String>,
    /// `tool.flavor.entry_point`. Without it the package runs [`Self::main_script`].
    pub entry_point: Option<EntryPoint>,
    pub python: Python,
    pub build: Build,
    pub execution: Execution,
    /// `tool.flavor.hooks.post_extract`: commands that set the environment up, placeholders unexpanded.
    pub post_extract: Vec<Vec<String>>,
    pub budget: Budget,
    pub policy: Policy,
    /// `[tool.flavor.metadata]`, free-form, for the package's own metadata.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// In the order of the file.
    pub slots: Vec<Slot>,
}

impl Manifest {
    /// Reads and parses a manifest; of a directory, its `pyproject.toml`.
    pub fn read(path: &Path) -> Result<(Self, Vec<Warning>), Error> {
        let path = if path.is_dir() { path.join("pyproject.toml") } else { path.to_path_buf() };
        let bytes = std::fs::read(&path).map_err(|source| error::unreadable(&path, source))?;
        match str::from_utf8(&bytes) {
            Ok(text) => parse(text, &path),
            Err(error) => {
                let line = bytes.get(..error.valid_up_to()).unwrap_or_default().split(|byte| *byte == b'\n').count();
                Err(Error::NotUtf8 { path, line })
            }
        }
    }

    /// Whether the package brings a Python interpreter.
    ///
    /// Unless the file says so, yes: without Python is only what has a command of its own and nothing that would need
    /// an interpreter.
    pub fn is_python(&self) -> bool {
        self.python.enabled.unwrap_or(
            self.execution.command.is_none()
                || self.entry_point.is_some()
                || self.python.declared
                || !self.project.scripts.is_empty()
                || !self.project.dependencies.is_empty(),
        )
    }

    /// The script that a package without `entry_point` and `execution.command` runs: the one named like the package,
    /// else the first.
    pub fn main_script(&self) -> Option<&(String, String)> {
        let scripts = &self.project.scripts;
        let named =
            |wanted: &str| scripts.iter().find(|(script, _)| name::normalized(script) == name::normalized(wanted));
        named(&self.package_name).or_else(|| named(&self.project.name)).or_else(|| scripts.first())
    }
}

/// Checks the text of a manifest. `path` serves the messages and tells what relative paths start from.
pub fn parse(text: &str, path: &Path) -> Result<(Manifest, Vec<Warning>), Error> {
    let source = Source::new(text, path);
    let document = DeTable::parse(text).map_err(|error| source.syntax_error(&error))?;
    let manifest = manifest(Table::root(&source, document.get_ref()))?;
    Ok((manifest, source.into_warnings()))
}

fn manifest(mut root: Table<'_>) -> Result<Manifest, Error> {
    let path = root.source.path;
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let project = project::parse(&mut root)?;
    let mut manifest = Manifest {
        path: path.to_path_buf(),
        directory: directory.to_path_buf(),
        package_name: project.name.clone(),
        version: project.version.clone(),
        entry_point: None,
        python: Python::default(),
        build: Build::default(),
        execution: Execution::default(),
        post_extract: Vec::new(),
        budget: Budget::default(),
        policy: Policy::default(),
        metadata: serde_json::Map::new(),
        slots: Vec::new(),
        project,
    };
    if let Some(mut tool) = root.table("tool")? {
        match tool.table("flavor")? {
            Some(flavor) => read_flavor(flavor, &mut manifest)?,
            // Other tools' tables are their own business, but `[tool.flavour]` is meant for us.
            None => tool.warn_near("flavor"),
        }
    }
    if manifest.package_name.is_empty() {
        return Err(Error::NoName { path: manifest.path });
    }
    if manifest.project.name.is_empty() {
        manifest.project.name.clone_from(&manifest.package_name);
    }
    if manifest.version.is_none() && !manifest.project.dynamic.iter().any(|key| key == "version") {
        return Err(Error::NoVersion { path: manifest.path });
    }
    let nothing_in_python = manifest.entry_point.is_none() && manifest.project.scripts.is_empty();
    if manifest.execution.command.is_none() && (nothing_in_python || !manifest.is_python()) {
        return Err(Error::NothingToRun { path: manifest.path, project: manifest.project.name });
    }
    Ok(manifest)
}

fn read_flavor(mut flavor: Table<'_>, manifest: &mut Manifest) -> Result<(), Error> {
    let metadata = flavor.get("metadata");
    let package_name = match (flavor.get("package_name"), flavor.get("name")) {
        (Some(item), _) | (None, Some(item)) => Some(item),
        // FlavorPack keeps the name here.
        (None, None) => metadata.as_ref().map(Item::table).transpose()?.and_then(|mut table| table.get("package_name")),
    };
    if let Some(item) = package_name {
        manifest.package_name = name::checked(&item, "package name")?;
    }
    if let Some(item) = flavor.get("version") {
        manifest.version = Some(project::version(&item)?);
    }
    manifest.entry_point = flavor.get("entry_point").map(|item| project::entry_point(&item)).transpose()?;
    if let Some(table) = flavor.table("python")? {
        manifest.python = settings::python(table, &manifest.project)?;
    }
    if let Some(table) = flavor.table("build")? {
        manifest.build = settings::build(table, &manifest.project)?;
    }
    if let Some(table) = flavor.table("execution")? {
        manifest.execution = settings::execution(table)?;
    }
    if let Some(table) = flavor.table("hooks")? {
        manifest.post_extract = settings::hooks(table)?;
    }
    if let Some(table) = flavor.table("budget")? {
        manifest.budget = settings::budget(table)?;
    }
    if let Some(table) = flavor.table("policy")? {
        manifest.policy = settings::policy(table)?;
    }
    if let Some(item) = metadata {
        for (key, value) in item.table()?.entries() {
            manifest.metadata.insert(key.to_string(), to_json(&value)?);
        }
    }
    if let Some(item) = flavor.get("slots") {
        manifest.slots = slot::parse_all(&item, manifest.is_python())?;
    }
    flavor.finish();
    Ok(())
}

/// TOML as JSON: dates become text, and what JSON cannot say is refused.
fn to_json(item: &Item<'_>) -> Result<serde_json::Value, Error> {
    use serde_json::Value;
    Ok(match item.value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(Value::from)
            .map_err(|_| item.bad("a number of 64 bits", number))?,
        DeValue::Float(number) => number
            .as_str()
            .parse()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| item.bad("a finite number", number))?,
        DeValue::Array(_) => item.list("an array")?.iter().map(to_json).collect::<Result<_, _>>()?,
        DeValue::Table(_) => {
            let entries = item.table()?.entries();
            let pairs = entries.iter().map(|(key, value)| Ok(((*key).to_string(), to_json(value)?)));
            Value::Object(pairs.collect::<Result<_, Error>>()?)
        }
    })
}
