use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{is_at, names_in, remove_tree, staging_name};
use crate::interrupt::Leftover;

/// What it is called.
const PREFIX: &str = ".flavor-scratch";

/// A directory of this user's own that is gone again when this is dropped, or the process told to stop.
pub struct Scratch {
    path: PathBuf,
    /// Locked: nobody takes it for a dead process's. Where there are no locks nobody sweeps either.
    _in_use: File,
    _leftover: Leftover,
}

impl Scratch {
    /// Makes one in a directory, and removes those that killed processes have left there.
    pub fn make_in(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        loop {
            let path = parent.join(staging_name(PREFIX));
            let (leftover, ()) =
                Leftover::make(&path, || DirBuilder::new().mode(0o700).create(&path))?;
            // Until it is held, somebody may take it for a dead process's.
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

    /// Makes one where temporary files go.
    pub fn temporary() -> io::Result<Self> {
        Self::make_in(&std::env::temp_dir())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is swept later.
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
            // Somebody else's stays.
            drop(remove_tree(&path));
        }
    }
}
