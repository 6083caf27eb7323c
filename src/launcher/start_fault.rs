//! Diagnoses why the operating system failed to start a program, after the fact.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::target::{ElfMachine, Host, Processor};

/// How many bytes of a program are read. Linkers put the relevant headers into the first page.
const START: u64 = 4096;
/// The maximum depth of nested interpreters: the interpreter of a script may be a script.
const DEEPEST: usize = 5;
/// How much of the first line of a script the kernel reads.
const LONGEST_LINE: usize = 255;

const ELF: &[u8] = b"\x7fELF";
const PT_INTERP: u32 = 3;

/// Why a program does not start, as far as its file shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StartFault {
    /// The file does not exist; the path may be a dangling link.
    NoProgram {
        link: Option<PathBuf>,
    },
    /// A name without a directory that is not in PATH.
    NotOnPath,
    /// The first line of the script `script` names a program that does not exist.
    NoInterpreter {
        script: PathBuf,
        interpreter: PathBuf,
    },
    /// The dynamic loader that the program requires does not exist.
    NoLoader {
        program: PathBuf,
        loader: PathBuf,
    },
    /// A program for another processor.
    OtherMachine {
        program: PathBuf,
        machine: u16,
    },
    /// Neither a program nor a script.
    NoFormat {
        program: PathBuf,
    },
    /// The file has no permission to be executed.
    NoPermission {
        program: PathBuf,
        mode: u32,
    },
    NoExec {
        program: PathBuf,
    },
}

impl StartFault {
    /// Examines `program`, which failed to start with `error`.
    pub(super) fn of(program: &Path, error: &io::Error) -> Option<Self> {
        let mut program = program.to_path_buf();
        if !program.as_os_str().as_encoded_bytes().contains(&b'/') {
            return (error.kind() == io::ErrorKind::NotFound).then_some(Self::NotOnPath);
        }
        for depth in 0..DEEPEST {
            let Ok(metadata) = fs::metadata(&program) else {
                // The interpreter of a script is examined below.
                let link = fs::read_link(&program).ok();
                return (depth == 0 && error.kind() == io::ErrorKind::NotFound)
                    .then_some(Self::NoProgram { link });
            };
            let mode = metadata.permissions().mode() & 0o7777;
            if metadata.is_file() && mode & 0o111 == 0 {
                return Some(Self::NoPermission { program, mode });
            }
            if statvfs(&program).is_ok_and(|facts| facts.f_flag.contains(StatVfsMountFlags::NOEXEC))
            {
                return Some(Self::NoExec { program });
            }
            let start = start_of(&program)?;
            if let Some(line) = start.strip_prefix(b"#!") {
                let interpreter = interpreter(line)?;
                if fs::metadata(&interpreter).is_err() {
                    return Some(Self::NoInterpreter {
                        script: program,
                        interpreter,
                    });
                }
                program = interpreter;
                continue;
            }
            if !start.starts_with(ELF) {
                return Some(Self::NoFormat { program });
            }
            return match of_elf(&start) {
                Some(Elf::Foreign(machine)) => Some(Self::OtherMachine { program, machine }),
                Some(Elf::Loader(loader)) if fs::metadata(&loader).is_err() => {
                    Some(Self::NoLoader { program, loader })
                }
                _ => None,
            };
        }
        None
    }

    /// The cause in one sentence.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::NoProgram { link: Some(to) } => {
                format!("it is a link to `{}`, which does not exist", to.display())
            }
            Self::NoProgram { link: None } => "the file does not exist".into(),
            Self::NotOnPath => "no directory in PATH has a program of that name".into(),
            Self::NoInterpreter {
                script,
                interpreter,
            } => {
                format!(
                    "the first line of `{}` names `{}`, which does not exist",
                    script.display(),
                    interpreter.display()
                )
            }
            Self::NoLoader { program, loader } => {
                format!(
                    "`{}` needs the loader `{}`, which does not exist",
                    program.display(),
                    loader.display()
                )
            }
            Self::OtherMachine { program, machine } => {
                let (theirs, ours) = (machine_name(*machine), Host::PROCESSOR.name());
                format!(
                    "`{}` is a program for {theirs}, this machine is {ours}",
                    program.display()
                )
            }
            Self::NoFormat { program } => {
                format!(
                    "`{}` is neither an ELF program nor a script with a `#!` line",
                    program.display()
                )
            }
            Self::NoPermission { program, mode } => {
                format!(
                    "`{}` is not executable: its mode is {mode:04o}",
                    program.display()
                )
            }
            Self::NoExec { program } => {
                format!("`{}` is on a file system mounted noexec", program.display())
            }
        }
    }
}

