//! The inputs of installations and builds, which determine cache keys.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::address::{absolute, place_of, shown};
use super::backend::BuildSystem;
use super::error::Result;
use super::index::Index;
use super::installer::{Installer, pip_of};
use super::named::{Conditions, NamedSources};
use super::notice::Notice;
use super::plan::{Here, Plan, brackets};
use super::request::InstallRequest;
use crate::pyproject;
use crate::python::command::fingerprinted;
use crate::python::core_metadata::normalised;
use crate::python::interpreter::Interpreter;
use crate::python::markers;

/// Variables with options for build back ends and compilers.
const BUILD_VARIABLES: &[&str] = &[
    "AR",
    "ARCHFLAGS",
    "CC",
    "CFLAGS",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "FC",
    "LD",
    "LDFLAGS",
    "RUSTFLAGS",
];
const BUILD_PREFIXES: &[&str] = &[
    "CARGO_",
    "CMAKE_",
    "DIST_EXTRA_",
    "FLIT_",
    "HATCH_",
    "MATURIN_",
    "MESON",
    "NPY_",
    "PBR_",
    "PDM_",
    "POETRY_",
    "PYO3_",
    "SETUPTOOLS_",
    "SKBUILD_",
    "SOURCE_DATE_EPOCH",
    "UV_DYNAMIC_VERSIONING",
    "VERSIONEER",
    "VERSIONINGIT_",
];

/// Variables with the places of the installers' own files, which do not change what is installed.
/// Settings files are hashed by content.
const PLACES: &[&str] = &[
    "PIP_CACHE_DIR",
    "PIP_CONFIG_FILE",
    "PIP_LOG",
    "UV_CACHE_DIR",
    "UV_CONFIG_FILE",
    "UV_PYTHON_BIN_DIR",
    "UV_PYTHON_CACHE_DIR",
    "UV_PYTHON_INSTALL_DIR",
    "UV_TOOL_BIN_DIR",
    "UV_TOOL_DIR",
];

/// Everything besides the interpreter that determines which distributions are installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// `uv`, or `pip 24.2`.
    pub installer: String,
    /// The executable of uv: hashed by content.
    pub uv: Option<PathBuf>,
    /// Without credentials; local ones by their names in `local`.
    pub requirements: Vec<String>,
    /// The project's own sources, likewise.
    pub sources: Vec<String>,
    /// Warnings about them, repeated on every pack.
    pub notices: Vec<Notice>,
    /// Extras and groups, for lock files.
    pub selection: Vec<String>,
    /// Find-links, indexes and switches, without credentials; names and values.
    pub index: Vec<String>,
    /// Further variables of the installer, with hashed values: some are secrets.
    pub variables: Vec<String>,
    /// Lock file, constraints and the installers' settings: hashed by content.
    pub files: Vec<NamedFile>,
    /// Wheels and source archives in find-links directories.
    pub archives: Vec<NamedFile>,
    /// Local directories and archives of distributions, including indirect ones.
    pub local: Vec<NamedFile>,
}

/// A file or a directory, and its name in a cache key, which is the same on every machine and in
/// every directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    pub path: PathBuf,
    pub name: String,
}

impl NamedFile {
    /// Named by the last component of its path.
    fn new(path: PathBuf) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self {
            name: name.into_owned(),
            path,
        }
    }
}

impl Resolution {
    /// Collects the inputs of [`super::install_dependencies`] for the same request; runs nothing.
    pub fn of(interpreter: &Interpreter, request: &InstallRequest) -> Result<Self> {
        Index::check(request)?;
        let index = Index::new(request);
        let lock = &request.lock;
        let directory = request.project.unwrap_or(Path::new("."));
        let mut plan = Plan::of(interpreter, request)?;
        let uv = Installer::likely_uv(request.installer);
        if !plan.complete && uv.is_none() {
            Plan::check_for_pip(request, &index)?;
        }
        let mut local = BTreeSet::new();
        for path in plan.local_paths().filter(|path| path.exists()) {
            add_local(path, !plan.complete, interpreter, &mut local)?;
        }
        if let Some(project) = request.project {
            local.remove(&absolute(project));
        }
        plan.notices.extend(
            index
                .missing_links()
                .map(|path| Notice::NoFindLinks { path }),
        );
        let local = named_apart(local);
        let base = absolute(directory);
        let environment = markers::environment(interpreter);
        let locals = Locals {
            here: Here {
                named: &NamedSources::default(),
                conditions: Conditions {
                    environment: &environment,
                    extras: &[],
                    groups: &[],
                },
                directory: &base,
            },
            local: &local,
        };
        let files = lock.iter().flat_map(|lock| lock.files(directory));
        let files = files.chain(index.constraint_files()).map(NamedFile::new);
        let mut files: Vec<NamedFile> = files.chain(settings_files(request.project)).collect();
        files.retain(|file| file.path.is_file());
        let mut archives = find_links_archives(&index);
        archives.extend(request.named.flat_directories().flat_map(archives_in));
        Ok(Self {
            installer: uv
                .as_ref()
                .map_or_else(|| pip_of(interpreter), |_| "uv".to_owned()),
            requirements: request
                .requirements
                .iter()
                .chain(&request.additional)
                .map(|requirement| locals.requirement(requirement))
                .collect(),
            sources: request.named.described(&|path| locals.name(path)),
            uv,
            notices: plan.notices,
            selection: request
                .extras
                .iter()
                .chain(&request.groups)
                .cloned()
                .collect(),
            archives: archives.into_iter().map(NamedFile::new).collect(),
            index: index.described(),
            variables: variables(|name| {
                (name.starts_with("PIP_") || name.starts_with("UV_"))
                    && !Index::reads(name)
                    && !PLACES.contains(&name)
            }),
            files,
            local,
        })
    }
}

