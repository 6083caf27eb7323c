//! Data files beside the project's modules that the modules read and the wheel lacks.
//!
//! Only paths that are both written in a module and exist in the project are reported.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use ignore::gitignore::Gitignore;

use super::super::fault::{Fault, Place};
use super::super::remedy::Remedy;
use super::modules::Node;
use super::remedies::setting;
use super::scene::Scene;
use crate::manifest::Input;
use crate::pack::BuildError;
use crate::pyproject;
use crate::python::install::{Hidden, list_sources};
use crate::python::source::{Source, Text};

/// Substrings of modules that read files beside them.
const READS: &[&str] = &[
    "__file__",
    "files(",
    "get_data(",
    "importlib.resources",
    "importlib_resources",
    "open(",
    "pkg_resources",
    "PackageLoader",
    "render_template",
    "TemplateResponse",
];
/// Functions that look for files in a directory of templates.
const OF_TEMPLATES: &[&str] = &["render_template", "TemplateResponse", "get_template"];

/// Functions that take the name of a package.
const OF_PACKAGES: &[&str] = &[
    "PackageLoader",
    "files",
    "get_data",
    "is_resource",
    "open_binary",
    "open_text",
    "path",
    "read_binary",
    "read_text",
    "resource_exists",
    "resource_filename",
    "resource_isdir",
    "resource_listdir",
    "resource_stream",
    "resource_string",
];

/// The files that are read and not in the wheel.
pub(super) fn check(scene: Scene<'_>) -> Result<Vec<Fault>, BuildError> {
    let Scene {
        manifest,
        application,
        modules,
        ..
    } = scene;
    if manifest.input != Input::Project {
        return Ok(Vec::new());
    }
    let mut reading = Vec::new();
    for node in modules.own() {
        let Ok(bytes) = std::fs::read(&node.entry.path) else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if READS.iter().any(|mark| text.contains(mark)) {
            reading.push((node, text));
        }
    }
    if reading.is_empty() {
        return Ok(Vec::new());
    }
    let sources = list_sources(&manifest.directory, Hidden::Taken)
        .map_err(BuildError::Sources)?
        .files;
    let (ignored, _) = Gitignore::new(manifest.directory.join(".flavorignore"));
    let wheel = Wheel {
        project: manifest
            .directory
            .canonicalize()
            .unwrap_or_else(|_| manifest.directory.clone()),
        tree: application.trees.app.join(&application.trees.site_packages),
        sources,
        ignored,
        back_end: back_end(&manifest.directory),
    };
    let mut faults = Vec::new();
    for (node, text) in &reading {
        if let Some(source) = wheel.source_of(node, text) {
            wheel.missing(node, &source, text, &mut faults);
        }
    }
    Ok(faults)
}

struct Wheel {
    /// The directory of the sources.
    project: PathBuf,
    /// The directory of the unpacked wheel.
    tree: PathBuf,
    /// Relative to the project.
    sources: Vec<PathBuf>,
    ignored: Gitignore,
    back_end: String,
}

impl Wheel {
    /// The source file of a module in the wheel: an identical file, at the most similar path.
    fn source_of(&self, node: &Node<'_>, text: &str) -> Option<PathBuf> {
        let wanted = Path::new(node.path);
        let is_same = |path: &&PathBuf| {
            path.file_name() == wanted.file_name()
                && std::fs::read(self.project.join(path))
                    .is_ok_and(|bytes| String::from_utf8_lossy(&bytes) == *text)
        };
        let alike = |path: &Path| {
            path.components()
                .rev()
                .zip(wanted.components().rev())
                .take_while(|(one, other)| one == other)
                .count()
        };
        self.sources
            .iter()
            .filter(is_same)
            .max_by_key(|path| (alike(path), std::cmp::Reverse(path.components().count())))
            .cloned()
    }

