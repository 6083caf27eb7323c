//! The precedence of settings, in one place: an option of the command line over a variable over the
//! manifest over the user's settings over the default.

use std::ffi::OsString;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// The origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    /// The user's settings; `line` counts from 1.
    File {
        path: PathBuf,
        line: usize,
    },
    Manifest(PathBuf),
    Variable(&'static str),
    CommandLine(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "file:{}:{line}", path.display()),
            Self::Manifest(path) => write!(f, "manifest:{}", path.display()),
            Self::Variable(name) => write!(f, "environment:{name}"),
            Self::CommandLine(option) => write!(f, "command line:{option}"),
        }
    }
}

/// A value with its origin; it dereferences to the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A value that no source set.
impl<T> From<T> for Sourced<T> {
    fn from(value: T) -> Self {
        Self {
            value,
            origin: Origin::Default,
        }
    }
}

impl<T> Sourced<T> {
    /// The same origin with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced {
            value: change(self.value),
            origin: self.origin,
        }
    }
}

/// What each source says about one setting; sources that may not set it are left out.
#[derive(Clone, Debug)]
pub struct Sources<T> {
    option: Option<Sourced<T>>,
    variable: Option<Sourced<T>>,
    manifest: Option<Sourced<T>>,
    file: Option<Sourced<T>>,
}

impl<T> Default for Sources<T> {
    fn default() -> Self {
        Self {
            option: None,
            variable: None,
            manifest: None,
            file: None,
        }
    }
}

impl<T> Sources<T> {
    /// An option of the command line, such as `--jobs`.
    #[must_use]
    pub fn option(mut self, name: &'static str, value: Option<T>) -> Self {
        self.option = with(value, Origin::CommandLine(name)).or(self.option);
        self
    }

    /// A variable of the environment. Of several, the first one named counts.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: Option<T>) -> Self {
        self.variable = self.variable.or(with(value, Origin::Variable(name)));
        self
    }

    #[must_use]
    pub fn manifest(mut self, path: &Path, value: Option<T>) -> Self {
        self.manifest = with(value, Origin::Manifest(path.into()));
        self
    }

    /// A key of the user's settings, with its line.
    #[must_use]
    pub fn file(mut self, path: &Path, line: usize, value: Option<T>) -> Self {
        let path = path.into();
        self.file = with(value, Origin::File { path, line });
        self
    }

    /// The value of the source with the highest precedence.
    pub fn resolve(self) -> Option<Sourced<T>> {
        self.option
            .or(self.variable)
            .or(self.manifest)
            .or(self.file)
    }

    /// The same, or the default.
    pub fn or(self, default: T) -> Sourced<T> {
        self.resolve().unwrap_or_else(|| default.into())
    }
}

fn with<T>(value: Option<T>, origin: Origin) -> Option<Sourced<T>> {
    value.map(|value| Sourced { value, origin })
}

/// Looks up a variable of the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The environment of this process. An empty variable counts as not set.
pub fn process_environment(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_gives_way_to_the_one_before_it() {
        let file = || Sources::default().file(Path::new("config.toml"), 3, Some(1));
        let manifest = || file().manifest(Path::new("pyproject.toml"), Some(2));
        let variable = || manifest().variable("FLAVOR_X", Some(3));
        let resolved = [
            Sources::default().or(0),
            file().or(0),
            manifest().or(0),
            variable().or(0),
            variable().option("--x", Some(4)).or(0),
        ];
        for (value, (sourced, origin)) in (0..).zip(resolved.into_iter().zip([
            "default",
            "file:config.toml:3",
            "manifest:pyproject.toml",
            "environment:FLAVOR_X",
            "command line:--x",
        ])) {
            assert_eq!(*sourced, value);
            assert_eq!(sourced.origin.to_string(), origin);
        }
    }

    #[test]
    fn of_several_variables_the_first_named_counts() {
        let sources = |first| {
            Sources::default()
                .variable("FIRST", first)
                .variable("SECOND", Some("second"))
        };
        assert_eq!(*sources(Some("first")).or(""), "first");
        assert_eq!(*sources(None).or(""), "second");
    }
}
