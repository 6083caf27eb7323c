//! Variables that are withheld from the interpreter of a package and restored for its program.

use std::ffi::OsString;
use std::path::Path;

use super::environment::{Environment, expand};
use crate::format::{PythonFacts, READ_REGARDLESS, WITHHELD, WITHHELD_PREFIX, WORKENV};

/// How the options of an interpreter restrict its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Options {
    /// It ignores variables: `-E`, `-I`.
    deaf: bool,
    /// It does not import `site`, and therefore no start-up module: `-S`.
    bare: bool,
}

impl Environment {
    /// Withholds variables that say where to find modules from the package's interpreter. A module
    /// in the package restores them for the program. For any other program nothing changes.
    #[must_use]
    pub(super) fn withheld(
        mut self,
        python: Option<&PythonFacts>,
        argv: &[String],
        workenv: &Path,
    ) -> Self {
        let restore = python.and_then(|python| python.restore.as_deref());
        let (Some(restore), Some((program, words))) = (restore, argv.split_first()) else {
            return self;
        };
        if !is_interpreter(program) {
            return self;
        }
        let options = options(words);
        if options.deaf || options.bare {
            // There is no module that restores them.
            let names: &[&str] = if options.bare {
                &WITHHELD
            } else {
                &READ_REGARDLESS
            };
            for name in names {
                self.remove(name);
            }
            return self;
        }
        let found: Vec<(OsString, OsString)> = WITHHELD
            .iter()
            .filter_map(|name| {
                Some((
                    format!("{WITHHELD_PREFIX}{name}").into(),
                    self.remove(name)?,
                ))
            })
            .collect();
        if found.is_empty() {
            return self;
        }
        self.with_all(found)
            .with("PYTHONPATH", &expand(restore, workenv))
    }
}

/// `{workenv}/bin/python`, `python3` or `python3.N`.
fn is_interpreter(program: &str) -> bool {
    let name = program
        .strip_prefix(WORKENV)
        .and_then(|path| path.strip_prefix("/bin/python"));
    name.is_some_and(|version| {
        version
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

/// Parses the options before the program, as listed by `python --help`.
fn options(words: &[String]) -> Options {
    let mut found = Options::default();
    let mut words = words.iter();
    while let Some(letters) = words.next().and_then(|word| word.strip_prefix('-')) {
        if let Some(long) = letters.strip_prefix('-') {
            if long == "check-hash-based-pycs" {
                words.next();
            }
            continue;
        }
        for (at, letter) in letters.char_indices() {
            match letter {
                'E' | 'I' => found.deaf = true,
                'S' => found.bare = true,
                // The remaining arguments are the program's.
                'W' | 'X' => {
                    if letters
                        .get(at.saturating_add(1)..)
                        .is_none_or(str::is_empty)
                    {
                        words.next();
                    }
                    break;
                }
                'c' | 'm' => return found,
                _ => {}
            }
        }
        if letters.is_empty() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_end_where_the_program_begins() {
        let of = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let Options { deaf, bare } = options(&words);
            (deaf, bare)
        };
        for line in [
            "-s -P x",
            "-X dev x -I",
            "-WI x",
            "-W I -s x",
            "-m x -I",
            "-um x -E",
            "-cE",
            "-XS",
            "- -I",
            "x -S",
        ] {
            assert_eq!(of(line), (false, false), "{line}");
        }
        assert_eq!(of("-I x"), (true, false));
        assert_eq!(of("-X utf8 -sE x"), (true, false));
        assert_eq!(of("--check-hash-based-pycs never -SI -m x"), (true, true));
        assert_eq!(of("-uS"), (false, true));
    }

    #[test]
    fn only_the_packages_own_interpreter_is_one() {
        for one in [
            "{workenv}/bin/python",
            "{workenv}/bin/python3",
            "{workenv}/bin/python3.13",
        ] {
            assert!(is_interpreter(one), "{one}");
        }
        for other in [
            "{workenv}/bin/python-config",
            "/usr/bin/python3",
            "python",
            "{workenv}/python",
        ] {
            assert!(!is_interpreter(other), "{other}");
        }
    }
}
