//! A Python project that needs no index: its dependency and its build back end are wheels made on the spot.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::scene::Test;

/// The project's manifest; its one module is `src.py`.
pub(crate) const MANIFEST: &str = r#"
[build-system]
requires = ["tinybackend"]
build-backend = "tinybackend"
[project]
name = "offline"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["greeting>=2"]
[project.scripts]
offline = "src:main"
"#;

/// A build back end of twenty lines. It packs every module of the project, and one that it generates.
pub(crate) const BACKEND: &str = r"
import glob, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = 'offline-1.0-py3-none-any.whl'
    info = 'offline-1.0.dist-info'
    with zipfile.ZipFile(f'{directory}/{name}', 'w') as out:
        for module in sorted(glob.glob('*.py')):
            out.write(module)
        for template in sorted(glob.glob('*.in')):
            out.writestr(template[:-3] + '.py', 'VALUE = ' + repr(open(template).read()))
        out.writestr(f'{info}/METADATA', 'Metadata-Version: 2.1\nName: offline\nVersion: 1.0\nRequires-Dist: greeting>=2\n')
        out.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nGenerator: tiny\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
        out.writestr(f'{info}/entry_points.txt', '[console_scripts]\noffline = src:main\n')
        out.writestr(f'{info}/RECORD', ''.join(f'{one.filename},,\n' for one in out.filelist))
    return name
";

/// A wheel in the directory `wheels`, written by Python's zipfile.
pub(crate) fn wheel(t: &Test, name: &str, version: &str, files: &[(&str, &str)]) {
    let script = r"
import sys, zipfile
name, version, *files = sys.argv[1:]
with zipfile.ZipFile(f'wheels/{name}-{version}-py3-none-any.whl', 'w') as out:
    for path, text in zip(files[::2], files[1::2]):
        out.writestr(path, text)
    info = f'{name}-{version}.dist-info'
    out.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')
    out.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
    out.writestr(f'{info}/RECORD', ''.join(f'{one.filename},,\n' for one in out.filelist))
";
    std::fs::create_dir_all(t.path("wheels")).expect("a directory");
    let mut arguments = vec!["-c", script, name, version];
    arguments.extend(files.iter().flat_map(|(path, text)| [*path, *text]));
    t.call("python3", arguments).success();
}

/// The project in the directory `app`, ready to be packed, with a runtime in its build cache already.
pub(crate) fn project() -> Test {
    let mut t = Test::new();
    furnish(&mut t);
    std::fs::create_dir_all(t.path("cache/build")).expect("a directory");
    t.call(
        "cp",
        ["-a".into(), runtime(), t.path("cache/build/runtime")],
    )
    .success();
    t
}

fn furnish(t: &mut Test) {
    wheel(t, "greeting", "2.0", &[("greeting.py", "WORD = 'Ahoy'\n")]);
    wheel(t, "tinybackend", "1.0", &[("tinybackend.py", BACKEND)]);
    t.file(
        "app/src.py",
        "from greeting import WORD\ndef main():\n    print(WORD)\n",
    );
    t.file("app/pyproject.toml", MANIFEST);
    t.set("PIP_FIND_LINKS", t.path("wheels"));
    t.set("PIP_NO_INDEX", "1");
}

/// The runtime layer of a build cache that has made one.
fn runtime() -> PathBuf {
    static FIRST: OnceLock<Test> = OnceLock::new();
    let first = FIRST.get_or_init(|| {
        let mut t = Test::new();
        furnish(&mut t);
        t.pack_with(&["--manifest", "app"]);
        t
    });
    first.path("cache/build/runtime")
}
