//! `pylock.toml`: PEP 751.

use std::path::Path;

use pep440_rs::VersionSpecifiers;
use percent_encoding::percent_decode_str;
use toml::{Table, Value};

use super::error::{Result, unusable};
use super::locked::{Locked, Selection};
use super::requirements;
use super::table::{read_table, tables, text, texts};
use crate::python::core_metadata::normalised;
use crate::python::install::address::absolute;
use crate::python::install::distribution::Archive;
use crate::python::install::named::Source;
use crate::python::install::notice::Notice;
use crate::python::markers;

/// The locked distributions for a selection.
pub(super) fn read(
    file: &Path,
    selection: &Selection,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Locked>> {
    let lock = read_table(file)?;
    match text(&lock, "lock-version") {
        Some(version) if version.starts_with("1.") => {}
        version => {
            return Err(unusable(
                file,
                format!("unknown lock-version {}", version.unwrap_or("(none)")),
            ));
        }
    }
    let python = &selection.environment.python_full_version().version;
    let wanted =
        text(&lock, "requires-python").and_then(|text| text.parse::<VersionSpecifiers>().ok());
    if let Some(wanted) = wanted.filter(|wanted| !wanted.contains(python)) {
        let version = &selection.interpreter.version_text;
        return Err(unusable(
            file,
            format!("it is for Python {wanted}; the package is for {version}"),
        ));
    }
    let known: Vec<String> = texts(&lock, "extras")
        .chain(texts(&lock, "dependency-groups"))
        .map(normalised)
        .collect();
    notices.extend(selection.unlisted(file, |name| known.contains(&name.to_owned())));
    // The groups that the lock installs by default, except for development groups.
    let mut groups = selection.groups.to_vec();
    groups.extend(texts(&lock, "default-groups").map(normalised));
    let mut found = Vec::new();
    for package in tables(&lock, "packages") {
        let name = text(package, "name").ok_or_else(|| unusable(file, "a package has no name"))?;
        let applies = match text(package, "marker") {
            None => true,
            Some(marker) => {
                let plain = chosen(marker, selection.extras, &groups);
                let tree = markers::marker(&plain);
                tree.ok_or_else(|| unusable(file, format!("`{marker}` is not a valid marker")))?
                    .evaluate(selection.environment, &[])
            }
        };
        if applies {
            found.push(one(file, &normalised(name), package)?);
        }
    }
    requirements::check_pins(
        file,
        selection,
        found.iter().map(|one| (&*one.name, one.version.as_deref())),
    )?;
    Ok(found)
}

fn one(file: &Path, name: &str, package: &Table) -> Result<Locked> {
    let base = file.parent().unwrap_or(Path::new("."));
    let version = text(package, "version");
    let part = |key: &str| package.get(key).and_then(Value::as_table);
    let unusable = |reason: &str| unusable(file, format!("`{name}` has no {reason}"));
    if let Some(vcs) = part("vcs") {
        let path =
            || text(vcs, "path").map(|path| absolute(&base.join(path)).display().to_string());
        let url = text(vcs, "url")
            .map(ToOwned::to_owned)
            .or_else(path)
            .ok_or_else(|| unusable("usable source"))?;
        if text(vcs, "type") != Some("git") {
            return Err(unusable("git source"));
        }
        let revision = text(vcs, "commit-id")
            .or_else(|| text(vcs, "requested-revision"))
            .map(ToOwned::to_owned);
        let subdirectory = text(vcs, "subdirectory").map(ToOwned::to_owned);
        return Ok(Locked::of_source(
            name,
            version,
            Vec::new(),
            Source::Git {
                url,
                revision,
                subdirectory,
            },
        ));
    }
    if let Some(archive) = part("archive") {
        let hashes = hash(archive).into_iter().collect();
        let below = text(archive, "subdirectory")
            .map(|below| format!("#subdirectory={below}"))
            .unwrap_or_default();
        let source = match (text(archive, "url"), text(archive, "path")) {
            (Some(url), _) => Source::Url(format!("{url}{below}")),
            (None, Some(path)) => Source::Archive(absolute(&base.join(path))),
            (None, None) => return Err(unusable("usable source")),
        };
        return Ok(Locked::of_source(name, version, hashes, source));
    }
    if let Some(directory) = part("directory") {
        let path = text(directory, "path").ok_or_else(|| unusable("usable source"))?;
        let path = absolute(&base.join(path));
        let path =
            text(directory, "subdirectory").map_or_else(|| path.clone(), |below| path.join(below));
        return Ok(Locked::of_source(
            name,
            version,
            Vec::new(),
            Source::Directory {
                path,
                package: true,
            },
        ));
    }
    let version = version.ok_or_else(|| unusable("version"))?;
    let hashes: Vec<String> = tables(package, "wheels")
        .chain(part("sdist"))
        .filter_map(hash)
        .collect();
    if hashes.is_empty() {
        return Err(super::unusable(
            file,
            format!("`{name}` has neither wheels nor an sdist"),
        ));
    }
    Ok(Locked::of_index(
        name,
        version,
        hashes,
        text(package, "index"),
    ))
}

/// A marker of a lock without the two variables that PEP 508 lacks: `'x' in extras` and `'x' in
/// dependency_groups` are replaced by constants.
fn chosen(marker: &str, extras: &[String], groups: &[String]) -> String {
    const ALWAYS: &str = "python_version >= '3'";
    const NEVER: &str = "python_version < '3'";
    let mut out = String::new();
    let mut rest = marker;
    while let Some(begin) = rest.find(['\'', '"']) {
        let (before, quoted) = rest.split_at(begin);
        let quote = &quoted[..1];
        let Some(end) = quoted[1..].find(quote).map(|end| end + 1) else {
            break;
        };
        let (word, after) = (&quoted[1..end], &quoted[end + 1..]);
        let (negated, operand) = match after.trim_start().strip_prefix("not ") {
            Some(operand) => (true, operand.trim_start()),
            None => (false, after.trim_start()),
        };
        let variables = [("extras", extras), ("dependency_groups", groups)];
        let operand = operand.strip_prefix("in ").map(str::trim_start);
        let found = operand.and_then(|operand| {
            variables
                .iter()
                .find_map(|(name, list)| Some((*list, operand.strip_prefix(name)?)))
        });
        out.push_str(before);
        if let Some((list, after)) = found {
            let holds = list.contains(&normalised(word)) != negated;
            out.push_str(if holds { ALWAYS } else { NEVER });
            rest = after;
        } else {
            out.push_str(&quoted[..=end]);
            rest = after;
        }
    }
    out + rest
}

/// The wheels in a `pylock.toml` with their SHA-256; empty for any other text.
pub(in super::super) fn wheels_of(text: &str) -> Vec<Archive> {
    let wheel = |wheel: &Table| {
        let text = |key: &str| wheel.get(key).and_then(Value::as_str);
        // PEP 751 § packages.wheels.name: the default is the last component of the URL or path.
        let place = text("name")
            .or_else(|| text("url"))
            .or_else(|| text("path"))?;
        let file = percent_decode_str(place.rsplit('/').next()?)
            .decode_utf8_lossy()
            .into_owned();
        Some(Archive {
            file,
            sha256: wheel.get("hashes")?.get("sha256")?.as_str()?.to_owned(),
        })
    };
    let Ok(lock) = text.parse::<Table>() else {
        return Vec::new();
    };
    tables(&lock, "packages")
        .flat_map(|package| tables(package, "wheels").filter_map(wheel))
        .collect()
}

/// The hash of a file in the lock.
fn hash(file: &Table) -> Option<String> {
    let hashes = file.get("hashes")?.as_table()?;
    let (algorithm, value) = hashes
        .get_key_value("sha256")
        .or_else(|| hashes.iter().next())?;
    Some(format!("{algorithm}:{}", value.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extras_and_groups_decide_on_what_belongs_to_them() {
        let marker =
            "(sys_platform == 'linux' and \"Web\" in extras) or 'ops' not in dependency_groups";
        let (always, never) = ("python_version >= '3'", "python_version < '3'");
        assert_eq!(
            chosen(marker, &[], &[]),
            format!("(sys_platform == 'linux' and {never}) or {always}")
        );
        let (web, ops) = (["web".to_owned()], ["ops".to_owned()]);
        assert_eq!(
            chosen(marker, &web, &ops),
            format!("(sys_platform == 'linux' and {always}) or {never}")
        );
        for other in [
            "python_version < '3.9'",
            "'x' in platform_version",
            "os_name == \"a",
            "",
        ] {
            assert_eq!(chosen(other, &web, &ops), other);
        }
    }

    #[test]
    fn the_wheels_of_a_lock_have_names_and_digests() {
        let text = r#"
            [[packages]]
            name = "x"
            wheels = [
                { url = "https://host/a/x-1%2B2-py3-none-any.whl", hashes = { sha256 = "aa" } },
                { name = "y.whl", url = "https://host/z.whl", hashes = { sha256 = "bb" } },
                { name = "no-hash.whl" },
            ]
        "#;
        let found = wheels_of(text)
            .into_iter()
            .map(|one| (one.file, one.sha256))
            .collect::<Vec<_>>();
        let expected = [("x-1+2-py3-none-any.whl", "aa"), ("y.whl", "bb")];
        assert_eq!(
            found,
            expected.map(|(file, digest)| (file.to_owned(), digest.to_owned()))
        );
        assert_eq!(wheels_of("no lock"), []);
    }
}
