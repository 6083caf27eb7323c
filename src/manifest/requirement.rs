//! PEP 508 requirements. Only the syntax is checked: no variable is expanded and no path looked up.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use pep508_rs::{ExtraName, MarkerTree, Pep508Url, Requirement, VersionOrUrl};

use super::error::Error;
use super::name::normalized;
use super::table::Item;

/// The URL after `@`, which the installer interprets.
#[derive(Debug, Clone)]
pub struct AnyUrl(String);

impl fmt::Display for AnyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pep508Url for AnyUrl {
    type Err = Infallible;

    fn parse_url(url: &str, _working_dir: Option<&Path>) -> Result<Self, Infallible> {
        Ok(Self(url.to_string()))
    }
}

/// Parses a requirement in a distribution's metadata; fails with the reason.
pub fn read(text: &str) -> Result<Requirement<AnyUrl>, String> {
    check_names(text)?;
    Requirement::<AnyUrl>::from_str(text)
        .map_err(|error| first_line(&error.message.to_string()).to_string())
}

pub(super) fn parse_all(items: &[Item<'_>]) -> Result<Vec<String>, Error> {
    items.iter().map(parse).collect()
}

pub(super) fn parse(item: &Item<'_>) -> Result<String, Error> {
    let text = item.text()?;
    let checked = check_names(text).and_then(|()| {
        Requirement::<AnyUrl>::from_str(text)
            .map_err(|error| first_line(&error.message.to_string()).to_string())
    });
    match checked {
        Ok(_) => Ok(text.trim().to_string()),
        Err(reason) => Err(Error::BadRequirement {
            at: item.at(),
            requirement: text.to_string(),
            reason,
        }),
    }
}

/// The condition of a requirement.
pub(super) type Marker = MarkerTree;

/// The extras, in normalized form, and the marker of a requirement that names the `project` itself.
pub(super) fn of_itself(text: &str, project: &str) -> Option<(Vec<String>, Marker)> {
    check_names(text).ok()?;
    let requirement = Requirement::<AnyUrl>::from_str(text).ok()?;
    let extras = requirement
        .extras
        .iter()
        .map(|extra| normalized(extra.as_ref()))
        .collect();
    (requirement.name.as_ref() == normalized(project)).then_some((extras, requirement.marker))
}

/// The conjunction of both.
pub(super) fn both(one: Option<&Marker>, other: &Marker) -> Marker {
    let mut marker = other.clone();
    if let Some(one) = one {
        marker.and(one.clone());
    }
    marker
}

/// A requirement that applies only if `marker` holds, too.
pub(super) fn restricted(text: &str, marker: Option<&Marker>) -> String {
    let requirement = marker
        .filter(|marker| !marker.is_true())
        .and_then(|marker| {
            let requirement = check_names(text)
                .ok()
                .and_then(|()| Requirement::<AnyUrl>::from_str(text).ok())?;
            Some(
                Requirement {
                    marker: both(Some(marker), &requirement.marker),
                    ..requirement
                }
                .to_string(),
            )
        });
    requirement.unwrap_or_else(|| text.to_string())
}

/// A requirement that is to be packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// As written.
    pub name: String,
    /// The URL after its `@`, if it has one.
    pub address: Option<String>,
    /// With the extras that were selected.
    pub text: String,
}

/// Parses a requirement and adds extras to it; fails with the reason.
pub fn named(text: &str, extras: &[String]) -> Result<Named, String> {
    check_names(text)?;
    let reason = |text: String| first_line(&text).to_string();
    let mut requirement =
        Requirement::<AnyUrl>::from_str(text).map_err(|error| reason(error.message.to_string()))?;
    for extra in extras {
        let extra = ExtraName::from_str(extra).map_err(|error| reason(error.to_string()))?;
        if !requirement.extras.contains(&extra) {
            requirement.extras.push(extra);
        }
    }
    let address = match &requirement.version_or_url {
        Some(VersionOrUrl::Url(address)) => Some(address.0.clone()),
        _ => None,
    };
    let written = if extras.is_empty() {
        text.trim().to_string()
    } else {
        requirement.to_string()
    };
    Ok(Named {
        name: requirement.name.to_string(),
        address,
        text: written,
    })
}

/// The requirements of a distribution.
pub(super) struct Required {
    /// Unconditional ones.
    pub(super) always: Vec<String>,
    /// By the normalized name of the extra.
    pub(super) with_extra: BTreeMap<String, Vec<String>>,
}

/// Separates unconditional requirements from those of each of the `extras`; fails with the reason
/// if one of the `texts` is not a requirement.
pub(super) fn by_extra(texts: &[String], extras: &[String]) -> Result<Required, String> {
    let mut always = Vec::new();
    let mut with_extra: BTreeMap<String, Vec<String>> = extras
        .iter()
        .map(|extra| (normalized(extra), Vec::new()))
        .collect();
    for text in texts {
        check_names(text)?;
        let requirement = Requirement::<AnyUrl>::from_str(text)
            .map_err(|error| format!("`{text}`: {}", first_line(&error.message.to_string())))?;
        if requirement.marker.evaluate_extras(&[]) {
            always.push(text.clone());
            continue;
        }
        for (extra, list) in &mut with_extra {
            let Ok(extra) = ExtraName::from_str(extra) else {
                continue;
            };
            if requirement
                .marker
                .evaluate_extras(std::slice::from_ref(&extra))
            {
                // Installers get no extras here, so conditions on extras are evaluated here.
                let marker = requirement.marker.clone().simplify_extras(&[extra]);
                list.push(
                    Requirement {
                        marker,
                        ..requirement.clone()
                    }
                    .to_string(),
                );
            }
        }
    }
    Ok(Required { always, with_extra })
}

/// Rejects input on which `pep508_rs` 0.9 panics: characters other than ASCII, which the grammar
/// excludes, and names that end in punctuation (`click->=8`).
fn check_names(text: &str) -> Result<(), String> {
    require_ascii(text)?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let text = text.trim_start();
    let (name, rest) = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
    let extras = rest
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split(']').next())
        .unwrap_or_default();
    match extras
        .split(|c| !is_part(c))
        .chain([name])
        .find(|name| name.ends_with(['.', '-', '_']))
    {
        Some(name) => Err(format!(
            "the name `{name}` does not end in a letter or a digit"
        )),
        None => Ok(()),
    }
}

pub(super) fn require_ascii(text: &str) -> Result<(), String> {
    text.chars()
        .find(|c| !c.is_ascii())
        .map_or(Ok(()), |c| Err(format!("`{c}` is not an ASCII character")))
}

pub(super) fn first_line(text: &str) -> &str {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches([':', '.'])
}
