//! Entry points of the project that are not commands: plug-ins.

use super::super::fault::Fault;
use super::modules::Resolution;
use super::scene::Scene;
use crate::fs::IoContext;
use crate::pack::BuildError;

/// Those whose module is not in the package. Commands are checked elsewhere.
pub(super) fn check(scene: Scene<'_>) -> Result<Vec<Fault>, BuildError> {
    let Scene {
        application,
        modules,
        ..
    } = scene;
    let own = application
        .distributions
        .last()
        .filter(|_| application.has_distribution && !modules.is_open);
    let trees = &application.trees;
    let path = own.map(|own| {
        trees
            .app
            .join(&trees.site_packages)
            .join(&own.dist_info)
            .join("entry_points.txt")
    });
    let Some(path) = path.filter(|path| path.is_file()) else {
        return Ok(Vec::new());
    };
    let bytes = std::fs::read(&path).on("read", &path)?;
    let (mut group, mut faults) = ("", Vec::new());
    let text = String::from_utf8_lossy(&bytes);
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', ';']))
    {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            group = name.trim();
        } else if !matches!(group, "console_scripts" | "gui_scripts")
            && let Some((name, value)) = line.split_once('=')
        {
            let module = value
                .split([':', '[', ' '])
                .find(|part| !part.is_empty())
                .unwrap_or_default();
            // A value that is not a module name has another meaning in that group.
            let is_name = !module.is_empty()
                && module
                    .chars()
                    .all(|c| c.is_alphanumeric() || "_.".contains(c));
            let is_missing = || {
                modules.missing(module).is_some()
                    && matches!(modules.find(module), Resolution::Nowhere)
            };
            if is_name && is_missing() {
                faults.push(Fault::NoPlugin {
                    group: group.into(),
                    name: name.trim().into(),
                    module: module.into(),
                });
            }
        }
    }
    Ok(faults)
}
