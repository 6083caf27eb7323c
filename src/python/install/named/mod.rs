//! The sources that a project declares for distributions, in the syntax of uv, Poetry, PDM and
//! Hatch.

mod error;
mod expand;
mod manifest;
mod poetry;
mod rules;
mod source;
mod uv;
mod workspace;

use std::path::Path;

use toml::Table;

pub use error::NamedSourceError;
pub(super) use expand::expanded;
pub(super) use manifest::project_name;
pub(super) use rules::Conditions;
pub use rules::NamedSources;
pub(super) use source::{IndexSource, Source};
pub(super) use workspace::{Workspace, is_member_or_root};

use self::error::Result;
use super::address::absolute;
use crate::pyproject::{self, MANIFEST};

impl NamedSources {
    /// The sources of the project in a directory, and of its workspace.
    pub fn of_project(directory: &Path) -> Result<Self> {
        let directory = absolute(directory);
        let path = directory.join(MANIFEST);
        let Some(manifest) = pyproject::of(&directory) else {
            return Ok(Self::default());
        };
        let mut named = Self {
            known_to_uv: true,
            ..Self::default()
        };
        let workspace = Workspace::of(&directory);
        uv::read(&manifest, &path, workspace.as_ref(), &mut named)?;
        if let Some(workspace) = workspace
            .as_ref()
            .filter(|workspace| workspace.root != directory)
        {
            let path = workspace.root.join(MANIFEST);
            let root = pyproject::of(&workspace.root).unwrap_or_default();
            // A member's sources take precedence over the root's.
            let own: Vec<String> = named.rules.iter().map(|rule| rule.name.clone()).collect();
            let mut of_root = Self::default();
            uv::read(&root, &path, Some(workspace), &mut of_root)?;
            named.rules.extend(
                of_root
                    .rules
                    .into_iter()
                    .filter(|rule| !own.contains(&rule.name)),
            );
            (named.ordered, named.default) = (of_root.ordered, of_root.default);
            named.manifests.push(path);
        }
        poetry::read(&manifest, &path, &mut named)?;
        poetry::read_pdm(&manifest, &directory, &mut named);
        Ok(named)
    }

    /// Those of a script; `block` is the TOML of its metadata.
    pub fn of_script(path: &Path, block: &str) -> Result<Self> {
        let path = absolute(path);
        let mut named = Self::default();
        if let Ok(manifest) = block.parse::<Table>() {
            uv::read(&manifest, &path, None, &mut named)?;
        }
        Ok(named)
    }
}
