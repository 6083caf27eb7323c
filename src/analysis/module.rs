//! The module names of files.

use std::collections::BTreeMap;

use serde::Serialize;

use super::contents::Contents;
use crate::slot::EntryKind;

/// A top-level module or package, with everything below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModuleSize {
    pub name: String,
    pub slot: String,
    pub files: u64,
    pub size: u64,
    pub stored: u64,
}

/// Top-level modules and packages, largest first.
pub fn modules(contents: &Contents) -> Vec<ModuleSize> {
    let mut by_name: BTreeMap<(&str, &str), ModuleSize> = BTreeMap::new();
    for (slot, entry) in contents.entries() {
        let Some(module) = &entry.module else {
            continue;
        };
        let name = module.split('.').next().unwrap_or(module);
        let size = by_name
            .entry((&slot.name, name))
            .or_insert_with(|| ModuleSize {
                name: name.into(),
                slot: slot.name.clone(),
                files: 0,
                size: 0,
                stored: 0,
            });
        size.files += u64::from(entry.is_file());
        size.size += entry.size;
        size.stored += entry.stored;
    }
    let mut sizes: Vec<ModuleSize> = by_name.into_values().collect();
    sizes.sort_by(|a, b| b.stored.cmp(&a.stored).then_with(|| a.name.cmp(&b.name)));
    sizes
}

/// The module that a file of a package or of the standard library is, or is a part of. Data files
/// belong to the package that contains them.
pub(super) fn module_of(path: &str, kind: EntryKind, roots: &[String]) -> Option<String> {
    if kind == EntryKind::Directory {
        return None;
    }
    let in_root = |root: &String| {
        if root.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(root.as_str())?.strip_prefix('/')
        }
    };
    let relative = roots
        .iter()
        .find_map(in_root)
        .or_else(|| in_standard_library(path))?;
    if relative.split('/').next().is_some_and(is_no_module) {
        return None;
    }
    let (directory, name) = relative.rsplit_once('/').unwrap_or(("", relative));
    let directory = directory
        .trim_end_matches("__pycache__")
        .trim_end_matches('/');
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    match name.rsplit_once('.') {
        // `_ssl.cpython-313-x86_64-linux-gnu.so`, `console.cpython-313.pyc`
        Some((_, "py" | "pyc" | "so" | "pyi")) => {
            let stem = name.split('.').next().filter(|stem| *stem != "__init__");
            parts.extend(stem);
        }
        // Data beside top-level modules belongs to none.
        _ if parts.is_empty() => return None,
        _ => {}
    }
    (!parts.is_empty()).then(|| parts.join("."))
}

/// `lib/python3.13/json/decoder.py`, `lib/python3.13/lib-dynload/_ssl.so`.
fn in_standard_library(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("lib/python")?;
    let (version, rest) = rest.split_once('/')?;
    if !version.starts_with('3')
        || rest.starts_with("site-packages/")
        || rest.starts_with("dist-packages/")
    {
        return None;
    }
    Some(rest.strip_prefix("lib-dynload/").unwrap_or(rest))
}

/// Entries of site-packages that are not modules: metadata of distributions, bundled libraries of
/// wheels.
fn is_no_module(first: &str) -> bool {
    let is_identifier = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let stem = first.split('.').next().unwrap_or(first);
    matches!(first.rsplit_once('.'), Some((_, "dist-info" | "libs"))) || !is_identifier(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_imported_by_where_they_lie() {
        let roots = ["lib/python3.13/site-packages".to_owned()];
        for (path, module) in [
            (
                "lib/python3.13/site-packages/rich/console.py",
                Some("rich.console"),
            ),
            (
                "lib/python3.13/site-packages/rich/__init__.py",
                Some("rich"),
            ),
            (
                "lib/python3.13/site-packages/rich/__pycache__/__init__.cpython-313.pyc",
                Some("rich"),
            ),
            ("lib/python3.13/site-packages/rich/py.typed", Some("rich")),
            ("lib/python3.13/site-packages/six.py", Some("six")),
            (
                "lib/python3.13/site-packages/__pycache__/six.cpython-313.pyc",
                Some("six"),
            ),
            (
                "lib/python3.13/site-packages/_cffi.cpython-313-x86_64-linux-gnu.so",
                Some("_cffi"),
            ),
            (
                "lib/python3.13/site-packages/rich-14.0.dist-info/METADATA",
                None,
            ),
            ("lib/python3.13/site-packages/numpy.libs/libz.so.1", None),
            ("lib/python3.13/json/decoder.py", Some("json.decoder")),
            (
                "lib/python3.13/lib-dynload/_ssl.cpython-313-x86_64-linux-gnu.so",
                Some("_ssl"),
            ),
            ("lib/libpython3.13.so.1.0", None),
            ("bin/http", None),
        ] {
            assert_eq!(
                module_of(path, EntryKind::File, &roots).as_deref(),
                module,
                "{path}"
            );
        }
    }
}
