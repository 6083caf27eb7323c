//! A built application as the stages see that know no language: data alone. What only its language
//! can answer is behind [`super::language::Language`].

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use serde_json::Value;

use super::cache::HashedTree;
use super::warning::Finding;
use crate::evidence::{Component, Material};
use crate::format::{Commands, Program, PythonFacts};
use crate::fs::{Entry, EntryKind};
use crate::libraries::SystemPackage;
use crate::python::install::Subject;

/// A built application. A package of slots alone has one without slots.
#[derive(Default)]
pub(super) struct Application {
    /// In the order of the package.
    pub(super) slots: Vec<BuiltSlot>,
    /// The main one first.
    pub(super) programs: Vec<Program>,
    /// Commands that are not programs of their own.
    pub(super) commands: Vec<Commands>,
    /// The version that its build computed; empty if the manifest has to state it.
    pub(super) version: String,
    /// What a requirement resolved to.
    pub(super) subject: Option<Subject>,
    pub(super) environment: Environment,
    /// `None` if its programs need no interpreter.
    pub(super) loader: Option<Loader>,
    /// Signed facts for the start of Python programs.
    pub(super) python: Option<PythonFacts>,
    pub(super) evidence: Evidence,
    pub(super) findings: Vec<Finding>,
}

/// What a slot is for, which determines how its content is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The interpreter: packed unchanged, and the same for many projects.
    Runtime,
    /// What the application depends on.
    Dependencies,
    /// The application itself.
    Application,
    /// A slot of the manifest.
    Manifest,
}

impl Role {
    pub(super) fn is_of_application(self) -> bool {
        self != Self::Manifest
    }

    /// Whether build back ends and installers made the content on this machine, possibly with paths
    /// of this machine in native files.
    pub(super) fn is_installed(self) -> bool {
        matches!(self, Self::Dependencies | Self::Application)
    }
}

/// The content of one slot: one tree, or one on top of another.
pub(super) struct BuiltSlot {
    pub(super) name: &'static str,
    pub(super) role: Role,
    /// Directory in the environment; empty for the environment itself.
    pub(super) target: &'static str,
    /// As in the metadata.
    pub(super) purpose: &'static str,
    /// Every directory precedes its content.
    pub(super) entries: Vec<Entry>,
    /// Names and digests of the trees: inputs of the stored bytes.
    pub(super) parts: Vec<(&'static str, String)>,
}

impl BuiltSlot {
    /// The slot of a tree. The target is the environment itself.
    pub(super) fn new(
        name: &'static str,
        role: Role,
        purpose: &'static str,
        tree: &HashedTree,
    ) -> Self {
        Self {
            name,
            role,
            target: "",
            purpose,
            entries: tree.entries.clone(),
            parts: vec![("tree", tree.digest.hex())],
        }
    }

    pub(super) fn at(self, target: &'static str) -> Self {
        Self { target, ..self }
    }

    /// Adds the files of another tree.
    pub(super) fn with(mut self, part: &'static str, tree: &HashedTree) -> Self {
        let directories: HashSet<_> = self
            .entries
            .iter()
            .map(|entry| entry.relative.clone())
            .collect();
        let is_new = |entry: &&Entry| {
            entry.kind != EntryKind::Directory || !directories.contains(&entry.relative)
        };
        self.entries
            .extend(tree.entries.iter().filter(is_new).cloned());
        self.entries
            .sort_by(|first, second| first.relative.cmp(&second.relative));
        self.parts.push((part, tree.digest.hex()));
        self
    }
}

/// What the environment of an application has besides its slots.
#[derive(Default)]
pub(super) struct Environment {
    /// Files that every start makes.
    pub(super) made: Vec<String>,
    /// Their purpose, as a sentence.
    pub(super) purpose: &'static str,
    /// Paths that a single file, or a tree that does not exist at all times, cannot have.
    pub(super) shared: &'static [&'static str],
}

/// The interpreter of this machine that the runtime was made from.
pub(super) struct Loader {
    /// The executable with all links resolved.
    pub(super) executable: PathBuf,
    /// The shared library with most of it, if it has one.
    pub(super) library: Option<PathBuf>,
    /// Directory in the slot of the runtime with libraries for everything that it loads.
    pub(super) libraries: &'static str,
}

/// What the SBOM and the provenance say about an application.
#[derive(Default)]
pub(super) struct Evidence {
    pub(super) components: Vec<Component>,
    pub(super) materials: Vec<Material>,
    /// Resolved options, such as the version of the interpreter.
    pub(super) parameters: Vec<(&'static str, Value)>,
    /// The owners of system libraries in the runtime, by path inside its slot.
    pub(super) owners: BTreeMap<String, SystemPackage>,
}
