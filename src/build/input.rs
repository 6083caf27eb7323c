//! What the user names becomes a manifest: everything after this knows manifests alone.

use std::path::{Path, PathBuf};

use crate::code::Code;
use crate::manifest::{
    self, Choices, EntryPoint, Input, MANIFEST, Manifest, Project, Warning, describes_project, description_in,
    is_script, is_setup, parse_script,
};
use crate::python;
use crate::python::install::WheelFacts;

/// Why an input cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    #[error(transparent)]
    Wheel(#[from] python::Error),
}

impl InputError {
    /// The code of the cause.
    pub fn code(&self) -> Code {
        match self {
            Self::Manifest(error) => error.code(),
            Self::Wheel(error) => error.code(),
        }
    }
}

/// What a directory is started by when nothing else is said.
const MAIN: &str = "__main__.py";

/// Reads an input: a project, a script, a wheel, or a directory of modules. Without a name it is what lies here.
///
/// # Errors
/// [`manifest::Error::NoInput`] and [`manifest::Error::UnknownInput`] for what is none of these,
/// [`manifest::Error::NoProgram`] for a directory that says nothing of what to run; otherwise what the reader of its kind
/// finds wrong.
pub fn read_input(path: Option<&Path>, choices: &Choices) -> Result<(Manifest, Vec<Warning>), InputError> {
    let Some(path) = path else {
        let is_program = choices.entry_point.is_some() || Path::new(MAIN).is_file();
        return Ok(match description(Path::new(""), choices) {
            None if is_program => directory(Path::new("."), choices)?,
            described => Manifest::read_with(&described.unwrap_or_else(|| MANIFEST.into()), choices)?,
        });
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if !path.exists() {
        Err(manifest::Error::NoInput { path: path.to_path_buf() }.into())
    } else if path.is_dir() {
        Ok(match description(path, choices) {
            Some(description) => Manifest::read_with(&description, choices)?,
            None => directory(path, choices)?,
        })
    } else if ending == "whl" {
        Ok((wheel(path, choices)?, Vec::new()))
    } else if ending == "toml" || is_setup(path) {
        Ok(Manifest::read_with(path, choices)?)
    } else if is_script(path) {
        Ok(parse_script(path, choices)?)
    } else {
        Err(manifest::Error::UnknownInput { path: path.to_path_buf() }.into())
    }
}

/// The file that describes the project in a directory. That of a directory of modules, with settings of other tools at
/// most, is none.
fn description(path: &Path, choices: &Choices) -> Option<PathBuf> {
    let description = description_in(path)?;
    let is_program = choices.entry_point.is_some() || path.join(MAIN).is_file();
    (!is_program || describes_project(&description)).then_some(description)
}

fn directory(path: &Path, choices: &Choices) -> Result<(Manifest, Vec<Warning>), manifest::Error> {
    if choices.entry_point.is_none() && !path.join(MAIN).is_file() {
        return Err(manifest::Error::NoProgram { path: path.to_path_buf() });
    }
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let own = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let project = Project::plain(choices.package_name.as_deref().unwrap_or(&own));
    // What is to be run is known; a record of choices has what was chosen.
    let with_main =
        Choices { entry_point: choices.entry_point.clone().or_else(|| Some(MAIN.into())), ..choices.clone() };
    let mut manifest = Manifest::of_input(Input::Directory, path, project, &with_main)?;
    manifest.choices.clone_from(choices);
    match &manifest.entry_point {
        Some(EntryPoint::File(file)) if !path.join(file).is_file() => {
            Err(manifest::Error::NoEntryFile { directory: path.to_path_buf(), file: file.clone() })
        }
        _ => Ok((manifest, Vec::new())),
    }
}

fn wheel(path: &Path, choices: &Choices) -> Result<Manifest, InputError> {
    let facts = WheelFacts::read(path)?;
    let commands = facts.commands.iter().map(|one| (one.name.clone(), format!("{}:{}", one.module, one.attr)));
    let WheelFacts { name, version, requires, extras, .. } = &facts;
    let project = Project::built(name, version, facts.requires_python.clone(), requires, extras, commands.collect());
    let mut project = project.map_err(|reason| python::Error::BadWheel { wheel: path.to_path_buf(), reason })?;
    project.programs.clone_from(&facts.programs);
    Ok(Manifest::of_input(Input::Wheel, path, project, choices)?)
}
