//! The back end of a project sees what git tracks and what has been made, wherever the project is in its repository:
//! its wheel is the one that `pip wheel` makes of the same tree.

use std::os::unix::fs::symlink;

use crate::back_ends::{differences, git, pip_wheel, repository};
use crate::interpreter::Interpreter;
use crate::scene::Test;

/// A tree with a project in it.
struct Layout {
    name: &'static str,
    /// Where in the tree the project is.
    project: &'static str,
    /// What git tracks.
    tracked: &'static [(&'static str, &'static str)],
    /// What git ignores or does not know, and the build needs.
    made: &'static [(&'static str, &'static str)],
    /// What an earlier build has left: no wheel may have it.
    left: &'static [(&'static str, &'static str)],
    /// Done when all of that is there.
    prepare: fn(&Test, &str),
    /// What the wheel must have, so that two equal wheels are not equally poor.
    has: &'static [&'static str],
}

const PLAIN: Layout = Layout {
    name: "",
    project: ".",
    tracked: &[],
    made: &[],
    left: &[],
    prepare: |_, _| {},
    has: &["pkg/__init__.py"],
};

const INIT: (&str, &str) = ("pkg/__init__.py", "def main():\n    print('started')\n");
const SRC_INIT: (&str, &str) = ("src/pkg/__init__.py", "def main():\n    print('started')\n");

/// A manifest with a build system and more tables.
macro_rules! manifest {
    ($requires:literal, $back_end:literal, $more:literal) => {
        concat!(
            "[build-system]\nrequires = ",
            $requires,
            "\nbuild-backend = \"",
            $back_end,
            "\"\n[project]\nname = \"x\"\nversion = \"1.0\"\nscripts = { x = \"pkg:main\" }\n",
            $more
        )
    };
    ($requires:literal, $back_end:literal, dynamic, $more:literal) => {
        concat!(
            "[build-system]\nrequires = ",
            $requires,
            "\nbuild-backend = \"",
            $back_end,
            "\"\n[project]\nname = \"x\"\ndynamic = [\"version\"]\nscripts = { x = \"pkg:main\" }\n",
            $more
        )
    };
}

