"""What the suite needs besides Python: said at once, with what installs it, and never skipped."""

import importlib.util
import os
import shutil
import sys

PROGRAMS = {"tar": "tar", "zstd": "zstd", "/usr/bin/time": "time", "mount": "mount", "unshare": "util-linux"}
MODULES = ["cryptography", "blake3", "flavor"]


def check(root):
    """Goes on in the virtual environment that has the modules, unless this is a Python that has them."""
    if missing_modules():
        # As cargo has it.
        target = root / os.environ.get("CARGO_TARGET_DIR", "target")
        python = target / "interop" / "flavorpack" / "bin" / "python"
        if not python.exists() or os.environ.get("FLAVOR_HOSTILE_PYTHON"):
            sys.exit(f"no Python with {', '.join(missing_modules())}: `tests/setup/run` makes {python}, which has them")
        os.environ["FLAVOR_HOSTILE_PYTHON"] = "1"
        os.execv(python, [str(python), *sys.argv])
    os.environ.pop("FLAVOR_HOSTILE_PYTHON", None)
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if missing:
        sys.exit(f"missing: apt-get install {' '.join(missing)}")
    if os.geteuid() != 0:
        sys.exit("needs root: bombs go off in a file system of their own")


def missing_modules():
    return [name for name in MODULES if importlib.util.find_spec(name) is None]
