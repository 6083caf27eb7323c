//! Overrides by the project of its dependencies' metadata.

use std::collections::BTreeMap;
use std::path::Path;

use pep508_rs::Requirement;
use toml::Value;

use crate::manifest::{AnyUrl, read_requirement};
use crate::pyproject;

/// By normalised name: the replacement requirements; empty to exclude it.
#[derive(Default)]
pub(super) struct Overrides(BTreeMap<String, Vec<Requirement<AnyUrl>>>);

/// A marker that is never true: excludes the requirement.
const NEVER: &str = "python_version < '0'";

impl Overrides {
    /// Those of uv and PDM in a project's manifest and its `uv.lock`, which has those of its
    /// workspace.
    pub(super) fn of(directory: Option<&Path>, lock: Option<&Path>) -> Self {
        let mut found = Self::default();
        if let Some(manifest) = directory.and_then(pyproject::of) {
            let tool = |name: &str| manifest.get("tool")?.get(name);
            found.add_uv(tool("uv"));
            let pdm =
                tool("pdm").and_then(|pdm| pdm.get("resolution")?.get("overrides")?.as_table());
            for (name, version) in pdm.into_iter().flatten() {
                let version = version.as_str().unwrap_or_default();
                let exact = version.starts_with(|c: char| c.is_ascii_digit());
                found.add(&if exact {
                    format!("{name}=={version}")
                } else {
                    format!("{name}{version}")
                });
            }
        }
        let settings =
            directory.and_then(|directory| pyproject::read(&directory.join("uv.toml")).ok());
        found.add_uv(settings.map(Value::Table).as_ref());
        let locked = lock.and_then(|lock| pyproject::read(lock).ok());
        if let Some(decided) = locked.as_ref().and_then(|lock| lock.get("manifest")) {
            let list = |key: &str| {
                decided
                    .get(key)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
            };
            for one in list("overrides") {
                let text = |key: &str| one.get(key).and_then(Value::as_str);
                let Some(name) = text("name") else { continue };
                let marker = text("marker")
                    .map(|marker| format!(" ; {marker}"))
                    .unwrap_or_default();
                // A distribution from a path or a URL is taken as it is.
                found.add(&format!(
                    "{name}{}{marker}",
                    text("specifier").unwrap_or_default()
                ));
            }
            for name in list("excludes").filter_map(Value::as_str) {
                found.exclude(name);
            }
        }
        found
    }

    /// The replacement for a requirement on `name`.
    pub(super) fn of_name(&self, name: &str) -> Option<&[Requirement<AnyUrl>]> {
        self.0.get(name).map(Vec::as_slice)
    }

    fn add_uv(&mut self, settings: Option<&Value>) {
        let list = |key: &str| {
            settings
                .and_then(|uv| uv.get(key)?.as_array())
                .into_iter()
                .flatten()
        };
        for text in list("override-dependencies").filter_map(Value::as_str) {
            self.add(text);
        }
        for name in list("exclude-dependencies").filter_map(Value::as_str) {
            self.exclude(name);
        }
    }

    fn exclude(&mut self, name: &str) {
        self.add(&format!("{name} ; {NEVER}"));
    }

    fn add(&mut self, text: &str) {
        match read_requirement(text) {
            Ok(requirement) => self
                .0
                .entry(requirement.name.to_string())
                .or_default()
                .push(requirement),
            Err(reason) => tracing::debug!(text, reason, "an override that cannot be read"),
        }
    }
}
