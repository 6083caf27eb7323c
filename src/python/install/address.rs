//! URLs and paths of distributions and indexes, as installers, messages and cache keys write them.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::python::command::fingerprinted;

/// The default index of installers; lock files and `pyproject.toml` spell it out.
pub(super) const DEFAULT_INDEX: &str = "https://pypi.org/simple";

/// Characters to be escaped in the path of a URL (RFC 3986).
pub(super) const IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The `file:` URL of an absolute path.
pub(super) fn file_url(path: &Path) -> String {
    format!(
        "file://{}",
        utf8_percent_encode(&path.to_string_lossy(), IN_PATHS)
    )
}

/// Find-links in a cache key. The content of a directory is hashed, so its path does not matter.
pub(super) fn place_of(link: &str) -> String {
    if Path::new(link).is_dir() {
        "directory".to_owned()
    } else {
        shown(link)
    }
}

/// The URL of an index as shown and recorded.
pub(super) fn shown(url: &str) -> String {
    fingerprinted(url)
}

/// The canonical path, or the absolute one of what does not exist.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    path.canonicalize().unwrap_or(path)
}