/// Local distributions with their names in a cache key: the last component of the path, with a
/// number if another one has the same.
fn named_apart(paths: BTreeSet<PathBuf>) -> Vec<NamedFile> {
    let mut local: Vec<NamedFile> = paths.into_iter().map(NamedFile::new).collect();
    local.sort_by(|one, other| one.name.cmp(&other.name));
    let mut count = 1;
    for at in 1..local.len() {
        let (before, after) = local.split_at_mut(at);
        let (before, next) = (&before[at - count], &mut after[0]);
        if before.name == next.name {
            count += 1;
            next.name = format!("{} {count}", next.name);
        } else {
            count = 1;
        }
    }
    local
}

/// How local distributions are called in a cache key.
struct Locals<'a> {
    here: Here<'a>,
    local: &'a [NamedFile],
}

impl Locals<'_> {
    /// A requirement without credentials, and without the path of a local distribution.
    fn requirement(&self, text: &str) -> String {
        let item = self.here.item(text);
        let local = item
            .as_ref()
            .and_then(|item| Some((item, item.source.as_ref()?.local_path()?)));
        match local {
            Some((item, path)) if item.name.is_some() => {
                format!("{} @ {}", item.text, self.name(path))
            }
            Some((item, path)) => format!("{}{}", self.name(path), brackets(&item.extras)),
            None => fingerprinted(text),
        }
    }

    /// The name of a local distribution. The path of one that is not installed is relative to the
    /// project, unless it is elsewhere on the machine.
    fn name(&self, path: &Path) -> String {
        let is_it = |local: &&NamedFile| Path::new(&local.path) == path;
        if let Some(local) = self.local.iter().find(is_it) {
            return local.name.clone();
        }
        let project = self.here.directory;
        let mut above = project.ancestors().enumerate();
        above
            .find_map(|(up, above)| {
                let below = path.strip_prefix(above).ok()?;
                (above.components().count() > 1)
                    .then(|| format!("./{}{}", "../".repeat(up), below.display()))
            })
            .unwrap_or_else(|| path.display().to_string())
    }
}

/// The variables that a build back end may read, with hashed values.
pub fn build_variables() -> Vec<String> {
    variables(|name| {
        BUILD_VARIABLES.contains(&name)
            || BUILD_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

fn variables(wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found: Vec<String> = env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| wanted(name))?;
            let digest = crate::format::Blake3::of(value.as_encoded_bytes()).hex();
            Some(format!("{name} {}", &digest[..16]))
        })
        .collect();
    found.sort();
    found
}

/// Where pip and uv keep settings such as indexes, with names that do not depend on the user.
fn settings_files(project: Option<&Path>) -> Vec<NamedFile> {
    let variable = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = variable("HOME");
    let config =
        variable("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
    let system = ["/etc/pip.conf", "/etc/uv/uv.toml"].map(|path| (path, Some(path.into())));
    let named = ["PIP_CONFIG_FILE", "UV_CONFIG_FILE"].map(|name| (name, variable(name)));
    let below = |name: &'static str, base: Option<&Path>, path: &str| {
        (name, base.map(|base| base.join(path)))
    };
    let others = [
        below("~/.pip/pip.conf", home.as_deref(), ".pip/pip.conf"),
        below("user's pip.conf", config.as_deref(), "pip/pip.conf"),
        below("user's uv.toml", config.as_deref(), "uv/uv.toml"),
        below("uv.toml", project, "uv.toml"),
    ];
    let all = system.into_iter().chain(named).chain(others);
    all.filter_map(|(name, path)| {
        Some(NamedFile {
            path: path?,
            name: name.to_owned(),
        })
    })
    .collect()
}

/// The distributions in all find-links directories.
pub(super) fn find_links_archives(index: &Index) -> Vec<PathBuf> {
    index
        .find_links
        .iter()
        .flat_map(|link| archives_in(Path::new(link)))
        .collect()
}

/// The distributions in a find-links directory, or the file itself if it is an HTML page.
fn archives_in(link: &Path) -> Vec<PathBuf> {
    if link.is_file() {
        return vec![link.to_path_buf()];
    }
    let is_archive = |path: &PathBuf| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_ascii_lowercase();
        [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz"]
            .iter()
            .any(|end| name.ends_with(end))
    };
    let entries = fs::read_dir(link).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(is_archive)
        .collect();
    found.sort();
    found
}

