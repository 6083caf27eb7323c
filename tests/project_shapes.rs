//! Every shape that a Python project has today: packed by one command, with pip and with uv, it runs, and it has what
//! `pip install` puts into a fresh environment.

use std::path::PathBuf;

use crate::back_ends::git;
use crate::fixture;
use crate::flavorpack;
use crate::interpreter::Interpreter;
use crate::scene::Test;

/// A project and what it says when it is started.
struct Shape {
    name: &'static str,
    /// Where in its tree the project is.
    project: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// A tag for what is committed; none without a repository.
    tag: Option<&'static str>,
    /// What pip installs for the comparison, in the project.
    reference: &'static [&'static str],
    says: &'static str,
}

const SHAPE: Shape = Shape {
    name: "",
    project: ".",
    files: &[],
    tag: None,
    reference: &["."],
    says: "1.0 [a]",
};

/// A module that uses its dependency and knows its own version.
const MAIN: &str = r"
import importlib.metadata
import io
import iniconfig

def main():
    sections = iniconfig.IniConfig('x.ini', data='[a]\nb = 1\n')
    print(importlib.metadata.version('shape'), [section.name for section in sections][0:1] and '[a]')
";
/// The same with a sibling in place of the index's distribution.
const MAIN_WITH_SIBLING: &str = r"
import importlib.metadata
import mylib

def main():
    print(importlib.metadata.version('shape'), mylib.WORD)
";
/// The same with a compiled module beside it.
const MAIN_WITH_NATIVE: &str = r"
import importlib.metadata
from shape import _native

def main():
    print(importlib.metadata.version('shape'), _native.answer())
";
const C_MODULE: &str = r#"
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *none) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_native", "", -1, methods};
PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&module); }
"#;
const SIBLING: &str = "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n\
    [project]\nname = \"mylib\"\nversion = \"9.9\"\n[tool.setuptools]\npy-modules = [\"mylib\"]\n";
const WORD: &str = "WORD = 'sibling'\n";

/// `[build-system]`, and `[project]` with a dependency and a command.
macro_rules! manifest {
    ($requires:literal, $back_end:literal, $more:literal) => {
        concat!(
            "[build-system]\nrequires = ",
            $requires,
            "\nbuild-backend = \"",
            $back_end,
            "\"\n",
            "[project]\nname = \"shape\"\nversion = \"1.0\"\nrequires-python = \">=3.11\"\n",
            "scripts = { shape = \"shape.cli:main\" }\n",
            $more
        )
    };
}

