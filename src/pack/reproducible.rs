//! Builds a second time, elsewhere, to check whether the result is identical.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::stages::pack_again;
use super::{BuildError, CacheUse, Settings, pack};
use crate::evidence::Attestation;
use crate::format::{ATTESTATION_SLOT, Blake3, RotationRecord, limits};
use crate::fs::{EntryKind, IoContext, Scratch, walk};
use crate::manifest::{Choices, Input, Manifest, Slim};
use crate::package::{Reader, Slot};
use crate::python::install::Lock;
use crate::report::Reporter;
use crate::slot::list;

/// Larger files are compared only by size when locating a difference.
const COMPARED: u64 = 64 << 20;

/// The place where two packages differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `launcher`, `metadata`, or a slot.
    pub part: String,
    /// Files in the slot, or keys of the metadata; the first few.
    pub details: Vec<String>,
}

/// Packs a copy of the input in another directory, without any cache and with a different number of
/// jobs, and compares the result with `package`. Empty if they are identical. Hooks are not run
/// again: the copy has their results.
///
/// The copy is beside the project, so that relative paths to siblings stay valid.
///
/// # Errors
/// Those of [`pack()`]; the copy is removed in any case.
pub fn check_reproducible(
    manifest: &Manifest,
    settings: &Settings,
    package: &Path,
    reporter: &dyn Reporter,
) -> Result<Vec<Difference>, BuildError> {
    let project = std::path::absolute(&manifest.directory).on("find", &manifest.directory)?;
    let parent = project.parent().unwrap_or(&project);
    let scratch = Scratch::make_in(parent)
        .or_else(|_| Scratch::temporary())
        .on("make a directory in", parent)?;
    let copy = scratch
        .path()
        .join(project.file_name().unwrap_or("project".as_ref()));
    // At the same depth as the project.
    let copy = if scratch.path().parent() == Some(parent) {
        scratch.path().to_path_buf()
    } else {
        copy
    };
    match manifest.input {
        Input::Project | Input::Directory => copy_tree(&project, &copy, package)?,
        Input::Script | Input::Wheel => copy_file(manifest, &copy)?,
        // An installer resolves it again.
        Input::Requirement => {}
    }
    let output = Scratch::temporary().on("make a directory in", std::env::temp_dir())?;
    let other = Settings {
        output: Some(output.path().join("again.psp")),
        cache: CacheUse::Off,
        copied_from: Some(project.clone()),
        jobs: if *settings.jobs > 1 {
            *settings.jobs - 1
        } else {
            2
        }
        .into(),
        ..settings.clone()
    };
    let report = pack(&manifest.moved_to(&copy), &other, reporter)?;
    compare(package, &report.path)
}

/// Copies a script or a wheel, and only those of its neighbours that it refers to.
fn copy_file(manifest: &Manifest, copy: &Path) -> Result<(), BuildError> {
    std::fs::create_dir_all(copy).on("create directory", copy)?;
    let lock = Lock::of_script(&manifest.path).map(|lock| lock.path().to_path_buf());
    for file in [Some(manifest.path.clone()), lock].into_iter().flatten() {
        let to = copy.join(file.file_name().unwrap_or_default());
        std::fs::copy(&file, &to).on("copy", &file)?;
    }
    // Paths that lead out of the directory stay valid in the copy beside it.
    let is_inside = |path: &Path| {
        path.components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    };
    let locals = manifest.build.local_dependencies.iter();
    for source in manifest
        .slots
        .iter()
        .map(|slot| &slot.source)
        .chain(locals)
        .filter(|source| is_inside(source))
    {
        let (from, to) = (manifest.directory.join(source), copy.join(source));
        if from.is_dir() {
            copy_tree(&from, &to, Path::new(""))?;
        } else if from.is_file() {
            let directory = to.parent().unwrap_or(copy);
            std::fs::create_dir_all(directory).on("create directory", directory)?;
            std::fs::copy(&from, &to).on("copy", &from)?;
        }
    }
    Ok(())
}

