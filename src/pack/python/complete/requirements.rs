//! The requirements of the distributions in a package, on each other and on the interpreter.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep440_rs::{Operator, Version, VersionSpecifiers};
use pep508_rs::{ExtraName, MarkerEnvironment, Requirement, VersionOrUrl};

use super::super::application::PythonApplication;
use super::super::fault::Fault;
use super::overrides::Overrides;
use super::remedies::Remedies;
use super::scene::Scene;
use crate::fs::IoContext;
use crate::manifest::{AnyUrl, read_requirement};
use crate::pack::BuildError;
use crate::pack::slots::SlotPlan;
use crate::python::{CoreMetadata, Interpreter};

/// A distribution in the package.
struct Inside {
    /// Normalised.
    name: String,
    version: String,
    metadata: CoreMetadata,
}

/// Requirements that no distribution has.
pub(super) struct Wanted<'a> {
    /// The requiring party in messages: `script.py`.
    pub(super) by: String,
    pub(super) requirements: Vec<String>,
    /// For the project's distribution, the selected extras.
    pub(super) extras: &'a [String],
}

/// All unmet and invalid requirements.
pub(super) fn check(
    scene: Scene<'_>,
    wanted: &Wanted,
    overrides: &Overrides,
) -> Result<Vec<Fault>, BuildError> {
    let Scene {
        application, plans, ..
    } = scene;
    let all = inside(application, plans)?;
    let mut faults: Vec<Fault> = all
        .iter()
        .filter_map(|one| of_python(one, &application.interpreter))
        .collect();
    let Some(markers) = markers(&application.interpreter) else {
        return Ok(faults);
    };
    let mut by_name: BTreeMap<&str, Vec<&Inside>> = BTreeMap::new();
    for one in &all {
        by_name.entry(&one.name).or_default().push(one);
    }
    let remedies = Remedies(scene);
    let mut search = Search {
        by_name,
        markers,
        overrides,
        remedies,
        extras: BTreeMap::new(),
        faults: BTreeSet::new(),
    };
    let own = application
        .distributions
        .last()
        .filter(|_| application.has_distribution);
    if let Some(own) = own {
        search
            .extras
            .entry(own.name.clone())
            .or_default()
            .extend(wanted.extras.iter().filter_map(|name| extra(name)));
    }
    // Extras may require further extras, so this repeats until nothing changes.
    loop {
        let known = search.extras.clone();
        search.faults.clear();
        for text in &wanted.requirements {
            // Not a requirement: a path or a URL that the installer understood.
            if let Ok(requirement) = read_requirement(text) {
                search.require(&wanted.by, &requirement, &[]);
            }
        }
        for one in &all {
            search.of(one);
        }
        if search.extras == known {
            break;
        }
    }
    faults.extend(search.faults);
    Ok(faults)
}

struct Search<'a> {
    by_name: BTreeMap<&'a str, Vec<&'a Inside>>,
    markers: MarkerEnvironment,
    overrides: &'a Overrides,
    remedies: Remedies<'a>,
    /// The requested extras, by normalised name.
    extras: BTreeMap<String, BTreeSet<ExtraName>>,
    faults: BTreeSet<Fault>,
}

impl Search<'_> {
    fn of(&mut self, one: &Inside) {
        let by = format!("{} {}", one.name, one.version);
        let extras: Vec<ExtraName> = self
            .extras
            .get(&one.name)
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        for text in &one.metadata.requires_dist {
            match read_requirement(text) {
                Ok(requirement) => self.require(&by, &requirement, &extras),
                Err(reason) => self.unreadable(&by, text, reason, &extras),
            }
        }
    }

    fn require(&mut self, by: &str, requirement: &Requirement<AnyUrl>, extras: &[ExtraName]) {
        if !requirement.marker.evaluate(&self.markers, extras) {
            return;
        }
        let name = requirement.name.to_string();
        let instead = self.overrides.of_name(&name);
        let met = |one: &Requirement<AnyUrl>, found: &[&Inside]| {
            found.iter().any(|inside| is_met(one, &inside.version))
        };
        let found = self.by_name.get(&*name).cloned().unwrap_or_default();
        if let Some(instead) = instead {
            let mut instead = instead
                .iter()
                .filter(|one| one.marker.evaluate(&self.markers, &[]))
                .peekable();
            // If none applies, it is not wanted at all.
            if instead.peek().is_none() || instead.all(|one| met(one, &found)) {
                self.ask(&name, requirement);
                return;
            }
        }
        if met(requirement, &found) {
            self.ask(&name, requirement);
            return;
        }
        let requirement = Requirement {
            marker: pep508_rs::MarkerTree::TRUE,
            ..requirement.clone()
        };
        let text = text_of(&requirement);
        self.faults.insert(Fault::Unmet {
            by: by.into(),
            remedy: self.remedies.require(&name, &text),
            name,
            requirement: text,
            found: found.iter().map(|inside| inside.version.clone()).collect(),
        });
    }

    fn ask(&mut self, name: &str, requirement: &Requirement<AnyUrl>) {
        if !requirement.extras.is_empty() {
            self.extras
                .entry(name.into())
                .or_default()
                .extend(requirement.extras.iter().cloned());
        }
    }

    /// Even of an invalid requirement, the name and the marker may be readable.
    fn unreadable(&mut self, by: &str, text: &str, reason: String, extras: &[ExtraName]) {
        let (first, condition) = text.split_once(';').unwrap_or((text, ""));
        let end = first
            .find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c))
            .unwrap_or(first.len());
        let name = first.get(..end).unwrap_or_default();
        let condition = if condition.trim().is_empty() {
            String::new()
        } else {
            format!(" ; {condition}")
        };
        if let Ok(requirement) = read_requirement(&format!("{name}{condition}")) {
            if !requirement.marker.evaluate(&self.markers, extras) {
                return;
            }
            self.require(by, &requirement, extras);
        }
        self.faults.insert(Fault::Unreadable {
            by: by.into(),
            requirement: text.into(),
            reason,
        });
    }
}

