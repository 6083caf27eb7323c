//! The description of the project's tree, and what all inputs need to make one.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::BuildError;
use super::scripts::{write_named, write_script};
use crate::format::Blake3;
use crate::manifest::{self, EntryPoint, Manifest, Project, ScriptTarget};
use crate::pack::cache::Inputs;
use crate::python::install::{ProjectInstall, ProjectMetadata};

/// The description of the project's tree.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct AppFacts {
    /// The installed project; `None` for sources that are packed as they are.
    pub(super) install: Option<ProjectInstall>,
    /// Digest of the sources.
    pub(super) sources: Blake3,
    /// The command that starts the application, if the project has it or it was generated for its
    /// entry point.
    pub(super) main: Option<String>,
}

/// The manifest completed by the metadata of the project's wheel.
pub(super) fn filled(
    manifest: &Manifest,
    install: &ProjectInstall,
) -> Result<Manifest, BuildError> {
    let ProjectMetadata {
        name,
        version,
        summary,
        requires_python,
        requires,
        extras,
        commands,
        programs,
    } = &install.metadata;
    let name = name.as_deref().unwrap_or(&manifest.package_name);
    if name.is_empty() {
        return Err(manifest::Error::Unnamed {
            path: manifest.path.clone(),
        }
        .into());
    }
    let scripts = commands
        .iter()
        .map(|one| (one.name.clone(), format!("{}:{}", one.module, one.attr)));
    let version = version.as_deref().unwrap_or_default();
    let built = Project::built(
        name,
        version,
        requires_python.clone(),
        requires,
        extras,
        scripts.collect(),
    );
    let built = built.map_err(|reason| BuildError::BadMetadata { reason })?;
    Ok(manifest.filled(Project {
        description: summary.clone(),
        programs: programs.clone(),
        ..built
    }))
}

/// Adds what determines the command that is written for an entry point.
pub(super) fn add_start(inputs: &mut Inputs, manifest: &Manifest) {
    let entry_point = manifest.entry_point.as_ref().map(ToString::to_string);
    inputs
        .add_list("entry point", entry_point)
        .set_by(&["tool", "flavor", "entry_point"]);
    inputs.add("name", &manifest.package_name);
    let functions = manifest
        .scripts
        .iter()
        .filter_map(|script| match &script.target {
            ScriptTarget::Function(wanted) => Some(format!("{} {wanted}", script.name)),
            ScriptTarget::Script(_) => None,
        });
    let functions: Vec<String> = functions.collect();
    if !functions.is_empty() {
        inputs
            .add_list("scripts", functions)
            .set_by(&["tool", "flavor", "scripts"]);
    }
}

pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// The name of the main command; a script is written for an entry point that the project does not
/// declare.
pub(super) fn main_command(
    manifest: &Manifest,
    install: &ProjectInstall,
    tree: &Path,
) -> Result<Option<String>, BuildError> {
    write_named(manifest, tree)?;
    let Some(wanted) = &manifest.entry_point else {
        let Some((name, _)) = manifest.main_script() else {
            return Ok(None);
        };
        let commands = || install.entry_points.iter().map(|script| &script.name);
        if manifest.execution.command.is_none() && commands().all(|command| command != name) {
            let (script, known) = (name.clone(), commands().cloned().collect());
            return Err(BuildError::NoSuchScript { script, known });
        }
        return Ok(Some(name.clone()));
    };
    let same = |script: &&crate::python::install::EntryPoint| {
        *wanted
            == EntryPoint::Function {
                module: script.module.clone(),
                attr: script.attr.clone(),
            }
    };
    match install.entry_points.iter().find(same) {
        Some(script) => Ok(Some(script.name.clone())),
        None => write_script(manifest, wanted, &install.entry_points, tree).map(Some),
    }
}
