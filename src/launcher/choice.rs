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
pub(super) fn choose<'a>(
    metadata: &'a Metadata,
    invocation: &Invocation,
) -> Result<Cow<'a, [String]>, LaunchError> {
    let facts = metadata.flavor.as_ref().ok_or(LaunchError::NoProgram)?;
    let first = facts.programs.first().ok_or(LaunchError::NoProgram)?;
    let name = base(&invocation.name);
    let stem = without_suffix(name);
    let is_link = is_link(invocation);
    // The file itself, as it was named when it was made: also if something else inside is called so.
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

/// The program of a name. The package's own name stands for its first program, if no other is called so.
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

/// Of a name that is no UTF-8 there is no program.
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

/// A name without the version at its end: `aws` of `aws-1.46` and of `aws-v1`.
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

/// Whether the package was called by the name of a symbolic link. Who only says another name (`exec -a`, a supervisor's
/// `argv[0]`) means no link, and a descriptor is none.
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
