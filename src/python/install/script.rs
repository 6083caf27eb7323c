use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::python::start::{self, PREAMBLE};

/// A command of a distribution: a name, and the function that it calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryPoint {
    pub name: String,
    pub module: String,
    /// Dotted; empty if the module itself is run.
    pub attr: String,
}

impl EntryPoint {
    /// Parses `module:attr [extra]`, an entry point's value.
    pub fn parse(name: &str, value: &str) -> Option<Self> {
        let value = value.split('[').next().unwrap_or(value).trim();
        let (module, attr) = value.split_once(':').unwrap_or((value, ""));
        let (module, attr) = (module.trim(), attr.trim());
        let dotted = |text: &str| text.split('.').all(is_identifier);
        // The name becomes a file in `bin`, so it must not be a path.
        let plain = !name.is_empty()
            && !name.contains('/')
            && !name.starts_with('.')
            && !name.contains('\0');
        (plain && dotted(module) && (attr.is_empty() || dotted(attr))).then(|| Self {
            name: name.to_owned(),
            module: module.to_owned(),
            attr: attr.to_owned(),
        })
    }
}

fn is_identifier(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic())
        && characters.all(|c| c == '_' || c.is_alphanumeric())
}

/// Removes the directory of the script, which contains commands, from `sys.path`. From 3.11 on the
/// interpreter has an option for that. Scripts are also read by the workers of `multiprocessing`,
/// whose path was cleaned already.
const LEAVE_OWN_DIRECTORY: &str = "\
import os, sys
if not hasattr(sys.flags, \"safe_path\") and sys.path[0] == os.path.dirname(os.path.realpath(__file__)):
    del sys.path[0]
";

/// The text of the executable file for a command.
pub fn script(entry: &EntryPoint) -> String {
    let EntryPoint { module, attr, .. } = entry;
    let mut text = [PREAMBLE, LEAVE_OWN_DIRECTORY].concat();
    // Writing to a string cannot fail.
    let _ = if attr.is_empty() {
        write!(
            text,
            "import runpy\nif __name__ == \"__main__\":\n    runpy.run_module(\"{module}\", run_name=\"__main__\", alter_sys=True)\n"
        )
    } else {
        let import = attr.split('.').next().unwrap_or(attr);
        write!(
            text,
            "from {module} import {import}\nif __name__ == \"__main__\":\n    sys.exit({attr}())\n"
        )
    };
    text
}

/// Inserts the directory at `path`, relative to the prefix, at the front of `sys.path`. Comes after
/// [`LEAVE_OWN_DIRECTORY`].
fn importing_from(path: &str) -> String {
    let path = path.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), \"{path}\"))\n"
    )
}

/// The executable file for a function in a directory of modules other than site-packages.
pub fn function_in(path: &str, module: &str, attr: &str) -> String {
    let entry = EntryPoint {
        name: String::new(),
        module: module.to_owned(),
        attr: attr.to_owned(),
    };
    let before = [PREAMBLE, LEAVE_OWN_DIRECTORY].concat();
    let text = script(&entry);
    format!(
        "{before}{}{}",
        importing_from(path),
        text.strip_prefix(&before).unwrap_or(&text)
    )
}

/// The executable file for a module that is run like `python -m`: as `__main__` itself, with its
/// own path as the program name. `path` is its directory, if that is not site-packages.
pub fn module(path: Option<&str>, module: &str) -> String {
    let before = path.map(importing_from).unwrap_or_default();
    // What `python -m` itself calls; `run_module` would use a temporary module that is gone while
    // threads still run.
    format!(
        "{PREAMBLE}{LEAVE_OWN_DIRECTORY}{before}import runpy\nif __name__ == \"__main__\":\n    runpy._run_module_as_main(\"{module}\")\n"
    )
}

/// The executable file for a file at `path`, relative to the prefix, that is run like `python
/// FILE`.
pub fn file(path: &str) -> String {
    start::file_script(path)
}

/// The relocatable form of a script with a Python shebang from an installer or a wheel; `None` if
/// it has no such line.
pub(super) fn relocated(text: &[u8]) -> Option<Vec<u8>> {
    let line_end = |from: usize| {
        text[from..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|at| from + at + 1)
    };
    let first_end = line_end(0).unwrap_or(text.len());
    let first = std::str::from_utf8(&text[..first_end])
        .ok()?
        .trim_end()
        .strip_prefix("#!")?;
    let body = if is_python(first) {
        first_end
    } else if text.starts_with(PREAMBLE.as_bytes()) {
        PREAMBLE.len()
    } else if first == "/bin/sh" && text[first_end..].starts_with(b"'''exec'") {
        // The `/bin/sh` preamble that installers use if the interpreter's path is long or has a
        // space.
        line_end(line_end(first_end)?)?
    } else {
        return None;
    };
    Some([PREAMBLE.as_bytes(), &text[body..]].concat())
}

/// Whether a shebang's command is Python, by path or through `env`.
fn is_python(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default();
    let program = if program.ends_with("/env") {
        words.next_back().unwrap_or_default()
    } else {
        program
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    name.strip_prefix("python").is_some_and(|rest| {
        rest.chars()
            .all(|c| c.is_ascii_digit() || ".tw".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_for_a_dotted_function_imports_its_first_name() {
        let entry = EntryPoint::parse("tool", "pkg.cli : App.main [extra]").expect("valid");
        insta::assert_snapshot!(script(&entry), @r#"
        #!/bin/sh
        ''':'; flavor_bin=$(dirname -- "$0"); flavor_start=$flavor_bin/../runtime/lib/flavor/variables.sh; [ -r "$flavor_start" ] && . "$flavor_start"; exec "$flavor_bin/python" ${flavor_script--I} "$0" "$@"
        ' '''
        import os, sys
        if not hasattr(sys.flags, "safe_path") and sys.path[0] == os.path.dirname(os.path.realpath(__file__)):
            del sys.path[0]
        from pkg.cli import App
        if __name__ == "__main__":
            sys.exit(App.main())
        "#);
    }

    #[test]
    fn entry_points_that_are_no_names_are_refused() {
        for (name, value) in [
            ("a/b", "m:f"),
            ("..", "m:f"),
            ("x", "m:f()"),
            ("x", "import os"),
            ("x", ""),
            ("", "m:f"),
        ] {
            assert_eq!(EntryPoint::parse(name, value), None, "{name} = {value}");
        }
    }

    #[test]
    fn python_shebangs_are_replaced_and_others_are_not() {
        for first in [
            "#!python",
            "#!/a/b/python3.12",
            "#!/usr/bin/env python3",
            "#!/usr/bin/env -S python3",
            "#!pythonw",
        ] {
            let text = format!("{first}\nprint(1)\n");
            assert_eq!(
                relocated(text.as_bytes()),
                Some(format!("{PREAMBLE}print(1)\n").into_bytes()),
                "{first}"
            );
        }
        let long = b"#!/bin/sh\n'''exec' '/a b/python' \"$0\" \"$@\"\n' '''\nprint(1)\n";
        assert_eq!(
            relocated(long),
            Some(format!("{PREAMBLE}print(1)\n").into_bytes())
        );
        assert_eq!(
            relocated(PREAMBLE.as_bytes()).as_deref(),
            Some(PREAMBLE.as_bytes())
        );
        for other in [
            &b"#!/bin/sh\necho 1\n"[..],
            b"\x7fELF",
            b"",
            b"#!/usr/bin/env node\n",
        ] {
            assert_eq!(relocated(other), None);
        }
    }
}
