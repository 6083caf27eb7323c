//! What a package requires of the target machine, and whether that is declared, allowed and
//! possible.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::BuildError;
use super::application::Role;
use super::context::Pack;
use super::language::Language;
use super::native::{Left, Native, Opened, Why};
use super::slots::SlotPlan;
use super::warning::{Finding, Lacking};
use crate::elf::GlibcVersion;
use crate::format::WORKENV;
use crate::libraries::{Machine, is_part_of_glibc, matches_any, must_come_from_target};

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
pub(super) struct Package<'a> {
    pub(super) pack: Pack<'a>,
    pub(super) language: &'a dyn Language,
    pub(super) plans: &'a [SlotPlan],
    /// One for each slot.
    pub(super) natives: Vec<&'a Native>,
    pub(super) machine: &'a Machine,
}

impl<'a> Package<'a> {
    fn slots(&self) -> impl Iterator<Item = (&'a SlotPlan, &'a Native)> {
        self.plans.iter().zip(self.natives.iter().copied())
    }
}

/// Missing libraries with the same cause.
struct Lacked<'a> {
    one: Lacking,
    /// With their slots.
    all: Vec<(&'a SlotPlan, &'a Left)>,
}

/// Sums up the requirements of the slots.
///
/// # Errors
/// [`BuildError::CannotStart`] for a library without which the main program certainly cannot start.
pub(super) fn judge(package: &Package<'_>) -> Result<(Needs, Vec<Finding>), BuildError> {
    let mut needs = Needs::default();
    let slots = || package.slots();
    let mut newest = None;
    for (plan, native) in slots() {
        if native.glibc_floor > needs.glibc {
            newest = Some(plan.role);
            needs.glibc = native.glibc_floor;
            needs.glibc_by = native
                .floor_by
                .clone()
                .map(|file| (plan.name.clone(), file));
        }
    }
    let mut findings = Vec::new();
    let target = &package.pack.manifest.target;
    if let (Some(floor), Some(allowed)) = (needs.glibc, target.glibc)
        && floor > allowed
    {
        let (slot, file) = needs.glibc_by.clone().unwrap_or_default();
        findings.push(Finding::NewerGlibc {
            floor,
            allowed,
            slot,
            file,
            is_of_runtime: newest == Some(Role::Runtime),
        });
    }
    let is_needless = slots().all(|(_, native)| native.left.is_empty() && native.opened.is_empty());
    if is_needless {
        return Ok((needs, findings));
    }
    let inside = Names::of(package);
    let mut from_target: BTreeMap<&str, Lacking> = BTreeMap::new();
    let mut lacking: BTreeMap<(&str, &Why), Lacked<'_>> = BTreeMap::new();
    for (plan, left) in
        slots().flat_map(|(plan, native)| native.left.iter().map(move |left| (plan, left)))
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
        lacked.all.push((plan, left));
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
                .any(|(plan, left)| required.has(plan, &left.needed_by))
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
        let files = package.plans.iter().flat_map(SlotPlan::files);
        let named = files.filter_map(|(path, _)| Some(path.file_name()?.to_str()?.to_owned()));
        let carried = package
            .natives
            .iter()
            .flat_map(|native| &native.carried)
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

/// Libraries that code opens by name and that the package lacks. If this machine lacks them too,
/// only modules known to need them are reported: others try several names.
fn opened(package: &Package<'_>, inside: &Names) -> Vec<Finding> {
    let listed = package.pack.manifest.target.listed();
    let mut seen = BTreeSet::new();
    let mut found: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let slots = package.slots();
    for (plan, one) in
        slots.flat_map(|(plan, native)| native.opened.iter().map(move |one| (plan, one)))
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
struct Required<'a> {
    /// Slot and path inside it.
    program: Option<(&'a str, PathBuf)>,
    /// What the main program certainly loads, inside the installed slots.
    loaded: BTreeSet<PathBuf>,
}

impl<'a> Required<'a> {
    fn of(package: &Package<'a>) -> Result<Self, BuildError> {
        let Package {
            pack,
            language,
            plans,
            ..
        } = package;
        let Some(command) = &pack.manifest.execution.command else {
            return Ok(Self {
                program: None,
                loaded: language.loaded(*pack, plans)?,
            });
        };
        let path = command
            .first()
            .and_then(|word| word.strip_prefix(WORKENV)?.strip_prefix('/'));
        let inside = |path: &str| {
            let mut plans = plans.iter();
            plans.find_map(|plan| Some((plan.name.as_str(), plan.inside(path.as_ref())?)))
        };
        Ok(Self {
            program: path.and_then(inside),
            loaded: BTreeSet::new(),
        })
    }

    fn has(&self, plan: &SlotPlan, files: &[String]) -> bool {
        let mut files = files.iter().map(PathBuf::from);
        files.any(|file| {
            self.program
                .as_ref()
                .is_some_and(|(slot, path)| *slot == plan.name && *path == file)
                || (plan.role.is_installed() && self.loaded.contains(&file))
        })
    }
}
