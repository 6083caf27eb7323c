//! Looks at an extracted tree, and for anything beside it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// What lies in a tree: path → what is there.
pub(crate) type Tree = BTreeMap<PathBuf, Node>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Directory {
        mode: u32,
    },
    File {
        mode: u32,
        size: u64,
        digest: blake3::Hash,
        links: u64,
    },
    Symlink {
        target: PathBuf,
    },
}

/// How many links the kernel follows.
const MOST_FOLLOWED: usize = 40;

/// Walks the tree at `root`, following nothing.
///
/// # Panics
/// When there is something that no archive may bring: devices, special modes, links that lead out.
pub(crate) fn walk(root: &Path) -> Tree {
    let tree = list(root);
    for (path, node) in &tree {
        if let Node::Symlink { target } = node {
            assert!(
                stays_inside(&tree, path),
                "{} leads out, to {}",
                path.display(),
                target.display()
            );
        }
    }
    tree
}

/// As [`walk`], wherever links may lead.
pub(crate) fn list(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut directories = vec![PathBuf::new()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(root.join(&directory)).expect("a directory of the tree") {
            let path = directory.join(entry.expect("an entry").file_name());
            let place = root.join(&path);
            let metadata = fs::symlink_metadata(&place).expect("what is listed is there");
            let mode = metadata.mode() & 0o7777;
            let kind = metadata.file_type();
            let node = if kind.is_dir() {
                directories.push(path.clone());
                Node::Directory { mode }
            } else if kind.is_file() {
                let mut hasher = blake3::Hasher::new();
                let file = fs::File::open(&place).expect("a readable file");
                hasher.update_reader(file).expect("a readable file");
                Node::File {
                    mode,
                    size: metadata.len(),
                    digest: hasher.finalize(),
                    links: metadata.nlink(),
                }
            } else if kind.is_symlink() {
                Node::Symlink {
                    target: fs::read_link(&place).expect("a link"),
                }
            } else {
                panic!("{} is a special file", path.display());
            };
            assert!(
                kind.is_symlink() || mode & 0o7000 == 0,
                "{} has mode {mode:o}",
                path.display()
            );
            tree.insert(path, node);
        }
    }
    tree
}

/// Bytes of all files, those of several names once.
pub(crate) fn bytes(root: &Path) -> u64 {
    let mut seen = BTreeMap::new();
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.path().symlink_metadata() else {
                continue;
            };
            if metadata.is_dir() {
                directories.push(entry.path());
            } else if metadata.is_file() {
                seen.insert(metadata.ino(), metadata.len());
            }
        }
    }
    seen.values().sum()
}

/// Names in a directory.
pub(crate) fn names(directory: &Path) -> Vec<OsString> {
    let mut names: Vec<OsString> = fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    names.sort();
    names
}

/// Follows a link as the kernel would, were the tree the whole file system. Where nothing is, anything might come to be: a
/// name that is not there counts as a directory.
fn stays_inside(tree: &Tree, link: &Path) -> bool {
    let mut here = link.parent().expect("a link has a name").to_path_buf();
    let mut ahead: Vec<PathBuf> = Vec::new();
    let push = |ahead: &mut Vec<PathBuf>, target: &Path| {
        ahead.extend(
            target
                .components()
                .rev()
                .map(|part| PathBuf::from(part.as_os_str())),
        );
    };
    push(
        &mut ahead,
        link.file_name().map(Path::new).expect("a link has a name"),
    );
    let mut followed = 0;
    while let Some(part) = ahead.pop() {
        match part.components().next() {
            Some(Component::Normal(name)) => {
                let next = here.join(name);
                match tree.get(&next) {
                    Some(Node::Symlink { target }) => {
                        followed += 1;
                        if followed > MOST_FOLLOWED {
                            return true;
                        }
                        push(&mut ahead, target);
                    }
                    _ => here = next,
                }
            }
            Some(Component::ParentDir) if here.as_os_str().as_bytes().is_empty() => return false,
            Some(Component::ParentDir) => drop(here.pop()),
            Some(Component::CurDir) | None => {}
            Some(Component::RootDir | Component::Prefix(_)) => return false,
        }
    }
    true
}