/// Adds a local distribution, to be installed or to be built, and the local ones that it needs in
/// turn.
fn add_local(
    path: &Path,
    further: bool,
    interpreter: &Interpreter,
    found: &mut BTreeSet<PathBuf>,
) -> Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if !found.insert(path.clone()) || !path.is_dir() {
        return Ok(());
    }
    let manifest = pyproject::of(&path).unwrap_or_default();
    let named = NamedSources::of_project(&path)?;
    let project = manifest.get("project").and_then(Value::as_table);
    let optional = project.and_then(|project| project.get("optional-dependencies")?.as_table());
    let extras: Vec<String> = optional
        .into_iter()
        .flat_map(Table::keys)
        .map(|extra| normalised(extra))
        .collect();
    let is_dynamic = project.is_none_or(|project| project.contains_key("dynamic"));
    let mut next: Vec<PathBuf> = Vec::new();
    if further && is_dynamic {
        // Only the back end knows which of them matter.
        next.extend(named.local_paths().map(Path::to_path_buf));
    }
    let lists = project.and_then(|project| project.get("dependencies"));
    let lists = lists
        .into_iter()
        .chain(optional.into_iter().flat_map(Table::values));
    let lists = lists
        .filter(|_| further)
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str);
    let environment = markers::environment(interpreter);
    let conditions = Conditions {
        environment: &environment,
        extras: &extras,
        groups: &[],
    };
    let here = Here {
        named: &named,
        conditions,
        directory: &path,
    };
    let system = BuildSystem::of(&path);
    for text in lists.chain(system.requires.iter().map(String::as_str)) {
        if let Some(item) = here.item(text) {
            next.extend(
                item.source
                    .as_ref()
                    .and_then(|source| source.local_path())
                    .map(Path::to_path_buf),
            );
        }
    }
    next.iter()
        .filter(|path| path.exists())
        .try_for_each(|path| add_local(path, true, interpreter, found))
}

impl Index {
    /// Everything but the content of files, as phrases without credentials.
    fn described(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .find_links
            .iter()
            .map(|link| format!("find-links {}", place_of(link)))
            .collect();
        all.extend(self.url.iter().map(|url| format!("index {}", shown(url))));
        all.extend(
            self.extra_urls
                .iter()
                .map(|url| format!("extra index {}", shown(url))),
        );
        all.extend(
            self.insecure_hosts
                .iter()
                .map(|host| format!("insecure host {host}")),
        );
        if self.find_links_only {
            all.push("no index".into());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::interpreter::{Request, discover};

    #[test]
    fn siblings_of_siblings_count() {
        let interpreter = discover(&Request::default()).expect("the tests need some CPython");
        let scratch = tempfile::tempdir().expect("scratch");
        let project = |name: &str, text: &str| {
            let directory = scratch.path().join(name);
            fs::create_dir(&directory).expect("made");
            fs::write(directory.join("pyproject.toml"), text).expect("written");
            directory.canonicalize().expect("there")
        };
        let of = |name: &str, other: &str| {
            format!(
                "[project]\nname = \"{name}\"\ndependencies = [\"{other}\"]\n[tool.uv.sources]\n{other} = {{ path = \"../{other}\" }}\n"
            )
        };
        let far = project("far", "[project]\nname = \"far\"\n");
        let near = project("near", &of("near", "far"));
        fs::write(far.join("pyproject.toml"), of("far", "near")).expect("written");
        let mut found = BTreeSet::new();
        add_local(&near, true, &interpreter, &mut found).expect("read");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [far, near]);
    }

    #[test]
    fn local_distributions_are_called_by_names_without_their_paths() {
        let interpreter = discover(&Request::default()).expect("the tests need some CPython");
        let scratch = tempfile::tempdir().expect("scratch");
        let base = absolute(scratch.path());
        for path in ["work/app", "work/lib", "other/lib", "work/unused"] {
            fs::create_dir_all(base.join(path)).expect("made");
        }
        let paths = ["work/lib", "other/lib"].map(|path| base.join(path));
        let local = named_apart(BTreeSet::from(paths));
        let environment = markers::environment(&interpreter);
        let locals = Locals {
            here: Here {
                named: &NamedSources::default(),
                conditions: Conditions {
                    environment: &environment,
                    extras: &[],
                    groups: &[],
                },
                directory: &base.join("work/app"),
            },
            local: &local,
        };
        let url = format!("a @ file://{}", base.join("other/lib").display());
        for (requirement, name) in [
            (&*url, "a @ lib"),
            ("a[x] @ ../lib", "a[x] @ lib 2"),
            ("../lib[x]", "lib 2[x]"),
            ("click>=8", "click>=8"),
            ("a @ ../unused", "a @ ./../unused"),
        ] {
            assert_eq!(locals.requirement(requirement), name);
        }
        assert_eq!(locals.name(Path::new("/opt/lib")), "/opt/lib");
    }
}
