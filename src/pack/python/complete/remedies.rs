//! Finds the remedy for a fault.

use std::path::Path;

use super::super::remedy::Remedy;
use super::modules::{Node, Owner, Resolution};
use super::scene::Scene;
use crate::manifest::{Input, Manifest, read_requirement};
use crate::python::runtime;

/// Finds the remedy for the package at hand.
#[derive(Clone, Copy)]
pub(super) struct Remedies<'a>(pub(super) Scene<'a>);

impl Remedies<'_> {
    /// For an unmet requirement.
    pub(super) fn require(self, name: &str, requirement: &str) -> Remedy {
        let Scene {
            manifest,
            application,
            ..
        } = self.0;
        let lock = application.lock.as_ref().map(|(name, _)| name.as_str());
        Remedy::Require {
            requirement: requirement.into(),
            name: name.into(),
            list: list(manifest),
            again: lock
                .filter(|name| *name == "uv.lock")
                .map(|_| "uv lock".into()),
            may_allow: has_tables(manifest),
        }
    }

    /// For a missing module that is imported in `node`, which is reached through `chain`.
    pub(super) fn module(self, module: &str, node: &Node<'_>, chain: &[String]) -> Remedy {
        let Scene {
            manifest, modules, ..
        } = self.0;
        let top = module.split('.').next().unwrap_or(module);
        let is_own = node.owner == Owner::Own;
        if is_own && !matches!(modules.find(top), Resolution::Nowhere) && module != top {
            return Remedy::PackModule;
        }
        if is_own
            && let Some(package) = node.package(1)
            && !matches!(
                modules.find(&format!("{package}.{top}")),
                Resolution::Nowhere
            )
        {
            return Remedy::Relative {
                package,
                module: top.into(),
            };
        }
        let beside = |ending: &str| manifest.directory.join(format!("{top}{ending}")).is_file();
        if manifest.input == Input::Script && (beside(".py") || beside("/__init__.py")) {
            let script = manifest
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            return Remedy::PackDirectory { script };
        }
        let project = &manifest.project;
        let has = |list: &&Vec<String>| list.iter().any(|text| names(text, top));
        if let Some((extra, _)) = project
            .optional_dependencies
            .iter()
            .find(|(_, list)| has(list))
        {
            return Remedy::Extra {
                extra: extra.clone(),
            };
        }
        if let Some((group, _)) = project.dependency_groups.iter().find(|(_, list)| has(list)) {
            return Remedy::Group {
                group: group.clone(),
                name: top.into(),
            };
        }
        let chain = if is_own { Vec::new() } else { chain.to_vec() };
        Remedy::Declare {
            list: list(manifest),
            chain,
        }
    }

    /// For a part of the standard library: the name, whether the interpreter has it, and the
    /// remedy; `None` for other modules.
    pub(super) fn left_out(self, module: &str) -> Option<(String, bool, Remedy)> {
        let Scene {
            manifest,
            application,
            ..
        } = self.0;
        let name = runtime::include_for(module)?;
        let interpreter = &application.interpreter;
        let path = module.replace('.', "/");
        let places = [
            interpreter.stdlib.join(&path),
            interpreter.stdlib.join(format!("{path}.py")),
            interpreter
                .dynload
                .join(format!("{path}.{}.so", interpreter.soabi)),
        ];
        let is_there = places.iter().any(|place| place.exists());
        let remedy = if is_there {
            Remedy::Include {
                name: name.clone(),
                table: has_tables(manifest),
            }
        } else {
            Remedy::OtherPython {
                name: module.into(),
            }
        };
        Some((name, is_there, remedy))
    }
}

/// Where an input's requirements are declared.
fn list(manifest: &Manifest) -> String {
    match manifest.input {
        Input::Project => "`dependencies` under [project]".into(),
        Input::Script => "`dependencies` in the script's `# /// script` block".into(),
        Input::Directory => "`requirements.txt`".into(),
        Input::Wheel => "the requirements of the wheel".into(),
        Input::Requirement => "the requirements of the distribution".into(),
    }
}

/// Whether the input can have `[tool.flavor]`.
fn has_tables(manifest: &Manifest) -> bool {
    matches!(manifest.input, Input::Project | Input::Script)
}

/// Whether a requirement is for the distribution with the name of a module.
pub(super) fn names(requirement: &str, module: &str) -> bool {
    read_requirement(requirement)
        .is_ok_and(|one| one.name.as_ref().replace('-', "_") == module.to_ascii_lowercase())
}

/// The build back end's setting that packs a file. `source` is relative to the project; `package`
/// and `inside` are its target.
pub(super) fn setting(back_end: &str, source: &Path, package: &str, inside: &Path) -> Remedy {
    let (source, inside) = (source.display(), inside.display());
    let is = |name: &str| back_end.contains(name);
    Remedy::Setting(if is("setuptools") {
        format!("add `{package} = [\"{inside}\"]` to [tool.setuptools.package-data]")
    } else if is("hatchling") {
        format!("add `artifacts = [\"{source}\"]` to [tool.hatch.build.targets.wheel]")
    } else if is("poetry") {
        format!(
            "add `include = [{{ path = \"{source}\", format = [\"sdist\", \"wheel\"] }}]` to [tool.poetry]"
        )
    } else if is("pdm") {
        format!("add `includes = [\"{source}\"]` to [tool.pdm.build]")
    } else if is("maturin") {
        format!("add `include = [{{ path = \"{source}\", format = \"wheel\" }}]` to [tool.maturin]")
    } else if is("mesonpy") {
        format!("add `{source}` to `py.install_sources()` in meson.build")
    } else {
        format!("make sure that the build packs `{source}`")
    })
}
