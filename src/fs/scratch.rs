use std::io;
use std::path::Path;

use super::Staging;

/// Prefix of its name.
const PREFIX: &str = ".flavor-scratch";

/// A private directory inside a directory of the user, with a name that identifies its owner.
pub struct Scratch(Staging);

impl Scratch {
    /// Creates one in a directory, and removes those left by killed processes.
    pub fn make_in(parent: &Path) -> io::Result<Self> {
        Staging::sweep_unlocked(parent, &format!("{PREFIX}-"));
        Staging::locked_in(parent, PREFIX)
            .map(Self)
            .map_err(|error| error.source)
    }

    /// Creates one in the directory for temporary files.
    pub fn temporary() -> io::Result<Self> {
        Self::make_in(&std::env::temp_dir())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}
