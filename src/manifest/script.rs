//! Single-file scripts and their inline metadata: PEP 723.

use std::path::Path;

use toml::de::DeTable;

use super::choices::Choices;
use super::entry_point::EntryPoint;
use super::error::Error;
use super::input::Input;
use super::model::Manifest;
use super::name;
use super::parse::{read_text, read_tool};
use super::project::{self, Project};
use super::requirement;
use super::table::{Source, Table};
use super::warning::Warning;

/// What a block begins with, before its type, and ends with.
const FENCE: &str = "# ///";
/// The prefix of each line of a block.
const MARGIN: &str = "# ";
/// The version of a script whose `[tool.flavor]` has none.
const VERSION: &str = "0.0.0";

/// The maximum length of the name of a script.
const MAX_FILE_NAME: usize = 200;

/// The `script` block of a text.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    /// The TOML.
    text: String,
    /// The line of the file with the first line of the TOML, counted from 1.
    first_line: usize,
}

/// Reads a script. Without a block it has no requirements.
pub fn parse(path: &Path, choices: &Choices) -> Result<(Manifest, Vec<Warning>), Error> {
    check_name(path)?;
    let text = match read_text(path) {
        // Python accepts other encodings if the file declares them. A block is always UTF-8.
        Err(Error::NotUtf8 { .. }) if !has_block(path) => String::new(),
        text => text?,
    };
    let block = block(&text, path)?.unwrap_or(Block {
        text: String::new(),
        first_line: 1,
    });
    let source = Source::within(&block.text, path, block.first_line, MARGIN);
    let document = DeTable::parse(&block.text).map_err(|error| source.syntax_error(&error))?;
    let mut root = Table::root(&source, document.get_ref());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let project = Project {
        name: name::made_of(&stem),
        version: Some(VERSION.into()),
        requires_python: root
            .get("requires-python")
            .map(|item| project::specifier(&item))
            .transpose()?,
        dependencies: requirement::parse_all(&root.items("dependencies")?)?,
        ..Project::default()
    };
    let mut manifest = Manifest::bare(Input::Script, path, project);
    manifest.entry_point = path.file_name().map(|name| EntryPoint::File(name.into()));
    if let Some(mut tool) = read_tool(&mut root, &mut manifest)?
        && let Some(uv) = tool.table("uv")?
    {
        read_uv(uv, &mut manifest)?;
    }
    root.finish();
    // A script is copied without its neighbours; relative paths still refer to the original
    // directory.
    for link in manifest
        .build
        .find_links
        .iter_mut()
        .filter(|link| !link.contains("://"))
    {
        let path = manifest.directory.join(&*link);
        *link = std::path::absolute(&path)
            .unwrap_or(path)
            .display()
            .to_string();
    }
    Ok((manifest.completed(choices)?, source.into_warnings()))
}

/// Rejects names that would cause problems in the package.
fn check_name(path: &Path) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default();
    let reason = match name.to_str() {
        None => "is not UTF-8",
        Some(text) if text.chars().any(char::is_control) => {
            "has a line end or another control character in it"
        }
        // The name of its bytecode is longer, and no system allows more than 255 bytes.
        Some(text) if text.len() > MAX_FILE_NAME => "is longer than 200 bytes",
        Some(_) => return Ok(()),
    };
    Err(Error::BadFileName {
        path: path.to_path_buf(),
        reason,
    })
}

/// Whether a file without a `.py` suffix is a Python script: by its first line, or by a block.
pub fn is_script(path: &Path) -> bool {
    let is_named = path
        .extension()
        .is_some_and(|ending| ending == "py" || ending == "pyw");
    let says_so = || {
        let text = read_text(path).ok()?;
        let first = text.lines().next()?;
        // Errors in a block are reported when it is read.
        Some(
            (first.starts_with("#!") && first.contains("python"))
                || !matches!(block(&text, path), Ok(None)),
        )
    };
    path.is_file() && (is_named || says_so().unwrap_or_default())
}

/// The line in which the TOML of a script's block begins, counted from 1, and that TOML.
pub(super) fn block_line(path: &Path) -> Option<(usize, String)> {
    let text = read_text(path).ok()?;
    block(&text, path)
        .ok()?
        .map(|block| (block.first_line, block.text))
}

/// The TOML of a script's block.
pub fn script_block(path: &Path) -> Option<String> {
    block_line(path).map(|(_, text)| text)
}

