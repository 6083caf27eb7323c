use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::LaunchError;
use super::choice::choose;
use super::environment::{Environment, expand};
use super::error::shown;
use super::progress::Line;
use super::set_up::Commands;
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::package::Reader;
use crate::report::{Stopwatch, printable};
use crate::trust::{Accepted, NotNoted, Refusal, judge};
use crate::workenv::{
    Cache, Check, EnvId, Provision, WorkenvError, detach, lazy_slot, materialise, shared,
};

/// Enables stricter checks. It cannot disable any.
const VALIDATION: &str = "FLAVOR_VALIDATION";
const STRICT: &str = "strict";
/// The variable that holds the path of the environment, for programs inside a package.
const WORKENV_VARIABLE: &str = "FLAVOR_WORKENV";

/// How a package was called.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The package file.
    pub package: PathBuf,
    /// The name it was called by, which may be a link's. Selects among several programs.
    pub name: OsString,
    /// The path that was executed, before any link was followed.
    pub executed: PathBuf,
    /// The caller's arguments.
    pub arguments: Vec<OsString>,
    pub environment: Environment,
}

/// What to exec. The value also holds the locks that keep the environment from being removed.
#[derive(Debug)]
pub struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Environment,
    /// Stay open across `exec`.
    pub keep: Vec<OwnedFd>,
}

/// Does everything up to `exec`.
///
/// # Errors
/// See [`LaunchError`].
pub fn prepare(invocation: Invocation) -> Result<Launch, LaunchError> {
    let clock = Stopwatch::start();
    let path = &invocation.package;
    let accepted = accept(path)?;
    tracing::debug!(took = %clock.took(), "accept");
    let metadata = accepted.reader().metadata();
    let argv = choose(metadata, &invocation)?;
    let failed = |source| LaunchError::Workenv {
        path: path.clone(),
        source,
    };
    let (cache, lack) = Cache::open(path).map_err(failed)?;
    if let Some(lack) = lack.filter(|_| std::io::stderr().is_terminal()) {
        warn(&lack.to_string(), &lack.diagnosis());
    }
    let provide = |how: Provision<'_>| materialise(&accepted, &cache, how);
    let workenv = with_provision(&accepted, &invocation.environment, provide).map_err(failed)?;
    let mut words = argv.iter().map(|word| expand(word, &workenv.root));
    let executable = PathBuf::from(words.next().ok_or(LaunchError::NoProgram)?);
    let python = metadata
        .flavor
        .as_ref()
        .and_then(|facts| facts.python.as_ref());
    // The interpreter of the package is built for the package's target.
    if !executable.ends_with("bin/python")
        && let Some(foreign) = LaunchError::foreign(&executable)
    {
        return Err(foreign);
    }
    let environment = invocation
        .environment
        .of_package(metadata, &workenv.root, path);
    let environment = environment.withheld(python, &argv, &workenv.root);
    let environment = with_origin(environment, &executable);
    let arguments = words.chain(invocation.arguments).collect();
    tracing::debug!(program = %executable.display(), took = %clock.took(), "launch");
    // PID 1 of a container would have to reap the child, and the cache of a container is
    // short-lived.
    if workenv.is_due && std::process::id() != 1 && cache.is_due() {
        detach(path, &[OsStr::new("evict"), cache.root().as_os_str()]);
    }
    let keep = workenv.keep_across_exec().map_err(failed)?;
    Ok(Launch {
        program: executable,
        arguments,
        environment,
        keep,
    })
}

/// Extracts a package without starting it, into the cache or into a directory that becomes part of
/// an image. Returns the environment.
///
/// # Errors
/// See [`LaunchError`].
pub fn warm(
    package: &Path,
    to: Option<&Path>,
    environment: &Environment,
) -> Result<PathBuf, LaunchError> {
    let accepted = accept(package)?;
    let failed = |source| LaunchError::Workenv {
        path: package.into(),
        source,
    };
    let cache = match to {
        Some(directory) => Cache::portable(directory),
        None => Cache::open_lasting(),
    };
    let cache = cache.map_err(failed)?;
    let workenv = with_provision(&accepted, environment, |how| shared(&accepted, &cache, how))
        .map_err(failed)?;
    if to.is_some() {
        cache.synchronise().map_err(failed)?;
    }
    Ok(workenv.root)
}

