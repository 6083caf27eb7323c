//! What a package requires of the target machine, and whether that is declared, allowed and
//! possible.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::super::cache::{BuildCache, Inputs, Layer};
use super::super::contents::Contents;
use super::super::encoded::Stored;
use super::super::python::{APP, Application, DEPS};
use super::super::slots::SlotPlan;
use super::super::startable::start_of_main;
use super::super::warning::Finding;
use super::super::{BuildError, Lacking};
use super::{Left, Opened, Why};
use crate::elf::GlibcVersion;
use crate::format::WORKENV;
use crate::libraries::{Machine, is_part_of_glibc, matches_any, must_come_from_target};
use crate::manifest::EntryPoint;
use crate::python::reach::{Start, reach};

/// Requirements on the target machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The oldest glibc; `None` if nothing in the package needs one.
    pub glibc: Option<GlibcVersion>,
    /// The slot and the file that need that release.
    pub glibc_by: Option<(String, String)>,
    /// Shared libraries other than glibc's, sorted.
    pub libraries: Vec<String>,
}

/// What is known when all slots are encoded.
pub(crate) struct Package<'a> {
    pub(crate) contents: &'a Contents,
    /// One for each slot.
    pub(crate) stored: &'a [Stored],
    pub(crate) cache: &'a BuildCache,
    pub(crate) machine: &'a Machine,
}

/// Missing libraries with the same cause.
struct Lacked<'a> {
    one: Lacking,
    /// With their slots.
    all: Vec<(&'a str, &'a Left)>,
}

/// Sums up the requirements of the slots.
///
/// # Errors
/// [`BuildError::CannotStart`] for a library without which the main program certainly cannot start.
pub(crate) fn judge(package: &Package<'_>) -> Result<(Needs, Vec<Finding>), BuildError> {
    let mut needs = Needs::default();
    let slots = || package.contents.plans.iter().zip(package.stored);
    for (plan, stored) in slots() {
        if stored.native.glibc_floor > needs.glibc {
            needs.glibc = stored.native.glibc_floor;
            needs.glibc_by = stored
                .native
                .floor_by
                .clone()
                .map(|file| (plan.name.clone(), file));
        }
    }
    let mut findings = Vec::new();
    let target = &package.contents.manifest.target;
    if let (Some(floor), Some(allowed)) = (needs.glibc, target.glibc)
        && floor > allowed
    {
        let (slot, file) = needs.glibc_by.clone().unwrap_or_default();
        findings.push(Finding::NewerGlibc {
            floor,
            allowed,
            slot,
            file,
        });
    }
    let is_needless =
        slots().all(|(_, stored)| stored.native.left.is_empty() && stored.native.opened.is_empty());
    if is_needless {
        return Ok((needs, findings));
    }
    let inside = Names::of(package);
    let mut from_target: BTreeMap<&str, Lacking> = BTreeMap::new();
    let mut lacking: BTreeMap<(&str, &Why), Lacked<'_>> = BTreeMap::new();
    for (plan, left) in
        slots().flat_map(|(plan, stored)| stored.native.left.iter().map(move |left| (plan, left)))
    {
        let library = left.library.as_str();
        let by = Lacking::new(library, &plan.name, &left.needed_by);
        if left.why == Why::Absent {
            if inside.has(library) {
                continue;
            }
            let is_listed = matches_any(library, target.listed());
            if is_listed || must_come_from_target(library) {
                needs.libraries.push(library.to_owned());
                if !is_listed {
                    from_target
                        .entry(library)
                        .and_modify(|one| one.others += 1)
                        .or_insert(by);
                }
                continue;
            }
        }
        let lacked = lacking
            .entry((library, &left.why))
            .or_insert_with(|| Lacked {
                one: by,
                all: Vec::new(),
            });
        lacked.one.others += usize::from(!lacked.all.is_empty());
        lacked.all.push((&plan.name, left));
    }
    needs.libraries.sort();
    needs.libraries.dedup();
    let from_target: Vec<Lacking> = from_target.into_values().collect();
    if !from_target.is_empty() {
        let is_listing = target.libraries.is_some();
        findings.push(if is_listing {
            Finding::UnlistedLibraries(from_target)
        } else {
            Finding::FromTarget(from_target)
        });
    }
    if !lacking.is_empty() {
        let required = Required::of(package)?;
        let mut absent = Vec::new();
        for ((_, why), Lacked { one, all }) in lacking {
            let warning = match why {
                Why::Absent => Finding::NoLibrary(one),
                Why::Versions(versions) => Finding::OldLibrary {
                    one,
                    versions: versions.clone(),
                },
                Why::Unfit(reason) => Finding::NotCarried {
                    one,
                    reason: reason.clone(),
                },
            };
            if all
                .iter()
                .any(|(slot, left)| required.has(slot, &left.needed_by))
            {
                return Err(BuildError::CannotStart(Box::new(warning)));
            }
            tracing::info!("{warning}");
            match warning {
                Finding::NoLibrary(one) => absent.push(one),
                other => findings.push(other),
            }
        }
        // Frameworks have plug-ins for everything: one warning for all.
        match absent.len() {
            0 => {}
            1 => findings.extend(absent.pop().map(Finding::NoLibrary)),
            _ => findings.push(Finding::NoLibraries(absent)),
        }
    }
    findings.extend(opened(package, &inside));
    Ok((needs, findings))
}

