use std::path::Path;

use pep508_rs::MarkerEnvironment;

use crate::python::install::address::DEFAULT_INDEX;
use crate::python::install::named::{IndexSource, Source};
use crate::python::install::notice::Notice;
use crate::python::interpreter::Interpreter;

/// The selection from a lock.
#[derive(Clone, Copy)]
pub(in super::super) struct Selection<'a> {
    /// The project's directory, if there is one.
    pub(in super::super) project: Option<&'a Path>,
    pub(in super::super) interpreter: &'a Interpreter,
    pub(in super::super) environment: &'a MarkerEnvironment,
    /// The requirements of the project, including the selected extras and groups.
    pub(in super::super) requirements: &'a [String],
    pub(in super::super) extras: &'a [String],
    pub(in super::super) groups: &'a [String],
}

impl Selection<'_> {
    /// The warnings for selected extras and groups that a lock file does not list. It may have been
    /// made with them nevertheless.
    pub(super) fn unlisted(
        &self,
        file: &Path,
        is_known: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = Notice> {
        let names = self.extras.iter().chain(self.groups);
        names
            .filter(move |name| !is_known(name))
            .map(|name| Notice::SelectionNotLocked {
                path: file.to_path_buf(),
                name: name.clone(),
            })
    }
}

/// A distribution pinned by a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Locked {
    pub(in super::super) name: String,
    pub(in super::super) version: Option<String>,
    /// `sha256:…`.
    pub(in super::super) hashes: Vec<String>,
    pub(in super::super) origin: LockedOrigin,
}

/// The source of a locked distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum LockedOrigin {
    /// The configured index, or PyPI.
    DefaultIndex,
    Source(Source),
}

impl Locked {
    /// An archive of an index, at this URL.
    pub(super) fn of_index(
        name: &str,
        version: &str,
        hashes: Vec<String>,
        url: Option<&str>,
    ) -> Self {
        let origin = match url.filter(|url| !is_default_index(url)) {
            Some(url) => LockedOrigin::Source(Source::Index(IndexSource {
                name: None,
                url: url.to_owned(),
                flat: false,
            })),
            None => LockedOrigin::DefaultIndex,
        };
        Self {
            name: name.to_owned(),
            version: Some(version.to_owned()),
            hashes,
            origin,
        }
    }

    pub(super) fn of_source(
        name: &str,
        version: Option<&str>,
        hashes: Vec<String>,
        source: Source,
    ) -> Self {
        Self {
            name: name.to_owned(),
            version: version.map(ToOwned::to_owned),
            hashes,
            origin: LockedOrigin::Source(source),
        }
    }
}

/// Whether a URL is that of the default index, which mirrors may replace.
fn is_default_index(url: &str) -> bool {
    fn host(url: &str) -> Option<&str> {
        url.split_once("://")
            .map_or(url, |(_, rest)| rest)
            .split('/')
            .next()
    }
    host(url) == host(DEFAULT_INDEX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_stand_in_for_pypi_alone() {
        assert!(is_default_index(DEFAULT_INDEX));
        assert!(!is_default_index("https://mirror.example/simple"));
        assert!(!is_default_index(
            &DEFAULT_INDEX.replace("/simple", ".evil.example/simple")
        ));
        assert!(!is_default_index("https://download.pytorch.org/whl/cpu"));
    }
}