/// Repairs the damaged parts of an environment from its package. Returns `false` if the package at
/// that path is a different one now.
///
/// # Errors
/// See [`LaunchError`].
pub fn repair(
    package: &Path,
    id: &EnvId,
    cache: &Cache,
    environment: &Environment,
) -> Result<bool, LaunchError> {
    let accepted = accept(package)?;
    if EnvId::of(accepted.reader()) != *id {
        return Ok(false);
    }
    let strict = environment.clone().with(VALIDATION, OsStr::new(STRICT));
    let provided = with_provision(&accepted, &strict, |how| shared(&accepted, cache, how));
    provided.map_err(|source| LaunchError::Workenv {
        path: package.into(),
        source,
    })?;
    Ok(true)
}

/// The path of a slot, which is extracted if necessary. Inside a running program it is in the
/// program's own environment.
///
/// # Errors
/// See [`LaunchError`].
pub fn slot_path(
    package: &Path,
    slot: &str,
    environment: &Environment,
) -> Result<PathBuf, LaunchError> {
    let accepted = accept(package)?;
    let failed = |source: WorkenvError| LaunchError::Workenv {
        path: package.into(),
        source,
    };
    let no_slot = |source| LaunchError::NoSlot {
        path: package.into(),
        source,
    };
    let slot = accepted.reader().slot(slot).map_err(no_slot)?;
    let running = environment.get(WORKENV_VARIABLE).map(PathBuf::from);
    let within = running.and_then(|workenv| {
        Cache::of_running(&workenv, accepted.reader()).map(|cache| (cache, workenv))
    });
    let (cache, running) = match within {
        Some((cache, workenv)) => (cache, Some(workenv)),
        None => (Cache::open_lasting().map_err(failed)?, None),
    };
    let path = with_provision(&accepted, environment, |how| {
        let workenv = shared(&accepted, &cache, how)?;
        lazy_slot(
            &accepted,
            &cache,
            &slot,
            running.as_deref().unwrap_or(&workenv.root),
            how,
        )
    });
    path.map_err(failed)
}

fn accept(package: &Path) -> Result<Accepted, LaunchError> {
    let refused = |source: Refusal| LaunchError::Refused {
        path: package.into(),
        source,
    };
    let reader = Reader::open(package).map_err(|error| refused(error.into()))?;
    let accepted = judge(reader).map_err(refused)?;
    for warning in accepted.warnings() {
        let text = printable(&format!("warning: {}: {warning}", package.display())).to_string();
        // If stderr is closed, the warning is lost.
        drop(std::io::stderr().write_all(format!("{text}\n").as_bytes()));
    }
    let not_noted = |why: &dyn std::fmt::Display, remedy: Cow<'static, str>| {
        warn(
            &format!("{}: its signer is not recorded: {why}", package.display()),
            &Code::SIGNER_NOT_NOTED.with_hint(remedy),
        );
    };
    match accepted.not_noted() {
        Some(NotNoted::LockedOut(hindrance)) => not_noted(hindrance, hindrance.remedy().into()),
        // A service without a home directory would repeat the warning at every start.
        Some(why) if std::io::stderr().is_terminal() => {
            not_noted(why, "set HOME to a permanent directory of your own".into());
        }
        _ => {}
    }
    Ok(accepted)
}

/// Prints a warning to stderr. If that is closed, it is lost.
fn warn(text: &str, diagnosis: &Diagnosis) {
    let text = shown("warning", &[printable(text).into()], diagnosis);
    drop(std::io::stderr().write_all(text.as_bytes()));
}

fn with_provision<T>(
    accepted: &Accepted,
    environment: &Environment,
    work: impl FnOnce(Provision<'_>) -> Result<T, WorkenvError>,
) -> Result<T, WorkenvError> {
    let reader = accepted.reader();
    let set_up = Commands {
        metadata: reader.metadata(),
        environment,
        package: reader.path(),
    };
    let is_strict = environment
        .get(VALIDATION)
        .is_some_and(|word| word.eq_ignore_ascii_case(STRICT));
    let check = if is_strict {
        Check::Strict
    } else {
        Check::Seal
    };
    work(Provision {
        check,
        progress: &Line::default(),
        set_up: &set_up,
    })
}

/// Without /proc the dynamic linker cannot resolve `$ORIGIN` in the program's search path
/// (ld.so(8)); this variable tells it. Otherwise the environment is left unchanged.
fn with_origin(environment: Environment, executable: &Path) -> Environment {
    if Path::new("/proc/self/exe").read_link().is_ok() {
        return environment;
    }
    let real = executable
        .canonicalize()
        .unwrap_or_else(|_| executable.into());
    match real.parent() {
        Some(origin) => environment.with("LD_ORIGIN_PATH", origin.as_os_str()),
        None => environment,
    }
}
