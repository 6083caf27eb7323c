//! Imports that fail: modules that are imported unconditionally and that nothing in the package
//! provides.
//!
//! Of the application's own modules all are checked, except those that are imported conditionally
//! or only for tests. Of the dependencies and the standard library only what is imported at every
//! start: other imports there may be meant to fail.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;

use super::super::fault::{Fault, Place};
use super::super::remedy::Remedy;
use super::module_source::{ModuleSource, Wish, conjures, has_one_of, has_word};
use super::modules::{Modules, Node, Owner, Resolution};
use super::remedies::{Remedies, names};
use super::scene::Scene;
use crate::manifest::{EntryPoint, Input};
use crate::python::runtime::include_for;
use crate::python::source::When;

/// Substrings of packages that have modules outside their directory.
const BRINGS_MODULES: &[&str] = &[
    "__path__",
    "sys.modules",
    "meta_path",
    "path_hooks",
    "declare_namespace",
    "modules[",
];
/// Substrings of packages that have names not written in their source.
const BRINGS_NAMES: &[&str] = &[
    "import *",
    "__getattr__",
    "globals",
    "exec",
    "setattr",
    "vars(",
];
/// Modules of the standard library for other systems.
const ELSEWHERE: &[&str] = &[
    "_msi",
    "_overlapped",
    "_scproxy",
    "_winapi",
    "_winreg",
    "msilib",
    "msvcrt",
    "nt",
    "winreg",
    "winsound",
];

struct Search<'a> {
    scene: Scene<'a>,
    read: HashMap<&'a str, (Node<'a>, ModuleSource)>,
    /// Maps the path of a module to its first importer.
    by: HashMap<&'a str, Option<&'a str>>,
}

/// Returns the number of modules read, and the failing imports.
pub(super) fn check(scene: Scene<'_>) -> (usize, Vec<Fault>) {
    let Scene {
        manifest, modules, ..
    } = scene;
    let mut search = Search {
        scene,
        read: HashMap::new(),
        by: HashMap::new(),
    };
    let starts = search.starts();
    let certain = search.follow(starts.clone(), |_, when| when == When::Always);
    let own = match manifest.input {
        // Everything in a wheel is importable. A directory may contain anything.
        Input::Project => search.own(&certain),
        Input::Script | Input::Directory => search.follow(starts, |node, when| {
            node.owner == Owner::Own && when != When::Perhaps
        }),
        Input::Wheel | Input::Requirement => BTreeSet::new(),
    };
    let checked: BTreeSet<&str> = certain.iter().copied().chain(own).collect();
    let faults = if modules.is_open {
        Vec::new()
    } else {
        search.faults(&certain, &checked)
    };
    (search.read.len(), faults)
}

