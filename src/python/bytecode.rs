//! Compiles bytecode at build time, so that the first start is as fast as later ones.
//!
//! The same sources and interpreter give the same bytes, whatever the directory, the number of jobs
//! and the order of the work.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Instant;

use super::child;
use super::command::{StartError, command, not_started};
use super::interpreter::Interpreter;
use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::fs::{self as files, IoContext as _};

/// Why a tree cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Fs(#[from] files::Error),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("a bytecode compiler of `{}` stopped early: {said}", interpreter.display())]
    Compiler { interpreter: PathBuf, said: String },
}

impl Diagnostic for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Fs(error) => error.code().into(),
            Self::Start(error) => error.diagnosis(),
            Self::Compiler { .. } => Code::PROGRAM_STOPPED.into(),
        }
    }
}

/// Source of the program that each job runs.
const WORKER: &str = include_str!("compile_worker.py");

/// Below this many bytes of source per process, another process is not worth its cost.
const WORTH_A_JOB: u64 = 100_000;

/// The precision of source positions in bytecode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Positions {
    /// By line: tracebacks show the line. A quarter smaller when compressed (PEP 657 has the
    /// reasons).
    Lines,
    /// By line and column: tracebacks of CPython 3.11 and later also underline the expression.
    Columns,
}

/// The result of compiling a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compiled {
    /// Bytecode files written.
    pub files: usize,
    /// Sources that are not valid Python for this interpreter, such as templates, relative to the
    /// tree, and why. They are left uncompiled.
    pub broken: BTreeMap<PathBuf, String>,
}

/// One source file, and its name in the bytecode.
struct Source {
    path: PathBuf,
    /// Relative to the tree. The importer replaces it by the real path when it loads the file.
    name: PathBuf,
    target: PathBuf,
    size: u64,
}

/// Writes `__pycache__/<name>.<tag>.pyc` for every `.py` of a tree (everything under its `lib` if
/// it is prefix-shaped, else all of it), as unchecked hash-based files. They go to the same
/// relative paths below `dest`, which may be the tree itself; existing files are kept.
pub fn compile(
    interpreter: &Interpreter,
    tree: &Path,
    dest: &Path,
    positions: Positions,
    jobs: usize,
) -> Result<Compiled, Error> {
    let started = Instant::now();
    let mut sources = Vec::new();
    let library = tree.join("lib");
    let top = if library.is_dir() { &library } else { tree };
    if top.is_dir() {
        collect(tree, top, &mut sources)?;
    }
    for source in &mut sources {
        source.target = dest.join(bytecode_of(interpreter, &source.name));
    }
    let known = sources.len();
    if tree != dest {
        sources.retain(|source| !source.target.exists());
    }
    let reused = known - sources.len();
    let total: u64 = sources.iter().map(|source| source.size).sum();
    let worth = usize::try_from(total / WORTH_A_JOB)
        .unwrap_or(usize::MAX)
        .max(1);
    let count = sources.len();
    if count == 0 {
        return Ok(Compiled {
            files: reused,
            broken: BTreeMap::new(),
        });
    }
    let shares = share(sources, jobs.clamp(1, worth));
    let jobs = shares.len();
    let broken = thread::scope(|scope| {
        let workers: Vec<_> = shares
            .iter()
            .map(|share| scope.spawn(|| work(interpreter, positions, share)))
            .collect();
        workers
            .into_iter()
            .try_fold(BTreeMap::new(), |mut broken, worker| {
                // The worker threads do not panic; if one did, the panic is propagated here.
                broken.extend(
                    worker
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
                );
                Ok::<_, Error>(broken)
            })
    })?;
    let failed = broken.len();
    tracing::info!(
        files = count - failed,
        failed,
        jobs,
        took = %format_args!("{}ms", started.elapsed().as_millis()),
        "compiled bytecode in parallel"
    );
    Ok(Compiled {
        files: reused + count - failed,
        broken,
    })
}

/// The path of a source's bytecode, relative to the directory of the source.
pub fn bytecode_of(interpreter: &Interpreter, source: &Path) -> PathBuf {
    let mut name = source.file_stem().unwrap_or_default().to_os_string();
    name.push(format!(".{}.pyc", interpreter.cache_tag));
    source
        .parent()
        .unwrap_or(Path::new(""))
        .join("__pycache__")
        .join(name)
}

