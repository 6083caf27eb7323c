//! Turns `pyproject.toml`, or another input, into a checked [`Manifest`]. Every error has the key,
//! the line, the cause and the remedy.
//!
//! [`parse`] only sees the text: the builder checks whether sources and interpreters exist. The
//! result needs no further checks of syntax: names are valid, targets stay inside, requirements
//! parse.

#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice
)]

mod choices;
mod command;
mod entry_point;
mod error;
mod input;
mod line;
mod name;
mod operation;
mod placeholder;
mod project;
mod requirement;
mod script;
mod scripts;
mod settings;
mod setup;
mod slim;
mod slot;
pub mod suggest;
mod table;
mod target;
#[cfg(test)]
mod tests;
mod warning;

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

pub use choices::Choices;
pub use entry_point::EntryPoint;
pub use error::{At, Error, Site};
pub use input::Input;
pub use line::line_of;
pub use name::{MAX_NAME, is_name, made_of, normalized};
pub use operation::{MAX_OPERATIONS, Operation, OperationName};
pub use project::Project;
pub use requirement::{AnyUrl, Named, named, read as read_requirement};
pub use script::{is_script, parse as parse_script, script_block};
pub use scripts::{NamedScript, ScriptTarget};
pub use settings::{Budget, Build, Execution, Policy, Python, RuntimeEnv};
pub use setup::{describes_project, description_in, is_beside as is_setup_beside, is_setup};
pub use slim::{Slim, UnknownSlim};
pub use slot::{Lifecycle, Slot};
pub use target::TargetSettings;
pub use warning::Warning;

pub use crate::pyproject::MANIFEST;

use crate::format::WORKENV;
use table::{Item, Source, Table};

/// What an input says about the package to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The kind of input.
    pub input: Input,
    /// The selections on the command line, which are merged into the other fields.
    pub choices: Choices,
    /// The file, as named by the caller; for an [`Input::Directory`], the directory.
    pub path: PathBuf,
    /// The base of relative paths in the file.
    pub directory: PathBuf,
    pub project: Project,
    /// For an [`Input::Requirement`]: the argument for an installer. It may contain a password:
    /// never printed.
    pub requirement: Option<String>,
    /// The base name of the package file and of the cache entry: a name, never a path.
    pub package_name: String,
    /// `tool.flavor.version`, else the project's; `None` if the build back end computes it.
    pub version: Option<String>,
    /// `tool.flavor.entry_point`. Without it the package runs [`Self::main_script`].
    pub entry_point: Option<EntryPoint>,
    /// `tool.flavor.scripts`, in the order of the file.
    pub scripts: Vec<NamedScript>,
    pub python: Python,
    pub build: Build,
    pub execution: Execution,
    /// `tool.flavor.hooks.post_extract`: set-up commands, placeholders unexpanded.
    pub post_extract: Vec<Vec<String>>,
    pub budget: Budget,
    pub policy: Policy,
    pub target: TargetSettings,
    /// `[tool.flavor.metadata]`, free-form, for the package's own metadata.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// In the order of the file.
    pub slots: Vec<Slot>,
}

impl Manifest {
    /// Reads and parses a manifest; of a directory, its `pyproject.toml`.
    pub fn read(path: &Path) -> Result<(Self, Vec<Warning>), Error> {
        Self::read_with(path, &Choices::default())
    }

    /// The same, with what the command line chooses.
    pub fn read_with(path: &Path, choices: &Choices) -> Result<(Self, Vec<Warning>), Error> {
        let path = if path.is_dir() {
            setup::description_in(path).unwrap_or_else(|| path.join(MANIFEST))
        } else {
            path.to_path_buf()
        };
        // setuptools reads its own files.
        let text = if setup::is_description(&path) {
            String::new()
        } else {
            read_text(&path)?
        };
        Self::of_text(&text, &path, choices)
    }

    /// Parses the text of an existing or future manifest at `path`.
    pub fn of_text(
        text: &str,
        path: &Path,
        choices: &Choices,
    ) -> Result<(Self, Vec<Warning>), Error> {
        parse_with(text, path, choices, setup::is_beside(path))
    }

