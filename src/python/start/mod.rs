//! How the interpreter of a package is started: by which options, and which variables of the caller it gets to hear.
//!
//! Everything that changes how a program runs is the caller's business (`PYTHONUNBUFFERED`, `PYTHONHASHSEED` and all that
//! will ever be). What changes where modules come from is the package's: such variables are *withheld* from the interpreter
//! and given back to the program before its first line, so that what it starts has them too. `docs/adr/0034-variables.md`
//! has the reasons.

use std::path::Path;

use super::error::Result;
use super::interpreter::Interpreter;
use crate::format::WITHHELD;
use crate::fs::IoContext as _;

/// Where a tree with an interpreter keeps what is needed for it, relative to the tree.
pub const DIRECTORY: &str = "lib/flavor";
/// The tree with the interpreter, relative to the environment.
const RUNTIME: &str = "runtime";

const RESTORE: &str = include_str!("sitecustomize.py");
const VARIABLES: &str = include_str!("variables.sh");

/// Options of the interpreter for a script of the program: nothing from the user's site-packages, nor from the directory
/// of the script, which is full of commands. Before 3.11 there is no option for that; scripts see to it themselves.
pub fn script_options(version: (u8, u8, u8)) -> &'static [&'static str] {
    if version >= (3, 11, 0) {
        &["-s", "-P"]
    } else {
        &["-s"]
    }
}

/// Options of the interpreter for a file of the program: its own directory comes first in what can be imported, as in
/// `python FILE`.
pub const FILE_OPTIONS: [&str; 1] = ["-s"];

/// The lines of shell in front of a script, after which the interpreter beside it runs the script itself, wherever the
/// directory was moved.
///
/// To Python they are a string. A tree without our runtime, which other launchers unpack, has nothing that could give
/// variables back: there all of them are ignored.
pub(super) const PREAMBLE: &str = concat!(
    "#!/bin/sh\n",
    r#"''':'; flavor_bin=$(dirname -- "$0"); flavor_start=$flavor_bin/../runtime/lib/flavor/variables.sh; "#,
    r#"[ -r "$flavor_start" ] && . "$flavor_start"; exec "$flavor_bin/python" ${flavor_script--I} "$0" "$@""#,
    "\n' '''\n"
);

/// The text of the executable file that runs another file of the tree, at `path` relative to the prefix.
pub(super) fn file_script(path: &str) -> String {
    let path = path.replace('\'', "'\\''");
    format!(
        "#!/bin/sh\nflavor_bin=$(dirname -- \"$0\")\nflavor_start=$flavor_bin/../{RUNTIME}/{DIRECTORY}/variables.sh\n\
         [ -r \"$flavor_start\" ] && . \"$flavor_start\"\n\
         exec \"$flavor_bin/python\" ${{flavor_file--E -s}} \"$flavor_bin\"'/../{path}' \"$@\"\n"
    )
}

/// Writes what a start needs into the tree of an interpreter.
pub fn write(interpreter: &Interpreter, tree: &Path) -> Result<()> {
    let directory = tree.join(DIRECTORY);
    std::fs::create_dir_all(&directory).on("create directory", &directory)?;
    for (name, text) in [
        ("sitecustomize.py", RESTORE),
        ("variables.sh", &variables(interpreter.version)),
    ] {
        let path = directory.join(name);
        std::fs::write(&path, text).on("write", &path)?;
    }
    Ok(())
}

/// What [`write()`] depends on beside the interpreter.
pub fn texts() -> String {
    [RESTORE, VARIABLES, &WITHHELD.join(" ")].concat()
}

fn variables(version: (u8, u8, u8)) -> String {
    VARIABLES
        .replace("@NAMES@", &WITHHELD.join(" "))
        .replace("@DIRECTORY@", &format!("{RUNTIME}/{DIRECTORY}"))
        .replace("@SCRIPT@", &script_options(version).join(" "))
        .replace("@FILE@", &FILE_OPTIONS.join(" "))
}
