//! Files that are written beside the work itself: pages of one file that need nothing else, for a browser, and the like.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use flavor::fs::IoContext;
use serde::Serialize;

use crate::error::Error;

/// Where the data goes in a template.
const DATA: &str = "/*DATA*/";
/// Where that goes which all pages have.
const COMMON: &str = "/*COMMON*/";
/// What is near the beginning of all pages.
pub(super) const MARK: &[u8] = b"<title>flavor: ";

/// Writes the page that a template and its data make.
pub(super) fn write(template: &str, data: &impl Serialize, path: &Path) -> Result<(), Error> {
    let json = serde_json::to_string(data).map_err(|error| Error::Stdout(error.into()))?;
    let (before, after) = template.split_once(DATA).unwrap_or((template, ""));
    let after = after.replace(COMMON, include_str!("page.js"));
    // In a script element nothing but `<` can end it or begin a comment.
    let page = [before, &json.replace('<', "\\u003c"), &after].concat();
    replace(path, MARK, page.as_bytes())
}

/// Writes a file, unless there is one that is not of its kind.
pub(super) fn replace(path: &Path, mark: &[u8], bytes: &[u8]) -> Result<(), Error> {
    check_place(path, mark)?;
    std::fs::write(path, bytes).on("write", path)?;
    Ok(())
}

/// Whether a file can be written at a place: nothing is there, or one of the same kind, which has `mark` near its beginning.
///
/// # Errors
/// [`Error::Exists`]: a mistyped option must not cost anybody a source or a package.
pub(super) fn check_place(path: &Path, mark: &[u8]) -> Result<(), Error> {
    const NEAR: u64 = 1024;
    if let Some(directory) = path
        .parent()
        .filter(|directory| *directory != Path::new(""))
    {
        directory.metadata().on("write", path)?;
    }
    // A terminal or a pipe is nobody's file.
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
