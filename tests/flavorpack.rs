//! The released FlavorPack 0.5.4, installed by `tests/setup/run` into a virtual environment below `target`.

use std::path::PathBuf;

use crate::machine;
use crate::scene::{Run, Test};

/// The virtual environment: `target/interop/flavorpack`.
pub(crate) fn environment() -> PathBuf {
    machine::prepare();
    machine::directory().join("flavorpack")
}

pub(crate) fn installed(program: &str) -> PathBuf {
    let path = environment().join("bin").join(program);
    assert!(
        path.exists(),
        "there is no {}; tests/setup/run installs it",
        path.display()
    );
    path
}

/// A directory with `uv` in it, and nothing else that a test could pick up.
pub(crate) fn uv_directory() -> PathBuf {
    let directory = crate::fixture::directory().join("uv-bin");
    std::fs::create_dir_all(&directory).expect("a directory");
    // Two tests may come at once; the link is the same.
    drop(std::os::unix::fs::symlink(
        installed("uv"),
        directory.join("uv"),
    ));
    directory
}

/// One of its native programs, such as `flavor-rs-launcher`.
pub(crate) fn native(name: &str) -> PathBuf {
    installed("flavor");
    let library = environment().join("lib");
    let version = std::fs::read_dir(&library)
        .expect("a library")
        .flatten()
        .next()
        .expect("one Python")
        .path();
    let path = version.join(format!(
        "site-packages/flavor/helpers/bin/{name}-0.5.4-linux_amd64"
    ));
    assert!(path.exists(), "FlavorPack has no {}", path.display());
    path
}

/// Runs its command line.
pub(crate) fn flavor(test: &Test, arguments: &[&str]) -> Run {
    test.call(installed("flavor"), arguments)
}

/// Builds a package with its own builder: a script, a tree and a text, in its own three encodings, and its attestation.
pub(crate) fn build(test: &Test) -> PathBuf {
    let program = test.file(
        "theirs/run.sh",
        "#!/bin/sh\necho theirs \"$@\"; cat \"$FLAVOR_WORKENV/note.txt\"\n",
    );
    test.file("theirs/tree/docs/one.txt", "one\n");
    test.file("theirs/tree/docs/two.txt", "two\n");
    let builder = test.file("theirs/build.py", BUILD);
    let output = test.path("theirs.psp");
    let launcher = native("flavor-rs-launcher");
    test.call(
        installed("python"),
        [
            &builder,
            &program,
            &test.path("theirs/tree"),
            &launcher,
            &output,
        ],
    )
    .success();
    output
}

const BUILD: &str = r#"
import sys
from pathlib import Path
from flavor.psp.format_2025.pspf_builder import PSPFBuilder

program, tree, launcher, output = map(Path, sys.argv[1:])
result = (
    PSPFBuilder.create()
    .metadata(
        format="PSPF/2025",
        package={"name": "theirs", "version": "1.2.3"},
        execution={"command": "/bin/sh {workenv}/bin/run.sh"},
    )
    .add_slot("program", program.read_bytes(), purpose="code", operations="none", target="bin/run.sh", permissions="0755")
    .add_slot("docs", tree, operations="tar.gz", target="docs")
    .add_slot("note", "a note\n", operations="gzip", target="note.txt")
    .with_keys(seed="interop")
    .with_options(launcher_bin=launcher)
    .build(output)
)
if not result.success:
    sys.exit("\n".join(result.errors))
"#;
