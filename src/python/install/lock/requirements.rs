//! `requirements.txt`: lines of requirements and options, as installers read them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use pep440_rs::Version;
use pep508_rs::VersionOrUrl;

use super::error::{Error, Result, stale};
use super::locked::Selection;
use crate::python::command::redact;
use crate::python::core_metadata::normalised;
use crate::python::install::notice::Notice;
use crate::python::markers::{self, Requirement};

/// One entry of a list: a requirement or an option, with its continuation lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Entry {
    /// In one line, without comment, `-e` and `--hash`.
    pub(in super::super) text: String,
    /// `sha256:…`.
    pub(in super::super) hashes: Vec<String>,
    /// The file that it is in.
    pub(in super::super) file: PathBuf,
}

impl Entry {
    pub(in super::super) fn is_option(&self) -> bool {
        self.text.starts_with('-')
    }
}

/// The list, and the files that it includes.
pub(super) fn files(path: &Path, directory: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_path_buf()];
    let mut at = 0;
    while let Some(file) = found.get(at).cloned() {
        at += 1;
        for line in lines_of(std::slice::from_ref(&file)) {
            let Some(name) = included(&line) else {
                continue;
            };
            let other = place(name, &file, directory).filter(|path| !found.contains(path));
            found.extend(other);
        }
    }
    found
}

/// The file named by `-r FILE` or `-c FILE`.
fn included(line: &str) -> Option<&str> {
    let option = ["-r", "--requirement", "-c", "--constraint"]
        .iter()
        .find_map(|one| line.strip_prefix(one));
    option.map(|rest| rest.trim_start_matches(['=', ' ', '\t']).trim())
}

/// The tools resolve relative paths in a list differently.
fn place(name: &str, file: &Path, directory: &Path) -> Option<PathBuf> {
    let places = [file.parent().unwrap_or(directory), directory].map(|place| place.join(name));
    places.into_iter().find(|path| path.is_file())
}

/// All entries of a list and of the lists it includes; constraints stay constraints.
pub(in super::super) fn entries(path: &Path, directory: &Path) -> Vec<Entry> {
    let mut found = Vec::new();
    collect(path, directory, &mut vec![path.to_path_buf()], &mut found);
    found
}

fn collect(path: &Path, directory: &Path, open: &mut Vec<PathBuf>, found: &mut Vec<Entry>) {
    let text = fs::read_to_string(path).unwrap_or_default();
    for line in joined(&text) {
        let is_list = line.starts_with("-r") || line.starts_with("--requirement");
        let other = included(&line).and_then(|name| place(name, path, directory));
        match other {
            Some(other) if is_list => {
                // A list that includes itself adds nothing.
                if !open.contains(&other) {
                    open.push(other.clone());
                    collect(&other, directory, open, found);
                    open.pop();
                }
            }
            Some(other) => {
                let text = format!("-c {}", other.display());
                found.push(Entry {
                    text,
                    hashes: Vec::new(),
                    file: path.to_path_buf(),
                });
            }
            None => found.push(entry(&with_absolute_place(&line, path), path)),
        }
    }
}

/// An option with a relative directory, made absolute: installers read a copy in another directory.
fn with_absolute_place(line: &str, file: &Path) -> String {
    let options = [
        "--find-links",
        "-f",
        "--index-url",
        "-i",
        "--extra-index-url",
    ];
    let found = options.iter().find_map(|option| {
        let rest = line
            .strip_prefix(option)
            .filter(|rest| rest.starts_with([' ', '\t', '=']))?;
        let place = file
            .parent()?
            .join(rest.trim_start_matches([' ', '\t', '=']).trim());
        place
            .exists()
            .then(|| format!("{option} {}", super::absolute(&place).display()))
    });
    found.unwrap_or_else(|| line.to_owned())
}

