"""Builds a package with FlavorPack: theirs.py SCRIPT TREE OUTPUT."""

import sys
from pathlib import Path

import flavor
from flavor.psp.format_2025.pspf_builder import PSPFBuilder

script, tree, output = map(Path, sys.argv[1:])
launcher = Path(flavor.__file__).parent / "helpers" / "bin" / "flavor-rs-launcher-0.5.4-linux_amd64"
result = (
    PSPFBuilder.create()
    .metadata(
        format="PSPF/2025",
        package={"name": "theirs", "version": "1.2.3"},
        execution={"command": "/bin/sh {workenv}/bin/run.sh"},
    )
    .add_slot("program", script.read_bytes(), purpose="code", operations="none", target="bin/run.sh", permissions="0755")
    .add_slot("docs", tree, operations="tar.gz", target="docs")
    .add_slot("note", "right\n", operations="gzip", target="note.txt")
    .with_keys(seed="publisher")
    .with_options(launcher_bin=launcher)
    .build(output)
)
if not result.success:
    sys.exit("\n".join(result.errors))
