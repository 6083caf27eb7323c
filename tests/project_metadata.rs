//! What only a build back end knows of a project: its name, dependencies, extras and commands, from the wheel that it makes.

use std::path::Path;

use crate::flavorpack;
use crate::interpreter;
use crate::scene::Test;
use crate::wheelhouse;

/// A back end that takes a project's metadata from the files `META` and `COMMANDS`, and notes in a file that it was called.
/// Files below `scripts` become programs of the wheel.
const BACKEND: &str = r"
import glob, os, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    with open(os.environ['BACKEND_LOG'], 'a') as log:
        log.write('wheel\n')
    metadata = open('META').read()
    fields = dict(line.split(': ', 1) for line in metadata.splitlines())
    stem = fields.get('Name', 'nothing').replace('-', '_') + '-' + fields['Version']
    info = f'{stem}.dist-info'
    with zipfile.ZipFile(f'{directory}/{stem}-py3-none-any.whl', 'w') as out:
        for module in sorted(glob.glob('*.py')):
            out.write(module)
        for script in sorted(glob.glob('scripts/*')):
            out.write(script, f'{stem}.data/{script}')
        out.writestr(f'{info}/METADATA', 'Metadata-Version: 2.1\n' + metadata)
        out.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nGenerator: tiny\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        if os.path.exists('COMMANDS'):
            out.writestr(f'{info}/entry_points.txt', open('COMMANDS').read())
        out.writestr(f'{info}/RECORD', ''.join(f'{one.filename},,\n' for one in out.filelist))
    return os.path.basename(f'{stem}-py3-none-any.whl')
";

const BUILD_SYSTEM: &str =
    "[build-system]\nrequires = [\"metabackend\"]\nbuild-backend = \"metabackend\"\n";
const META: &str = "Name: Computed\nVersion: 3.1\nRequires-Dist: greeting>=2\nRequires-Dist: loud ; extra == 'loud'\nRequires-Dist: computed[loud] ; extra == 'all'\nProvides-Extra: loud\nProvides-Extra: all\n";
const COMMANDS: &str = "[console_scripts]\nfirst = src:other\ncomputed = src:main\n";
const PROGRAM: &str = "import importlib.util as u\nfrom greeting import WORD\ndef main():\n    print(WORD, *[name for name in ('loud', 'computed') if u.find_spec(name)])\ndef other():\n    print('other')\n";

/// A project in the directory `app`, whose back end states all of it.
fn project() -> Test {
    let mut t = wheelhouse::project();
    std::fs::remove_dir_all(t.path("app")).expect("removed");
    wheelhouse::wheel(&t, "metabackend", "1.0", &[("metabackend.py", BACKEND)]);
    wheelhouse::wheel(&t, "loud", "1.0", &[("loud.py", "")]);
    // What an index may have by the name of a project that is packed.
    wheelhouse::wheel(&t, "computed", "9.0", &[("computed.py", "")]);
    t.set("BACKEND_LOG", t.path("log"));
    t.file("app/META", META);
    t.file("app/COMMANDS", COMMANDS);
    t.file("app/src.py", PROGRAM);
    t.file("app/pyproject.toml", BUILD_SYSTEM);
    t
}

/// The same, with a `[project]` of its own.
fn with_table(table: &str) -> Test {
    let t = project();
    t.file(
        "app/pyproject.toml",
        format!("{BUILD_SYSTEM}[project]\n{table}"),
    );
    t
}

fn says(t: &Test, options: &[&str]) -> String {
    let package = t.pack_with(&[&["app"], options].concat());
    t.call(package, [""; 0]).silent().line().to_owned()
}

/// How often the back end was called.
fn calls(t: &Test) -> usize {
    std::fs::read_to_string(t.path("log"))
        .unwrap_or_default()
        .lines()
        .count()
}

const DYNAMIC: &str = "name = \"computed\"\ndynamic = [\"version\", \"dependencies\", \"optional-dependencies\", \"scripts\"]\n";

#[test]
fn what_is_dynamic_comes_from_the_wheel_with_either_installer() {
    let mut t = with_table(DYNAMIC);
    assert_eq!(
        says(&t, &[]),
        "Ahoy",
        "the script with the project's name, not the first"
    );
    assert_eq!(says(&t, &["--extra", "loud"]), "Ahoy loud");
    assert_eq!(
        says(&t, &["--extra", "all"]),
        "Ahoy loud",
        "an extra of the project itself, not the index's `computed`"
    );
    assert_eq!(calls(&t), 1);
    t.prepend_path(&flavorpack::uv_directory());
    t.set("UV_FIND_LINKS", t.path("wheels"));
    t.set("UV_NO_INDEX", "1");
    assert_eq!(says(&t, &["--extra", "all"]), "Ahoy loud");
    let report = t.flavor(["pack", "app", "--json"]).success().json();
    assert_eq!(
        (&report["name"], &report["version"]),
        (&"computed".into(), &"3.1".into())
    );
}

