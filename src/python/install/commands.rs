//! The commands of an installed tree: every file in its `bin` that belongs to a distribution.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::record::Record;
use crate::fs::{IoContext as _, Result};
use crate::python::start::PREAMBLE;

/// A file in `bin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Name of the file.
    pub name: String,
    /// The distribution that it belongs to, normalised.
    pub distribution: String,
    /// Whether it is a Python script. Other files are native programs or scripts in other
    /// languages.
    pub is_python: bool,
}

/// Suffixes of programs for other systems, which Linux does not start.
const FOREIGN: &[&str] = &["bat", "cmd", "exe", "ps1"];

/// Lists the commands of the distributions in a tree, sorted by name.
pub(super) fn commands_in(
    tree: &Path,
    site_packages: &Path,
    distributions: &[Distribution],
) -> Result<Vec<Command>> {
    let up = format!("{}bin/", "../".repeat(site_packages.components().count()));
    let mut found = BTreeMap::new();
    for one in distributions {
        let record = Record::read(&tree.join(site_packages).join(&one.dist_info))?;
        for name in record
            .lines
            .iter()
            .filter_map(|line| line.path.strip_prefix(&up))
        {
            let path = tree.join("bin").join(name);
            let is_program = path
                .metadata()
                .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
            let is_foreign = Path::new(name)
                .extension()
                .is_some_and(|ending| FOREIGN.iter().any(|one| ending == *one));
            if name.contains('/') || !is_program || is_foreign {
                continue;
            }
            let mut start = vec![];
            let file = File::open(&path).on("open", &path)?;
            file.take(PREAMBLE.len() as u64)
                .read_to_end(&mut start)
                .on("read", &path)?;
            let is_python = start == PREAMBLE.as_bytes();
            let command = Command {
                name: name.to_owned(),
                distribution: one.name.clone(),
                is_python,
            };
            found.insert(name.to_owned(), command);
        }
    }
    Ok(found.into_values().collect())
}
