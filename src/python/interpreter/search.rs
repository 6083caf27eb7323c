use std::cmp::Reverse;
use std::collections::HashSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Instant;

use pep440_rs::Version;

use super::error::{Error, FoundInterpreter, Result};
use super::probe::{Interpreter, Kind, managed_root};
use super::request::{Named, Request, Wanted, version_file};
use crate::python::command::{is_executable, on_path, path_directories};
use crate::target::{CLibrary, Host};

/// The executables in one place, unordered.
type Candidates = fn() -> Vec<PathBuf>;

/// A place to search. They are tried in this order, and the first with an acceptable interpreter is
/// used.
const SOURCES: [(&str, Candidates); 5] = [
    ("uv", managed),
    ("pyenv", pyenv),
    ("/opt", opt),
    ("PATH", path),
    ("system", || vec![PathBuf::from("/usr/bin/python3")]),
];

/// Finds the interpreter for a request: the named one, else the newest acceptable one of the first
/// place that has any.
///
/// Runs the chosen interpreter to learn the facts, and those whose path does not tell their
/// version.
pub fn discover(request: &Request) -> Result<Interpreter> {
    let started = Instant::now();
    let requires = request
        .requires_python
        .map_or_else(|| Ok(Wanted::default()), Wanted::requires)?;
    let interpreter = match request.explicit.map(Named::parse).transpose()? {
        Some(Named::Path(path)) => {
            at(&path, request).and_then(|found| suitable(found, &requires, request))
        }
        Some(Named::Program(name)) => {
            let path = on_path(&name).ok_or_else(|| nothing_found(request))?;
            request
                .probe(&path)
                .and_then(|found| suitable(found, &requires, request))
        }
        Some(Named::Version(wanted)) => {
            search(&wanted.and(&requires), request).ok_or_else(|| nothing_found(request))
        }
        None => {
            let wish = request
                .directory
                .and_then(version_file)
                .map(|wish| wish.and(&requires));
            wish.and_then(|wish| {
                let found = search(&wish, request);
                if found.is_none() {
                    tracing::warn!("no interpreter matches `.python-version`, using another");
                }
                found
            })
            .or_else(|| search(&requires, request))
            .ok_or_else(|| nothing_found(request))
        }
    }?;
    tracing::info!(
        version = %interpreter.version_text,
        path = %interpreter.executable.display(),
        took = %format_args!("{}ms", started.elapsed().as_millis()),
        "found interpreter"
    );
    Ok(interpreter)
}

/// The interpreter at a path given by the user: an executable or the prefix of an installation.
fn at(path: &Path, request: &Request) -> Result<Interpreter> {
    if path.is_dir() {
        let executable = executable_in(path).ok_or_else(|| Error::NoInterpreterIn {
            path: path.to_path_buf(),
        })?;
        return request.probe(&executable);
    }
    if !path.exists() {
        return Err(Error::NoSuchInterpreter {
            path: path.to_path_buf(),
        });
    }
    // The system would look up a bare name on PATH.
    request.probe(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))
}

/// A named interpreter may be a prerelease or free-threaded, but must satisfy the project's
/// `requires-python`.
fn suitable(interpreter: Interpreter, requires: &Wanted, request: &Request) -> Result<Interpreter> {
    let (major, minor, patch) = interpreter.version;
    let numbers = Version::new([major, minor, patch].map(u64::from));
    if interpreter.implementation == "cpython" && requires.accepts_version(&numbers) {
        return Ok(interpreter);
    }
    Err(Error::Unsuitable {
        path: interpreter.executable,
        implementation: interpreter.implementation,
        version: interpreter.version_text,
        requires: request.requires_python.unwrap_or(">=3.8").to_owned(),
    })
}

