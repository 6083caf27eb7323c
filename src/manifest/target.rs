use super::error::Error;
use super::table::{Item, Table};
use crate::elf::GlibcVersion;

/// `[tool.flavor.target]`: what the target machines provide.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetSettings {
    /// The oldest glibc among them.
    pub glibc: Option<GlibcVersion>,
    /// Names of shared libraries that all of them have; a trailing `*` matches any suffix. These
    /// are never carried. If the list is present, no other library may be needed.
    pub libraries: Option<Vec<String>>,
}

impl TargetSettings {
    /// The libraries that are listed.
    pub fn listed(&self) -> &[String] {
        self.libraries.as_deref().unwrap_or_default()
    }
}

pub(super) fn target(mut table: Table<'_>) -> Result<TargetSettings, Error> {
    let target = TargetSettings {
        glibc: table.get("glibc").map(|item| glibc(&item)).transpose()?,
        libraries: match table.get("libraries") {
            Some(item) => Some(
                item.list("an array of strings")?
                    .iter()
                    .map(library)
                    .collect::<Result<_, _>>()?,
            ),
            None => None,
        },
    };
    table.finish();
    Ok(target)
}

fn glibc(item: &Item<'_>) -> Result<GlibcVersion, Error> {
    let text = item.text()?.trim();
    text.parse()
        .map_err(|_| item.bad("a glibc version such as \"2.28\"", text))
}

/// As in the files that need it: `libGL.so.1`, `libnvidia*`.
fn library(item: &Item<'_>) -> Result<String, Error> {
    let text = item.filled()?;
    let (stem, is_pattern) = text
        .strip_suffix('*')
        .map_or((text, false), |stem| (stem, true));
    let is_name =
        !stem.is_empty() && !stem.contains(['/', '*']) && (is_pattern || stem.contains(".so"));
    if is_name {
        Ok(text.to_owned())
    } else {
        Err(item.bad("the name of a shared library such as \"libGL.so.1\"", text))
    }
}
