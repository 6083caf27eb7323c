//! Checks that a package is complete: distributions required by distributions, modules imported at
//! every start, and files read by its modules.
//!
//! Results are kept in the build cache, so an unchanged pack repeats them without checking again.

mod beside;
mod imports;
mod module_source;
mod modules;
mod overrides;
mod plugins;
mod remedies;
mod requirements;
mod scene;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::application::PythonApplication;
use super::context::requirements as requirements_of;
use super::fault::Fault;
use super::scripts::place;
use crate::format::Blake3;
use crate::manifest::{Build, Input, Manifest};
use crate::pack::BuildError;
use crate::pack::cache::{Inputs, Layer};
use crate::pack::context::Pack;
use crate::pack::slots::SlotPlan;
use crate::pack::warning::Finding;
use crate::report::{Stopwatch, counted};
use crate::stub::Family;
use modules::Modules;
use overrides::Overrides;
use requirements::Wanted;
use scene::Scene;

/// The name of this step in the output.
const PHASE: &str = "checks";

/// The result of the check.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Checked {
    distributions: usize,
    /// Number of modules read.
    modules: usize,
    faults: Vec<Fault>,
}

/// Looks for what is missing in a package.
///
/// # Errors
/// [`BuildError::Incomplete`] for unmet requirements, unless the manifest allows them.
pub(super) fn check(
    pack: Pack,
    application: &PythonApplication,
    plans: &[SlotPlan],
) -> Result<Vec<Finding>, BuildError> {
    let manifest = pack.manifest;
    let (family, reporter) = (pack.family(), pack.reporter);
    reporter.begin(PHASE);
    let clock = Stopwatch::start();
    let inputs = inputs(manifest, application, plans, family);
    let made = pack.cache.make(
        PHASE,
        Layer::Slots,
        &inputs,
        |_| Ok(()),
        |_| {
            let modules = &Modules::new(manifest, application, plans, family);
            look(Scene {
                manifest,
                application,
                plans,
                modules,
            })
        },
    )?;
    let Checked {
        distributions,
        modules,
        faults,
    } = &made.facts;
    let (what, from) = (
        counted(*distributions, "distribution", "distributions"),
        if made.reused { ", reused" } else { "" },
    );
    reporter.phase(
        PHASE,
        &format!("{what}, {}{from}", counted(*modules, "module", "modules")),
        clock.took(),
    );
    // Files that git ignores are not sources, so their removal would not be noticed.
    let is_gone = |fault: &&Fault| matches!(fault, Fault::NotInWheel { file, .. } if !manifest.directory.join(file).exists());
    let counts = |fault: &&Fault| !is_gone(fault) && !fault.is_allowed(&manifest.build.unmet);
    let (errors, warnings): (Vec<&Fault>, Vec<&Fault>) = faults
        .iter()
        .filter(counts)
        .partition(|fault| fault.is_error() && manifest.post_extract.is_empty());
    match errors[..] {
        [] => Ok(warnings
            .into_iter()
            .cloned()
            .map(|fault| Finding::Missing(Box::new(fault)))
            .collect()),
        _ => Err(BuildError::Incomplete(
            errors.into_iter().cloned().collect(),
        )),
    }
}

fn look(scene: Scene<'_>) -> Result<Checked, BuildError> {
    let Scene {
        manifest,
        application,
        ..
    } = scene;
    let lock = manifest
        .project_directory()
        .map(|directory| directory.join("uv.lock"));
    let lock = lock.filter(|_| {
        application
            .lock
            .as_ref()
            .is_some_and(|(name, _)| name == "uv.lock")
    });
    let lock = match manifest.input {
        Input::Script => crate::python::install::Lock::of_script(&manifest.path)
            .map(|lock| lock.path().to_path_buf()),
        _ => lock,
    };
    let overrides = Overrides::of(manifest.project_directory(), lock.as_deref());
    let mut faults = requirements::check(scene, &wanted(manifest, application), &overrides)?;
    let (modules, missing) = imports::check(scene);
    faults.extend(missing);
    faults.extend(plugins::check(scene)?);
    faults.extend(beside::check(scene)?);
    Ok(Checked {
        distributions: application.distributions.len(),
        modules,
        faults,
    })
}

/// Requirements in addition to those in the metadata of the project's own distribution.
fn wanted<'a>(manifest: &'a Manifest, application: &PythonApplication) -> Wanted<'a> {
    let name = manifest
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let groups = manifest
        .build
        .groups
        .iter()
        .filter_map(|group| manifest.project.dependency_groups.get(group));
    let requirements = if application.has_distribution {
        groups
            .flatten()
            .chain(&manifest.build.dependencies)
            .cloned()
            .collect()
    } else {
        requirements_of(manifest)
    };
    Wanted {
        by: name,
        requirements,
        extras: &manifest.build.extras,
    }
}

/// The markers that describe the kernel.
const OF_KERNEL: [&str; 2] = ["platform_release", "platform_version"];

fn inputs(
    manifest: &Manifest,
    application: &PythonApplication,
    plans: &[SlotPlan],
    family: Family,
) -> Inputs {
    let mut inputs = Inputs::default();
    inputs.add("tool", env!("CARGO_PKG_VERSION"));
    inputs.add("launcher", family.name());
    for plan in plans {
        inputs.add(&format!("slot {}", plan.name), plan.inputs.key());
        inputs.add("place", plan.place().display());
    }
    inputs
        .add("sources", application.sources.hex())
        .found_at(&manifest.directory);
    inputs.add("lock", format!("{:?}", application.lock));
    // The kernel of this machine is not an input of the installation either.
    let markers = application.interpreter.markers.iter();
    let markers: BTreeMap<_, _> = markers
        .filter(|(name, _)| !OF_KERNEL.contains(&name.as_str()))
        .collect();
    inputs.add("interpreter", format!("{markers:?}"));
    // Hashed: a requirement may have a password in its URL.
    let digest = |text: String| Blake3::of(text.as_bytes()).hex();
    inputs.add(
        "input",
        digest(format!(
            "{:?}",
            (manifest.input, &manifest.project, &manifest.entry_point)
        )),
    );
    inputs.add(
        "execution",
        format!(
            "{:?}",
            (
                &manifest.execution.command,
                &manifest.post_extract,
                place(manifest)
            )
        ),
    );
    let Build {
        extras,
        groups,
        dependencies,
        ..
    } = &manifest.build;
    inputs.add(
        "selection",
        digest(format!("{:?}", (extras, groups, dependencies))),
    );
    inputs
}