    fn missing(&self, node: &Node<'_>, source: &Path, text: &str, faults: &mut Vec<Fault>) {
        let inside = Path::new(node.path).parent().unwrap_or(Path::new(""));
        let directory = source.parent().unwrap_or(Path::new(""));
        let texts = Source::read_all(text).texts;
        // Directories of the wheel that names may be relative to, with their counterparts in the
        // project.
        let mut bases: Vec<(PathBuf, PathBuf)> = vec![(inside.into(), directory.into())];
        // Outside the import roots a module can only refer to files relative to itself.
        let root = up(directory, inside.components().count());
        let beyond = root
            .iter()
            .flat_map(|root| root.ancestors().skip(1).map(Path::to_path_buf));
        let beyond: Vec<PathBuf> = beyond.collect();
        for (depth, above) in inside.ancestors().enumerate().skip(1).take(2) {
            // There is nothing of the project above its directory.
            if let Some(place) = up(directory, depth) {
                bases.push((above.into(), place));
            }
        }
        let is_package = |name: &str| {
            name.split('.').all(|part| {
                !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_')
            })
        };
        if let Some(root) = &root {
            let named = texts
                .iter()
                .filter(|text| {
                    text.reader
                        .as_deref()
                        .is_some_and(|reader| OF_PACKAGES.contains(&reader))
                })
                .flat_map(|text| &text.paths)
                .filter(|name| is_package(name))
                .map(|name| name.replace('.', "/"));
            let there: BTreeSet<String> = named
                .filter(|path| self.project.join(root).join(path).is_dir())
                .collect();
            bases.extend(
                there
                    .iter()
                    .map(|path| (PathBuf::from(path), root.join(path))),
            );
        }
        let mut found: BTreeMap<PathBuf, Fault> = BTreeMap::new();
        for text in &texts {
            // The longest candidate is the most specific.
            for path in text.paths.iter().rev() {
                // A file at the top of the project may be found in the user's working directory at
                // run time.
                let may_name = |at: usize, base: &Path| match (at, base.as_os_str().is_empty()) {
                    (0, true) => text.of_file || !is_of_projects(path),
                    (0, false) => true,
                    (_, true) => text.of_file && text.is_path,
                    (_, false) => text.is_path || path.contains('/'),
                };
                let missing = bases.iter().enumerate().find_map(|(at, (base, place))| {
                    self.named(text, path, Some(base), place, at == 0)
                        .filter(|_| may_name(at, base))
                });
                let by_place = text.of_file && text.is_path;
                let beyond = || {
                    beyond
                        .iter()
                        .filter(|_| by_place)
                        .find_map(|place| self.named(text, path, None, place, false))
                };
                let missing = missing.or_else(beyond);
                if let Some((inside_wheel, file)) = missing {
                    let is_beside = file.starts_with(directory)
                        && !directory.as_os_str().is_empty()
                        || file.parent() == Some(directory);
                    let shown = if is_beside {
                        file.strip_prefix(directory).unwrap_or(&file)
                    } else {
                        &file
                    };
                    let fault = Fault::NotInWheel {
                        place: Place {
                            file: node.path.into(),
                            line: text.line,
                        },
                        path: shown.into(),
                        remedy: self.remedy(inside, &inside_wheel, &file),
                        file: file.clone(),
                        is_beside,
                    };
                    found.entry(file).or_insert(fault);
                    break;
                }
            }
        }
        // A directory is reported instead of its content, except for files named explicitly.
        let line = |file: &PathBuf| {
            found
                .get(file)
                .and_then(Fault::place)
                .map(|place| place.line)
        };
        let is_said = |file: &PathBuf| {
            let others = || found.keys().filter(|other| *other != file);
            others().any(|other| file.starts_with(other) && line(file) != line(other))
                || others().any(|other| other.starts_with(file) && line(file) == line(other))
        };
        let said: BTreeSet<PathBuf> = found.keys().filter(|file| is_said(file)).cloned().collect();
        found.retain(|file, _| !said.contains(file));
        let mut lines: Vec<Fault> = found.into_values().collect();
        lines.sort();
        faults.extend(lines);
    }

