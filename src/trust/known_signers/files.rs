//! Known-signer records as files, one each. Only their user may write them.

use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::Refusal;
use super::super::policy::refuse_writable;
use crate::format::{Sha256, from_json};
use crate::fs::{self, IoContext, REPLACEMENT, create_private_dir, names_in, replace_file};

/// Reads a record; `None` if there is none.
///
/// # Errors
/// [`Refusal::Writable`] for a record that others may change, [`Refusal::BadNote`] for a malformed
/// one.
pub(super) fn read<T: DeserializeOwned + Serialize>(path: &Path) -> Result<Option<T>, Refusal> {
    let bytes = match std::fs::read(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        // An unreadable record counts as absent.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(None),
        other => other.on("read", path)?,
    };
    refuse_writable(path)?;
    from_json(&bytes)
        .map(Some)
        .map_err(|error| Refusal::BadNote {
            path: path.into(),
            reason: error.to_string(),
        })
}

/// Writes a record, replacing an existing one.
pub(super) fn write(path: &Path, note: &impl Serialize) -> fs::Result<()> {
    if let Some(directory) = path.parent() {
        create_private_dir(directory)?;
        sweep(directory);
    }
    replace_file(path, &serde_json::to_vec(note).unwrap_or_default())
}

/// All readable records in a directory.
pub(super) fn all<T: DeserializeOwned + Serialize>(directory: &Path) -> Vec<T> {
    let names = names_in(directory).unwrap_or_default();
    names
        .into_iter()
        .filter_map(|name| from_json(&std::fs::read(directory.join(name)).ok()?).ok())
        .collect()
}

/// Removes temporary files of starts that were killed while writing a record. Done on writing,
/// which is rare.
fn sweep(directory: &Path) {
    const OLD: Duration = Duration::from_mins(1);
    for name in names_in(directory).unwrap_or_default() {
        let path = directory.join(&name);
        let age = || {
            path.symlink_metadata()
                .ok()?
                .modified()
                .ok()?
                .elapsed()
                .ok()
        };
        if name.as_bytes().starts_with(REPLACEMENT.as_bytes()) && age().is_some_and(|age| age > OLD)
        {
            drop(std::fs::remove_file(&path));
        }
    }
}

/// Encodes a name as a file name: special characters are written as `%` and two digits, and the end
/// of a long name is replaced by a digest.
pub(super) fn file_name(name: &str) -> String {
    const LONGEST: usize = 180;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let written: String = name
        .bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02x}")
            }
        })
        .collect();
    match written.get(..LONGEST) {
        // No short name is encoded with a `-` after a `%`, so the two forms cannot collide.
        Some(beginning) if written.len() > LONGEST => {
            format!("{beginning}%-{}.json", Sha256::of(name.as_bytes()).hex())
        }
        _ => format!("{written}.json"),
    }
}

/// Encodes a path as a file name.
pub(super) fn file_of_path(path: &Path) -> PathBuf {
    format!("{}.json", Sha256::of(path.as_os_str().as_bytes()).hex()).into()
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_file_of_its_own() {
        let long = ["a.".repeat(64), "a.".repeat(64) + "b", "ä".repeat(1000)];
        for name in ["a", "../b", "a/b", "."]
            .into_iter()
            .chain(long.iter().map(String::as_str))
        {
            let file = file_name(name);
            assert!(
                file.len() <= 255 && !file.contains('/') && !file.starts_with('.'),
                "{file}"
            );
        }
        assert_ne!(file_name(&long[0]), file_name(&long[1]));
    }
}
