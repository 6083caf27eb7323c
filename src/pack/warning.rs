//! Warnings about a package that is made nevertheless.

use std::path::{Path, PathBuf};

use super::python::fault::{Fault, Place};
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::elf::GlibcVersion;
use crate::fs::{Entry, EntryKind};
use crate::manifest::suggest::did_you_mean;
use crate::manifest::{Input, Manifest};
use crate::python::install::{Notice, SourceError};
use crate::report::{Bytes, counted, printable, printable_path, without_user};

/// A problem that the user who packs should know about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    #[error("slot `{slot}` has what looks like {}: {}", if files.len() == 1 { "a secret" } else { "secrets" }, few(files))]
    Secrets {
        slot: String,
        files: Vec<PathBuf>,
        input: Input,
    },
    /// `links` are relative to the project.
    #[error("what {} to, outside the project, is in the package: {}", if links.len() == 1 { "a link leads" } else { "links lead" }, few(links))]
    FromOutside { links: Vec<PathBuf> },
    /// `file` is the program's, as the user knows it.
    #[error(
        "`{}` does not compile for CPython {python}: {reason}",
        printable_path(file)
    )]
    Broken {
        file: PathBuf,
        python: String,
        reason: String,
    },
    #[error(
        "`{}`, the package's program, is excluded from the package",
        printable_path(file)
    )]
    LeftOut { file: PathBuf },
    /// `start` is the entry point.
    #[error("`{start}` cannot start: there is no module `{module}` in the package")]
    NoModule {
        start: String,
        module: String,
        suggestion: Option<String>,
    },
    #[error("`{package}` cannot be run: the package has no `__main__.py`")]
    NoMain { package: String },
    #[error("`{module}:{name}` cannot start: the module has no `{name}`")]
    NoFunction {
        module: String,
        name: String,
        suggestion: Option<String>,
    },
    #[error("{what} names `{path}`, which no slot provides")]
    NothingThere {
        what: String,
        path: String,
        suggestion: Option<String>,
    },
    /// `what` is the package, the launcher or a slot.
    #[error("{what} has {}; its budget is {}", Bytes(*found), Bytes(*limit))]
    OverBudget {
        package: PathBuf,
        what: String,
        found: u64,
        limit: u64,
    },
    /// `file` needs `floor`.
    #[error(
        "the package needs glibc {floor}; `[tool.flavor.target]` promises {allowed}: `{file}` in slot `{slot}` needs it"
    )]
    NewerGlibc {
        floor: GlibcVersion,
        allowed: GlibcVersion,
        slot: String,
        file: String,
        is_of_runtime: bool,
    },
    /// The manifest lists libraries, and these are not among them.
    #[error("the package needs what `[tool.flavor.target]` does not list: {}", lacking(.0))]
    UnlistedLibraries(Vec<Lacking>),
    #[error("the package needs {} that it cannot carry: {}", if .0.len() == 1 { "a library of the target" } else { "libraries of the target" }, lacking(.0))]
    FromTarget(Vec<Lacking>),
    #[error("there is no library `{}` in the package or on this machine, {}", .0.library, .0.by())]
    NoLibrary(Lacking),
    /// More than one, none of which the main program certainly loads.
    #[error("native files need libraries that are neither in the package nor on this machine: {}", lacking(.0))]
    NoLibraries(Vec<Lacking>),
    #[error("the library `{}` lacks {}, {}", one.library, versions.join(" and "), one.by())]
    OldLibrary { one: Lacking, versions: Vec<String> },
    #[error("the library `{}` cannot be carried, {}: {reason}", one.library, one.by())]
    NotCarried { one: Lacking, reason: String },
    #[error("`{}` in slot `{slot}` opens `{}` by name, which {} not in the package", printable(file), libraries.join("`, `"), if libraries.len() == 1 { "is" } else { "are" })]
    Opens {
        slot: String,
        file: String,
        libraries: Vec<String>,
    },
    /// `paths` are relative to the project.
    #[error(
        "the build does not see unreadable files and dangling links: {}",
        few(paths)
    )]
    PassedOver { paths: Vec<PathBuf> },
    #[error(transparent)]
    Missing(Box<Fault>),
    /// `paths` are relative to the project.
    #[error("the build does not see {}: {}", if paths.len() == 1 { "a directory with very many files" } else { "directories with very many files" }, few(paths))]
    NotLookedThrough { paths: Vec<PathBuf> },
    #[error("cannot determine which files git tracks: {reason}")]
    IndexUnread { reason: String },
    #[error(transparent)]
    Install(Notice),
}

