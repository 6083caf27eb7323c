"""Small files that want to be large. Each is refused soon, in little memory, and leaves the disk as it was."""

import os
import subprocess
from pathlib import Path

from arena import Arena
from attempt import BAND, LARGEST, REFUSED, attempt
from codec.package import View
from variants import bombs
from workshop import RIGHT

# Seconds until a refusal. Machines that are busy with other things get a second and a third try.
SOON = 2
TRIES = 3
# KiB that a start may take.
START = 64 << 10
# All that the home, the cache and the output have.
DISK = "512m"
# Bytes that a refusal may leave there: locks, directories, notes.
LEFT = 4 << 20


def run(workshop, full, outcome):
    workshop.made()
    worst = {"s": 0, "MiB": 0, "MiB of a start": 0}
    count = attempts = 0
    with Arena(workshop) as arena, small_disk(arena):
        for bomb in bombs.variants(workshop, full):
            count += 1
            arena.write(bomb.make())
            for label, command, start in commands(arena):
                attempts += 1
                done = soon(arena, command)
                worst["s"] = max(worst["s"], done.took)
                worst["MiB"] = max(worst["MiB"], done.peak >> 10)
                if start:
                    worst["MiB of a start"] = max(worst["MiB of a start"], done.peak >> 10)
                for failure in judged(arena, bomb, label, done, start):
                    outcome.expect(False, f"{bomb.label}: {label}: {failure}: {done.took:.1f} s, {done}")
    outcome.figure(f"{count} bombs, {attempts} attempts, {len(outcome.failures)} not as they should be")
    outcome.figure(", ".join(f"at most {value:.1f} {unit}" if unit == "s" else f"{value} {unit}" for unit, value in worst.items()))


class small_disk:
    """The home and the output directory in a file system of their own."""

    def __init__(self, arena):
        self.arena = arena

    def __enter__(self):
        self.place = self.arena.place_of_disk = self.arena.root / "disk"
        self.place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", self.place], check=True)
        self.arena.home, self.arena.out = self.place / "home", self.place / "out"
        self.arena.cache, self.arena.settings = self.arena.home / ".cache/flavor", self.arena.home / ".config/flavor"
        for directory in (self.arena.home, self.arena.out):
            directory.mkdir()

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.place], check=True)


def used(place):
    status = os.statvfs(place)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def commands(arena):
    """Label, command, and whether it is a start by our own launcher."""
    package = arena.package
    last = str(max(View(package.read_bytes()).slot_count() - 1, 0))
    flavor = arena.workshop.flavor
    yield "verify", [flavor, "verify", package], False
    yield "inspect", [flavor, "inspect", package], False
    yield "run", [flavor, "run", package], False
    yield "start", [package], True
    yield "extract", [flavor, "extract", package, last, arena.out / "one"], False
    yield "extract-all", [flavor, "extract-all", "--as-tree", package, arena.out / "all"], False


def soon(arena, command):
    """The quickest of some tries, measured by GNU time: what this process has in memory is not counted to its children."""
    best = None
    for _ in range(TRIES):
        arena.empty()
        notes = arena.root / "tmp" / "time"
        measured = ["/usr/bin/time", "-q", "-f", "%M", "-o", notes, *command]
        done = attempt(measured, arena.environment())
        done.command = [os.fspath(word) for word in command]
        done.peak = int(Path(notes).read_text().split()[-1]) if done.status is not None else LARGEST
        if best is None or done.took < best.took:
            best = done
        if done.took < SOON or done.status is None:
            break
    return best


def judged(arena, bomb, label, done, start):
    if done.broken:
        yield done.broken
    if done.took > SOON and not bomb.right:
        yield "slow"
    if start and done.peak > START:
        yield f"more than {START >> 10} MiB for a start"
    if bomb.right:
        if done.status != 0 or label in ("run", "start") and done.stdout != RIGHT:
            yield "not right"
        return
    if label in ("verify", "inspect"):
        # Signed by its publisher, every byte: what it unpacks to is not looked at, or found to be too much.
        if done.status != 0 and not done.refused([REFUSED]):
            yield "neither verified nor refused"
    elif not done.refused([REFUSED, 1, *BAND]):
        yield "not refused"
    if used(arena.place_of_disk) > LEFT:
        yield f"{used(arena.place_of_disk) >> 20} MiB left behind"
