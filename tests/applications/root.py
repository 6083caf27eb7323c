"""A root directory with a package, glibc's own libraries, a static busybox, and what every kernel gives: /proc, /dev, /tmp."""

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from place import remove

# Longer than a first start takes on a busy machine.
PATIENCE = 180
# Mounts /proc and /dev for the time of one command.
ENTER = 'mount --bind /dev "$0/dev" && mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev/shm" && exec chroot "$0" "$@"'


class Root:
    """The package is `/app.psp`; `/links` has the names by which it is called."""

    def __init__(self, directory, package):
        self.directory = directory
        for name in ("bin", "dev", "etc", "home", "lib64", "links", "proc", "tmp"):
            (directory / name).mkdir(parents=True)
        (directory / "tmp").chmod(0o1777)
        shutil.copy2(package, directory / "app.psp")
        shutil.copy2("/usr/bin/busybox", directory / "bin/busybox")
        for name in ("cat", "chmod", "env", "ls", "mkdir", "rm", "sh", "sleep", "touch"):
            (directory / "bin" / name).symlink_to("busybox")
        listed = subprocess.run(["dpkg", "-L", "libc6"], check=True, capture_output=True, text=True).stdout
        for library in map(Path, listed.splitlines()):
            if ".so." in library.name and library.is_file():
                place = directory / library.relative_to("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(library, place)
        loader = Path("/lib64/ld-linux-x86-64.so.2")
        shutil.copy2(loader, directory / loader.relative_to("/"))
        # The one locale that glibc itself has.
        shutil.copytree("/usr/lib/locale/C.utf8", directory / "usr/lib/locale/C.utf8")
        self.file("/etc/passwd", "root:x:0:0:root:/home:/bin/sh\n")
        self.file("/etc/hosts", "127.0.0.1 localhost\n")

    def file(self, path, text):
        """Writes a file inside."""
        place = self.directory / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def named(self, name):
        """The package under the name of one of its programs."""
        link = self.directory / "links" / name
        if not link.is_symlink():
            link.symlink_to("/app.psp")
        return f"/links/{name}"

    def _command(self, words, env):
        variables = {"PATH": "/bin", "HOME": "/home", "TERM": "xterm-256color", **env}
        assigned = [f"{name}={value}" for name, value in variables.items()]
        return ["unshare", "--mount", "sh", "-c", ENTER, self.directory, "/bin/env", "-i", *assigned, *words]

    def run(self, *words, env=None, patience=PATIENCE, stdin=None):
        """Runs a command inside, the package's program if there is no other, and waits for its end."""
        command = self._command(words or ("/app.psp",), env or {})
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=patience, cwd="/")

    @contextmanager
    def serving(self, *words, env=None):
        """A command that runs inside as long as the block does."""
        log = self.directory / "log"
        with log.open("w") as out:
            child = subprocess.Popen(
                self._command(words, env or {}), stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
            )
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                child.wait()

    def log(self):
        """The end of what the last server said."""
        return (self.directory / "log").read_text(errors="replace")[-3000:]

    def get(self, url, headers=None, data=None):
        """What a server inside answers, once it does: the network is the machine's own."""
        end = time.monotonic() + PATIENCE
        request = urllib.request.Request(url, headers=headers or {}, data=data)
        while True:
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, answer.read().decode(errors="replace")
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode(errors="replace")
            except OSError as error:
                if time.monotonic() > end:
                    return None, f"{error}; {self.log()}"
                time.sleep(0.2)

    def close(self):
        """Removes it."""
        remove(self.directory)


def free_port():
    """A port that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def said(done):
    """A finished command, for a reader: how it ended, and the end of what it wrote."""
    return f"status {done.returncode}, stdout {done.stdout[-500:]!r}, stderr {done.stderr[-1500:]!r}"
