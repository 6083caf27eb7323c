//! Real build back ends from the index, in one environment that `pip wheel --no-build-isolation` uses too.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::fixture;
use crate::interpreter::Interpreter;
use crate::scene::{Run, Test};

/// Those that the layouts name.
const BACK_ENDS: &[&str] = &[
    "setuptools",
    "wheel",
    "setuptools-scm",
    "hatchling",
    "hatch-vcs",
    "poetry-core",
    "pdm-backend",
    "flit-core",
    "uv-build",
];

/// The interpreter of a virtual environment with the back ends.
pub(crate) fn python() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let t = Test::new();
        let environment = fixture::directory().join("back-ends");
        t.call(
            Interpreter::Pyenv(13).executable(),
            ["-m".as_ref(), "venv".as_ref(), environment.as_os_str()],
        )
        .success();
        let python = environment.join("bin/python");
        t.call(
            &python,
            ["-m", "pip", "install", "-q"]
                .into_iter()
                .chain(BACK_ENDS.iter().copied()),
        )
        .success();
        python
    })
}

/// Runs git as somebody.
pub(crate) fn git(t: &Test, directory: &str, arguments: &[&str]) -> Run {
    let mut command = t.command("git");
    command.args([
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.org",
        "-c",
        "init.defaultBranch=main",
    ]);
    command.args([
        "-c",
        "protocol.file.allow=always",
        "-c",
        "commit.gpgsign=false",
    ]);
    command.arg("-C").arg(t.path(directory)).args(arguments);
    t.run(&mut command).success()
}

/// Makes a repository of a directory and commits what is there, what git ignores apart.
pub(crate) fn repository(t: &Test, directory: &str) {
    git(t, directory, &["init", "-q"]);
    git(t, directory, &["add", "."]);
    git(t, directory, &["commit", "-q", "-m", "first"]);
}

/// The wheel that `pip wheel` makes of a project.
pub(crate) fn pip_wheel(t: &Test, project: &str, into: &str) -> PathBuf {
    let mut command = t.command(python());
    command
        .args([
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "--no-build-isolation",
            "-w",
        ])
        .arg(t.path(into))
        .arg(".");
    command.current_dir(t.path(project));
    // The environment's programs come first, as in an isolated build.
    let path = std::env::join_paths(
        [python().parent().expect("a directory").to_path_buf()]
            .into_iter()
            .chain(std::env::split_paths(
                &std::env::var_os("PATH").unwrap_or_default(),
            )),
    );
    t.run(command.env("PATH", path.expect("a path list")))
        .success();
    let wheel = std::fs::read_dir(t.path(into))
        .expect("a directory")
        .flatten()
        .map(|entry| entry.path());
    wheel
        .into_iter()
        .find(|path| path.extension().is_some_and(|ending| ending == "whl"))
        .expect("a wheel")
}

/// What differs between a wheel and the slot `app` of a package, a line each.
pub(crate) fn differences(t: &Test, wheel: &Path, package: &Path, scratch: &str) -> String {
    let out = t.path(scratch);
    std::fs::create_dir_all(out.parent().expect("a parent")).expect("a directory");
    t.flavor([
        "extract".as_ref(),
        package.as_os_str(),
        "app".as_ref(),
        out.as_os_str(),
    ])
    .success();
    let run = t
        .call(
            "python3",
            [
                "-c".as_ref(),
                COMPARE.as_ref(),
                wheel.as_os_str(),
                out.as_os_str(),
            ],
        )
        .success();
    run.stdout().to_owned()
}

/// RECORD is the installer's, and so are the scripts that are made of entry points.
const COMPARE: &str = r"
import pathlib, sys, zipfile
wheel, tree = sys.argv[1:]
own = ('RECORD', 'INSTALLER', 'REQUESTED', 'direct_url.json')
theirs = {}
for name in zipfile.ZipFile(wheel).namelist():
    if not name.endswith('/') and not ('.dist-info/' in name and name.endswith(own)):
        key = name.split('.data/purelib/')[-1].split('.data/platlib/')[-1]
        if '.data/' in key:
            key = key.split('.data/')[1]
            key = {'data': '', 'scripts': 'bin/', 'headers': 'include/'}[key.split('/')[0]] + key.split('/', 1)[1]
            key = '../' + key
        theirs[key] = zipfile.ZipFile(wheel).read(name)
ours = {}
tree = pathlib.Path(tree)
[site] = tree.glob('lib/python3*/site-packages')
for path in tree.rglob('*'):
    if path.is_file() and '__pycache__' not in path.parts:
        key = str(path.relative_to(site)) if path.is_relative_to(site) else '../' + str(path.relative_to(tree))
        if not ('.dist-info/' in key and key.endswith(own)):
            ours[key] = path.read_bytes()
for key in sorted(theirs.keys() | ours.keys()):
    if key.startswith('../bin/'):
        continue
    if theirs.get(key) != ours.get(key):
        print(key, 'is missing' if key not in ours else 'is too much' if key not in theirs else 'differs')
        if key in ours and key in theirs and key.endswith('METADATA'):
            print(theirs[key].decode(), ours[key].decode())
";
