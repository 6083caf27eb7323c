//! Turns the input into a manifest, the only representation that later code uses.

use std::path::{Path, PathBuf};

use crate::manifest::suggest::closest;
use crate::manifest::{
    self, Choices, EntryPoint, Input, MANIFEST, Manifest, Project, Warning, describes_project,
    description_in, is_script, is_setup, parse_script,
};
use crate::pyproject;
use crate::python::install::{WheelError, WheelFacts, file_address};
use crate::python::redact;

/// Why an input cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    #[error(transparent)]
    Wheel(#[from] WheelError),
}

/// The default program of a directory of modules.
const MAIN: &str = "__main__.py";

/// An input, with messages about it.
pub struct ReadInput {
    pub manifest: Manifest,
    pub warnings: Vec<Warning>,
    /// The manifest that was found in a parent directory.
    pub found_above: Option<PathBuf>,
}

/// Reads an input: a project, a script, a wheel, a module directory, or something that an installer
/// turns into a distribution: a source archive, a URL, a requirement. The default is the current
/// directory, or the project in a parent directory.
///
/// # Errors
/// [`manifest::Error::NoInput`] and [`manifest::Error::UnknownInput`] for anything else,
/// [`manifest::Error::NoProgram`] for a directory without a program; otherwise the errors of the
/// reader of its kind.
pub fn read_input(path: Option<&Path>, choices: &Choices) -> Result<ReadInput, InputError> {
    let Some(path) = path else {
        return here(choices);
    };
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    let (manifest, warnings) = if !path.exists() {
        (from_installer(path, choices)?, Vec::new())
    } else if path.is_dir() {
        match description(path, choices) {
            Some(description) => Manifest::read_with(&description, choices)?,
            None => directory(path, choices)?,
        }
    } else if ending == "whl" {
        (wheel(path, choices)?, Vec::new())
    } else if ending == "toml" || is_setup(path) {
        Manifest::read_with(path, choices)?
    } else if is_script(path) {
        parse_script(path, choices)?
    } else if is_archive(path) {
        (archive(path, choices)?, Vec::new())
    } else {
        return Err(manifest::Error::UnknownInput {
            path: path.to_path_buf(),
        }
        .into());
    };
    Ok(ReadInput {
        manifest,
        warnings,
        found_above: None,
    })
}

/// The input in the current directory: a project, else the project in the nearest parent directory,
/// else a module directory.
fn here(choices: &Choices) -> Result<ReadInput, InputError> {
    let here = Path::new(".");
    let read = |path: &Path| Manifest::read_with(path, choices);
    if let Some(description) = description(Path::new(""), choices) {
        let (manifest, warnings) = read(&description)?;
        return Ok(ReadInput {
            manifest,
            warnings,
            found_above: None,
        });
    }
    let is_plain = choices.entry_point.is_some() || Path::new(MAIN).is_file();
    if let Some(found) = manifest_above().filter(|found| !is_plain || is_project(found)) {
        let (manifest, warnings) = read(&found)?;
        return Ok(ReadInput {
            manifest,
            warnings,
            found_above: Some(found),
        });
    }
    let (manifest, warnings) = if is_plain {
        directory(here, choices)?
    } else {
        read(Path::new(MANIFEST))?
    };
    Ok(ReadInput {
        manifest,
        warnings,
        found_above: None,
    })
}

/// The manifest in the nearest parent directory.
pub fn manifest_above() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors()
        .skip(1)
        .map(|directory| directory.join(MANIFEST))
        .find(|manifest| manifest.is_file())
}

/// Whether a manifest has more than settings of other tools.
fn is_project(manifest: &Path) -> bool {
    // Errors are reported by the manifest's reader.
    pyproject::read(manifest).map_or(true, |table| {
        let tool = |name: &str| {
            table
                .get("tool")
                .is_some_and(|tool| tool.get(name).is_some())
        };
        table.contains_key("project")
            || table.contains_key("build-system")
            || tool("flavor")
            || tool("poetry")
    })
}

/// An installer's argument that is not a local file.
fn from_installer(path: &Path, choices: &Choices) -> Result<Manifest, InputError> {
    let nothing = || {
        InputError::from(manifest::Error::NoInput {
            path: path.to_path_buf(),
        })
    };
    let Some(text) = path.to_str().map(str::trim).filter(|text| !text.is_empty()) else {
        return Err(nothing());
    };
    if is_address(text) {
        if !choices.extras.is_empty() {
            let reason = format!(
                "extras need a name: `NAME[{}] @ {}`",
                choices.extras.join(","),
                redact(text)
            );
            return Err(manifest::Error::BadInputRequirement {
                path: redact(text).into(),
                reason,
            }
            .into());
        }
        let file = text
            .split(['#', '?'])
            .next()
            .unwrap_or(text)
            .trim_end_matches('/');
        let name = stem(Path::new(file.rsplit('/').next().unwrap_or(file)));
        return Ok(Manifest::of_requirement(
            text,
            Path::new(&redact(text)),
            Path::new("."),
            &name,
            choices,
        )?);
    }
    let is_bare = manifest::is_name(text);
    if is_like_a_path(path, text) {
        return Err(nothing());
    }
    if is_bare && let Some(near) = near_file(text) {
        return Err(manifest::Error::LikeAFile {
            path: path.to_path_buf(),
            near,
        }
        .into());
    }
    let named = manifest::named(text, &choices.extras).map_err(|reason| {
        manifest::Error::BadInputRequirement {
            path: redact(text).into(),
            reason,
        }
    })?;
    let requirement = match named
        .address
        .as_deref()
        .filter(|address| !is_address(address))
    {
        // Installers run in another directory.
        Some(path) => {
            let plain = path.strip_prefix("file:").unwrap_or(path);
            named
                .text
                .replacen(path, &file_address(Path::new(plain)), 1)
        }
        None => named.text,
    };
    Ok(Manifest::of_requirement(
        &requirement,
        Path::new(&redact(text)),
        Path::new("."),
        &named.name,
        choices,
    )?)
}