const SHAPES: &[Shape] = &[
    Shape {
        name: "setuptools-static",
        files: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"setuptools\"]",
                    "setuptools.build_meta",
                    "dependencies = [\"iniconfig>=2\"]\n"
                ),
            ),
            ("src/shape/__init__.py", ""),
            ("src/shape/cli.py", MAIN),
        ],
        ..SHAPE
    },
    Shape {
        name: "setuptools-dynamic",
        files: &[
            (
                "pyproject.toml",
                "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\nname = \"shape\"\nrequires-python = \">=3.11\"\nscripts = { shape = \"shape.cli:main\" }\ndynamic = [\"version\", \"dependencies\"]\n[tool.setuptools.dynamic]\nversion = { attr = \"shape.VERSION\" }\ndependencies = { file = [\"requirements.txt\"] }\n",
            ),
            ("requirements.txt", "iniconfig>=2\n"),
            ("shape/__init__.py", "VERSION = '1.0'\n"),
            ("shape/cli.py", MAIN),
        ],
        ..SHAPE
    },
    Shape {
        name: "setup-py",
        files: &[
            (
                "setup.py",
                "from setuptools import setup\nsetup(name='shape', version='1.0', packages=['shape'], python_requires='>=3.11', install_requires=['iniconfig>=2'], entry_points={'console_scripts': ['shape=shape.cli:main']})\n",
            ),
            ("shape/__init__.py", ""),
            ("shape/cli.py", MAIN),
        ],
        ..SHAPE
    },
    Shape {
        name: "setup-cfg",
        files: &[
            (
                "setup.cfg",
                "[metadata]\nname = shape\nversion = 1.0\n[options]\npackages = find:\ninstall_requires =\n    iniconfig>=2\n[options.entry_points]\nconsole_scripts =\n    shape = shape.cli:main\n",
            ),
            (
                "pyproject.toml",
                "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n",
            ),
            ("shape/__init__.py", ""),
            ("shape/cli.py", MAIN),
        ],
        ..SHAPE
    },
    Shape {
        name: "hatchling",
        files: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"hatchling\"]",
                    "hatchling.build",
                    "dependencies = [\"iniconfig>=2\"]\n"
                ),
            ),
            ("src/shape/__init__.py", ""),
            ("src/shape/cli.py", MAIN),
        ],
        ..SHAPE
    },
    Shape {
        name: "hatch-vcs-monorepo",
        project: "services/shape",
        files: &[
            (
                "services/shape/pyproject.toml",
                "[build-system]\nrequires = [\"hatchling\", \"hatch-vcs\"]\nbuild-backend = \"hatchling.build\"\n[project]\nname = \"shape\"\ndynamic = [\"version\"]\nrequires-python = \">=3.11\"\ndependencies = [\"iniconfig>=2\"]\nscripts = { shape = \"shape.cli:main\" }\n[tool.hatch.version]\nsource = \"vcs\"\nraw-options = { root = \"../..\" }\n",
            ),
            ("services/shape/shape/__init__.py", ""),
            ("services/shape/shape/cli.py", MAIN),
            ("other/unrelated.txt", ""),
        ],
        tag: Some("v3.4"),
        says: "3.4 [a]",
        ..SHAPE
    },
    Shape {
        name: "poetry-1",
        project: "app",
        files: &[
            (
                "app/pyproject.toml",
                "[build-system]\nrequires = [\"poetry-core>=1\"]\nbuild-backend = \"poetry.core.masonry.api\"\n[tool.poetry]\nname = \"shape\"\nversion = \"1.0\"\ndescription = \"d\"\nauthors = []\n[tool.poetry.dependencies]\npython = \">=3.11\"\nmylib = { path = \"../mylib\" }\n[tool.poetry.scripts]\nshape = \"shape.cli:main\"\n",
            ),
            ("app/shape/__init__.py", ""),
            ("app/shape/cli.py", MAIN_WITH_SIBLING),
            ("mylib/pyproject.toml", SIBLING),
            ("mylib/mylib.py", WORD),
        ],
        says: "1.0 sibling",
        ..SHAPE
    },
    Shape {
        name: "poetry-2",
        project: "app",
        files: &[
            (
                "app/pyproject.toml",
                manifest!(
                    "[\"poetry-core>=2\"]",
                    "poetry.core.masonry.api",
                    "dependencies = [\"mylib\"]\n[tool.poetry.dependencies]\nmylib = { path = \"../mylib\" }\n"
                ),
            ),
            ("app/shape/__init__.py", ""),
            ("app/shape/cli.py", MAIN_WITH_SIBLING),
            ("mylib/pyproject.toml", SIBLING),
            ("mylib/mylib.py", WORD),
        ],
        // The wheel's metadata name the sibling without its place, and pip would take a stranger's.
        reference: &["../mylib", "."],
        says: "1.0 sibling",
        ..SHAPE
    },
    Shape {
        name: "pdm",
        files: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"pdm-backend\"]",
                    "pdm.backend",
                    "dependencies = [\"iniconfig>=2\"]\n"
                ),
            ),
            ("src/shape/__init__.py", ""),
            ("src/shape/cli.py", MAIN),
        ],
        ..SHAPE
    },
    Shape {
        name: "flit",
        files: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"flit_core>=3.4\"]",
                    "flit_core.buildapi",
                    "description = \"d\"\ndependencies = [\"iniconfig>=2\"]\n"
                ),
            ),
            ("shape/__init__.py", ""),
            ("shape/cli.py", MAIN),
        ],
        ..SHAPE
    },
    Shape {
        name: "maturin-workspace",
        project: "python",
        files: &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"python\", \"core\"]\nresolver = \"2\"\n",
            ),
            (
                "core/Cargo.toml",
                "[package]\nname = \"core-of-shape\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
            ),
            ("core/src/lib.rs", "pub fn answer() -> u32 { 42 }\n"),
            (
                "python/Cargo.toml",
                "[package]\nname = \"shape\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[lib]\nname = \"_native\"\ncrate-type = [\"cdylib\"]\n[dependencies]\ncore-of-shape = { path = \"../core\" }\npyo3 = { version = \"0.23\", default-features = false, features = [\"extension-module\", \"abi3-py311\", \"macros\"] }\n",
            ),
            (
                "python/src/lib.rs",
                "use pyo3::prelude::*;\n#[pyfunction]\nfn answer() -> u32 { core_of_shape::answer() }\n#[pymodule]\nfn _native(m: &Bound<'_, PyModule>) -> PyResult<()> { m.add_function(wrap_pyfunction!(answer, m)?) }\n",
            ),
            (
                "python/pyproject.toml",
                manifest!(
                    "[\"maturin>=1.7,<2\"]",
                    "maturin",
                    "[tool.maturin]\npython-source = \"py\"\nmodule-name = \"shape._native\"\n"
                ),
            ),
            ("python/py/shape/__init__.py", ""),
            ("python/py/shape/cli.py", MAIN_WITH_NATIVE),
        ],
        says: "1.0 42",
        ..SHAPE
    },
    Shape {
        name: "scikit-build-core",
        project: "python",
        files: &[
            (
                "python/pyproject.toml",
                manifest!(
                    "[\"scikit-build-core\"]",
                    "scikit_build_core.build",
                    "[tool.scikit-build]\nwheel.packages = [\"src/shape\"]\n"
                ),
            ),
            (
                "python/CMakeLists.txt",
                "cmake_minimum_required(VERSION 3.20)\nproject(shape LANGUAGES C)\nfind_package(Python REQUIRED COMPONENTS Interpreter Development.Module)\nPython_add_library(_native MODULE ${CMAKE_CURRENT_SOURCE_DIR}/../common/native.c WITH_SOABI)\ninstall(TARGETS _native DESTINATION shape)\n",
            ),
            ("common/native.c", C_MODULE),
            ("python/src/shape/__init__.py", ""),
            ("python/src/shape/cli.py", MAIN_WITH_NATIVE),
        ],
        says: "1.0 42",
        ..SHAPE
    },
    Shape {
        name: "meson-python",
        files: &[
            (
                "pyproject.toml",
                manifest!("[\"meson-python\"]", "mesonpy", ""),
            ),
            (
                "meson.build",
                "project('shape', 'c', version: '1.0')\npy = import('python').find_installation(pure: false)\npy.extension_module('_native', 'native.c', install: true, subdir: 'shape')\npy.install_sources('shape/__init__.py', 'shape/cli.py', subdir: 'shape')\n",
            ),
            ("native.c", C_MODULE),
            ("shape/__init__.py", ""),
            ("shape/cli.py", MAIN_WITH_NATIVE),
        ],
        tag: Some("v1.0"),
        says: "1.0 42",
        ..SHAPE
    },
    Shape {
        name: "uv-workspace-root",
        files: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"hatchling\"]",
                    "hatchling.build",
                    "dependencies = [\"mylib\"]\n[tool.uv.sources]\nmylib = { workspace = true }\n[tool.uv.workspace]\nmembers = [\"packages/*\"]\n"
                ),
            ),
            ("src/shape/__init__.py", ""),
            ("src/shape/cli.py", MAIN_WITH_SIBLING),
            ("packages/mylib/pyproject.toml", SIBLING),
            ("packages/mylib/mylib.py", WORD),
        ],
        reference: &["./packages/mylib", "."],
        says: "1.0 sibling",
        ..SHAPE
    },
    Shape {
        name: "uv-workspace-member",
        project: "packages/shape",
        files: &[
            (
                "pyproject.toml",
                "[tool.uv.workspace]\nmembers = [\"packages/*\"]\n",
            ),
            (
                "packages/shape/pyproject.toml",
                manifest!(
                    "[\"hatchling\"]",
                    "hatchling.build",
                    "dependencies = [\"mylib\"]\n[tool.uv.sources]\nmylib = { workspace = true }\n"
                ),
            ),
            ("packages/shape/src/shape/__init__.py", ""),
            ("packages/shape/src/shape/cli.py", MAIN_WITH_SIBLING),
            ("packages/mylib/pyproject.toml", SIBLING),
            ("packages/mylib/mylib.py", WORD),
        ],
        reference: &["../mylib", "."],
        says: "1.0 sibling",
        ..SHAPE
    },
];

