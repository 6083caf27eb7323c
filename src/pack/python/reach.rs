//! The extension modules that the main program imports unconditionally.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::super::BuildError;
use super::application::PythonApplication;
use super::scripts::place;
use super::startable::start_of_main;
use crate::manifest::EntryPoint;
use crate::pack::cache::{Inputs, Layer};
use crate::pack::context::Pack;
use crate::pack::slots::SlotPlan;
use crate::python::reach::{Start, reach};

/// Their paths inside the slots of the dependencies and the application.
pub(super) fn loaded(
    pack: Pack,
    application: &PythonApplication,
    plans: &[SlotPlan],
) -> Result<BTreeSet<PathBuf>, BuildError> {
    let manifest = pack.manifest;
    let Some(start) = start_of_main(manifest, application) else {
        return Ok(BTreeSet::new());
    };
    let start = match start {
        EntryPoint::File(file) => Start::File(file.display().to_string()),
        EntryPoint::Function { module, .. } => Start::Module(module),
        EntryPoint::Module(module) => Start::Package(module),
    };
    let mut inputs = Inputs::default();
    for plan in plans.iter().filter(|plan| plan.role.is_installed()) {
        inputs.add(&plan.name, plan.inputs.key());
    }
    inputs.add("start", start.text());
    let trees = &application.trees;
    let place = place(manifest);
    let made = pack.cache.make(
        "imports of extension modules",
        Layer::Slots,
        &inputs,
        |_| Ok(()),
        |_| {
            let roots = [
                (&trees.app, &place),
                (&trees.app, &trees.site_packages),
                (&trees.deps, &trees.site_packages),
            ];
            let roots: Vec<(PathBuf, PathBuf)> = roots
                .iter()
                .map(|(tree, below)| ((*tree).clone(), (*below).clone()))
                .collect();
            reach(&trees.interpreter, &roots, &start).map_err(BuildError::from)
        },
    )?;
    Ok(made.facts.iter().map(PathBuf::from).collect())
}