/// Finds the block as specified by the regular expression of PEP 723:
///
/// ```text
/// (?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$
/// ```
///
/// The match is greedy: the last closing line of an unbroken run of comments ends the block.
fn block(text: &str, path: &Path) -> Result<Option<Block>, Error> {
    // Universal newlines, as Python reads a text file.
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let lines: Vec<&str> = text.split('\n').collect();
    let mut found: Option<Block> = None;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        at = at.saturating_add(1);
        let Some(kind) = line
            .strip_prefix(FENCE)
            .and_then(|rest| rest.strip_prefix(' '))
        else {
            continue;
        };
        if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            continue;
        }
        let rest = lines.get(at..).unwrap_or_default();
        let run = rest
            .iter()
            .take_while(|line| **line == "#" || line.starts_with(MARGIN))
            .count();
        let run = rest.get(..run).unwrap_or_default();
        let end = run.iter().rposition(|line| *line == FENCE);
        if end.is_none() && kind == "script" {
            // The expression of the standard does not match then, but the line certainly was meant
            // to begin a block.
            return Err(Error::OpenBlock {
                path: path.to_path_buf(),
                line: at,
            });
        }
        // Between the two there is at least one line.
        let Some(end) = end.filter(|end| *end > 0) else {
            continue;
        };
        if kind == "script" {
            let first_line = at.saturating_add(1);
            if let Some(first) = &found {
                let first = first.first_line.saturating_sub(1);
                return Err(Error::SecondBlock {
                    path: path.to_path_buf(),
                    first,
                    second: at,
                });
            }
            let content = run.get(..end).unwrap_or_default().iter();
            let content = content.map(|line| line.strip_prefix(MARGIN).unwrap_or_default());
            let text = content.flat_map(|line| [line, "\n"]).collect();
            found = Some(Block { text, first_line });
        }
        at = at.saturating_add(end).saturating_add(1);
    }
    Ok(found)
}

/// Whether bytes of any encoding have a line that may begin a block.
fn has_block(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes
        .split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(b"# /// "))
}

/// The settings of uv about sources of distributions. uv does not run in the script's directory,
/// and is not always used.
fn read_uv(mut uv: Table<'_>, manifest: &mut Manifest) -> Result<(), Error> {
    let build = &mut manifest.build;
    build.index_url = build.index_url.take().or(uv.text("index_url")?);
    build.extra_index_urls.extend(uv.texts("extra_index_url")?);
    for link in uv.texts("find_links")? {
        build.find_links.push(link);
    }
    // Sources of single distributions are read by the installation code.
    for key in ["index", "sources"] {
        drop(uv.get(key));
    }
    uv.finish();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> Option<(String, usize)> {
        block(text, Path::new("x.py"))
            .expect("one block")
            .map(|block| (block.text, block.first_line))
    }

    #[test]
    fn a_block_is_found_where_the_standards_expression_finds_it() {
        let plain = "#!/usr/bin/env python\n# /// script\n# a = 1\n#\n#  b = 2\n# ///\nprint()\n";
        assert_eq!(content(plain), Some(("a = 1\n\n b = 2\n".into(), 3)));
        assert_eq!(content(&plain.replace('\n', "\r\n")), content(plain));
        assert_eq!(
            content("# /// script\n# a = 1\n# ///"),
            Some(("a = 1\n".into(), 2)),
            "no line end at the end"
        );
        // The last closing line of the run counts.
        let long = "# /// script\n# a = 1\n# ///\n# b = 2\n# ///\n";
        assert_eq!(
            content(long),
            Some(("a = 1\n/// \nb = 2\n".replace("/// ", "///"), 2))
        );
        for none in [
            "# /// script\n# ///\n",
            " # /// script\n# a = 1\n# ///\n",
            "# /// script \n# a = 1\n# ///\n",
            "# ///script\n# a = 1\n# ///\n",
            "# /// pyproject\n# a = 1\n# ///\n",
            "",
        ] {
            assert_eq!(content(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_block_that_is_never_closed_is_refused() {
        for (open, line) in [
            ("# /// script\n# a = 1\n", 1),
            ("\n# /// script\n#a = 1\n# ///\n", 2),
            ("# /// script\n# a = 1\n\n# ///\n", 1),
            ("# /// script\n", 1),
        ] {
            let error = block(open, Path::new("x.py")).expect_err("open");
            let expected = format!("x.py:{line}: the `script` block that begins here has no end");
            assert_eq!(error.to_string(), expected, "{open:?}");
        }
        assert_eq!(content("# /// other\n# a = 1\n"), None);
    }

    #[test]
    fn two_blocks_are_one_too_many() {
        let one = "# /// script\n# a = 1\n# ///\n";
        let error = block(&format!("{one}\n{one}"), Path::new("x.py")).expect_err("two");
        assert_eq!(
            error.to_string(),
            "x.py:5: a second `script` block; the first is in line 1"
        );
        let other = "# /// other\n# a = 1\n# ///\n";
        assert_eq!(
            content(&format!("{other}\n{one}")),
            Some(("a = 1\n".into(), 6))
        );
    }
}