fn write(t: &Test, shape: &Shape, at: &str) {
    for (path, text) in shape.files {
        t.file(&format!("{at}/{path}"), text);
    }
    if let Some(tag) = shape.tag {
        crate::back_ends::repository(t, at);
        git(t, at, &["tag", tag]);
    }
}

/// Where Cargo keeps crates and what it has compiled, from one run to the next.
fn with_cargo(t: &mut Test) {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cargo");
    t.set(
        "CARGO_HOME",
        std::env::var_os("CARGO_HOME").map_or(home, PathBuf::from),
    );
    t.set(
        "CARGO_TARGET_DIR",
        fixture::download_cache().join("cargo-target"),
    );
}

/// Says what is wrong with a shape, a line each.
fn examine(t: &Test, shape: &Shape, installer: &str) -> Result<(), String> {
    let Shape { name, project, .. } = shape;
    let tree = format!("{name}-{installer}");
    write(t, shape, &tree);
    let package = t.path(format!("{tree}.psp"));
    let mut command = t.command(crate::scene::FLAVOR);
    command
        .args(["pack", "-q", "--python"])
        .arg(Interpreter::Pyenv(13).executable())
        .arg("-o")
        .arg(&package);
    let run = t.run(command.arg(t.path(&tree).join(project)));
    if run.code() != Some(0) {
        return Err(run.to_string());
    }
    let run = t.call(&package, [""; 0]);
    if run.code() != Some(0) || run.stdout().trim() != shape.says {
        return Err(format!(
            "started, it says something else than `{}`: {run}",
            shape.says
        ));
    }
    let out = t.path(format!("{tree}-slots"));
    t.flavor([
        "extract-all".as_ref(),
        package.as_os_str(),
        out.as_os_str(),
        "--as-tree".as_ref(),
    ])
    .success();
    let reference = reference(t, shape)?;
    let run = t
        .call(
            "python3",
            [
                "-c".as_ref(),
                COMPARE.as_ref(),
                reference.as_os_str(),
                out.as_os_str(),
            ],
        )
        .success();
    if run.stdout().is_empty() {
        Ok(())
    } else {
        Err(run.stdout().to_owned())
    }
}

