//! Whether the programs of a package can start, as far as that can be determined without running
//! them.
//!
//! Reports only certain failures: if modules may come from elsewhere at run time, nothing is
//! reported.

use std::path::{Path, PathBuf};

use super::application::PythonApplication;
use super::context::RUNTIME;
use super::scripts::place;
use crate::fs::Entry;
use crate::manifest::suggest::closest;
use crate::manifest::{EntryPoint, Manifest};
use crate::pack::BuildError;
use crate::pack::context::Pack;
use crate::pack::slots::SlotPlan;
use crate::pack::warning::Finding;
use crate::python::install;
use crate::python::runtime::is_stub;
use crate::stub::Family;

/// The programs that cannot start.
///
/// # Errors
/// [`BuildError::CannotStart`] if the main program is one of them.
pub(super) fn check(
    pack: Pack,
    application: &PythonApplication,
    plans: &[SlotPlan],
) -> Result<Vec<Finding>, BuildError> {
    let modules = Modules::new(pack.manifest, application, plans, pack.family());
    let start = start_of_main(pack.manifest, application);
    if let Some(fault) = start.and_then(|main| modules.fault(&main)) {
        return Err(BuildError::CannotStart(Box::new(fault)));
    }
    let others = application
        .entry_points
        .iter()
        .filter(|script| Some(&script.name) != application.main.as_ref());
    Ok(others
        .filter_map(|script| modules.fault(&start_of(script)))
        .collect())
}

/// The module or file that the main program of an application starts with.
pub(super) fn start_of_main(
    manifest: &Manifest,
    application: &PythonApplication,
) -> Option<EntryPoint> {
    let mut scripts = application.entry_points.iter();
    let main = scripts
        .find(|script| Some(&script.name) == application.main.as_ref())
        .map(start_of);
    manifest.entry_point.clone().or(main)
}

fn start_of(script: &install::EntryPoint) -> EntryPoint {
    match script.attr.as_str() {
        "" => EntryPoint::Module(script.module.clone()),
        attr => EntryPoint::Function {
            module: script.module.clone(),
            attr: attr.into(),
        },
    }
}

/// Where Python will look for modules.
struct Modules<'a> {
    manifest: &'a Manifest,
    application: &'a PythonApplication,
    plans: &'a [SlotPlan],
    /// Directory of sources that are packed as they are.
    own: PathBuf,
    /// In search order.
    roots: Vec<PathBuf>,
    /// Whether modules may come from elsewhere.
    is_open: bool,
}

enum Module<'a> {
    Source(&'a Entry),
    /// An extension, bytecode, or a namespace package.
    Other,
    Nowhere,
}

/// Substrings of packages that have modules without files.
const BRINGS_MODULES: &[&str] = &["__path__", "sys.modules", "meta_path"];
/// Substrings of modules that have names not written in their source.
const BRINGS_NAMES: &[&str] = &[
    "import *",
    "__getattr__",
    "globals",
    "exec",
    "setattr",
    "sys.modules",
];

impl<'a> Modules<'a> {
    fn new(
        manifest: &'a Manifest,
        application: &'a PythonApplication,
        plans: &'a [SlotPlan],
        family: Family,
    ) -> Self {
        let home = Path::new(if family == Family::FlavorPack {
            RUNTIME
        } else {
            ""
        });
        let site_packages = &application.trees.site_packages;
        let own = home.join(place(manifest));
        let library = Path::new(RUNTIME).join(site_packages.parent().unwrap_or(Path::new("")));
        let mut roots = if manifest.input.is_sources() {
            vec![own.clone()]
        } else {
            Vec::new()
        };
        roots.extend([
            home.join(site_packages),
            library.clone(),
            library.join("lib-dynload"),
        ]);
        let trees = plans.iter().filter(|plan| plan.role.is_installed());
        let adds_paths = |entry: &Entry| {
            entry
                .relative
                .extension()
                .is_some_and(|ending| ending == "pth")
        };
        let is_open =
            !manifest.post_extract.is_empty() || trees.flat_map(SlotPlan::entries).any(adds_paths);
        Self {
            manifest,
            application,
            plans,
            own,
            roots,
            is_open,
        }
    }

    /// Why a program cannot start.
    fn fault(&self, start: &EntryPoint) -> Option<Finding> {
        match start {
            EntryPoint::File(file) => match self.at(&self.own.join(file)) {
                Some(entry) => self.broken(entry),
                None => Some(Finding::LeftOut { file: file.clone() }),
            },
            EntryPoint::Function { module, attr } => match self.find(module) {
                Module::Source(entry) => self
                    .broken(entry)
                    .or_else(|| self.lacks(entry, module, attr)),
                Module::Other => None,
                Module::Nowhere => self.no_module(start, module),
            },
            EntryPoint::Module(module) => match self.find(module) {
                Module::Source(entry) if entry.relative.ends_with("__init__.py") => {
                    match self.find(&format!("{module}.__main__")) {
                        Module::Source(main) => self.broken(entry).or_else(|| self.broken(main)),
                        Module::Other => None,
                        Module::Nowhere => Some(Finding::NoMain {
                            package: module.clone(),
                        }),
                    }
                }
                Module::Source(entry) => self.broken(entry),
                Module::Other => None,
                Module::Nowhere => self.no_module(start, module),
            },
        }
    }

