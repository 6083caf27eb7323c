use std::path::{Path, PathBuf};

use super::expand;
use crate::python::command::{fingerprinted, redact};
use crate::python::install::address::{place_of, shown};

/// The source of a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Source {
    /// A directory that is built by its back end; if it is not a package, only its requirements are
    /// used.
    Directory { path: PathBuf, package: bool },
    /// A local wheel or source archive.
    Archive(PathBuf),
    Git {
        url: String,
        revision: Option<String>,
        subdirectory: Option<String>,
    },
    /// A remote archive.
    Url(String),
    /// This index only.
    Index(IndexSource),
}

/// An index declared by a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct IndexSource {
    pub(in super::super) name: Option<String>,
    /// A URL, or the absolute path of a directory.
    pub(in super::super) url: String,
    /// A flat page or directory of links, instead of an index with one page per name.
    pub(in super::super) flat: bool,
}

impl Source {
    pub(in super::super) fn local_path(&self) -> Option<&Path> {
        match self {
            Self::Directory { path, .. } | Self::Archive(path) => Some(path),
            _ => None,
        }
    }

    pub(super) fn address(&self) -> Option<&str> {
        match self {
            Self::Git { url, .. } | Self::Url(url) => Some(url),
            Self::Index(index) => Some(&index.url),
            Self::Directory { .. } | Self::Archive(_) => None,
        }
    }

    /// For messages: without credentials.
    pub(in super::super) fn shown(&self) -> String {
        match self {
            Self::Index(index) => {
                let kind = if index.flat { "flat " } else { "" };
                format!("index {kind}{}", shown(&index.url))
            }
            _ => self.described(&|path| path.display().to_string()),
        }
    }

    /// Without credentials. `name` is how a local path is called.
    pub(super) fn described(&self, name: &dyn Fn(&Path) -> String) -> String {
        match self {
            Self::Directory {
                path,
                package: true,
            }
            | Self::Archive(path) => name(path),
            Self::Directory {
                path,
                package: false,
            } => format!("requirements of {}", name(path)),
            Self::Git {
                url,
                revision,
                subdirectory,
            } => {
                let revision = revision
                    .as_ref()
                    .map(|revision| format!("@{revision}"))
                    .unwrap_or_default();
                let below = subdirectory
                    .as_ref()
                    .map(|below| format!("#subdirectory={below}"))
                    .unwrap_or_default();
                format!("git+{}{revision}{below}", fingerprinted(url))
            }
            Self::Url(url) => fingerprinted(url),
            Self::Index(index) => format!("index {}", index.described()),
        }
    }

    /// Parses the URL after `@` in a requirement, once it is [`expanded`](super::expanded).
    pub(in super::super) fn of_address(address: &str, directory: &Path) -> Self {
        if let Some(rest) = address.strip_prefix("git+") {
            return git_reference(rest);
        }
        match expand::local(address, directory) {
            Some(path) if path.is_dir() => Self::Directory {
                package: true,
                path,
            },
            Some(path) => Self::Archive(path),
            None => Self::Url(address.to_owned()),
        }
    }
}

/// Parses what follows `git+`: `https://host/x.git@revision#subdirectory=y`.
fn git_reference(rest: &str) -> Source {
    let (place, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let parts = fragment
        .split('&')
        .find_map(|part| part.strip_prefix("subdirectory="));
    // The `@` of `user@host` is before the path.
    let path_at = place.find("://").map_or(0, |at| at + 3);
    let path_at = path_at + place[path_at..].find('/').unwrap_or(0);
    let (url, revision) = match place[path_at..].rfind('@') {
        Some(at) => (
            &place[..path_at + at],
            Some(place[path_at + at + 1..].to_owned()),
        ),
        None => (place, None),
    };
    Source::Git {
        url: url.to_owned(),
        revision,
        subdirectory: parts.map(ToOwned::to_owned),
    }
}

impl IndexSource {
    /// For messages: without credentials.
    pub(in super::super) fn shown(&self) -> String {
        self.name.clone().unwrap_or_else(|| redact(&self.url))
    }

    /// Without credentials, and without the path of a directory whose content is hashed.
    pub(super) fn described(&self) -> String {
        if self.flat {
            format!("flat {}", place_of(&self.url))
        } else {
            shown(&self.url)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_reference_has_a_revision_and_a_subdirectory() {
        let git = |text: &str| match git_reference(text) {
            Source::Git {
                url,
                revision,
                subdirectory,
            } => (url, revision, subdirectory),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            git("ssh://git@host/a/b.git@v1.0#egg=x&subdirectory=sub/y"),
            (
                "ssh://git@host/a/b.git".into(),
                Some("v1.0".into()),
                Some("sub/y".into())
            )
        );
        assert_eq!(
            git("https://u:p@host/x"),
            ("https://u:p@host/x".into(), None, None)
        );
        assert_eq!(
            git("file:///a/b@main"),
            ("file:///a/b".into(), Some("main".into()), None)
        );
    }
}