#[test]
fn a_back_end_that_is_all_there_is_names_the_package_too() {
    let t = project();
    let report = t.flavor(["pack", "app", "--json"]).success().json();
    assert_eq!(
        (&report["name"], &report["version"]),
        (&"Computed".into(), &"3.1".into())
    );
    assert_eq!(
        t.call(t.path("app/dist/Computed.psp"), [""; 0])
            .silent()
            .line(),
        "Ahoy"
    );
    t.flavor(["pack", "app", "--check-reproducible"]).success();
    t.flavor(["verify", "app/dist/Computed.psp", "--rebuild", "app"])
        .success();
    let listed = t
        .flavor(["pack", "app", "--list-files", "--quiet"])
        .success();
    assert!(listed.stdout().contains("greeting.py"), "{listed}");
    // What the manifest says goes before it.
    t.file(
        "app/pyproject.toml",
        format!("{BUILD_SYSTEM}[tool.flavor]\npackage_name = \"mine\"\nversion = \"4\"\n"),
    );
    let report = t.flavor(["pack", "app", "--json"]).success().json();
    assert_eq!(
        (&report["name"], &report["version"]),
        (&"mine".into(), &"4".into())
    );
}

#[test]
fn the_back_end_runs_once_for_each_change() {
    let t = with_table(DYNAMIC);
    t.flavor(["pack", "app", "--quiet"]).success();
    let noop = t.flavor(["pack", "app", "--json"]).success().json();
    assert_eq!((&noop["fresh"], calls(&t)), (&true.into(), 1));
    t.file("app/src.py", format!("{PROGRAM}# changed\n"));
    let explained = t.flavor(["pack", "app", "--explain"]).success();
    assert!(
        explained.stderr().contains("sources: src.py has changed"),
        "{explained}"
    );
    assert!(
        explained.stderr().contains("explain: deps reused"),
        "{explained}"
    );
    assert_eq!(calls(&t), 2);
    // Other dependencies are other sources of the project.
    t.file(
        "app/META",
        META.replace("greeting>=2", "greeting>=2\nRequires-Dist: loud"),
    );
    assert_eq!((says(&t, &[]), calls(&t)), ("Ahoy loud".into(), 3));
}

#[test]
fn a_static_project_is_not_built_to_be_known() {
    let t = with_table(
        "name = \"computed\"\nversion = \"1\"\ndependencies = [\"greeting\"]\n[project.scripts]\ncomputed = \"src:main\"\n\
         [project.optional-dependencies]\nloud = [\"loud\"]\nall = [\"computed[loud]\"]\n",
    );
    assert_eq!(
        says(&t, &["--extra", "all"]),
        "Ahoy loud",
        "an extra of the project itself"
    );
    // Its wheel does not exist yet when its dependencies are looked for.
    t.file("app/src.py", "raise SystemExit(1)\n");
    t.file("app/META", "");
    let run = t.flavor(["pack", "app", "--extra", "lod"]).fails_with(2);
    assert!(run.stderr().contains("did you mean `loud`?"), "{run}");
}

