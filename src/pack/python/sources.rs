//! A script, or a directory of modules: sources that are packed as they are.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::super::BuildError;
use super::super::cache::{CacheEntry, Layer, hash_tree};
use super::app::{AppFacts, absolute, add_start};
use super::context::{APP, Context, common_inputs};
use super::scripts::{place, write_named, write_script};
use crate::fs::{Entry, IoContext};
use crate::manifest::Input;
use crate::pack::context::Pack;
use crate::python::install::{
    Hidden, SourceError, Sources, SourcesError, copy_sources, list_sources_with,
};

/// Copies the sources to their place.
pub(super) fn build(context: &Context) -> Result<CacheEntry<AppFacts>, BuildError> {
    let Context {
        pack: Pack {
            manifest, cache, ..
        },
        interpreter,
        ..
    } = context;
    let files = if manifest.input == Input::Script {
        vec![PathBuf::from(manifest.path.file_name().unwrap_or_default())]
    } else {
        let sources =
            list_sources_with(&manifest.directory, Hidden::Named, &manifest.build.include)?;
        let mut files = sound(sources, &manifest.directory)?;
        // Outputs of an earlier pack are excluded.
        let written = context.pack.settings.written(manifest);
        files.retain(|file| !written.contains(&manifest.directory.join(file)));
        files
    };
    let entries = files
        .iter()
        .map(|file| Entry::examine_target(manifest.directory.join(file), file.clone()));
    let hashed = hash_tree(
        entries.collect::<Result<_, _>>()?,
        &cache.memory(&absolute(&manifest.path), "sources"),
    )?;
    let mut inputs = common_inputs(interpreter);
    inputs
        .add("sources", hashed.digest.hex())
        .changed(&hashed.changes);
    add_start(&mut inputs, manifest);
    cache.make(
        APP,
        Layer::App,
        &inputs,
        |_| Ok(()),
        |tree| {
            let dest = tree.join(place(manifest));
            copy_sources(&manifest.directory, &files, &dest)?;
            for file in &files {
                let path = dest.join(file);
                let mode = path.metadata().on("examine", &path)?.permissions().mode();
                let mode = if mode & 0o111 == 0 { 0o644 } else { 0o755 };
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))
                    .on("set the mode of", &path)?;
            }
            write_named(manifest, tree)?;
            let entry_point = manifest.entry_point.as_ref();
            let main = entry_point
                .map(|wanted| write_script(manifest, wanted, &[], tree))
                .transpose()?;
            Ok(AppFacts {
                install: None,
                sources: hashed.digest,
                main,
            })
        },
    )
}

/// The files of a directory; fails on any invalid entry. There is no build back end to decide what
/// to do with it, and it must not be silently left out or included.
fn sound(sources: Sources, directory: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let leads_out = |link: PathBuf| {
        let path = directory.join(link);
        let target = path.read_link().unwrap_or_default();
        SourceError::LeadsOut {
            directory: directory.to_path_buf(),
            path,
            target,
        }
    };
    match sources
        .unfit
        .into_iter()
        .chain(sources.outside.into_iter().map(leads_out))
        .next()
    {
        Some(error) => Err(SourcesError::from(error).into()),
        None => Ok(sources.files),
    }
}