    fn at(&self, path: &Path) -> Option<&'a Entry> {
        self.plans.iter().find_map(|plan| plan.at(path))
    }

    fn find(&self, module: &str) -> Module<'a> {
        let path = module.replace('.', "/");
        let library = Path::new(RUNTIME).join("lib");
        for root in &self.roots {
            let sources = [
                root.join(format!("{path}/__init__.py")),
                root.join(format!("{path}.py")),
            ];
            if let Some(entry) = sources.iter().find_map(|source| self.at(source)) {
                let is_library = root.starts_with(&library);
                if is_library && text_of(entry).is_some_and(|text| is_stub(&text)) {
                    continue;
                }
                return Module::Source(entry);
            }
            let place = root.join(&path);
            let is_compiled = |found: &PathBuf| {
                let is_binary = found
                    .extension()
                    .is_some_and(|ending| ending == "so" || ending == "pyc");
                let name = found.file_name().unwrap_or_default().to_string_lossy();
                let (first, last) = (name.split('.').next(), module.rsplit('.').next());
                is_binary && first == last
            };
            let parent = place.parent().unwrap_or(Path::new(""));
            let mut beside = self.plans.iter().flat_map(|plan| plan.places_in(parent));
            if beside.any(|found| found == place || is_compiled(&found)) {
                return Module::Other;
            }
        }
        Module::Nowhere
    }

    fn no_module(&self, start: &EntryPoint, module: &str) -> Option<Finding> {
        let packages = module
            .match_indices('.')
            .filter_map(|(at, _)| module.get(..at));
        let brings_more = |package: &str| match self.find(package) {
            Module::Source(entry) => {
                text_of(entry).is_none_or(|text| has_one_of(&text, BRINGS_MODULES))
            }
            Module::Other | Module::Nowhere => false,
        };
        if self.is_open || packages.into_iter().any(brings_more) {
            return None;
        }
        let (package, name) = module.rsplit_once('.').unwrap_or(("", module));
        // The interpreter's own modules are unlikely misspellings.
        let own = self
            .roots
            .iter()
            .filter(|root| !root.starts_with(Path::new(RUNTIME).join("lib")));
        let beside: Vec<PathBuf> = own
            .map(|root| root.join(package.replace('.', "/")))
            .flat_map(|directory| {
                self.plans
                    .iter()
                    .flat_map(move |plan| plan.places_in(&directory))
            })
            .collect();
        let beside: Vec<&str> = beside
            .iter()
            .filter_map(|path| path.file_stem()?.to_str())
            .collect();
        let suggestion = closest(name, beside);
        let whole = |name: &str| {
            if package.is_empty() {
                name.to_owned()
            } else {
                format!("{package}.{name}")
            }
        };
        let suggestion = suggestion.map(whole);
        Some(Finding::NoModule {
            start: start.to_string(),
            module: module.into(),
            suggestion,
        })
    }

    /// For a source that does not compile.
    fn broken(&self, entry: &Entry) -> Option<Finding> {
        let reason = self.application.broken.get(&entry.relative)?.clone();
        let own = [
            place(self.manifest),
            self.application.trees.site_packages.clone(),
        ];
        let file = own
            .iter()
            .find_map(|place| entry.relative.strip_prefix(place).ok())
            .unwrap_or(&entry.relative);
        Some(Finding::Broken {
            file: file.into(),
            python: self.application.interpreter.version_text.clone(),
            reason,
        })
    }

    /// For a function that the source of its module does not mention at all.
    fn lacks(&self, entry: &Entry, module: &str, attr: &str) -> Option<Finding> {
        let name = attr.split('.').next().unwrap_or(attr);
        let text = text_of(entry)?;
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        let is_module = || !matches!(self.find(&format!("{module}.{name}")), Module::Nowhere);
        if words.any(|word| word == name) || has_one_of(&text, BRINGS_NAMES) || is_module() {
            return None;
        }
        let functions = text.lines().filter_map(|line| {
            let rest = line
                .strip_prefix("async ")
                .unwrap_or(line)
                .strip_prefix("def ")?;
            rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
        });
        let suggestion = closest(name, functions).map(|name| format!("{module}:{name}"));
        Some(Finding::NoFunction {
            module: module.into(),
            name: name.into(),
            suggestion,
        })
    }
}

fn text_of(entry: &Entry) -> Option<String> {
    std::fs::read_to_string(&entry.path).ok()
}

fn has_one_of(text: &str, marks: &[&str]) -> bool {
    marks.iter().any(|mark| text.contains(mark))
}