/// A missing library, and the files that need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    pub library: String,
    pub slot: String,
    /// Path inside the slot.
    pub file: String,
    /// How many more files need it.
    pub others: usize,
}

impl Lacking {
    /// The first of the files is the one that needs it.
    pub(super) fn new(library: &str, slot: &str, files: &[String]) -> Self {
        let file = files.first().cloned().unwrap_or_default();
        Self {
            library: library.into(),
            slot: slot.into(),
            file,
            others: 0,
        }
    }

    fn by(&self) -> String {
        let more = match self.others {
            0 => String::new(),
            others => format!(" and {}", counted(others, "more file", "more files")),
        };
        let (file, slot) = (printable(&self.file), &self.slot);
        format!(
            "which `{file}` in slot `{slot}`{more} {}",
            if self.others == 0 { "needs" } else { "need" }
        )
    }
}

fn lacking(all: &[Lacking]) -> String {
    let each = |one: &Lacking| {
        format!(
            "{} (`{}` in slot `{}`)",
            one.library,
            printable(&one.file),
            one.slot
        )
    };
    let mut text = all
        .iter()
        .take(LISTED)
        .map(each)
        .collect::<Vec<_>>()
        .join(", ");
    if all.len() > LISTED {
        text.push_str(&format!(" and {} more", all.len() - LISTED));
    }
    text
}

/// The libraries as a list in TOML.
fn listing<'a>(all: impl IntoIterator<Item = &'a Lacking>) -> String {
    all.into_iter()
        .map(|one| format!("\"{}\"", one.library))
        .collect::<Vec<_>>()
        .join(", ")
}

impl Finding {
    /// Whether the package requires more than `[tool.flavor.target]` promises.
    pub fn is_beyond_target(&self) -> bool {
        matches!(self, Self::NewerGlibc { .. } | Self::UnlistedLibraries(_))
    }

    /// The line of a module that it is about.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Missing(fault) => fault.place(),
            _ => None,
        }
    }
}

