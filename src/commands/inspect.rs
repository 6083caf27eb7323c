use std::process::ExitCode;

use flavor::format::FORMAT_VERSION;
use flavor::package::{Authenticity, Reader, Slot, Survey, survey, verify};
use flavor::report::{Bytes, printable};
use flavor::trust::TrustStore;
use serde_json::{Value, json};

use super::evidence;
use crate::cli::Inspect;
use crate::error::Error;
use crate::output;

/// Revision of the JSON; a change that breaks readers raises it.
const JSON_SCHEMA: u32 = 1;

/// `flavor inspect`: reads the slots too, and so proves the package first.
pub(super) fn run(options: &Inspect) -> Result<ExitCode, Error> {
    let failed = |source| Error::Package { path: options.package.clone(), source };
    let reader = Reader::open(&options.package).map_err(failed)?;
    verify(&reader).map_err(failed)?;
    if options.sbom || options.provenance {
        if options.sbom {
            evidence::sbom(&reader)?;
        } else {
            evidence::provenance(&reader, options.envelope)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let survey = survey(&reader).map_err(failed)?;
    if options.licenses {
        evidence::licenses(options, &survey)?;
        return Ok(ExitCode::SUCCESS);
    }
    let trusted = TrustStore::from_env().contains(reader.signer());
    if options.json {
        output::json(&to_json(&reader, &survey, trusted))?;
    } else {
        output::data(&to_text(&reader, &survey, trusted))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Unpacked bytes: signed in our packages, only claimed in others.
fn plain_size(slot: &Slot<'_>) -> u64 {
    slot.facts.map_or(slot.row.plain_size, |facts| facts.plain_size)
}

fn ratio(stored: u64, plain: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people; sizes stay far below 2^52")]
    let ratio = if stored == 0 { 1.0 } else { plain as f64 / stored as f64 };
    (ratio * 100.0).round() / 100.0
}

fn to_text(reader: &Reader, survey: &Survey, trusted: bool) -> String {
    let metadata = reader.metadata();
    let facts = metadata.flavor.as_ref();
    let mut lines = vec![format!("{} {}", metadata.package.name, metadata.package.version)];
    if let Some(description) = &metadata.package.description {
        lines.push(format!("  {description}"));
    }
    let authenticity = match reader.authenticity() {
        Authenticity::Complete => "every byte signed",
        Authenticity::Slots => "made by FlavorPack: metadata and slots signed",
    };
    lines.push(format!(
        "package   {} ({}), {authenticity}",
        reader.path().display(),
        Bytes(reader.index().package_size)
    ));
    lines.push(format!(
        "launcher  {} {} ({})",
        metadata.launcher.tool,
        metadata.launcher.tool_version,
        Bytes(reader.index().launcher_size)
    ));
    lines.push(format!(
        "signer    {} ({})",
        reader.signer().fingerprint(),
        if trusted { "trusted" } else { "not among the trusted keys" }
    ));
    if let Some(facts) = facts {
        if let Some(python) = &facts.python {
            lines.push(format!("runtime   {} {}", python.implementation, python.version));
        }
        let floor = facts.glibc_floor.as_deref().unwrap_or("none");
        lines.push(format!("target    {}, lowest glibc: {floor}", facts.target));
        let names: Vec<&str> = facts.programs.iter().map(|program| program.name.as_str()).collect();
        lines.push(format!("programs  {}", names.join(", ")));
    } else {
        lines.push(format!("command   {}", metadata.execution.command));
    }
    lines.push(String::new());
    lines.push(format!(
        "{:>4}  {:<16} {:>10} {:>10} {:>6} {:>7}  {:<9} target",
        "slot", "name", "stored", "unpacked", "ratio", "files", "codec"
    ));
    for (slot, files) in reader.slots().zip(&survey.files) {
        lines.push(format!(
            "{:>4}  {:<16} {:>10} {:>10} {:>6.2} {:>7}  {:<9} {}",
            slot.index,
            slot.name(),
            Bytes(slot.row.stored_size).to_string(),
            Bytes(plain_size(&slot)).to_string(),
            ratio(slot.row.stored_size, plain_size(&slot)),
            files.map_or("?".into(), |files| files.to_string()),
            slot.operations().map_or("?".into(), |chain| chain.to_string()),
            slot.record.target
        ));
    }
    if !survey.distributions.is_empty() {
        let names = survey.distributions.iter().map(|one| format!("{} {}", one.name, one.version));
        lines.push(format!("\ndistributions  {}", names.collect::<Vec<_>>().join(", ")));
    }
    lines.iter().flat_map(|line| line.split('\n')).map(|line| printable(line).into_owned() + "\n").collect()
}

/// FlavorPack's names where it has them, ours beside them.
fn to_json(reader: &Reader, survey: &Survey, trusted: bool) -> Value {
    let metadata = reader.metadata();
    let facts = metadata.flavor.as_ref();
    let python = facts.and_then(|facts| facts.python.as_ref());
    let slots: Vec<Value> = reader.slots().zip(&survey.files).map(|(slot, files)| slot_json(&slot, *files)).collect();
    let stored: u64 = reader.slots().map(|slot| slot.row.stored_size).sum();
    let plain: u64 = reader.slots().map(|slot| plain_size(&slot)).sum();
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
        "entry_points": facts.map(|facts| &facts.programs),
        "slots": slots,
        "distributions": survey.distributions,
        "largest": survey.largest,
        "totals": {
            "slots": reader.slots().len(),
            "stored": stored,
            "unpacked": plain,
            "files": survey.files.iter().flatten().sum::<u64>(),
        },
    })
}

fn slot_json(slot: &Slot<'_>, files: Option<u64>) -> Value {
    let operations = slot.operations().ok();
    json!({
        "index": slot.index,
        "name": slot.name(),
        "purpose": slot.record.purpose,
        "size": slot.row.stored_size,
        "uncompressed_size": plain_size(slot),
        "ratio": ratio(slot.row.stored_size, plain_size(slot)),
        "operations": operations.map_or_else(|| slot.record.operations.clone(), |chain| chain.to_string()),
        "codec": operations.map(|chain| chain.codec.name()),
        "sha256": slot.record.sha256().map(|digest| digest.hex()),
        "blake3": slot.facts.map(|facts| facts.blake3.hex()),
        "files": files,
        "target": slot.record.target,
        "lifecycle": slot.record.lifecycle,
        "permissions": slot.record.permissions,
    })
}
