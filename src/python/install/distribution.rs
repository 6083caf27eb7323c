use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::notice::Notice;
use super::record::{Line, Record};
use super::script::EntryPoint;
use crate::fs::{IoContext as _, Result};
use crate::python::core_metadata::{CoreMetadata, normalised};

/// An installed distribution, as described by its `.dist-info` directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// Normalised: lower case, runs of `-_.` are one `-`.
    pub name: String,
    pub version: String,
    /// Number of its files, including metadata and commands.
    pub files: u64,
    /// Total size of these files.
    pub size: u64,
    /// The SPDX expression, or else another description of the licence.
    pub license: Option<String>,
    /// Whether [`Self::license`] is an SPDX expression.
    pub spdx: bool,
    /// SHA-256 in hex of its RECORD, which has the digests of all its files.
    pub record: String,
    /// The file that it was installed from, if known.
    pub archive: Option<Archive>,
    /// Its bundled components, from its own SBOMs (PEP 770).
    pub parts: Vec<BundledComponent>,
    /// Name of the directory in site-packages.
    pub dist_info: String,
}

/// The published wheel that a distribution was installed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    pub file: String,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// A component inside a distribution, such as a C library or a Rust crate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundledComponent {
    pub name: String,
    pub version: Option<String>,
    pub purl: Option<String>,
    pub license: Option<String>,
    /// Whether [`Self::license`] is an SPDX expression.
    pub spdx: bool,
    /// SHA-256 in hex.
    pub sha256: Option<String>,
}

/// The distributions in a site-packages directory, sorted by name; none if it does not exist.
pub fn distributions(site_packages: &Path) -> Result<Vec<Distribution>> {
    let mut found = Vec::new();
    for dist_info in dist_infos(site_packages)? {
        found.push(read(site_packages, dist_info)?);
    }
    found.sort_by(|one, other| (&one.name, &one.version).cmp(&(&other.name, &other.version)));
    Ok(found)
}

/// Names of the `.dist-info` directories, sorted.
pub(super) fn dist_infos(site_packages: &Path) -> Result<Vec<String>> {
    if !site_packages.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(site_packages).on("read directory", site_packages)? {
        let entry = entry.on("read directory", site_packages)?;
        if let Ok(name) = entry.file_name().into_string()
            && name.ends_with(".dist-info")
            && entry.path().join("METADATA").is_file()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn read(site_packages: &Path, dist_info: String) -> Result<Distribution> {
    let directory = site_packages.join(&dist_info);
    let path = directory.join("METADATA");
    let metadata = CoreMetadata::parse(&String::from_utf8_lossy(
        &fs::read(&path).on("read", &path)?,
    ));
    let record = Record::read(&directory)?;
    let size = |line: &Line| {
        line.size
            .or_else(|| {
                site_packages
                    .join(&line.path)
                    .metadata()
                    .ok()
                    .map(|metadata| metadata.len())
            })
            .unwrap_or(0)
    };
    Ok(Distribution {
        name: metadata
            .name
            .unwrap_or_else(|| normalised(dist_info.split('-').next().unwrap_or_default())),
        version: metadata.version.unwrap_or_default(),
        files: record.lines.len() as u64,
        size: record.lines.iter().map(size).sum(),
        license: metadata.license,
        spdx: metadata.spdx,
        record: hex::encode(Sha256::digest(
            fs::read(directory.join("RECORD")).unwrap_or_default(),
        )),
        archive: None,
        parts: parts(&directory)?,
        dist_info,
    })
}

/// The components in the files of `.dist-info/sboms`, in every form of CycloneDX's JSON.
fn parts(dist_info: &Path) -> Result<Vec<BundledComponent>> {
    let directory = dist_info.join("sboms");
    let mut files = Vec::new();
    if directory.is_dir() {
        for entry in fs::read_dir(&directory).on("read directory", &directory)? {
            files.push(entry.on("read directory", &directory)?.path());
        }
    }
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let bytes = fs::read(&file).on("read", &file)?;
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(bill) => collect(&bill, &mut found),
            Err(error) => {
                tracing::debug!(path = %file.display(), %error, "not an SBOM in JSON");
            }
        }
    }
    Ok(found)
}