    /// A manifest for an input without a file of settings.
    ///
    /// `project` has the name and the version.
    pub fn of_input(
        input: Input,
        path: &Path,
        project: Project,
        choices: &Choices,
    ) -> Result<Self, Error> {
        Self::bare(input, path, project).completed(choices)
    }

    /// A manifest for a distribution to be installed. Its name and version are known after the
    /// installation; until then it is called `name`. `path` is shown to people, `directory` is
    /// where the package goes.
    pub fn of_requirement(
        requirement: &str,
        path: &Path,
        directory: &Path,
        name: &str,
        choices: &Choices,
    ) -> Result<Self, Error> {
        let project = Project {
            dynamic: vec!["version".into()],
            ..Project::plain(name)
        };
        let mut manifest = Self::bare(
            Input::Requirement,
            path,
            Project {
                version: None,
                ..project
            },
        );
        manifest.directory = directory.to_path_buf();
        manifest.requirement = Some(requirement.to_string());
        manifest.completed(choices)
    }

    /// The manifest with the name and version that its requirement resolved to.
    #[must_use]
    pub fn called(&self, name: &str, version: &str) -> Self {
        let project = Project {
            name: name.into(),
            version: Some(version.into()),
            ..self.project.clone()
        };
        Self {
            package_name: name.into(),
            version: Some(version.into()),
            project,
            ..self.clone()
        }
    }

    /// The same input at another place: `directory` is a copy of [`Self::directory`].
    #[must_use]
    pub fn moved_to(&self, directory: &Path) -> Self {
        if self.input == Input::Requirement {
            return self.clone();
        }
        let path = match self.input {
            Input::Directory => directory.to_path_buf(),
            _ => directory.join(self.path.file_name().unwrap_or_default()),
        };
        Self {
            path,
            directory: directory.to_path_buf(),
            ..self.clone()
        }
    }

    /// The working directory of installers, so that relative paths and settings there have the same
    /// meaning as for the user.
    ///
    /// A script or a wheel may be in any directory, whose other content must not matter.
    pub fn project_directory(&self) -> Option<&Path> {
        matches!(self.input, Input::Project | Input::Directory).then_some(&*self.directory)
    }

