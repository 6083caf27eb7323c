//! `flavor inspect --html`: a single, self-contained page.

use std::path::Path;

use flavor::analysis::{Contents, Node, advise, tree};
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use crate::commands::page;
use crate::error::Error;

const PAGE: &str = include_str!("page.html");

/// The data of the page. Names are short for fields that occur often.
#[derive(Serialize)]
struct Data<'a> {
    package: &'a str,
    version: &'a str,
    root: Branch<'a>,
    advice: Vec<flavor::analysis::Advice>,
    distributions: &'a [flavor::analysis::PackedDistribution],
}

/// A node as `[name, stored, unpacked, files, children…]`.
struct Branch<'a>(&'a Node);

impl Serialize for Branch<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.0;
        let mut list = serializer.serialize_seq(Some(4 + node.children.len()))?;
        list.serialize_element(&node.name)?;
        list.serialize_element(&node.stored)?;
        list.serialize_element(&node.size)?;
        list.serialize_element(&node.files)?;
        for child in &node.children {
            list.serialize_element(&Branch(child))?;
        }
        list.end()
    }
}

pub(super) fn write(contents: &Contents, path: &Path) -> Result<(), Error> {
    let root = tree(contents);
    let data = Data {
        package: &contents.package,
        version: &contents.version,
        root: Branch(&root),
        advice: advise(contents),
        distributions: &contents.distributions,
    };
    page::write(PAGE, &data, path)
}
