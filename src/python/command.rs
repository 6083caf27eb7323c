//! Child processes: a clean environment, captured output, no secrets in recorded output.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::child;
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
pub use crate::report::redact;
pub(super) use crate::report::{fingerprinted, without_secrets, without_user};

/// A program that cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("cannot start `{}`", program.display())]
pub struct StartError {
    pub program: PathBuf,
    pub source: io::Error,
}

impl Diagnostic for StartError {
    fn diagnosis(&self) -> Diagnosis {
        Code::PROGRAM_STOPPED.into()
    }
}

/// Variables that make a Python tool use another environment, or change its behaviour. Those that
/// begin with `PYTHON` are removed as well.
const LEAKING: &[&str] = &[
    "__PYVENV_LAUNCHER__",
    "CONDA_PREFIX",
    "PIP_BREAK_SYSTEM_PACKAGES",
    "PIP_DRY_RUN",
    "PIP_NO_DEPS",
    "PIP_PREFIX",
    "PIP_PYTHON",
    "PIP_REPORT",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
    "PYENV_VERSION",
    "UV_BREAK_SYSTEM_PACKAGES",
    "UV_BUILD_CONSTRAINT_DIR",
    "UV_COMPILE_BYTECODE",
    "UV_LINK_MODE",
    "UV_NO_EDITABLE",
    "UV_PROJECT",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "UV_WORKING_DIRECTORY",
    "VIRTUAL_ENV",
];

/// A command for `program` without input and without variables that would pass on the caller's
/// Python configuration.
///
/// Hash randomisation is disabled in it and its children, because some back ends write sets in
/// iteration order.
pub(super) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("PYTHON") || LEAKING.contains(&&*text) {
            command.env_remove(&name);
        }
    }
    // Native code compiled by a back end must not contain its directory, or two builds would
    // differ.
    for name in ["CFLAGS", "CXXFLAGS"] {
        let mut flags = env::var_os(name).unwrap_or_default();
        flags.push(" -g0");
        command.env(name, flags);
    }
    command
        .env("PYTHONHASHSEED", "0")
        .env("PYTHONUTF8", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Runs to the end and returns the output; for long output, the beginning and the end.
pub(super) fn run(command: &mut Command) -> Result<Output, StartError> {
    child::output(command).map_err(|source| not_started(command, source))
}

/// The same for a command whose output is machine-readable.
pub(super) fn ask(command: &mut Command) -> Result<Output, StartError> {
    child::answer(command).map_err(|source| not_started(command, source))
}

pub(super) fn not_started(command: &Command, source: io::Error) -> StartError {
    StartError {
        program: PathBuf::from(command.get_program()),
        source,
    }
}

/// The output of a program for a message, with each line prefixed.
pub(super) fn indented(who: &str, said: &[String]) -> String {
    said.iter()
        .map(|line| format!("  {who}: {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The first executable file called `name` on PATH.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    path_directories()
        .into_iter()
        .map(|directory| directory.join(name))
        .find(|path| is_executable(path))
}

/// The absolute directories of PATH, in order. Relative ones depend on the working directory and
/// are not searched.
pub(super) fn path_directories() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .collect()
}

pub(super) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
