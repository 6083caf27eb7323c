//! Which program a package starts: the one that it is called by.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Invocation, LaunchError};
use crate::format::{Facts, Metadata};

/// Program and leading arguments of what the name asks for. A file of any other name starts the first program; a link of
/// any other name is a mistake.
///
/// # Errors
/// [`LaunchError::NoProgram`] for a package without any, [`LaunchError::UnknownProgram`].
pub(super) fn choose<'a>(metadata: &'a Metadata, invocation: &Invocation) -> Result<Cow<'a, [String]>, LaunchError> {
    let facts = metadata.flavor.as_ref().ok_or(LaunchError::NoProgram)?;
    let first = facts.programs.first().ok_or(LaunchError::NoProgram)?;
    let name = base(&invocation.name);
    let stem = without_suffix(name);
    let named = |name: &str| named(metadata, facts, name);
    if let Some(argv) = named(name).or_else(|| named(stem)) {
        return Ok(argv);
    }
    if !is_other_link(invocation) {
        return Ok(Cow::Borrowed(&first.argv));
    }
    without_version(stem).and_then(named).ok_or_else(|| {
        let names = facts.program_names().map(str::to_owned).collect();
        let name = Path::new(&invocation.name).file_name().unwrap_or_default().to_string_lossy().into_owned();
        LaunchError::UnknownProgram { name, names }
    })
}

/// The program of a name. The package's own name is that of its first program, whatever else is called so.
fn named<'a>(metadata: &'a Metadata, facts: &'a Facts, name: &str) -> Option<Cow<'a, [String]>> {
    let mut own = facts.programs.iter();
    if let Some(program) = own.clone().find(|program| program.name == name) {
        return Some(Cow::Borrowed(&program.argv));
    }
    if name == metadata.package.name {
        return own.next().map(|first| Cow::Borrowed(&first.argv[..]));
    }
    let group = facts.commands.iter().find(|commands| commands.names.iter().any(|one| one == name))?;
    Some(Cow::Owned(group.argv(name)))
}

/// Of a name that is no UTF-8 there is no program.
fn base(name: &OsStr) -> &str {
    Path::new(name).file_name().and_then(OsStr::to_str).unwrap_or_default()
}

fn without_suffix(name: &str) -> &str {
    name.strip_suffix(".psp").or_else(|| name.strip_suffix(".pspf")).unwrap_or(name)
}

/// A name without the version at its end: `aws` of `aws-1.46` and of `aws-v1`.
fn without_version(name: &str) -> Option<&str> {
    let is_version = |text: &str| text.strip_prefix('v').unwrap_or(text).starts_with(|c: char| c.is_ascii_digit());
    let (at, _) = name.match_indices(['-', '_', '@']).find(|(at, _)| name.get(at + 1..).is_some_and(is_version))?;
    name.get(..at)
}

/// Whether the package was called by a link that is called otherwise than the file that it leads to. Who only says
/// another name (`exec -a`, a supervisor's `argv[0]`) means no link, and a descriptor is none.
fn is_other_link(invocation: &Invocation) -> bool {
    let executed = &invocation.executed;
    let is_descriptor =
        || [b"/proc/".as_slice(), b"/dev/"].iter().any(|place| executed.as_os_str().as_bytes().starts_with(place));
    let (Some(own), Some(target)) = (executed.file_name(), invocation.package.file_name()) else { return false };
    Path::new(&invocation.name).file_name() == Some(own)
        && without_suffix(base(own)) != without_suffix(base(target))
        && executed.is_symlink()
        && !is_descriptor()
}
