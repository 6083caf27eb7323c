use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::remedy::Remedy;
use crate::diagnostics::{Code, Diagnosis, Diagnostic};

/// Something that a package needs and lacks.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
pub enum Fault {
    /// `by` is a distribution with its version; `found` are the versions in the package.
    #[error("{by} requires {requirement}, {}", has(name, found))]
    Unmet {
        by: String,
        name: String,
        requirement: String,
        found: Vec<String>,
        remedy: Remedy,
    },
    #[error("{by} requires Python {requires}; the package has {python}")]
    OtherPython {
        by: String,
        name: String,
        requires: String,
        python: String,
        is_error: bool,
    },
    #[error("{by} has an invalid requirement `{requirement}`: {reason}")]
    Unreadable {
        by: String,
        requirement: String,
        reason: String,
    },
    /// `places` are the importing lines; the message shows the first.
    #[error(
        "{} imports {module}, which nothing in the package provides{}",
        first(places),
        others(places)
    )]
    NoModule {
        module: String,
        places: Vec<Place>,
        chain: Vec<String>,
        remedy: Remedy,
    },
    /// A part of the standard library.
    #[error(
        "{} imports {module}, which the slim Python of the package leaves out{}",
        first(places),
        others(places)
    )]
    LeftOut {
        module: String,
        places: Vec<Place>,
        include: String,
        is_there: bool,
        remedy: Remedy,
    },
    /// `path` is relative to the module's directory, or to the project.
    #[error("{place} reads {}, which {} and is not in the wheel", path.display(), if *is_beside { "is beside it in the project" } else { "is in the project" })]
    NotInWheel {
        place: Place,
        path: PathBuf,
        file: PathBuf,
        is_beside: bool,
        remedy: Remedy,
    },
    #[error(
        "the entry point `{name}` of `{group}` names {module}, which nothing in the package provides"
    )]
    NoPlugin {
        group: String,
        name: String,
        module: String,
    },
}

/// A line of a module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Relative to the import root: `hello/cli.py`.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", crate::report::printable(&self.file), self.line)
    }
}

impl Diagnostic for Fault {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Unmet { remedy, .. } => Code::UNMET_REQUIREMENT.with_hint(remedy.to_string()),
            Self::OtherPython { name, is_error: true, .. } => Code::OTHER_PYTHON.with_hint(format!(
                "choose another Python with `--python`, or another version of it; if it works all the same, add `unmet = [\"{name}\"]` to [tool.flavor.build]"
            )),
            Self::OtherPython { name, .. } => Code::OTHER_PYTHON.with_hint(format!(
                "if it works all the same, `unmet = [\"{name}\"]` under [tool.flavor.build] ends this warning; otherwise choose another Python with `--python`"
            )),
            Self::Unreadable { .. } => Code::UNREADABLE_REQUIREMENT.with_hint(
                "only the name was checked; a later version of the distribution may have corrected it",
            ),
            Self::NoModule { remedy, .. } => Code::MISSING_MODULE.with_hint(remedy.to_string()),
            Self::LeftOut { remedy, .. } => Code::MODULE_LEFT_OUT.with_hint(remedy.to_string()),
            Self::NotInWheel { remedy, .. } => Code::NOT_IN_WHEEL.with_hint(remedy.to_string()),
            Self::NoPlugin { .. } => Code::MISSING_PLUGIN.with_hint(
                "correct the name in the project's metadata, or make sure that the build packs the module",
            ),
        }
    }
}

impl Fault {
    /// Its place, if it is in a module.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::NoModule { places, .. } | Self::LeftOut { places, .. } => places.first(),
            Self::NotInWheel { place, .. } => Some(place),
            _ => None,
        }
    }

    /// Whether it is an error and not a warning.
    pub(super) fn is_error(&self) -> bool {
        matches!(
            self,
            Self::Unmet { .. } | Self::OtherPython { is_error: true, .. }
        )
    }

    /// Whether `unmet`, a list of normalised names, has the distribution or the module.
    pub(super) fn is_allowed(&self, unmet: &[String]) -> bool {
        let name = match self {
            Self::Unmet { name, .. } | Self::OtherPython { name, .. } => name.clone(),
            Self::NoModule { module, .. } => module
                .split('.')
                .next()
                .unwrap_or(module)
                .replace('_', "-")
                .to_ascii_lowercase(),
            _ => return false,
        };
        unmet.contains(&name)
    }
}

/// The faults that prevent a package, one per line.
pub(in crate::pack) fn all(faults: &[Fault]) -> String {
    if let [one] = faults {
        return one.to_string();
    }
    let lines = faults.iter().map(|fault| format!("\n  {fault}"));
    format!(
        "{} requirements are not met:{}",
        faults.len(),
        lines.collect::<String>()
    )
}

fn has(name: &str, found: &[String]) -> String {
    match found {
        [] => "which is not in the package".into(),
        _ => format!("but the package has {name} {}", found.join(", ")),
    }
}

fn first(places: &[Place]) -> String {
    places.first().map_or_else(String::new, ToString::to_string)
}

/// The maximum number of places listed.
const LISTED: usize = 3;

fn others(places: &[Place]) -> String {
    let others = places.get(1..).unwrap_or_default();
    let mut text = others
        .iter()
        .take(LISTED)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if others.len() > LISTED {
        text.push_str(&format!(" and {} more", others.len() - LISTED));
    }
    if text.is_empty() {
        text
    } else {
        format!(" (also {text})")
    }
}