fn copy_tree(project: &Path, copy: &Path, package: &Path) -> Result<(), BuildError> {
    std::fs::create_dir_all(copy).on("create directory", copy)?;
    let package = package.canonicalize().ok();
    for entry in walk(project)? {
        let to = copy.join(&entry.relative);
        match &entry.kind {
            EntryKind::Directory => std::fs::create_dir_all(&to).on("create directory", &to)?,
            EntryKind::File { .. }
                if package.is_some() && entry.path.canonicalize().ok() == package => {}
            EntryKind::File { .. } => {
                std::fs::copy(&entry.path, &to).on("copy", &entry.path)?;
            }
            EntryKind::Symlink { target } => {
                std::os::unix::fs::symlink(target, &to).on("link", &to)?;
            }
            EntryKind::Special => {}
        }
    }
    Ok(())
}

/// The build record of a package.
#[derive(Clone, Debug)]
pub struct BuildRecord {
    /// The selections in addition to the input.
    pub choices: Choices,
    effort: u8,
    strip: bool,
    slim: Vec<Slim>,
    python: Option<String>,
    epoch: u64,
    /// Whether `pre_build` was run.
    hooks: bool,
    rotations: Vec<RotationRecord>,
}

impl BuildRecord {
    /// Reads the build record of a package.
    ///
    /// # Errors
    /// [`BuildError::NoRecord`] if a package has none.
    pub fn of(package: &Reader) -> Result<Self, BuildError> {
        let statement = provenance(package).ok_or(BuildError::NoRecord)?;
        let definition = &statement["predicate"]["buildDefinition"];
        let parameters = &definition["externalParameters"];
        let options = &parameters["options"];
        let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let texts = |value: &Value| {
            value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(text)
                .collect::<Vec<_>>()
        };
        Ok(Self {
            choices: Choices {
                entry_point: text(&options["entry_point"]),
                script: text(&options["script"]),
                extras: texts(&options["extras"]),
                groups: texts(&options["groups"]),
                package_name: text(&parameters["package"]),
            },
            effort: options["compress"]
                .as_u64()
                .and_then(|effort| u8::try_from(effort).ok())
                .ok_or(BuildError::NoRecord)?,
            strip: options["strip"].as_bool().ok_or(BuildError::NoRecord)?,
            slim: slim(&options["slim"])?,
            python: text(&options["python"]),
            epoch: definition["internalParameters"]["SOURCE_DATE_EPOCH"]
                .as_u64()
                .ok_or(BuildError::NoRecord)?,
            hooks: options["hooks"].is_array(),
            // Rotation statements are the signer's, not part of the build.
            rotations: package
                .facts()
                .map_or_else(Vec::new, |facts| facts.rotations.clone()),
        })
    }

    /// The settings in the record, combined with those of the current command.
    #[must_use]
    pub fn settings(&self, settings: &Settings) -> Settings {
        Settings {
            effort: self.effort.into(),
            strip: self.strip.into(),
            slim: self.slim.clone().into(),
            python: self.python.clone().map(Into::into),
            epoch: self.epoch.into(),
            hooks: self.hooks,
            rotations: self.rotations.clone(),
            ..settings.clone()
        }
    }
}

/// Packs an input again with the settings of a package's [`BuildRecord`], and compares the result
/// with the package.
///
/// # Errors
/// Those of [`pack()`].
pub fn rebuild(
    manifest: &Manifest,
    settings: &Settings,
    package: &Reader,
    reporter: &dyn Reporter,
) -> Result<Vec<Difference>, BuildError> {
    let output = Scratch::temporary().on("make a directory in", std::env::temp_dir())?;
    let again = Settings {
        output: Some(output.path().join("again.psp")),
        ..settings.clone()
    };
    let report = pack_again(manifest, &again, reporter)?;
    compare(package.path(), &report.path)
}

/// The kinds of files that were left out; `None` if the record has no list.
fn slim(recorded: &Value) -> Result<Vec<Slim>, BuildError> {
    let words = recorded.as_array().map(Vec::as_slice).unwrap_or_default();
    words
        .iter()
        .map(|word| word.as_str()?.parse().ok())
        .collect::<Option<_>>()
        .ok_or(BuildError::NoRecord)
}

