use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{IoContext, Result, staging_name};

/// The name of a file until it is renamed. A leftover may be removed by any process.
pub const REPLACEMENT: &str = ".new";

/// Writes a file for its user alone, through a temporary file beside it: readers see the old
/// content or the new one, never a part.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_file_name(staging_name(REPLACEMENT));
    let outcome = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&beside, path));
    if outcome.is_err() {
        // Best effort: the earlier failure is reported.
        drop(std::fs::remove_file(&beside));
    }
    outcome.on("write", path)
}