#[test]
fn an_extra_that_the_metadata_do_not_have_is_an_error() {
    let t = with_table(DYNAMIC);
    snapshot!(t.flavor(["pack", "app", "-q", "--extra", "tui"]), @"
    exit: 1
    --- stderr
    error[FLV0260]: cannot pack `app/pyproject.toml`
      the project `computed` has no extra `tui`
    hint: its extras are: all, loud
    ");
    t.file(
        "app/pyproject.toml",
        format!("{BUILD_SYSTEM}[tool.flavor.build]\nextras = [\"lodu\"]\n"),
    );
    let run = t.flavor(["pack", "app", "-q"]).fails_with(1);
    assert!(
        run.stderr()
            .contains("the project `Computed` has no extra `lodu`\n"),
        "{run}"
    );
    assert!(
        run.stderr()
            .contains("did you mean `loud`? its extras are: all, loud"),
        "{run}"
    );
}

#[test]
fn the_wheel_is_the_projects() {
    let t =
        with_table("name = \"other\"\nversion = \"1\"\n[project.scripts]\nother = \"src:main\"\n");
    snapshot!(t.flavor(["pack", "app", "-q"]), @"
    exit: 1
    --- stderr
    error[FLV0330]: cannot pack `app/pyproject.toml`
      the build back end built a wheel of `computed`; the project is `other`
    hint: the names in `[project]` and in the build back end's settings must agree
    ");
    t.file("app/pyproject.toml", format!("{BUILD_SYSTEM}[project]\nname = \"COMPUTED\"\nversion = \"1\"\ndependencies = [\"greeting\"]\n[project.scripts]\nmissing = \"src:main\"\n"));
    snapshot!(t.flavor(["pack", "app", "-q"]), @"
    exit: 1
    --- stderr
    error[FLV0331]: cannot pack `app/pyproject.toml`
      the wheel built by the build back end has no command `missing`
    hint: its commands are: computed, first
    ");
}

#[test]
fn metadata_that_are_not_valid_say_what_is_wrong() {
    let t = with_table(DYNAMIC);
    t.file("app/META", META.replace("greeting>=2", "greeting=>1"));
    snapshot!(t.flavor(["pack", "app", "-q"]), @r#"
    exit: 1
    --- stderr
    error[FLV0332]: cannot pack `app/pyproject.toml`
      the metadata of the project's wheel are invalid: `greeting=>1`: no such comparison operator "=>", must be one of ~= == != <= >= < > ===
    hint: correct the project's metadata
    "#);
    t.file("app/META", META.replace("Name: Computed\n", ""));
    t.file("app/pyproject.toml", BUILD_SYSTEM);
    snapshot!(t.flavor(["pack", "app", "-q"]), @"
    exit: 1
    --- stderr
    error[FLV0209]: cannot pack `app/pyproject.toml`
      app/pyproject.toml: the project's metadata have no name
    hint: set the `name` of the project, or `package_name` under `[tool.flavor]`
    ");
}

#[test]
fn a_project_without_commands_is_told_so_and_takes_an_entry_point() {
    let t = project();
    std::fs::remove_file(t.path("app/COMMANDS")).expect("removed");
    snapshot!(t.flavor(["pack", "app", "-q"]), @"
    exit: 1
    --- stderr
    error[FLV0211]: cannot pack `app/pyproject.toml`
      app/pyproject.toml: no program: neither an entry point nor a script is declared
    hint: the wheel that its build back end makes has no commands: declare one where the project is described, or name a function with `--entry-point pkg.cli:main`
    ");
    assert_eq!(says(&t, &["--entry-point", "src:main"]), "Ahoy");
    // Of what `[project]` lists, too: the wheel may have programs of its own.
    let table =
        "[project]\nname = \"computed\"\nversion = \"1\"\ndependencies = [\"greeting>=2\"]\n";
    t.file("app/pyproject.toml", format!("{BUILD_SYSTEM}{table}"));
    let run = t.flavor(["pack", "app", "-q"]).fails_with(1);
    assert!(
        run.stderr()
            .contains("hint: add a script, `[project.scripts]` with `computed = "),
        "{run}"
    );
    t.executable("app/scripts/native", "#!/bin/sh\necho native \"$@\"\n");
    assert_eq!(says(&t, &[]), "native");
}

#[test]
fn the_interpreter_is_one_that_the_metadata_allow() {
    let t = with_table(
        "name = \"computed\"\ndynamic = [\"version\", \"requires-python\"]\ndependencies = [\"greeting\"]\n[project.scripts]\ncomputed = \"src:main\"\n",
    );
    t.file("app/META", format!("{META}Requires-Python: >=3.99\n"));
    let run = t.flavor(["pack", "app", "-q"]).fails_with(1);
    assert!(
        run.stderr()
            .contains("no CPython interpreter fits `>=3.99`"),
        "{run}"
    );
    t.file("app/META", format!("{META}Requires-Python: <3.12\n"));
    t.file(
        "app/src.py",
        "import sys\ndef main():\n    print(sys.version_info[:2])\ndef other(): pass\n",
    );
    let pyenv = interpreter::Interpreter::Pyenv(11);
    assert!(
        Path::new(&pyenv.executable()).exists(),
        "an older interpreter, too"
    );
    let said = says(&t, &[]);
    assert!(
        ["(3, 11)", "(3, 10)", "(3, 9)", "(3, 8)"].contains(&&*said),
        "{said}"
    );
    // From now on it is the first that is tried.
    let before = calls(&t);
    t.file(
        "app/src.py",
        "import sys\ndef main():\n    print('again', sys.version_info[:2])\ndef other(): pass\n",
    );
    assert_eq!(
        (says(&t, &[]), calls(&t)),
        (format!("again {said}"), before + 1)
    );
}

#[test]
fn a_package_without_python_takes_its_version_from_the_back_end() {
    let t = with_table(
        "name = \"computed\"\ndynamic = [\"version\"]\n[tool.flavor.execution]\ncommand = [\"{workenv}/bin/run\"]\n[[tool.flavor.slots]]\nname = \"run\"\nsource = \"run.sh\"\ntarget = \"bin/run\"\noperations = [\"raw\"]\npermissions = \"0755\"\n",
    );
    t.file("app/run.sh", "#!/bin/sh\necho plain\n");
    assert_eq!(says(&t, &[]), "plain");
    let report = t.flavor(["pack", "app", "--json"]).success().json();
    assert_eq!(
        (&report["version"], report["slots"].as_array().map(Vec::len)),
        (&"3.1".into(), Some(1))
    );
}

#[test]
fn settings_of_other_tools_make_no_project_of_a_program() {
    let t = wheelhouse::project();
    t.file("tool/__main__.py", "print('plain')\n");
    t.file("tool/pyproject.toml", "[tool.ruff]\nline-length = 100\n");
    t.file("tool/setup.cfg", "[flake8]\nmax-line-length = 100\n");
    t.file("tool/setup.py", "def setup(colour):\n    return colour\n");
    let package = t.pack_with(&["tool"]);
    assert_eq!(t.call(package, [""; 0]).silent().line(), "plain");
}

#[test]
fn hooks_know_no_name_that_only_the_back_end_knows() {
    let t = project();
    let table = "[tool.flavor.build]\npre_build = [[\"sh\", \"-c\", \"echo before ${FLAVOR_PACKAGE_NAME-unknown} >> hooks.log\"]]\n\
                 post_build = [[\"sh\", \"-c\", \"echo after $FLAVOR_PACKAGE_NAME >> hooks.log\"]]\n";
    t.file("app/pyproject.toml", format!("{BUILD_SYSTEM}{table}"));
    t.flavor(["pack", "app", "-q"]).success();
    let log = std::fs::read_to_string(t.path("app/hooks.log")).expect("a log");
    assert_eq!(log, "before unknown\nafter Computed\n");
}

/// Projects of real back ends: the directory's name, its files, the package's name and its version.
struct Shape {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    package: &'static str,
    version: &'static str,
}

const SHAPES: &[Shape] = &[
    Shape {
        name: "dynamic",
        files: &[
            (
                "pyproject.toml",
                "[build-system]\nrequires = [\"setuptools>=64\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\nname = \"dynamic\"\ndynamic = [\"version\", \"dependencies\", \"optional-dependencies\"]\n[project.scripts]\nrun = \"pkg.cli:main\"\n[tool.setuptools]\npackages = [\"pkg\"]\n[tool.setuptools.dynamic]\nversion = { attr = \"pkg.__version__\" }\ndependencies = { file = [\"requirements.txt\"] }\noptional-dependencies.extra = { file = [\"extra.txt\"] }\n",
            ),
            ("requirements.txt", "# needed\nclick>=8\n"),
            ("extra.txt", "colorama\n"),
        ],
        package: "dynamic",
        version: "0.5",
    },
    Shape {
        name: "setup-py",
        files: &[(
            "setup.py",
            "from setuptools import setup\nsetup(name='Setup.Py', version='1.2', packages=['pkg'], install_requires=['click'], extras_require={'extra': ['colorama']}, python_requires='>=3.8', entry_points={'console_scripts': ['run = pkg.cli:main']})\n",
        )],
        package: "Setup.Py",
        version: "1.2",
    },
    Shape {
        name: "setup-cfg",
        files: &[(
            "setup.cfg",
            "[metadata]\nname = setup-cfg\nversion = attr: pkg.__version__\n[options]\npackages = find:\ninstall_requires =\n    click\n[options.extras_require]\nextra = colorama\n[options.entry_points]\nconsole_scripts =\n    run = pkg.cli:main\n",
        )],
        package: "setup-cfg",
        version: "0.5",
    },
    Shape {
        name: "setup-beside",
        files: &[
            ("pyproject.toml", "[tool.black]\nline-length = 100\n"),
            (
                "setup.py",
                "import setuptools\nsetuptools.setup(name='beside', version='2', packages=['pkg'], install_requires=['click'], extras_require={'extra': ['colorama']}, scripts=['bin/run'])\n",
            ),
            (
                "bin/run",
                "#!/usr/bin/env python\nfrom pkg.cli import main\nmain()\n",
            ),
        ],
        package: "beside",
        version: "2",
    },
    Shape {
        name: "poetry",
        files: &[(
            "pyproject.toml",
            "[tool.poetry]\nname = \"pkg\"\nversion = \"2.1.0\"\ndescription = \"x\"\nauthors = [\"A <a@b.c>\"]\n[tool.poetry.dependencies]\npython = \"^3.9\"\nclick = \"^8.1\"\ncolorama = { version = \"*\", optional = true }\n[tool.poetry.extras]\nextra = [\"colorama\"]\n[tool.poetry.scripts]\nrun = \"pkg.cli:main\"\n",
        )],
        package: "pkg",
        version: "2.1.0",
    },
    Shape {
        name: "flit",
        files: &[(
            "pyproject.toml",
            "[build-system]\nrequires = [\"flit_core >=2,<4\"]\nbuild-backend = \"flit_core.buildapi\"\n[tool.flit.metadata]\nmodule = \"pkg\"\nauthor = \"A\"\nauthor-email = \"a@b.c\"\nrequires = [\"click\"]\n[tool.flit.metadata.requires-extra]\nextra = [\"colorama\"]\n[tool.flit.scripts]\nrun = \"pkg.cli:main\"\n",
        )],
        package: "pkg",
        version: "0.5",
    },
    Shape {
        name: "hatch",
        files: &[
            (
                "pyproject.toml",
                "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n[project]\nname = \"hatched\"\ndynamic = [\"version\", \"dependencies\", \"optional-dependencies\", \"scripts\"]\n[tool.hatch.version]\npath = \"pkg/__init__.py\"\n[tool.hatch.metadata.hooks.custom]\n[tool.hatch.build.targets.wheel]\npackages = [\"pkg\"]\n",
            ),
            (
                "hatch_build.py",
                "from hatchling.metadata.plugin.interface import MetadataHookInterface\nclass Hook(MetadataHookInterface):\n    def update(self, metadata):\n        metadata['dependencies'] = ['click']\n        metadata['optional-dependencies'] = {'extra': ['colorama']}\n        metadata['scripts'] = {'run': 'pkg.cli:main'}\n",
            ),
        ],
        package: "hatched",
        version: "0.5",
    },
];

#[test]
fn projects_of_real_back_ends_are_packed_by_one_command() {
    let mut t = Test::new();
    for shape in SHAPES {
        for (file, text) in shape.files {
            t.file(&format!("{}/{file}", shape.name), text);
        }
        t.file(
            &format!("{}/pkg/__init__.py", shape.name),
            "\"\"\"A module.\"\"\"\n__version__ = '0.5'\n",
        );
        let program = "import importlib.util as u\nimport click\ndef main():\n    print(click.style('hello'), u.find_spec('colorama') is not None)\n";
        t.file(&format!("{}/pkg/cli.py", shape.name), program);
    }
    let check = |t: &Test, options: &[&str], said: &str| {
        for Shape {
            name,
            package,
            version,
            ..
        } in SHAPES
        {
            let run = t
                .flavor([&["pack", name, "--json"], options].concat())
                .success();
            let report = run.json();
            assert_eq!(
                (&report["name"], &report["version"]),
                (&(*package).into(), &(*version).into()),
                "{name}\n{run}"
            );
            let output = t
                .call(t.path(format!("{name}/dist/{package}.psp")), [""; 0])
                .silent();
            assert_eq!(output.line().replace("\u{1b}[0m", ""), said, "{name}");
        }
    };
    check(&t, &[], "hello False");
    t.prepend_path(&flavorpack::uv_directory());
    check(&t, &["--extra", "extra"], "hello True");
    // In its own directory, by its own file, and with a manifest beside it.
    let mut command = t.command(crate::scene::FLAVOR);
    command
        .current_dir(t.path("setup-cfg"))
        .args(["pack", "--quiet"]);
    assert_eq!(t.run(&mut command).success().line(), "./dist/setup-cfg.psp");
    assert_eq!(
        t.flavor(["pack", "setup-py/setup.py", "-q"])
            .success()
            .line(),
        "setup-py/dist/Setup.Py.psp"
    );
    assert_eq!(
        t.flavor(["pack", "--manifest", "setup-py", "-q"])
            .success()
            .line(),
        "setup-py/dist/Setup.Py.psp"
    );
    t.flavor(["pack", "setup-py", "-q", "--check-reproducible"])
        .success();
    for name in ["setup-py", "poetry", "flit"] {
        let manifest = format!("{name}/pyproject.toml");
        t.flavor(["init", "--manifest", &manifest]).success();
        let text = std::fs::read_to_string(t.path(&manifest)).expect("it");
        assert!(
            text.contains("[tool.flavor]\n# The program is the script with the project's name"),
            "{text}"
        );
        t.flavor(["pack", name, "-q"]).success();
    }
}
