"""A directory of its own with a cache in it, in which packages are started, and what a start was."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from refusal import says_why

# Longer than any start takes, on a busy machine too.
PATIENCE = 60

# How long what belongs to a run may outlive it: the process that removes it must be scheduled.
AFTERWARDS = 5

# The band that docs/format.md § Exit codes keeps for the launcher.
REFUSALS = range(101, 120)


class Start:
    """How one start ended."""

    def __init__(self, package, status, stdout, stderr, took, peak=0):
        self.status, self.stdout, self.stderr = status, stdout, stderr
        self.took, self.peak = took, peak
        self.kind = self._kind(package)

    def _kind(self, package):
        if self.status is None:
            return "hang"
        if "panicked" in self.stderr or self.status in (-4, -6, -7, -8, -11):
            return "panic"
        if self.status == 0 and self.stdout == package.right:
            return "right"
        if self.status in REFUSALS and self.stdout == "" and says_why(self.stderr.encode()):
            return "refused"
        if self.status == -9:
            return "killed"
        return "wrong"

    def __str__(self):
        return f"{self.kind}: status {self.status}, stdout {self.stdout!r}, stderr {self.stderr!r}"


class Place:
    """A cache and a home, both empty at first."""

    # Whether a start finds everything extracted, in the lower layer of an overlay.
    is_filled = False

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="flavor-torture-"))
        self.cache = self.root / "cache"
        (self.root / "home").mkdir()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.settle()
        remove(self.root)

    def settle(self):
        """Waits for what starts have left to others."""

    def environment(self, **more):
        """Variables of a start. `None` takes one away."""
        variables = {"PATH": "/usr/bin:/bin", "HOME": str(self.root / "home"), "FLAVOR_CACHE_DIR": str(self.cache)}
        variables |= {name: str(value) for name, value in more.items() if value is not None}
        return {name: value for name, value in variables.items() if more.get(name, "") is not None}

    def start(self, package, *arguments, prefix=(), env=None, patience=PATIENCE, cwd="/"):
        """Starts a package behind the words of `prefix` and waits for its end."""
        command = [*map(os.fspath, prefix), os.fspath(package.path), *arguments]
        begin = time.monotonic()
        child = subprocess.Popen(
            command,
            env=self.environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            start_new_session=True,
        )
        try:
            stdout, stderr = child.communicate(timeout=patience)
            status = child.returncode
        except subprocess.TimeoutExpired:
            # The group is the one made above: nobody else's processes are in it.
            os.killpg(child.pid, 9)
            stdout, stderr = child.communicate()
            status = None
        took = time.monotonic() - begin
        return Start(package, status, stdout.decode(errors="replace"), stderr.decode(errors="replace"), took)

    def empty(self):
        """Makes the cache what it was at first."""
        self.forget()

    def forget(self):
        remove(self.cache)

    def listing(self):
        """Every path in the cache, with what it is, made comparable between runs."""
        found = set()
        for directory, directories, files in os.walk(self.cache):
            for name in directories + files:
                path = Path(directory, name)
                kind = "link" if path.is_symlink() else "directory" if path.is_dir() else "file"
                mode = path.lstat().st_mode & 0o7777
                found.add(f"{path.relative_to(self.cache)} {kind} {mode:o}")
        return found

    def slots(self):
        """Directories of the extracted slots."""
        return sorted((self.cache / "v2" / "slots").glob("*"))

    def workenvs(self):
        return sorted((self.cache / "v2" / "workenv").glob("*"))


class Settled(Place):
    """Looks only when what belonged to single runs has gone with them."""

    def settle(self):
        runs = self.cache / "v2" / "runs"
        end = time.monotonic() + AFTERWARDS
        while runs.is_dir() and any(runs.iterdir()) and time.monotonic() < end:
            time.sleep(0.01)

    def listing(self):
        self.settle()
        return super().listing()

    def empty(self):
        self.settle()
        super().empty()


def remove(path):
    """Removes a tree, read-only directories included."""
    if not path.is_symlink() and path.is_dir():
        if os.geteuid() != 0:
            for directory, _, _ in os.walk(path):
                os.chmod(directory, 0o700)
        shutil.rmtree(path)
