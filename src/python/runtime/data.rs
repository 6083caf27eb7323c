//! Data that a standard library reads from elsewhere: terminal descriptions, time zones, Tcl's
//! scripts, pip's wheels, headers.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::Error;
use super::contents::Contents;
use super::item::{Item, sorted};
use crate::python::Interpreter;

/// Terminals that a machine without ncurses' own database is likely to need: consoles, and the
/// usual values of TERM.
const TERMINALS: &[&str] = &[
    "alacritty",
    "ansi",
    "dumb",
    "foot",
    "linux",
    "rxvt",
    "rxvt-unicode-256color",
    "screen",
    "screen-256color",
    "tmux",
    "tmux-256color",
    "vt100",
    "vt102",
    "vt220",
    "xterm",
    "xterm-256color",
    "xterm-color",
    "xterm-kitty",
];
/// Directories of terminal descriptions in distributions, searched after the interpreter's own.
const TERMINFO: &[&str] = &[
    "/etc/terminfo",
    "/lib/terminfo",
    "/usr/share/terminfo",
    "/usr/lib/terminfo",
];
/// The system's directory of time zones.
const ZONES: &[&str] = &[
    "/usr/share/zoneinfo",
    "/usr/lib/zoneinfo",
    "/usr/share/lib/zoneinfo",
];
/// Duplicates of it, or this machine's setting.
const NO_ZONES: &[&str] = &["posix", "right", "posixrules", "localtime", "leapseconds"];
/// Directories in which Debian and Fedora keep the wheels of `ensurepip`.
const WHEELS: &str = "/usr/share/python-wheels";

/// Adds the data that modules among `files` read, and the parts in `include` that are outside the
/// standard library.
pub(super) fn add(
    source: &Interpreter,
    contents: &Contents,
    stdlib: &Path,
    files: &mut Vec<Item>,
) -> Result<(), Error> {
    if files
        .iter()
        .any(|item| item.to == stdlib.join("curses/__init__.py"))
    {
        add_terminals(source, &stdlib.join("curses/terminfo"), files);
    }
    if contents.has("tzdata") {
        let from = ZONES.iter().map(Path::new).find(|place| place.is_dir());
        let from = from.ok_or_else(|| {
            Error::no_part(source, "tzdata", "time zone data in `/usr/share/zoneinfo`")
        })?;
        add_tree(
            from,
            &stdlib.join("zoneinfo/data"),
            &|name| !NO_ZONES.contains(&name) && !name.contains('.'),
            files,
        )?;
    }
    if contents.has("ensurepip") {
        let bundled = stdlib.join("ensurepip/_bundled");
        let is_wheel = |item: &Item| {
            item.to.starts_with(&bundled) && item.to.extension() == Some(OsStr::new("whl"))
        };
        if !files.iter().any(is_wheel) {
            add_tree(
                Path::new(WHEELS),
                &bundled,
                &|name| {
                    name.rsplit_once('.')
                        .is_some_and(|(_, ending)| ending == "whl")
                },
                files,
            )?;
        }
        if !files.iter().any(is_wheel) {
            return Err(Error::no_part(source, "ensurepip", "wheel of pip"));
        }
    }
    if contents.has("headers") {
        let (major, minor, _) = source.version;
        let name = format!("python{major}.{minor}");
        let headers =
            Path::new("include").join(source.stdlib.file_name().unwrap_or(OsStr::new(&name)));
        let before = files.len();
        add_tree(
            &source.base_prefix.join(&headers),
            &headers,
            &|_| true,
            files,
        )?;
        if files.len() == before {
            return Err(Error::no_part(source, "headers", "C headers"));
        }
    }
    check_parts(source, contents, stdlib, files)
}

/// Rejects a feature that the interpreter lacks completely: distributions split the standard
/// library into packages.
fn check_parts(
    source: &Interpreter,
    contents: &Contents,
    stdlib: &Path,
    files: &[Item],
) -> Result<(), Error> {
    let has = |path: &str| {
        let places = [stdlib.join(path), stdlib.join(path).join("__init__.py")];
        files.iter().any(|item| places.contains(&item.to))
    };
    for (feature, needed) in [
        ("tkinter", &["tkinter"][..]),
        ("turtle", &["turtle.py", "tkinter"]),
        ("turtledemo", &["turtledemo", "turtle.py", "tkinter"]),
        ("idlelib", &["idlelib", "tkinter"]),
        ("ensurepip", &["ensurepip"]),
        ("lib2to3", &["lib2to3"]),
        ("pydoc_data", &["pydoc_data"]),
        ("test", &["test"]),
    ] {
        let missing = needed
            .iter()
            .find(|path| contents.has(feature) && !has(path));
        if let Some(path) = missing {
            return Err(Error::no_part(
                source,
                feature,
                &format!("`{}`", path.trim_end_matches(".py")),
            ));
        }
    }
    Ok(())
}