/// A local source archive.
fn archive(path: &Path, choices: &Choices) -> Result<Manifest, InputError> {
    let directory = path
        .parent()
        .filter(|parent| *parent != Path::new(""))
        .unwrap_or(Path::new("."));
    let mut address = file_address(path);
    let name = stem(path);
    if !choices.extras.is_empty() {
        // Extras require a name.
        let called = name.rsplit_once('-').map_or(&*name, |(called, _)| called);
        address = format!("{called}[{}] @ {address}", choices.extras.join(","));
    }
    Ok(Manifest::of_requirement(
        &address, path, directory, &name, choices,
    )?)
}

/// The name of a file without the suffix of its kind.
fn stem(path: &Path) -> String {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name = name.split('@').next().unwrap_or(&name);
    let mut endings = ARCHIVES.iter().copied().chain([".whl", ".git"]);
    endings
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
        .to_owned()
}

/// Suffixes of source archives that installers accept.
const ARCHIVES: &[&str] = &[".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz"];

fn is_archive(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ARCHIVES.iter().any(|ending| name.ends_with(ending))
}

/// `https://…`, `file:///…`, `git+ssh://…`; not `name @ https://…`.
fn is_address(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// Suffixes of files that users may try to pack.
const FILES: &[&str] = &[
    "cfg", "json", "lock", "psp", "pspf", "py", "pyw", "pyz", "toml", "txt", "whl",
];

/// Whether an argument that does not exist was meant as a path. Requirements have no slash before
/// the `@`.
fn is_like_a_path(path: &Path, text: &str) -> bool {
    let before_address = text.split('@').next().unwrap_or(text);
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default();
    text.starts_with(['.', '~'])
        || before_address.contains('/')
        || (before_address == text && is_archive(path))
        || (manifest::is_name(text) && FILES.contains(&ending))
}

/// A possible input in this directory with a similar name.
fn near_file(name: &str) -> Option<PathBuf> {
    let is_packable = |path: &PathBuf| {
        if path.is_dir() {
            path.join(MANIFEST).is_file() || path.join(MAIN).is_file()
        } else {
            is_script(path)
        }
    };
    let entries = std::fs::read_dir(".")
        .ok()?
        .flatten()
        .map(|entry| PathBuf::from(entry.file_name()));
    let mut packable: Vec<PathBuf> = entries.filter(is_packable).collect();
    packable.sort();
    let stem = |path: &PathBuf| {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let stems: Vec<String> = packable.iter().map(stem).collect();
    let near = closest(name, stems.iter().map(String::as_str))?;
    packable.into_iter().find(|path| stem(path) == near)
}

/// The file that describes the project in a directory. A manifest with only other tools' settings,
/// in a module directory, does not count.
fn description(path: &Path, choices: &Choices) -> Option<PathBuf> {
    let description = description_in(path)?;
    let is_program = choices.entry_point.is_some() || path.join(MAIN).is_file();
    (!is_program || describes_project(&description)).then_some(description)
}

fn directory(path: &Path, choices: &Choices) -> Result<(Manifest, Vec<Warning>), manifest::Error> {
    if choices.entry_point.is_none() && !path.join(MAIN).is_file() {
        return Err(manifest::Error::NoProgram {
            path: path.to_path_buf(),
        });
    }
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let own = whole
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let project = Project::plain(choices.package_name.as_deref().unwrap_or(&own));
    // The program is known from the selections, for example from a build record.
    let with_main = Choices {
        entry_point: choices.entry_point.clone().or_else(|| Some(MAIN.into())),
        ..choices.clone()
    };
    let mut manifest = Manifest::of_input(Input::Directory, path, project, &with_main)?;
    manifest.choices.clone_from(choices);
    match &manifest.entry_point {
        Some(EntryPoint::File(file)) if !path.join(file).is_file() => {
            Err(manifest::Error::NoEntryFile {
                directory: path.to_path_buf(),
                file: file.clone(),
            })
        }
        _ => Ok((manifest, Vec::new())),
    }
}

fn wheel(path: &Path, choices: &Choices) -> Result<Manifest, InputError> {
    let facts = WheelFacts::read(path)?;
    let commands = facts
        .commands
        .iter()
        .map(|one| (one.name.clone(), format!("{}:{}", one.module, one.attr)));
    let WheelFacts {
        name,
        version,
        requires,
        extras,
        ..
    } = &facts;
    let project = Project::built(
        name,
        version,
        facts.requires_python.clone(),
        requires,
        extras,
        commands.collect(),
    );
    let mut project = project.map_err(|reason| WheelError::Bad {
        wheel: path.to_path_buf(),
        reason,
    })?;
    project.programs.clone_from(&facts.programs);
    Ok(Manifest::of_input(Input::Wheel, path, project, choices)?)
}
