//! Reads the state of a git repository from its own files: no process is started, and git need not
//! be installed.

use std::fs;
use std::path::{Path, PathBuf};

use super::index::{Index, Tracked};

/// The repository of a directory.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    /// The top of the work tree, where `.git` is.
    pub(super) top: PathBuf,
    /// git's directory for this work tree: HEAD and index.
    pub(super) directory: PathBuf,
    /// The directory that worktrees share: objects and refs.
    pub(super) common: PathBuf,
}

impl Repository {
    /// The nearest repository at or above an absolute path.
    pub(super) fn around(directory: &Path) -> Option<Self> {
        directory.ancestors().find_map(Self::at)
    }

    /// The repository whose work tree begins here: `.git` is a directory, or a file that names one
    /// in a worktree or a submodule.
    pub(super) fn at(top: &Path) -> Option<Self> {
        let git = top.join(".git");
        let directory = match fs::read_to_string(&git) {
            Ok(text) => top.join(text.strip_prefix("gitdir:")?.trim()),
            Err(_) => git,
        };
        if !directory.join("HEAD").exists() {
            return None;
        }
        let common = fs::read_to_string(directory.join("commondir"));
        let common = common.map_or_else(|_| directory.clone(), |to| directory.join(to.trim()));
        Some(Self {
            top: top.to_path_buf(),
            directory,
            common,
        })
    }

    /// The tracked files; none without an index, `Err` if the index cannot be parsed.
    pub(super) fn index(&self) -> Result<Index, String> {
        let path = self.directory.join("index");
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Index::default());
            }
            Err(error) => return Err(format!("cannot read `{}`: {error}", path.display())),
        };
        let config = fs::read_to_string(self.common.join("config"))
            .unwrap_or_default()
            .to_ascii_lowercase();
        let is_sha256 = config.lines().any(|line| {
            line.split_once('=').is_some_and(|(key, value)| {
                key.trim() == "objectformat" && value.trim().trim_matches('"') == "sha256"
            })
        });
        let mut index =
            Index::parse(bytes, is_sha256).map_err(|why| format!("`{}`: {why}", path.display()))?;
        if let Some(shared) = index.shared.clone() {
            // A split index has most of its entries in a shared file beside it.
            let path = self.directory.join(format!("sharedindex.{shared}"));
            let bytes = fs::read(&path)
                .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
            let more = Index::parse(bytes, is_sha256)
                .map_err(|why| format!("`{}`: {why}", path.display()))?;
            // The positions of their flags and digests refer to the other file.
            index
                .entries
                .extend(more.entries.into_iter().map(|entry| Tracked {
                    flags_at: 0,
                    ..entry
                }));
            index.entries.retain(|entry| !entry.path.is_empty());
            index
                .entries
                .sort_unstable_by(|one, other| one.path.cmp(&other.path));
            index.entries.dedup_by(|one, other| one.path == other.path);
        }
        Ok(index)
    }

    /// The files that determine its history, HEAD and the refs, with their names below git's
    /// directories.
    pub(super) fn history(&self) -> Vec<(PathBuf, PathBuf)> {
        let mut found = vec![
            self.directory.join("HEAD"),
            self.common.join("packed-refs"),
            self.common.join("shallow"),
        ];
        let mut open = vec![self.common.join("refs"), self.common.join("reftable")];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.push(path);
                }
            }
        }
        found.retain(|path| path.is_file());
        let named = found.into_iter().map(|path| {
            let mut bases = [&self.directory, &self.common].into_iter();
            let name = bases.find_map(|base| path.strip_prefix(base).ok());
            let name = name.unwrap_or(&path).to_path_buf();
            (path, name)
        });
        let mut named: Vec<_> = named.collect();
        named.sort_by(|(_, one), (_, other)| one.cmp(other));
        named
    }

    /// Gives a copy of this work tree a `.git` of its own, so that a build there does not affect
    /// the user's index.
    ///
    /// With `history` it is like a linked worktree: HEAD and index of its own, objects and refs of
    /// the repository. Without, git knows which files are tracked and ignored, but no commit: what
    /// a build derives from history would not be an input of its cache key. `is_there` tells which
    /// tracked files the copy has; git is told to ignore the absence of the others.
    pub(super) fn reproduce(
        &self,
        copy: &Path,
        history: bool,
        is_there: &dyn Fn(&Tracked) -> bool,
    ) -> std::io::Result<()> {
        let git = copy.join(".git");
        if history && self.common.join("reftable").is_dir() {
            // If HEAD is not a file, no worktree can be made.
            return fs::write(git, format!("gitdir: {}\n", self.directory.display()));
        }
        fs::create_dir_all(git.join("info"))?;
        if history {
            fs::copy(self.directory.join("HEAD"), git.join("HEAD"))?;
            fs::write(
                git.join("commondir"),
                format!("{}\n", self.common.display()),
            )?;
        } else {
            fs::write(git.join("HEAD"), "ref: refs/heads/main\n")?;
            fs::create_dir(git.join("objects"))?;
            fs::create_dir(git.join("refs"))?;
            let version = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n";
            fs::write(git.join("config"), version)?;
            let exclude = self.common.join("info/exclude");
            if exclude.is_file() {
                fs::copy(exclude, git.join("info/exclude"))?;
            }
        }
        let Ok(mut index) = self.index() else {
            return Ok(());
        };
        if let Some(shared) = &index.shared {
            let name = format!("sharedindex.{shared}");
            fs::copy(self.directory.join(&name), git.join(name))?;
            fs::copy(self.directory.join("index"), git.join("index"))?;
        } else if let Some(bytes) = index.without(&|tracked| !is_there(tracked)) {
            if index.is_sha256 && !history {
                // The config of a repository with SHA-256 declares it.
                let config = "[core]\n\trepositoryformatversion = 1\n\tbare = false\n[extensions]\n\tobjectformat = sha256\n";
                fs::write(git.join("config"), config)?;
            }
            fs::write(git.join("index"), bytes)?;
        }
        Ok(())
    }
}

