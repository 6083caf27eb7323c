//! An index of the modules in a package, with fast lookup by name.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::super::application::PythonApplication;
use super::super::context::RUNTIME;
use super::super::scripts::place;
use crate::fs::{Entry, EntryKind};
use crate::manifest::Manifest;
use crate::pack::application::Role;
use crate::pack::slots::SlotPlan;
use crate::python::runtime::{include_for, is_stub};
use crate::stub::Family;

/// The owner of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Own,
    Dependency,
    Library,
}

/// A module with a source.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) entry: &'a Entry,
    /// Relative to the import root.
    pub(super) path: &'a str,
    pub(super) owner: Owner,
}

/// What a module name resolves to.
pub(super) enum Resolution<'a> {
    Source(Node<'a>),
    /// An extension, bytecode without a source, or a link: its content is not visible.
    Opaque,
    /// A namespace package.
    Namespace,
    Nowhere,
}

/// Where Python looks for modules.
pub(super) struct Modules<'a> {
    /// In search order, each with a trailing `/`, and whether it has the standard library.
    roots: Vec<(String, bool)>,
    files: HashMap<String, (&'a Entry, bool)>,
    /// Paths without suffixes.
    opaque: HashSet<String>,
    directories: HashSet<String>,
    /// Last components of the names of all modules in the dependencies; and in the application.
    of_dependencies: HashSet<String>,
    of_own: HashSet<String>,
    builtin: HashSet<&'a str>,
    /// Names provided by a `.pth` file of a known kind.
    by_pth: HashSet<&'static str>,
    /// Whether modules may come from elsewhere.
    pub(super) is_open: bool,
}

fn is_stub_at(entry: &Entry) -> bool {
    std::fs::read_to_string(&entry.path).is_ok_and(|text| is_stub(&text))
}

/// Built-in modules of the interpreter.
const FROZEN: &[&str] = &[
    "__main__",
    "_frozen_importlib",
    "_frozen_importlib_external",
];

impl<'a> Modules<'a> {
    pub(super) fn new(
        manifest: &Manifest,
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
        let library = Path::new(RUNTIME).join(site_packages.parent().unwrap_or(Path::new("")));
        let root = |path: &Path| format!("{}/", path.display());
        let mut roots = Vec::new();
        if manifest.input.is_sources() {
            roots.push((root(&home.join(place(manifest))), false));
        }
        roots.extend([
            (root(&library), true),
            (root(&library.join("lib-dynload")), true),
        ]);
        roots.push((root(&home.join(site_packages)), false));
        let builtin = application
            .interpreter
            .builtin_modules
            .iter()
            .map(String::as_str)
            .chain(FROZEN.iter().copied());
        let mut modules = Self {
            roots,
            files: HashMap::new(),
            opaque: HashSet::new(),
            directories: HashSet::new(),
            of_dependencies: HashSet::new(),
            of_own: HashSet::new(),
            builtin: builtin.collect(),
            by_pth: HashSet::new(),
            is_open: !manifest.post_extract.is_empty(),
        };
        for plan in plans {
            let place = plan.place();
            for entry in plan.entries() {
                modules.add(place.join(&entry.relative).to_str(), entry, plan);
            }
        }
        modules
    }

    fn add(&mut self, path: Option<&str>, entry: &'a Entry, plan: &SlotPlan) {
        let Some(path) = path.filter(|path| !path.contains("/__pycache__")) else {
            return;
        };
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = name.split('.').next().unwrap_or_default();
        let ending = name.rsplit('.').next().unwrap_or_default();
        let is_module = match (&entry.kind, ending) {
            (EntryKind::Directory, _) => {
                self.directories.insert(path.to_owned());
                true
            }
            // It only reports the part that is left out.
            (_, "py")
                if plan.role == Role::Runtime
                    && include_for(stem).is_some()
                    && is_stub_at(entry) =>
            {
                false
            }
            (_, "py") => {
                self.files
                    .insert(path.to_owned(), (entry, plan.role == Role::Application));
                true
            }
            (_, "so" | "pyc") | (EntryKind::Symlink { .. }, _) => {
                self.opaque.insert(format!("{directory}/{stem}"));
                true
            }
            (_, "pth") if plan.role.is_installed() => {
                self.add_paths(directory, name, entry);
                false
            }
            _ => false,
        };
        match plan.role {
            _ if !is_module => {}
            Role::Runtime => {}
            Role::Dependencies => drop(self.of_dependencies.insert(stem.to_owned())),
            _ => drop(self.of_own.insert(stem.to_owned())),
        }
    }