fn collect(root: &Path, directory: &Path, sources: &mut Vec<Source>) -> files::Result<()> {
    for entry in fs::read_dir(directory).on("read directory", directory)? {
        let entry = entry.on("read directory", directory)?;
        let path = entry.path();
        let kind = entry.file_type().on("inspect", &path)?;
        if kind.is_dir() {
            if entry.file_name() != "__pycache__" {
                collect(root, &path, sources)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "py") {
            // A link may be dangling, or lead to a directory.
            let Some(metadata) = path.metadata().ok().filter(fs::Metadata::is_file) else {
                continue;
            };
            let name = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
            sources.push(Source {
                path,
                name,
                target: PathBuf::new(),
                size: metadata.len(),
            });
        }
    }
    Ok(())
}

/// Distributes the sources over `jobs` shares of about the same total length, largest file first.
fn share(mut sources: Vec<Source>, jobs: usize) -> Vec<Vec<Source>> {
    sources.sort_by(|one, other| {
        other
            .size
            .cmp(&one.size)
            .then_with(|| one.path.cmp(&other.path))
    });
    let mut shares: Vec<Vec<Source>> = (0..jobs).map(|_| Vec::new()).collect();
    let mut lightest: BinaryHeap<Reverse<(u64, usize)>> =
        (0..jobs).map(|job| Reverse((0, job))).collect();
    for source in sources {
        let Some(Reverse((load, job))) = lightest.pop() else {
            break;
        };
        // Even an empty file has a cost.
        lightest.push(Reverse((load + source.size + 500, job)));
        shares[job].push(source);
    }
    shares.retain(|share| !share.is_empty());
    shares
}

/// Runs one compiler process on its share; returns the files that it could not compile, and why.
fn work(
    interpreter: &Interpreter,
    positions: Positions,
    share: &[Source],
) -> Result<Vec<(PathBuf, String)>, Error> {
    let executable = &interpreter.executable;
    // Not `-I`: that would disable the fixed hash seed, and older versions write sets in iteration
    // order.
    let mut worker = command(executable);
    worker.args(["-s", "-S"]);
    if positions == Positions::Lines {
        // Older versions have no columns, and ignore the option.
        worker.args(["-X", "no_debug_ranges"]);
    }
    let mut child = worker
        .args(["-c", WORKER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| not_started(&worker, source))?;
    if let Some(mut input) = child.stdin.take() {
        let mut list = Vec::new();
        for source in share {
            for path in [&source.path, &source.name, &source.target] {
                list.extend_from_slice(path.as_os_str().as_bytes());
                list.push(0);
            }
        }
        // The worker reads everything before it writes anything. If it died, its status says so
        // below.
        let _ = input.write_all(&list);
    }
    let output = child::finish(child).map_err(|source| not_started(&worker, source))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said
            .lines()
            .last()
            .map_or_else(|| output.status.to_string(), ToOwned::to_owned);
        return Err(Error::Compiler {
            interpreter: executable.clone(),
            said,
        });
    }
    let fields: Vec<&[u8]> = output.stdout.split(|byte| *byte == 0).collect();
    let mut broken = Vec::new();
    for pair in fields.chunks_exact(2) {
        let path = PathBuf::from(std::ffi::OsString::from_vec(pair[0].to_vec()));
        let reason = String::from_utf8_lossy(pair[1]).into_owned();
        tracing::debug!(path = %path.display(), reason, "not compiled");
        broken.push((path, reason));
    }
    Ok(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::{Request, discover};

    /// Sources that share interned names, sets and docstrings in every combination.
    fn write_tree(root: &Path) {
        let library = root.join("lib/python3/site-packages/pkg");
        fs::create_dir_all(&library).expect("scratch");
        for number in 0..40 {
            let text = format!(
                "'''doc {number}'''\nimport os, sys\nx = name_{number} if len(sys.argv) in {{'a', 'b', 'shared_{}'}} else None\n\
                 class C{number}:\n    def f(self, shared_{}=1):\n        return [lambda: (self, {number}.5, 'w w', b'', ())]\n",
                number % 7,
                number % 5
            );
            fs::write(
                library.join(format!("m{number}.py")),
                text + &"# filler\n".repeat(1500),
            )
            .expect("scratch");
        }
        fs::write(library.join("broken.py"), "print 'two'\n").expect("scratch");
        fs::write(library.join("warns.py"), "x = '\\d'\n").expect("scratch");
    }

    fn bytecode(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let cache = root.join("lib/python3/site-packages/pkg/__pycache__");
        let entries = fs::read_dir(&cache).expect("compiled");
        let mut files: Vec<_> = entries
            .map(|entry| entry.expect("readable").path())
            .map(|path| {
                (
                    PathBuf::from(path.file_name().expect("a name")),
                    fs::read(&path).expect("readable"),
                )
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn bytecode_depends_on_the_sources_alone() {
        let interpreter = discover(&Request::default()).expect("the tests need some CPython");
        let scratch = tempfile::tempdir().expect("scratch");
        let mut results = Vec::new();
        for (name, jobs) in [("one", 1), ("another place", 3), ("third", 2)] {
            let root = scratch.path().join(name);
            write_tree(&root);
            let compiled =
                compile(&interpreter, &root, &root, Positions::Columns, jobs).expect("compiles");
            let reason = compiled.broken.values().next().expect("a source is broken");
            assert!(
                reason.starts_with("line 1: Missing parentheses in call to 'print'"),
                "{reason}"
            );
            assert_eq!((compiled.files, compiled.broken.len()), (41, 1));
            results.push(bytecode(&root));
        }
        assert_eq!(results[0].len(), 41);
        assert!(
            results[0] == results[1] && results[1] == results[2],
            "bytes differ"
        );
        let (name, bytes) = &results[0][0];
        assert!(
            name.to_string_lossy()
                .ends_with(&format!(".{}.pyc", interpreter.cache_tag))
        );
        assert_eq!(
            bytes[..8],
            [&interpreter.magic_number[..], &[1, 0, 0, 0]].concat()
        );
    }

    #[test]
    fn shares_are_of_similar_weight() {
        let source = |size| Source {
            path: PathBuf::from(format!("{size}")),
            name: PathBuf::new(),
            target: PathBuf::new(),
            size,
        };
        let shares = share([50_000, 10_000, 20_000, 30_000].map(source).into(), 2);
        let weights: Vec<u64> = shares
            .iter()
            .map(|share| share.iter().map(|source| source.size).sum())
            .collect();
        assert_eq!(weights, [60_000, 50_000]);
    }
}
