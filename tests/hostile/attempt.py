"""One program, started with as little around it as can be: how it ended, what it wrote, how large it grew."""

import os
import re
import select
import signal
import time

from refusal import says_why

# Seconds after which a program counts as hanging.
PATIENCE = 20

# The largest that a program may grow, in KiB.
LARGEST = 256 << 10

# The band that docs/format.md § Exit codes keeps for the launcher.
BAND = range(101, 120)

# Of a package that a command refuses.
REFUSED = 3


class Attempt:
    """`status` is None after a hang, negative after a signal; `peak` is in KiB."""

    def __init__(self, command, status, stdout, stderr, took, peak):
        self.command, self.status, self.stdout, self.stderr = command, status, stdout, stderr
        self.took, self.peak = took, peak

    @property
    def broken(self):
        """What must never happen, whatever the input: a panic, a signal, a hang, too much memory, raw control bytes."""
        if self.status is None:
            return "hang"
        if b"panicked" in self.stderr or b"overflow" in self.stderr and b"stack" in self.stderr:
            return "panic"
        if self.status < 0:
            return f"signal {-self.status}"
        if self.peak > LARGEST:
            return f"{self.peak >> 10} MiB"
        return raw(self.stderr)

    def refused(self, codes):
        """Refused in good order: with the right status, a message, and nothing on stdout."""
        return not self.broken and self.status in codes and says_why(self.stderr) and not self.stdout

    def __str__(self):
        short = " ".join(word.rsplit("/", 1)[-1] for word in self.command)
        shown = self.stderr if len(self.stderr) < 400 else self.stderr[:400] + b"..."
        return f"`{short}`: status {self.status}, stdout {self.stdout[:120]!r}, stderr {shown!r}, {self.peak >> 10} MiB"


# Control characters but the newline, the Unicode controls of direction, and what else makes a text look like another one.
CONTROLS = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def raw(output):
    """Which byte or character of an output a terminal would obey, if any. Newlines apart, which are looked at elsewhere."""
    found = CONTROLS.search(output.decode("utf-8", "replace"))
    return f"raw U+{ord(found[0]):04X} in the output" if found else None


def attempt(command, environment, patience=PATIENCE):
    """Starts a program in the present directory, in a session of its own, and waits for its end."""
    command = [os.fspath(word) for word in command]
    stdout, stderr = os.memfd_create("stdout"), os.memfd_create("stderr")
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, stdout, 1),
        (os.POSIX_SPAWN_DUP2, stderr, 2),
    ]
    begin = time.monotonic()
    try:
        try:
            child = os.posix_spawn(command[0], command, environment, file_actions=actions, setsid=True)
        except OSError as error:
            # What the kernel does not take for a program never starts.
            return Attempt(command, BAND[0], b"", f"error[FLV0000]: {error}".encode(), 0, 0)
        status, usage = wait(child, patience)
        took = time.monotonic() - begin
        outputs = [os.pread(one, 1 << 24, 0) for one in (stdout, stderr)]
        return Attempt(command, status, *outputs, took, usage.ru_maxrss)
    finally:
        os.close(stdout)
        os.close(stderr)


def wait(child, patience):
    """The status of a child, None if it had to be killed, and what it used."""
    handle = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(patience * 1000):
            # The group is the one made for it: nobody else's processes are in it.
            os.killpg(child, signal.SIGKILL)
            return None, os.wait4(child, 0)[2]
        _, status, usage = os.wait4(child, 0)
        return os.waitstatus_to_exitcode(status), usage
    finally:
        os.close(handle)