    fn bare(input: Input, path: &Path, project: Project) -> Self {
        let directory = match (input, path.parent()) {
            (Input::Directory, _) => path,
            (_, Some(parent)) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        Self {
            input,
            choices: Choices::default(),
            path: path.to_path_buf(),
            directory: directory.to_path_buf(),
            package_name: project.name.clone(),
            version: project.version.clone(),
            requirement: None,
            entry_point: None,
            scripts: Vec::new(),
            python: Python::default(),
            build: Build::default(),
            execution: Execution::default(),
            post_extract: Vec::new(),
            budget: Budget::default(),
            policy: Policy::default(),
            target: TargetSettings::default(),
            metadata: serde_json::Map::new(),
            slots: Vec::new(),
            project,
        }
    }

    /// Applies the selections of the command line, and checks for completeness.
    fn completed(mut self, choices: &Choices) -> Result<Self, Error> {
        choices.apply(&mut self)?;
        self.checked()
    }

    /// Whether the project must be built before the content of the package is known.
    ///
    /// A missing version alone does not require that: it can be filled in later.
    pub fn awaits_metadata(&self) -> bool {
        let project = &self.project;
        if !self.is_python() {
            return (project.awaits("name") && self.package_name.is_empty())
                || (project.awaits("version") && self.version.is_none());
        }
        // A wheel may have programs that are not scripts, such as native ones.
        let has_nothing_else = || {
            project.scripts.is_empty()
                && self.scripts.is_empty()
                && project.has_back_end
                && self.entry_point.is_none()
                && self.execution.command.is_none()
        };
        let scripts = || !project.is_filled && (project.computes_scripts() || has_nothing_else());
        ["name", "requires-python", "dependencies"]
            .iter()
            .any(|key| project.awaits(key))
            || (project.awaits("optional-dependencies") && !self.build.extras.is_empty())
            || scripts()
    }

    /// The manifest completed with the fields that the build back end computed, from the `built`
    /// project. [`Self::complete`] checks it.
    #[must_use]
    pub fn filled(&self, built: Project) -> Self {
        let mut project = self.project.filled(built);
        if !self.is_python() {
            // Its wheel is not in the package.
            project.scripts.clear();
            project.programs.clear();
        }
        let version = self.version.clone().or_else(|| project.version.clone());
        let package_name = if self.package_name.is_empty() {
            &project.name
        } else {
            &self.package_name
        }
        .clone();
        Self {
            project,
            package_name,
            version,
            ..self.clone()
        }
    }

    /// Checks the completed fields.
    ///
    /// # Errors
    /// The build back end does not provide the missing fields either, or does not know a selected
    /// extra.
    pub fn complete(self) -> Result<Self, Error> {
        let extras = &self.project.optional_dependencies;
        if let Some(extra) = self
            .build
            .extras
            .iter()
            .find(|extra| !extras.contains_key(*extra))
        {
            return Err(Error::NoSuchExtra {
                project: self.project.name.clone(),
                extra: extra.clone(),
                suggestion: suggest::closest(extra, extras.keys().map(String::as_str))
                    .map(str::to_owned),
                known: extras.keys().cloned().collect(),
            });
        }
        self.checked()
    }

    /// Checks that nothing is missing except what the build back end computes.
    fn checked(mut self) -> Result<Self, Error> {
        let project = &mut self.project;
        if self.package_name.is_empty() && !project.awaits("name") {
            let path = self.path;
            return Err(if project.is_filled {
                Error::Unnamed { path }
            } else {
                Error::NoName { path }
            });
        }
        if project.name.is_empty() {
            project.name.clone_from(&self.package_name);
        }
        if self.version.is_none() && !project.computes("version") {
            return Err(Error::NoVersion { path: self.path });
        }
        if self.awaits_metadata() {
            return Ok(self);
        }
        // The scripts are known only after the installation.
        let is_open = self.choices.script.is_some()
            || !self.scripts.is_empty()
            || self.input == Input::Requirement;
        if !is_open
            && self.entry_point.is_none()
            && self.project.scripts.is_empty()
            && self.execution.command.is_none()
        {
            let program = self.main_of(&self.project.programs, String::as_str);
            self.execution.command =
                program.map(|program| vec![format!("{WORKENV}/bin/{program}")]);
        }
        let nothing_in_python = self.entry_point.is_none() && self.project.scripts.is_empty();
        if !is_open && self.execution.command.is_none() && (nothing_in_python || !self.is_python())
        {
            return Err(Error::NothingToRun {
                is_built: self.project.is_filled && self.project.computes_scripts(),
                path: self.path,
                project: self.project.name,
                input: self.input,
            });
        }
        Ok(self)
    }

    /// Whether the package contains a Python interpreter.
    ///
    /// The default is yes, unless the package has a command of its own and nothing that needs an
    /// interpreter.
    pub fn is_python(&self) -> bool {
        self.python.enabled.unwrap_or(
            self.execution.command.is_none()
                || self.entry_point.is_some()
                || !self.scripts.is_empty()
                || self.python.declared
                || self.input != Input::Project
                || !self.project.scripts.is_empty()
                || !self.project.programs.is_empty()
                || !self.project.dependencies.is_empty()
                || self.project.computes("dependencies")
                || self.project.computes_scripts(),
        )
    }

    /// The script that a package without `entry_point` and `execution.command` runs: the one with
    /// the name of the package, else the first.
    pub fn main_script(&self) -> Option<&(String, String)> {
        self.main_of(&self.project.scripts, |(script, _)| script)
    }

    fn main_of<'a, T>(&self, commands: &'a [T], name_of: impl Fn(&T) -> &str) -> Option<&'a T> {
        let named = |wanted: &str| {
            commands
                .iter()
                .find(|command| name::normalized(name_of(command)) == name::normalized(wanted))
        };
        named(&self.package_name)
            .or_else(|| named(&self.project.name))
            .or_else(|| commands.first())
    }
}

/// Checks the text of a manifest. `path` is for messages and the base of relative paths.
pub fn parse(text: &str, path: &Path) -> Result<(Manifest, Vec<Warning>), Error> {
    parse_with(text, path, &Choices::default(), false)
}

