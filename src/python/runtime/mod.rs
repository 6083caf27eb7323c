//! Makes a relocatable, slim interpreter tree from any CPython prefix.
//!
//! ```text
//! bin/python3.13              finds its libraries in ../lib, wherever the tree is
//! bin/python3  bin/python     relative links to it
//! lib/libpython3.13.so.1.0    of a shared build; and all libraries other than glibc's
//! lib/python3.13/             the standard library without the [`FEATURES`]
//! lib/python3.13/lib-dynload/
//! ```
//!
//! It runs on a machine with nothing but glibc. The same source gives the same bytes; modes are
//! 0755 for the interpreter and 0644 for all else, times are the current time.

mod amend;
mod assemble;
mod contents;
mod data;
mod item;
mod libraries;
mod plan;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::elf::{self, GlibcVersion};
use crate::fs;
use crate::python::{Interpreter, Kind};

pub use amend::{amendments_digest, is_stub};
pub use assemble::prefix_hidden;
pub use contents::{FEATURES, Feature, include_for};

/// Options for an interpreter tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// What slim would omit: names of [`FEATURES`], modules (`test.support`, `ctypes.test*`), or
    /// names of shared libraries to carry for other modules (`libstdc++.so.6`).
    pub include: Vec<String>,
    /// Names or patterns of libraries that the target machine provides besides glibc's.
    pub from_target: Vec<String>,
    /// Threads; 0 uses the caller's pool.
    pub jobs: usize,
}

/// The tree that [`build`] made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Runtime {
    /// The interpreter, relative to the tree: `bin/python3.13`.
    pub executable: String,
    /// The standard library, relative to the tree: `lib/python3.13`.
    pub stdlib: String,
    /// Regular files.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// The oldest glibc on which every file of the tree loads.
    pub glibc_floor: Option<GlibcVersion>,
    /// Names of the libraries in `lib/`, sorted.
    pub bundled: Vec<String>,
    /// The files that these libraries were copied from, in the same order.
    pub libraries: Vec<PathBuf>,
    /// What the tree omits from the source, sorted by path.
    pub left_out: Vec<LeftOut>,
}

/// An omitted part of the standard library.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOut {
    /// Relative to the standard library: `idlelib`,
    /// `lib-dynload/nis.cpython-311-x86_64-linux-gnu.so`.
    pub path: String,
    pub reason: Reason,
}

/// Why a part is omitted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Slim omits it; including the feature of this name restores it.
    Slim { feature: &'static str },
    /// It needs a library that this machine lacks, so it does not work here either.
    MissingLibrary { library: String },
}

/// Why the tree cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Fs(#[from] fs::Error),
    /// The file cannot be parsed as ELF, or cannot be relocated.
    #[error("cannot relocate `{}`", path.display())]
    Elf { path: PathBuf, source: elf::Error },
    /// The interpreter is a script or another system's program.
    #[error("`{}` is not an ELF program", path.display())]
    NotAnInterpreter { path: PathBuf },
    /// The directory lacks `os.py`, by which an interpreter recognises its standard library.
    #[error("`{}` is not a Python standard library", path.display())]
    NoStandardLibrary { path: PathBuf },
    #[error("library `{library}`, needed by `{}`, is not on this machine", needed_by.display())]
    LibraryNotFound { library: String, needed_by: PathBuf },
    #[error("`{name}` is neither a part that slim leaves out nor a module of the standard library")]
    UnknownInclude { name: String },
    /// `part` is what is missing, `installation` the kind of installation.
    #[error("`{}` has no {part}, which `include = [\"{feature}\"]` asks for", interpreter.display())]
    NoPart {
        feature: &'static str,
        part: String,
        interpreter: PathBuf,
        version: (u8, u8, u8),
        installation: Kind,
    },
    #[error("cannot start {jobs} threads")]
    Threads {
        jobs: usize,
        source: rayon::ThreadPoolBuildError,
    },
}

impl Diagnostic for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Fs(error) => error.code().into(),
            Self::Elf { .. }
            | Self::NotAnInterpreter { .. }
            | Self::NoStandardLibrary { .. }
            | Self::LibraryNotFound { .. } => Code::NOT_RELOCATABLE.into(),
            Self::UnknownInclude { .. } => Code::UNKNOWN_INCLUDE.into(),
            Self::NoPart {
                feature,
                version,
                installation,
                ..
            } => Code::NO_SUCH_PART.with_hint(how_to_get(feature, *version, *installation)),
            Self::Threads { .. } => Code::SYSTEM.into(),
        }
    }
}

/// The remedy for an interpreter without a part of the standard library.
fn how_to_get(
    feature: &str,
    (major, minor, _): (u8, u8, u8),
    installation: Kind,
) -> Cow<'static, str> {
    if feature == "lib2to3" && minor > 12 {
        return format!("CPython {major}.{minor} has no such part: remove it from `include`")
            .into();
    }
    let other = "or choose another interpreter with `--python`";
    match (installation, feature) {
        (_, "tzdata") => {
            "install the system's package `tzdata`, or add the dependency `tzdata`".into()
        }
        (Kind::System, _) => {
            let (debian, fedora) = match feature {
                "tkinter" | "turtle" => ("python3-tk", "python3-tkinter"),
                "turtledemo" => ("python3-examples", "python3-tkinter"),
                "idlelib" => ("idle", "python3-idle"),
                "ensurepip" => ("python3-venv", "python3-libs"),
                "lib2to3" => ("python3-lib2to3", "python3-libs"),
                "test" => ("libpython3-testsuite", "python3-test"),
                _ => ("python3-dev", "python3-devel"),
            };
            format!(
                "install the system's package `{debian}` (Debian, Ubuntu) or `{fedora}` (Fedora), {other}"
            )
            .into()
        }
        (_, "tkinter" | "turtle" | "turtledemo" | "idlelib") => format!(
            "build the interpreter again with Tcl and Tk's headers installed (`tk-dev`), {other}"
        )
        .into(),
        _ => other.trim_start_matches("or ").into(),
    }
}

impl Error {
    fn no_part(source: &Interpreter, feature: &'static str, part: &str) -> Self {
        Self::NoPart {
            feature,
            part: part.into(),
            interpreter: source.executable.clone(),
            version: source.version,
            installation: source.kind,
        }
    }
}

/// The files of the interpreter that go into a tree, by destination; the libraries that they need
/// are found only when the tree is made.
pub fn sources(source: &Interpreter, include: &[String]) -> Result<Vec<(PathBuf, PathBuf)>, Error> {
    let selection = plan::Selection::of(source, include)?;
    Ok(selection
        .files
        .into_iter()
        .map(|item| (item.from, item.to))
        .collect())
}

/// Makes the tree in `dest`, which is created and should be empty.
pub fn build(source: &Interpreter, options: &Options, dest: &Path) -> Result<Runtime, Error> {
    let start = Instant::now();
    let work = || {
        let plan = plan::Plan::of(source, &options.include, &options.from_target)?;
        assemble::assemble(&plan, &source.base_prefix, dest)
    };
    let runtime = match options.jobs {
        0 => work(),
        jobs => rayon::ThreadPoolBuilder::new()
            .num_threads(jobs)
            .build()
            .map_err(|source| Error::Threads { jobs, source })?
            .install(work),
    }?;
    tracing::debug!(
        took = ?start.elapsed(),
        source = %source.real_executable.display(),
        files = runtime.files,
        bytes = runtime.bytes,
        bundled = runtime.bundled.len(),
        "python runtime built"
    );
    Ok(runtime)
}
