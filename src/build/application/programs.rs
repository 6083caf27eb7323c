//! What can be started in a Python application, and how.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::super::BuildError;
use super::RUNTIME;
use super::project::AppFacts;
use crate::format::{Program, WORKENV};
use crate::fs::IoContext;
use crate::manifest::Manifest;
use crate::python::install::{EntryPoint, script};
use crate::stub::Family;

/// What can be started: the entry point first, then every script of the project.
pub(super) fn programs(manifest: &Manifest, app: &AppFacts, family: Family) -> Vec<Program> {
    let command = |name: &str| {
        let mut argv: Vec<String> = match family {
            // The script's own first line would start the same interpreter, by way of a shell.
            Family::Flavor => {
                let interpreter = [format!("{WORKENV}/bin/python"), "-I".into()].into_iter();
                interpreter
                    .chain(manifest.python.flags.iter().cloned())
                    .chain([format!("{WORKENV}/bin/{name}")])
                    .collect()
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
    let names = app.install.entry_points.iter().map(|script| script.name.clone());
    let others = names.filter(|name| Some(name) != app.main.as_ref());
    app.main.iter().cloned().chain(others).map(|name| command(&name)).collect()
}

/// A script for an entry point that the project does not list, named like the package.
pub(super) fn write_script(
    manifest: &Manifest,
    entry_point: &crate::manifest::EntryPoint,
    app: &Path,
) -> Result<String, BuildError> {
    let name = manifest.package_name.clone();
    let entry = EntryPoint { name: name.clone(), module: entry_point.module.clone(), attr: entry_point.attr.clone() };
    let directory = app.join("bin");
    std::fs::create_dir_all(&directory).on("create directory", &directory)?;
    let path = directory.join(&name);
    std::fs::write(&path, script(&entry)).on("write", &path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).on("set the mode of", &path)?;
    Ok(name)
}