    /// Resolves a text below a `directory` of the project, which is `base` in the wheel. If the
    /// path exists and the wheel lacks it: its paths in the wheel and in the project.
    fn named(
        &self,
        text: &Text,
        path: &str,
        base: Option<&Path>,
        directory: &Path,
        is_own: bool,
    ) -> Option<(PathBuf, PathBuf)> {
        let of_templates = text
            .reader
            .as_deref()
            .is_some_and(|reader| OF_TEMPLATES.contains(&reader));
        let path = if of_templates && is_own {
            Path::new("templates").join(path)
        } else {
            PathBuf::from(path)
        };
        let (inside, file) = (
            base.and_then(|base| joined(base, &path)),
            joined(directory, &path)?,
        );
        let place = self.project.join(&file);
        let (is_file, is_directory) = (place.is_file(), place.is_dir());
        // A single word is a directory name only where paths are joined.
        let is_meant = is_file && (text.is_path || path.extension().is_some())
            || is_directory && text.is_path && has_files(&place);
        let is_in_wheel = inside.as_ref().is_some_and(|inside| {
            let place = self.tree.join(inside);
            place.is_file() || (is_directory && place.is_dir())
        });
        let is_ignored = || {
            self.ignored
                .matched_path_or_any_parents(&file, is_directory)
                .is_ignore()
        };
        // The project's own directory is not a data file.
        (is_meant && !is_in_wheel && !file.as_os_str().is_empty() && !is_ignored())
            .then(|| (inside.unwrap_or_default(), file))
    }

    fn remedy(&self, reader: &Path, inside: &Path, file: &Path) -> Remedy {
        let package = reader
            .components()
            .next()
            .map(|top| Path::new(top.as_os_str()));
        match package.filter(|top| inside.starts_with(top)) {
            Some(_) => {
                // Package data belong to the innermost package in the wheel.
                let mut package = inside.parent().unwrap_or(Path::new(""));
                while !self.tree.join(package).is_dir() {
                    package = package.parent().unwrap_or(Path::new(""));
                }
                let below = inside.strip_prefix(package).unwrap_or(inside);
                let below = if self.project.join(file).is_dir() {
                    below.join("**")
                } else {
                    below.into()
                };
                setting(
                    &self.back_end,
                    file,
                    &package.display().to_string().replace('/', "."),
                    &below,
                )
            }
            None => Remedy::MoveInside,
        }
    }
}

/// Whether a file is one that projects have for tools and human readers.
fn is_of_projects(path: &str) -> bool {
    let starts = [
        "README",
        "LICEN",
        "CHANGE",
        "requirements",
        "setup.",
        "pyproject.",
        "tox.",
        "uv.",
    ];
    starts.iter().any(|start| path.starts_with(start))
}

/// A relative path in a directory; `None` if it leads out.
fn joined(directory: &Path, path: &Path) -> Option<PathBuf> {
    let mut whole: PathBuf = directory.into();
    for part in path.components() {
        match part {
            Component::Normal(name) => whole.push(name),
            Component::CurDir => {}
            Component::ParentDir => whole.pop().then_some(())?,
            _ => return None,
        }
    }
    Some(whole)
}

/// The directory this many levels up; `None` if it is outside the project.
fn up(directory: &Path, levels: usize) -> Option<PathBuf> {
    let parts: Vec<Component> = directory.components().collect();
    parts
        .get(..parts.len().checked_sub(levels)?)
        .map(|parts| parts.iter().collect())
}

fn has_files(directory: &Path) -> bool {
    std::fs::read_dir(directory).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|one| one.file_name() != "__pycache__"))
    })
}

fn back_end(project: &Path) -> String {
    let table = pyproject::of(project).unwrap_or_default();
    let name = table
        .get("build-system")
        .and_then(|system| system.get("build-backend")?.as_str());
    name.unwrap_or("setuptools").to_owned()
}
