use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::distribution::commands;
use super::script::EntryPoint;
use crate::fs::{IoContext as _, Result, names_in};
use crate::python::core_metadata::CoreMetadata;

/// The metadata of an installed project, as written by its build back end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectMetadata {
    /// As written; `None` if the back end has none.
    pub name: Option<String>,
    pub version: Option<String>,
    pub summary: Option<String>,
    pub requires_python: Option<String>,
    /// PEP 508, as written.
    pub requires: Vec<String>,
    /// As written.
    pub extras: Vec<String>,
    /// Its commands, in the order of the file.
    pub commands: Vec<EntryPoint>,
    /// Commands that are files in the wheel; sorted.
    pub programs: Vec<String>,
}

impl ProjectMetadata {
    /// Reads a `.dist-info` directory, and the names in the directory of commands.
    pub(super) fn read(dist_info: &Path, bin: &Path) -> Result<Self> {
        let text = |name: &str| {
            let path = dist_info.join(name);
            let bytes = if path.is_file() {
                fs::read(&path).on("read", &path)?
            } else {
                Vec::new()
            };
            Ok::<_, crate::fs::Error>(String::from_utf8_lossy(&bytes).into_owned())
        };
        let facts = CoreMetadata::parse(&text("METADATA")?);
        let commands = commands(&text("entry_points.txt")?, dist_info);
        let is_other = |name: &String| commands.iter().all(|command| command.name != *name);
        let names = names_in(bin)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|name| name.into_string().ok());
        let mut programs: Vec<String> = names.filter(is_other).collect();
        programs.sort();
        Ok(Self {
            name: facts.written_name,
            version: facts.version,
            summary: facts.summary,
            requires_python: facts.requires_python,
            requires: facts.requires_dist,
            extras: facts.extras,
            commands,
            programs,
        })
    }
}