/// Lines without comments, with continuation lines joined.
fn joined(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let line = if line.trim_start().starts_with('#') {
            ""
        } else {
            line.split(" #").next().unwrap_or_default()
        };
        if let Some(before) = line.trim_end().strip_suffix('\\') {
            open.push_str(before);
            open.push(' ');
            continue;
        }
        open.push_str(line);
        let whole = std::mem::take(&mut open).trim().to_owned();
        found.extend(Some(whole).filter(|whole| !whole.is_empty()));
    }
    found.extend(Some(open.trim().to_owned()).filter(|whole| !whole.is_empty()));
    found
}

fn entry(line: &str, file: &Path) -> Entry {
    let line = editable(line).unwrap_or(line);
    let (text, hashes) = match line.find(" --hash") {
        Some(at) if !line.starts_with('-') => line.split_at(at),
        _ => (line, ""),
    };
    let hashes = hashes
        .split("--hash")
        .map(|hash| hash.trim_start_matches(['=', ' ']).trim());
    let hashes = hashes
        .filter(|hash| !hash.is_empty())
        .map(ToOwned::to_owned)
        .collect();
    Entry {
        text: text.trim().to_owned(),
        hashes,
        file: file.to_path_buf(),
    }
}

/// Editable installations are treated as ordinary ones.
fn editable(line: &str) -> Option<&str> {
    let rest = ["-e", "--editable"]
        .iter()
        .find_map(|option| line.strip_prefix(option))?;
    rest.starts_with([' ', '\t', '='])
        .then(|| rest.trim_start_matches(['=', ' ', '\t']).trim())
}

/// The lines of lists of requirements, without comments.
pub(in super::super) fn lines_of(files: &[PathBuf]) -> Vec<String> {
    let texts = files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok());
    let lines = texts.flat_map(|text| {
        text.lines()
            .map(|line| line.trim().to_owned())
            .collect::<Vec<_>>()
    });
    let plain = |line: String| editable(&line).map(ToOwned::to_owned).unwrap_or(line);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(plain)
        .collect()
}

/// The first line that no installer can parse.
pub(super) fn malformed_line(path: &Path) -> Option<Error> {
    let text = fs::read_to_string(path).ok()?;
    let mut continued = false;
    for (at, line) in text.lines().enumerate() {
        let begins = !std::mem::replace(&mut continued, line.ends_with('\\'));
        let line = line
            .trim_end_matches('\\')
            .split(" #")
            .next()
            .unwrap_or_default();
        // Options may follow a requirement; a path or a URL may be one.
        let line = line.split(" --").next().unwrap_or_default().trim();
        let is_other = line.is_empty() || line.starts_with(['#', '-']) || line.contains(['/', '$']);
        if !begins
            || is_other
            || path
                .parent()
                .is_some_and(|directory| directory.join(line).exists())
        {
            continue;
        }
        if markers::parse(line).is_none() {
            let reason = Requirement::from_str(line).map_or_else(
                |error| error.message.to_string(),
                |_| "not a name with a version specifier".into(),
            );
            let reason = reason.lines().next().unwrap_or_default().into();
            return Some(Error::BadLine {
                path: path.into(),
                line: at + 1,
                requirement: redact(line).into(),
                reason,
            });
        }
    }
    None
}

/// The pinned version of a requirement: `==1.0`.
fn pin(requirement: &Requirement) -> Option<String> {
    let Some(VersionOrUrl::VersionSpecifier(specifier)) = &requirement.version_or_url else {
        return None;
    };
    let [only] = specifier.iter().as_slice() else {
        return None;
    };
    let text = only.to_string();
    let version = text.trim_start_matches("===").trim_start_matches("==");
    (text.starts_with("==") && !version.contains('*')).then(|| version.trim().to_owned())
}

/// The names and versions pinned by a list with hashes.
fn pins(entries: &[Entry]) -> Vec<(String, Option<String>)> {
    let requirements = entries
        .iter()
        .filter(|entry| !entry.is_option())
        .filter_map(|entry| markers::parse(&entry.text));
    requirements
        .map(|one| (one.name.to_string(), pin(&one)))
        .collect()
}

