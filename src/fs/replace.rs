use std::io::Write;
use std::path::Path;

use super::{IoContext, Result, staging_name};

/// Writes a file by way of another one beside it: whoever looks sees the old content or the new one, whole.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_file_name(staging_name(".new"));
    let outcome = std::fs::File::create_new(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&beside, path));
    if outcome.is_err() {
        // Best effort: the failure that is reported is the one before.
        drop(std::fs::remove_file(&beside));
    }
    outcome.on("write", path)
}
