//! Decides which files make up the tree, before any is written.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::contents::{Contents, Verdict};
use super::item::{Item, sorted};
use super::libraries::Libraries;
use super::{Error, LeftOut, Reason, amend, data};
use crate::elf::{self, ElfFacts};
use crate::fs::IoContext;
use crate::python::Interpreter;

/// The unwinder that glibc's `pthread_exit` loads by name when a daemon thread outlives the
/// interpreter. No header mentions it, and without it the process aborts.
const UNWINDER: &str = "libgcc_s.so.1";

/// The planned tree.
pub(super) struct Plan {
    pub(super) executable: Item,
    /// Relative to the tree.
    pub(super) stdlib: PathBuf,
    /// Relative to the tree. An interpreter expects the directory even if it is empty.
    pub(super) dynload: PathBuf,
    /// All but the executable and the libraries, sorted by destination.
    pub(super) files: Vec<Item>,
    /// Generated files: paths and contents.
    pub(super) generated: Vec<(PathBuf, String)>,
    /// The libraries for `lib/`, sorted by name.
    pub(super) libraries: Vec<Item>,
    pub(super) left_out: Vec<LeftOut>,
}

/// Selects the parts of a standard library by name, before any file is read.
pub(super) struct Selection {
    pub(super) files: Vec<Item>,
    left_out: Vec<LeftOut>,
    stdlib: PathBuf,
    dynload: PathBuf,
    contents: Contents,
}

impl Selection {
    pub(super) fn of(source: &Interpreter, include: &[String]) -> Result<Self, Error> {
        if !source.stdlib.join("os.py").is_file() {
            return Err(Error::NoStandardLibrary {
                path: source.stdlib.clone(),
            });
        }
        // An interpreter's search paths are compiled in relative to its prefix: `lib64/python3.13`
        // on some systems.
        let inside =
            |path: &Path, prefix: &Path| path.strip_prefix(prefix).map(Path::to_path_buf).ok();
        let (major, minor, _) = source.version;
        let name = format!("python{major}.{minor}");
        let stdlib = inside(&source.stdlib, &source.base_prefix)
            .unwrap_or_else(|| Path::new("lib").join(&name));
        let mut contents = Contents::new(include);
        let mut walk = Walk {
            contents: &mut contents,
            files: Vec::new(),
            left_out: Vec::new(),
        };
        walk.directory(&source.stdlib, "", &stdlib, false)?;
        // One is usually inside the other, possibly under a different path.
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let dynload = if let Some(below) = inside(&real(&source.dynload), &real(&source.stdlib)) {
            stdlib.join(below)
        } else {
            let to = inside(&source.dynload, &source.base_exec_prefix)
                .unwrap_or_else(|| stdlib.join("lib-dynload"));
            if source.dynload.is_dir() && !walk.files.iter().any(|item| item.to.starts_with(&to)) {
                walk.directory(&source.dynload, "lib-dynload", &to, false)?;
            }
            to
        };
        let Walk {
            mut files,
            left_out,
            ..
        } = walk;
        contents.check_used()?;
        data::add(source, &contents, &stdlib, &mut files)?;
        Ok(Self {
            files,
            left_out,
            stdlib,
            dynload,
            contents,
        })
    }
}

