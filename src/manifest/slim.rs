//! Files of dependencies that a program does not need to run, by kind.

use std::str::FromStr;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::suggest::closest;

/// A kind of files that may be left out of dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slim {
    Tests,
    Docs,
    Stubs,
    Sources,
    Static,
    Locales,
}

/// Distributions that compile code at run time and need sources and headers for that.
const COMPILERS: &[&str] = &[
    "!**/site-packages/Cython/**",
    "!**/site-packages/cffi/**",
    "!**/site-packages/cppyy*/**",
    "!**/site-packages/cupy*/**",
    "!**/site-packages/jax*/**",
    "!**/site-packages/nvidia/**",
    "!**/site-packages/pycuda/**",
    "!**/site-packages/pyopencl/**",
    "!**/site-packages/pythran/**",
    "!**/site-packages/tensorflow/**",
    "!**/site-packages/torch/**",
    "!**/site-packages/triton/**",
    "!**/site-packages/tvm/**",
    "!**/site-packages/warp/**",
];

/// Never left out: the metadata of a distribution, above all its licences.
const KEPT: &str = "!**/*.dist-info/**";

impl Slim {
    pub const ALL: [Self; 6] = [
        Self::Tests,
        Self::Docs,
        Self::Stubs,
        Self::Sources,
        Self::Static,
        Self::Locales,
    ];
    /// The kinds that an ordinary program does not need. Translations are not among them: users
    /// would miss them.
    pub const SAFE: [Self; 5] = [
        Self::Tests,
        Self::Docs,
        Self::Stubs,
        Self::Sources,
        Self::Static,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Tests => "tests",
            Self::Docs => "docs",
            Self::Stubs => "stubs",
            Self::Sources => "sources",
            Self::Static => "static",
            Self::Locales => "locales",
        }
    }

    /// A description of the files.
    pub fn title(self) -> &'static str {
        match self {
            Self::Tests => "tests shipped in wheels",
            Self::Docs => "documentation shipped in wheels",
            Self::Stubs => "type stubs",
            Self::Sources => "headers and sources of compiled languages",
            Self::Static => "static libraries and object files",
            Self::Locales => "translations other than English",
        }
    }

    /// Patterns as in `.gitignore`, relative to the tree of dependencies. Later patterns take
    /// precedence.
    pub fn patterns(self) -> Vec<String> {
        let (drop, keep): (&[&str], &[&str]) = match self {
            // Only the plural: `django/test` is meant to be imported.
            Self::Tests => (&["tests/"], &[]),
            // By suffix: a package called `docs` may be code, as in botocore.
            Self::Docs => (
                &[
                    "**/doc/**/*.rst",
                    "**/doc/**/*.md",
                    "**/doc/**/*.html",
                    "**/doc/**/*.txt",
                    "**/doc/**/*.png",
                    "**/docs/**/*.rst",
                    "**/docs/**/*.md",
                    "**/docs/**/*.html",
                    "**/docs/**/*.txt",
                    "**/docs/**/*.png",
                    "/share/doc/**",
                    "/share/man/**",
                    "/share/info/**",
                    "**/*.ipynb",
                ],
                &[],
            ),
            Self::Stubs => (&["*.pyi", "**/site-packages/*-stubs/"], &[]),
            Self::Sources => (
                &[
                    "*.h", "*.hh", "*.hpp", "*.hxx", "*.c", "*.cc", "*.cpp", "*.cxx", "*.cu",
                    "*.cuh", "*.pyx", "*.pxd", "*.pxi", "*.f", "*.f90",
                ],
                COMPILERS,
            ),
            Self::Static => (&["*.a", "*.la", "*.o"], COMPILERS),
            Self::Locales => (
                &["*.po", "*.pot", "**/locale/**/*.mo"],
                &["!**/locale/en*/**"],
            ),
        };
        drop.iter()
            .chain(keep)
            .chain([&KEPT])
            .map(|pattern| (*pattern).to_owned())
            .collect()
    }

    /// Matches the files that it leaves out.
    pub fn matcher(self) -> Gitignore {
        let mut builder = GitignoreBuilder::new("");
        for pattern in self.patterns() {
            // These patterns are constants and valid; the test below tries each.
            drop(builder.add_line(None, &pattern));
        }
        builder.build().unwrap_or_else(|_| Gitignore::empty())
    }

    /// Parses a list from the command line: `safe`, `all`, or names.
    ///
    /// # Errors
    /// [`UnknownSlim`].
    pub fn parse_list(text: &str) -> Result<Vec<Self>, UnknownSlim> {
        let mut found = Vec::new();
        for word in text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match word {
                "safe" => found.extend(Self::SAFE),
                "all" => found.extend(Self::ALL),
                word => found.push(word.parse()?),
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

/// A word that is not a kind of files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of safe, all, tests, docs, stubs, sources, static, locales{}", meant(.near.as_deref()))]
pub struct UnknownSlim {
    pub word: String,
    /// A similar name.
    pub near: Option<String>,
}

fn meant(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default()
}

impl FromStr for Slim {
    type Err = UnknownSlim;

    fn from_str(word: &str) -> Result<Self, UnknownSlim> {
        let known = Self::ALL.into_iter().find(|slim| slim.name() == word);
        known.ok_or_else(|| UnknownSlim {
            word: word.into(),
            near: closest(word, Self::ALL.iter().map(|slim| slim.name())).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves_out(slim: Slim, path: &str) -> bool {
        slim.matcher()
            .matched_path_or_any_parents(path, false)
            .is_ignore()
    }

    #[test]
    fn what_is_imported_stays() {
        let root = "lib/python3.13/site-packages";
        for (slim, path, expected) in [
            (Slim::Tests, "numpy/tests/test_all.py", true),
            (
                Slim::Tests,
                "numpy/tests/__pycache__/test_all.cpython-313.pyc",
                true,
            ),
            (Slim::Tests, "numpy/testing/__init__.py", false),
            (Slim::Tests, "jinja2/tests.py", false),
            (Slim::Tests, "django/test/client.py", false),
            (Slim::Tests, "a.dist-info/licenses/tests/LICENSE", false),
            (Slim::Docs, "botocore/docs/service.py", false),
            (Slim::Docs, "thing/docs/index.rst", true),
            (Slim::Docs, "thing/README.md", false),
            (Slim::Docs, "a.dist-info/licenses/docs/LICENSE.txt", false),
            (Slim::Stubs, "numpy/__init__.pyi", true),
            (Slim::Stubs, "pandas-stubs/core.py", true),
            (Slim::Stubs, "numpy/py.typed", false),
            (Slim::Sources, "numpy/core/include/numpy/ndarray.h", true),
            (Slim::Sources, "torch/include/c10/all.h", false),
            (Slim::Sources, "lxml/etree.pyx", true),
            (Slim::Static, "numpy/lib/libnpymath.a", true),
            (Slim::Static, "numpy/lib/libz.so", false),
            (
                Slim::Locales,
                "django/conf/locale/de/LC_MESSAGES/django.mo",
                true,
            ),
            (
                Slim::Locales,
                "django/conf/locale/en_GB/LC_MESSAGES/django.mo",
                false,
            ),
        ] {
            assert_eq!(
                leaves_out(slim, &format!("{root}/{path}")),
                expected,
                "{slim:?} {path}"
            );
        }
    }

    #[test]
    fn every_pattern_is_one() {
        for slim in Slim::ALL {
            let mut builder = GitignoreBuilder::new("");
            for pattern in slim.patterns() {
                builder
                    .add_line(None, &pattern)
                    .unwrap_or_else(|error| panic!("{pattern}: {error}"));
            }
            assert_eq!(slim.name().parse(), Ok(slim));
        }
    }

    #[test]
    fn a_list_is_read_once_each() {
        assert_eq!(
            Slim::parse_list("docs,tests,docs"),
            Ok(vec![Slim::Tests, Slim::Docs])
        );
        assert_eq!(Slim::parse_list("safe"), Ok(Slim::SAFE.to_vec()));
        let error = Slim::parse_list("test").expect_err("unknown");
        assert!(
            error.to_string().ends_with("did you mean `tests`?"),
            "{error}"
        );
    }
}
