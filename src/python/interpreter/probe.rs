use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use crate::python::command::{self, redact};

/// The maximum length of the output that is shown of a program that is not an interpreter.
const LONGEST_COMPLAINT: usize = 200;
/// Source of the probe that an interpreter runs to describe itself.
const PROBE: &str = include_str!("probe.py");

/// An interpreter and the paths of its parts, as reported by itself.
///
/// Virtual environments and shims are resolved: all paths are those of the base installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The installation's own executable, symbolic links not resolved.
    pub executable: PathBuf,
    /// The same with all symbolic links resolved.
    pub real_executable: PathBuf,
    /// `cpython`; [`discover`](super::discover) accepts no other.
    pub implementation: String,
    pub version: (u8, u8, u8),
    /// Including a prerelease suffix: `3.14.0rc1`.
    pub version_text: String,
    pub prefix: PathBuf,
    pub base_prefix: PathBuf,
    pub base_exec_prefix: PathBuf,
    /// The pure-Python standard library: `…/lib/python3.13`.
    pub stdlib: PathBuf,
    pub platstdlib: PathBuf,
    /// The standard library's extension modules: `…/lib-dynload`. May be missing in a static build.
    pub dynload: PathBuf,
    /// The libpython that the executable loads; `None` if it is statically linked.
    pub library: Option<PathBuf>,
    /// The cache tag in a bytecode file's name: `cpython-313`.
    pub cache_tag: String,
    /// The tag in an extension module's name: `cpython-313-x86_64-linux-gnu`.
    pub soabi: String,
    /// As in wheel tags, before normalisation: `linux-x86_64`.
    pub platform: String,
    /// Magic number of bytecode files.
    pub magic_number: [u8; 4],
    pub kind: Kind,
    pub free_threaded: bool,
    /// The environment of markers (PEP 508): `sys_platform` and ten more.
    pub markers: BTreeMap<String, String>,
    /// Names of the built-in modules.
    pub builtin_modules: Vec<String>,
}

/// The kind of installation, which determines how it is made relocatable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A standalone build, as managed by uv: relocatable as it is.
    Managed,
    /// Any other installation with a prefix of its own: pyenv's, one under `/opt`, a local build.
    Prefix,
    /// The operating system's, spread over `/usr`.
    System,
}

impl Interpreter {
    /// `python3.13`, and `python3.13t` for a free-threaded build: the name of its directory under
    /// `lib`.
    pub fn directory_name(&self) -> String {
        let (major, minor, _) = self.version;
        format!(
            "python{major}.{minor}{}",
            if self.free_threaded { "t" } else { "" }
        )
    }

    /// Path of the modules in a prefix-shaped tree for this interpreter:
    /// `lib/python3.13/site-packages`.
    pub fn site_packages(&self) -> PathBuf {
        Path::new("lib")
            .join(self.directory_name())
            .join("site-packages")
    }

    /// Runs the probe with the executable at `path`.
    pub fn probe(path: &Path) -> Result<Self> {
        Ok(Self::ask(path)?.into_interpreter())
    }

    pub(super) fn ask(path: &Path) -> Result<ProbeAnswer> {
        let started = Instant::now();
        let output = command::ask(command::command(path).args(["-I", "-S", "-c", PROBE]))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said
                .lines()
                .rev()
                .find(|line| !line.trim().is_empty())
                .unwrap_or("it printed nothing");
            // Some programs echo their arguments, which are long.
            let said: String = said.trim().chars().take(LONGEST_COMPLAINT).collect();
            return Err(Error::NotAnInterpreter {
                path: path.to_path_buf(),
                said: redact(&said),
            });
        }
        let facts: ProbeAnswer = serde_json::from_slice(&output.stdout).map_err(|error| {
            tracing::debug!(path = %path.display(), %error, "not a probe's answer");
            Error::NotAnInterpreter {
                path: path.to_path_buf(),
                said: "it did not answer the probe".into(),
            }
        })?;
        tracing::debug!(
            path = %path.display(),
            version = %facts.version_text,
            took = %format_args!("{}ms", started.elapsed().as_millis()),
            "probed interpreter"
        );
        Ok(facts)
    }

    /// Whether this is a prerelease, such as `3.14.0rc1`.
    pub fn is_prerelease(&self) -> bool {
        self.version_text
            .contains(|c: char| c.is_ascii_alphabetic())
    }
}

/// The probe's answer. Field names are the JSON's.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct ProbeAnswer {
    executable: PathBuf,
    implementation: String,
    version: (u8, u8, u8),
    version_text: String,
    prefix: PathBuf,
    base_prefix: PathBuf,
    base_exec_prefix: PathBuf,
    stdlib: PathBuf,
    platstdlib: PathBuf,
    dynload: PathBuf,
    library: Option<PathBuf>,
    cache_tag: String,
    soabi: String,
    platform: String,
    magic_number: [u8; 4],
    standalone: bool,
    free_threaded: bool,
    markers: BTreeMap<String, String>,
    builtin_modules: Vec<String>,
}

impl ProbeAnswer {
    pub(super) fn into_interpreter(self) -> Interpreter {
        let managed = self.standalone
            || managed_root().is_some_and(|root| self.base_prefix.starts_with(root));
        let kind = if managed {
            Kind::Managed
        } else if self.base_prefix == Path::new("/usr") {
            Kind::System
        } else {
            Kind::Prefix
        };
        Interpreter {
            real_executable: self
                .executable
                .canonicalize()
                .unwrap_or_else(|_| self.executable.clone()),
            executable: self.executable,
            implementation: self.implementation,
            version: self.version,
            version_text: self.version_text,
            prefix: self.prefix,
            base_prefix: self.base_prefix,
            base_exec_prefix: self.base_exec_prefix,
            stdlib: self.stdlib,
            platstdlib: self.platstdlib,
            dynload: self.dynload,
            library: self.library,
            cache_tag: self.cache_tag,
            soabi: self.soabi,
            platform: self.platform,
            magic_number: self.magic_number,
            kind,
            free_threaded: self.free_threaded,
            markers: self.markers,
            builtin_modules: self.builtin_modules,
        }
    }
}

/// uv's directory of interpreters, whether or not it exists.
pub(super) fn managed_root() -> Option<PathBuf> {
    let variable = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("UV_PYTHON_INSTALL_DIR")
        .or_else(|| variable("XDG_DATA_HOME").map(|data| data.join("uv/python")))
        .or_else(|| variable("HOME").map(|home| home.join(".local/share/uv/python")))
}