/// Whether a list without hashes was written by a resolver: every line pins a version, and the
/// project does not declare the same.
pub(super) fn pins_others(path: &Path, directory: &Path, requirements: &[String]) -> bool {
    if !path.is_file() {
        return false;
    }
    let entries = entries(path, directory);
    let lines: Vec<&Entry> = entries.iter().filter(|entry| !entry.is_option()).collect();
    let pinned =
        |text: &str| markers::parse(text).and_then(|one| Some((one.name.to_string(), pin(&one)?)));
    let stated: Vec<(String, String)> = requirements.iter().filter_map(|one| pinned(one)).collect();
    let found: Option<Vec<(String, String)>> =
        lines.iter().map(|entry| pinned(&entry.text)).collect();
    found.is_some_and(|found| !found.is_empty() && !found.iter().all(|one| stated.contains(one)))
}

/// Checks a list with hashes against the project's requirements and the unsupported features.
pub(in super::super) fn check_locked_list(
    file: &Path,
    selection: &Selection,
    entries: &[Entry],
    notices: &mut Vec<Notice>,
) -> Result<()> {
    notices.extend(selection.unlisted(file, |_| false));
    let pins = pins(entries);
    check_pins(
        file,
        selection,
        pins.iter()
            .map(|(name, version)| (&**name, version.as_deref())),
    )
}

/// Rejects a lock that lacks one of the project's requirements, or has it in another version.
pub(super) fn check_pins<'a>(
    file: &Path,
    selection: &Selection,
    pins: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<()> {
    let mut locked: BTreeMap<String, Vec<Option<&str>>> = BTreeMap::new();
    for (name, version) in pins {
        locked.entry(normalised(name)).or_default().push(version);
    }
    for requirement in selection
        .requirements
        .iter()
        .filter_map(|one| markers::parse(one))
    {
        if !requirement.marker.evaluate(selection.environment, &[]) {
            continue;
        }
        let name = requirement.name.as_ref();
        let Some(versions) = locked.get(name) else {
            return Err(stale(file, format!("the requirement `{name}` is missing")));
        };
        let Some(VersionOrUrl::VersionSpecifier(wanted)) = &requirement.version_or_url else {
            continue;
        };
        let fits = |version: Option<&str>| {
            version
                .and_then(|version| Version::from_str(version).ok())
                .is_none_or(|version| wanted.contains(&version))
        };
        if !versions.iter().copied().any(fits) {
            let version = versions.iter().flatten().next().unwrap_or(&"?");
            return Err(stale(
                file,
                format!("it has `{name}` {version}; `{wanted}` is required"),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_go_on_are_one_and_editable_is_plain() {
        let scratch = tempfile::tempdir().expect("scratch");
        let file = scratch.path().join("requirements.txt");
        fs::write(scratch.path().join("more.txt"), "-e ../lib\n").expect("scratch");
        let text = "click==8.1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n# a comment\n-r more.txt\n--pre\n";
        fs::write(&file, text).expect("scratch");
        let found = entries(&file, scratch.path());
        let found: Vec<(&str, usize)> = found
            .iter()
            .map(|one| (&*one.text, one.hashes.len()))
            .collect();
        assert_eq!(found, [("click==8.1", 2), ("../lib", 0), ("--pre", 0)]);
    }

    #[test]
    fn a_list_that_fixes_other_versions_is_what_a_resolver_wrote() {
        let scratch = tempfile::tempdir().expect("scratch");
        let file = scratch.path().join("requirements.txt");
        for (text, expected) in [
            ("a==1\nb==2\n", true),
            ("a==1\n", false),
            ("a>=1\nb==2\n", false),
            ("", false),
        ] {
            fs::write(&file, text).expect("scratch");
            assert_eq!(
                pins_others(&file, scratch.path(), &["a==1".to_owned()]),
                expected,
                "{text}"
            );
        }
    }
}