impl Plan {
    pub(super) fn of(
        source: &Interpreter,
        include: &[String],
        from_target: &[String],
    ) -> Result<Self, Error> {
        let facts = inspect(&source.real_executable)?.ok_or_else(|| Error::NotAnInterpreter {
            path: source.real_executable.clone(),
        })?;
        let (major, minor, _) = source.version;
        let name = format!("python{major}.{minor}");

        let Selection {
            mut files,
            mut left_out,
            stdlib,
            dynload,
            contents,
        } = Selection::of(source, include)?;

        let mut search = Libraries::new(
            &source.real_executable,
            facts.clone(),
            source.library.as_deref(),
            from_target,
        );
        let mut libraries =
            search
                .needed_by(&source.real_executable, &facts)
                .map_err(|library| Error::LibraryNotFound {
                    library,
                    needed_by: source.real_executable.clone(),
                })?;
        for library in &contents.libraries {
            libraries.extend(search.closure_of(library).map_err(|missing| {
                Error::LibraryNotFound {
                    library: missing,
                    needed_by: source.real_executable.clone(),
                }
            })?);
        }
        if let Ok(names) = search.closure_of(UNWINDER) {
            libraries.extend(names);
        }
        let modules = inspect_modules(&files)?;
        let mut broken = BTreeSet::new();
        for (item, facts) in modules {
            match search.needed_by(&item.from, &facts) {
                Ok(names) => libraries.extend(names),
                Err(library) => {
                    tracing::warn!(module = %item.from.display(), library, "library not found; module left out");
                    let path = item
                        .to
                        .strip_prefix(&stdlib)
                        .unwrap_or(&item.to)
                        .to_string_lossy()
                        .into_owned();
                    left_out.push(LeftOut {
                        path,
                        reason: Reason::MissingLibrary { library },
                    });
                    broken.insert(item.to);
                }
            }
        }
        files.retain(|item| !broken.contains(&item.to));
        if let Some(feature) = ["tkinter", "turtle", "turtledemo", "idlelib"]
            .into_iter()
            .find(|one| contents.has(one))
        {
            let is_module = |item: &Item| {
                item.to
                    .file_name()
                    .is_some_and(|name| name.as_encoded_bytes().starts_with(b"_tkinter."))
            };
            if !files.iter().any(is_module) && !data::is_built_in(source, "_tkinter") {
                return Err(Error::no_part(source, feature, "working `_tkinter`"));
            }
            data::add_tcl_scripts(&libraries, &source.base_prefix, &mut files)?;
        }
        let has = |module: &str| {
            let places = [stdlib.join(module), stdlib.join(format!("{module}.py"))];
            let is_dynload =
                |item: &Item| item.to.starts_with(&dynload) && stem(&item.to) == module;
            files.iter().any(|item| {
                places.iter().any(|place| item.to.starts_with(place)) || is_dynload(item)
            })
        };
        let is_left_out = |feature: &str| {
            left_out.iter().any(
                |one| matches!(one.reason, Reason::Slim { feature: other } if other == feature),
            )
        };
        let generated = amend::stubs(has, is_left_out);
        let generated = generated
            .into_iter()
            .map(|(path, text)| (stdlib.join(path), text))
            .collect();

        let in_lib = |name: String| {
            let from = search.found.get(&name)?.clone();
            Some(Item {
                from,
                to: Path::new("lib").join(name),
            })
        };
        let libraries = libraries.into_iter().filter_map(in_lib).collect();
        files.sort_by(|a, b| a.to.cmp(&b.to));
        left_out.sort();
        let executable = Item {
            from: source.real_executable.clone(),
            to: Path::new("bin").join(name),
        };
        Ok(Self {
            executable,
            stdlib,
            dynload,
            files,
            generated,
            libraries,
            left_out,
        })
    }
}

/// The module name in a file name.
fn stem(path: &Path) -> &str {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.split('.').next().unwrap_or(name)
}

fn inspect(path: &Path) -> Result<Option<ElfFacts>, Error> {
    let bytes = std::fs::read(path).on("read", path)?;
    elf::inspect(&bytes).map_err(|source| Error::Elf {
        path: path.to_path_buf(),
        source,
    })
}

/// The libraries that the extension modules among `files` need.
fn inspect_modules(files: &[Item]) -> Result<Vec<(Item, ElfFacts)>, Error> {
    let is_module = |item: &&Item| item.to.extension() == Some(OsStr::new("so"));
    let modules: Vec<&Item> = files.iter().filter(is_module).collect();
    let inspected: Vec<_> = modules
        .into_par_iter()
        .map(|item| Ok((item.clone(), inspect(&item.from)?)))
        .collect::<Result<_, Error>>()?;
    Ok(inspected
        .into_iter()
        .filter_map(|(item, facts)| Some((item, facts?)))
        .collect())
}

/// A walk through the standard library.
struct Walk<'a> {
    contents: &'a mut Contents,
    files: Vec<Item>,
    left_out: Vec<LeftOut>,
}

impl Walk<'_> {
    /// Adds the directory `from`, which is `path` in the standard library and becomes `to` in the
    /// tree.
    fn directory(
        &mut self,
        from: &Path,
        path: &str,
        to: &Path,
        is_part: bool,
    ) -> Result<(), Error> {
        for entry in sorted(from)? {
            let Some(name) = entry
                .path
                .file_name()
                .and_then(OsStr::to_str)
                .map(str::to_owned)
            else {
                continue;
            };
            let below = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}/{name}")
            };
            let verdict = self.contents.judge(&below, is_part);
            match verdict {
                Verdict::Drop => continue,
                Verdict::LeaveOut { feature } => {
                    self.left_out.push(LeftOut {
                        path: below,
                        reason: Reason::Slim { feature },
                    });
                    continue;
                }
                Verdict::Keep | Verdict::KeepPart => {}
            }
            // Links are followed: the tree must not lead back to this machine. Dangling ones are of
            // no use here either.
            let Some(kind) = entry.target() else {
                tracing::debug!(path = %entry.path.display(), "dangling link left out");
                continue;
            };
            if kind.is_dir() {
                if entry.is_loop() {
                    continue;
                }
                self.directory(
                    &entry.path,
                    &below,
                    &to.join(&name),
                    verdict == Verdict::KeepPart,
                )?;
            } else if kind.is_file() && verdict == Verdict::Keep {
                self.files.push(Item {
                    from: entry.path,
                    to: to.join(&name),
                });
            }
        }
        Ok(())
    }
}