const LAYOUTS: &[Layout] = &[
    Layout {
        name: "setuptools-forced",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"setuptools\"]",
                    "setuptools.build_meta",
                    "[tool.setuptools.package-data]\npkg = [\"data/*\", \"*.txt\"]\n"
                ),
            ),
            (
                ".gitignore",
                "data/\n*_pb2.py\n_version.py\nbuild/\n*.egg-info\n",
            ),
            SRC_INIT,
            ("src/pkg/data/x.bin", "forced"),
        ],
        made: &[
            ("src/pkg/x_pb2.py", "A = 1\n"),
            ("src/pkg/_version.py", "V = 1\n"),
            ("src/pkg/new.txt", "new"),
        ],
        left: &[
            ("build/lib/pkg/stale.py", "STALE = 1\n"),
            (
                "src/x.egg-info/SOURCES.txt",
                "src/pkg/__init__.py\nsrc/pkg/other.dat\n",
            ),
        ],
        has: &[
            "pkg/data/x.bin",
            "pkg/x_pb2.py",
            "pkg/_version.py",
            "pkg/new.txt",
        ],
        ..PLAIN
    },
    Layout {
        name: "setuptools-manifest-in",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"setuptools\"]",
                    "setuptools.build_meta",
                    "[tool.setuptools]\ninclude-package-data = true\npackages = [\"pkg\", \"pkg.build\"]\n"
                ),
            ),
            (
                "MANIFEST.in",
                "recursive-include pkg/node_modules *.js\ngraft pkg/static\n",
            ),
            (
                ".gitignore",
                "build/\nnode_modules/\nstatic/\nx.egg-info/\n",
            ),
            INIT,
            ("pkg/build/__init__.py", ""),
        ],
        made: &[
            ("pkg/static/app.css", "css"),
            ("pkg/node_modules/m/m.js", "js"),
        ],
        left: &[
            ("x.egg-info/SOURCES.txt", "pkg/old.dat\n"),
            ("pkg/old.dat", "old"),
            ("build/lib/pkg/stale.py", ""),
        ],
        has: &[
            "pkg/build/__init__.py",
            "pkg/static/app.css",
            "pkg/node_modules/m/m.js",
        ],
        ..PLAIN
    },
    Layout {
        name: "hatch-artifacts",
        project: "services/api",
        tracked: &[
            (".gitignore", "*_pb2.py\nsecret.txt\ndist/\n"),
            (
                "services/api/pyproject.toml",
                manifest!(
                    "[\"hatchling\"]",
                    "hatchling.build",
                    "[tool.hatch.build]\nartifacts = [\"*_pb2.py\"]\n[tool.hatch.build.targets.wheel]\npackages = [\"pkg\"]\n[tool.hatch.build.targets.wheel.force-include]\n\"dist/web\" = \"pkg/web\"\n"
                ),
            ),
            ("services/api/pkg/__init__.py", INIT.1),
        ],
        made: &[
            ("services/api/pkg/x_pb2.py", "A = 1\n"),
            ("services/api/pkg/secret.txt", "no"),
            ("services/api/dist/web/index.html", "<p>"),
        ],
        left: &[("services/api/dist/x-0.9-py3-none-any.whl", "old")],
        has: &["pkg/x_pb2.py", "pkg/web/index.html"],
        ..PLAIN
    },
    Layout {
        name: "hatch-force-include-above",
        project: "app",
        tracked: &[
            (
                "app/pyproject.toml",
                manifest!(
                    "[\"hatchling\"]",
                    "hatchling.build",
                    "[tool.hatch.build.targets.wheel]\npackages = [\"pkg\"]\n[tool.hatch.build.targets.wheel.force-include]\n\"../libs/shared\" = \"shared\"\n\"../NOTICE\" = \"pkg/NOTICE\"\n"
                ),
            ),
            ("app/pkg/__init__.py", INIT.1),
            ("libs/shared/__init__.py", ""),
            ("libs/unrelated/big.py", ""),
            ("NOTICE", "notice"),
            ("README.md", "read me"),
            (".gitignore", "_gen.py\n"),
        ],
        made: &[("libs/shared/_gen.py", "G = 1\n")],
        has: &["shared/__init__.py", "shared/_gen.py", "pkg/NOTICE"],
        ..PLAIN
    },
    Layout {
        name: "hatch-vcs-above",
        project: "app",
        tracked: &[
            (
                "app/pyproject.toml",
                manifest!(
                    "[\"hatchling\", \"hatch-vcs\"]",
                    "hatchling.build",
                    dynamic,
                    "[tool.hatch.version]\nsource = \"vcs\"\nraw-options = { root = \"..\" }\n[tool.hatch.build.hooks.vcs]\nversion-file = \"pkg/_version.py\"\n[tool.hatch.build.targets.wheel]\npackages = [\"pkg\"]\n"
                ),
            ),
            ("app/pkg/__init__.py", INIT.1),
            (".gitignore", "_version.py\n"),
            (".flavorignore", "/other/\n"),
            ("other/lib.py", "1"),
        ],
        prepare: |t, at| drop(git(t, at, &["tag", "v3.4"])),
        has: &["pkg/_version.py", "x-3.4.dist-info/METADATA"],
        ..PLAIN
    },
    Layout {
        name: "setuptools-scm-dirty",
        project: "a/b",
        tracked: &[
            (
                "a/b/pyproject.toml",
                manifest!(
                    "[\"setuptools\", \"setuptools-scm\"]",
                    "setuptools.build_meta",
                    dynamic,
                    "[tool.setuptools_scm]\nroot = \"../..\"\nlocal_scheme = \"dirty-tag\"\n[tool.setuptools]\npackages = [\"pkg\"]\n"
                ),
            ),
            ("a/b/pkg/__init__.py", INIT.1),
            ("a/b/pkg/data.txt", "in the wheel since git has it"),
            ("other.txt", "1"),
        ],
        prepare: |t, at| {
            git(t, at, &["tag", "v5.0"]);
            t.file(&format!("{at}/other.txt"), "changed");
        },
        has: &["pkg/data.txt", "+dirty"],
        ..PLAIN
    },
    Layout {
        name: "setuptools-package-dir-above",
        project: "packaging/x",
        tracked: &[
            (
                "packaging/x/pyproject.toml",
                manifest!(
                    "[\"setuptools\"]",
                    "setuptools.build_meta",
                    "[tool.setuptools]\npackages = [\"pkg\"]\npackage-dir = { \"\" = \"../..\" }\n"
                ),
            ),
            ("pkg/__init__.py", INIT.1),
            (".gitignore", "*_gen.py\n"),
        ],
        made: &[("pkg/a_gen.py", "")],
        left: &[
            ("build/lib/pkg/stale.py", ""),
            ("x.egg-info/SOURCES.txt", "pkg/stale.txt\n"),
        ],
        has: &["pkg/a_gen.py"],
        ..PLAIN
    },
    Layout {
        name: "poetry-include",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"poetry-core\"]",
                    "poetry.core.masonry.api",
                    "[tool.poetry]\npackages = [{ include = \"pkg\" }]\ninclude = [{ path = \"pkg/gen/*.py\", format = [\"wheel\"] }]\n"
                ),
            ),
            INIT,
            (".gitignore", "gen/\nlocal.py\nforced.py\n"),
            ("pkg/forced.py", "F = 1\n"),
        ],
        made: &[
            ("pkg/gen/a.py", "A = 1\n"),
            ("pkg/local.py", "not in the wheel"),
        ],
        has: &["pkg/forced.py", "pkg/gen/a.py"],
        ..PLAIN
    },
    Layout {
        name: "pdm-tracked-dist",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"pdm-backend\"]",
                    "pdm.backend",
                    "[tool.pdm.build]\nincludes = [\"pkg\", \"dist/keep.txt\"]\n"
                ),
            ),
            INIT,
            (".gitignore", "dist/\nenv/\n*.egg-info\n"),
            ("dist/keep.txt", "kept"),
            ("pkg/env/__init__.py", ""),
            ("pkg/env/pyvenv.cfg", "a template"),
            ("pkg/t.egg-info/x.txt", "a fixture"),
        ],
        left: &[("dist/x-0.1.tar.gz", "old")],
        has: &["pkg/env/pyvenv.cfg", "pkg/t.egg-info/x.txt"],
        ..PLAIN
    },
    Layout {
        name: "pdm-scm",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"pdm-backend\"]",
                    "pdm.backend",
                    dynamic,
                    "[tool.pdm.version]\nsource = \"scm\"\nwrite_to = \"pkg/_v.py\"\n"
                ),
            ),
            INIT,
        ],
        prepare: |t, at| drop(git(t, at, &["tag", "2.2"])),
        has: &["x-2.2.dist-info/METADATA"],
        ..PLAIN
    },
    Layout {
        name: "flit",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"flit_core\"]",
                    "flit_core.buildapi",
                    "description = \"d\"\n[tool.flit.module]\nname = \"pkg\"\n"
                ),
            ),
            INIT,
            (".gitignore", "gen.py\n"),
        ],
        made: &[("pkg/gen.py", "G = 1\n")],
        left: &[("pkg/__pycache__/old.cpython-311.pyc", "x")],
        has: &["pkg/gen.py"],
        ..PLAIN
    },
    Layout {
        name: "uv-build",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"uv_build\"]",
                    "uv_build",
                    "[tool.uv.build-backend]\nmodule-name = \"pkg\"\n"
                ),
            ),
            SRC_INIT,
            (".gitignore", "gen.py\n"),
        ],
        made: &[("src/pkg/gen.py", "G = 1\n")],
        has: &["pkg/gen.py"],
        ..PLAIN
    },
    Layout {
        name: "back-end-in-the-tree",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"setuptools\"]",
                    "own",
                    "[tool.setuptools]\npackages = [\"pkg\"]\n[tool.own]\n"
                ),
            ),
            (
                "env/own.py",
                "from setuptools.build_meta import *\nopen('pkg/version.txt', 'w').write(open('../x.txt').read() if 0 else 'v')\n",
            ),
            ("setup.cfg", "[options.package_data]\npkg = *.txt\n"),
            INIT,
            (".gitignore", "env/\n"),
        ],
        prepare: |t, at| {
            let manifest = t.path(at).join("pyproject.toml");
            let text = std::fs::read_to_string(&manifest).expect("it is there");
            let text = text.replace(
                "build-backend = \"own\"\n",
                "build-backend = \"own\"\nbackend-path = [\"env\"]\n",
            );
            std::fs::write(manifest, text).expect("written");
        },
        has: &["pkg/version.txt"],
        ..PLAIN
    },
    Layout {
        name: "submodule",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"setuptools\"]",
                    "setuptools.build_meta",
                    "[tool.setuptools]\npackages = [\"pkg\"]\n[tool.setuptools.package-data]\npkg = [\"sub/**\"]\n"
                ),
            ),
            INIT,
        ],
        prepare: |t, at| {
            let inner = format!("{at}-inner");
            t.file(
                &format!("{inner}/node_modules/a.js"),
                "tracked in the submodule",
            );
            t.file(&format!("{inner}/b.txt"), "b");
            repository(t, &inner);
            git(
                t,
                at,
                &[
                    "submodule",
                    "--quiet",
                    "add",
                    "--",
                    &t.path(&inner).display().to_string(),
                    "pkg/sub",
                ],
            );
            t.file(&format!("{at}/pkg/sub/made.txt"), "made");
        },
        has: &[
            "pkg/sub/node_modules/a.js",
            "pkg/sub/b.txt",
            "pkg/sub/made.txt",
        ],
        ..PLAIN
    },
    Layout {
        name: "left-out-by-flavor",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"hatchling\", \"hatch-vcs\"]",
                    "hatchling.build",
                    dynamic,
                    "[tool.hatch.version]\nsource = \"vcs\"\n[tool.hatch.build.targets.wheel]\npackages = [\"pkg\"]\n"
                ),
            ),
            INIT,
            (".flavorignore", "/tests/\n"),
            ("tests/test_pkg.py", "the tree is clean without it, too"),
        ],
        prepare: |t, at| {
            git(t, at, &["tag", "v7.0"]);
            git(t, at, &["update-index", "--index-version", "4"]);
        },
        has: &["x-7.0.dist-info/METADATA"],
        ..PLAIN
    },
    Layout {
        name: "split-index",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"hatchling\"]",
                    "hatchling.build",
                    "[tool.hatch.build.targets.wheel]\npackages = [\"pkg\"]\n"
                ),
            ),
            INIT,
            (".gitignore", "node_modules/\n"),
            ("pkg/node_modules/m.js", "tracked"),
        ],
        prepare: |t, at| {
            git(t, at, &["update-index", "--split-index"]);
            t.file(&format!("{at}/pkg/more.py"), "");
            git(t, at, &["add", "pkg/more.py"]);
        },
        has: &["pkg/more.py"],
        ..PLAIN
    },
    Layout {
        name: "links",
        tracked: &[
            (
                "pyproject.toml",
                manifest!(
                    "[\"hatchling\"]",
                    "hatchling.build",
                    "[tool.hatch.build.targets.wheel]\npackages = [\"pkg\"]\n"
                ),
            ),
            INIT,
            ("data/a.txt", "a"),
        ],
        prepare: |t, at| {
            symlink("../data", t.path(at).join("pkg/data")).expect("a link");
            symlink("../data/a.txt", t.path(at).join("pkg/b.txt")).expect("a link");
            symlink(
                t.file(&format!("{at}-elsewhere/c.txt"), "c"),
                t.path(at).join("pkg/c.txt"),
            )
            .expect("a link");
        },
        has: &["pkg/data/a.txt", "pkg/b.txt", "pkg/c.txt"],
        ..PLAIN
    },
];