/// Names of the libraries in the package.
struct Names {
    own: BTreeSet<String>,
    /// Those of this machine; code that opens a library by name does not look in their directory.
    carried: BTreeSet<String>,
}

impl Names {
    fn of(package: &Package<'_>) -> Self {
        let files = package.contents.plans.iter().flat_map(SlotPlan::files);
        let named = files.filter_map(|(path, _)| Some(path.file_name()?.to_str()?.to_owned()));
        let carried = package
            .stored
            .iter()
            .flat_map(|stored| &stored.native.carried)
            .map(|one| one.name.clone());
        Self {
            own: named.filter(|name| name.contains(".so")).collect(),
            carried: carried.collect(),
        }
    }

    fn has(&self, library: &str) -> bool {
        self.own.contains(library) || self.carried.contains(library)
    }

    /// Whether there is a library of that name, of any version and build.
    fn has_kind(&self, library: &str) -> bool {
        let stem = library.split(".so").next().unwrap_or(library);
        self.own.iter().any(|name| {
            name.strip_prefix(stem)
                .is_some_and(|rest| rest.starts_with(['.', '-', '_']))
        })
    }
}

/// Libraries that Python code opens and that the package lacks. If this machine lacks them too,
/// only modules known to need them are reported: others try several names.
fn opened(package: &Package<'_>, inside: &Names) -> Vec<Finding> {
    let listed = package.contents.manifest.target.listed();
    let mut seen = BTreeSet::new();
    let mut found: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let slots = package.contents.plans.iter().zip(package.stored);
    for (plan, one) in
        slots.flat_map(|(plan, stored)| stored.native.opened.iter().map(move |one| (plan, one)))
    {
        let Opened {
            library,
            file,
            is_certain,
        } = one;
        let stem = library.split(".so").next().unwrap_or(library);
        // A name without a version matches any.
        let start = format!("{library}.");
        let is_said = is_part_of_glibc(library)
            || is_glibc_stem(stem)
            || must_come_from_target(library)
            || must_come_from_target(&start)
            || matches_any(library, listed)
            || listed.iter().any(|name| name.starts_with(&start));
        if is_said || inside.has_kind(library) {
            continue;
        }
        let name = if *is_certain {
            Some(library.clone())
        } else {
            package.machine.named_like(library)
        };
        if let Some(name) = name.filter(|_| seen.insert(stem)) {
            found.entry((&plan.name, file)).or_default().push(name);
        }
    }
    let warning = |((slot, file), libraries): ((&str, &str), Vec<String>)| Finding::Opens {
        slot: slot.into(),
        file: file.into(),
        libraries,
    };
    found.into_iter().map(warning).collect()
}

fn is_glibc_stem(stem: &str) -> bool {
    [
        "libc",
        "libm",
        "libdl",
        "libpthread",
        "librt",
        "libutil",
        "libresolv",
    ]
    .contains(&stem)
}

/// Native files without which the main program does not start.
struct Required {
    /// Slot and path inside it.
    program: Option<(String, PathBuf)>,
    /// Extension modules that are imported unconditionally, inside `deps` or `app`.
    modules: BTreeSet<PathBuf>,
}

impl Required {
    fn of(package: &Package<'_>) -> Result<Self, BuildError> {
        let command = package.contents.manifest.execution.command.as_ref();
        let program =
            command.and_then(|command| command.first()?.strip_prefix(WORKENV)?.strip_prefix('/'));
        let program = program.and_then(|path| {
            package
                .contents
                .plans
                .iter()
                .find_map(|plan| Some((plan.name.clone(), plan.inside(path.as_ref())?)))
        });
        let application = package
            .contents
            .application
            .as_ref()
            .filter(|_| command.is_none());
        let modules = application
            .map(|application| imported(package, application))
            .transpose()?
            .unwrap_or_default();
        Ok(Self { program, modules })
    }

    fn has(&self, slot: &str, files: &[String]) -> bool {
        let is_python = [DEPS, APP].contains(&slot);
        let mut files = files.iter().map(PathBuf::from);
        files.any(|file| {
            self.program
                .as_ref()
                .is_some_and(|(of, path)| of == slot && *path == file)
                || (is_python && self.modules.contains(&file))
        })
    }
}

/// The extension modules that the main program imports unconditionally.
fn imported(
    package: &Package<'_>,
    application: &Application,
) -> Result<BTreeSet<PathBuf>, BuildError> {
    let Some(start) = start_of_main(&package.contents.manifest, application) else {
        return Ok(BTreeSet::new());
    };
    let start = match start {
        EntryPoint::File(file) => Start::File(file.display().to_string()),
        EntryPoint::Function { module, .. } => Start::Module(module),
        EntryPoint::Module(module) => Start::Package(module),
    };
    let mut inputs = Inputs::default();
    let trees = package
        .contents
        .plans
        .iter()
        .filter(|plan| [DEPS, APP].contains(&plan.name.as_str()));
    for plan in trees {
        inputs.add(&plan.name, plan.inputs.key());
    }
    inputs.add("start", start.text());
    let trees = &application.trees;
    let place = super::super::python::place(&package.contents.manifest);
    let made = package.cache.make(
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
