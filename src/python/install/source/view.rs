//! A project as its build sees it, and a copy of that at the same depth of its repository.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File, FileTimes};
use std::io;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::above::{Reference, ask_git, plain, references};
use super::error::{Result, SourcesError};
use super::git::Repository;
use super::index::Tracked;
use super::named::{Named, Settings};
use super::sources::{Hidden, Sources};
use super::walk::Walk;
use crate::format::Blake3;
use crate::fs::{IoContext as _, Stamp};

/// An ignored file of at least this size is not copied if that can be avoided.
const LARGE: u64 = 1 << 20;

/// The files that a build sees.
#[derive(Debug)]
pub struct View {
    /// Relative to the project; paths above it begin with `..`.
    pub sources: Sources,
    /// Digest of the other tracked files, for a back end that derives the version from git.
    pub tracked: Option<Blake3>,
    /// As given by the user.
    project: PathBuf,
    real: PathBuf,
    /// Prefix of the copy's name.
    base: PathBuf,
    repository: Option<Repository>,
    needs_history: bool,
}

/// A copy for a build.
#[derive(Debug)]
pub struct Snapshot {
    /// The top of the copy.
    pub top: PathBuf,
    /// The project in it.
    pub project: PathBuf,
    /// Files that are not copies but the user's own, with their stamps.
    shared: Vec<(PathBuf, u64, i64)>,
}

impl View {
    /// Finds what the build of `project` sees. `include` are patterns for files to include.
    pub fn of(project: &Path, include: &[String]) -> Result<Self> {
        let real = project
            .canonicalize()
            .map_err(|_| SourcesError::NoProjectAt {
                path: project.to_path_buf(),
            })?;
        let settings = Settings::of(&real);
        let named = Named::new(include, &settings.strings);
        let sources = Walk::new(project, real.clone(), Hidden::Taken, &named).run();
        let repository = Repository::around(&real);
        let needs_history = repository.is_some()
            && (settings.needs_history || ask_git(&real, &sources.files, &settings));
        let mut view = Self {
            sources,
            tracked: None,
            project: project.to_path_buf(),
            base: repository
                .as_ref()
                .map_or_else(|| real.clone(), |repository| repository.top.clone()),
            real,
            repository,
            needs_history,
        };
        let references = references(&view.real, &view.sources.files, &settings, include);
        view.add_above(&references, &named);
        if needs_history {
            view.add_history();
        }
        Ok(view)
    }

    /// The files of git that determine the history, if the back end derives the version from that,
    /// and their names in a repository.
    pub fn history(&self) -> Vec<(PathBuf, PathBuf)> {
        self.repository
            .as_ref()
            .filter(|_| self.needs_history)
            .map(Repository::history)
            .unwrap_or_default()
    }

    /// Whether an ignored file is identified by size and mtime alone.
    pub fn is_large(len: u64) -> bool {
        len >= LARGE
    }

    fn add_above(&mut self, references: &BTreeSet<Reference>, named: &Named) {
        let mut files: BTreeSet<PathBuf> = BTreeSet::new();
        let mut ignored: BTreeSet<PathBuf> = BTreeSet::new();
        let mut paths = Vec::new();
        for reference in references {
            match reference {
                Reference::File(path) => drop(files.insert(path.clone())),
                Reference::Somewhere(path) => files.extend(self.tracked_below(path)),
                Reference::Around(path) | Reference::Beside(path) => {
                    if !self.is_bounded(path) {
                        self.sources.too_large.push(relative(&self.real, path));
                        continue;
                    }
                    let found = Walk::beside(path, &self.real, named).run();
                    files.extend(found.files.iter().map(|file| path.join(file)));
                    ignored.extend(found.ignored.iter().map(|file| path.join(file)));
                    let from = |one: &PathBuf| relative(&self.real, &path.join(one));
                    self.sources.links.extend(found.links.iter().map(from));
                    self.sources.outside.extend(found.outside.iter().map(from));
                    self.sources
                        .too_large
                        .extend(found.too_large.iter().map(from));
                }
            }
            let (Reference::File(path)
            | Reference::Beside(path)
            | Reference::Around(path)
            | Reference::Somewhere(path)) = reference;
            paths.push(path.clone());
        }
        if let Some(repository) = &self.repository {
            // Back ends search for these upwards by themselves.
            let above = self
                .real
                .ancestors()
                .skip(1)
                .take_while(|one| one.starts_with(&repository.top));
            let rules = above.flat_map(|one| [one.join(".gitignore"), one.join(".gitattributes")]);
            files.extend(rules.filter(|path| path.is_file()));
        }
        for path in paths {
            while !path.starts_with(&self.base) {
                if !self.base.pop() {
                    break;
                }
            }
        }
        files.retain(|file| !file.starts_with(&self.real));
        ignored.retain(|file| !file.starts_with(&self.real) && !files.contains(file));
        self.sources
            .files
            .extend(files.iter().map(|file| relative(&self.real, file)));
        self.sources
            .ignored
            .extend(ignored.iter().map(|file| relative(&self.real, file)));
    }