fn collect(bill: &Value, found: &mut Vec<BundledComponent>) {
    for component in bill["components"].as_array().into_iter().flatten() {
        let text = |key: &str| component[key].as_str().map(ToOwned::to_owned);
        if let Some(name) = text("name") {
            let (license, spdx) = license(&component["licenses"]);
            let hashes = component["hashes"].as_array().into_iter().flatten();
            let sha256 = hashes
                .filter(|hash| hash["alg"] == "SHA-256")
                .find_map(|hash| hash["content"].as_str());
            found.push(BundledComponent {
                name,
                version: text("version"),
                purl: text("purl"),
                license,
                spdx,
                sha256: sha256.map(ToOwned::to_owned),
            });
        }
        collect(component, found);
    }
}

/// CycloneDX's `licenses` in one line, and whether that is an SPDX expression.
fn license(licenses: &Value) -> (Option<String>, bool) {
    let licenses = licenses.as_array().map(Vec::as_slice).unwrap_or_default();
    if let [one] = licenses
        && let Some(expression) = one["expression"]
            .as_str()
            .or_else(|| one["license"]["id"].as_str())
    {
        return (Some(expression.to_owned()), true);
    }
    let word = |one: &Value| {
        let license = &one["license"];
        let word = license["id"]
            .as_str()
            .or_else(|| license["name"].as_str())
            .or_else(|| one["expression"].as_str());
        word.map(ToOwned::to_owned)
    };
    let words: Vec<String> = licenses.iter().filter_map(word).collect();
    ((!words.is_empty()).then(|| words.join(", ")), false)
}

/// The commands of the distribution with this `.dist-info` directory: `console_scripts` and
/// `gui_scripts`, sorted.
pub fn entry_points(dist_info: &Path) -> Result<Vec<EntryPoint>> {
    let path = dist_info.join("entry_points.txt");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let mut found = commands(
        &String::from_utf8_lossy(&fs::read(&path).on("read", &path)?),
        &path,
    );
    found.sort();
    Ok(found)
}

/// The commands in the text of an `entry_points.txt`, in its order. `path` is for the log.
pub(super) fn commands(text: &str, path: &Path) -> Vec<EntryPoint> {
    lines(text, path).0
}

/// Invalid entries among the commands of a distribution.
pub(super) fn odd_entry_points(dist_info: &Path) -> Result<Vec<Notice>> {
    let path = dist_info.join("entry_points.txt");
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let odd = lines(
        &String::from_utf8_lossy(&fs::read(&path).on("read", &path)?),
        &path,
    )
    .1;
    let name = dist_info.file_name().unwrap_or_default().to_string_lossy();
    let distribution = name.trim_end_matches(".dist-info");
    Ok(odd
        .into_iter()
        .map(|line| Notice::EntryPoint {
            distribution: distribution.to_owned(),
            line,
        })
        .collect())
}

/// The commands, and the invalid lines.
fn lines(text: &str, path: &Path) -> (Vec<EntryPoint>, Vec<String>) {
    let mut odd = Vec::new();
    let mut section = "";
    let mut found = Vec::new();
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
    {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = name.trim();
        } else if matches!(section, "console_scripts" | "gui_scripts")
            && let Some((name, value)) = line.split_once('=')
        {
            let entry =
                EntryPoint::parse(name.trim(), value.trim()).filter(|entry| !entry.attr.is_empty());
            if entry.is_none() {
                tracing::debug!(path = %path.display(), line, "invalid entry point skipped");
                odd.push(line.to_owned());
            }
            found.extend(entry);
        }
    }
    (found, odd)
}