impl<'a> Search<'a> {
    /// The modules that programs start with.
    fn starts(&self) -> Vec<Node<'a>> {
        let Scene {
            manifest,
            application,
            modules,
            ..
        } = self.scene;
        let mut names: Vec<String> = Vec::new();
        let mut starts: Vec<Node<'a>> = Vec::new();
        let mut module =
            |module: &str| names.extend([module.to_owned(), format!("{module}.__main__")]);
        match (&manifest.execution.command, &manifest.entry_point) {
            (Some(command), _) => {
                let words = command
                    .iter()
                    .chain(&manifest.execution.args)
                    .map(String::as_str)
                    .collect::<Vec<_>>();
                if let Some([_, name]) = words.windows(2).find(|pair| pair[0] == "-m") {
                    module(name);
                }
            }
            (None, Some(EntryPoint::File(file))) => starts.extend(modules.own_file(file)),
            (None, Some(EntryPoint::Module(name))) => module(name),
            (None, Some(EntryPoint::Function { module, .. })) => names.push(module.clone()),
            (None, None) => {}
        }
        if manifest.execution.command.is_none() {
            names.extend(
                application
                    .entry_points
                    .iter()
                    .map(|script| script.module.clone()),
            );
        }
        starts.extend(names.iter().flat_map(|name| modules.lineage(name)));
        starts
    }

    /// Follows the imports accepted by `takes` from `starts`; returns all modules reached.
    fn follow(
        &mut self,
        starts: Vec<Node<'a>>,
        takes: impl Fn(&Node<'a>, When) -> bool,
    ) -> BTreeSet<&'a str> {
        let mut reached: BTreeSet<&'a str> = BTreeSet::new();
        let mut next: Vec<Node<'a>> = Vec::new();
        for node in starts {
            if reached.insert(node.path) {
                self.by.entry(node.path).or_insert(None);
                next.push(node);
            }
        }
        while !next.is_empty() {
            self.read(&next);
            let mut found = Vec::new();
            for node in &next {
                let Some((_, read)) = self.read.get(node.path) else {
                    continue;
                };
                for wish in read.wishes.iter().filter(|wish| takes(node, wish.when)) {
                    for target in self.targets(wish) {
                        if reached.insert(target.path) {
                            self.by.entry(target.path).or_insert(Some(node.path));
                            found.push(target);
                        }
                    }
                }
            }
            next = found;
        }
        reached
    }

    /// Reads the modules that have not been read yet, in parallel.
    fn read(&mut self, nodes: &[Node<'a>]) {
        let new: Vec<&Node<'a>> = nodes
            .iter()
            .filter(|node| !self.read.contains_key(node.path))
            .collect();
        let broken = &self.scene.application.broken;
        let read = |node: &&Node<'a>| {
            if node.owner == Owner::Own && broken.contains_key(&node.entry.relative) {
                return None;
            }
            let bytes = std::fs::read(&node.entry.path).ok()?;
            Some((
                node.path,
                (
                    **node,
                    ModuleSource::read(node, &String::from_utf8_lossy(&bytes)),
                ),
            ))
        };
        let all: Vec<_> = new.par_iter().filter_map(read).collect();
        self.read.extend(all);
    }

    /// The modules that an import executes.
    fn targets(&self, wish: &Wish) -> Vec<Node<'a>> {
        let modules: &'a Modules<'a> = self.scene.modules;
        let mut targets = modules.lineage(&wish.module);
        for name in &wish.names {
            if let Resolution::Source(node) = modules.find(&format!("{}.{name}", wish.module)) {
                targets.push(node);
            }
        }
        targets
    }

    /// The project's own modules that are checked though no unconditional import reaches them:
    /// those imported inside functions, or by no import statement at all. Conditional imports may
    /// fail.
    fn own(&mut self, certain: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        let nodes: Vec<Node<'a>> = self.scene.modules.own();
        self.read(&nodes);
        let mut imported: HashMap<&'a str, When> = HashMap::new();
        let mut lazily: BTreeSet<&'a str> = BTreeSet::new();
        for node in &nodes {
            let Some((_, read)) = self.read.get(node.path) else {
                continue;
            };
            for wish in &read.wishes {
                // Importing a module executes its parent packages, but that is not a use of them.
                let last = self.targets(wish).into_iter().filter(|target| {
                    target.owner == Owner::Own
                        && target.path != node.path
                        && (target.module() == wish.module
                            || wish
                                .names
                                .iter()
                                .any(|name| target.module() == format!("{}.{name}", wish.module)))
                });
                for target in last {
                    if wish.when == When::Lazily {
                        lazily.insert(target.path);
                    }
                    let when = imported.entry(target.path).or_insert(wish.when);
                    *when = (*when).max(wish.when);
                }
            }
        }
        // A package that may fail covers its content.
        let optional: Vec<&str> = imported
            .iter()
            .filter(|(path, when)| {
                **when == When::Perhaps && !certain.contains(**path) && !lazily.contains(**path)
            })
            .filter_map(|(path, _)| path.strip_suffix("__init__.py"))
            .collect();
        let is_start = |node: &&Node<'a>| {
            let is_alone = !imported.contains_key(node.path) && !is_test(node.path);
            let may_fail = || {
                optional
                    .iter()
                    .any(|package| node.path.starts_with(package))
            };
            certain.contains(node.path) || (is_alone && !may_fail()) || lazily.contains(node.path)
        };
        let starts: Vec<Node<'a>> = nodes.iter().filter(is_start).copied().collect();
        self.follow_own(starts)
    }

    fn follow_own(&mut self, starts: Vec<Node<'a>>) -> BTreeSet<&'a str> {
        let reached = self.follow(starts, |node, when| {
            node.owner == Owner::Own && when == When::Always
        });
        let is_own = |path: &&str| {
            self.read
                .get(*path)
                .is_some_and(|(node, _)| node.owner == Owner::Own)
        };
        reached.into_iter().filter(is_own).collect()
    }

    fn faults(&self, certain: &BTreeSet<&str>, checked: &BTreeSet<&'a str>) -> Vec<Fault> {
        let read = || checked.iter().filter_map(|path| self.read.get(path));
        let top_of = |node: &Node<'a>| node.path.split('/').next().unwrap_or_default();
        let altering: BTreeSet<(Owner, &str)> = read()
            .filter(|(_, read)| read.alters_path)
            .map(|(node, _)| (node.owner, top_of(node)))
            .collect();
        let alters_path = |node: &Node<'a>| {
            altering.iter().any(|(owner, top)| {
                *owner == node.owner && (*owner == Owner::Own || *top == top_of(node))
            })
        };
        let conjurers: Vec<&str> = read()
            .filter_map(|(_, read)| read.conjures.as_deref())
            .collect();
        let mut missing: BTreeMap<String, Vec<(Node<'a>, usize)>> = BTreeMap::new();
        for path in checked {
            let Some((node, read)) = self.read.get(path) else {
                continue;
            };
            let is_certain = certain.contains(path);
            for wish in read.wishes.iter().filter(|wish| wish.when == When::Always) {
                for module in self.lacking(node, wish) {
                    let top = module.split('.').next().unwrap_or_default();
                    let is_elsewhere =
                        alters_path(node) && self.scene.modules.has_anywhere(top, node.owner);
                    let is_conjured = conjurers
                        .iter()
                        .any(|text| conjures(text, &module) || conjures(text, top));
                    if !is_elsewhere && !is_conjured && (is_certain || !self.is_optional(top)) {
                        missing.entry(module).or_default().push((*node, wish.line));
                    }
                }
            }
        }
        let mut faults: Vec<Fault> = missing
            .into_iter()
            .map(|(module, places)| self.fault(module, places))
            .collect();
        faults.sort_by(|one, other| one.place().cmp(&other.place()));
        faults
    }

    /// Whether a module is only for optional features, or for another system.
    fn is_optional(&self, top: &str) -> bool {
        let project = &self.scene.manifest.project;
        ELSEWHERE.contains(&top)
            || project
                .optional_dependencies
                .values()
                .flatten()
                .any(|requirement| names(requirement, top))
    }

    /// The part of an import that cannot be found.
    fn lacking(&self, node: &Node<'a>, wish: &Wish) -> Vec<String> {
        let modules = self.scene.modules;
        if let Some(missing) = modules.missing(&wish.module) {
            // For a large part, only the module is restored.
            let is_alone = include_for(&wish.module).is_some_and(|name| name == wish.module);
            // For a package that exists, the whole name is meant.
            return vec![if is_alone || missing.contains('.') {
                wish.module.clone()
            } else {
                missing
            }];
        }
        if node.owner != Owner::Own {
            return Vec::new();
        }
        // A package of the application has a name if its source mentions it, or a module has that
        // name.
        let has: Box<dyn Fn(&str) -> bool> = match modules.find(&wish.module) {
            Resolution::Namespace => Box::new(|_| false),
            Resolution::Source(package)
                if package.owner == Owner::Own
                    && package.is_package()
                    && package.path != node.path =>
            {
                let text = std::fs::read_to_string(&package.entry.path).unwrap_or_default();
                if text.is_empty()
                    && package
                        .entry
                        .path
                        .metadata()
                        .is_ok_and(|metadata| metadata.len() > 0)
                    || has_one_of(&text, BRINGS_MODULES)
                    || has_one_of(&text, BRINGS_NAMES)
                {
                    return Vec::new();
                }
                Box::new(move |name| {
                    has_word(&text, name) || (name.starts_with("__") && name.ends_with("__"))
                })
            }
            _ => return Vec::new(),
        };
        let whole = |name: &String| format!("{}.{name}", wish.module);
        let is_missing = |name: &&String| {
            *name != "*" && !has(name) && matches!(modules.find(&whole(name)), Resolution::Nowhere)
        };
        wish.names.iter().filter(is_missing).map(whole).collect()
    }

    fn fault(&self, module: String, mut places: Vec<(Node<'a>, usize)>) -> Fault {
        let remedies = Remedies(self.scene);
        places.sort_by_key(|(node, line)| (node.owner, node.path, *line));
        places.dedup_by_key(|(node, _)| node.path);
        let chain = places
            .first()
            .map(|(node, _)| self.chain(node))
            .unwrap_or_default();
        let shown = places
            .iter()
            .map(|(node, line)| Place {
                file: node.path.into(),
                line: *line,
            })
            .collect();
        if let Some((include, is_there, remedy)) = remedies.left_out(&module) {
            return Fault::LeftOut {
                module,
                places: shown,
                include,
                is_there,
                remedy,
            };
        }
        let first = places.first().map(|(node, _)| node);
        let is_library = first.is_some_and(|node| node.owner == Owner::Library);
        let remedy = match first {
            Some(_) if is_library => Remedy::OtherPython {
                name: module.clone(),
            },
            Some(node) => remedies.module(&module, node, &chain),
            None => Remedy::PackModule,
        };
        Fault::NoModule {
            module,
            places: shown,
            chain,
            remedy,
        }
    }

    /// The chain of imports that leads to a module, beginning with a module that a program starts
    /// with.
    fn chain(&self, node: &Node<'a>) -> Vec<String> {
        let mut chain = Vec::new();
        let mut at = Some(node.path);
        while let Some(path) = at {
            let Some((node, _)) = self.read.get(path) else {
                break;
            };
            chain.push(node.module());
            at = self.by.get(path).copied().flatten();
        }
        chain.reverse();
        chain
    }
}

impl Modules<'_> {
    /// The sources executed by importing a module: those of its parent packages, and its own.
    fn lineage(&self, module: &str) -> Vec<Node<'_>> {
        let source = |name: &str| match self.find(name) {
            Resolution::Source(node) => Some(node),
            _ => None,
        };
        prefixes(module).filter_map(source).collect()
    }

    /// The shortest prefix of a module's name that does not exist; `None` if modules may come from
    /// elsewhere.
    pub(super) fn missing(&self, module: &str) -> Option<String> {
        if !matches!(self.find(module), Resolution::Nowhere) {
            return None;
        }
        for name in prefixes(module) {
            match self.find(name) {
                Resolution::Nowhere => return Some(name.to_owned()),
                Resolution::Opaque => return None,
                Resolution::Source(node) if name != module => {
                    let text = std::fs::read(&node.entry.path).ok()?;
                    if has_one_of(&String::from_utf8_lossy(&text), BRINGS_MODULES) {
                        return None;
                    }
                }
                Resolution::Namespace | Resolution::Source(_) => {}
            }
        }
        None
    }
}

/// `a`, `a.b` and `a.b.c` of `a.b.c`.
fn prefixes(module: &str) -> impl Iterator<Item = &str> {
    module
        .match_indices('.')
        .filter_map(|(at, _)| module.get(..at))
        .chain([module])
}

/// Whether a path is that of a test, which runs in an environment with more packages.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_named = name.starts_with("test_") || name.ends_with("_test.py") || name == "conftest.py";
    is_named
        || path
            .split('/')
            .any(|part| matches!(part, "test" | "tests" | "testing"))
}