impl Diagnostic for StartFault {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::NoProgram { .. } | Self::NotOnPath => Code::PROGRAM_NOT_FOUND
                .with_hint("install it on this machine, or pack it and name it by its path in the package"),
            Self::NoInterpreter { interpreter, .. } => {
                Code::NO_LOADER.with_hint(match interpreter.as_os_str().as_encoded_bytes() {
                    [.., b'\r'] => {
                        "the line ends with a carriage return: save the script with Unix line endings"
                    }
                    _ => "install it on this machine, or start the script by an interpreter in the package",
                })
            }
            Self::NoLoader { loader, .. } => {
                Code::NO_LOADER.with_hint(if loader.to_string_lossy().contains("musl") {
                    "the program was built for musl: install musl on this machine, or pack a static build or one for glibc"
                } else {
                    "the program was built for glibc: run it on a machine with glibc, or pack a static build"
                })
            }
            Self::OtherMachine { .. } => Code::NOT_EXECUTABLE_HERE
                .with_hint("use a package for this machine, or pack the program for it"),
            Self::NoFormat { .. } => {
                Code::NOT_EXECUTABLE_HERE.with_hint("add a first line such as `#!/bin/sh`")
            }
            Self::NoPermission { .. } => Code::NOT_PERMITTED.with_hint(
                "set `permissions = \"0755\"` for its slot, or run `chmod 755` on the file before packing",
            ),
            Self::NoExec { .. } => {
                Code::NOT_PERMITTED.with_hint("set FLAVOR_CACHE_DIR to a directory where programs may run")
            }
        }
    }
}

/// The processor of a program that this machine cannot run. The system would otherwise pass the
/// file to a shell.
pub(super) fn foreign(program: &Path) -> Option<StartFault> {
    let mut start = [0; ElfMachine::LEN];
    File::open(program).ok()?.read_exact(&mut start).ok()?;
    match of_elf(&start)? {
        // Emulators are registered in the kernel's binfmt_misc directory, which has two files of
        // its own.
        Elf::Foreign(machine)
            if fs::read_dir("/proc/sys/fs/binfmt_misc").map_or(0, Iterator::count) <= 2 =>
        {
            Some(StartFault::OtherMachine {
                program: program.into(),
                machine,
            })
        }
        _ => None,
    }
}

fn start_of(program: &Path) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    File::open(program)
        .ok()?
        .take(START)
        .read_to_end(&mut start)
        .ok()?;
    Some(start)
}

/// The program in the first line of a script.
fn interpreter(line: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let line = line.get(..LONGEST_LINE).unwrap_or(line);
    let line = line.split(|byte| *byte == b'\n').next()?;
    let word = line
        .split(|byte| matches!(byte, b' ' | b'\t' | 0))
        .find(|word| !word.is_empty())?;
    Some(std::ffi::OsStr::from_bytes(word).into())
}

enum Elf {
    Foreign(u16),
    Loader(PathBuf),
    Static,
}

/// What the header says, and the loader if it is within the bytes read.
fn of_elf(start: &[u8]) -> Option<Elf> {
    use std::os::unix::ffi::OsStrExt;
    let number = |at: usize, width: usize| {
        let bytes = start.get(at..at.checked_add(width)?)?;
        bytes.iter().rev().try_fold(0_usize, |sum, byte| {
            sum.checked_mul(256)?.checked_add(usize::from(*byte))
        })
    };
    let machine = ElfMachine::of(start)?;
    if !Host::runs(machine) {
        return Some(Elf::Foreign(machine.number));
    }
    let is_64 = machine.is_64;
    let (table, size, count) = if is_64 {
        (number(32, 8)?, number(54, 2)?, number(56, 2)?)
    } else {
        (number(28, 4)?, number(42, 2)?, number(44, 2)?)
    };
    for index in 0..count {
        let at = table.checked_add(index.checked_mul(size)?)?;
        if number(at, 4)? != PT_INTERP as usize {
            continue;
        }
        let (offset, length) = if is_64 { (8, 32) } else { (4, 16) };
        let (width, at) = (if is_64 { 8 } else { 4 }, |field: usize| {
            at.checked_add(field)
        });
        let (offset, length) = (number(at(offset)?, width)?, number(at(length)?, width)?);
        let path = start.get(offset..offset.checked_add(length)?)?;
        let path = path.split(|byte| *byte == 0).next()?;
        return Some(Elf::Loader(std::ffi::OsStr::from_bytes(path).into()));
    }
    Some(Elf::Static)
}

fn machine_name(number: u16) -> String {
    Processor::of_elf(number).map_or_else(
        || format!("another processor ({number})"),
        |processor| processor.name().into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_script_names_a_program() {
        let interpreter =
            |line: &str| interpreter(line.as_bytes()).map(|path| path.display().to_string());
        assert_eq!(interpreter("/bin/sh\n").as_deref(), Some("/bin/sh"));
        assert_eq!(
            interpreter(" /usr/bin/env python3\n").as_deref(),
            Some("/usr/bin/env")
        );
        assert_eq!(interpreter("/bin/sh\r\necho").as_deref(), Some("/bin/sh\r"));
        assert_eq!(interpreter("\n"), None);
    }

    #[test]
    fn no_header_makes_it_panic() {
        let own = fs::read("/proc/self/exe").expect("this program");
        let own = own.get(..4096).expect("a page").to_vec();
        assert!(matches!(of_elf(&own), Some(Elf::Loader(_))));
        for at in 0..256 {
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = own.clone();
                *changed.get_mut(at).expect("a byte") = value;
                drop(of_elf(&changed));
                drop(of_elf(changed.get(..at).expect("a part")));
            }
        }
    }
}
