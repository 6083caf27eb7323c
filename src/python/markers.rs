//! PEP 508 requirements, and whether they apply to the target interpreter.

use std::convert::Infallible;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use pep508_rs::{ExtraName, MarkerEnvironment, MarkerEnvironmentBuilder, MarkerTree, Pep508Url};

use super::interpreter::Interpreter;

/// The URL of a direct reference, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address(pub(super) String);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pep508Url for Address {
    type Err = Infallible;

    fn parse_url(url: &str, _working_dir: Option<&Path>) -> Result<Self, Infallible> {
        Ok(Self(url.trim().to_owned()))
    }
}

/// A requirement whose URL, if any, has not been interpreted.
pub(super) type Requirement = pep508_rs::Requirement<Address>;

/// Parses a requirement; `None` for a path, a URL without a name, or an option.
pub(super) fn parse(text: &str) -> Option<Requirement> {
    let text = text.trim();
    // `pep508_rs` panics on characters other than ASCII, and on names that end in punctuation.
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let (name, rest) = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
    let extras = rest
        .trim_start()
        .strip_prefix('[')
        .and_then(|rest| rest.split(']').next())
        .unwrap_or_default();
    let mut names = extras.split(|c| !is_part(c)).chain([name]);
    if !text.is_ascii() || names.any(|name| name.ends_with(['.', '-', '_'])) {
        return None;
    }
    Requirement::from_str(text).ok()
}

/// Parses a marker; `None` if it is invalid.
pub(super) fn marker(text: &str) -> Option<MarkerTree> {
    if !text.is_ascii() {
        return None;
    }
    MarkerTree::parse_str::<Address>(text).ok()
}

/// Parses the name of an extra; `None` if it is invalid.
pub(super) fn extra(name: &str) -> Option<ExtraName> {
    let fits =
        name.is_ascii() && !name.ends_with(['.', '-', '_']) && !name.starts_with(['.', '-', '_']);
    fits.then(|| ExtraName::from_str(name).ok()).flatten()
}

/// The names of extras.
pub(super) fn extras<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<ExtraName> {
    names.into_iter().filter_map(|name| extra(name)).collect()
}

/// The environment that markers are evaluated for: the target interpreter, on Linux. The kernel
/// release of the target machine is unknown.
pub(super) fn environment(interpreter: &Interpreter) -> MarkerEnvironment {
    let (major, minor, patch) = interpreter.version;
    let short = format!("{major}.{minor}");
    let full = interpreter.version_text.trim_end_matches('+').to_owned();
    let machine = interpreter
        .platform
        .split_once('-')
        .map_or("", |(_, machine)| machine)
        .replace('-', "_");
    let build = |full: &str| {
        MarkerEnvironment::try_from(MarkerEnvironmentBuilder {
            implementation_name: "cpython",
            implementation_version: full,
            os_name: "posix",
            platform_machine: &machine,
            platform_python_implementation: "CPython",
            platform_release: "",
            platform_system: "Linux",
            platform_version: "",
            python_full_version: full,
            python_version: &short,
            sys_platform: "linux",
        })
    };
    // An invalid version is that of an unreleased build.
    let plain = format!("{major}.{minor}.{patch}");
    match build(&full).or_else(|_| build(&plain)) {
        Ok(environment) => environment,
        Err(error) => unreachable!("three numbers are a version: {error}"),
    }
}
