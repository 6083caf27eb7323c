use toml::Table;

use crate::python::core_metadata::normalised;

/// The project name in a manifest, normalised.
pub(in super::super) fn project_name(manifest: &Table) -> Option<String> {
    let name = |table: Option<&toml::Value>| Some(normalised(table?.get("name")?.as_str()?));
    name(manifest.get("project")).or_else(|| name(manifest.get("tool")?.get("poetry")))
}
