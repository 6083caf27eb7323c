"""Small files that want to be large. Each is refused soon, in little memory, and leaves the disk as it was."""

import os
import subprocess
from contextlib import contextmanager

from attempt import BAND, REFUSED, attempt
from codec.package import View
from crowd import each
from refusal import says_why
from variants import bombs
from workshop import RIGHT

# Seconds until a refusal, and until nobody waits any longer.
SOON = 2
PATIENCE = 10
# KiB that a start may take.
START = 64 << 10
# All that the home, the cache and the output have.
DISK = "512m"
# Bytes that a refusal may leave there: locks, directories, notes.
LEFT = 4 << 20


def run(workshop, full, outcome):
    workshop.made()
    answers = each(workshop, set_off, lambda _: bombs.variants(workshop, full), small_disk)
    attempts = [attempt for measured, _ in answers for attempt in measured]
    for _, failures in answers:
        for failure in failures:
            outcome.expect(False, failure)
    outcome.figure(f"{len(answers)} bombs, {len(attempts)} attempts, {len(outcome.failures)} not as they should be")
    seconds, largest = (max(attempt[at] for attempt in attempts) for at in (0, 1))
    started = max(peak for _, peak, start in attempts if start)
    outcome.figure(f"at most {seconds:.1f} s, {largest >> 10} MiB, {started >> 10} MiB of a start")


def set_off(arena, bomb):
    """Seconds, KiB and whether it was a start, of each attempt; and what is wrong."""
    arena.write(bomb.make())
    measured, failures = [], []
    for label, command, start in commands(arena, bomb):
        done = measure(arena, command)
        measured.append((done.took, done.peak, start))
        failures += [
            f"{bomb.label}: {label}: {failure}: {done.took:.1f} s, {done}"
            for failure in judged(arena, bomb, label, done, start)
        ]
    return measured, failures


@contextmanager
def small_disk(arena):
    """The home and the output directory in a file system of their own."""
    place = arena.place_of_disk = arena.root / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", place], check=True)
    try:
        arena.home, arena.out = place / "home", place / "out"
        arena.cache, arena.settings = arena.home / ".cache/flavor", arena.home / ".config/flavor"
        for directory in (arena.home, arena.out):
            directory.mkdir()
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def used(place):
    status = os.statvfs(place)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def commands(arena, bomb):
    """Label, command, and whether it is a start by our own launcher."""
    package = arena.package
    if bomb.commands:
        for words in bomb.commands:
            yield " ".join(words), [arena.workshop.flavor, *words, package], False
        return
    last = str(max(View(package.read_bytes()).slot_count() - 1, 0))
    flavor = arena.workshop.flavor
    yield "verify", [flavor, "verify", package], False
    yield "inspect", [flavor, "inspect", package], False
    yield "run", [flavor, "run", package], False
    yield "start", [package], True
    yield "extract", [flavor, "extract", package, last, arena.out / "one"], False
    yield "extract-all", [flavor, "extract-all", "--as-tree", package, arena.out / "all"], False


def measure(arena, command):
    """One attempt, measured by GNU time: what this process has in memory is not counted to its children.

    `took` is the time on the clock or on the processors, whichever is less: the machine may have other things to do, and
    a command may use several processors.
    """
    arena.empty()
    notes = arena.root / "tmp" / "time"
    done = attempt(["/usr/bin/time", "-q", "-f", "%M %U %S", "-o", notes, *command], arena.environment(), patience=PATIENCE)
    done.command = [os.fspath(word) for word in command]
    done.peak = 0
    if done.status is not None:
        peak, user, system = notes.read_text().split()[-3:]
        done.peak, done.took = int(peak), min(done.took, float(user) + float(system))
    return done


def judged(arena, bomb, label, done, start):
    if done.broken:
        yield done.broken
    elif done.took > SOON and bomb.expect != bombs.RIGHT_:
        yield "slow"
    if start and done.peak > START:
        yield f"more than {START >> 10} MiB for a start"
        return
    refused = done.status in (REFUSED, 1, *BAND) and says_why(done.stderr) and not done.stdout
    right = done.status == 0 and (label not in ("run", "start") or done.stdout == RIGHT)
    if bomb.expect == bombs.RIGHT_:
        if not right:
            yield "not right"
        return
    # Signed by its publisher, every byte: these need not look at what it unpacks to. `verify` looks into packages of ours.
    lenient = ("inspect", "verify") if bomb.is_foreign else ("inspect",)
    bounded = bomb.expect == bombs.BOUNDED or label in lenient
    if not refused and not (bounded and right):
        yield "not refused"
    if refused and used(arena.place_of_disk) > LEFT:
        yield f"{used(arena.place_of_disk) >> 20} MiB left behind"
