//! Chooses the program of a package by the name it is called by.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Invocation, LaunchError};
use crate::format::{Facts, Metadata};

/// The command line of the program that the name selects. A file with any other name starts the
/// first program; a symbolic link with any other name is an error.
///
/// # Errors
/// [`LaunchError::NoProgram`] for a package without programs, [`LaunchError::UnknownProgram`] for
/// an unknown name.
pub(super) fn choose<'a>(
    metadata: &'a Metadata,
    invocation: &Invocation,
) -> Result<Cow<'a, [String]>, LaunchError> {
    let facts = metadata.flavor.as_ref().ok_or(LaunchError::NoProgram)?;
    let first = facts.programs.first().ok_or(LaunchError::NoProgram)?;
    let name = base(&invocation.name);
    let stem = without_suffix(name);
    let is_link = is_link(invocation);
    // The file itself, under its original name, even if another program inside has that name.
    if !is_link && stem == metadata.package.name {
        return Ok(Cow::Borrowed(&first.argv));
    }
    let named = |name: &str| named(metadata, facts, name);
    if let Some(argv) = named(name).or_else(|| named(stem)) {
        return Ok(argv);
    }
    let own_name = invocation.package.file_name().map(base);
    if !is_link || own_name.is_some_and(|own| without_suffix(own) == stem) {
        return Ok(Cow::Borrowed(&first.argv));
    }
    without_version(stem).and_then(named).ok_or_else(|| {
        let names = facts.program_names().map(str::to_owned).collect();
        let name = Path::new(&invocation.name)
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        LaunchError::UnknownProgram { name, names }
    })
}

/// The program of a name. The package's own name selects its first program, unless another one is
/// called so.
fn named<'a>(metadata: &'a Metadata, facts: &'a Facts, name: &str) -> Option<Cow<'a, [String]>> {
    let of_argv = |argv: &'a Vec<String>| Cow::Borrowed(&argv[..]);
    let own = facts
        .programs
        .iter()
        .find(|program| program.name == name)
        .map(|program| of_argv(&program.argv));
    let alike = || {
        facts
            .commands
            .iter()
            .find(|commands| commands.names.iter().any(|one| one == name))
    };
    let first = || {
        facts
            .programs
            .first()
            .filter(|_| name == metadata.package.name)
    };
    own.or_else(|| alike().map(|commands| Cow::Owned(commands.argv(name))))
        .or_else(|| first().map(|first| of_argv(&first.argv)))
}

/// A name that is not UTF-8 matches no program.
fn base(name: &OsStr) -> &str {
    Path::new(name)
        .file_name()
        .and_then(OsStr::to_str)
        .unwrap_or_default()
}

fn without_suffix(name: &str) -> &str {
    name.strip_suffix(".psp")
        .or_else(|| name.strip_suffix(".pspf"))
        .unwrap_or(name)
}

/// Strips a version from the end of a name: `aws` for `aws-1.46` and `aws-v1`.
fn without_version(name: &str) -> Option<&str> {
    let is_version = |text: &str| {
        text.strip_prefix('v')
            .unwrap_or(text)
            .starts_with(|c: char| c.is_ascii_digit())
    };
    let (at, _) = name
        .match_indices(['-', '_', '@'])
        .find(|(at, _)| name.get(at.saturating_add(1)..).is_some_and(is_version))?;
    name.get(..at)
}

/// Whether the package was called through a symbolic link with that name. A different `argv[0]`
/// alone (`exec -a`, a supervisor) does not count as a link, and neither does a descriptor.
fn is_link(invocation: &Invocation) -> bool {
    let executed = &invocation.executed;
    let is_descriptor = || {
        [b"/proc/".as_slice(), b"/dev/fd/"]
            .iter()
            .any(|place| executed.as_os_str().as_bytes().starts_with(place))
    };
    let said = Path::new(&invocation.name).file_name();
    said.is_some() && said == executed.file_name() && executed.is_symlink() && !is_descriptor()
}
