//! Makes a runtime of every interpreter on this machine, then runs it with an empty environment.
//!
//! Interpreters come from `~/.pyenv/versions/*` and `/usr/bin/python3`; a test names those that it did not find.
//! `FLAVOR_TEST_RUNTIMES=DIR` keeps the trees in `DIR`, to be tried elsewhere.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use tempfile::TempDir;

use super::*;

/// The oldest CPython whose layout is promised to work.
const OLDEST: (u8, u8) = (3, 9);

/// Prints what a [`Source`] holds, and which modules of the standard library can be imported.
const PROBE: &str = r#"
import importlib, json, os, sys, sysconfig, warnings
warnings.simplefilter("ignore")
var = sysconfig.get_config_var
library = os.path.join(var("LIBDIR") or "", var("LDLIBRARY") or "")
dynload = os.path.join(sysconfig.get_path("platstdlib"), "lib-dynload")
json.dump({
    "executable": os.path.realpath(sys.executable),
    "version": sys.version_info[:3],
    "base_prefix": sys.base_prefix,
    "base_exec_prefix": sys.base_exec_prefix,
    "stdlib": sysconfig.get_path("stdlib"),
    "platstdlib": sysconfig.get_path("platstdlib"),
    "dynload": var("DESTSHARED") or dynload,
    "library": library if var("Py_ENABLE_SHARED") and os.path.isfile(library) else None,
}, sys.stdout)
"#;

/// Imports each module in its own right and prints the names of those that fail, with the reason.
const IMPORT_ALL: &str = r#"
import contextlib, importlib, io, json, os, sys, warnings
warnings.simplefilter("ignore")
names = sorted(getattr(sys, "stdlib_module_names", sys.builtin_module_names))
failed = {}
for name in names:
    if name in ("antigravity", "this", "idlelib", "__main__"):
        continue
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            importlib.import_module(name)
    except BaseException as error:
        failed[name] = repr(error)
maps = sorted({line.split()[-1] for line in open("/proc/self/maps") if ".so" in line})
json.dump({"failed": failed, "maps": maps, "prefix": sys.prefix, "path": sys.path}, sys.stdout)
"#;

/// What a program does on its first day.
const USE: &str = r#"
import asyncio, bz2, ctypes, curses, dbm, decimal, email, hashlib, json, lzma, multiprocessing, readline, sqlite3, ssl
import subprocess, sys, sysconfig, tempfile, threading, unittest, uuid, venv, xml.etree.ElementTree, zlib, zoneinfo
assert lzma.decompress(lzma.compress(b"x" * 999)) == b"x" * 999
assert bz2.decompress(bz2.compress(b"x")) == zlib.decompress(zlib.compress(b"x"))
assert sqlite3.connect(":memory:").execute("select sum(x) from (select 1 x union select 2)").fetchone() == (3,)
assert hashlib.new("sha256", b"").hexdigest().startswith("e3b0c442")
assert hashlib.blake2b(b"").digest_size == 64
ssl.create_default_context()
assert ctypes.CDLL(None).abs(-3) == 3
assert xml.etree.ElementTree.fromstring("<a><b/></a>")[0].tag == "b"
assert decimal.Decimal("0.1") * 3 == decimal.Decimal("0.3")
async def one(): return 1
assert asyncio.run(one()) == 1
assert sysconfig.get_config_vars()["EXT_SUFFIX"]
child = subprocess.run([sys.executable, "-I", "-c", "print(6 * 7)"], capture_output=True, check=True)
assert child.stdout == b"42\n" and child.stderr == b"", child
with tempfile.TemporaryDirectory() as directory:
    venv.create(directory, symlinks=True)
    inner = subprocess.run([directory + "/bin/python", "-c", "import sys, ssl; print(sys.prefix)"],
                           capture_output=True, text=True, check=True)
    assert inner.stdout.strip() == directory, inner
threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ok", sys.prefix)
"#;

#[derive(Deserialize)]
struct Probe {
    executable: PathBuf,
    version: (u8, u8, u8),
    base_prefix: PathBuf,
    base_exec_prefix: PathBuf,
    stdlib: PathBuf,
    platstdlib: PathBuf,
    dynload: PathBuf,
    library: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Imports {
    failed: std::collections::BTreeMap<String, String>,
    maps: Vec<PathBuf>,
    prefix: PathBuf,
    path: Vec<PathBuf>,
}

/// Runs with nothing in the environment; fails the test unless the program succeeds in silence.
fn run(python: &Path, script: &str) -> String {
    let output = Command::new(python).args(["-I", "-B", "-c", script]).env_clear().current_dir("/").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{} {}: {stderr}", python.display(), output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn source_of(python: &Path) -> Source {
    let probe: Probe = serde_json::from_str(&run(python, PROBE)).unwrap();
    Source {
        executable: probe.executable,
        version: probe.version,
        base_prefix: probe.base_prefix,
        base_exec_prefix: probe.base_exec_prefix,
        stdlib: probe.stdlib,
        platstdlib: probe.platstdlib,
        dynload: probe.dynload,
        library: probe.library,
    }
}

/// Interpreters on this machine. Says on the test's output which places had none.
#[expect(clippy::print_stderr, reason = "a test says what it could not try")]
fn interpreters() -> Vec<PathBuf> {
    let versions = Path::new(&env::var_os("HOME").unwrap_or_default()).join(".pyenv/versions");
    let mut found = vec![PathBuf::from("/usr/bin/python3")];
    match fs::read_dir(&versions) {
        Ok(entries) => found.extend(entries.map(|entry| entry.unwrap().path().join("bin/python3"))),
        Err(error) => eprintln!("not tried: `{}`: {error}", versions.display()),
    }
    found.retain(|python| {
        let is_there = python.exists();
        if !is_there {
            eprintln!("not tried: `{}` is not there", python.display());
        }
        is_there
    });
    found.retain(|python| {
        let version: (u8, u8) =
            serde_json::from_str(&run(python, "import sys; print(list(sys.version_info[:2]))")).unwrap();
        if version < OLDEST {
            eprintln!("not tried: `{}` is older than {OLDEST:?}", python.display());
        }
        version >= OLDEST
    });
    found.sort();
    found
}

/// A tree and where it lies; the temporary directory goes with it.
struct Built {
    runtime: Runtime,
    root: PathBuf,
    _directory: TempDir,
}

impl Built {
    fn of(source: &Source, include: &[&str]) -> Self {
        let include = include.iter().map(ToString::to_string).collect();
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap().join("runtime");
        let runtime = build(source, &Options { include, jobs: 0 }, &root).unwrap();
        Self { runtime, root, _directory: directory }
    }

