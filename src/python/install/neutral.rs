//! Removes local paths and credentials from a distribution's `METADATA`.

use std::fs::{self, File};
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::wheel_error::{Result, WheelError, bad};
use crate::fs::IoContext as _;
use crate::python::command::{redact, without_secrets, without_user};
use crate::python::core_metadata::normalised;

/// A machine-independent `METADATA` text.
pub(super) struct Neutral {
    pub(super) text: String,
    /// Names of the requirements whose URL had credentials.
    pub(super) secrets: Vec<String>,
}

/// Removes local URLs and credentials from a `METADATA`.
///
/// ```text
/// Requires-Dist: lib @ file:///home/me/lib ; python_version > "3.8"    →  Requires-Dist: lib ; python_version > "3.8"
/// Requires-Dist: lib @ https://me:secret@host/lib.whl                  →  Requires-Dist: lib @ https://host/lib.whl
/// ```
pub(super) fn neutral(text: &str) -> Neutral {
    let mut secrets = Vec::new();
    let mut out = String::with_capacity(text.len());
    let mut in_headers = true;
    for line in text.split_inclusive('\n') {
        in_headers &= !line.trim_end().is_empty();
        let plain = line.trim_end_matches(['\r', '\n']);
        let end = &line[plain.len()..];
        let requirement = plain
            .split_once(':')
            .filter(|(key, _)| in_headers && key.eq_ignore_ascii_case("Requires-Dist"))
            .map(|(key, value)| (key, value.trim()));
        if let Some((key, (name, address, rest))) =
            requirement.and_then(|(key, value)| Some((key, direct_reference(value)?)))
        {
            let new = if is_local(address) {
                format!(
                    "{key}: {name}{}{rest}",
                    if rest.is_empty() { "" } else { " " }
                )
            } else {
                let public = without_secrets(address);
                if public != address {
                    secrets.push(normalised(name.split('[').next().unwrap_or(name).trim()));
                }
                format!(
                    "{key}: {name} @ {public}{}{rest}",
                    if rest.is_empty() { "" } else { " " }
                )
            };
            out.push_str(&new);
        } else if in_headers && redact(plain) != plain {
            out.push_str(&without_user(plain));
        } else {
            out.push_str(plain);
        }
        out.push_str(end);
    }
    Neutral { text: out, secrets }
}

/// The name with extras, the URL and the rest of a requirement with a URL.
pub(super) fn direct_reference(requirement: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = requirement.split_once('@')?;
    if name.contains([';', '<', '>', '=', '~', '!']) || name.contains("://") {
        return None;
    }
    let rest = rest.trim_start();
    let (address, rest) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
    Some((name.trim_end(), address, rest.trim()))
}

/// Whether a URL is local.
pub(super) fn is_local(address: &str) -> bool {
    let address = address.strip_prefix("git+").unwrap_or(address);
    address.starts_with("file:") || address.starts_with(['/', '.'])
}

/// The text of a wheel's `METADATA` and its name in the archive.
pub(super) fn of_wheel(wheel: &Path) -> Result<(String, String)> {
    let mut archive = open(wheel)?;
    let names: Vec<String> = archive
        .file_names()
        .flatten()
        .map(|name| name.to_string())
        .collect();
    let name = names.into_iter().find(|name| {
        name.strip_suffix("/METADATA")
            .is_some_and(|top| top.ends_with(".dist-info") && !top.contains('/'))
    });
    let none = || WheelError::Bad {
        wheel: wheel.to_path_buf(),
        reason: "it has no `.dist-info/METADATA`".into(),
    };
    let name = name.ok_or_else(none)?;
    let mut bytes = Vec::new();
    let mut entry = archive.by_name(&name).map_err(|error| bad(wheel, &error))?;
    entry.read_to_end(&mut bytes).on("read", wheel)?;
    drop(entry);
    Ok((String::from_utf8_lossy(&bytes).into_owned(), name))
}

