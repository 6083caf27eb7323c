//! Pages of one file that need nothing else, for a browser.

use std::path::Path;

use flavor::fs::IoContext;
use serde::Serialize;

use crate::error::Error;

/// Where the data goes in a template.
const PLACE: &str = "/*DATA*/";

/// Writes the page that a template and its data make.
pub(super) fn write(template: &str, data: &impl Serialize, path: &Path) -> Result<(), Error> {
    let json = serde_json::to_string(data).map_err(|error| Error::Stdout(error.into()))?;
    let (before, after) = template.split_once(PLACE).unwrap_or((template, ""));
    // In a script element nothing but `<` can end it or begin a comment.
    let page = [before, &json.replace('<', "\\u003c"), after].concat();
    std::fs::write(path, page).on("write", path)?;
    Ok(())
}
