//! Whether modules can be imported.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::command::command;
use super::worker;

/// Source of the program that imports.
const WORKER: &str = include_str!("import_worker.py");

/// Time limit in seconds for importing one module.
const PATIENCE: u32 = 120;

/// How deep packages without `__init__.py` are searched.
const NAMESPACES: usize = 3;

/// The importable modules in a directory with these files, relative to it: modules and packages at
/// the top, and inside namespace packages.
pub fn importable<'a>(files: impl IntoIterator<Item = &'a Path>) -> Vec<String> {
    let mut packages: BTreeSet<String> = BTreeSet::new();
    let mut modules: BTreeSet<Vec<&str>> = BTreeSet::new();
    for file in files {
        let Some(parts) = file
            .to_str()
            .map(|path| path.split('/').collect::<Vec<_>>())
        else {
            continue;
        };
        let Some((name, directories)) = parts.split_last() else {
            continue;
        };
        let is_module = [".py", ".so"].iter().any(|ending| name.ends_with(ending));
        let stem = name.split('.').next().unwrap_or_default();
        if !is_module
            || directories.len() > NAMESPACES
            || !directories.iter().chain([&stem]).all(|part| is_name(part))
        {
            continue;
        }
        if stem == "__init__" {
            packages.insert(directories.join("."));
        } else {
            modules.insert(directories.iter().copied().chain([stem]).collect());
        }
    }
    let names = modules
        .into_iter()
        .map(|parts| parts.join("."))
        .chain(packages.iter().cloned());
    let is_inside = |name: &str| {
        name.match_indices('.')
            .any(|(at, _)| packages.contains(&name[..at]))
    };
    let mut found: Vec<String> = names
        .filter(|name| !name.is_empty() && !is_inside(name))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn is_name(text: &str) -> bool {
    let starts = text
        .chars()
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_');
    starts && text.chars().all(|one| one.is_alphanumeric() || one == '_')
}

/// Imports each of `modules` in a separate process, and returns those that could not be imported,
/// each with the reason. `home` is a directory they may write to.
pub fn import(
    executable: &Path,
    roots: &[PathBuf],
    modules: &[String],
    home: &Path,
    jobs: usize,
) -> Result<BTreeMap<String, String>, worker::Error> {
    let mut command = command(executable);
    // Without the user's configuration, and without writing to the trees, which are shared.
    command
        .args(["-I", "-B", "-c", WORKER])
        .current_dir(home)
        .env("HOME", home)
        .env("TMPDIR", home);
    for name in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        command.env(name, home);
    }
    let task = json!({ "roots": roots, "modules": modules, "jobs": jobs, "patience": PATIENCE });
    worker::answer(&mut command, &task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_imported_is_found_by_its_files() {
        let files = [
            "six.py",
            "_cffi.cpython-313-x86_64-linux-gnu.so",
            "rich/__init__.py",
            "rich/console.py",
            "rich/sub/__init__.py",
            "google/protobuf/__init__.py",
            "google/api/http.py",
            "rich-14.dist-info/RECORD",
            "numpy.libs/libz.so.1",
            "data-files/x.py",
        ];
        let found = importable(files.iter().map(Path::new));
        assert_eq!(
            found,
            ["_cffi", "google.api.http", "google.protobuf", "rich", "six"]
        );
    }
}
