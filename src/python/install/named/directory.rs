//! Wheels of local directories, built by their own back ends from a copy, like the project's own
//! wheel.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::neutral::{self, Neutral};
use super::super::{
    BuildSystem, Built, Environment, InstallRequest, Purpose, View, WheelBuild, build_wheel,
    make_build_environment,
};
use super::{NamedSources, absolute};
use crate::fs::IoContext as _;
use crate::python::core_metadata::CoreMetadata;
use crate::python::error::{Error, Result};
use crate::python::interpreter::Interpreter;

/// A wheel on this machine.
#[derive(Debug, Clone)]
pub(in super::super) struct Wheel {
    pub(in super::super) path: PathBuf,
    /// As built, before it was neutralised.
    pub(in super::super) metadata: CoreMetadata,
}

/// Builds wheels of directories.
pub(in super::super) struct Builder<'a> {
    interpreter: &'a Interpreter,
    request: &'a InstallRequest<'a>,
    work: PathBuf,
    /// The requirements of a build environment, and the environment.
    environments: Vec<(PathBuf, Vec<String>, PathBuf)>,
    made: usize,
}

impl<'a> Builder<'a> {
    pub(in super::super) fn new(
        interpreter: &'a Interpreter,
        request: &'a InstallRequest<'a>,
    ) -> Self {
        let work = request.work.join("siblings");
        Self {
            interpreter,
            request,
            work,
            environments: Vec::new(),
            made: 0,
        }
    }

    /// An unused directory.
    pub(in super::super) fn place(&mut self) -> Result<PathBuf> {
        self.made += 1;
        let place = self.work.join(self.made.to_string());
        fs::create_dir_all(&place).on("create directory", &place)?;
        Ok(place)
    }

    /// Builds the wheel of the project in `directory`.
    pub(in super::super) fn build(&mut self, directory: &Path) -> Result<Wheel> {
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
            return Err(Error::NoProjectAt {
                path: directory.to_path_buf(),
            });
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
            make_build_environment(self.interpreter, &request, &tree)?;
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
    pub(in super::super) fn neutral(&mut self, wheel: &Path) -> Result<Wheel> {
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