impl Diagnostic for Finding {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Secrets { files, input, .. } => {
                let name = files.first().and_then(|file| file.file_name()).unwrap_or_default();
                let name = printable_path(Path::new(name));
                let how = match input {
                    Input::Project => format!("; exclude it with `exclude = [\"{name}\"]` under [tool.flavor.build]"),
                    Input::Directory => format!("; exclude it with a line `{name}` in `.flavorignore`"),
                    Input::Script | Input::Wheel | Input::Requirement => String::new(),
                };
                Code::LOOKS_SECRET.with_hint(format!("anyone with the package can read it{how}"))
            }
            Self::FromOutside { .. } => Code::FROM_OUTSIDE.with_hint(
                "replace the link by a copy if that is intended, or list it in `.flavorignore`",
            ),
            Self::Broken { .. } => {
                Code::BROKEN_PROGRAM.with_hint("correct it, or choose another Python with `--python`")
            }
            Self::LeftOut { .. } => Code::PROGRAM_NOT_PACKED
                .with_hint("it is hidden, or matches `.gitignore`, `.flavorignore` or `exclude`"),
            Self::NoModule { suggestion: Some(near), .. } | Self::NoFunction { suggestion: Some(near), .. } => {
                Code::PROGRAM_NOT_PACKED.with_hint(did_you_mean(near))
            }
            Self::NoModule { .. } => Code::PROGRAM_NOT_PACKED.with_hint(
                "neither the project nor a dependency provides it: check the name, and what the build packs",
            ),
            Self::NoFunction { .. } => Code::PROGRAM_NOT_PACKED.with_hint("check the name of the function"),
            Self::NoMain { package } => {
                Code::PROGRAM_NOT_PACKED.with_hint(format!("name a function of it, as in `{package}.cli:main`"))
            }
            Self::NothingThere { suggestion: Some(near), .. } => {
                Code::NOTHING_THERE.with_hint(did_you_mean(near))
            }
            Self::NothingThere { .. } => {
                Code::NOTHING_THERE.with_hint("add a slot with that `target`, or correct the path")
            }
            Self::OverBudget { package, .. } => Code::OVER_BUDGET.with_hint(format!(
                "`flavor inspect --largest 10 {}` shows what is large",
                printable_path(package)
            )),
            Self::NewerGlibc { is_of_runtime: true, .. } => Code::BEYOND_TARGET.with_hint(
                "choose an interpreter for older systems, such as one of uv's, or pack on an older system",
            ),
            Self::NewerGlibc { file, .. } if file.contains(".libs/") => {
                let name = file.rsplit('/').next().unwrap_or(file);
                Code::BEYOND_TARGET.with_hint(format!(
                    "leave it to the target with `libraries = [\"{name}\"]` under [tool.flavor.target], or pack on an older system"
                ))
            }
            Self::NewerGlibc { .. } => {
                Code::BEYOND_TARGET.with_hint("use a build for older systems, or pack on an older system")
            }
            Self::UnlistedLibraries(all) => Code::BEYOND_TARGET.with_hint(format!(
                "add {} to `libraries` under [tool.flavor.target] if every target has them",
                listing(all)
            )),
            Self::FromTarget(all) => Code::FROM_TARGET.with_hint(format!(
                "if every target has {}, declare `libraries = [{}]` under [tool.flavor.target]",
                if all.len() == 1 { "it" } else { "them" },
                listing(all)
            )),
            Self::NoLibrary(one) => Code::NO_LIBRARY.with_hint(format!(
                "install it on this machine to include it; if every target has it, list it in `libraries = [\"{}\"]` under [tool.flavor.target]",
                one.library
            )),
            Self::NoLibraries(_) => Code::NO_LIBRARY.with_hint(
                "plug-ins that are never loaded do no harm: `exclude` under [tool.flavor.build] leaves them \
                 out; else install the libraries here, or name them under [tool.flavor.target]",
            ),
            Self::OldLibrary { .. } => Code::OLD_LIBRARY
                .with_hint("install a newer one here, or use a build of the file for older systems"),
            Self::NotCarried { one, .. } => Code::NOT_CARRIED.with_hint(format!(
                "add it as a slot, or list it in `libraries = [\"{}\"]` under [tool.flavor.target] if every target has it",
                one.library
            )),
            Self::Opens { libraries, .. } => {
                let names = libraries.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
                Code::OPENS_LIBRARY.with_hint(format!(
                    "if the program needs it: `include = [{names}]` under [tool.flavor.python] carries it, `libraries = [{names}]` \
                     under [tool.flavor.target] says that every target has it"
                ))
            }
            Self::PassedOver { .. } => {
                Code::PASSED_OVER.with_hint("remove it, or list it in `.flavorignore`")
            }
            Self::NotLookedThrough { paths } => {
                let first = printable_path(paths.first().map_or(Path::new(""), PathBuf::as_path));
                Code::NOT_LOOKED_THROUGH.with_hint(format!(
                    "if the build does not need it, list it in `.flavorignore`; otherwise `include = [\"{first}\"]` under [tool.flavor.build]"
                ))
            }
            Self::IndexUnread { .. } => Code::INDEX_UNREAD.with_hint(
                "see `git status`; tracked files in directories such as `dist` may be missing",
            ),
            Self::Install(notice) => notice.diagnosis(),
            Self::Missing(fault) => fault.diagnosis(),
        }
    }
}

/// The maximum number of names listed.
const LISTED: usize = 5;

fn few(paths: &[PathBuf]) -> String {
    let mut text = paths
        .iter()
        .take(LISTED)
        .map(|path| printable_path(path))
        .collect::<Vec<_>>()
        .join(", ");
    if paths.len() > LISTED {
        text.push_str(&format!(" and {} more", paths.len() - LISTED));
    }
    text
}

