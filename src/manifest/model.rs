use std::path::{Path, PathBuf};

use super::choices::{Choices, Selection};
use super::entry_point::EntryPoint;
use super::error::Error;
use super::input::Input;
use super::name::normalized;
use super::project::Project;
use super::scripts::NamedScript;
use super::settings::{Budget, Build, Execution, Policy, Python};
use super::slot::Slot;
use super::suggest::closest;
use super::target::TargetSettings;
use crate::format::WORKENV;

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

    /// Without settings.
    pub(super) fn bare(input: Input, path: &Path, project: Project) -> Self {
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
    pub(super) fn completed(mut self, choices: &Choices) -> Result<Self, Error> {
        self.choose(choices)?;
        self.checked()
    }

    /// Applies the selections of the command line.
    fn choose(&mut self, choices: &Choices) -> Result<(), Error> {
        let project = &self.project;
        let computed = project.awaits("optional-dependencies");
        let extras = Selection {
            option: "--extra",
            what: "extra",
            known: &project.optional_dependencies,
            computed,
        };
        // The extras of a requirement are a part of it.
        if self.input != Input::Requirement {
            extras.add(&choices.extras, &mut self.build.extras)?;
        }
        let known = &project.dependency_groups;
        let groups = Selection {
            option: "--group",
            what: "dependency group",
            known,
            computed: false,
        };
        groups.add(&choices.groups, &mut self.build.groups)?;
        if let Some(text) = &choices.entry_point {
            let found = EntryPoint::any(text);
            let fits = |entry: &EntryPoint| {
                self.input == Input::Directory || !matches!(entry, EntryPoint::File(_))
            };
            let refused = || Error::BadChoice {
                text: text.clone(),
                input: self.input,
            };
            self.entry_point = Some(found.filter(fits).ok_or_else(refused)?);
            // An explicit entry point overrides the configured one.
            self.execution.command = None;
        }
        if choices.script.is_some() {
            (self.entry_point, self.execution.command) = (None, None);
        }
        self.choices.clone_from(choices);
        Ok(())
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
                suggestion: closest(extra, extras.keys().map(String::as_str)).map(str::to_owned),
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
                .find(|command| normalized(name_of(command)) == normalized(wanted))
        };
        named(&self.package_name)
            .or_else(|| named(&self.project.name))
            .or_else(|| commands.first())
    }
}
