//! A place for files, in memory where there is one.

use std::path::Path;

use tempfile::TempDir;

/// A fresh directory, gone when the value is dropped.
pub(crate) fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::with_prefix_in("flavor-fuzz-", memory) } else { TempDir::new() };
    made.expect("a temporary directory")
}
