//! What modules import whenever they are imported, and what they read, is in the package.

use crate::scene::{Run, Test};
use crate::wheelhouse;

/// What is said of a pack.
fn said(run: &Run) -> String {
    let lines = run
        .stderr()
        .lines()
        .filter(|line| line.starts_with("warning") || line.starts_with("hint"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The project of the wheelhouse with packages; data of `packed` alone go into its wheel.
fn project(packed: &str) -> Test {
    let t = wheelhouse::project();
    let modules = "[one for one in glob.glob('**/*.py', recursive=True) + glob.glob('PACKED', recursive=True)]";
    let backend = wheelhouse::BACKEND
        .replace("glob.glob('*.py')", modules)
        .replace("PACKED", packed);
    wheelhouse::wheel(&t, "tinybackend", "1.0", &[("tinybackend.py", &backend)]);
    t.file("app/hello/__init__.py", "");
    t
}

fn pack(t: &Test) -> String {
    said(&t.flavor(["pack", "app"]).success())
}

#[test]
fn an_import_of_what_nothing_provides_is_named_with_file_and_line() {
    let t = project("-");
    t.file("app/src.py", "from hello.cli import main\n");
    t.file(
        "app/hello/cli.py",
        "import sys\nimport click\ndef main():\n    import later\n    print(sys.argv)\n",
    );
    let first = pack(&t);
    snapshot!(first, @"
    warning[FLV0445]: hello/cli.py:2 imports click, which nothing in the package provides
    hint: add the distribution that provides it to `dependencies` under [project]
    ");
    // Again, when all comes from the cache.
    assert_eq!(pack(&t), first);
    t.file(
        "app/pyproject.toml",
        format!(
            "{}\n[tool.flavor.build]\nunmet = [\"click\"]\n",
            wheelhouse::MANIFEST
        ),
    );
    assert_eq!(pack(&t), "");
    t.file("app/pyproject.toml", wheelhouse::MANIFEST);
    t.file("app/hello/cli.py", "import click.core as c, os.path\nimport xml.nothing\nimport hello.gone\nfrom . import gone, cli\nfrom .far.away import x\nimport util\n");
    t.file("app/hello/util.py", "from click import style\n");
    snapshot!(pack(&t), @"
    warning[FLV0445]: hello/cli.py:1 imports click, which nothing in the package provides (also hello/util.py:1)
    hint: add the distribution that provides it to `dependencies` under [project]
    warning[FLV0445]: hello/cli.py:2 imports xml.nothing, which nothing in the package provides
    hint: correct the name, or make sure that the build packs the module
    warning[FLV0445]: hello/cli.py:3 imports hello.gone, which nothing in the package provides
    hint: correct the name, or make sure that the build packs the module
    warning[FLV0445]: hello/cli.py:5 imports hello.far.away, which nothing in the package provides
    hint: correct the name, or make sure that the build packs the module
    warning[FLV0445]: hello/cli.py:6 imports util, which nothing in the package provides
    hint: `util` is in the same package: write `from hello import util`
    ");
}

#[test]
fn what_may_fail_or_is_made_at_run_time_is_not_spoken_of() {
    let t = project("-");
    t.file("app/src.py", "from hello import cli\nmain = cli\n");
    t.file(
        "app/hello/cli.py",
        r#"
"""
import prose
"""
from __future__ import annotations
import sys, typing
try:
    import a
except ImportError:
    import b
if typing.TYPE_CHECKING:
    import c
if sys.platform == "win32":
    import winreg
    from . import windows
if sys.version_info < (3, 8):
    import d
from contextlib import suppress
with suppress(ImportError):
    import e
    from . import optional
try:
    from .optional import thing
except ImportError:
    thing = None
try:
    from . import extra
except ImportError:
    pass
def late():
    import f
from . import made, parts, lazy
from .lazy import anything
from .parts import piece
import hello.parts.elsewhere
import invented
sys.path.insert(0, "vendored")
import inner
from . import VERSION
"#,
    );
    t.file(
        "app/hello/__init__.py",
        "import sys\nVERSION = 1\nsys.modules['invented'] = sys\nsys.modules['hello.made'] = sys\nmade = sys\n",
    );
    t.file("app/hello/optional.py", "import torch\n");
    t.file("app/hello/extra/__init__.py", "");
    t.file("app/hello/extra/gpu.py", "import cupy\n");
    t.file("app/hello/windows.py", "import win32api\n");
    t.file(
        "app/hello/parts/__init__.py",
        "__path__.append('elsewhere')\n",
    );
    t.file(
        "app/hello/lazy.py",
        "def __getattr__(name):\n    return name\n",
    );
    t.file("app/hello/vendored/inner.py", "");
    // Tests run where more is installed, and what an extra brings is for those who ask for it.
    t.file("app/hello/tests/test_cli.py", "import pytest\n");
    t.file("app/hello/conftest.py", "import pytest\n");
    t.file("app/hello/web.py", "import flask\n");
    t.file(
        "app/pyproject.toml",
        format!(
            "{}\n[project.optional-dependencies]\nweb = [\"Flask\"]\n",
            wheelhouse::MANIFEST
        ),
    );
    assert_eq!(pack(&t), "");
}

#[test]
fn of_dependencies_only_what_every_start_imports_counts() {
    let t = project("-");
    let files = [
        (
            "greeting/__init__.py",
            "from greeting import core\nWORD = 'Ahoy'\n",
        ),
        ("greeting/core.py", "import os\nimport cryptic\n"),
        ("greeting/optional.py", "import numpy\n"),
    ];
    wheelhouse::wheel(&t, "greeting", "2.1", &files);
    snapshot!(pack(&t), @"
    warning[FLV0445]: greeting/core.py:2 imports cryptic, which nothing in the package provides
    hint: add the distribution that provides it to `dependencies` under [project]; the program imports it through src → greeting → greeting.core
    ");
    // The program does not import it any more.
    t.file("app/src.py", "def main():\n    import greeting\n");
    assert_eq!(pack(&t), "");
}

#[test]
fn a_left_out_part_of_the_standard_library_is_named_with_what_brings_it_back() {
    let t = project("-");
    let main = |import: &str| t.file("app/src.py", format!("{import}\ndef main():\n    pass\n"));
    main("import ensurepip");
    snapshot!(pack(&t), @r#"
    warning[FLV0446]: src.py:1 imports ensurepip, which the slim Python of the package leaves out
    hint: restore it with `include = ["ensurepip"]` under [tool.flavor.python]
    "#);
    let include = |name: &str| {
        let text = format!(
            "{}\n[tool.flavor.python]\ninclude = [\"{name}\"]\n",
            wheelhouse::MANIFEST
        );
        t.file("app/pyproject.toml", text);
    };
    include("ensurepip");
    assert_eq!(pack(&t), "");
    main("from test.support import captured_stdout");
    let text = pack(&t);
    assert!(text.contains("include = [\"test.support\"]"), "{text}");
}

#[test]
fn a_directory_has_what_its_program_imports() {
    let t = wheelhouse::project();
    t.file("site/__main__.py", "import helper\n");
    t.file("site/helper.py", "import json\nimport nowhere\n");
    t.file("site/noxfile.py", "import nox\n");
    t.file("site/requirements.txt", "greeting\n");
    let run = t.flavor(["pack", "site"]).success();
    assert!(
        said(&run).starts_with("warning[FLV0445]: helper.py:2 imports nowhere, which"),
        "{run}"
    );
    assert_eq!(said(&run).lines().count(), 2, "{run}");
    // A script comes alone.
    let run = t.flavor(["pack", "site/__main__.py"]).success();
    assert!(
        said(&run).contains("pack the directory with `--entry-point __main__.py`"),
        "{run}"
    );
}

#[test]
fn a_file_that_is_read_and_not_packed_is_named() {
    let t = project("-");
    t.file(
        "app/hello/cli.py",
        r#"
import os, pkgutil
from importlib.resources import files
from pathlib import Path
HERE = Path(__file__).parent
A = (HERE / "data.json").read_text()
B = os.path.join(os.path.dirname(__file__), "templates", "page.html")
C = files("hello.more").joinpath("c.txt")
D = pkgutil.get_data("hello", "d/e.bin")
E = open("f.csv")
F = HERE.parent / "g.toml"
G = "prose"
H = HERE / "kept.txt"
I = HERE / "left.txt"
J = open("pyproject.toml"), Path("g.toml")
def main(): pass
"#,
    );
    let inside = [
        "data.json",
        "templates/page.html",
        "more/c.txt",
        "d/e.bin",
        "f.csv",
        "prose",
        "kept.txt",
        "left.txt",
    ];
    for file in inside {
        t.file(&format!("app/hello/{file}"), "x");
    }
    t.file("app/g.toml", "");
    t.file("app/.flavorignore", "kept.txt\n");
    t.file("app/.gitignore", "left.txt\n");
    snapshot!(pack(&t), @"
    warning[FLV0447]: hello/cli.py:6 reads data.json, which is beside it in the project and is not in the wheel
    hint: make sure that the build packs `hello/data.json`
    warning[FLV0447]: hello/cli.py:7 reads templates/page.html, which is beside it in the project and is not in the wheel
    hint: make sure that the build packs `hello/templates/page.html`
    warning[FLV0447]: hello/cli.py:8 reads more/c.txt, which is beside it in the project and is not in the wheel
    hint: make sure that the build packs `hello/more/c.txt`
    warning[FLV0447]: hello/cli.py:9 reads d/e.bin, which is beside it in the project and is not in the wheel
    hint: make sure that the build packs `hello/d/e.bin`
    warning[FLV0447]: hello/cli.py:10 reads f.csv, which is beside it in the project and is not in the wheel
    hint: make sure that the build packs `hello/f.csv`
    warning[FLV0447]: hello/cli.py:11 reads g.toml, which is in the project and is not in the wheel
    hint: move it into the package that reads it
    warning[FLV0447]: hello/cli.py:14 reads left.txt, which is beside it in the project and is not in the wheel
    hint: make sure that the build packs `hello/left.txt`
    ");
    // With them in the wheel there is nothing to say.
    let t2 = project("hello/**/*.*");
    t2.file(
        "app/hello/cli.py",
        "from pathlib import Path\nA = Path(__file__).parent / 'data.json'\n",
    );
    t2.file("app/hello/data.json", "{}");
    assert_eq!(pack(&t2), "");
}

#[test]
fn a_plugin_that_is_nowhere_is_named() {
    let t = project("-");
    let points = "[console_scripts]\\noffline = src:main\\n[some.group]\\nfine = hello:x [extra]\\nplug = hello.plug:run\\n";
    let backend = wheelhouse::BACKEND
        .replace("glob.glob('*.py')", "glob.glob('**/*.py', recursive=True)")
        .replace("[console_scripts]\\noffline = src:main\\n", points);
    wheelhouse::wheel(&t, "tinybackend", "1.0", &[("tinybackend.py", &backend)]);
    snapshot!(pack(&t), @"
    warning[FLV0448]: the entry point `plug` of `some.group` names hello.plug, which nothing in the package provides
    hint: correct the name in the project's metadata, or make sure that the build packs the module
    ");
}
