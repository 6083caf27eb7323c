use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{is_at, names_in, remove_tree, staging_name};
use crate::interrupt::Leftover;

/// Prefix of its name.
const PREFIX: &str = ".flavor-scratch";

/// A private directory that is removed when this is dropped, or when the process is told to stop.
pub struct Scratch {
    path: PathBuf,
    /// Locked, so that it is not removed as a leftover. Without locks leftovers are never removed.
    _in_use: File,
    _leftover: Leftover,
}

impl Scratch {
    /// Creates one in a directory, and removes those left by killed processes.
    pub fn make_in(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        loop {
            let path = parent.join(staging_name(PREFIX));
            let (leftover, ()) =
                Leftover::make(&path, || DirBuilder::new().mode(0o700).create(&path))?;
            // Before the lock is held, another process may remove it as a leftover.
            match File::open(&path) {
                Ok(directory) => {
                    drop(directory.lock());
                    if is_at(&directory, &path) {
                        return Ok(Self {
                            path,
                            _in_use: directory,
                            _leftover: leftover,
                        });
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Creates one in the directory for temporary files.
    pub fn temporary() -> io::Result<Self> {
        Self::make_in(&std::env::temp_dir())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // If it cannot be removed now, a later process does it.
        drop(remove_tree(&self.path));
    }
}

fn sweep(parent: &Path) {
    for name in names_in(parent).unwrap_or_default() {
        let path = parent.join(&name);
        if name.to_string_lossy().starts_with(&format!("{PREFIX}-"))
            && path
                .symlink_metadata()
                .is_ok_and(|metadata| metadata.is_dir())
            && File::open(&path).is_ok_and(|directory| directory.try_lock().is_ok())
        {
            // Directories of other users are left alone.
            drop(remove_tree(&path));
        }
    }
}
