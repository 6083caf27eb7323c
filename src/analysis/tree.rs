//! The package as one tree: parts, slots, directories, files.

use std::collections::BTreeMap;

use super::contents::{Contents, SlotContents};

/// A part of a package with everything in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub size: u64,
    pub stored: u64,
    /// Number of files below it, including hard links; 1 for a file.
    pub files: u64,
    /// Largest first, by stored bytes.
    pub children: Vec<Node>,
}

/// A node under construction, with children by name.
#[derive(Default)]
struct Growing {
    size: u64,
    stored: u64,
    files: u64,
    children: BTreeMap<String, Growing>,
}

/// The whole package. Its stored bytes are those of the file; launcher and metadata are nodes of
/// their own.
pub fn tree(contents: &Contents) -> Node {
    let leaf = |name: &str, size| Node {
        name: name.into(),
        size,
        stored: size,
        ..Node::default()
    };
    let mut children = vec![
        leaf("launcher", contents.launcher),
        leaf("metadata", contents.frame()),
    ];
    children.extend(contents.slots.iter().map(slot_tree));
    let mut root = Node {
        name: contents.package.clone(),
        size: children.iter().map(|child| child.size).sum(),
        stored: contents.size,
        files: children.iter().map(|child| child.files).sum(),
        children,
    };
    root.sort();
    root
}

/// One slot. Bytes that belong to no entry count for the slot only.
fn slot_tree(slot: &SlotContents) -> Node {
    let mut root = Growing::default();
    for entry in slot.entries.iter().flatten().filter(|_| slot.tar) {
        let mut at = &mut root;
        at.add(entry.size, entry.stored, entry.is_file());
        for part in entry.path.split('/') {
            at = at.children.entry(part.to_owned()).or_default();
            at.add(entry.size, entry.stored, entry.is_file());
        }
    }
    let mut node = root.grown(slot.name.clone());
    node.stored = slot.stored;
    if !slot.tar {
        node.size = slot.size();
        node.files = 1;
    }
    node
}

impl Growing {
    fn add(&mut self, size: u64, stored: u64, is_file: bool) {
        self.size += size;
        self.stored += stored;
        self.files += u64::from(is_file);
    }

    fn grown(self, name: String) -> Node {
        let children = self
            .children
            .into_iter()
            .map(|(name, child)| child.grown(name))
            .collect();
        Node {
            name,
            size: self.size,
            stored: self.stored,
            files: self.files,
            children,
        }
    }
}

impl Node {
    fn sort(&mut self) {
        self.children
            .sort_by(|a, b| b.stored.cmp(&a.stored).then_with(|| a.name.cmp(&b.name)));
        self.children.iter_mut().for_each(Self::sort);
    }
}
