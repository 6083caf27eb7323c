"""The suites `lifecycles` and `damage` of `cargo test`, with all that they make on a mounted file system: package, home, cache.

Where there are no symbolic links their starts are refused, so that nothing of them can be right; `filesystems` has the refusals.
"""

import os
import re
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from mounts import WRITABLE

SUITES = ["lifecycles::", "damage::"]
PATIENCE = 300


def run(workshop, full, outcome):
    binary = Path(workshop.suites).resolve() if workshop.suites else newest(workshop.flavor.parent / "deps")
    if not outcome.expect(binary, "no test binary beside the program: `cargo test --no-run` makes it, or --suites names it"):
        return
    for name in WRITABLE:
        with scratch(name) as directory:
            done = subprocess.run(
                [binary, *SUITES],
                env=os.environ | {"TMPDIR": str(directory)},
                cwd="/",
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
        passed = re.search(r"(\d+) passed; (\d+) failed", done.stdout)
        good = done.returncode == 0 and passed and int(passed[1]) > 10
        outcome.expect(good, f"{name}: status {done.returncode}, {done.stdout[-3000:]} {done.stderr[-1000:]}")
        outcome.figure(f"{passed[1] if passed else 0} tests right on {name}")


@contextmanager
def scratch(name):
    """A directory on a file system that is mounted for it."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as top:
        at = Path(top) / "mounted"
        with WRITABLE[name](Path(top), at):
            directory = at / "tests"
            directory.mkdir()
            yield directory


def newest(directory):
    """The test binary that was built last."""
    found = [path for path in directory.glob("integration-*") if os.access(path, os.X_OK) and path.suffix != ".d"]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)
