//! Writes additional files: self-contained HTML pages, and the like.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flavor::fs::IoContext;
use serde::Serialize;

use crate::error::Error;

/// The placeholder of the data in a template.
const DATA: &str = "/*DATA*/";
/// The placeholder of what all pages share.
const COMMON: &str = "/*COMMON*/";
/// A marker near the beginning of all pages.
pub(super) const MARK: &[u8] = b"<title>flavor: ";

/// Writes a page from a template and its data.
pub(super) fn write(template: &str, data: &impl Serialize, path: &Path) -> Result<(), Error> {
    let json = serde_json::to_string(data).map_err(|error| Error::Stdout(error.into()))?;
    let (before, after) = template.split_once(DATA).unwrap_or((template, ""));
    let after = after.replace(COMMON, include_str!("page.js"));
    // In a script element only `<` can end it or begin a comment.
    let page = [before, &json.replace('<', "\\u003c"), &after].concat();
    replace(path, MARK, page.as_bytes())
}

/// Writes a file, but does not replace one of another kind.
pub(super) fn replace(path: &Path, mark: &[u8], bytes: &[u8]) -> Result<(), Error> {
    check_place(path, mark)?;
    std::fs::write(path, bytes).on("write", path)?;
    Ok(())
}

/// Whether a file may be written at a path: nothing is there, or a file of the same kind, which has
/// `mark` near its beginning.
///
/// # Errors
/// [`Error::Exists`]: a mistyped option must not overwrite a source file or a package.
pub(super) fn check_place(path: &Path, mark: &[u8]) -> Result<(), Error> {
    const NEAR: u64 = 1024;
    if let Some(directory) = path
        .parent()
        .filter(|directory| *directory != Path::new(""))
    {
        directory.metadata().on("write", path)?;
    }
    // A terminal or a pipe cannot be overwritten.
    if !path
        .metadata()
        .is_ok_and(|there| there.is_file() && there.len() > 0)
    {
        return Ok(());
    }
    let mut beginning = Vec::new();
    File::open(path)
        .and_then(|file| file.take(NEAR).read_to_end(&mut beginning))
        .on("read", path)?;
    if beginning.windows(mark.len()).any(|part| part == mark) {
        return Ok(());
    }
    Err(Error::Exists { path: path.into() })
}
