//! What decides which distributions get installed, and what a build can see: the inputs that caches go by.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use toml::{Table, Value};

use super::index::Index;
use super::installer::Installer;
use super::{InstallRequest, Lock, lock};
use crate::python::command::redact;
use crate::python::error::Result;
use crate::python::interpreter::Interpreter;

/// Variables by which people tell build back ends and compilers what to do.
const BUILD_VARIABLES: &[&str] =
    &["AR", "ARCHFLAGS", "CC", "CFLAGS", "CPPFLAGS", "CXX", "CXXFLAGS", "FC", "LD", "LDFLAGS", "RUSTFLAGS"];
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

/// Everything that the choice of distributions depends on, beside the interpreter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolution {
    /// `uv /usr/bin/uv` or `pip`.
    pub installer: String,
    pub requirements: Vec<String>,
    /// Extras and groups, for lock files.
    pub selection: Vec<String>,
    /// Find-links, indexes and switches, without credentials; names and values.
    pub index: Vec<String>,
    /// The installer's own variables that say more, with digests for values: some are secrets.
    pub variables: Vec<String>,
    /// Lock, constraints and the installers' settings: files whose content counts.
    pub files: Vec<PathBuf>,
    /// Wheels and source archives in find-links directories.
    pub archives: Vec<PathBuf>,
    /// Directories and archives of distributions on this machine, those that they need in turn among them.
    pub local: Vec<PathBuf>,
}

impl Resolution {
    /// Gathers the inputs of [`super::install_dependencies`] for the same request; runs nothing.
    pub fn of(interpreter: &Interpreter, request: &InstallRequest) -> Result<Self> {
        Index::check(request)?;
        let index = Index::new(request);
        let lock = &request.lock;
        let directory = request.project.unwrap_or(Path::new("."));
        let mut local = BTreeSet::new();
        for path in request.requirements.iter().filter_map(|one| local_path(one, directory)) {
            add_local(&path, &mut local);
        }
        if let Some(lock) = lock {
            for path in locked_paths(lock, directory) {
                add_local(&path, &mut local);
            }
        }
        if let Some(project) = request.project {
            for path in source_paths(project) {
                add_local(&path, &mut local);
            }
            local.remove(project);
        }
        let mut files: Vec<PathBuf> = lock.iter().flat_map(|lock| lock.files(directory)).collect();
        files.extend(index.constraint_files());
        files.extend(settings_files(request.project));
        files.retain(|file| file.is_file());
        Ok(Self {
            installer: Installer::named(request.installer, interpreter),
            requirements: request.requirements.iter().map(|one| redact(one)).collect(),
            selection: request.extras.iter().chain(&request.groups).cloned().collect(),
            archives: find_links_archives(&index),
            index: index.described(),
            variables: variables(|name| (name.starts_with("PIP_") || name.starts_with("UV_")) && !Index::reads(name)),
            files,
            local: local.into_iter().collect(),
        })
    }
}

