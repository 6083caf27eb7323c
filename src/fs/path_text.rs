use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A path in JSON: as text if it is UTF-8, else its bytes in hexadecimal digits behind a NUL
/// character, which no path contains.
pub fn path_text(path: &Path) -> String {
    match path.to_str() {
        Some(text) => text.into(),
        None => format!("\0{}", hex::encode(path.as_os_str().as_bytes())),
    }
}

/// The path of a text that [`path_text`] returned; `None` for another text.
pub fn path_of_text(text: &str) -> Option<PathBuf> {
    match text.strip_prefix('\0') {
        Some(digits) => Some(OsString::from_vec(hex::decode(digits).ok()?).into()),
        None => Some(text.into()),
    }
}
