//! Whether modules can still be imported without what `--slim` left out.

use std::path::{Path, PathBuf};

use super::application::Trees;
use crate::fs::{Entry, EntryKind};
use crate::pack::BuildError;
use crate::pack::application::Role;
use crate::pack::language::SlimmedTree;
use crate::python::imports::{import, importable};

/// Imports all modules of the packed distributions, then the failing ones from the complete trees.
/// Returns how many could be imported.
///
/// # Errors
/// [`BuildError::NoLongerImports`] for the first module that could be imported before.
pub(super) fn load(trees: &Trees, slimmed: &SlimmedTree) -> Result<usize, BuildError> {
    let SlimmedTree {
        pack,
        application,
        dependencies,
        tree,
        home,
    } = slimmed;
    let settings = pack.settings;
    let site_packages = &trees.site_packages;
    let own = application
        .slots
        .iter()
        .filter(|slot| slot.role == Role::Application)
        .flat_map(|slot| &slot.entries);
    let files = dependencies
        .entries()
        .iter()
        .chain(own)
        .filter_map(|entry| importable_at(entry, site_packages));
    let modules = importable(files);
    let failing = |deps: PathBuf, modules: &[String]| {
        let paths = [deps, trees.app.join(site_packages)];
        import(&trees.interpreter, &paths, modules, home, *settings.jobs)
    };
    let packed = tree.join(dependencies.prefix()).join(site_packages);
    let failed = failing(packed, &modules)?;
    if failed.is_empty() {
        return Ok(modules.len());
    }
    let suspects: Vec<String> = failed.keys().cloned().collect();
    let failed_before = failing(trees.deps.join(site_packages), &suspects)?;
    for (module, reason) in &failed {
        if !failed_before.contains_key(module) {
            let slim: Vec<&str> = settings.slim.iter().map(|slim| slim.name()).collect();
            return Err(BuildError::NoLongerImports {
                module: module.clone(),
                // The temporary directory of the check is removed from messages.
                reason: reason.replace(&format!("{}/", tree.display()), ""),
                slim: slim.join(", "),
            });
        }
        tracing::debug!(
            module,
            reason,
            "cannot be imported, with or without what was left out"
        );
    }
    Ok(modules.len() - failed.len())
}

/// The path of a file below the directory that modules are imported from.
fn importable_at<'a>(entry: &'a Entry, site_packages: &Path) -> Option<&'a Path> {
    let path = entry.relative.strip_prefix(site_packages).ok()?;
    (entry.kind != EntryKind::Directory).then_some(path)
}