fn provenance(package: &Reader) -> Option<Value> {
    let slot = package
        .slots()
        .find(|slot| slot.name() == ATTESTATION_SLOT)?;
    let bytes = slot.stored().ok()?.bytes(limits::ATTESTATION).ok()?;
    Attestation::from_bytes(&bytes)?
        .provenance
        .open(package.signer())
        .ok()
}

/// Compares two packages part by part. With different signers the attestation slot always differs
/// in its signature, and is skipped.
///
/// # Errors
/// A package that cannot be read.
pub fn compare(one: &Path, other: &Path) -> Result<Vec<Difference>, BuildError> {
    let open = |path: &Path| Reader::open(path).map_err(|source| BuildError::SelfCheck { source });
    let (one, other) = (open(one)?, open(other)?);
    let mut found = Vec::new();
    if one.metadata().launcher != other.metadata().launcher {
        found.push(Difference {
            part: "launcher".into(),
            details: Vec::new(),
        });
    }
    let names = |reader: &Reader| {
        reader
            .slots()
            .map(|slot| slot.name().to_owned())
            .collect::<Vec<_>>()
    };
    if names(&one) != names(&other) {
        found.push(Difference {
            part: "slots".into(),
            details: names(&other),
        });
        return Ok(found);
    }
    let same_signer = one.signer() == other.signer();
    for (one, other) in one
        .slots()
        .zip(other.slots())
        .filter(|(one, _)| same_signer || one.name() != ATTESTATION_SLOT)
    {
        if one.record.checksum != other.record.checksum {
            found.push(Difference {
                part: format!("slot {}", one.name()),
                details: files_that_differ(&one, &other),
            });
        }
    }
    // Differences that follow from a slot's are not reported.
    let keys = keys_that_differ(&one, &other, same_signer);
    if found.is_empty() && !keys.is_empty() {
        found.push(Difference {
            part: "metadata".into(),
            details: keys,
        });
    }
    Ok(found)
}

/// The maximum number listed.
const NAMED: usize = 5;

fn files_that_differ(one: &Slot<'_>, other: &Slot<'_>) -> Vec<String> {
    let (one, other) = (files(one), files(other));
    let names: std::collections::BTreeSet<&PathBuf> = one.keys().chain(other.keys()).collect();
    let differing = names
        .into_iter()
        .filter(|name| one.get(*name) != other.get(*name));
    differing
        .take(NAMED)
        .map(|name| name.display().to_string())
        .collect()
}

/// The names in an archive, with a digest of each entry; empty for other content.
fn files(slot: &Slot<'_>) -> BTreeMap<PathBuf, Blake3> {
    use std::os::unix::ffi::OsStrExt;
    let mut found = BTreeMap::new();
    let Ok(stored) = slot.stored() else {
        return found;
    };
    if !stored.operations.tar {
        return found;
    }
    let visit = |entry: &crate::slot::TarEntry, content: Option<&[u8]>| {
        let name = PathBuf::from(std::ffi::OsStr::from_bytes(&entry.name));
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(format!("{:?}", (entry.kind, entry.mode, entry.size, &entry.link)).as_bytes());
        hasher.update(content.unwrap_or_default());
        found.insert(name, Blake3(*hasher.finalize().as_bytes()));
    };
    // A slot that cannot be decoded differs as a whole.
    drop(list(&stored, visit, |entry| entry.size <= COMPARED));
    found
}

fn keys_that_differ(one: &Reader, other: &Reader, same_signer: bool) -> Vec<String> {
    let read = |reader: &Reader| {
        let mut text: serde_json::Map<String, Value> =
            serde_json::from_slice(reader.text()).ok()?;
        if !same_signer {
            // The attestation is the last slot.
            text.get_mut("slots")
                .and_then(Value::as_array_mut)
                .map(Vec::pop);
            text.get_mut("flavor")
                .and_then(|facts| facts.get_mut("slots")?.as_array_mut())
                .map(Vec::pop);
        }
        Some(text)
    };
    let (Some(one), Some(other)) = (read(one), read(other)) else {
        return Vec::new();
    };
    one.iter()
        .filter(|(key, value)| other.get(*key) != Some(value))
        .map(|(key, _)| key.clone())
        .take(NAMED)
        .collect()
}
