use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{IoContext, Result, staging_name};

/// What a file is called until it takes its place; whoever finds an old one may remove it.
pub const REPLACEMENT: &str = ".new";

/// Writes a file for its user alone, by way of another one beside it: whoever looks sees the old content or the new one,
/// whole.
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
        // Best effort: the failure that is reported is the one before.
        drop(std::fs::remove_file(&beside));
    }
    outcome.on("write", path)
}
