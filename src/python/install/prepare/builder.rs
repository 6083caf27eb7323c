//! Wheels of local directories, built by their own back ends from a copy, like the project's own
//! wheel.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fs::IoContext as _;
use crate::python::core_metadata::CoreMetadata;
use crate::python::install::address::absolute;
use crate::python::install::backend::{BuildSystem, Built, Environment, WheelBuild, build_wheel};
use crate::python::install::error::{Error, Result};
use crate::python::install::named::NamedSources;
use crate::python::install::neutral::{self, Neutral};
use crate::python::install::request::{InstallRequest, Purpose};
use crate::python::install::source::{SourcesError, View};
use crate::python::interpreter::Interpreter;

/// A wheel on this machine.
#[derive(Debug, Clone)]
pub(super) struct Wheel {
    pub(super) path: PathBuf,
    /// As built, before it was neutralised.
    pub(super) metadata: CoreMetadata,
}

/// Makes the environment of a build in a directory: an installation, which may build wheels in turn.
pub(in super::super) type MakeEnvironment = fn(&Interpreter, &InstallRequest, &Path) -> Result<()>;

/// Builds wheels of directories.
pub(super) struct Builder<'a> {
    interpreter: &'a Interpreter,
    request: &'a InstallRequest<'a>,
    make_environment: MakeEnvironment,
    work: PathBuf,
    /// The requirements of a build environment, and the environment.
    environments: Vec<(PathBuf, Vec<String>, PathBuf)>,
    made: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        interpreter: &'a Interpreter,
        request: &'a InstallRequest<'a>,
        make_environment: MakeEnvironment,
    ) -> Self {
        let work = request.work.join("siblings");
        Self {
            interpreter,
            request,
            make_environment,
            work,
            environments: Vec::new(),
            made: 0,
        }
    }

    /// An unused directory.
    pub(super) fn place(&mut self) -> Result<PathBuf> {
        self.made += 1;
        let place = self.work.join(self.made.to_string());
        fs::create_dir_all(&place).on("create directory", &place)?;
        Ok(place)
    }

    /// Builds the wheel of the project in `directory`.
    pub(super) fn build(&mut self, directory: &Path) -> Result<Wheel> {
        if self.request.building.iter().any(|one| one == directory) {
            let error = "its build requirements include itself".to_owned();
            return Err(Error::NotBuilt {
                project: directory.to_path_buf(),
                said: vec![error],
            });
        }
        if !["pyproject.toml", "setup.py", "setup.cfg"]
            .iter()
            .any(|name| directory.join(name).is_file())
        {
            return Err(SourcesError::NoProjectAt {
                path: directory.to_path_buf(),
            }
            .into());
        }
        let place = self.place()?;
        let (copy, wheels) = (place.join("source"), place.join("wheel"));
        let snapshot = View::of(directory, &[])?.copy(&copy)?;
        let system = BuildSystem::of(directory);
        let build = WheelBuild {
            system: &system,
            project: directory,
            copy: &snapshot.project,
            top: &snapshot.top,
            wheels: &wheels,
        };
        let built = match self.in_environment(build, &[]) {
            Ok(Built::Lacks(more)) => self.in_environment(build, &more)?,
            // Without network the back end may still be installed beside the interpreter.
            Err(error @ Error::Unresolved { offline: true, .. }) => {
                match build_wheel(self.interpreter, Environment::Interpreter, build, &[])? {
                    Built::Lacks(_) | Built::NoBackEnd => return Err(error),
                    built @ Built::Wheel(_) => built,
                }
            }
            outcome => outcome?,
        };
        if let Some(path) = snapshot.damaged() {
            return Err(Error::WrittenTo {
                project: directory.to_path_buf(),
                path,
            });
        }
        match built {
            Built::Wheel(wheel) => self.neutral(&wheel),
            Built::Lacks(_) | Built::NoBackEnd => Err(Error::NoBackEnd {
                project: directory.to_path_buf(),
            }),
        }
    }

    fn in_environment(&mut self, build: WheelBuild, more: &[String]) -> Result<Built> {
        let requires: Vec<String> = build.system.requires.iter().chain(more).cloned().collect();
        let same = |(project, list, _): &&(PathBuf, Vec<String>, PathBuf)| {
            project == build.project && *list == requires
        };
        let environment = if let Some((.., tree)) = self.environments.iter().find(same) {
            tree.clone()
        } else {
            let place = self.place()?;
            let (work, tree) = (place.join("work"), place.join("tree"));
            let project = absolute(build.project);
            let mut building = self.request.building.clone();
            building.push(project.clone());
            let request = InstallRequest {
                project: Some(&project),
                requirements: requires.clone(),
                additional: Vec::new(),
                extras: Vec::new(),
                groups: Vec::new(),
                lock: None,
                named: NamedSources::of_project(&project)?.or_indexes_of(&self.request.named),
                building,
                purpose: Purpose::BackEnd,
                work: &work,
                ..self.request.clone()
            };
            (self.make_environment)(self.interpreter, &request, &tree)?;
            self.environments.push((project, requires, tree.clone()));
            tree
        };
        build_wheel(
            self.interpreter,
            Environment::Kept(&environment),
            build,
            more,
        )
    }

    /// A wheel without local URLs in its requirements, which installers must not follow.
    pub(super) fn neutral(&mut self, wheel: &Path) -> Result<Wheel> {
        let (text, name) = neutral::of_wheel(wheel)?;
        let metadata = CoreMetadata::parse(&text);
        let Neutral { text: new, .. } = neutral::neutral(&text);
        if new == text {
            return Ok(Wheel {
                path: wheel.to_path_buf(),
                metadata,
            });
        }
        let path = self.place()?.join(wheel.file_name().unwrap_or_default());
        neutral::replace(wheel, &name, &new, &path)?;
        Ok(Wheel { path, metadata })
    }
}
