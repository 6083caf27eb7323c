use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::LaunchError;
use super::environment::{Environment, expand};
use super::progress::Line;
use crate::format::{Metadata, Program};
use crate::package::Reader;
use crate::report::Stopwatch;
use crate::trust::{Refusal, judge};
use crate::workenv::{Cache, materialise};

/// How a package was called.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The package file.
    pub package: PathBuf,
    /// The name it was called by, which may be a link's: it chooses among several programs.
    pub name: OsString,
    /// The caller's arguments.
    pub arguments: Vec<OsString>,
    pub environment: Environment,
}

/// What is to be exec'ed. The value also holds the lock that keeps the environment alive.
#[derive(Debug)]
pub struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Environment,
    /// Stays open across `exec`.
    pub keep: OwnedFd,
}

/// Does everything that comes before `exec`.
///
/// # Errors
/// See [`LaunchError`].
pub fn prepare(invocation: Invocation) -> Result<Launch, LaunchError> {
    let clock = Stopwatch::start();
    let path = &invocation.package;
    let refused = |source: Refusal| LaunchError::Refused { path: path.clone(), source };
    let reader = Reader::open(path).map_err(|error| refused(error.into()))?;
    let accepted = judge(reader).map_err(refused)?;
    tracing::debug!(took = %clock.took(), "accept");
    let failed = |source| LaunchError::Workenv { path: path.clone(), source };
    let cache = Cache::open(path).map_err(failed)?;
    let workenv = materialise(&accepted, &cache, &Line::default()).map_err(failed)?;
    let metadata = accepted.reader().metadata();
    let program = choose(metadata, &invocation.name).ok_or(LaunchError::NoProgram)?;
    let mut words = program.argv.iter().map(|word| expand(word, &workenv.root));
    let executable = PathBuf::from(words.next().ok_or(LaunchError::NoProgram)?);
    let environment = invocation
        .environment
        .adjusted(&metadata.runtime.env, &workenv.root)
        .extended(&metadata.execution.env, &workenv.root)
        .with("FLAVOR_WORKENV", workenv.root.as_os_str())
        .with("FLAVOR_PACKAGE_PATH", path.as_os_str());
    let environment = with_origin(environment, &executable);
    let arguments = words.chain(invocation.arguments).collect();
    tracing::debug!(program = %executable.display(), took = %clock.took(), "launch");
    let keep = workenv.keep_across_exec().map_err(failed)?;
    Ok(Launch { program: executable, arguments, environment, keep })
}

/// Where /proc is not mounted, the dynamic linker cannot find out what `$ORIGIN` in the program's search path stands for
/// (ld.so(8)); this variable tells it. Elsewhere the environment stays as it is.
fn with_origin(environment: Environment, executable: &Path) -> Environment {
    if Path::new("/proc/self/exe").read_link().is_ok() {
        return environment;
    }
    let real = executable.canonicalize().unwrap_or_else(|_| executable.into());
    match real.parent() {
        Some(origin) => environment.with("LD_ORIGIN_PATH", origin.as_os_str()),
        None => environment,
    }
}

/// The program that the name asks for: of the same name, with or without a suffix of packages; otherwise the first.
fn choose<'a>(metadata: &'a Metadata, name: &OsStr) -> Option<&'a Program> {
    let programs = &metadata.flavor.as_ref()?.programs;
    let base = Path::new(name).file_name().unwrap_or_default().as_bytes();
    let stem = base.strip_suffix(b".psp").or_else(|| base.strip_suffix(b".pspf")).unwrap_or(base);
    let named = |wanted: &[u8]| programs.iter().find(|program| program.name.as_bytes() == wanted);
    named(base).or_else(|| named(stem)).or_else(|| programs.first())
}
