//! Amendments to the standard library that make it work on other machines than the one it was built
//! on.
//!
//! They are appended to a module: line numbers stay the same, and programs that do not import it
//! are not affected.

use std::path::{Path, PathBuf};

use crate::format::Blake3;

/// A module of the standard library, and the amendment.
const AMENDMENTS: &[(&str, &str)] = &[
    ("ssl.py", include_str!("amendments/ssl.py")),
    ("curses/__init__.py", include_str!("amendments/curses.py")),
    ("tkinter/__init__.py", include_str!("amendments/tkinter.py")),
    ("venv/__init__.py", include_str!("amendments/venv.py")),
    (
        "ensurepip/__init__.py",
        include_str!("amendments/ensurepip.py"),
    ),
    (
        "zoneinfo/_common.py",
        include_str!("amendments/zoneinfo_common.py"),
    ),
    (
        "zoneinfo/_tzpath.py",
        include_str!("amendments/zoneinfo_tzpath.py"),
    ),
];

/// The module that stubs call.
const LEFT_OUT: (&str, &str) = ("_left_out.py", include_str!("amendments/left_out.py"));

/// The first words of a stub.
const STUB: &str = "# A stub by flavor";

/// Modules that stubs replace, and the feature that provides each; whether every version of CPython
/// has it.
const STUBBED: &[(&str, &str, bool)] = &[
    ("ensurepip", "ensurepip", true),
    ("idlelib", "idlelib", true),
    ("lib2to3", "lib2to3", false),
    ("nis", "nis", false),
    ("pydoc_data", "pydoc_data", true),
    ("test", "test", true),
    ("tkinter", "tkinter", true),
    ("turtle", "turtle", true),
    ("turtledemo", "turtledemo", true),
];

/// Whether the text of a module is that of a stub, which replaces what is left out.
pub fn is_stub(text: &str) -> bool {
    text.starts_with(STUB)
}

/// Changes with any of the texts.
pub fn amendments_digest() -> Blake3 {
    let stubs = STUBBED
        .iter()
        .map(|(module, feature, _)| stub(module, feature))
        .collect::<String>();
    let texts = AMENDMENTS
        .iter()
        .chain([&LEFT_OUT])
        .flat_map(|(path, text)| [*path, *text]);
    Blake3::of(
        texts
            .chain([&*stubs])
            .collect::<Vec<_>>()
            .join("\0")
            .as_bytes(),
    )
}

/// The amendment of the file at `path`, relative to the standard library.
pub(super) fn addition(path: &Path) -> Option<&'static str> {
    AMENDMENTS
        .iter()
        .find(|(module, _)| Path::new(module) == path)
        .map(|(_, text)| *text)
}

/// The stubs of a standard library, relative to it: `has` tells whether a top-level module exists,
/// `left_out` whether something of a feature is missing.
pub(super) fn stubs(
    has: impl Fn(&str) -> bool,
    left_out: impl Fn(&str) -> bool,
) -> Vec<(PathBuf, String)> {
    let wanted = STUBBED
        .iter()
        .filter(|(module, feature, always)| !has(module) && (*always || left_out(feature)));
    let mut made: Vec<_> = wanted
        .map(|(module, feature, _)| (PathBuf::from(format!("{module}.py")), stub(module, feature)))
        .collect();
    if !made.is_empty() {
        made.push((LEFT_OUT.0.into(), LEFT_OUT.1.into()));
    }
    made
}

fn stub(module: &str, feature: &str) -> String {
    format!(
        "{STUB}.\nimport _left_out\n\n_left_out.replace(\"{module}\", \"{feature}\", __name__ == \"__main__\")\n"
    )
}
