//! Makes a runtime of every interpreter on this machine, then runs it with an empty environment.
//!
//! Interpreters come from `~/.pyenv/versions/*` and `/usr/bin/python3`; a test reports those that
//! it did not find. `FLAVOR_TEST_RUNTIMES=DIR` keeps the trees in `DIR`, for tests on other
//! machines.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use tempfile::TempDir;

use super::*;

/// The oldest supported CPython.
const OLDEST: (u8, u8) = (3, 9);

/// Imports each module separately and prints the names of those that fail, with the reason.
const IMPORT_ALL: &str = include_str!("tests/import_all.py");

/// Common operations of a program.
const USE: &str = include_str!("tests/use_all.py");

#[derive(Deserialize)]
struct Imports {
    failed: std::collections::BTreeMap<String, String>,
    maps: Vec<PathBuf>,
    prefix: PathBuf,
    path: Vec<PathBuf>,
}

/// Runs with an empty environment; fails the test unless the program succeeds without output.
fn run(python: &Path, script: &str) -> String {
    let output = Command::new(python)
        .args(["-I", "-B", "-c", script])
        .env_clear()
        .current_dir("/")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stderr.is_empty(),
        "{} {}: {stderr}",
        python.display(),
        output.status
    );
    String::from_utf8(output.stdout).unwrap()
}

fn source_of(python: &Path) -> Interpreter {
    Interpreter::probe(python).unwrap()
}

/// Interpreters on this machine. Reports on the test's output which places had none.
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
        let version: (u8, u8) = serde_json::from_str(&run(
            python,
            "import sys; print(list(sys.version_info[:2]))",
        ))
        .unwrap();
        if version < OLDEST {
            eprintln!("not tried: `{}` is older than {OLDEST:?}", python.display());
        }
        version >= OLDEST
    });
    found.sort();
    found
}

/// A tree and its path; the temporary directory is removed on drop.
struct Built {
    runtime: Runtime,
    root: PathBuf,
    _directory: TempDir,
}

impl Built {
    fn of(source: &Interpreter, include: &[&str]) -> Self {
        let include = include.iter().map(ToString::to_string).collect();
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap().join("runtime");
        let runtime = build(
            source,
            &Options {
                include,
                ..Options::default()
            },
            &root,
        )
        .unwrap();
        Self {
            runtime,
            root,
            _directory: directory,
        }
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
fn check(source: &Interpreter) {
    let label = source.real_executable.display();
    let built = Built::of(source, &[]);
    let python = built.python();
    if let Some(kept) = env::var_os("FLAVOR_TEST_RUNTIMES") {
        let (major, minor, micro) = source.version;
        let from = source
            .base_prefix
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let kept = Path::new(&kept).join(format!("{major}.{minor}.{micro}-{from}"));
        build(source, &Options::default(), &kept).unwrap();
    }
    let Runtime {
        files,
        bytes,
        glibc_floor,
        bundled,
        ..
    } = &built.runtime;
    let floor = glibc_floor
        .map(|floor| floor.to_string())
        .unwrap_or_default();
    eprintln!(
        "{label}: {files} files, {bytes} bytes, glibc {floor}, {}",
        bundled.join(" ")
    );

    // Before a run, which writes bytecode.
    assert_nothing_leads_out(&built);
    assert_eq!(
        run(&python, USE).trim(),
        format!("ok {}", built.root.display())
    );

    // The tree imports whatever the source imports, except for what is omitted on purpose.
    let (before, after) = (imports(&source.real_executable), imports(&python));
    let left_out: BTreeSet<&str> = built
        .runtime
        .left_out
        .iter()
        .map(|part| module_name(&part.path))
        .collect();
    // Modules that depend on an omitted one.
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
    assert!(
        after.path.iter().all(|path| path.starts_with(&built.root)),
        "{label}: {:?}",
        after.path
    );
    for library in after
        .maps
        .iter()
        .filter(|library| !library.starts_with(&built.root))
    {
        let name = library.file_name().unwrap().to_string_lossy();
        assert!(
            crate::libraries::is_part_of_glibc(&name),
            "{label}: {}",
            library.display()
        );
    }
}

fn module_name(path: &str) -> &str {
    let name = path.strip_prefix("lib-dynload/").unwrap_or(path);
    name.split(['.', '/']).next().unwrap_or(name)
}

/// No link leaves the tree, no search path names this machine, and there are no unexpected files.
fn assert_nothing_leads_out(built: &Built) {
    let mut stack = vec![built.root.clone()];
    let (mut files, mut bytes) = (0, 0);
    while let Some(directory) = stack.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_symlink() {
                assert!(
                    fs::read_link(&path).unwrap().is_relative(),
                    "{}",
                    path.display()
                );
                continue;
            }
            if metadata.is_dir() {
                let name = path.file_name().unwrap();
                assert!(
                    name != "site-packages" && name != "__pycache__" && name != "dist-packages"
                );
                stack.push(path);
                continue;
            }
            (files, bytes) = (files + 1, bytes + metadata.len());
            let content = fs::read(&path).unwrap();
            if let Some(facts) = elf::inspect(&content).unwrap() {
                assert_eq!(facts.runpath, None, "{}", path.display());
                assert!(
                    facts.rpath.is_none_or(|path| path.starts_with("$ORIGIN")),
                    "{}",
                    path.display()
                );
                let mut again = content.clone();
                let outcome = elf::strip(&mut again);
                assert!(
                    matches!(outcome, elf::StripOutcome::Unchanged(_)),
                    "{}: {outcome:?}",
                    path.display()
                );
            }
            let is_program = path == built.python();
            assert_eq!(
                metadata.permissions().mode() & 0o111 != 0,
                is_program,
                "{}",
                path.display()
            );
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

/// Every file of a tree with its content, sorted.
fn contents(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut stack = vec![root.to_path_buf()];
    while let Some(directory) = stack.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                stack.push(path);
            } else {
                found.push((
                    path.strip_prefix(root).unwrap().to_path_buf(),
                    fs::read(&path).unwrap(),
                ));
            }
        }
    }
    found.sort();
    found
}

