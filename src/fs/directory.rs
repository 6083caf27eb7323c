use std::fs::{DirBuilder, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{IoContext, Result};

/// Makes a directory and its parents, readable by the owner alone.
pub fn create_private_dir(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).on("create directory", path)
}

/// A name that no other process and no other call has: staging work must never meet.
pub fn staging_name(prefix: &str) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let random = RandomState::new().hash_one((std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
    format!("{prefix}-{}-{random:016x}", std::process::id())
}

/// Removes a tree, read-only directories included. That it is not there is not an error.
pub fn remove_tree(path: &Path) -> Result<()> {
    let first = std::fs::remove_dir_all(path);
    let outcome = match first {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_writable(path).on("make writable", path)?;
            std::fs::remove_dir_all(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => std::fs::remove_file(path),
        other => other,
    };
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.on("remove", path),
    }
}

/// Gives the owner write access to every directory below, so that its entries can be removed.
fn make_writable(directory: &Path) -> io::Result<()> {
    std::fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_writable(&entry.path())?;
        }
    }
    Ok(())
}
