use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use crate::code::Code;
use crate::fs::{IoContext as _, code_of, is_cache};
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

/// What a directory holds that may go into a package.
#[derive(Debug, Default)]
pub struct Sources {
    /// Relative to the directory, sorted. Links are followed: a file behind one stands here by the link's path.
    pub files: Vec<PathBuf>,
    /// Links to what lies outside, relative to the directory.
    pub outside: Vec<PathBuf>,
    /// What is no file, and leads to none.
    pub unfit: Vec<SourceError>,
}

/// Something in a directory that cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("the link `{}` leads to `{}`, outside `{}`", path.display(), target.display(), directory.display())]
    LeadsOut { directory: PathBuf, path: PathBuf, target: PathBuf },
    #[error("the link `{}` leads nowhere: `{}`", path.display(), target.display())]
    Dangling { path: PathBuf, target: PathBuf },
    #[error("the link `{}` leads in a circle", path.display())]
    Loop { path: PathBuf },
    #[error("`{}` is a device, socket or pipe", path.display())]
    Special { path: PathBuf },
    #[error("cannot read `{}`", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
}

impl SourceError {
    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            Self::LeadsOut { .. } => Code::ESCAPING_LINK,
            Self::Dangling { .. } => Code::DANGLING_LINK,
            Self::Loop { .. } => Code::LINK_LOOP,
            Self::Special { .. } => Code::SPECIAL_FILE,
            Self::Unreadable { source, .. } => code_of(source),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        let leave_out = format!("leave it out with a line in `{IGNORE_FILE}`");
        match self {
            Self::LeadsOut { .. } => format!("replace the link by a copy, or {leave_out}"),
            Self::Dangling { .. } | Self::Loop { .. } => format!("remove the link, or {leave_out}"),
            Self::Special { .. } | Self::Unreadable { .. } => leave_out,
        }
    }

    /// What it is about.
    pub fn path(&self) -> &Path {
        match self {
            Self::LeadsOut { path, .. }
            | Self::Dangling { path, .. }
            | Self::Loop { path }
            | Self::Special { path }
            | Self::Unreadable { path, .. } => path,
        }
    }
}

/// What `.flavorignore` is called.
const IGNORE_FILE: &str = ".flavorignore";

/// Whether files and directories whose names begin with a dot are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// A build back end sees what it would see without us, and decides itself.
    Taken,
    /// Only those that an ignore file brings back, as in `!.well-known`.
    Named,
}

/// Lists the files of a project that take part in its build, or those of a directory that goes in as it is.
///
/// Left out is what `.gitignore` and `.flavorignore` say, in every directory with the meaning that git gives them, and
/// what builds and tools leave behind. The user's own global ignore file says nothing about the project.
pub fn list(project: &Path, hidden: Hidden) -> Result<Sources> {
    let root = project.canonicalize().map_err(|_| Error::NoProjectAt { path: project.to_path_buf() })?;
    let mut sources = Sources::default();
    let mut links = Vec::new();
    for entry in walk(project, hidden, false) {
        match entry {
            Ok(entry) => match entry.file_type() {
                Some(kind) if kind.is_file() => sources.files.push(below(project, entry.path())),
                Some(kind) if kind.is_symlink() => links.push(entry.into_path()),
                Some(kind) if !kind.is_dir() => sources.unfit.push(SourceError::Special { path: entry.into_path() }),
                _ => {}
            },
            Err(error) => sources.unfit.push(unreadable(project, &error)),
        }
    }
    if !links.is_empty() {
        follow(project, hidden, &root, &links, &mut sources);
    }
    sources.files.sort();
    sources.outside.sort();
    sources.unfit.sort_by(|one, other| one.path().cmp(other.path()));
    Ok(sources)
}

