use std::env;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier, VersionSpecifiers};

use super::error::{Error, Result};
use super::memory::ProbeMemory;
use super::probe::Interpreter;
use super::supported::OLDEST;

/// Which interpreter is requested.
#[derive(Clone, Copy, Default)]
pub struct Request<'a> {
    /// The user's option: a path, `3.13`, `3.12.1`, `3.13t`, `python3.12`, `>=3.11`.
    pub explicit: Option<&'a str>,
    /// The project's PEP 440 specifier.
    pub requires_python: Option<&'a str>,
    /// The project's directory. A `.python-version` in it is a preference, not a requirement.
    pub directory: Option<&'a Path>,
    /// The cache of interpreters' answers; without it each is run again.
    pub memory: Option<&'a ProbeMemory>,
}

impl Request<'_> {
    /// Probes the executable at `path`, or uses the cached answer.
    pub(super) fn probe(&self, path: &Path) -> Result<Interpreter> {
        self.memory
            .map_or_else(|| Interpreter::probe(path), |memory| memory.probe(path))
    }
}

/// A parsed interpreter option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// An executable, or the prefix of an installation.
    Path(PathBuf),
    /// An executable to be looked up on PATH.
    Program(String),
    Version(Wanted),
}

/// Conditions on a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// `3.13` matches any patch release of it.
    numbers: Vec<u64>,
    specifiers: Option<VersionSpecifiers>,
    free_threaded: bool,
    /// Requested by name; prereleases are never used otherwise.
    prerelease: Option<Version>,
}

impl Named {
    pub(super) fn parse(word: &str) -> Result<Self> {
        let word = word.trim();
        if word.contains('/') || word == "~" || word == "." {
            let expanded = word.strip_prefix('~').and_then(|rest| {
                let home = env::var_os("HOME")?;
                rest.is_empty()
                    .then(|| PathBuf::from(&home))
                    .or(Some(Path::new(&home).join(rest.strip_prefix('/')?)))
            });
            return Ok(Self::Path(expanded.unwrap_or_else(|| PathBuf::from(word))));
        }
        if word == "python" || word == "python3" {
            return Ok(Self::Program(word.to_owned()));
        }
        Wanted::parse(word)
            .map(Self::Version)
            .ok_or_else(|| Error::NotAVersion {
                word: word.to_owned(),
            })
    }
}

impl Wanted {
    /// Parses `3.13`, `3.12.1`, `3.14.0rc1`, `3.13t`, each with `python` or `cpython` in front, and
    /// `>=3.11,<3.13`.
    pub(super) fn parse(word: &str) -> Option<Self> {
        if word.starts_with(['<', '>', '=', '!', '~']) {
            let specifiers = VersionSpecifiers::from_str(word).ok()?;
            let prerelease = specifiers
                .iter()
                .map(VersionSpecifier::version)
                .find(|version| version.any_prerelease())
                .cloned();
            return Some(Self {
                specifiers: Some(specifiers),
                prerelease,
                ..Self::default()
            });
        }
        let word = word
            .strip_prefix("cpython")
            .or_else(|| word.strip_prefix("python"))
            .unwrap_or(word);
        let word = word.trim_start_matches(['-', '@']);
        let (word, free_threaded) = match word
            .strip_suffix("+freethreaded")
            .or_else(|| word.strip_suffix('t'))
        {
            Some(word) => (word, true),
            None => (word, false),
        };
        if !word.starts_with(|c: char| c.is_ascii_digit()) || word.contains('*') {
            return None;
        }
        let version = Version::from_str(word).ok()?;
        let numbers = version.release().to_vec();
        let prerelease = version.any_prerelease().then_some(version);
        (numbers.len() <= 3).then_some(Self {
            numbers,
            free_threaded,
            prerelease,
            ..Self::default()
        })
    }

    /// A project's `requires-python`.
    pub(super) fn requires(specifier: &str) -> Result<Self> {
        let specifiers =
            VersionSpecifiers::from_str(specifier).map_err(|_| Error::NotASpecifier {
                specifier: specifier.to_owned(),
            })?;
        Ok(Self {
            specifiers: Some(specifiers),
            ..Self::default()
        })
    }

