use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::fs::{IoContext as _, Result};

/// The RECORD: the list of a distribution's files, as in PEP 376. Paths are relative to
/// site-packages, with `/`.
pub(super) struct Record {
    pub(super) lines: Vec<Line>,
}

pub(super) struct Line {
    pub(super) path: String,
    /// `sha256=` and the digest in unpadded URL-safe base 64.
    pub(super) hash: Option<String>,
    pub(super) size: Option<u64>,
}

impl Line {
    pub(super) fn bare(path: String) -> Self {
        Self {
            path,
            hash: None,
            size: None,
        }
    }
}

impl Record {
    /// Without a RECORD, a distribution has no known files.
    pub(super) fn read(dist_info: &Path) -> Result<Self> {
        let path = dist_info.join("RECORD");
        if !path.is_file() {
            return Ok(Self { lines: Vec::new() });
        }
        let text = String::from_utf8_lossy(&fs::read(&path).on("read", &path)?).into_owned();
        let lines = text.lines().filter(|line| !line.is_empty()).map(|line| {
            let mut fields = fields(line).into_iter();
            let mut next = || fields.next().filter(|field| !field.is_empty());
            Line {
                path: next().unwrap_or_default(),
                hash: next(),
                size: next().and_then(|size| size.parse().ok()),
            }
        });
        Ok(Self {
            lines: lines.collect(),
        })
    }

    pub(super) fn write(&self, dist_info: &Path) -> Result<()> {
        let path = dist_info.join("RECORD");
        let mut text = String::new();
        for line in &self.lines {
            let size = line.size.map(|size| size.to_string()).unwrap_or_default();
            // Writing to a string cannot fail.
            _ = writeln!(
                text,
                "{},{},{size}",
                quoted(&line.path),
                line.hash.as_deref().unwrap_or_default()
            );
        }
        fs::write(&path, text).on("write", &path)
    }
}

/// The paths in the text of a RECORD, relative to site-packages.
pub fn recorded_paths(text: &str) -> impl Iterator<Item = String> {
    let path = |line| {
        fields(line)
            .into_iter()
            .next()
            .filter(|path| !path.is_empty())
    };
    text.lines().filter_map(path)
}

/// The fields of one line of CSV.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                fields
                    .last_mut()
                    .into_iter()
                    .for_each(|field| field.push('"'));
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields
                .last_mut()
                .into_iter()
                .for_each(|field| field.push(c)),
        }
    }
    fields
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_commas_and_quotes_survive() {
        let odd = r#"a,"b".py"#;
        assert_eq!(
            fields(&format!("{},sha256=x,3", quoted(odd))),
            [odd, "sha256=x", "3"]
        );
    }
}