/// A fresh environment in which pip has installed the project.
fn reference(t: &Test, shape: &Shape) -> Result<PathBuf, String> {
    let environment = t.path(format!("{}-environment", shape.name));
    if environment.exists() {
        return Ok(environment);
    }
    let tree = format!("{}-reference", shape.name);
    write(t, shape, &tree);
    let python = Interpreter::Pyenv(13).executable();
    t.call(
        &python,
        [
            "-m".as_ref(),
            "venv".as_ref(),
            "--without-pip".as_ref(),
            environment.as_os_str(),
        ],
    )
    .success();
    let mut command = t.command(&python);
    command
        .args(["-m", "pip", "--python"])
        .arg(environment.join("bin/python"))
        .args(["install", "-q"]);
    let run = t.run(
        command
            .args(shape.reference)
            .current_dir(t.path(&tree).join(shape.project)),
    );
    if run.code() == Some(0) {
        Ok(environment)
    } else {
        Err(format!("pip does not install it: {run}"))
    }
}

/// Compares site-packages. What is compiled is compared by its name: compilers write where they worked.
const COMPARE: &str = r"
import pathlib, sys
environment, slots = map(pathlib.Path, sys.argv[1:])
own = ('RECORD', 'INSTALLER', 'REQUESTED', 'direct_url.json', '.pth', 'uv_build.json', 'uv_cache.json')
def content(path):
    data = path.read_bytes()
    if path.suffix == '.so':
        return 'compiled'
    if path.name == 'METADATA':
        # Where a sibling is is nothing that a package says.
        lines = data.decode().splitlines()
        return [line.split(' @ file:')[0] for line in lines]
    return data
def gather(sites):
    found = {}
    for site in sites:
        for path in site.rglob('*'):
            name = str(path.relative_to(site))
            # A bill of materials has a number and a time of its own.
            if path.is_file() and '/sboms/' not in name and '__pycache__' not in name and not name.endswith(own):
                found[name] = content(path)
    return found
theirs = gather(environment.glob('lib/python3.*/site-packages'))
ours = gather(site for site in slots.rglob('site-packages') if 'runtime' not in site.parts)
for name in sorted(theirs.keys() | ours.keys()):
    if theirs.get(name) != ours.get(name):
        print(name, 'is missing' if name not in ours else 'is too much' if name not in theirs else f'differs: {ours[name][:500]} for {theirs[name][:500]}')
";

/// Packs every shape with an installer and returns what is wrong.
fn all(installer: &str) -> String {
    let mut t = Test::new();
    with_cargo(&mut t);
    if installer == "uv" {
        t.prepend_path(&flavorpack::uv_directory());
    }
    let wrong = SHAPES.iter().filter_map(|shape| {
        let error = examine(&t, shape, installer).err()?;
        Some(format!("{} with {installer}: {error}\n", shape.name))
    });
    wrong.collect()
}

#[test]
fn every_shape_packs_runs_and_has_what_pip_installs_with_pip() {
    let wrong = all("pip");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_shape_packs_runs_and_has_what_pip_installs_with_uv() {
    let wrong = all("uv");
    assert!(wrong.is_empty(), "{wrong}");
}
