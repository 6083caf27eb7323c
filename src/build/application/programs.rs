//! What can be started in a Python application, and how.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::super::BuildError;
use super::project::AppFacts;
use super::{APP, RUNTIME};
use crate::format::{Program, WORKENV};
use crate::fs::IoContext;
use crate::manifest::{EntryPoint, Manifest};
use crate::python::Interpreter;
use crate::python::install::{self, file_script, function_in, module_script, script};
use crate::python::start::{FILE_OPTIONS, script_options};
use crate::stub::Family;

/// Where sources that go in as they are lie, relative to the tree.
pub(in crate::build) fn place(manifest: &Manifest) -> PathBuf {
    Path::new(APP).join(&manifest.package_name)
}

/// What the interpreter is given to run a file of the input, relative to the tree; `None` when something else is run.
fn file(manifest: &Manifest) -> Option<String> {
    let Some(EntryPoint::File(file)) = &manifest.entry_point else { return None };
    let place = place(manifest);
    // As for a zipapp, the directory is the program.
    let path = if file == Path::new("__main__.py") { place } else { place.join(file) };
    Some(path.to_string_lossy().into_owned())
}

/// What can be started: the entry point first, then every script of the project.
pub(super) fn programs(manifest: &Manifest, app: &AppFacts, interpreter: &Interpreter, family: Family) -> Vec<Program> {
    let file = file(manifest);
    let command = |name: &str| {
        let mut argv: Vec<String> = match family {
            // The script's own first line would start the same interpreter, by way of a shell.
            Family::Flavor => {
                let (options, path): (&[&str], _) = match &file {
                    Some(file) => (&FILE_OPTIONS, format!("{WORKENV}/{file}")),
                    None => (script_options(interpreter.version), format!("{WORKENV}/bin/{name}")),
                };
                let interpreter = std::iter::once(format!("{WORKENV}/bin/python"));
                let options = options.iter().map(ToString::to_string).chain(manifest.python.flags.iter().cloned());
                interpreter.chain(options).chain([path]).collect()
            }
            // FlavorPack's launchers start programs under the package's name. An interpreter that is not called by its
            // own path looks for its library where it was built; a script is always called by its path.
            Family::FlavorPack => vec![format!("{WORKENV}/{RUNTIME}/bin/{name}")],
        };
        argv.extend(manifest.execution.args.iter().cloned());
        Program { name: name.into(), argv }
    };
    if let Some(argv) = &manifest.execution.command {
        let argv = argv.iter().chain(&manifest.execution.args).cloned().collect();
        return vec![Program { name: manifest.package_name.clone(), argv }];
    }
    let scripts = app.install.iter().flat_map(|install| &install.entry_points);
    let others = scripts.map(|script| script.name.clone()).filter(|name| Some(name) != app.main.as_ref());
    app.main.iter().cloned().chain(others).map(|name| command(&name)).collect()
}

/// A script for an entry point that the input does not list, named like the package. It takes the place of one of the
/// input's own `scripts`, but not that of another file.
pub(super) fn write_script(
    manifest: &Manifest,
    wanted: &EntryPoint,
    scripts: &[install::EntryPoint],
    app: &Path,
) -> Result<String, BuildError> {
    let directory = app.join("bin");
    let mut name = manifest.package_name.clone();
    // A wheel may bring a program of that name, and its modules may need it.
    while directory.join(&name).symlink_metadata().is_ok() && scripts.iter().all(|script| script.name != name) {
        name.push_str("-start");
    }
    let place = manifest.input.is_sources().then(|| place(manifest).to_string_lossy().into_owned());
    let text = match (wanted, &place) {
        (EntryPoint::Function { module, attr }, Some(place)) => function_in(place, module, attr),
        (EntryPoint::Function { module, attr }, None) => {
            script(&install::EntryPoint { name: name.clone(), module: module.clone(), attr: attr.clone() })
        }
        (EntryPoint::Module(module), place) => module_script(place.as_deref(), module),
        (EntryPoint::File(_), _) => file_script(&file(manifest).unwrap_or_default()),
    };
    std::fs::create_dir_all(&directory).on("create directory", &directory)?;
    let path = directory.join(&name);
    std::fs::write(&path, text).on("write", &path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).on("set the mode of", &path)?;
    Ok(name)
}