/// A requirement without the marker: `h11>=0.13,<0.15`.
fn text_of(requirement: &Requirement<AnyUrl>) -> String {
    let extras: Vec<String> = requirement.extras.iter().map(ToString::to_string).collect();
    let extras = if extras.is_empty() {
        String::new()
    } else {
        format!("[{}]", extras.join(","))
    };
    let rest = match &requirement.version_or_url {
        None => String::new(),
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(","),
        Some(VersionOrUrl::Url(url)) => format!(" @ {}", crate::python::redact(&url.to_string())),
    };
    format!("{}{extras}{rest}", requirement.name)
}

/// Whether a version satisfies a requirement. Distributions from URLs and invalid versions are
/// accepted.
fn is_met(requirement: &Requirement<AnyUrl>, version: &str) -> bool {
    let Some(VersionOrUrl::VersionSpecifier(specifiers)) = &requirement.version_or_url else {
        return true;
    };
    Version::from_str(version).map_or(true, |version| specifiers.contains(&version))
}

fn of_python(one: &Inside, interpreter: &Interpreter) -> Option<Fault> {
    let requires = one.metadata.requires_python.as_ref()?;
    let Ok(specifiers) = VersionSpecifiers::from_str(requires) else {
        tracing::debug!(
            name = one.name,
            requires,
            "`Requires-Python` is not a valid specifier"
        );
        return None;
    };
    let (major, minor, patch) = interpreter.version;
    let version = Version::new([u64::from(major), u64::from(minor), u64::from(patch)]);
    if specifiers.contains(&version) {
        return None;
    }
    // Resolvers ignore upper bounds on Python, which are guesses about future versions.
    let is_upper =
        |operator: &Operator| matches!(operator, Operator::LessThan | Operator::LessThanEqual);
    let too_old = specifiers
        .iter()
        .filter(|one| !is_upper(one.operator()))
        .any(|one| !one.contains(&version));
    Some(Fault::OtherPython {
        by: format!("{} {}", one.name, one.version),
        name: one.name.clone(),
        requires: requires.clone(),
        python: interpreter.version_text.clone(),
        is_error: too_old,
    })
}

fn extra(name: &str) -> Option<ExtraName> {
    // The parser of names panics on some that end in punctuation.
    let is_fit = name.is_ascii() && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    ExtraName::from_str(name).ok().filter(|_| is_fit)
}

fn markers(interpreter: &Interpreter) -> Option<MarkerEnvironment> {
    let text = serde_json::to_value(&interpreter.markers).ok()?;
    serde_json::from_value(text)
        .inspect_err(|error| tracing::debug!(%error, "no markers of the interpreter"))
        .ok()
}

/// The distributions in the package, also those of which the user excluded files on purpose.
fn inside(application: &PythonApplication, plans: &[SlotPlan]) -> Result<Vec<Inside>, BuildError> {
    let trees = &application.trees;
    let mut places: Vec<PathBuf> = Vec::new();
    for one in &application.distributions {
        let metadata = |tree: &Path| {
            tree.join(&trees.site_packages)
                .join(&one.dist_info)
                .join("METADATA")
        };
        places.extend(
            [metadata(&trees.deps), metadata(&trees.app)]
                .into_iter()
                .find(|path| path.is_file()),
        );
    }
    let others = plans
        .iter()
        .filter(|plan| !plan.role.is_of_application())
        .flat_map(SlotPlan::entries);
    let is_metadata = |path: &Path| {
        let directory = path.parent().and_then(Path::extension);
        path.ends_with("METADATA") && directory.is_some_and(|ending| ending == "dist-info")
    };
    places.extend(
        others
            .filter(|entry| is_metadata(&entry.relative))
            .map(|entry| entry.path.clone()),
    );
    let read = |path: PathBuf| {
        let metadata = CoreMetadata::parse(&String::from_utf8_lossy(
            &std::fs::read(&path).on("read", &path)?,
        ));
        let (name, version) = (
            metadata.name.clone().unwrap_or_default(),
            metadata.version.clone().unwrap_or_default(),
        );
        Ok(Inside {
            name,
            version,
            metadata,
        })
    };
    places.into_iter().map(read).collect()
}