/// Writes a copy of a wheel with a new text for one file.
pub(super) fn replace(wheel: &Path, name: &str, text: &str, dest: &Path) -> Result<()> {
    let mut archive = open(wheel)?;
    let record = format!("{}/RECORD", name.split('/').next().unwrap_or_default());
    let mut out = ZipWriter::new(File::create(dest).on("create", dest)?);
    let failed = |error: zip::result::ZipError| bad(wheel, &error);
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(failed)?;
        let entry_name = entry.name().map_err(failed)?.into_owned();
        let mut new = None;
        if entry_name == name {
            new = Some(text.to_owned());
        } else if entry_name == record {
            let mut old = String::new();
            entry.read_to_string(&mut old).on("read", wheel)?;
            // A line without a digest is not checked.
            let line = |line: &str| {
                if line.starts_with(&format!("{name},")) {
                    format!("{name},,")
                } else {
                    line.into()
                }
            };
            new = Some(old.lines().map(line).collect::<Vec<_>>().join("\n") + "\n");
        }
        if let Some(text) = new {
            out.start_file(entry_name, SimpleFileOptions::default())
                .map_err(failed)?;
            out.write_all(text.as_bytes()).on("write", dest)?;
        } else {
            drop(entry);
            out.raw_copy_file(archive.by_index_raw(at).map_err(failed)?)
                .map_err(failed)?;
        }
    }
    out.finish().map_err(failed)?;
    Ok(())
}

/// Removes what differs between builds from the SBOMs in a newly built wheel (PEP 770, CycloneDX):
/// the path of the sources, `top`, and the SBOM's own serial number and time.
pub(super) fn without_build(wheel: &Path, top: &Path) -> Result<()> {
    let mut archive = open(wheel)?;
    let names: Vec<String> = archive
        .file_names()
        .flatten()
        .map(|name| name.to_string())
        .collect();
    let json = |name: &str| {
        Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "json")
    };
    let is_bill = |name: &&String| name.contains(".dist-info/sboms/") && json(name);
    for name in names.iter().filter(is_bill) {
        let mut text = String::new();
        let mut entry = archive.by_name(name).map_err(|error| bad(wheel, &error))?;
        entry.read_to_string(&mut text).on("read", wheel)?;
        let Ok(Value::Object(mut bill)) =
            serde_json::from_str(&text.replace(&*top.to_string_lossy(), "/source"))
        else {
            continue;
        };
        bill.remove("serialNumber");
        if let Some(metadata) = bill.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("timestamp");
        }
        let beside = wheel.with_extension("neutral");
        replace(wheel, name, &Value::Object(bill).to_string(), &beside)?;
        fs::rename(&beside, wheel).on("replace", wheel)?;
    }
    Ok(())
}

fn open(wheel: &Path) -> Result<ZipArchive<Cursor<Vec<u8>>>> {
    let bytes = fs::read(wheel).on("read", wheel)?;
    ZipArchive::new(Cursor::new(bytes)).map_err(|error| bad(wheel, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_and_credentials_go() {
        let text = "Metadata-Version: 2.1\r\n\
            Requires-Dist: lib[x] @ file:///a/b ; extra == 'y'\r\n\
            Requires-Dist: near@ ../near\n\
            Requires-Dist: far @ https://me:secret@host/far-1.whl?token=abc#sha256=00\n\
            Requires-Dist: plain (>=1)\n\
            Requires-Dist: open @ https://host/open-1.whl\n\
            Project-URL: Home, https://me:secret@host/x\n\
            \n\
            Requires-Dist: shown @ file:///in/the/description https://a:b@host/\n";
        let found = neutral(text);
        assert_eq!(found.secrets, ["far"]);
        assert_eq!(
            found.text,
            "Metadata-Version: 2.1\r\n\
            Requires-Dist: lib[x] ; extra == 'y'\r\n\
            Requires-Dist: near\n\
            Requires-Dist: far @ https://host/far-1.whl#sha256=00\n\
            Requires-Dist: plain (>=1)\n\
            Requires-Dist: open @ https://host/open-1.whl\n\
            Project-URL: Home, https://host/x\n\
            \n\
            Requires-Dist: shown @ file:///in/the/description https://a:b@host/\n"
        );
    }
}