/// The newest source with a shared libpython, for tests that need only one interpreter.
#[expect(clippy::print_stderr, reason = "a test says what it could not try")]
fn shared_source() -> Option<Interpreter> {
    let is_shared = |source: &Interpreter| {
        let facts = elf::inspect(&fs::read(&source.real_executable).unwrap())
            .unwrap()
            .unwrap();
        facts
            .needed
            .iter()
            .any(|name| name.starts_with("libpython"))
    };
    let sources = interpreters()
        .iter()
        .map(|python| source_of(python))
        .filter(is_shared)
        .collect::<Vec<_>>();
    if sources.is_empty() {
        eprintln!("not tried: no interpreter here has a shared libpython");
    }
    sources.into_iter().max_by_key(|source| source.version)
}

#[test]
fn threads_do_not_change_a_byte() {
    let Some(source) = shared_source() else {
        return;
    };
    let first = Built::of(&source, &[]);
    let again = first.root.with_file_name("again");
    let runtime = build(
        &source,
        &Options {
            jobs: 1,
            ..Options::default()
        },
        &again,
    )
    .unwrap();
    assert_eq!(runtime, first.runtime);
    assert!(
        contents(&again) == contents(&first.root),
        "two builds of one source differ"
    );
}

/// uv's interpreters find their library with a `DT_RUNPATH` relative to themselves and have
/// directories of their own beside the standard library.
#[test]
fn a_relocatable_source_runs_from_elsewhere() {
    let Some(original) = shared_source() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let prefix = directory
        .path()
        .canonicalize()
        .unwrap()
        .join("cpython-linux-gnu");
    for part in ["bin", "lib/tcl8.6", "share/terminfo", "include"] {
        fs::create_dir_all(prefix.join(part)).unwrap();
        fs::write(prefix.join(part).join("unwanted.txt"), "").unwrap();
    }
    for (file, path) in [
        (&original.real_executable, "$ORIGIN/../lib"),
        (original.library.as_ref().unwrap(), "$ORIGIN"),
    ] {
        let file = file.canonicalize().unwrap();
        let mut bytes = fs::read(&file).unwrap();
        elf::set_search_path(&mut bytes, path, elf::SearchPathTag::Runpath).unwrap();
        let place = if path == "$ORIGIN" { "lib" } else { "bin" };
        let to = prefix.join(place).join(file.file_name().unwrap());
        fs::write(&to, bytes).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let stdlib = prefix
        .join("lib")
        .join(original.stdlib.file_name().unwrap());
    std::os::unix::fs::symlink(&original.stdlib, stdlib).unwrap();

    let source = source_of(
        &prefix
            .join("bin")
            .join(original.real_executable.file_name().unwrap()),
    );
    assert_eq!(source.base_prefix, prefix);
    check(&source);
    let built = Built::of(&source, &[]);
    assert!(
        contents(&built.root)
            .iter()
            .all(|(path, _)| !path.ends_with("unwanted.txt"))
    );
}

#[test]
fn what_slim_leaves_out_comes_back_by_name() {
    let Some(source) = shared_source() else {
        return;
    };
    let slim = Built::of(&source, &[]);
    let wanted = [
        "ensurepip",
        "turtledemo",
        "pydoc_data",
        "test.support",
        "libstdc++.so.6",
    ];
    let full = Built::of(&source, &wanted);
    run(
        &full.python(),
        "import ensurepip, pydoc_data.topics, test.support.os_helper",
    );
    assert!(full.runtime.bundled.contains(&"libstdc++.so.6".to_owned()));
    assert!(
        full.root
            .join(&full.runtime.stdlib)
            .join("turtledemo")
            .is_dir()
    );
    assert!(
        !full
            .root
            .join(&full.runtime.stdlib)
            .join("test/test_ast.py")
            .exists()
    );
    let could = run(
        &source.real_executable,
        "import importlib.util as u; print(u.find_spec('_tkinter') is not None)",
    );
    if could.trim() == "True" {
        // Finds Tcl's own scripts in the tree; a window would need a display.
        run(
            &full.python(),
            "import turtle, tkinter; tkinter.Tcl().eval('package require Tcl')",
        );
    }
    assert!(full.runtime.left_out.len() < slim.runtime.left_out.len());

    let misspelt = Options {
        include: vec!["tkniter".to_owned()],
        ..Options::default()
    };
    let error = build(&source, &misspelt, &slim.root.with_file_name("none")).unwrap_err();
    assert!(matches!(error, Error::UnknownInclude { name } if name == "tkniter"));
}

#[test]
fn a_source_that_is_no_interpreter_is_refused() {
    let Some(source) = shared_source() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("python3");
    fs::write(&script, "#!/bin/sh\n").unwrap();
    let build = |source: &Interpreter| {
        build(source, &Options::default(), &directory.path().join("out")).unwrap_err()
    };
    let error = build(&Interpreter {
        real_executable: script.clone(),
        ..source.clone()
    });
    assert!(matches!(error, Error::NotAnInterpreter { path } if path == script));
    let error = build(&Interpreter {
        stdlib: directory.path().to_path_buf(),
        ..source
    });
    assert!(matches!(error, Error::NoStandardLibrary { .. }));
    assert!(
        !directory.path().join("out").exists(),
        "nothing is written before every refusal is past"
    );
}