/// Common names of files with passwords, tokens or private keys.
const SECRET: &[&str] = &[
    ".env",
    ".git-credentials",
    ".netrc",
    ".pgpass",
    ".pypirc",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
];
/// Suffixes of files that may contain a private key; their first bytes tell.
const MAYBE_KEYS: &[&str] = &["key", "pem"];
/// How many bytes are read.
const LOOKED_AT: u64 = 1 << 16;

/// A file in a slot of the user's own files that looks like a secret.
pub(super) fn secrets(manifest: &Manifest, slot: &str, entries: &[Entry]) -> Option<Finding> {
    let is_file = |entry: &&Entry| matches!(entry.kind, EntryKind::File { .. });
    let files: Vec<PathBuf> = entries
        .iter()
        .filter(is_file)
        .filter(|one| is_secret(one))
        .map(|one| one.relative.clone())
        .collect();
    (!files.is_empty()).then(|| Finding::Secrets {
        slot: slot.into(),
        files,
        input: manifest.input,
    })
}

fn is_secret(entry: &Entry) -> bool {
    let name = entry
        .relative
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let maybe_key = || {
        entry
            .relative
            .extension()
            .is_some_and(|ending| MAYBE_KEYS.iter().any(|one| ending == *one))
    };
    SECRET.contains(&&*name)
        || (maybe_key() && has_private_key(&entry.path))
        || (names_addresses(&name) && has_password(&entry.path))
}

/// Whether a file name is that of an installer's configuration.
fn names_addresses(name: &str) -> bool {
    let ends = |ending: &str| {
        Path::new(name)
            .extension()
            .is_some_and(|found| found == ending)
    };
    let is_list = name.starts_with("requirements") && ends("txt");
    is_list || ["pip.conf", "pyproject.toml", "uv.toml"].contains(&name) || ends("lock")
}

/// Whether a file contains a URL with credentials.
fn has_password(path: &Path) -> bool {
    std::fs::read_to_string(path).is_ok_and(|text| without_user(&text) != text)
}

/// Whether a file begins with a private key in PEM, possibly after a certificate.
fn has_private_key(path: &Path) -> bool {
    use std::io::Read;
    let mut start = Vec::new();
    let read =
        std::fs::File::open(path).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut start));
    let text = String::from_utf8_lossy(&start);
    read.is_ok()
        && text
            .lines()
            .any(|line| line.starts_with("-----BEGIN ") && line.ends_with("PRIVATE KEY-----"))
}

/// The links out of a project whose content is in the tree built from it.
pub(super) fn from_outside(links: &[PathBuf], entries: &[Entry]) -> Option<Finding> {
    let arrived = |link: &&PathBuf| {
        // A back end moves a file together with its directory: `src/pkg/data` becomes `…/pkg/data`.
        let tail: PathBuf = link
            .components()
            .rev()
            .take(2)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        let is_own = |path: &Path| !path.to_string_lossy().contains(".dist-info/");
        entries
            .iter()
            .map(|entry| &*entry.relative)
            .any(|path| path.ends_with(&tail) && is_own(path))
    };
    let links: Vec<PathBuf> = links.iter().filter(arrived).cloned().collect();
    (!links.is_empty()).then_some(Finding::FromOutside { links })
}

/// Entries that are hidden from the back end. Hidden links are editors' lock files and are not
/// reported.
pub(super) fn passed_over(project: &Path, unfit: &[SourceError]) -> Option<Finding> {
    let is_hidden = |path: &Path| {
        path.file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
    };
    let paths = unfit
        .iter()
        .map(SourceError::path)
        .filter(|path| !is_hidden(path));
    let paths: Vec<PathBuf> = paths
        .map(|path| path.strip_prefix(project).unwrap_or(path).to_path_buf())
        .collect();
    (!paths.is_empty()).then_some(Finding::PassedOver { paths })
}

/// The directories of a project that are too large to be scanned.
pub(super) fn not_looked_through(paths: &[PathBuf]) -> Option<Finding> {
    (!paths.is_empty()).then(|| Finding::NotLookedThrough {
        paths: paths.to_vec(),
    })
}
