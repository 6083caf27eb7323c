"""The program under test, stopped on its way to the package and forked for every attempt: see starter.c.

More than half of what a short attempt costs is the way of a large program to its first look at the package. From there on
everything is as it is when the program is started, in a process and a session of its own. The thread that waits for signals
stays behind; nothing here sends any but SIGKILL. Where it does not work (no C compiler, a static program), every attempt
starts the program anew.
"""

import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from attempt import PATIENCE, Attempt, attempt

SOURCE = Path(__file__).resolve().parent / "starter.c"
# As starter.c has it.
CONTROL = 198


def build(directory):
    """The library to preload, or None."""
    library = Path(directory) / "starter.so"
    compiler = shutil.which("cc")
    command = [compiler, "-O2", "-Wall", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"]
    return library if compiler and subprocess.run(command, capture_output=True).returncode == 0 else None


class Starter:
    """One command, in the directory and with the limits that this process has now."""

    def __init__(self, command, environment, package, library):
        self.command = command
        self.stdout, self.stderr = os.memfd_create("stdout"), os.memfd_create("stderr")
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, self.stdout, 1),
            (os.POSIX_SPAWN_DUP2, self.stderr, 2),
            (os.POSIX_SPAWN_DUP2, theirs.fileno(), CONTROL),
        ]
        # Threads with memory of their own would have to get it anew in every fork.
        ours = {"LD_PRELOAD": os.fspath(library), "HOSTILE_PACKAGE": os.fspath(package), "MALLOC_ARENA_MAX": "1"}
        self.process = os.posix_spawn(command[0], command, environment | ours, file_actions=actions, setsid=True)
        theirs.close()
        self.poll = select.poll()
        self.poll.register(self.control, select.POLLIN)
        self.ready = bool(self.poll.poll(PATIENCE * 1000)) and self.control.recv(16) == b"ready"

    def attempt(self):
        begin = time.monotonic()
        self.control.send(b"g")
        hangs = not self.poll.poll(PATIENCE * 1000)
        if hangs:
            # The group is the one made for it: nobody else's processes are in it.
            for child in Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split():
                os.killpg(int(child), signal.SIGKILL)
        status, peak = struct.unpack("<qq", self.control.recv(16))
        took = time.monotonic() - begin
        status = None if hangs else os.waitstatus_to_exitcode(status)
        return Attempt(self.command, status, written(self.stdout), written(self.stderr), took, peak)

    def close(self):
        self.control.close()
        if not self.ready:
            os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.stdout)
        os.close(self.stderr)


def written(handle):
    content = os.pread(handle, 1 << 24, 0)
    if content:
        # Its position is shared with whoever has written.
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
    return content


class Starters:
    """One for each command line and environment."""

    def __init__(self, package, library):
        self.package, self.library = package, library
        self.known = {}

    def attempt(self, command, environment):
        command = [os.fspath(word) for word in command]
        key = (*command, *environment.items())
        if key not in self.known:
            self.known[key] = Starter(command, environment, self.package, self.library)
        starter = self.known[key]
        return starter.attempt() if starter.ready else attempt(command, environment)

    def close(self):
        for starter in self.known.values():
            starter.close()


@contextmanager
def inside(arena):
    """Lets an arena's `flavor` go by starters, if there can be any."""
    if not arena.workshop.starter:
        yield
        return
    arena.starter = Starters(arena.package, arena.workshop.starter)
    try:
        yield
    finally:
        arena.starter.close()
        arena.starter = None
