//! Composes an environment from links. A directory that only one slot contributes to is one link; a
//! directory that several contribute to is a real directory of links.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use super::WorkenvError;
use super::seal::PRIVATE_DIR;
use super::slots::CachedSlot;
use crate::format::{PythonFacts, WORKENV};
use crate::fs::{IoContext, Result, names_in, set_mode, symlink};

/// A directory tree to be created.
#[derive(Debug)]
enum Node {
    /// A link to something in a slot.
    Link(PathBuf),
    /// A link to something in another environment, whose own links lead into slots.
    Borrowed(PathBuf),
    Directory(BTreeMap<OsString, Node>),
    /// A file of the environment itself.
    File(String),
}

/// The plan of an environment.
#[derive(Debug)]
pub(super) struct Composition {
    root: Node,
}

impl Composition {
    /// Plans an environment of slots. Slots that do not exist yet become dangling links.
    pub(super) fn of<'a>(
        slots: impl Iterator<Item = &'a CachedSlot<'a>> + Clone,
        python: Option<&PythonFacts>,
    ) -> std::result::Result<Self, WorkenvError> {
        let mut root = BTreeMap::new();
        for slot in slots.clone() {
            add(
                &mut root,
                &target_path(slot)?,
                Node::Link(slot.tree.clone()),
            )?;
        }
        if let Some(python) = python.filter(|python| python.venv) {
            let runtime = { slots }
                .find(|slot| slot.slot.name() == python.slot)
                .ok_or_else(|| WorkenvError::NoRuntime(python.slot.clone()))?;
            let interpreter = runtime.tree.join(&python.executable);
            add(
                &mut root,
                Path::new("pyvenv.cfg"),
                Node::File(pyvenv_cfg(python, &interpreter)),
            )?;
            for name in interpreter_names(&python.version) {
                add(
                    &mut root,
                    &Path::new("bin").join(name),
                    Node::Link(interpreter.clone()),
                )?;
            }
        }
        Ok(Self {
            root: Node::Directory(root),
        })
    }

    /// Plans an environment that has everything of another one, and slots of its own at their
    /// targets.
    pub(super) fn over<'a>(
        shared: &Path,
        slots: impl Iterator<Item = (&'a CachedSlot<'a>, PathBuf)>,
    ) -> std::result::Result<Self, WorkenvError> {
        let mut root = list(shared, Some(PRIVATE_DIR), borrowed)?;
        for (slot, tree) in slots {
            add(&mut root, &target_path(slot)?, Node::Link(tree))?;
        }
        Ok(Self {
            root: Node::Directory(root),
        })
    }

    /// Creates it.
    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        write(&self.root, directory)
    }

    /// Whether the environment at `root` matches the plan. With `exact`, other entries are a
    /// mismatch.
    pub(super) fn is_at(&self, directory: &Path, exact: bool) -> bool {
        is_at(&self.root, directory, exact)
    }
}

/// The target of a slot, relative to the environment; empty for the environment itself.
pub(super) fn target_path(slot: &CachedSlot<'_>) -> std::result::Result<PathBuf, WorkenvError> {
    let text = &slot.slot.record.target;
    let bad = || WorkenvError::BadTarget {
        slot: slot.slot.name().into(),
        target: text.clone(),
    };
    let relative = text.strip_prefix(WORKENV).ok_or_else(bad)?;
    let relative = Path::new(relative.strip_prefix('/').unwrap_or(relative));
    let plain = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !plain || relative.starts_with(PRIVATE_DIR) {
        return Err(bad());
    }
    Ok(relative.into())
}

/// `home` tells Python where its standard library is. The keys are those of PEP 405.
fn pyvenv_cfg(python: &PythonFacts, interpreter: &Path) -> String {
    let home = interpreter.parent().unwrap_or(Path::new("/"));
    format!(
        "home = {}\nimplementation = {}\nversion_info = {}\ninclude-system-site-packages = false\n",
        home.display(),
        python.implementation,
        python.version
    )
}

/// `python`, `python3`, `python3.13`: the names in a virtual environment.
fn interpreter_names(version: &str) -> [String; 3] {
    let minor = version.split('.').nth(1).unwrap_or("0");
    [
        "python".into(),
        "python3".into(),
        format!("python3.{minor}"),
    ]
}