    /// The content of a `.pth` file: directories of the package, or arbitrary code.
    fn add_paths(&mut self, directory: &str, name: &str, entry: &Entry) {
        let text = std::fs::read_to_string(&entry.path).unwrap_or_default();
        for line in text
            .lines()
            .map(str::trim_end)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            match line {
                // It creates namespace packages.
                _ if name.ends_with("-nspkg.pth") => {}
                _ if name == "distutils-precedence.pth" => {
                    self.by_pth.insert("distutils");
                }
                _ if line.starts_with(['/', '.'])
                    || line.starts_with("import ")
                    || line.starts_with("import\t") =>
                {
                    self.is_open = true;
                }
                _ => self.roots.push((
                    format!("{directory}/{}/", line.trim_end_matches('/')),
                    false,
                )),
            }
        }
    }

    pub(super) fn find(&self, module: &str) -> Resolution<'_> {
        if self.builtin.contains(module) {
            return Resolution::Opaque;
        }
        if self.by_pth.contains(module) {
            return Resolution::Opaque;
        }
        let path = module.replace('.', "/");
        let mut is_namespace = false;
        for (root, _) in &self.roots {
            for file in [
                format!("{root}{path}/__init__.py"),
                format!("{root}{path}.py"),
            ] {
                if let Some(node) = self.node(&file) {
                    return Resolution::Source(node);
                }
            }
            let place = format!("{root}{path}");
            if self.opaque.contains(&place) || self.opaque.contains(&format!("{place}/__init__")) {
                return Resolution::Opaque;
            }
            is_namespace |= self.directories.contains(&place);
        }
        if is_namespace {
            Resolution::Namespace
        } else {
            Resolution::Nowhere
        }
    }

    /// The module at a path of the environment.
    fn node(&self, path: &str) -> Option<Node<'_>> {
        let (path, (entry, is_own)) = self.files.get_key_value(path)?;
        // One root may be inside another.
        let roots = self.roots.iter().filter(|(root, _)| path.starts_with(root));
        let (root, is_library) = roots.max_by_key(|(root, _)| root.len())?;
        let owner = match (is_own, is_library) {
            (true, _) => Owner::Own,
            (false, true) => Owner::Library,
            (false, false) => Owner::Dependency,
        };
        Some(Node {
            entry,
            path: path.get(root.len()..)?,
            owner,
        })
    }

    /// The application's own importable sources, sorted by path.
    pub(super) fn own(&self) -> Vec<Node<'_>> {
        let is_name = |part: &str| part.chars().all(|c| c.is_alphanumeric() || c == '_');
        let is_importable = |node: &Node<'_>| {
            node.path
                .trim_end_matches(".py")
                .split('/')
                .all(|part| !part.is_empty() && is_name(part))
        };
        let own = self.files.iter().filter(|(_, (_, is_own))| *is_own);
        let mut nodes: Vec<Node<'_>> = own
            .filter_map(|(path, _)| self.node(path))
            .filter(is_importable)
            .collect();
        nodes.sort_by_key(|node| node.path);
        nodes
    }

    /// The module of a file of the input.
    pub(super) fn own_file(&self, file: &Path) -> Option<Node<'_>> {
        self.node(&format!("{}{}", self.roots.first()?.0, file.to_str()?))
    }

    /// Whether any module of that owner has that name, so that a changed `sys.path` may find it.
    pub(super) fn has_anywhere(&self, name: &str, owner: Owner) -> bool {
        match owner {
            Owner::Own => self.of_own.contains(name),
            Owner::Dependency | Owner::Library => self.of_dependencies.contains(name),
        }
    }
}

impl Node<'_> {
    /// Its name: `hello.cli`.
    pub(super) fn module(&self) -> String {
        let path = self.path.trim_end_matches(".py");
        path.strip_suffix("/__init__")
            .unwrap_or(path)
            .replace('/', ".")
    }

    pub(super) fn is_package(&self) -> bool {
        self.path.ends_with("/__init__.py")
    }

    /// The package that its relative imports are relative to; `level` is the number of dots.
    pub(super) fn package(&self, level: usize) -> Option<String> {
        let module = self.module();
        let mut parts: Vec<&str> = module.split('.').collect();
        let up = if self.is_package() {
            level.checked_sub(1)?
        } else {
            level
        };
        parts.truncate(parts.len().checked_sub(up).filter(|left| *left > 0)?);
        Some(parts.join("."))
    }
}