    /// Whether a directory outside the project may be searched: any directory of its repository,
    /// but not arbitrary ones of the machine.
    fn is_bounded(&self, path: &Path) -> bool {
        let is_home =
            || std::env::var_os("HOME").is_some_and(|home| Path::new(&home).starts_with(path));
        let in_repository = self
            .repository
            .as_ref()
            .is_some_and(|repository| path.starts_with(&repository.top));
        in_repository
            || !(self.real.starts_with(path) && (path.components().count() < 3 || is_home()))
    }

    /// What git tracks below a directory above the project.
    fn tracked_below(&self, directory: &Path) -> Vec<PathBuf> {
        let Some(repository) = &self.repository else {
            return Vec::new();
        };
        let index = repository.index().unwrap_or_default();
        let files = index.entries.iter().filter(|entry| !entry.is_submodule());
        let files = files.map(|entry| repository.top.join(entry.path()));
        files
            .filter(|path| {
                path.starts_with(directory) && !path.starts_with(&self.real) && path.is_file()
            })
            .collect()
    }

    /// Adds the files that git needs to tell whether the work tree is clean: tracked files above
    /// the project that have changed.
    fn add_history(&mut self) {
        let Some(repository) = &self.repository else {
            return;
        };
        let index = match repository.index() {
            Ok(index) => index,
            Err(why) => {
                self.sources.trouble.get_or_insert(why);
                return;
            }
        };
        let known: HashSet<&PathBuf> = self.sources.files.iter().collect();
        let states: Vec<Option<PathBuf>> = index
            .entries
            .par_iter()
            .map(|entry| {
                let path = repository.top.join(entry.path());
                let metadata = path.symlink_metadata().ok()?;
                let is_other =
                    !path.starts_with(&self.real) && !entry.is_submodule() && metadata.is_file();
                let is_changed = is_other && !entry.is_unchanged(Stamp::of(&metadata));
                Some(if is_changed {
                    relative(&self.real, &path)
                } else {
                    PathBuf::new()
                })
            })
            .collect();
        let mut hasher = blake3::Hasher::new();
        for (entry, state) in index.entries.iter().zip(&states) {
            hasher
                .update(&entry.path)
                .update(&[0])
                .update(index.object(entry))
                .update(&entry.mode.to_le_bytes());
            hasher.update(&[u8::from(state.is_none())]);
        }
        let changed = states
            .into_iter()
            .flatten()
            .filter(|path| !path.as_os_str().is_empty() && !known.contains(path));
        let changed: Vec<PathBuf> = changed.collect();
        self.tracked = Some(Blake3(*hasher.finalize().as_bytes()));
        self.sources.files.extend(changed);
    }

    /// Copies what the build sees, so that it does not write to the user's tree and does not find
    /// outputs of an earlier build.
    pub fn copy(&self, dest: &Path) -> Result<Snapshot> {
        let dest = &plain(&std::path::absolute(dest).on("find", dest)?);
        let links: HashSet<&Path> = self.sources.links.iter().map(PathBuf::as_path).collect();
        let is_behind = |file: &Path| file.ancestors().any(|one| links.contains(one));
        let place = |relative: &Path| -> PathBuf {
            let real = plain(&self.real.join(relative));
            dest.join(real.strip_prefix(&self.base).unwrap_or(Path::new("")))
        };
        let project = place(Path::new(""));
        fs::create_dir_all(&project).on("create directory", &project)?;
        let files: Vec<(&PathBuf, bool)> = self
            .sources
            .files
            .iter()
            .map(|file| (file, false))
            .collect();
        let made = self.sources.ignored.iter().map(|file| (file, true));
        let files: Vec<_> = files
            .into_iter()
            .chain(made)
            .filter(|(file, _)| !is_behind(file))
            .collect();
        let targets: Vec<PathBuf> = files.iter().map(|(file, _)| place(file)).collect();
        let link_targets: Vec<PathBuf> =
            self.sources.links.iter().map(|link| place(link)).collect();
        let directories: BTreeSet<&Path> = targets
            .iter()
            .chain(&link_targets)
            .filter_map(|path| path.parent())
            .collect();
        for directory in &directories {
            fs::create_dir_all(directory).on("create directory", directory)?;
        }
        let shared: Vec<_> = files
            .par_iter()
            .zip(&targets)
            .map(|((file, made), to)| {
                let from = self.project.join(file);
                reproduce(&from, to, *made)
                    .on("copy", &from)
                    .map_err(SourcesError::from)
            })
            .collect::<Result<_>>()?;
        let there: HashSet<&Path> = targets.iter().map(PathBuf::as_path).collect();
        for (link, to) in self.sources.links.iter().zip(&link_targets) {
            let from = plain(&self.real.join(link));
            let target = from.read_link().on("read link", &from)?;
            let inside = to
                .parent()
                .map(|parent| plain(&parent.join(&target)))
                .filter(|_| target.is_relative());
            // In the copy it leads to the same relative path, or to the original.
            let is_inside = inside.is_some_and(|path| {
                path.starts_with(dest)
                    && (there.contains(&*path)
                        || directories.contains(&*path)
                        || link_targets.contains(&path))
            });
            let target = if is_inside {
                target
            } else {
                from.canonicalize().on("follow", &from)?
            };
            symlink(&target, to).on("create link", to)?;
        }
        self.copy_repository(dest, &there)
            .on("copy git's index to", dest)?;
        Ok(Snapshot {
            top: dest.clone(),
            project,
            shared: shared.into_iter().flatten().collect(),
        })
    }