fn parse_with(
    text: &str,
    path: &Path,
    choices: &Choices,
    is_described: bool,
) -> Result<(Manifest, Vec<Warning>), Error> {
    let source = Source::new(text, path);
    let document = DeTable::parse(text).map_err(|error| source.syntax_error(&error))?;
    let mut root = Table::root(&source, document.get_ref());
    let mut manifest = Manifest::bare(
        Input::Project,
        path,
        project::parse(&mut root, is_described)?,
    );
    read_tool(&mut root, &mut manifest)?;
    Ok((manifest.completed(choices)?, source.into_warnings()))
}

/// The text of a file, which must be UTF-8.
fn read_text(path: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(path).map_err(|source| error::unreadable(path, source))?;
    String::from_utf8(bytes).map_err(|error| {
        let before = error
            .as_bytes()
            .get(..error.utf8_error().valid_up_to())
            .unwrap_or_default();
        Error::NotUtf8 {
            path: path.to_path_buf(),
            line: before.split(|byte| *byte == b'\n').count(),
        }
    })
}

/// Reads `[tool.flavor]`, and returns `[tool]`.
fn read_tool<'a>(
    root: &mut Table<'a>,
    manifest: &mut Manifest,
) -> Result<Option<Table<'a>>, Error> {
    let Some(mut tool) = root.table("tool")? else {
        return Ok(None);
    };
    match tool.table("flavor")? {
        Some(flavor) => read_flavor(flavor, manifest)?,
        // Tables of other tools are ignored, but `[tool.flavour]` is a misspelling of ours.
        None => tool.warn_near("flavor"),
    }
    Ok(Some(tool))
}

fn read_flavor(mut flavor: Table<'_>, manifest: &mut Manifest) -> Result<(), Error> {
    let metadata = flavor.get("metadata");
    let package_name = match (flavor.get("package_name"), flavor.get("name")) {
        (Some(item), _) | (None, Some(item)) => Some(item),
        // FlavorPack keeps the name here.
        (None, None) => metadata
            .as_ref()
            .map(Item::table)
            .transpose()?
            .and_then(|mut table| table.get("package_name")),
    };
    if let Some(item) = package_name {
        manifest.package_name = name::checked(&item, "package name")?;
    }
    if let Some(item) = flavor.get("version") {
        manifest.version = Some(project::version(&item)?);
    }
    manifest.entry_point = flavor
        .get("entry_point")
        .map(|item| project::entry_point(&item))
        .transpose()?
        .or(manifest.entry_point.take());
    if let Some(item) = flavor.get("scripts") {
        manifest.scripts = scripts::parse(&item)?;
    }
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
    if let Some(table) = flavor.table("target")? {
        manifest.target = target::target(table)?;
    }
    if let Some(item) = metadata {
        for (key, value) in item.table()?.entries() {
            manifest.metadata.insert(key.to_string(), to_json(&value)?);
        }
    }
    if let Some(item) = flavor.get("slots") {
        manifest.slots = slot::parse_all(&item, manifest.is_python())?;
    }
    if let Some(slots) = flavor
        .table("budget")?
        .map(|mut budget| budget.table("slots"))
        .transpose()?
        .flatten()
    {
        let own = if manifest.is_python() {
            &slot::PYTHON_SLOTS[..]
        } else {
            &[]
        };
        slots.warn_but(
            own.iter()
                .copied()
                .chain(manifest.slots.iter().map(|slot| slot.name.as_str())),
        );
    }
    flavor.finish();
    Ok(())
}

/// Converts TOML to JSON: dates become strings, and values that JSON cannot represent are rejected.
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
        DeValue::Array(_) => item
            .list("an array")?
            .iter()
            .map(to_json)
            .collect::<Result<_, _>>()?,
        DeValue::Table(_) => {
            let entries = item.table()?.entries();
            let pairs = entries
                .iter()
                .map(|(key, value)| Ok(((*key).to_string(), to_json(value)?)));
            Value::Object(pairs.collect::<Result<_, Error>>()?)
        }
    })
}
