//! The scripts that are written for entry points.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::super::BuildError;
use super::context::APP;
use crate::fs::IoContext;
use crate::manifest::{EntryPoint, Manifest, ScriptTarget};
use crate::python::install::{self, file_script, function_in, module_script, script};

/// Directory of sources that are packed as they are, relative to the tree.
pub(super) fn place(manifest: &Manifest) -> PathBuf {
    Path::new(APP).join(&manifest.package_name)
}

/// The interpreter's argument for running a file of the input, relative to the tree; `None` if
/// something else is run.
pub(super) fn file(manifest: &Manifest) -> Option<String> {
    let Some(EntryPoint::File(file)) = &manifest.entry_point else {
        return None;
    };
    let place = place(manifest);
    // Like a zipapp, the directory is the program.
    let path = if file == Path::new("__main__.py") {
        place
    } else {
        place.join(file)
    };
    Some(path.to_string_lossy().into_owned())
}

/// Writes the scripts for the functions that the manifest names as programs.
pub(super) fn write_named(manifest: &Manifest, app: &Path) -> Result<(), BuildError> {
    for script in &manifest.scripts {
        if let ScriptTarget::Function(wanted) = &script.target {
            write(app, &script.name, &text_of(manifest, wanted, &script.name))?;
        }
    }
    Ok(())
}

/// The script for an entry point that the input does not declare, named like the package. It
/// replaces one of the input's own `scripts`, but no other file in `bin`.
pub(super) fn write_script(
    manifest: &Manifest,
    wanted: &EntryPoint,
    scripts: &[install::EntryPoint],
    app: &Path,
) -> Result<String, BuildError> {
    let directory = app.join("bin");
    let mut name = manifest.package_name.clone();
    // A wheel may have a program of that name, and its modules may need it.
    while directory.join(&name).symlink_metadata().is_ok()
        && scripts.iter().all(|script| script.name != name)
    {
        name.push_str("-start");
    }
    write(app, &name, &text_of(manifest, wanted, &name))?;
    Ok(name)
}

fn text_of(manifest: &Manifest, wanted: &EntryPoint, name: &str) -> String {
    let place = manifest
        .input
        .is_sources()
        .then(|| place(manifest).to_string_lossy().into_owned());
    match (wanted, &place) {
        (EntryPoint::Function { module, attr }, Some(place)) => function_in(place, module, attr),
        (EntryPoint::Function { module, attr }, None) => script(&install::EntryPoint {
            name: name.into(),
            module: module.clone(),
            attr: attr.clone(),
        }),
        (EntryPoint::Module(module), place) => module_script(place.as_deref(), module),
        (EntryPoint::File(_), _) => file_script(&file(manifest).unwrap_or_default()),
    }
}

fn write(app: &Path, name: &str, text: &str) -> Result<(), BuildError> {
    let directory = app.join("bin");
    std::fs::create_dir_all(&directory).on("create directory", &directory)?;
    let path = directory.join(name);
    std::fs::write(&path, text).on("write", &path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        .on("set the mode of", &path)?;
    Ok(())
}
