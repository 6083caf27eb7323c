//! What is inside the slots of a package, read from the slots themselves: the content is the truth, not a list beside it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{PackageError, Reader, Slot};
use crate::python::CoreMetadata;
use crate::slot::{EntryKind, SlotError, TarEntry, list};

/// How many of the largest files are kept.
const LARGEST: usize = 10;

/// Content of all slots that can be decoded.
#[derive(Debug, Default)]
pub struct Survey {
    /// Regular files of each slot, in order; `None` when the slot cannot be decoded here.
    pub files: Vec<Option<u64>>,
    /// Sorted by name.
    pub distributions: Vec<PackedDistribution>,
    /// The largest first.
    pub largest: Vec<PackedFile>,
}

/// An installed Python distribution, from its `dist-info`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PackedDistribution {
    pub name: String,
    pub version: String,
    /// Name of the slot that holds it.
    pub slot: String,
    /// Files, and bytes of them, that its RECORD lists.
    pub files: u64,
    pub size: u64,
    pub license: Option<String>,
    /// Package URL (github.com/package-url/purl-spec).
    pub purl: String,
}

/// A file in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PackedFile {
    pub slot: String,
    pub path: String,
    pub size: u64,
}

/// Reads all slots. Their bytes are to have been verified: this decodes them.
///
/// # Errors
/// [`PackageError::Content`] when a slot of ours does not decode.
pub fn survey(reader: &Reader) -> Result<Survey, PackageError> {
    let mut survey = Survey::default();
    for slot in reader.slots() {
        let files = match survey_slot(&slot, &mut survey) {
            Ok(files) => Some(files),
            // FlavorPack's packages may hold what nobody but them can decode.
            Err(_) if slot.facts.is_none() => None,
            Err(source) => return Err(PackageError::Content { slot: slot.name().into(), source }),
        };
        survey.files.push(files);
    }
    survey.distributions.sort_by(|a, b| a.name.cmp(&b.name));
    survey.largest.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
    survey.largest.truncate(LARGEST);
    Ok(survey)
}

fn survey_slot(slot: &Slot<'_>, survey: &mut Survey) -> Result<u64, SlotError> {
    let Ok(stored) = slot.stored() else { return Err(SlotError::UnsupportedCodec("the slot")) };
    if !stored.operations.tar {
        let size = slot.facts.map_or(slot.row.plain_size, |facts| facts.plain_size);
        survey.add_file(PackedFile { slot: slot.name().into(), path: slot.record.target.clone(), size });
        return Ok(1);
    }
    let mut files = 0;
    let mut found: BTreeMap<String, PackedDistribution> = BTreeMap::new();
    list(
        &stored,
        |entry, content| {
            let path = String::from_utf8_lossy(&entry.name);
            files += u64::from(matches!(entry.kind, EntryKind::File | EntryKind::HardLink));
            if entry.kind == EntryKind::File {
                survey.add_file(PackedFile {
                    slot: slot.name().into(),
                    path: path.clone().into_owned(),
                    size: entry.size,
                });
            }
            if let (Some(content), Some((directory, file))) = (content, path.rsplit_once('/')) {
                let distribution = found.entry(directory.into()).or_default();
                let text = String::from_utf8_lossy(content);
                if file == "RECORD" { distribution.read_record(&text) } else { distribution.read_metadata(&text) }
            }
        },
        is_dist_info,
    )?;
    for mut distribution in found.into_values().filter(|one| !one.name.is_empty()) {
        distribution.slot = slot.name().into();
        distribution.purl = format!("pkg:pypi/{}@{}", distribution.name, distribution.version);
        survey.distributions.push(distribution);
    }
    Ok(files)
}

/// The two files of a distribution that are read.
fn is_dist_info(entry: &TarEntry) -> bool {
    entry.kind == EntryKind::File
        && (entry.name.ends_with(b".dist-info/METADATA") || entry.name.ends_with(b".dist-info/RECORD"))
}

impl Survey {
    fn add_file(&mut self, file: PackedFile) {
        self.largest.push(file);
        // Sorted now and then, so that a slot of a million files does not pile up here.
        if self.largest.len() >= 1000 {
            self.largest.sort_by_key(|file| std::cmp::Reverse(file.size));
            self.largest.truncate(LARGEST);
        }
    }
}

impl PackedDistribution {
    fn read_metadata(&mut self, text: &str) {
        let CoreMetadata { name, version, license, .. } = CoreMetadata::parse(text);
        self.name = name.unwrap_or_default();
        self.version = version.unwrap_or_default();
        self.license = license;
    }

    /// Lines of `path,digest,size`; the path may be quoted, the last field never is.
    fn read_record(&mut self, text: &str) {
        for line in text.lines() {
            self.files += 1;
            self.size += line.rsplit(',').next().and_then(|size| size.parse::<u64>().ok()).unwrap_or(0);
        }
    }
}
