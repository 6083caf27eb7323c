use std::ffi::{CStr, OsStr, OsString};
use std::fs::DirBuilder;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{IoContext, Result};

/// Bytes available to this user on the file system of a directory.
///
/// # Errors
/// The error of the kernel.
pub fn room(directory: &Path) -> Result<u64> {
    let facts = rustix::fs::statvfs(directory)
        .map_err(io::Error::from)
        .on("examine", directory)?;
    Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
}

/// Creates a directory and its parents, accessible to the owner only.
pub fn create_private_dir(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .on("create directory", path)
}

/// A unique name for staging, which no other process or call generates.
///
/// Process ids repeat across containers, clocks do not. Does not use random numbers as std does,
/// which panics where the system provides none.
pub fn staging_name(prefix: &str) -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!(
        "{prefix}-{}-{:x}-{count}",
        std::process::id(),
        now.as_nanos()
    )
}

/// Names of the entries of a directory, unordered.
///
/// Unlike std's iterator it does not panic if closing the directory fails.
pub fn names_in(path: &Path) -> Result<Vec<OsString>> {
    let list = || {
        let directory = open(CWD, path.as_os_str())?;
        Ok(entries(directory.as_fd())?
            .into_iter()
            .map(|(name, _)| name)
            .collect())
    };
    list()
        .map_err(|errno: Errno| io::Error::from(errno))
        .on("list", path)
}

/// Removes a tree, read-only directories included. A missing tree is not an error. Links are not
/// followed.
pub fn remove_tree(path: &Path) -> Result<()> {
    remove(CWD, path.as_os_str(), None).on("remove", path)
}

/// Removes one entry of `parent`. Works on descriptors, so that a directory swapped for a link is
/// not followed.
fn remove(parent: BorrowedFd<'_>, name: &OsStr, kind: Option<FileType>) -> rustix::io::Result<()> {
    let unlink = |flags| match rustix::fs::unlinkat(parent, name, flags) {
        // Another process removed it, which is the wanted result.
        Err(Errno::NOENT) => Ok(()),
        other => other,
    };
    if matches!(kind, None | Some(FileType::Directory | FileType::Unknown)) {
        match open_at_any_rate(parent, name) {
            Ok(directory) => {
                empty(&directory)?;
                return unlink(AtFlags::REMOVEDIR);
            }
            Err(Errno::NOENT) => return Ok(()),
            // Not a directory, or a link.
            Err(Errno::NOTDIR | Errno::LOOP) => {}
            Err(errno) => return Err(errno),
        }
    }
    unlink(AtFlags::empty())
}

fn empty(directory: &OwnedFd) -> rustix::io::Result<()> {
    let entries = entries(directory.as_fd())?;
    for (name, kind) in entries {
        match remove(directory.as_fd(), &name, Some(kind)) {
            // Trees in the cache are read-only.
            Err(Errno::ACCESS) => {
                rustix::fs::fchmod(directory, Mode::RWXU)?;
                remove(directory.as_fd(), &name, Some(kind))?;
            }
            other => other?,
        }
    }
    Ok(())
}

fn open(parent: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

/// We can remove a directory that we own even if we may not read it.
fn open_at_any_rate(parent: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    match open(parent, name) {
        Err(Errno::ACCESS) => {
            rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty())?;
            open(parent, name)
        }
        other => other,
    }
}

fn entries(directory: BorrowedFd<'_>) -> rustix::io::Result<Vec<(OsString, FileType)>> {
    let mut entries = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name: &CStr = entry.file_name();
        if name != c"." && name != c".." {
            entries.push((
                OsString::from_vec(name.to_bytes().to_vec()),
                entry.file_type(),
            ));
        }
    }
    Ok(entries)
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_tree_goes_and_what_its_links_lead_to_stays() {
        let base = tempfile::tempdir().expect("a directory");
        let (tree, other) = (base.path().join("tree"), base.path().join("other"));
        fs::create_dir_all(tree.join("a/b")).expect("directories");
        fs::create_dir(&other).expect("a directory");
        fs::write(tree.join("a/b/file"), "x").expect("a file");
        fs::write(other.join("kept"), "x").expect("a file");
        symlink(&other, tree.join("a/link")).expect("a link");
        for read_only in ["a/b", "a"] {
            fs::set_permissions(tree.join(read_only), fs::Permissions::from_mode(0o555))
                .expect("a mode");
        }
        remove_tree(&tree).expect("removed");
        assert_eq!(names_in(base.path()).expect("names"), ["other"]);
        assert_eq!(names_in(&other).expect("names"), ["kept"]);
        remove_tree(&tree).expect("nothing to remove is no error");
        symlink(&other, &tree).expect("a link");
        remove_tree(&tree).expect("a link is removed itself");
        assert_eq!(names_in(&other).expect("names"), ["kept"]);
    }

    #[test]
    fn staging_names_differ() {
        assert_ne!(staging_name("a"), staging_name("a"));
    }
}
