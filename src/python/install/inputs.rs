//! The inputs of installations and builds, which determine cache keys.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::index::{Index, shown};
use super::installer::{Installer, Tool};
use super::named::{Conditions, NamedSources, absolute, table};
use super::plan::{Here, Plan};
use super::{BuildSystem, InstallRequest, Notice};
use crate::python::command::fingerprinted;
use crate::python::core_metadata::normalised;
use crate::python::error::Result;
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

/// Everything besides the interpreter that determines which distributions are installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// `uv /usr/bin/uv` or `pip`.
    pub installer: String,
    /// Without credentials.
    pub requirements: Vec<String>,
    /// The project's own sources, without credentials.
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
    pub files: Vec<PathBuf>,
    /// Wheels and source archives in find-links directories.
    pub archives: Vec<PathBuf>,
    /// Local directories and archives of distributions, including indirect ones.
    pub local: Vec<PathBuf>,
}

impl Resolution {
    /// Collects the inputs of [`super::install_dependencies`] for the same request; runs nothing.
    pub fn of(interpreter: &Interpreter, request: &InstallRequest) -> Result<Self> {
        Index::check(request)?;
        let index = Index::new(request);
        let lock = &request.lock;
        let directory = request.project.unwrap_or(Path::new("."));
        let mut plan = Plan::of(interpreter, request)?;
        if !plan.complete && Installer::likely(request.installer, interpreter) == Tool::Pip {
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
        let mut files: Vec<PathBuf> = lock.iter().flat_map(|lock| lock.files(directory)).collect();
        files.extend(index.constraint_files());
        files.extend(settings_files(request.project));
        files.retain(|file| file.is_file());
        Ok(Self {
            installer: Installer::named(request.installer, interpreter),
            requirements: request
                .requirements
                .iter()
                .chain(&request.additional)
                .map(|one| fingerprinted(one))
                .collect(),
            sources: request.named.described(),
            notices: plan.notices,
            selection: request
                .extras
                .iter()
                .chain(&request.groups)
                .cloned()
                .collect(),
            archives: find_links_archives(&index),
            index: index.described(),
            variables: variables(|name| {
                (name.starts_with("PIP_") || name.starts_with("UV_")) && !Index::reads(name)
            }),
            files,
            local: local.into_iter().collect(),
        })
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

/// Where pip and uv keep settings such as indexes.
fn settings_files(project: Option<&Path>) -> Vec<PathBuf> {
    let variable = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = variable("HOME");
    let config =
        variable("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
    let mut files = vec![
        PathBuf::from("/etc/pip.conf"),
        PathBuf::from("/etc/uv/uv.toml"),
    ];
    files.extend(variable("PIP_CONFIG_FILE"));
    files.extend(variable("UV_CONFIG_FILE"));
    files.extend(home.map(|home| home.join(".pip/pip.conf")));
    files.extend(
        config
            .iter()
            .flat_map(|config| [config.join("pip/pip.conf"), config.join("uv/uv.toml")]),
    );
    files.extend(project.map(|project| project.join("uv.toml")));
    files
}

/// The distributions in all find-links directories.
pub(super) fn find_links_archives(index: &Index) -> Vec<PathBuf> {
    index
        .find_links
        .iter()
        .flat_map(|link| archives(Path::new(link)))
        .collect()
}

/// The distributions in a find-links directory, or the file itself if it is an HTML page.
fn archives(link: &Path) -> Vec<PathBuf> {
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
    let manifest = table(&path.join("pyproject.toml")).unwrap_or_default();
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
            .map(|link| format!("find-links {}", shown(link)))
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
}