/// Walks again and follows what the first walk has found of links. Two walks, because this one meets dangling links
/// before it asks whether they are to be ignored.
fn follow(project: &Path, hidden: Hidden, root: &Path, links: &[PathBuf], sources: &mut Sources) {
    sources.files.clear();
    if hidden == Hidden::Named {
        // They are refused whatever lies there, which may be the whole machine.
        sources.outside.extend(links.iter().filter(|link| leads_out(link, root)).map(|link| below(project, link)));
    }
    for entry in walk(project, hidden, true) {
        match entry {
            Ok(entry) => {
                let path = entry.path();
                let kind = entry.file_type();
                if entry.path_is_symlink() {
                    if kind.is_some_and(|kind| !kind.is_file() && !kind.is_dir()) {
                        sources.unfit.push(SourceError::Special { path: path.to_path_buf() });
                    } else if path != project && !path.canonicalize().is_ok_and(|real| real.starts_with(root)) {
                        sources.outside.push(below(project, path));
                    }
                }
                if kind.is_some_and(|kind| kind.is_file()) {
                    sources.files.push(below(project, path));
                }
            }
            Err(error) => {
                let Some(path) = place(&error).map(Path::to_path_buf) else { continue };
                let behind_link = || path.ancestors().skip(1).any(|above| links.iter().any(|link| link == above));
                // Of the others the first walk has spoken, or they are ignored.
                if links.contains(&path) || behind_link() {
                    sources.unfit.push(dead_end(path, &error));
                }
            }
        }
    }
}

/// Whether a link leads to something outside `root`.
fn leads_out(link: &Path, root: &Path) -> bool {
    link.canonicalize().is_ok_and(|real| !real.starts_with(root))
}

fn walk(project: &Path, hidden: Hidden, follow: bool) -> ignore::Walk {
    let in_repository = project.ancestors().any(|directory| directory.join(".git").exists());
    let top = project.to_path_buf();
    let root = project.canonicalize().ok().filter(|_| follow && hidden == Hidden::Named);
    let is_closed = move |entry: &DirEntry| {
        let root = root.as_deref().filter(|_| entry.path_is_symlink() && entry.depth() > 0);
        root.is_some_and(|root| leads_out(entry.path(), root))
    };
    WalkBuilder::new(project)
        .hidden(hidden == Hidden::Named)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .parents(in_repository)
        .follow_links(follow)
        .add_custom_ignore_filename(IGNORE_FILE)
        .filter_entry(move |entry| !is_left_behind(&top, entry) && !is_closed(entry))
        .build()
}

fn below(project: &Path, path: &Path) -> PathBuf {
    path.strip_prefix(project).unwrap_or(path).to_path_buf()
}

/// What a walk stumbled over.
fn place(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => place(err),
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

/// A link that cannot be followed.
fn dead_end(path: PathBuf, error: &ignore::Error) -> SourceError {
    let is_circle = |error: io::Error| error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    match path.read_link() {
        // What the walk noticed itself is no error of the system.
        _ if error.io_error().is_none() || path.metadata().is_err_and(is_circle) => SourceError::Loop { path },
        Ok(target) => SourceError::Dangling { path, target },
        Err(_) => unreadable(&path, error),
    }
}

fn unreadable(project: &Path, error: &ignore::Error) -> SourceError {
    let path = place(error).unwrap_or(project).to_path_buf();
    // The walk's own error names the path once more.
    let source = path.read_dir().err().unwrap_or_else(|| io::ErrorKind::Other.into());
    SourceError::Unreadable { path, source }
}

/// What builds leave in a tree: it would be taken for sources, or change what the next build makes.
fn is_left_behind(project: &Path, entry: &DirEntry) -> bool {
    // A link to one is as good: a virtual environment may lie elsewhere.
    if !entry.path().is_dir() {
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
/// `files` are relative to the project, as [`list`] finds them.
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
        let found: Vec<String> = list(project.path(), Hidden::Taken)
            .expect("walked")
            .files
            .iter()
            .map(|path| path.display().to_string())
            .collect();
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
            copy(project.path(), &list(project.path(), Hidden::Taken).expect("listed").files, dest.path())
                .expect("copied");
            assert_eq!(dest.path().join(".git").is_file(), wanted, "{requires}");
        }
    }
}
