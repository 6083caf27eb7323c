"""Many first starts at once on an empty cache: all right, each slot extracted once.

The extractions are counted twice. The launcher's log says when it has extracted; in every second round the kernel says
(inotify) what was renamed into the directory of slots and how many staging directories were made, which a launcher that
extracts twice and keeps silent cannot hide.
"""

import ctypes
import os
import struct


PROCESSES = 100
SLOTS = 4


def run(workshop, full, outcome):
    package = workshop.small("together")
    rounds = 60 if full else max(1, 6 // workshop.thin)
    right = counted = 0
    for number in range(rounds):
        with workshop.place(package) as place:
            watched = Watch(place.cache / "v2") if number % 2 and not place.is_filled else None
            starts = start_together(place, [package] * PROCESSES)
            wrong = [text for text, good in starts if not good]
            right += PROCESSES - len(wrong)
            outcome.expect(not wrong, lambda: f"round {number}: {wrong[0]}")
            log = (place.root / "stderr").read_text()
            extracted = log.count("INFO extract slot=")
            as_wanted = extracted <= SLOTS if place.is_filled else extracted == SLOTS
            outcome.expect(as_wanted, f"round {number}: {extracted} extractions in the log, not {SLOTS}")
            outcome.expect("INFO prepare " in log or place.is_filled, f"round {number}: the log does not tell what happened")
            if watched:
                published, staged = watched.counts()
                counted += 1
                # One more staging directory is the environment's.
                as_wanted = (published, staged) == (SLOTS, SLOTS + 1)
                outcome.expect(as_wanted, f"round {number}: {published} slots published, {staged} directories staged")
    outcome.figure(f"{right} of {rounds * PROCESSES} right in {rounds} rounds, each slot extracted once")
    if counted:
        outcome.figure(f"counted by the kernel in {counted}")


def start_together(place, packages):
    """Starts packages at one moment; for each a description and whether it was right."""
    ready, go = os.pipe()
    stderr = os.open(place.root / "stderr", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    children = []
    for at, package in enumerate(packages):
        stdout = os.open(place.root / f"stdout-{at}", os.O_CREAT | os.O_WRONLY)
        pid = os.fork()
        if pid == 0:
            try:
                os.close(go)
                os.dup2(stdout, 1)
                os.dup2(stderr, 2)
                # Ends when the parent closes the other end: the same moment for all.
                os.read(ready, 1)
                environment = place.environment(FLAVOR_LOG_LEVEL="info")
                os.execve(package.path, [str(package.path)], environment)
            finally:
                os._exit(99)
        os.close(stdout)
        children.append((at, package, pid))
    os.close(ready)
    os.close(go)
    starts = []
    for at, package, pid in children:
        _, status = os.waitpid(pid, 0)
        said = (place.root / f"stdout-{at}").read_text()
        good = status == 0 and said == package.right
        starts.append((f"status {os.waitstatus_to_exitcode(status)}, stdout {said!r}, wanted {package.right!r}", good))
    os.close(stderr)
    return starts


class Watch:
    """Counts with inotify what happens in the directories of slots and of staging, which it makes."""

    MOVED_TO, CREATE = 0x80, 0x100

    def __init__(self, layout):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.events = {}
        for name, mask in (("slots", self.MOVED_TO), ("staging", self.CREATE)):
            directory = layout / name
            directory.mkdir(parents=True)
            for path in (layout.parent, layout, directory):
                path.chmod(0o700)
            watch = self.libc.inotify_add_watch(self.descriptor, os.fsencode(directory), mask)
            if watch < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch")
            self.events[watch] = 0

    def counts(self):
        """How often something was renamed into `slots` and made in `staging`."""
        while True:
            try:
                buffer = os.read(self.descriptor, 1 << 16)
            except BlockingIOError:
                break
            at = 0
            while at < len(buffer):
                watch, _, _, length = struct.unpack_from("iIII", buffer, at)
                self.events[watch] += 1
                at += 16 + length
        os.close(self.descriptor)
        return tuple(self.events.values())