fn add_terminals(source: &Interpreter, to: &Path, files: &mut Vec<Item>) {
    let own = source.base_prefix.join("share/terminfo");
    let places: Vec<&Path> = std::iter::once(&*own)
        .chain(TERMINFO.iter().map(Path::new))
        .collect();
    for name in TERMINALS {
        let Some(letter) = name.get(..1) else {
            continue;
        };
        let below = Path::new(letter).join(name);
        let from = places
            .iter()
            .map(|place| place.join(&below))
            .find(|path| path.is_file());
        files.extend(from.map(|from| Item {
            from,
            to: to.join(&below),
        }));
    }
}

/// Adds the files below `from` whose names, and those of their parents, are `wanted`.
fn add_tree(
    from: &Path,
    to: &Path,
    wanted: &dyn Fn(&str) -> bool,
    files: &mut Vec<Item>,
) -> Result<(), Error> {
    if !from.is_dir() {
        return Ok(());
    }
    for entry in sorted(from)? {
        let Some(name) = entry.path.file_name() else {
            continue;
        };
        let to = to.join(name);
        if !name.to_str().is_some_and(wanted) {
            continue;
        }
        match entry.target() {
            Some(kind) if kind.is_dir() && !entry.is_loop() => {
                add_tree(&entry.path, &to, wanted, files)?;
            }
            Some(kind) if kind.is_file() => files.push(Item {
                from: entry.path,
                to,
            }),
            _ => {}
        }
    }
    Ok(())
}

/// Adds the scripts that Tcl and Tk run on start, which they look for in `../lib/tcl8.6` beside the
/// program.
pub(super) fn add_tcl_scripts(
    libraries: &BTreeSet<String>,
    prefix: &Path,
    files: &mut Vec<Item>,
) -> Result<(), Error> {
    let places = [
        prefix.join("lib"),
        PathBuf::from("/usr/share/tcltk"),
        PathBuf::from("/usr/lib"),
        "/usr/share".into(),
    ];
    let of_library =
        |library: &String| Some(library.strip_prefix("lib")?.split(".so").next()?.to_owned());
    // `libtcl9tk9.0.so` uses the scripts of `tk9.0`.
    let names = libraries
        .iter()
        .filter_map(of_library)
        .map(|name| match name.split_once("tk") {
            Some((tcl, tk)) if tcl.starts_with("tcl") => format!("tk{tk}"),
            _ => name,
        });
    let mut names: Vec<String> = names
        .filter(|name| name.starts_with("tcl") || name.starts_with("tk"))
        .collect();
    if names.is_empty() {
        // An interpreter with built-in Tcl keeps the scripts beside its libraries.
        let is_tcl = |name: &str| {
            let version = name.strip_prefix("tcl").or_else(|| name.strip_prefix("tk"));
            version.is_some_and(|version| {
                version.contains('.') && version.starts_with(|c: char| c.is_ascii_digit())
            })
        };
        let beside = sorted(&prefix.join("lib"))?;
        names = beside
            .iter()
            .filter_map(|child| child.path.file_name()?.to_str().map(str::to_owned))
            .collect();
        names.retain(|name| is_tcl(name));
    }
    for name in names {
        if let Some(from) = places
            .iter()
            .map(|place| place.join(&name))
            .find(|path| path.is_dir())
        {
            add_tree(&from, &Path::new("lib").join(name), &|_| true, files)?;
        }
    }
    Ok(())
}

/// Whether the extension module is built into the interpreter.
pub(super) fn is_built_in(source: &Interpreter, module: &str) -> bool {
    let name = format!("\0{module}\0");
    let files = [Some(&source.real_executable), source.library.as_ref()];
    let has =
        |path: &PathBuf| std::fs::read(path).is_ok_and(|bytes| contains(&bytes, name.as_bytes()));
    files.into_iter().flatten().any(has)
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