    /// Whether an interpreter meets the conditions, and the general ones.
    pub(super) fn accepts(&self, interpreter: &Interpreter) -> bool {
        interpreter.implementation == "cpython"
            && interpreter.free_threaded == self.free_threaded
            && Version::from_str(&interpreter.version_text)
                .is_ok_and(|version| self.accepts_version(&version))
    }

    /// The same for a version alone, regardless of free threading.
    pub(super) fn accepts_version(&self, version: &Version) -> bool {
        let numbers = version.release();
        let new_enough = numbers >= &[u64::from(OLDEST.0), u64::from(OLDEST.1)][..];
        let as_named = numbers.starts_with(&self.numbers)
            && match &self.prerelease {
                Some(wanted) if self.specifiers.is_none() => version == wanted,
                Some(_) => true,
                None => !version.any_prerelease(),
            };
        // `>=3.14` accepts an explicitly requested 3.14.0rc1, as in installers.
        let final_version = Version::new(numbers.iter().copied());
        new_enough
            && as_named
            && self
                .specifiers
                .as_ref()
                .is_none_or(|specifiers| specifiers.contains(&final_version))
    }

    /// The conjunction of both.
    pub(super) fn and(&self, requires: &Self) -> Self {
        let specifiers = match (&self.specifiers, &requires.specifiers) {
            (Some(one), Some(other)) => Some(one.iter().chain(other.iter()).cloned().collect()),
            (one, other) => one.clone().or_else(|| other.clone()),
        };
        // A prerelease stays requested by its exact name: its specifiers now come from elsewhere.
        Self {
            specifiers,
            ..self.clone()
        }
    }

    pub(super) fn wants_free_threading(&self) -> bool {
        self.free_threaded
    }
}

/// The first entry in a `.python-version`, if it is for CPython.
pub(super) fn version_file(directory: &Path) -> Option<Wanted> {
    let text = std::fs::read_to_string(directory.join(".python-version")).ok()?;
    let word = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))?;
    Wanted::parse(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(word: &str, version: &str) -> bool {
        let wanted = Wanted::parse(word).unwrap_or_else(|| panic!("`{word}` not understood"));
        wanted.accepts_version(&Version::from_str(version).expect("a version"))
    }

    #[test]
    fn a_short_version_takes_any_patch_release_of_it() {
        assert!(accepts("3.13", "3.13.2"));
        assert!(accepts("python3.13", "3.13.0"));
        assert!(accepts("cpython-3.13", "3.13.0"));
        assert!(accepts("3", "3.12.1"));
        assert!(!accepts("3.1", "3.13.0"));
        assert!(!accepts("3.13.1", "3.13.0"));
    }

    #[test]
    fn prereleases_are_taken_only_by_name() {
        assert!(!accepts("3.14", "3.14.0rc1"));
        assert!(!accepts(">=3.8", "3.14.0rc1"));
        assert!(accepts("3.14.0rc1", "3.14.0rc1"));
        assert!(!accepts("3.14.0rc1", "3.14.0rc2"));
        assert!(accepts(">=3.14.0a1", "3.14.0rc1"));
    }

    #[test]
    fn specifiers_are_pep_440() {
        assert!(accepts(">=3.11,<3.13", "3.12.9"));
        assert!(!accepts(">=3.11,<3.13", "3.13.0"));
        assert!(
            !accepts(">=3.5", "3.7.16"),
            "older than the oldest supported"
        );
    }

    #[test]
    fn both_conditions_hold_at_once() {
        let wanted = Wanted::parse("3.12")
            .expect("a version")
            .and(&Wanted::requires(">=3.12.3").expect("a specifier"));
        assert!(wanted.accepts_version(&Version::from_str("3.12.4").expect("a version")));
        assert!(!wanted.accepts_version(&Version::from_str("3.12.1").expect("a version")));
    }

    #[test]
    fn words_are_paths_versions_or_nothing() {
        assert!(matches!(Named::parse("./bin/python"), Ok(Named::Path(_))));
        assert!(matches!(Named::parse("python3"), Ok(Named::Program(_))));
        assert!(matches!(Named::parse("3.13t"), Ok(Named::Version(w)) if w.free_threaded));
        assert!(matches!(
            Named::parse("pypy3.10"),
            Err(Error::NotAVersion { .. })
        ));
        assert!(matches!(
            Named::parse("three"),
            Err(Error::NotAVersion { .. })
        ));
    }
}
