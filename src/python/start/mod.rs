//! How the interpreter of a package is started: its options, and which of the caller's variables it
//! sees.
//!
//! Variables that change how a program runs are passed through (`PYTHONUNBUFFERED`,
//! `PYTHONHASHSEED` and all future ones). Those that change where modules come from are *withheld*
//! from the interpreter and restored for the program before its first line, so that its children
//! inherit them. `docs/adr/0034-variables.md` has the reasons.

use std::path::Path;

use super::interpreter::Interpreter;
use crate::format::WITHHELD;
use crate::fs::{self, IoContext as _};

/// Directory of the start-up files in a tree with an interpreter, relative to the tree.
pub const DIRECTORY: &str = "lib/flavor";
/// The tree with the interpreter, relative to the environment.
const RUNTIME: &str = "runtime";

const RESTORE: &str = include_str!("sitecustomize.py");
const VARIABLES: &str = include_str!("variables.sh");

/// Options of the interpreter for a script of the program: `sys.path` gets neither the user's
/// site-packages nor the directory of the script, which contains commands. Before 3.11 there is no
/// option for the latter; scripts do it themselves.
pub fn script_options(version: (u8, u8, u8)) -> &'static [&'static str] {
    if version >= (3, 11, 0) {
        &["-s", "-P"]
    } else {
        &["-s"]
    }
}

/// Options of the interpreter for a file of the program: its own directory comes first in
/// `sys.path`, as with `python FILE`.
pub const FILE_OPTIONS: [&str; 1] = ["-s"];

/// The shell lines at the beginning of a script, after which the interpreter beside it runs the
/// script itself, wherever the directory was moved.
///
/// To Python they are a string literal. A tree without our runtime, which other launchers extract,
/// cannot restore variables, so all of them are ignored there.
pub(super) const PREAMBLE: &str = concat!(
    "#!/bin/sh\n",
    r#"''':'; flavor_bin=$(dirname -- "$0"); flavor_start=$flavor_bin/../runtime/lib/flavor/variables.sh; "#,
    r#"[ -r "$flavor_start" ] && . "$flavor_start"; exec "$flavor_bin/python" ${flavor_script--I} "$0" "$@""#,
    "\n' '''\n"
);

/// The executable file that runs another file of the tree, at `path` relative to the prefix.
pub(super) fn file_script(path: &str) -> String {
    let path = path.replace('\'', "'\\''");
    format!(
        "#!/bin/sh\nflavor_bin=$(dirname -- \"$0\")\nflavor_start=$flavor_bin/../{RUNTIME}/{DIRECTORY}/variables.sh\n\
         [ -r \"$flavor_start\" ] && . \"$flavor_start\"\n\
         exec \"$flavor_bin/python\" ${{flavor_file--E -s}} \"$flavor_bin\"'/../{path}' \"$@\"\n"
    )
}

/// Writes the start-up files into the tree of an interpreter.
pub fn write(interpreter: &Interpreter, tree: &Path) -> fs::Result<()> {
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

/// The inputs of [`write()`] besides the interpreter.
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
