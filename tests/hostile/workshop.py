"""What all rows start from: packages that `flavor pack` and FlavorPack have made, the launcher, the keys."""

import json
import subprocess
import sys
from pathlib import Path

import starter
from codec.keys import Key
from codec.package import Launcher, View

HERE = Path(__file__).resolve().parent

# Line that a right start prints.
RIGHT = b"right\n"


class Workshop:
    """Made once in a run. What is expensive is made when a row first asks for it."""

    def __init__(self, flavor, directory, options):
        self.flavor = str(Path(flavor).resolve())
        self.directory = directory
        self.options = options
        # The publisher's key, and that of somebody else.
        self.key, self.other = Key("publisher"), Key("somebody else")
        self._packed = self._launcher = self._theirs = None
        self.starter = None

    @property
    def packed(self):
        """A package by `flavor pack`: raw, gzip, xz and zstd, several frames, links, an attestation."""
        if self._packed is None:
            self._packed = self._pack()
        return self._packed

    def made(self):
        """Sees to it that what most rows use is there: made once, before there are processes that would each make it."""
        return self.launcher

    @property
    def launcher(self):
        """The real one."""
        if self._launcher is None:
            self._launcher = Launcher(self.packed[: View(self.packed).get("launcher_size")])
        return self._launcher

    @property
    def theirs(self):
        """A package by FlavorPack's own builder: a script, a tree and a text, in its three encodings, and its attestation."""
        if self._theirs is None:
            self._theirs = self._build_theirs()
        return self._theirs

    def load(self):
        """Has later attempts of rows that make very many of them go by forks of the program, if that is possible here."""
        self.starter = starter.build(self.directory)

    def _environment(self):
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        return {"PATH": "/usr/bin:/bin", "HOME": str(home), "FLAVOR_CACHE_DIR": str(self.directory / "build-cache")}

    def _pack(self):
        project = self.directory / "project"
        for slot in ("data", "text", "old"):
            (project / slot / "a" / "b").mkdir(parents=True)
            (project / slot / "a" / "one").write_text(f"{slot}\n" * 300)
            (project / slot / "a" / "same").write_text(f"{slot}\n" * 300)
            (project / slot / "empty").touch()
            (project / slot / "a" / "b" / "link").symlink_to("../one")
        (project / "data" / "big").write_bytes(b"".join(b"%08d\n" % (number % 5000) for number in range(1_500_000)))
        (project / "check").write_bytes(RIGHT)
        (project / "pyproject.toml").write_text(PROJECT)
        output = self.directory / "packed.psp"
        command = [self.flavor, "pack", "-q", "--key-seed", "publisher", "--manifest", project / "pyproject.toml"]
        made = subprocess.run([*command, "--output", output], capture_output=True, env=self._environment(), timeout=120)
        if made.returncode:
            sys.exit(f"`flavor pack` does not make the first package: {made.stderr.decode()}")
        return output.read_bytes()

    def _build_theirs(self):
        directory = self.directory / "theirs"
        (directory / "tree" / "docs").mkdir(parents=True)
        (directory / "tree" / "docs" / "one.txt").write_text("one\n")
        (directory / "tree" / "docs" / "two.txt").write_text("two\n")
        (directory / "run.sh").write_text('#!/bin/sh\ncat "$FLAVOR_WORKENV/note.txt"\n')
        output = directory / "theirs.psp"
        command = [sys.executable, HERE / "theirs.py", directory / "run.sh", directory / "tree", output]
        subprocess.run(
            command, check=True, capture_output=True, timeout=120, env=self._environment() | {"FLAVOR_LOG_LEVEL": "error"}
        )
        return output.read_bytes()

    def facts(self):
        """The signed object of the packed package."""
        return json.loads(View(self.packed).text())


PROJECT = """
[project]
name = "packed"
version = "1"
[tool.flavor.execution]
command = ["/bin/cat", "{workenv}/check"]
[[tool.flavor.slots]]
id = "check"
source = "check"
operations = ["raw"]
target = "check"
[[tool.flavor.slots]]
id = "data"
source = "data"
operations = ["tar", "zstd:1"]
target = "data"
[[tool.flavor.slots]]
id = "text"
source = "text"
operations = ["tar", "gzip:1"]
target = "text"
[[tool.flavor.slots]]
id = "old"
source = "old"
operations = ["tar", "xz:1"]
target = "old"
"""
