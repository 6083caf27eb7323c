//! Lists the files of a tree that take part in a build.

use std::fs::FileType;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rayon::prelude::*;

use super::error::{IGNORE_FILE, SourceError};
use super::git::{Repository, TrackedFiles};
use super::leavings::{is_left_behind, is_tools_own};
use super::named::Named;
use super::sources::{Hidden, Sources};
use crate::sign::PRIVATE_KEY_FILE;

/// An ignored directory with more files than this is data, not build output.
const MAX_IGNORED: usize = 20_000;

/// A tree and its context.
pub(super) struct Walk<'a> {
    /// As given by the user.
    top: &'a Path,
    real: PathBuf,
    hidden: Hidden,
    /// Read on first use.
    tracked: OnceLock<TrackedFiles>,
    named: &'a Named,
    /// The project, if it is not the directory being walked.
    project: Option<&'a Path>,
}

/// How a directory was reached.
#[derive(Clone, Default)]
struct Place {
    /// git ignores it.
    ignored: bool,
    /// It is excluded, except for tracked files, if those count, and named files.
    left_out: Option<LeftOut>,
    /// It is excluded, and searched for named files.
    named: bool,
    /// Resolved paths of the directories above, if a link has led here.
    above: Option<Arc<Vec<(u64, u64)>>>,
    /// The remaining number of files for the ignored directory that this is in, or that a link to
    /// outside is in.
    room: Option<Arc<AtomicUsize>>,
    /// Nested repositories that this is in.
    inner: Vec<Arc<TrackedFiles>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    /// By the user: tracked files are excluded too.
    Wanted,
    /// Because it looks like output.
    Looks,
}

/// The ignore files, from the directory upwards.
struct Rules {
    above: Option<Arc<Rules>>,
    git: Option<Gitignore>,
    flavor: Option<Gitignore>,
}

impl Rules {
    fn of(directory: &Path, above: Option<Arc<Rules>>, git: bool, flavor: bool) -> Arc<Self> {
        let read = |name: &str, there: bool| there.then(|| rules(directory, name)).flatten();
        let (git, flavor) = (read(".gitignore", git), read(IGNORE_FILE, flavor));
        match above {
            Some(above) if git.is_none() && flavor.is_none() => above,
            above => Arc::new(Self { above, git, flavor }),
        }
    }

    /// The result of the nearest file with a matching pattern.
    fn verdict(
        &self,
        path: &Path,
        directory: bool,
        of: fn(&Rules) -> Option<&Gitignore>,
    ) -> Match<()> {
        let mut rules = Some(self);
        while let Some(one) = rules {
            match of(one).map_or(Match::None, |matcher| {
                matcher.matched(path, directory).map(|_| ())
            }) {
                Match::None => rules = one.above.as_deref(),
                found => return found,
            }
        }
        Match::None
    }
}

fn rules(directory: &Path, name: &str) -> Option<Gitignore> {
    let bytes = std::fs::read(directory.join(name)).ok()?;
    let mut builder = GitignoreBuilder::new(directory);
    for line in String::from_utf8_lossy(&bytes)
        .trim_start_matches('\u{feff}')
        .lines()
    {
        // git ignores invalid lines.
        drop(builder.add_line(None, line));
    }
    builder.build().ok().filter(|matcher| !matcher.is_empty())
}

/// The result, unordered.
#[derive(Default)]
struct Found(Sources);

impl Found {
    fn and(mut self, other: Self) -> Self {
        let Sources {
            files,
            ignored,
            links,
            outside,
            unfit,
            too_large,
            trouble,
        } = other.0;
        self.0.files.extend(files);
        self.0.ignored.extend(ignored);
        self.0.links.extend(links);
        self.0.outside.extend(outside);
        self.0.unfit.extend(unfit);
        self.0.too_large.extend(too_large);
        self.0.trouble = self.0.trouble.or(trouble);
        self
    }
}

impl<'a> Walk<'a> {
    /// `top` exists; `real` is its resolved path.
    pub(super) fn new(top: &'a Path, real: PathBuf, hidden: Hidden, named: &'a Named) -> Self {
        Self {
            top,
            real,
            hidden,
            tracked: OnceLock::new(),
            named,
            project: None,
        }
    }

    /// For a path above `project` or beside it that the project names. Both paths are absolute.
    pub(super) fn beside(top: &'a Path, project: &'a Path, named: &'a Named) -> Self {
        Self {
            project: Some(project),
            ..Self::new(top, top.to_path_buf(), Hidden::Taken, named)
        }
    }

    fn tracked(&self) -> &TrackedFiles {
        self.tracked.get_or_init(|| TrackedFiles::below(&self.real))
    }

