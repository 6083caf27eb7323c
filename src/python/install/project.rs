use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::commands::{Command, commands_in};
use super::distribution::{Distribution, distributions, entry_points};
use super::error::Result;
use super::metadata::ProjectMetadata;
use super::normalise::normalise;
use super::notice::Notice;
use super::script::EntryPoint;
use super::wheel::unpack;
use super::wheel_error::WheelError;
use crate::fs::IoContext as _;
use crate::python::interpreter::Interpreter;

/// The installed project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectInstall {
    /// File name of the built wheel.
    pub wheel: String,
    pub distribution: Distribution,
    /// Its commands.
    pub entry_points: Vec<EntryPoint>,
    pub metadata: ProjectMetadata,
    /// All its files in `bin`, including these commands; sorted by name.
    pub commands: Vec<Command>,
    /// Warnings about it.
    pub notices: Vec<Notice>,
}

/// Installs the project's wheel into `dest`, which must be empty or missing.
pub fn install_project(
    interpreter: &Interpreter,
    wheel: &Path,
    dest: &Path,
) -> Result<ProjectInstall> {
    fs::create_dir_all(dest).on("create directory", dest)?;
    unpack(&[wheel.to_path_buf()], interpreter, dest)?;
    let notices = normalise(interpreter, dest)?;
    let site_packages = dest.join(interpreter.site_packages());
    let distribution = distributions(&site_packages)?.into_iter().next();
    let distribution = distribution.ok_or_else(|| WheelError::Bad {
        wheel: wheel.to_path_buf(),
        reason: "it has no `.dist-info` directory".to_owned(),
    })?;
    let entry_points = entry_points(&site_packages.join(&distribution.dist_info))?;
    let metadata = ProjectMetadata::read(
        &site_packages.join(&distribution.dist_info),
        &dest.join("bin"),
    )?;
    let wheel = wheel
        .file_name()
        .map(PathBuf::from)
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let commands = commands_in(
        dest,
        &interpreter.site_packages(),
        std::slice::from_ref(&distribution),
    )?;
    Ok(ProjectInstall {
        wheel,
        distribution,
        entry_points,
        metadata,
        commands,
        notices,
    })
}
