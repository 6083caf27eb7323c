//! `flavor inspect --html`: a page of one file that needs nothing else.

use std::path::Path;

use flavor::analysis::{Contents, Node, advise, tree};
use flavor::fs::IoContext;
use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};

use crate::error::Error;

const PAGE: &str = include_str!("page.html");
/// Where the data goes.
const PLACE: &str = "/*DATA*/";

/// What the page shows. Names are short where there are many of them.
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
    let json = serde_json::to_string(&data).map_err(|error| Error::Stdout(error.into()))?;
    let (before, after) = PAGE.split_once(PLACE).unwrap_or((PAGE, ""));
    // In a script element nothing but `<` can end it or begin a comment.
    let page = [before, &json.replace('<', "\\u003c"), after].concat();
    std::fs::write(path, page).on("write", path)?;
    Ok(())
}