fn written(t: &Test, layout: &Layout, at: &str, left: bool) {
    for (path, text) in layout.tracked {
        t.file(&format!("{at}/{path}"), text);
    }
    git(t, at, &["init", "-q"]);
    let tracked: Vec<&str> = layout.tracked.iter().map(|(path, _)| *path).collect();
    git(t, at, &[&["add", "-f"], tracked.as_slice()].concat());
    git(t, at, &["commit", "-q", "-m", "first"]);
    for (path, text) in layout
        .made
        .iter()
        .chain(layout.left.iter().filter(|_| left))
    {
        t.file(&format!("{at}/{path}"), text);
    }
    (layout.prepare)(t, at);
}

#[test]
fn a_wheel_is_the_one_that_pip_makes_of_the_same_tree() {
    let t = Test::new();
    let mut wrong = String::new();
    for layout in LAYOUTS {
        let Layout { name, project, .. } = layout;
        let (ours, theirs) = (format!("ours/{name}"), format!("theirs/{name}"));
        written(&t, layout, &ours, true);
        written(&t, layout, &theirs, false);
        let project = format!("{ours}/{project}");
        let before = t.listing(&ours);
        let package = t.path(format!("{name}.psp"));
        let mut command = t.command(crate::scene::FLAVOR);
        command
            .args(["pack", "-q", "--python"])
            .arg(Interpreter::Pyenv(13).executable())
            .arg("-o")
            .arg(&package);
        // A hook of git's is told of another tree.
        let run = t.run(command.arg(t.path(&project)).env("GIT_DIR", "/nowhere"));
        if run.code() != Some(0) {
            wrong.push_str(&format!("{name}: {run}\n"));
            continue;
        }
        let without_git = |text: &str| {
            let lines = text.lines().filter(|line| !line.contains(".git"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            without_git(&before),
            without_git(&t.listing(&ours)),
            "{name}: the build has left something"
        );
        let wheel = pip_wheel(
            &t,
            &format!("{theirs}/{}", layout.project),
            &format!("wheels/{name}"),
        );
        let found = differences(&t, &wheel, &package, &format!("slots/{name}"));
        wrong.extend(found.lines().map(|line| format!("{name}: {line}\n")));
        let names = t.names(&format!("slots/{name}")).join("\n");
        wrong.extend(
            layout
                .has
                .iter()
                .filter(|one| !names.contains(**one))
                .map(|one| format!("{name}: no {one}\n")),
        );
    }
    assert!(wrong.is_empty(), "{wrong}");
}
