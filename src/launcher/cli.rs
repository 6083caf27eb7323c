//! `FLAVOR_LAUNCHER_CLI=1 ./app.psp COMMAND`: inspects a package on a machine without flavor. The
//! commands are those of FlavorPack's launchers.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::{Environment, LaunchError, slot_path, warm};
use crate::fs::{IoContext, Modes};
use crate::package::{Reader, check_content, verify};
use crate::report::{counted, printable, printable_json};
use crate::slot::{Decoders, Destination, extract};
use crate::trust::{Notes, Refusal};
use crate::workenv::{Cache, start_detached};

/// If it is `1` or `true`, the arguments are commands to the launcher, not arguments of the
/// program.
pub const VARIABLE: &str = "FLAVOR_LAUNCHER_CLI";

const HELP: &str = "\
info                  what the package is (the default)
verify                verify all bytes, and that every slot can be extracted
metadata              the signed JSON
extract INDEX DIR     unpack one slot
path SLOT             print the path of a slot, extracting it if necessary
warm [--to DIR]       extract all without starting anything
run [ARGS]            start the program
accept                accept the present signer of the package
version               version of this launcher
help                  this text
";

/// Runs one command and returns its output. `None` if the program is to be started, with the
/// remaining arguments.
///
/// `let_go` is called before a process is started that outlives this one. It closes all descriptors
/// but the first three for that process: somebody may wait for the end of a pipe that the program
/// has closed.
///
/// # Errors
/// See [`LaunchError`].
pub fn run(
    package: &Path,
    arguments: &mut Vec<OsString>,
    environment: &Environment,
    let_go: fn(),
) -> Result<Option<Vec<u8>>, LaunchError> {
    let words: Vec<String> = arguments
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Paths are bytes and are used unchanged.
    let argument = |at: usize| {
        Path::new(
            arguments
                .get(at)
                .map_or(OsStr::new(""), OsString::as_os_str),
        )
    };
    let printed = match words[..] {
        [] | ["info"] => info(package).map(String::into_bytes)?,
        ["verify"] => check(package).map(String::into_bytes)?,
        ["metadata"] => {
            let reader = open(package)?;
            format!(
                "{}\n",
                printable_json(&String::from_utf8_lossy(reader.text()))
            )
            .into_bytes()
        }
        ["extract", index, _] => unpack(package, index, argument(2)).map(String::into_bytes)?,
        ["extract", ..] => {
            return Err(LaunchError::Usage(
                "`extract` takes a slot and a directory".into(),
            ));
        }
        ["path", slot] => slot_path(package, slot, environment).map(line)?,
        ["path", ..] => return Err(LaunchError::Usage("`path` takes a slot".into())),
        ["warm"] => warm(package, None, environment).map(line)?,
        ["warm", "--to", _] => {
            // Content of an image is read by other users.
            rustix::process::umask(rustix::fs::Mode::WGRP | rustix::fs::Mode::WOTH);
            warm(package, Some(argument(2)), environment).map(line)?
        }
        ["warm", ..] => {
            return Err(LaunchError::Usage(
                "`warm` takes nothing, or `--to` and a directory".into(),
            ));
        }
        ["run", ..] => {
            arguments.remove(0);
            return Ok(None);
        }
        ["accept"] => {
            let known = Notes::accept(&open(package)?)?;
            format!(
                "{} is known by {} from now on\n",
                printable(&known.name),
                known.fingerprint
            )
            .into_bytes()
        }
        ["version" | "--version" | "-V"] => {
            format!("{}\n", crate::format::LAUNCHER_MARK).into_bytes()
        }
        ["help" | "--help" | "-h"] => HELP.into(),
        // For the launcher itself.
        ["detach", _, ..] => {
            let words: Vec<&OsStr> = arguments.iter().skip(1).map(OsString::as_os_str).collect();
            let_go();
            start_detached(package, &words).on("start", package)?;
            Vec::new()
        }
        ["reap", _, root] => {
            let failed = |source| LaunchError::Workenv {
                path: root.into(),
                source,
            };
            Cache::reap(argument(1), argument(2)).map_err(failed)?;
            Vec::new()
        }
        ["evict", root] => {
            let failed = |source| LaunchError::Workenv {
                path: root.into(),
                source,
            };
            Cache::evict(argument(1)).map_err(failed)?;
            Vec::new()
        }
        [
            known @ ("info" | "verify" | "metadata" | "accept" | "version" | "--version" | "-V"
            | "help"),
            ..,
        ] => {
            return Err(LaunchError::Usage(format!("`{known}` takes no arguments")));
        }
        [other, ..] => {
            return Err(LaunchError::Usage(format!(
                "`{}` is not a launcher command",
                printable(other)
            )));
        }
    };
    Ok(Some(printed))
}