    /// Reads the tree.
    pub(super) fn run(self) -> Sources {
        let mut place = Place::default();
        let room = (self.project.is_some() && Repository::around(&self.real).is_none())
            .then(|| Arc::new(AtomicUsize::new(MAX_IGNORED)));
        place.room.clone_from(&room);
        let Found(mut sources) = self.directory(Path::new(""), &place, self.rules_above().as_ref());
        if room.is_some_and(|room| room.load(Ordering::Relaxed) == 0) {
            return Sources {
                too_large: vec![PathBuf::new()],
                ..Sources::default()
            };
        }
        sources.trouble = sources
            .trouble
            .or_else(|| self.tracked.into_inner()?.trouble);
        let Sources {
            links, too_large, ..
        } = &mut sources;
        links.retain(|link| !too_large.contains(link));
        sources.files.sort_unstable();
        sources.ignored.sort_unstable();
        sources.links.sort_unstable();
        sources.outside.sort_unstable();
        sources.too_large.sort_unstable();
        sources
            .unfit
            .sort_by(|one, other| one.path().cmp(other.path()));
        sources
    }

    /// The rules between the top of the repository and the tree.
    fn rules_above(&self) -> Option<Arc<Rules>> {
        let repository = Repository::around(&self.real)?;
        let mut above: Vec<&Path> = self
            .real
            .ancestors()
            .skip(1)
            .take_while(|one| one.starts_with(&repository.top))
            .collect();
        above.reverse();
        // If the tree was given by a relative path, patterns from above must be matched against the
        // full path.
        above.into_iter().fold(None, |rules, directory| {
            Some(Rules::of(directory, rules, true, true))
        })
    }