fn search(wanted: &Wanted, request: &Request) -> Option<Interpreter> {
    let mut seen = HashSet::new();
    for (source, candidates) in SOURCES {
        let mut fitting: Vec<(Version, Interpreter)> = Vec::new();
        let mut guessed: Vec<(Option<Version>, PathBuf)> = candidates()
            .into_iter()
            .map(|path| (guess(&path), path))
            .collect();
        guessed.sort_by(|one, other| other.0.cmp(&one.0));
        for (version, path) in guessed {
            // Virtual environments link to their base's executable; one probe is enough.
            if !path.canonicalize().is_ok_and(|real| seen.insert(real)) {
                continue;
            }
            // Only a full version is reliable: `python3.13` may be any patch release, even a
            // candidate.
            if version
                .as_ref()
                .is_some_and(|v| v.release().len() > 2 && !wanted.accepts_version(v))
            {
                continue;
            }
            let found = match request.probe(&path) {
                Ok(found) => found,
                Err(error) => {
                    tracing::debug!(source, path = %path.display(), %error, "passed over");
                    continue;
                }
            };
            // The operating system's own is on PATH too, but is tried last.
            if source == "PATH" && found.kind == Kind::System {
                seen.remove(&found.real_executable);
                continue;
            }
            if !wanted.accepts(&found) {
                tracing::debug!(source, path = %path.display(), version = %found.version_text, "does not fit");
                continue;
            }
            // Sorted by the version in the path: the first match is the newest if the path was
            // complete and right.
            let certain = version.is_some_and(|version| version.release().len() > 2);
            fitting.push((Version::from_str(&found.version_text).ok()?, found));
            if certain {
                break;
            }
        }
        // Of equal versions the first on PATH is used; `max_by` would take the last.
        let newest = fitting
            .into_iter()
            .rev()
            .max_by(|one, other| one.0.cmp(&other.0));
        if let Some((_, found)) = newest {
            tracing::debug!(source, version = %found.version_text, "chosen");
            return Some(found);
        }
    }
    None
}

fn nothing_found(request: &Request) -> Error {
    let mut found: Vec<FoundInterpreter> = Vec::new();
    let mut seen = HashSet::new();
    for (_, candidates) in SOURCES {
        for path in candidates() {
            if !path.canonicalize().is_ok_and(|real| seen.insert(real)) {
                continue;
            }
            let version = guess(&path)
                .filter(|version| version.release().len() > 2)
                .map(|version| version.to_string());
            let version =
                version.or_else(|| request.probe(&path).ok().map(|found| found.version_text));
            found.extend(version.map(|version| FoundInterpreter { version, path }));
        }
    }
    let key = |one: &FoundInterpreter| Version::from_str(&one.version).ok();
    found.sort_by_key(|one| Reverse(key(one)));
    let mut wanted = request
        .explicit
        .or(request.requires_python)
        .unwrap_or(">=3.8")
        .to_owned();
    // The named one exists, so the message must say why it is not accepted.
    let named = request.explicit.and_then(Wanted::parse);
    let fits = |one: &FoundInterpreter| {
        let version = Version::from_str(&one.version).ok();
        named
            .as_ref()
            .zip(version)
            .is_some_and(|(named, version)| named.accepts_version(&version))
    };
    if let Some(requires) = request.requires_python.filter(|_| found.iter().any(fits)) {
        wanted = format!("{wanted}` and the project's `{requires}");
    }
    Error::NoInterpreter {
        wanted,
        free_threaded: wants_free_threading(request),
        found,
    }
}

fn wants_free_threading(request: &Request) -> bool {
    request
        .explicit
        .and_then(Wanted::parse)
        .is_some_and(|wanted| wanted.wants_free_threading())
}

/// The version in a path: a full one from an installation's directory, else that in the
/// executable's name.
fn guess(executable: &Path) -> Option<Version> {
    let directory = executable
        .parent()
        .and_then(Path::parent)
        .and_then(Path::file_name)?
        .to_str()?;
    // `3.13.1`, or uv's `cpython-3.13.1-linux-x86_64-gnu` and `cpython-3.13.1+freethreaded-…`
    let directory = directory.strip_prefix("cpython-").unwrap_or(directory);
    let numbers = directory
        .split(['-', '+'])
        .next()
        .unwrap_or(directory)
        .trim_end_matches('t');
    let whole = Version::from_str(numbers)
        .ok()
        .filter(|version| version.release().len() == 3);
    whole.or_else(|| {
        let name = executable
            .file_name()?
            .to_str()?
            .strip_prefix("python")?
            .trim_end_matches('t');
        Version::from_str(name)
            .ok()
            .filter(|version| version.release().len() == 2)
    })
}

fn managed() -> Vec<PathBuf> {
    let libc = CLibrary::of_host().triple_name();
    let system = if cfg!(target_os = "macos") {
        "macos"
    } else {
        env::consts::OS
    };
    let fits = |name: &str| {
        let parts: Vec<&str> = name.split('-').collect();
        matches!(parts.as_slice(), ["cpython", _, os, arch, flavour]
            if *os == system && *arch == Host::PROCESSOR.name() && (*flavour == libc || *flavour == "none"))
    };
    managed_root()
        .map(|root| installations(&root, fits))
        .unwrap_or_default()
}