/// A path alone, byte for byte, for use by programs.
fn line(path: PathBuf) -> Vec<u8> {
    let mut bytes = path.into_os_string().into_vec();
    bytes.push(b'\n');
    bytes
}

fn open(package: &Path) -> Result<Reader, LaunchError> {
    Reader::open(package).map_err(|source| LaunchError::Refused {
        path: package.into(),
        source: source.into(),
    })
}

fn info(package: &Path) -> Result<String, LaunchError> {
    let reader = open(package)?;
    let metadata = reader.metadata();
    let mut text = format!(
        "{} {}\nformat    {}\nsigner    {}\nsize      {}\n",
        printable(&metadata.package.name),
        printable(&metadata.package.version),
        printable(&metadata.format),
        reader.signer().fingerprint(),
        reader.index().package_size,
    );
    for slot in reader.slots() {
        let line = format!(
            "slot {}    {} {} {}\n",
            slot.index,
            slot.name(),
            slot.record.operations,
            slot.row.stored_size
        );
        text.push_str(&printable(line.trim_end()));
        text.push('\n');
    }
    Ok(text)
}

fn check(package: &Path) -> Result<String, LaunchError> {
    let reader = open(package)?;
    let refused = |source| LaunchError::Refused {
        path: package.into(),
        source: Refusal::Package(source),
    };
    let verified = verify(&reader).map_err(refused)?;
    check_content(&reader).map_err(refused)?;
    let launcher = if verified.launcher { "launcher, " } else { "" };
    let mut text = format!(
        "valid: signature, {launcher}{}\n",
        counted(verified.slots, "slot", "slots")
    );
    for slot in &verified.unauthenticated {
        text.push_str(&format!("not authenticated: slot `{}`\n", printable(slot)));
    }
    Ok(format!("{text}signer {}\n", reader.signer().fingerprint()))
}

fn unpack(package: &Path, index: &str, directory: &Path) -> Result<String, LaunchError> {
    let reader = open(package)?;
    let refused = |source| LaunchError::Refused {
        path: package.into(),
        source: Refusal::Package(source),
    };
    // Only verified bytes are decoded.
    verify(&reader).map_err(refused)?;
    let slot = reader.slot(index).map_err(|source| LaunchError::NoSlot {
        path: package.into(),
        source,
    })?;
    let stored = slot.stored().map_err(|error| refused(error.into()))?;
    std::fs::create_dir_all(directory).on("create directory", directory)?;
    let destination = if stored.operations.tar {
        Destination::Tree(directory, Modes::Keep)
    } else {
        Destination::File {
            directory,
            name: slot.name().as_ref(),
            mode: slot.record.mode(),
        }
    };
    let extract_failed = |source| LaunchError::Workenv {
        path: package.into(),
        source: crate::workenv::WorkenvError::Extract {
            slot: slot.name().into(),
            source,
        },
    };
    let done = extract(&stored, destination, &Decoders::new(1)).map_err(extract_failed)?;
    Ok(format!(
        "{} in {}\n",
        counted(done.files, "file", "files"),
        directory.display()
    ))
}