/// The files below a directory that git tracks, including those of submodules and nested
/// repositories.
#[derive(Debug, Default)]
pub(super) struct TrackedFiles {
    /// Relative to the directory, sorted.
    paths: Vec<Vec<u8>>,
    /// An index that could not be parsed, and why.
    pub(super) trouble: Option<String>,
}

/// The maximum depth of nested submodules.
const DEPTH: u8 = 8;

impl TrackedFiles {
    /// `directory` is absolute.
    pub(super) fn below(directory: &Path) -> Self {
        let mut found = Self::default();
        if let Some(repository) = Repository::around(directory) {
            let below = directory
                .strip_prefix(&repository.top)
                .unwrap_or(Path::new(""));
            found.add(&repository, below.as_os_str().as_encoded_bytes(), b"", 0);
        }
        found.sort();
        found
    }

    /// Adds those of a nested repository at `at`.
    pub(super) fn of_nested(directory: &Path, at: &Path) -> Self {
        let mut found = Self::default();
        if let Some(repository) = Repository::at(&directory.join(at)) {
            found.add(&repository, b"", at.as_os_str().as_encoded_bytes(), 0);
        }
        found.sort();
        found
    }

    fn sort(&mut self) {
        self.paths.sort_unstable();
        self.paths.dedup();
    }

    /// `below` selects from the repository, `prefix` is where the selection goes.
    fn add(&mut self, repository: &Repository, below: &[u8], prefix: &[u8], depth: u8) {
        let index = match repository.index() {
            Ok(index) => index,
            Err(why) => {
                self.trouble.get_or_insert(why);
                return;
            }
        };
        for entry in index.entries {
            let Some(rest) = strip(&entry.path, below) else {
                continue;
            };
            let path = join(prefix, rest);
            if entry.is_submodule() {
                let top = repository.top.join(entry.path());
                if let Some(inner) = Repository::at(&top).filter(|_| depth < DEPTH) {
                    self.add(&inner, b"", &path, depth + 1);
                }
            } else {
                self.paths.push(path);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    pub(super) fn contains(&self, path: &Path) -> bool {
        self.paths
            .binary_search_by(|one| one.as_slice().cmp(path.as_os_str().as_encoded_bytes()))
            .is_ok()
    }

    /// Whether there are any in a directory.
    pub(super) fn has_below(&self, directory: &Path) -> bool {
        self.in_directory(directory).next().is_some()
    }

    /// Those in a directory.
    pub(super) fn in_directory(&self, directory: &Path) -> impl Iterator<Item = &Path> {
        use std::os::unix::ffi::OsStrExt;
        let mut prefix = directory.as_os_str().as_encoded_bytes().to_vec();
        prefix.push(b'/');
        let at = self
            .paths
            .partition_point(|one| one.as_slice() < prefix.as_slice());
        let inside = self.paths[at..]
            .iter()
            .take_while(move |one| one.starts_with(&prefix));
        inside.map(|one| Path::new(std::ffi::OsStr::from_bytes(one)))
    }
}

/// A path below a directory, both relative to the same base.
fn strip<'a>(path: &'a [u8], directory: &[u8]) -> Option<&'a [u8]> {
    if directory.is_empty() {
        return Some(path);
    }
    path.strip_prefix(directory)?.strip_prefix(b"/")
}

fn join(directory: &[u8], path: &[u8]) -> Vec<u8> {
    if directory.is_empty() {
        path.to_vec()
    } else {
        [directory, b"/", path].concat()
    }
}
