use std::fs;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use crate::fs::{IoContext as _, is_cache};
use crate::python::error::{Error, Result};
use crate::sign::PRIVATE_KEY_FILE;

/// Never part of a project's sources, wherever they are.
const NEVER: &[&str] = &[
    "__pycache__",
    ".git",
    ".hg",
    ".svn",
    ".venv",
    "node_modules",
    ".tox",
    ".nox",
    ".eggs",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
];

/// Build requirements whose back ends read the version off the repository's history.
const NEED_HISTORY: &[&str] = &[
    "scm",
    "vcs",
    "versioningit",
    "versioneer",
    "setuptools-git",
    "setuptools_git",
    "pbr",
    "dunamai",
    "dynamic-versioning",
];

/// The files of a project that take part in its build, relative to it and sorted.
///
/// Left out is what `.gitignore` and `.flavorignore` say, in every directory with the meaning that git gives them, and
/// what builds and tools leave behind. The user's own global ignore file says nothing about the project.
pub fn files(project: &Path) -> Result<Vec<PathBuf>> {
    let in_repository = project.ancestors().any(|directory| directory.join(".git").exists());
    let mut found = Vec::new();
    let top = project.to_path_buf();
    let walk = WalkBuilder::new(project)
        .hidden(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .parents(in_repository)
        // Links may lead out of the project, where the copy's would lead nowhere.
        .follow_links(true)
        .add_custom_ignore_filename(".flavorignore")
        .filter_entry(move |entry| !is_left_behind(&top, entry))
        .build();
    for entry in walk {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|kind| kind.is_file()) => {
                let path = entry.path().strip_prefix(project).unwrap_or(entry.path());
                found.push(path.to_path_buf());
            }
            Ok(_) => {}
            // A dangling link, or one that leads in a circle; git keeps such links too.
            Err(error) => tracing::debug!(%error, "passed over in the project's sources"),
        }
    }
    if found.is_empty() && !project.is_dir() {
        return Err(Error::NoProjectAt { path: project.to_path_buf() });
    }
    found.sort();
    Ok(found)
}

/// What builds leave in a tree: it would be taken for sources, or change what the next build makes.
fn is_left_behind(project: &Path, entry: &DirEntry) -> bool {
    if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        // In a worktree or a submodule `.git` is a file. A private key signs packages and is never in one.
        return entry.file_name() == ".git" || entry.file_name() == PRIVATE_KEY_FILE;
    }
    let (path, name) = (entry.path(), entry.file_name().to_string_lossy());
    if path == project {
        return false;
    }
    let at_top = path.parent() == Some(project);
    NEVER.contains(&&*name)
        || name.ends_with(".egg-info")
        || path.join("pyvenv.cfg").is_file()
        || is_cache(path)
        || (at_top && name == "dist" && !path.join("__init__.py").exists())
        // A package may well be called `build`.
        || (at_top && name == "build" && !path.join("__init__.py").exists())
}

/// Copies the project's sources, so that a build leaves nothing in the user's tree and finds nothing of an earlier one.
///
/// `files` are relative to the project, as [`files`] finds them.
pub fn copy(project: &Path, files: &[PathBuf], dest: &Path) -> Result<()> {
    for relative in files {
        let (from, to) = (project.join(relative), dest.join(relative));
        if let Some(directory) = to.parent() {
            fs::create_dir_all(directory).on("create directory", directory)?;
        }
        fs::copy(&from, &to).on("copy", &from)?;
    }
    if let Some(git) = repository(project).filter(|_| needs_history(project)) {
        let pointer = dest.join(".git");
        fs::write(&pointer, format!("gitdir: {}\n", git.display())).on("write", &pointer)?;
    }
    Ok(())
}

/// git's directory for the project.
fn repository(project: &Path) -> Option<PathBuf> {
    let git = project.join(".git");
    let target = match fs::read_to_string(&git) {
        // Of a worktree: it points to the real one already, perhaps relative to where it stands.
        Ok(text) => project.join(text.trim_start_matches("gitdir:").trim()),
        Err(_) if git.is_dir() => git,
        Err(_) => return None,
    };
    Some(std::path::absolute(&target).unwrap_or(target))
}

/// The files by which git knows a project's history, for a project whose back end reads its version off that; empty for
/// any other.
pub fn history(project: &Path) -> Vec<PathBuf> {
    let Some(git) = repository(project).filter(|_| needs_history(project)) else { return Vec::new() };
    // A worktree keeps its own HEAD and index, and shares the rest.
    let common = fs::read_to_string(git.join("commondir")).map_or_else(|_| git.clone(), |to| git.join(to.trim()));
    let mut found = vec![git.join("HEAD"), git.join("index"), common.join("packed-refs")];
    let mut open = vec![common.join("refs")];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.retain(|path| path.is_file());
    found.sort();
    found
}

fn needs_history(project: &Path) -> bool {
    let manifest = fs::read_to_string(project.join("pyproject.toml")).ok();
    let manifest = manifest.and_then(|text| text.parse::<toml::Table>().ok());
    let requires = manifest.as_ref().and_then(|table| table.get("build-system")?.get("requires")?.as_array());
    requires.is_some_and(|requires| {
        requires
            .iter()
            .filter_map(toml::Value::as_str)
            .any(|requirement| NEED_HISTORY.iter().any(|mark| requirement.contains(mark)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let scratch = tempfile::tempdir().expect("scratch");
        for (name, text) in files {
            let path = scratch.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("scratch");
            fs::write(path, text).expect("scratch");
        }
        scratch
    }

    #[test]
    fn ignored_files_and_leavings_are_no_sources() {
        let project = project(&[
            (".gitignore", "*.log\n!keep.log\n/secret/\n"),
            ("pkg/.gitignore", "data/*\n!data/x\n"),
            (".flavorignore", "docs/\ndeps:tests/\n"),
            ("pyproject.toml", ""),
            ("a.log", ""),
            ("keep.log", ""),
            ("secret/key", ""),
            ("docs/index.md", ""),
            ("tests/test_a.py", ""),
            ("pkg/__init__.py", ""),
            ("pkg/__pycache__/x.pyc", ""),
            ("pkg/data/x", ""),
            ("pkg/data/y", ""),
            ("pkg/dist/__init__.py", ""),
            ("build/lib/pkg/__init__.py", ""),
            ("dist/old.whl", ""),
            ("src/pkg.egg-info/SOURCES.txt", ""),
            ("env/pyvenv.cfg", ""),
            ("cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"),
            ("cache/stat/x", ""),
        ]);
        let found: Vec<String> =
            files(project.path()).expect("walked").iter().map(|path| path.display().to_string()).collect();
        assert_eq!(
            found,
            [
                ".flavorignore",
                ".gitignore",
                "keep.log",
                "pkg/.gitignore",
                "pkg/__init__.py",
                "pkg/data/x",
                "pkg/dist/__init__.py",
                "pyproject.toml",
                "tests/test_a.py"
            ]
        );
    }

    #[test]
    fn history_goes_along_only_where_the_version_comes_from_it() {
        for (requires, wanted) in [("hatch-vcs", true), ("setuptools_scm>=8", true), ("hatchling", false)] {
            let text = format!("[build-system]\nrequires = [\"{requires}\"]\n");
            let project = project(&[("pyproject.toml", &text), (".git/HEAD", "ref: x\n")]);
            let dest = tempfile::tempdir().expect("scratch");
            copy(project.path(), &files(project.path()).expect("listed"), dest.path()).expect("copied");
            assert_eq!(dest.path().join(".git").is_file(), wanted, "{requires}");
        }
    }
}
