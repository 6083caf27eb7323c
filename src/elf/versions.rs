//! Symbol versions: those that a file needs of its libraries, and those that a library defines.

#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice
)]

use std::collections::{BTreeMap, BTreeSet};

use super::facts::needed_versions;
use super::search_path::defined_versions;
use super::view::View;

/// Versions of symbols of one file, such as `GLIBCXX_3.4.30`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions {
    /// Those without which a loader rejects the file, by library name.
    pub needed: BTreeMap<String, BTreeSet<String>>,
    /// Those that the file defines.
    pub defined: BTreeSet<String>,
}

impl Versions {
    /// Those that the file needs of a library and the library does not define. A library without
    /// any versions is accepted by every loader.
    pub fn missing_from(&self, library: &str, provided: &Self) -> Vec<String> {
        if provided.defined.is_empty() {
            return Vec::new();
        }
        self.needed
            .get(library)
            .map(|needed| needed.difference(&provided.defined).cloned().collect())
            .unwrap_or_default()
    }
}

/// The versions in the file; empty for a damaged file or one that is not ELF.
pub fn versions(bytes: &[u8]) -> Versions {
    read(bytes).unwrap_or_default()
}

fn read(bytes: &[u8]) -> Option<Versions> {
    let view = View::parse(bytes).ok()??;
    let table = view.dynamic(bytes).ok()??;
    let mut versions = Versions::default();
    for needed in needed_versions(bytes, &view, &table)?
        .into_iter()
        .filter(|version| !version.weak)
    {
        let (library, name) = (
            table.string(bytes, needed.library)?,
            table.string(bytes, needed.name)?,
        );
        versions.needed.entry(library).or_default().insert(name);
    }
    let mut names = Vec::new();
    defined_versions(bytes, &view, &table, &mut names)?;
    versions.defined = names
        .into_iter()
        .filter_map(|name| table.string(bytes, name))
        .collect();
    Some(versions)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{layouts, loaded_libraries};
    use super::*;

    #[test]
    fn every_class_and_byte_order_reads_alike() {
        for sample in layouts() {
            let versions = versions(&sample.build());
            let expected = BTreeSet::from(["GLIBC_2.17".to_owned()]);
            assert_eq!(
                versions.needed,
                BTreeMap::from([("libc.so.6".to_owned(), expected)])
            );
            assert!(versions.defined.is_empty());
        }
        assert_eq!(versions(b"\x7fELF"), Versions::default());
    }

    #[test]
    fn what_one_library_asks_another_has() {
        let read = |path: &std::path::PathBuf| versions(&std::fs::read(path).unwrap());
        let all = loaded_libraries();
        let libc = all
            .iter()
            .find(|path| path.ends_with("libc.so.6"))
            .map(read)
            .expect("a glibc system");
        assert!(libc.defined.contains("GLIBC_2.2.5"));
        for path in &all {
            assert_eq!(
                read(path).missing_from("libc.so.6", &libc),
                [""; 0],
                "{}",
                path.display()
            );
        }
        let asks = BTreeMap::from([(
            "libc.so.6".to_owned(),
            BTreeSet::from(["GLIBC_9.9".to_owned()]),
        )]);
        let asks = Versions {
            needed: asks,
            defined: BTreeSet::new(),
        };
        assert_eq!(asks.missing_from("libc.so.6", &libc), ["GLIBC_9.9"]);
    }
}
