"""Packs applications with one `flavor`, and lends each a bare root to be used in."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from root import Root

ROOT = Path(__file__).resolve().parents[2]
# As cargo has it.
TARGET = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")


class Workshop:
    """Projects and packages in one directory."""

    def __init__(self, options, directory):
        self.flavor = Path(options.flavor).resolve()
        self.python = options.python
        self.directory = directory

    def environment(self):
        """What `flavor` sees: a home of its own, nothing of the caller's but what leads to interpreters and downloads."""
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        downloads = TARGET / "tmp" / "downloads"
        interop = TARGET / "interop"
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "CARGO_HOME", "RUSTUP_"))}
        cargo = Path(os.environ.get("CARGO_HOME", Path("~/.cargo").expanduser())) / "bin"
        return {
            **kept,
            "PATH": f"{cargo}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "CARGO_HOME": str(cargo.parent),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path("~/.rustup").expanduser())),
            "FLAVOR_CACHE_DIR": str(self.directory / "cache"),
            "PYENV_ROOT": str((interop / "pyenv").resolve()),
            "PIP_CACHE_DIR": str(downloads / "pip"),
            "UV_CACHE_DIR": str(downloads / "uv"),
        }

    def project(self, name, files):
        """Writes a project, path → text, and returns its directory."""
        directory = self.directory / name
        for path, text in files.items():
            place = directory / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return directory

    def pack(self, outcome, name, *arguments):
        """Packs by one command and returns a root with the package in it; none if that went wrong."""
        output = self.directory / f"{name}.psp"
        command = [self.flavor, "pack", "--json", "--python", self.python, "--output", output, *arguments]
        begin = time.monotonic()
        done = subprocess.run(
            command, env=self.environment(), cwd=self.directory, capture_output=True, text=True, timeout=1800
        )
        took = time.monotonic() - begin
        if not outcome.expect(done.returncode == 0, lambda: f"pack ended with {done.returncode}: {done.stdout}{done.stderr}"):
            return None
        report = json.loads(done.stdout)
        for warning in report.get("warnings", []):
            print(f"    {name}: {json.dumps(warning)[:300]}", file=sys.stderr)
        outcome.figure(f"packed in {took:.0f} s, {output.stat().st_size / 1e6:.0f} MB")
        return Root(self.directory / f"{name}-root", output)