/// The variables that a build back end may heed, with digests for values.
pub fn build_variables() -> Vec<String> {
    variables(|name| BUILD_VARIABLES.contains(&name) || BUILD_PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
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

/// Where pip and uv keep settings that name indexes and the like.
fn settings_files(project: Option<&Path>) -> Vec<PathBuf> {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = variable("HOME");
    let config = variable("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
    let mut files = vec![PathBuf::from("/etc/pip.conf"), PathBuf::from("/etc/uv/uv.toml")];
    files.extend(variable("PIP_CONFIG_FILE"));
    files.extend(variable("UV_CONFIG_FILE"));
    files.extend(home.map(|home| home.join(".pip/pip.conf")));
    files.extend(config.iter().flat_map(|config| [config.join("pip/pip.conf"), config.join("uv/uv.toml")]));
    files.extend(project.map(|project| project.join("uv.toml")));
    files
}

/// The distributions in all find-links directories.
pub(super) fn find_links_archives(index: &Index) -> Vec<PathBuf> {
    index.find_links.iter().flat_map(|link| archives(Path::new(link))).collect()
}

/// The distributions in a find-links directory, or the page itself.
fn archives(link: &Path) -> Vec<PathBuf> {
    if link.is_file() {
        return vec![link.to_path_buf()];
    }
    let is_archive = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        [".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz"].iter().any(|end| name.ends_with(end))
    };
    let entries = fs::read_dir(link).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_archive).collect();
    found.sort();
    found
}

/// The path that a requirement names: `./x`, `/x`, `name @ file:///x`, `name @ ./x`.
fn local_path(requirement: &str, directory: &Path) -> Option<PathBuf> {
    let requirement = requirement.split(" ;").next()?.trim();
    let target =
        requirement.split_once(" @ ").or_else(|| requirement.split_once('@')).map_or(requirement, |(_, target)| target);
    let target = target.trim();
    let path = match target.strip_prefix("file:") {
        Some(rest) => {
            let rest = rest.strip_prefix("//localhost").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
            percent_decode_str(rest.split('#').next()?).decode_utf8_lossy().into_owned()
        }
        None if target.starts_with(['.', '/']) => target.split('[').next()?.to_owned(),
        None => return None,
    };
    Some(directory.join(path)).filter(|path| path.exists())
}

/// Adds a local distribution and those that it names in turn.
fn add_local(path: &Path, found: &mut BTreeSet<PathBuf>) {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if !found.insert(path.clone()) || !path.is_dir() {
        return;
    }
    for next in source_paths(&path) {
        add_local(&next, found);
    }
}

/// Local distributions that a project's manifest names: in its requirements, or as uv's sources.
fn source_paths(project: &Path) -> Vec<PathBuf> {
    let Some(manifest) = read_table(&project.join("pyproject.toml")) else { return Vec::new() };
    let mut found = Vec::new();
    if let Some(project_table) = manifest.get("project") {
        let optional = project_table.get("optional-dependencies").and_then(Value::as_table);
        let lists = project_table.get("dependencies").into_iter().chain(optional.into_iter().flat_map(Table::values));
        let requirements = lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
        found.extend(requirements.filter_map(|requirement| local_path(requirement, project)));
    }
    let sources = manifest.get("tool").and_then(|tool| tool.get("uv")?.get("sources")?.as_table());
    for source in sources.into_iter().flat_map(Table::values) {
        let several = source.as_array().map(Vec::as_slice).unwrap_or_default();
        let paths = std::iter::once(source).chain(several).filter_map(|source| source.get("path")?.as_str());
        found.extend(paths.map(|path| project.join(path)).filter(|path| path.exists()));
    }
    found
}

/// Local distributions in a lock file.
fn locked_paths(lock: &Lock, directory: &Path) -> Vec<PathBuf> {
    let (file, list, keys): (_, _, &[&str]) = match lock {
        Lock::Uv(file) | Lock::Script { lock: file, .. } => {
            (file, "package", &["editable", "directory", "virtual", "path"])
        }
        Lock::Pylock(file) => (file, "packages", &["path"]),
        Lock::Requirements(_) => {
            return lock::lines_of(&lock.files(directory))
                .iter()
                .filter_map(|line| local_path(line, directory))
                .collect();
        }
    };
    let base = file.parent().unwrap_or(Path::new("."));
    let table = read_table(file).unwrap_or_default();
    let packages = table.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let sources = packages.iter().filter_map(|package| package.get("source").or_else(|| package.get("directory")));
    sources
        .flat_map(|source| keys.iter().filter_map(|key| source.get(*key)?.as_str()))
        .map(|path| base.join(path))
        .filter(|path| path.exists())
        .collect()
}

fn read_table(path: &Path) -> Option<Table> {
    fs::read_to_string(path).ok()?.parse().ok()
}

impl Index {
    /// Everything that is not content of files, a phrase each, without credentials.
    fn described(&self) -> Vec<String> {
        let mut all: Vec<String> = self.find_links.iter().map(|link| format!("find-links {}", redact(link))).collect();
        all.extend(self.url.iter().map(|url| format!("index {}", redact(url))));
        all.extend(self.extra_urls.iter().map(|url| format!("extra index {}", redact(url))));
        all.extend(self.insecure_hosts.iter().map(|host| format!("insecure host {host}")));
        if self.find_links_only {
            all.push("no index".into());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_by_path_are_recognised() {
        let scratch = tempfile::tempdir().expect("scratch");
        let lib = scratch.path().join("my lib");
        fs::create_dir(&lib).expect("made");
        let url = format!("mine @ file://{}/my%20lib", scratch.path().display());
        assert_eq!(local_path(&url, Path::new("/")), Some(lib.clone()));
        assert_eq!(local_path("./my lib", scratch.path()), Some(scratch.path().join("./my lib")));
        assert_eq!(local_path("click>=8 ; python_version > '3'", scratch.path()), None);
        assert_eq!(local_path("x @ https://host/x.whl", scratch.path()), None);
    }

    #[test]
    fn siblings_of_siblings_count() {
        let scratch = tempfile::tempdir().expect("scratch");
        let project = |name: &str, text: &str| {
            let directory = scratch.path().join(name);
            fs::create_dir(&directory).expect("made");
            fs::write(directory.join("pyproject.toml"), text).expect("written");
            directory.canonicalize().expect("there")
        };
        let far = project("far", "[project]\nname = \"far\"\n[tool.uv.sources]\nnear = { path = \"../near\" }\n");
        let near = project("near", "[tool.uv.sources]\nfar = { path = \"../far\", editable = true }\n");
        let mut found = BTreeSet::new();
        add_local(&near, &mut found);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [far, near]);
    }
}
