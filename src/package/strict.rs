//! The rules for the signed metadata of our own packages: valid names, and paths that stay inside
//! the environment.
//!
//! A signature guarantees none of this. It is checked once, when a package is opened, so that later
//! code can rely on it.

use std::collections::BTreeSet;

use crate::format::{
    FORMAT, FORMAT_REVISION, Facts, FormatError, Metadata, Overlap, Sha256, SlotPlace, SlotRecord,
    WORKENV, is_file_name, is_name, is_platform, is_target, is_time, is_version, overlap,
};
use crate::fs::checked_path;

/// Checks every value that becomes a path, a name or a variable.
///
/// # Errors
/// [`FormatError::BadMetadata`] with the offending value.
pub(super) fn check(metadata: &Metadata, facts: &Facts) -> Result<(), FormatError> {
    check_words(metadata, facts)?;
    if !is_name(&metadata.package.name) {
        return Err(bad("invalid package name", &metadata.package.name));
    }
    let mut names = BTreeSet::new();
    if Sha256::parse(&metadata.launcher.checksum).is_none() {
        return Err(bad("invalid launcher digest", &metadata.launcher.checksum));
    }
    for (at, slot) in metadata.slots.iter().enumerate() {
        check_slot(slot)?;
        if slot.slot != at as u64 {
            return Err(bad("slot out of order:", &slot.id));
        }
        if !names.insert(slot.id.as_str()) {
            return Err(bad("duplicate slot name", &slot.id));
        }
    }
    check_places(&metadata.slots)?;
    for (slot, counted) in metadata.slots.iter().zip(&facts.slots) {
        let is_tree = slot.chain().is_some_and(|chain| chain.tar);
        if !is_tree && (counted.files, counted.entries) != (1, 0) {
            return Err(bad("the file count is not 1 in slot", &slot.id));
        }
    }
    if let Some(name) = facts.program_names().find(|name| !is_name(name)) {
        return Err(bad("invalid program name", name));
    }
    if facts
        .commands
        .iter()
        .flat_map(|one| one.before.iter().chain(&one.after))
        .any(|word| word.contains(char::is_control))
    {
        return Err(bad("invalid command", "with control characters in it"));
    }
    for command in facts
        .programs
        .iter()
        .map(|program| &program.argv)
        .chain(&facts.set_up)
    {
        let program = command
            .first()
            .filter(|program| !program.chars().any(char::is_control));
        if program.is_none() || command.iter().any(|word| word.contains('\0')) {
            return Err(bad("invalid command", &command.join(" ")));
        }
    }
    if let Some(python) = &facts.python {
        if !names.contains(python.slot.as_str()) {
            return Err(bad(
                "the interpreter is in a slot that does not exist",
                &python.slot,
            ));
        }
        if checked_path(python.executable.as_bytes()).is_err()
            || python.executable.chars().any(char::is_control)
        {
            return Err(bad(
                "the interpreter is outside its slot",
                &python.executable,
            ));
        }
        if python
            .restore
            .as_ref()
            .is_some_and(|directory| !is_target(directory))
        {
            return Err(bad(
                "the module that restores variables is outside",
                WORKENV,
            ));
        }
        for word in [&python.implementation, &python.version] {
            // A version between releases ends in a plus sign.
            if !is_name(word.strip_suffix('+').unwrap_or(word)) {
                return Err(bad("invalid interpreter description", word));
            }
        }
    }
    let environment = &metadata.runtime.env;
    for variables in [&metadata.execution.env, &environment.set, &environment.map] {
        for (name, value) in variables {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return Err(bad("invalid variable name", name));
            }
        }
    }
    for name in environment.map.values() {
        if name.is_empty() || name.contains('=') {
            return Err(bad("invalid variable name", name));
        }
    }
    Ok(())
}

/// Checks values that have a fixed form, or a form that prevents misinterpretation wherever they
/// are used.
fn check_words(metadata: &Metadata, facts: &Facts) -> Result<(), FormatError> {
    let revisions = [
        &metadata.format_version,
        &metadata.compatibility.min_format_version,
    ];
    if metadata.format != FORMAT {
        return Err(bad("invalid format", &metadata.format));
    }
    if let Some(revision) = revisions
        .into_iter()
        .find(|revision| *revision != FORMAT_REVISION)
    {
        return Err(bad("invalid format version", revision));
    }
    let (build, launcher) = (&metadata.build, &metadata.launcher);
    let versions = [
        &metadata.package.version,
        &build.tool_version,
        &launcher.tool_version,
    ];
    if let Some(version) = versions.into_iter().find(|version| !is_version(version)) {
        return Err(bad("invalid version", version));
    }
    if let Some(tool) = [&build.tool, &launcher.tool]
        .into_iter()
        .find(|tool| !is_name(tool))
    {
        return Err(bad("invalid tool", tool));
    }
    if !is_time(&build.timestamp) {
        return Err(bad("invalid build time", &build.timestamp));
    }
    if !is_platform(&facts.target) {
        return Err(bad("invalid target", &facts.target));
    }
    if let Some(version) = facts
        .glibc_floor
        .as_ref()
        .filter(|version| !is_version(version))
    {
        return Err(bad("invalid glibc version", version));
    }
    if let Some(library) = facts
        .libraries
        .iter()
        .find(|library| !is_file_name(library))
    {
        return Err(bad("invalid library name", library));
    }
    let algorithm = &metadata.verification.integrity_seal.algorithm;
    if algorithm != "ed25519" {
        return Err(bad("invalid signature algorithm", algorithm));
    }
    Ok(())
}

fn check_places(slots: &[SlotRecord]) -> Result<(), FormatError> {
    let places: Vec<SlotPlace<'_>> = slots.iter().map(Into::into).collect();
    let name = |at: usize| slots.get(at).map_or("", |slot| &slot.id);
    match overlap(&places) {
        None => Ok(()),
        Some(Overlap::Whole(at)) => Err(bad(
            "the target is the whole work environment of the temporary slot",
            name(at),
        )),
        Some(Overlap::Below { second, .. }) => {
            Err(bad("another slot overlaps the target of", name(second)))
        }
    }
}

fn check_slot(slot: &SlotRecord) -> Result<(), FormatError> {
    // FlavorPack's own slots begin with an underscore.
    if !is_name(slot.id.strip_prefix('_').unwrap_or(&slot.id)) {
        return Err(bad("invalid slot name", &slot.id));
    }
    if !is_target(&slot.target) {
        return Err(bad("target outside the work environment", &slot.target));
    }
    match &slot.permissions {
        Some(text)
            if text.len() == 4 && u16::from_str_radix(text, 8).is_ok_and(|mode| mode <= 0o777) =>
        {
            Ok(())
        }
        other => Err(bad(
            "invalid permissions",
            other.as_deref().unwrap_or("none"),
        )),
    }
}

fn bad(what: &str, word: &str) -> FormatError {
    FormatError::BadMetadata(format!("{what} `{}`", word.escape_debug()))
}
