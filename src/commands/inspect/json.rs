//! `flavor inspect --json`: FlavorPack's keys where it has them, and ours, down to every file.

use flavor::analysis::{
    Contents, NativeFile, PackedEntry, SlotContents, advise, duplicates, modules,
};
use flavor::elf::GlibcVersion;
use flavor::format::{FORMAT_VERSION, Facts};
use flavor::libraries::first_with;
use flavor::package::{Authenticity, Reader, Slot};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{plain_size, ratio};
use crate::error::Error;
use crate::output;

/// Version of the JSON; increased by incompatible changes.
const JSON_SCHEMA: u32 = 1;
/// The default number of largest files.
const LARGEST: usize = 10;

/// Streams the lists of files instead of building them in memory.
#[derive(Serialize)]
struct Inspection<'a> {
    #[serde(flatten)]
    head: Value,
    largest: Vec<File<'a>>,
    native: Vec<Native<'a>>,
    files: Files<'a>,
}

/// One entry of a slot.
#[derive(Serialize)]
struct File<'a> {
    slot: &'a str,
    path: &'a str,
    kind: &'static str,
    mode: String,
    size: u64,
    stored: u64,
    blake3: Option<String>,
    distribution: Option<&'a str>,
    module: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'a str>,
}

#[derive(Serialize)]
struct Native<'a> {
    slot: &'a str,
    path: &'a str,
    size: u64,
    stored: u64,
    #[serde(flatten)]
    facts: &'a NativeFile,
}

/// All entries of all slots.
struct Files<'a>(&'a Contents);

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            self.0
                .entries()
                .map(|(slot, entry)| file(self.0, slot, entry)),
        )
    }
}

pub(super) fn print(
    reader: &Reader,
    contents: &Contents,
    trusted: bool,
    largest: Option<usize>,
) -> Result<(), Error> {
    let largest = contents.largest(largest.unwrap_or(LARGEST));
    let native = contents.native_files();
    output::json(&Inspection {
        head: head(reader, contents, trusted),
        largest: largest
            .into_iter()
            .map(|(slot, entry)| file(contents, slot, entry))
            .collect(),
        native: native
            .into_iter()
            .map(|(slot, entry, facts)| Native {
                slot: &slot.name,
                path: &entry.path,
                size: entry.size,
                stored: entry.stored,
                facts,
            })
            .collect(),
        files: Files(contents),
    })
}

fn file<'a>(contents: &'a Contents, slot: &'a SlotContents, entry: &'a PackedEntry) -> File<'a> {
    let distribution = entry
        .distribution
        .and_then(|at| contents.distributions.get(at));
    File {
        slot: &slot.name,
        path: &entry.path,
        kind: entry.kind_name(),
        mode: format!("{:04o}", entry.mode),
        size: entry.size,
        stored: entry.stored,
        blake3: entry.blake3.map(|digest| digest.hex()),
        distribution: distribution.map(|distribution| distribution.name.as_str()),
        module: entry.module.as_deref(),
        link: entry.link.as_deref(),
    }
}

fn head(reader: &Reader, contents: &Contents, trusted: bool) -> Value {
    let metadata = reader.metadata();
    let facts = metadata.flavor.as_ref();
    let python = facts.and_then(|facts| facts.python.as_ref());
    let slots: Vec<Value> = reader
        .slots()
        .zip(&contents.slots)
        .map(|(slot, contents)| slot_json(&slot, contents))
        .collect();
    let stored = reader
        .slots()
        .fold(0_u64, |sum, slot| sum.saturating_add(slot.row.stored_size));
    // The claims of a package made by FlavorPack are not checked.
    let plain = reader
        .slots()
        .fold(0_u64, |sum, slot| sum.saturating_add(plain_size(&slot)));
    json!({
        "schema": JSON_SCHEMA,
        "package": reader.path().file_name().map(|name| name.to_string_lossy().into_owned()),
        "format": metadata.format,
        "format_version": format!("{FORMAT_VERSION:#x}"),
        "size": reader.index().package_size,
        "launcher_size": reader.index().launcher_size,
        "launcher": {
            "size": reader.index().launcher_size,
            "sha256": metadata.launcher.checksum.trim_start_matches("sha256:"),
            "tool": metadata.launcher.tool,
            "tool_version": metadata.launcher.tool_version,
        },
        "package_metadata": metadata.package,
        "build_metadata": metadata.build,
        "metadata": facts.map(|facts| &facts.metadata),
        "target": facts.map(|facts| &facts.target),
        "signature": {
            "valid": true,
            "complete": reader.authenticity() == Authenticity::Complete,
            "key": reader.signer().fingerprint().as_str(),
            "trusted": trusted,
        },
        "runtime": {
            "implementation": python.map(|python| &python.implementation),
            "version": python.map(|python| &python.version),
            "glibc_floor": facts.and_then(|facts| facts.glibc_floor.as_ref()),
        },
        "needs": facts.map(|facts| needs(facts, contents)),
        "entry_points": facts.map(Facts::all_programs),
        "slots": slots,
        "distributions": contents.distributions,
        "modules": modules(contents),
        "duplicates": duplicates(contents),
        "advice": advise(contents),
        "totals": {
            "slots": reader.slots().len(),
            "stored": stored,
            "unpacked": plain,
            "metadata": contents.frame(),
            "files": contents.slots.iter().filter_map(SlotContents::files).sum::<u64>(),
        },
    })
}

/// Requirements on the target machine, and the file that needs the newest glibc.
fn needs(facts: &Facts, contents: &Contents) -> Value {
    let floor: Option<GlibcVersion> = facts
        .glibc_floor
        .as_ref()
        .and_then(|floor| floor.parse().ok());
    let native = contents.native_files();
    let by = native
        .iter()
        .find(|(_, _, native)| floor.is_some() && native.glibc_floor == floor);
    json!({
        "glibc": facts.glibc_floor,
        "glibc_by": by.map(|(slot, entry, _)| json!({ "slot": slot.name, "path": entry.path })),
        "distributions": floor.and_then(first_with),
        "libraries": facts.libraries,
    })
}

fn slot_json(slot: &Slot<'_>, contents: &SlotContents) -> Value {
    let operations = slot.operations().ok();
    json!({
        "index": slot.index,
        "name": slot.name(),
        "purpose": slot.record.purpose,
        "size": slot.row.stored_size,
        "uncompressed_size": plain_size(slot),
        "ratio": ratio(slot.row.stored_size, plain_size(slot)),
        "overhead": contents.overhead,
        "operations": operations.map_or_else(|| slot.record.operations.clone(), |chain| chain.to_string()),
        "codec": operations.map(|chain| chain.codec.name()),
        "sha256": slot.record.sha256().map(|digest| digest.hex()),
        "blake3": slot.facts.map(|facts| facts.blake3.hex()),
        "files": contents.files(),
        "target": slot.record.target,
        "lifecycle": slot.record.lifecycle,
        "permissions": slot.record.permissions,
    })
}