/// Inserts a node at a path. Two directories are merged; otherwise the later node replaces the
/// earlier.
fn add(directory: &mut BTreeMap<OsString, Node>, path: &Path, node: Node) -> Result<()> {
    let mut parts = path.components();
    let Some(first) = parts.next().map(Component::as_os_str) else {
        return merge(directory, node);
    };
    let rest = parts.as_path();
    if rest.as_os_str().is_empty() {
        return place(directory, first, node);
    }
    let child = directory
        .entry(first.into())
        .or_insert_with(|| Node::Directory(BTreeMap::new()));
    add(expanded(child)?, rest, node)
}

fn place(directory: &mut BTreeMap<OsString, Node>, name: &OsStr, node: Node) -> Result<()> {
    let both_directories = directory.get(name).is_some_and(is_directory) && is_directory(&node);
    match directory.get_mut(name) {
        Some(there) if both_directories => merge(expanded(there)?, node),
        _ => {
            directory.insert(name.into(), node);
            Ok(())
        }
    }
}

/// Adds the entries of a directory node one by one.
fn merge(directory: &mut BTreeMap<OsString, Node>, mut node: Node) -> Result<()> {
    for (name, child) in std::mem::take(expanded(&mut node)?) {
        place(directory, &name, child)?;
    }
    Ok(())
}

fn is_directory(node: &Node) -> bool {
    match node {
        Node::Directory(_) => true,
        // A link inside a slot is linked to as it is, whatever its target.
        Node::Link(target) | Node::Borrowed(target) => target
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_dir()),
        Node::File(_) => false,
    }
}

/// Turns a link to a directory into a real directory of links to its entries.
fn expanded(node: &mut Node) -> Result<&mut BTreeMap<OsString, Node>> {
    let children = match node {
        Node::Directory(_) | Node::File(_) => None,
        Node::Link(target) => Some(list(target, None, |path| Ok(Node::Link(path)))?),
        Node::Borrowed(target) => Some(list(target, None, borrowed)?),
    };
    if let Some(children) = children {
        *node = Node::Directory(children);
    } else if matches!(node, Node::File(_)) {
        *node = Node::Directory(BTreeMap::new());
    }
    match node {
        Node::Directory(children) => Ok(children),
        #[allow(clippy::unreachable, reason = "nothing that a package says leads here")]
        Node::Link(_) | Node::Borrowed(_) | Node::File(_) => {
            unreachable!("converted to a directory above")
        }
    }
}

fn list(
    directory: &Path,
    without: Option<&str>,
    node: impl Fn(PathBuf) -> Result<Node>,
) -> Result<BTreeMap<OsString, Node>> {
    let mut children = BTreeMap::new();
    for name in names_in(directory)? {
        if without.is_none_or(|without| name != without) {
            let child = node(directory.join(&name))?;
            children.insert(name, child);
        }
    }
    Ok(children)
}

/// The entries of another environment. Its links lead into slots and are copied.
fn borrowed(path: PathBuf) -> Result<Node> {
    if !path.is_symlink() {
        return Ok(Node::Borrowed(path));
    }
    let target = std::fs::read_link(&path).on("read link", &path)?;
    Ok(if target.is_absolute() {
        Node::Link(target)
    } else {
        Node::Borrowed(path)
    })
}

fn write(node: &Node, path: &Path) -> Result<()> {
    match node {
        Node::Link(target) | Node::Borrowed(target) => symlink(target, path),
        Node::File(text) => std::fs::write(path, text).on("write", path),
        Node::Directory(children) => {
            std::fs::create_dir(path).on("create directory", path)?;
            set_mode(path, 0o755)?;
            children
                .iter()
                .try_for_each(|(name, child)| write(child, &path.join(name)))
        }
    }
}

fn is_at(node: &Node, path: &Path, exact: bool) -> bool {
    match node {
        Node::Link(target) | Node::Borrowed(target) => {
            std::fs::read_link(path).is_ok_and(|found| found == *target)
        }
        Node::File(text) => std::fs::read(path).is_ok_and(|found| found == text.as_bytes()),
        Node::Directory(children) => {
            path.symlink_metadata()
                .is_ok_and(|metadata| metadata.is_dir())
                && children
                    .iter()
                    .all(|(name, child)| is_at(child, &path.join(name), exact))
                && (!exact || !has_more(path, children))
        }
    }
}

/// Whether a directory has unplanned entries, other than the launcher's own.
fn has_more(directory: &Path, children: &BTreeMap<OsString, Node>) -> bool {
    names_in(directory)
        .unwrap_or_default()
        .into_iter()
        .any(|name| name != PRIVATE_DIR && !children.contains_key(&name))
}