fn pyenv() -> Vec<PathBuf> {
    pyenv_root()
        .map(|root| installations(&root.join("versions"), |_| true))
        .unwrap_or_default()
}

fn pyenv_root() -> Option<PathBuf> {
    let root = env::var_os("PYENV_ROOT")
        .filter(|root| !root.is_empty())
        .map(PathBuf::from);
    root.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv")))
}

fn opt() -> Vec<PathBuf> {
    let is_python = |name: &str| name.to_ascii_lowercase().contains("python");
    let mut found = installations(Path::new("/opt"), is_python);
    // One directory of several, as in the manylinux images.
    found.extend(installations(Path::new("/opt/python"), |_| true));
    found
}

fn path() -> Vec<PathBuf> {
    let shims = pyenv_root().map(|root| root.join("shims"));
    let mut found = Vec::new();
    for directory in path_directories() {
        // Shims lead to pyenv's versions, which were searched already, or back to PATH.
        if Some(&directory) == shims.as_ref() {
            continue;
        }
        found.extend(versioned(&directory));
        found.extend(
            ["python3", "python"]
                .map(|name| directory.join(name))
                .into_iter()
                .filter(|path| is_executable(path)),
        );
    }
    found
}

/// The executables of all installations in directories of `root` with an acceptable name.
fn installations(root: &Path, fits: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut prefixes: Vec<PathBuf> = fs::read_dir(root)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && fits(name))
        .map(|name| root.join(name))
        .collect();
    prefixes.sort();
    prefixes
        .iter()
        .filter_map(|prefix| executable_in(prefix))
        .collect()
}

/// An installation's executable, by its most specific name.
fn executable_in(prefix: &Path) -> Option<PathBuf> {
    let bin = prefix.join("bin");
    let named = ["python3", "python"].map(|name| bin.join(name));
    versioned(&bin)
        .into_iter()
        .chain(named)
        .find(|path| is_executable(path))
}

/// `python3.X` and `python3.Xt` in a directory, newest first.
fn versioned(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u8, bool, PathBuf)> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let minor = name.strip_prefix("python3.")?;
            let numbers = minor.trim_end_matches('t');
            Some((
                numbers.parse().ok()?,
                minor == numbers,
                directory.join(&name),
            ))
        })
        .filter(|(_, _, path)| is_executable(path))
        .collect();
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, _, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Diagnostic;

    #[test]
    fn versions_are_read_off_paths() {
        let guessed = |path: &str| guess(Path::new(path)).map(|version| version.to_string());
        assert_eq!(
            guessed("/u/cpython-3.13.1-linux-x86_64-gnu/bin/python3.13").as_deref(),
            Some("3.13.1")
        );
        assert_eq!(
            guessed("/u/cpython-3.14.0rc2+freethreaded-linux-x86_64-gnu/bin/python3.14t")
                .as_deref(),
            Some("3.14.0rc2")
        );
        assert_eq!(
            guessed("/home/a/.pyenv/versions/3.12.1/bin/python3.12").as_deref(),
            Some("3.12.1")
        );
        assert_eq!(
            guessed("/u/cpython-3.13-linux-x86_64-gnu/bin/python3.13").as_deref(),
            Some("3.13")
        );
        assert_eq!(guessed("/usr/bin/python3"), None);
    }

    #[test]
    fn a_path_that_is_not_there_is_named() {
        let error = discover(&Request {
            explicit: Some("/nowhere/python3"),
            ..Request::default()
        })
        .expect_err("found");
        assert!(
            matches!(&error, Error::NoSuchInterpreter { path } if path == Path::new("/nowhere/python3"))
        );
    }

    #[test]
    fn a_version_that_nobody_has_lists_what_there_is() {
        let error = discover(&Request {
            explicit: Some("3.99"),
            ..Request::default()
        })
        .expect_err("found");
        assert!(matches!(&error, Error::NoInterpreter { wanted, .. } if wanted == "3.99"));
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("uv python install 3.99")),
            "{error}"
        );
    }

    #[test]
    fn a_probe_describes_the_installation() {
        let found = discover(&Request::default()).expect("the tests need some CPython");
        assert!(found.stdlib.join("os.py").is_file());
        assert!(found.executable.is_file());
        let again = Interpreter::probe(&found.executable).expect("probed once");
        assert_eq!(again, found);
    }
}