    fn python(&self) -> PathBuf {
        self.root.join(&self.runtime.executable)
    }
}

fn imports(python: &Path) -> Imports {
    serde_json::from_str(&run(python, IMPORT_ALL)).unwrap()
}

/// All claims about one interpreter.
#[expect(clippy::print_stderr, reason = "sizes are worth reading")]
fn check(source: &Source) {
    let label = source.executable.display();
    let built = Built::of(source, &[]);
    let python = built.python();
    if let Some(kept) = env::var_os("FLAVOR_TEST_RUNTIMES") {
        let (major, minor, micro) = source.version;
        let from = source.base_prefix.file_name().unwrap().to_string_lossy().into_owned();
        let kept = Path::new(&kept).join(format!("{major}.{minor}.{micro}-{from}"));
        build(source, &Options::default(), &kept).unwrap();
    }
    let Runtime { files, bytes, glibc_floor, bundled, .. } = &built.runtime;
    let floor = glibc_floor.map(|floor| floor.to_string()).unwrap_or_default();
    eprintln!("{label}: {files} files, {bytes} bytes, glibc {floor}, {}", bundled.join(" "));

    // Before a run, which writes bytecode.
    assert_nothing_leads_out(&built);
    assert_eq!(run(&python, USE).trim(), format!("ok {}", built.root.display()));

    // Whatever the source imports, the tree imports, but for what is left out on purpose.
    let (before, after) = (imports(&source.executable), imports(&python));
    let left_out: BTreeSet<&str> = built.runtime.left_out.iter().map(|part| module_name(&part.path)).collect();
    // Modules that lean on one that is left out.
    let leaning = ["turtle", "pydoc_data", "turtledemo", "_ctypes_test"];
    let lost: Vec<_> = after
        .failed
        .iter()
        .filter(|(name, _)| !before.failed.contains_key(*name))
        .filter(|(name, _)| !left_out.contains(name.as_str()) && !leaning.contains(&name.as_str()))
        .collect();
    assert!(lost.is_empty(), "{label}: {lost:?}");

    // All libraries come from the tree or from glibc, and so does all code.
    assert_eq!(after.prefix, built.root);
    assert!(after.path.iter().all(|path| path.starts_with(&built.root)), "{label}: {:?}", after.path);
    for library in after.maps.iter().filter(|library| !library.starts_with(&built.root)) {
        let name = library.file_name().unwrap().to_string_lossy();
        assert!(is_part_of_glibc(&name), "{label}: {}", library.display());
    }
}

fn module_name(path: &str) -> &str {
    let name = path.strip_prefix("lib-dynload/").unwrap_or(path);
    name.split(['.', '/']).next().unwrap_or(name)
}

/// No link leaves the tree, no search path names this machine, and nothing is there that should not be.
fn assert_nothing_leads_out(built: &Built) {
    let mut stack = vec![built.root.clone()];
    let (mut files, mut bytes) = (0, 0);
    while let Some(directory) = stack.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_symlink() {
                assert!(fs::read_link(&path).unwrap().is_relative(), "{}", path.display());
                continue;
            }
            if metadata.is_dir() {
                let name = path.file_name().unwrap();
                assert!(name != "site-packages" && name != "__pycache__" && name != "dist-packages");
                stack.push(path);
                continue;
            }
            (files, bytes) = (files + 1, bytes + metadata.len());
            let content = fs::read(&path).unwrap();
            if let Some(facts) = elf::inspect(&content).unwrap() {
                assert_eq!(facts.runpath, None, "{}", path.display());
                assert!(facts.rpath.is_none_or(|path| path.starts_with("$ORIGIN")), "{}", path.display());
                let mut again = content.clone();
                let outcome = elf::strip(&mut again);
                assert!(matches!(outcome, elf::StripOutcome::Unchanged(_)), "{}: {outcome:?}", path.display());
            }
            let is_program = path == built.python();
            assert_eq!(metadata.permissions().mode() & 0o111 != 0, is_program, "{}", path.display());
        }
    }
    assert_eq!((files, bytes), (built.runtime.files, built.runtime.bytes));
}

#[test]
fn every_interpreter_here_runs_from_elsewhere() {
    for python in interpreters() {
        check(&source_of(&python));
    }
}
