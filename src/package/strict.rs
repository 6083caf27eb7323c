//! What the signed metadata of our own packages may say: names that are names, paths that stay where they belong.
//!
//! A signature makes none of this true. It is checked once, when a package is opened, so that nothing that reads the metadata
//! later has to.

use std::collections::BTreeSet;

use crate::format::{
    FORMAT, FORMAT_REVISION, Facts, FormatError, Lifecycle, Metadata, Sha256, SlotRecord, WORKENV,
    is_file_name, is_name, is_platform, is_target, is_time, is_version,
};
use crate::fs::checked_path;

/// Checks everything that becomes a path, a name or a variable.
///
/// # Errors
/// [`FormatError::BadMetadata`] with the words that are at fault.
pub(super) fn check(metadata: &Metadata, facts: &Facts) -> Result<(), FormatError> {
    check_words(metadata, facts)?;
    if !is_name(&metadata.package.name) {
        return Err(bad("the package has the name", &metadata.package.name));
    }
    let mut names = BTreeSet::new();
    if Sha256::parse(&metadata.launcher.checksum).is_none() {
        return Err(bad(
            "the launcher has the digest",
            &metadata.launcher.checksum,
        ));
    }
    for (at, slot) in metadata.slots.iter().enumerate() {
        check_slot(slot)?;
        if slot.slot != at as u64 {
            return Err(bad("a slot is out of its place:", &slot.id));
        }
        if !names.insert(slot.id.as_str()) {
            return Err(bad("two slots have the name", &slot.id));
        }
    }
    check_places(&metadata.slots)?;
    for (slot, counted) in metadata.slots.iter().zip(&facts.slots) {
        let is_tree = slot.chain().is_some_and(|chain| chain.tar);
        if !is_tree && (counted.files, counted.entries) != (1, 0) {
            return Err(bad("not one file is counted in", &slot.id));
        }
    }
    if let Some(name) = facts.program_names().find(|name| !is_name(name)) {
        return Err(bad("a program has the name", name));
    }
    if facts
        .commands
        .iter()
        .flat_map(|one| one.before.iter().chain(&one.after))
        .any(|word| word.contains(char::is_control))
    {
        return Err(bad(
            "there can be no command",
            "with control characters in it",
        ));
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
            return Err(bad("there can be no command", &command.join(" ")));
        }
    }
    if let Some(python) = &facts.python {
        if !names.contains(python.slot.as_str()) {
            return Err(bad(
                "the interpreter is in a slot that there is not",
                &python.slot,
            ));
        }
        if checked_path(python.executable.as_bytes()).is_err()
            || python.executable.chars().any(char::is_control)
        {
            return Err(bad(
                "the interpreter is not inside its slot",
                &python.executable,
            ));
        }
        if python
            .restore
            .as_ref()
            .is_some_and(|directory| !is_target(directory))
        {
            return Err(bad(
                "the module that restores variables is outside of",
                WORKENV,
            ));
        }
        for word in [&python.implementation, &python.version] {
            // A version between releases ends in a plus sign.
            if !is_name(word.strip_suffix('+').unwrap_or(word)) {
                return Err(bad("the interpreter is described as", word));
            }
        }
    }
    let environment = &metadata.runtime.env;
    for variables in [&metadata.execution.env, &environment.set, &environment.map] {
        for (name, value) in variables {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                return Err(bad("there can be no variable", name));
            }
        }
    }
    for name in environment.map.values() {
        if name.is_empty() || name.contains('=') {
            return Err(bad("there can be no variable", name));
        }
    }
    Ok(())
}

/// Checks what has one form alone, or a form that keeps it from meaning something else wherever it is put.
fn check_words(metadata: &Metadata, facts: &Facts) -> Result<(), FormatError> {
    let revisions = [
        &metadata.format_version,
        &metadata.compatibility.min_format_version,
    ];
    if metadata.format != FORMAT {
        return Err(bad("the package has the format", &metadata.format));
    }
    if let Some(revision) = revisions
        .into_iter()
        .find(|revision| *revision != FORMAT_REVISION)
    {
        return Err(bad("the package has the revision of the format", revision));
    }
    let (build, launcher) = (&metadata.build, &metadata.launcher);
    let versions = [
        &metadata.package.version,
        &build.tool_version,
        &launcher.tool_version,
    ];
    if let Some(version) = versions.into_iter().find(|version| !is_version(version)) {
        return Err(bad("there can be no version", version));
    }
    if let Some(tool) = [&build.tool, &launcher.tool]
        .into_iter()
        .find(|tool| !is_name(tool))
    {
        return Err(bad("there can be no tool", tool));
    }
    if !is_time(&build.timestamp) {
        return Err(bad("the package was built at", &build.timestamp));
    }
    if !is_platform(&facts.target) {
        return Err(bad("the package is for", &facts.target));
    }
    if let Some(version) = facts
        .glibc_floor
        .as_ref()
        .filter(|version| !is_version(version))
    {
        return Err(bad("the package needs the glibc", version));
    }
    if let Some(library) = facts
        .libraries
        .iter()
        .find(|library| !is_file_name(library))
    {
        return Err(bad("the package needs a library", library));
    }
    let algorithm = &metadata.verification.integrity_seal.algorithm;
    if algorithm != "ed25519" {
        return Err(bad("the package is signed by", algorithm));
    }
    Ok(())
}

/// A file has its place, and what is below it, to itself. So has a tree that is not there all the time: it could not be merged
/// with what others have there.
fn check_places(slots: &[SlotRecord]) -> Result<(), FormatError> {
    for (at, slot) in slots.iter().enumerate() {
        let is_tree = slot.chain().is_some_and(|chain| chain.tar);
        let comes_and_goes = matches!(
            Lifecycle::parse(&slot.lifecycle),
            Some(Lifecycle::Lazy | Lifecycle::Init)
        );
        if is_tree && !comes_and_goes {
            continue;
        }
        if is_tree && slot.target == WORKENV {
            return Err(bad(
                "the whole work environment comes and goes with",
                &slot.id,
            ));
        }
        let others = slots.iter().enumerate().filter(|(other, _)| *other != at);
        let below = |target: &str| {
            target
                .strip_prefix(&*slot.target)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some((_, other)) = others.into_iter().find(|(_, other)| below(&other.target)) {
            return Err(bad("another slot is at the target of", &other.id));
        }
    }
    Ok(())
}

fn check_slot(slot: &SlotRecord) -> Result<(), FormatError> {
    // FlavorPack's own slots begin with an underscore.
    if !is_name(slot.id.strip_prefix('_').unwrap_or(&slot.id)) {
        return Err(bad("a slot has the name", &slot.id));
    }
    if !is_target(&slot.target) {
        return Err(bad(
            "a slot has a target outside the work environment",
            &slot.target,
        ));
    }
    match &slot.permissions {
        Some(text)
            if text.len() == 4 && u16::from_str_radix(text, 8).is_ok_and(|mode| mode <= 0o777) =>
        {
            Ok(())
        }
        other => Err(bad(
            "a slot has the permissions",
            other.as_deref().unwrap_or("none"),
        )),
    }
}

fn bad(what: &str, word: &str) -> FormatError {
    FormatError::BadMetadata(format!("{what} `{}`", word.escape_debug()))
}