    fn copy_repository(&self, dest: &Path, there: &HashSet<&Path>) -> io::Result<()> {
        let Some(repository) = &self.repository else {
            // Back ends search for `.git` upwards; a repository around the copy is unrelated.
            let above = dest.parent().unwrap_or(dest).join(".gitignore");
            return if above.exists() {
                Ok(())
            } else {
                fs::write(above, "")
            };
        };
        let Ok(below) = repository.top.strip_prefix(&self.base) else {
            return Ok(());
        };
        let copy = dest.join(below);
        let is_there = |tracked: &Tracked| {
            there.contains(&*copy.join(tracked.path()))
                || !repository.top.join(tracked.path()).is_file()
        };
        repository.reproduce(&copy, self.needs_history, &is_there)
    }
}

impl Snapshot {
    /// Reports which of the user's own files the build modified, if any.
    pub fn damaged(&self) -> Option<PathBuf> {
        let is_same = |path: &Path, len: u64, mtime: i64| {
            path.metadata()
                .is_ok_and(|now| (now.len(), Stamp::of(&now).mtime) == (len, mtime))
        };
        self.shared
            .iter()
            .find(|(path, len, mtime)| !is_same(path, *len, *mtime))
            .map(|(path, ..)| path.clone())
    }
}

/// A path relative to a directory; both are absolute.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let common = from
        .components()
        .zip(to.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = from.components().skip(common).map(|_| Path::new(".."));
    up.chain(
        to.components()
            .skip(common)
            .map(|part| Path::new(part.as_os_str())),
    )
    .collect()
}

/// Copies a file with times and mode. A large file that has been `made` is linked if copying would
/// have to move its bytes; its path is returned then.
fn reproduce(from: &Path, to: &Path, made: bool) -> io::Result<Option<(PathBuf, u64, i64)>> {
    let mut source = File::open(from)?;
    let metadata = source.metadata()?;
    if made && metadata.len() >= LARGE {
        let clone = File::create(to)?;
        if rustix::fs::ioctl_ficlone(&clone, &source).is_err() {
            fs::remove_file(to)?;
            let real = from.canonicalize()?;
            if fs::hard_link(&real, to).is_err() {
                symlink(&real, to)?;
            }
            return Ok(Some((real, metadata.len(), Stamp::of(&metadata).mtime)));
        }
        clone.set_permissions(metadata.permissions())?;
    } else if metadata.blocks().saturating_mul(512) < metadata.len() && metadata.len() >= LARGE {
        copy_sparse(&mut source, to, metadata.len())?;
        fs::set_permissions(to, metadata.permissions())?;
    } else {
        fs::copy(from, to)?;
    }
    // Make, Cython and others compare the mtimes of files.
    let times = FileTimes::new()
        .set_modified(metadata.modified()?)
        .set_accessed(metadata.accessed()?);
    let set = File::open(to)?.set_times(times);
    if let Err(error) = set {
        tracing::debug!(path = %to.display(), %error, "times are not kept");
    }
    Ok(None)
}

/// Copies the data of a sparse file.
fn copy_sparse(source: &mut File, to: &Path, len: u64) -> io::Result<()> {
    use rustix::fs::{SeekFrom, seek};
    use std::io::{Read as _, Seek as _};
    let mut copy = File::create(to)?;
    copy.set_len(len)?;
    let mut at = 0;
    while at < len {
        let start = match seek(&*source, SeekFrom::Data(at)) {
            Ok(start) => start,
            Err(rustix::io::Errno::NXIO) => break,
            Err(error) => return Err(error.into()),
        };
        let end = seek(&*source, SeekFrom::Hole(start)).unwrap_or(len);
        source.seek(io::SeekFrom::Start(start))?;
        copy.seek(io::SeekFrom::Start(start))?;
        io::copy(&mut (&mut *source).take(end - start), &mut copy)?;
        at = end;
    }
    Ok(())
}
