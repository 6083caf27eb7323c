//! A wheel that was built elsewhere.

use super::super::BuildError;
use super::super::cache::{CacheEntry, Layer, hash_tree};
use super::app::{AppFacts, absolute, add_start, main_command};
use super::context::{APP, Context, common_inputs};
use crate::fs::Entry;
use crate::pack::context::Pack;
use crate::python::install::{fits, install_project};

/// Unpacks the wheel, if it is compatible with the interpreter.
pub(super) fn build(context: &Context) -> Result<CacheEntry<AppFacts>, BuildError> {
    let Context {
        pack: Pack {
            manifest, cache, ..
        },
        interpreter,
        ..
    } = context;
    let wheel = &manifest.path;
    fits(wheel, interpreter)?;
    let name = wheel.file_name().unwrap_or_default();
    let entry = Entry::examine_target(wheel.clone(), name.into())?;
    let hashed = hash_tree(vec![entry], &cache.memory(&absolute(wheel), "wheel"))?;
    let mut inputs = common_inputs(interpreter);
    inputs
        .add("wheel", hashed.digest.hex())
        .found_at(wheel)
        .changed(&hashed.changes);
    add_start(&mut inputs, manifest);
    cache.make(
        APP,
        Layer::App,
        &inputs,
        |_| Ok(()),
        |tree| {
            let install = install_project(interpreter, wheel, tree)?;
            let main = main_command(manifest, &install, tree)?;
            Ok(AppFacts {
                install: Some(install),
                sources: hashed.digest,
                main,
            })
        },
    )
}