    fn directory(&self, below: &Path, place: &Place, rules: Option<&Arc<Rules>>) -> Found {
        let path = self.top.join(below);
        let mut found = Found::default();
        let entries =
            std::fs::read_dir(&path).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let entries = match entries {
            Ok(entries) => entries,
            Err(source) => {
                found
                    .0
                    .unfit
                    .extend((!place.ignored).then_some(SourceError::Unreadable { path, source }));
                return found;
            }
        };
        if let Some(room) = &place.room
            && room
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| {
                    room.checked_sub(entries.len())
                })
                .is_err()
        {
            room.store(0, Ordering::Relaxed);
            return found;
        }
        let has = |name: &str| entries.iter().any(|entry| entry.file_name() == name);
        let mut place = place.clone();
        if !below.as_os_str().is_empty() && has(".git") {
            // A submodule is in the index of the surrounding repository, too; files found twice are
            // counted once.
            let inner = TrackedFiles::of_nested(self.top, below);
            if !inner.is_empty() {
                place.inner.push(Arc::new(inner));
            }
        }
        let real = self.real.join(below);
        let rules = Rules::of(&real, rules.cloned(), has(".gitignore"), has(IGNORE_FILE));
        let mut directories = Vec::new();
        for entry in entries {
            let (name, relative) = (entry.file_name(), below.join(entry.file_name()));
            if name == ".git"
                || self
                    .project
                    .is_some_and(|project| *project == real.join(&name))
            {
                continue;
            }
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if let Some(next) = self.entry(&relative, kind, &place, &rules, &mut found.0) {
                directories.push((relative, next));
            }
        }
        let inside: Vec<Found> = directories
            .into_par_iter()
            .map(|(relative, next)| {
                let starts = next.room.clone().filter(|_| place.room.is_none());
                let inside = self.directory(&relative, &next, Some(&rules));
                match starts {
                    Some(room) if room.load(Ordering::Relaxed) == 0 => self.without_data(relative),
                    _ => inside,
                }
            })
            .collect();
        inside.into_iter().fold(found, Found::and)
    }

    /// For a directory that is too large to be searched, the files that git tracks.
    fn without_data(&self, directory: PathBuf) -> Found {
        let files = self
            .tracked()
            .in_directory(&directory)
            .filter(|file| self.top.join(file).is_file());
        let files = files.map(Path::to_path_buf).collect();
        Found(Sources {
            files,
            too_large: vec![directory],
            ..Sources::default()
        })
    }

    /// Takes a file, skips it, or decides how to walk a directory.
    fn entry(
        &self,
        relative: &Path,
        kind: FileType,
        place: &Place,
        rules: &Rules,
        found: &mut Sources,
    ) -> Option<Place> {
        let here = || self.top.join(relative);
        let name = relative.file_name().unwrap_or_default().to_string_lossy();
        let real = self.real.join(relative);
        let is_link = kind.is_symlink();
        let target = is_link.then(|| here().metadata());
        let is_directory = kind.is_dir() || matches!(&target, Some(Ok(target)) if target.is_dir());
        let by_git = rules.verdict(&real, is_directory, |rules| rules.git.as_ref());
        let by_flavor = rules.verdict(&real, is_directory, |rules| rules.flavor.as_ref());
        let is_tracked = || {
            let holds = |tracked: &TrackedFiles| {
                if kind.is_dir() {
                    tracked.has_below(relative)
                } else {
                    tracked.contains(relative)
                }
            };
            holds(self.tracked()) || place.inner.iter().any(|inner| holds(inner))
        };
        // A file that `.gitignore` hides and `.flavorignore` includes is treated like any other.
        let ignored = (place.ignored || by_git.is_ignore()) && !by_flavor.is_whitelist();
        let plain = self.hidden == Hidden::Named;
        let at_top = self.project.is_none()
            && relative
                .parent()
                .is_none_or(|parent| parent.as_os_str().is_empty());
        let mut left_out = if name == PRIVATE_KEY_FILE && !is_directory {
            // The name of a signing key, which must never be packed.
            return None;
        } else if !is_directory && self.named.includes(relative) {
            None
        } else if place.left_out == Some(LeftOut::Wanted) || by_flavor.is_ignore() {
            Some(LeftOut::Wanted)
        } else if by_flavor.is_whitelist() && place.left_out.is_none() {
            None
        } else if plain && name.starts_with('.') {
            Some(LeftOut::Wanted)
        } else {
            let looks = place.left_out.is_some()
                || (plain && ignored)
                || (is_directory && is_left_behind(&here(), &name, at_top))
                || (ignored && is_tools_own(&name));
            looks.then_some(LeftOut::Looks)
        };
        let tracked = (ignored || left_out.is_some()) && is_tracked();
        if tracked && is_link && left_out == Some(LeftOut::Looks) {
            left_out = None;
        }
        let counts = tracked && left_out == Some(LeftOut::Looks);
        if is_directory {
            let named =
                left_out.is_some() && !is_link && (place.named || self.named.mentions(&name));
            if left_out.is_some() && !counts && !named {
                return None;
            }
            let mut next = Place {
                ignored,
                left_out,
                named,
                ..place.clone()
            };
            if is_link && !self.follow(relative, &real, &mut next, found) {
                return None;
            }
            let is_elsewhere = is_link && self.leads_out(&here());
            if next.room.is_none()
                && left_out.is_none()
                && (ignored || is_elsewhere)
                && !self.named.mentions(&name)
            {
                next.room = Some(Arc::new(AtomicUsize::new(MAX_IGNORED)));
            }
            return Some(next);
        }
        let is_named =
            left_out == Some(LeftOut::Looks) && !plain && self.named.configures(relative);
        if left_out.is_some() && !counts && !is_named {
            return None;
        }
        let is_made = (ignored || left_out.is_some()) && !tracked;
        let unfit = match target {
            Some(Err(error)) => Some(dead_end(here(), error)),
            Some(Ok(ref target)) if !target.is_file() => {
                Some(SourceError::Special { path: here() })
            }
            None if !kind.is_file() => Some(SourceError::Special { path: here() }),
            _ => None,
        };
        if let Some(unfit) = unfit {
            // The index says nothing about ignored files.
            found.unfit.extend((!is_made).then_some(unfit));
            return None;
        }
        if is_link && place.above.is_none() {
            found.links.push(relative.to_path_buf());
        }
        if is_link && self.leads_out(&here()) {
            found.outside.push(relative.to_path_buf());
        }
        let list = if is_made {
            &mut found.ignored
        } else {
            &mut found.files
        };
        list.push(relative.to_path_buf());
        None
    }

    /// Whether to follow a link to a directory.
    fn follow(&self, relative: &Path, real: &Path, next: &mut Place, found: &mut Sources) -> bool {
        let path = self.top.join(relative);
        let Ok(target) = path.metadata() else {
            return false;
        };
        let place = (target.dev(), target.ino());
        let above: Vec<(u64, u64)> = if let Some(above) = &next.above {
            above.to_vec()
        } else {
            let own = real
                .ancestors()
                .skip(1)
                .take_while(|one| one.starts_with(&self.real));
            own.filter_map(|one| one.metadata().ok())
                .map(|one| (one.dev(), one.ino()))
                .collect()
        };
        if above.contains(&place)
            || self
                .real
                .metadata()
                .is_ok_and(|top| (top.dev(), top.ino()) == place)
        {
            found.unfit.push(SourceError::Loop { path });
            return false;
        }
        if next.above.is_none() {
            found.links.push(relative.to_path_buf());
        }
        next.above = Some(Arc::new(above.into_iter().chain([place]).collect()));
        if self.leads_out(&path) {
            found.outside.push(relative.to_path_buf());
            // It is rejected whatever its target has, which may be the whole machine.
            return self.hidden == Hidden::Taken;
        }
        true
    }

    /// Whether a link leads to something outside the tree.
    fn leads_out(&self, link: &Path) -> bool {
        link.canonicalize()
            .is_ok_and(|real| !real.starts_with(&self.real))
    }
}

/// A link that cannot be followed.
fn dead_end(path: PathBuf, error: std::io::Error) -> SourceError {
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return SourceError::Loop { path };
    }
    match path.read_link() {
        Ok(target) if error.kind() == std::io::ErrorKind::NotFound => {
            SourceError::Dangling { path, target }
        }
        _ => SourceError::Unreadable {
            path,
            source: error,
        },
    }
}
