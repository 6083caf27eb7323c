//! Builds a project's wheel with the hooks of its build back end (PEP 517), in an environment that
//! contains only the build requirements (PEP 518).

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Value;

use super::error::{Error, Result};
use super::{failure, neutral};
use crate::fs::IoContext as _;
use crate::pyproject;
use crate::python::command::{command, run};
use crate::python::interpreter::Interpreter;

const RUNNER: &str = include_str!("hook_runner.py");

/// The default build back end, and its requirement.
const SETUPTOOLS: (&str, &str) = ("setuptools>=40.8.0", "setuptools.build_meta:__legacy__");

/// `[build-system]` of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSystem {
    /// PEP 508.
    pub requires: Vec<String>,
    /// `module` or `module:object`.
    back_end: String,
    /// `backend-path`: directories of the project that the back end is imported from.
    path: Vec<String>,
}

/// The outcome of a build.
#[derive(Debug, PartialEq, Eq)]
pub enum Built {
    /// The wheel, in the given directory.
    Wheel(PathBuf),
    /// The environment lacks these requirements, which `get_requires_for_build_wheel` returned.
    Lacks(Vec<String>),
    /// The environment does not have this module.
    NoBackEnd,
}

/// The answer of the runner script.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Wheel(String),
    Requires(Vec<String>),
    BackEnd(#[expect(dead_code, reason = "its name is known here")] String),
}

impl BuildSystem {
    /// Reads the project's manifest. The default is setuptools, as in PEP 517, except for projects
    /// that only Poetry or flit can read.
    pub fn of(project: &Path) -> Self {
        let manifest = pyproject::of(project);
        let table = manifest
            .as_ref()
            .and_then(|manifest| manifest.get("build-system")?.as_table());
        let texts = |key: &str| -> Option<Vec<String>> {
            let list = table?.get(key)?.as_array()?;
            Some(
                list.iter()
                    .filter_map(Value::as_str)
                    .map(ToOwned::to_owned)
                    .collect(),
            )
        };
        let has = |keys: &[&str]| {
            let mut tables = keys.iter().scan(manifest.as_ref(), |table, key| {
                *table = (*table)?.get(*key)?.as_table();
                *table
            });
            tables.by_ref().count() == keys.len()
        };
        let (requires, usual) = if table.is_some() || has(&["project"]) {
            SETUPTOOLS
        } else if has(&["tool", "poetry"]) {
            ("poetry-core>=1.0.0", "poetry.core.masonry.api")
        } else if has(&["tool", "flit", "metadata"]) {
            ("flit_core>=2,<4", "flit_core.buildapi")
        } else {
            SETUPTOOLS
        };
        let back_end = table.and_then(|table| table.get("build-backend")?.as_str());
        Self {
            requires: texts("requires").unwrap_or_else(|| vec![requires.into()]),
            back_end: back_end.unwrap_or(usual).to_owned(),
            path: texts("backend-path").unwrap_or_default(),
        }
    }
}

/// The environment of a build.
#[derive(Debug, Clone, Copy)]
pub enum Environment<'a> {
    /// Packages installed beside the interpreter.
    Interpreter,
    /// A newly created virtual environment: the build leaves the bytecode of the modules it imports
    /// there.
    New(&'a Path),
    /// A virtual environment that must not be modified any more.
    Kept(&'a Path),
}

/// A project as its back end sees it.
#[derive(Debug, Clone, Copy)]
pub struct WheelBuild<'a> {
    pub system: &'a BuildSystem,
    /// The path of the project.
    pub project: &'a Path,
    /// The copy of its sources that is built.
    pub copy: &'a Path,
    /// The top of the copied tree: the copy, or a directory above it.
    pub top: &'a Path,
    /// The output directory.
    pub wheels: &'a Path,
}

/// Builds a wheel. `given` are the requirements in the environment that the back end itself
/// requested.
pub fn build_wheel(
    interpreter: &Interpreter,
    environment: Environment,
    build: WheelBuild,
    given: &[String],
) -> Result<Built> {
    let WheelBuild {
        system,
        project,
        copy,
        top,
        wheels,
    } = build;
    let (environment, keep) = match environment {
        Environment::Interpreter => (None, "-"),
        Environment::New(tree) => (Some(tree), "keep"),
        Environment::Kept(tree) => (Some(tree), "-"),
    };
    fs::create_dir_all(wheels).on("create directory", wheels)?;
    let answer = wheels.join("answer.json");
    let json = |list: &[String]| Value::from(list.to_vec()).to_string();
    let python = environment.map_or_else(
        || interpreter.executable.clone(),
        |tree| tree.join("bin/python"),
    );
    let mut command = command(&python);
    command.args(["-s", "-c", RUNNER, &system.back_end, &json(&system.path)]);
    command.arg(wheels).arg(&answer).arg(json(given)).arg(keep);
    if let Some(environment) = environment {
        // Some back ends run programs from their requirements.
        let mut path = environment.join("bin").into_os_string();
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        command.env("PATH", path).env("VIRTUAL_ENV", environment);
    }
    for name in ["CFLAGS", "CXXFLAGS"] {
        // `__FILE__` in compiled code would contain the path, too.
        let mut flags = std::env::var_os(name).unwrap_or_default();
        // If several match, the last one applies.
        flags.push(" -g0 -ffile-prefix-map=");
        flags.push(top);
        flags.push("=.. -ffile-prefix-map=");
        flags.push(copy);
        flags.push("=.");
        command.env(name, flags);
    }
    let temporary = wheels.with_file_name("back-end-tmp");
    fs::create_dir_all(&temporary).on("create directory", &temporary)?;
    command.env("TMPDIR", &temporary);
    // In a git hook these refer to another work tree than the copy.
    for name in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_PREFIX",
        "GIT_OBJECT_DIRECTORY",
    ] {
        command.env_remove(name);
    }
    command.env("GIT_CEILING_DIRECTORIES", top.parent().unwrap_or(top));
    let output = run(command.current_dir(copy).env("GIT_OPTIONAL_LOCKS", "0"))?;
    if !output.status.success() {
        return Err(failure::not_built(&output, project, copy));
    }
    let bytes = fs::read(&answer).on("read", &answer)?;
    fs::remove_file(&answer).on("remove", &answer)?;
    match serde_json::from_slice(&bytes) {
        Ok(Answer::Wheel(name)) => {
            let wheel = Path::new(&name)
                .file_name()
                .map(|name| wheels.join(name))
                .filter(|wheel| wheel.is_file());
            let wheel = wheel.ok_or_else(|| Error::NoWheel {
                project: project.to_path_buf(),
            })?;
            neutral::without_build(&wheel, top)?;
            Ok(Built::Wheel(wheel))
        }
        Ok(Answer::Requires(list)) => Ok(Built::Lacks(list)),
        Ok(Answer::BackEnd(_)) => Ok(Built::NoBackEnd),
        Err(_) => Err(Error::NoWheel {
            project: project.to_path_buf(),
        }),
    }
}
