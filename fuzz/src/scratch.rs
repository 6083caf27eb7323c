//! Places for files, in memory where there is one.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Once;

use tempfile::TempDir;

use crate::tree::names;

/// What is taken away from the modes of files that are made.
pub(crate) const UMASK: u32 = 0o022;

/// A fresh directory, gone when the value is dropped.
pub(crate) fn directory() -> TempDir {
    static MODES: Once = Once::new();
    MODES.call_once(|| {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(UMASK));
    });
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        TempDir::with_prefix_in("flavor-fuzz-", memory)
    } else {
        TempDir::new()
    };
    made.expect("a temporary directory")
}

/// A file without a name.
pub(crate) fn file(bytes: &[u8]) -> File {
    let file = rustix::fs::memfd_create("flavor-fuzz", rustix::fs::MemfdFlags::CLOEXEC)
        .expect("a file in memory");
    let mut file = File::from(file);
    file.write_all(bytes).expect("written");
    file
}

/// An empty directory to extract into, with neighbours that must stay as they are.
pub(crate) struct Enclosure {
    scratch: TempDir,
}

const INSIDE: &str = "inside";
const CANARY: &str = "canary";
const SONG: &[u8] = b"untouched";

impl Enclosure {
    pub(crate) fn new() -> Self {
        let scratch = directory();
        fs::create_dir(scratch.path().join(INSIDE)).expect("a directory");
        fs::write(scratch.path().join(CANARY), SONG).expect("a file");
        Self { scratch }
    }

    pub(crate) fn inside(&self) -> PathBuf {
        self.scratch.path().join(INSIDE)
    }

    /// # Panics
    /// When something was written beside the directory.
    pub(crate) fn check(&self) {
        assert_eq!(
            names(self.scratch.path()),
            [CANARY, INSIDE],
            "something appeared outside"
        );
        let canary = self.scratch.path().join(CANARY);
        assert!(
            fs::symlink_metadata(&canary).expect("the canary").is_file(),
            "the canary was replaced"
        );
        assert_eq!(
            fs::read(&canary).expect("the canary"),
            SONG,
            "something outside was written to"
        );
    }
}
