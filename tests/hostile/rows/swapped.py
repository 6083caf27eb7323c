"""Changed while it is read: somebody who may write to the file, and has no key, swaps bytes of it again and again.

One way in six starts a package of FlavorPack, whose launcher reads the file once more when `flavor run` is done with it.

Linux starts no file that is open for writing, and opens none for writing that runs (ETXTBSY). Behind a mount it knows nothing of
that: whoever may write on the server, or in the lower layer of an overlay, changes a program that runs. The way `start` is the
latter.
"""

import errno
import os
import subprocess
import random
import threading
import time
from collections import Counter
from contextlib import contextmanager

from attempt import BAND, REFUSED, attempt
from codec import fields
from codec.fields import ROW
from codec.package import View
from crowd import each
from workshop import RIGHT

# What the swapped slots hold and the honest ones do not.
EVIL = b"evil!\n"
WAYS = ("run", "warm", "extract-all", "extract", "foreign", "start")
SCRIPT = b"#!/bin/sh\necho 'evil!'\n#"


def run(workshop, full, outcome):
    workshop.made()
    # Made here once, before there are processes that would each make it.
    workshop.theirs  # noqa: B018
    rounds = 2000 if full else 160
    answers = each(workshop, judge, lambda _: range(rounds), overlaid)
    failures = [failure for found, _, _ in answers for failure in found]
    for failure in failures:
        outcome.expect(False, failure)
    refused = Counter(way for _, way, is_refused in answers if is_refused)
    for way in WAYS:
        # If the writer never hit, the row shows nothing.
        tried = rounds // len(WAYS)
        outcome.expect(tried // 10 < refused[way] < tried, f"{refused[way]} of {tried} refused, {way}")
    ways = ", ".join(f"{refused[way]} by {way}" for way in WAYS)
    outcome.figure(f"{rounds} swaps: {refused.total()} refused ({ways}), the others right, {len(failures)} with unsigned bytes")
    if busy(workshop):
        outcome.figure("the kernel starts no file that is open for writing")


@contextmanager
def overlaid(arena):
    """The package as `over/app.psp`, whose bytes are those of `below/app.psp`."""
    below, over = arena.root / "below", arena.root / "over"
    for directory in (below, over, arena.root / "upper", arena.root / "work"):
        directory.mkdir()
    arena.write(arena.workshop.packed, below / "app.psp")
    layers = f"lowerdir={below},upperdir={arena.root}/upper,workdir={arena.root}/work"
    subprocess.run(["mount", "-t", "overlay", "-o", layers, "overlay", over], check=True, timeout=60)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", over], check=True, timeout=60)


def busy(workshop):
    """Whether a package cannot be started while somebody has it open for writing."""
    path = workshop.directory / "busy.psp"
    path.write_bytes(workshop.packed)
    path.chmod(0o755)
    with open(path, "r+b"):
        try:
            subprocess.run([path], env={}, capture_output=True, timeout=60)
        except OSError as error:
            return error.errno == errno.ETXTBSY
    return False


def judge(arena, number):
    way = WAYS[number % len(WAYS)]
    if way == "foreign":
        view = View(arena.workshop.theirs)
        slot, changes = "program", forged(view)
    else:
        view = View(arena.workshop.packed)
        slot, changes = swapped(view, number)
    arena.empty()
    written = arena.root / "below" / "app.psp" if way == "start" else arena.package
    if way != "start":
        arena.write(bytes(view.bytes))
    if way == "foreign":
        arena.package.chmod(0o777)
    stop = threading.Event()
    writer = threading.Thread(target=swap, args=(written, view.bytes, changes, number, stop))
    if not arena.workshop.options.sabotage:
        writer.start()
    tried = {
        "run": lambda: arena.flavor("run", arena.package),
        "warm": lambda: arena.flavor("workenv", "warm", arena.package),
        "extract-all": lambda: arena.flavor("extract-all", "--as-tree", arena.package, arena.out / "all"),
        "start": lambda: attempt([arena.root / "over" / "app.psp"], arena.environment()),
        "extract": lambda: arena.flavor("extract", "--stored", arena.package, "check", arena.out / "check"),
        "foreign": lambda: arena.flavor("run", arena.package, FLAVOR_LOG_LEVEL="error"),
    }[way]()
    stop.set()
    if writer.ident:
        writer.join()
    failures = []
    if tried.broken or (tried.status != 0 and not tried.refused([*BAND, REFUSED, 1])):
        failures.append(f"{number} {slot}: {tried}")
    if way == "foreign" and tried.status == 0 and tried.stdout != RIGHT:
        failures.append(f"{number} {slot}: {tried}")
    if EVIL in tried.stdout:
        failures.append(f"{number} {slot}: unsigned bytes ran: {tried}")
    for top in (arena.cache, arena.out):
        for directory, _, files in os.walk(top):
            for name in files:
                # What a refused start was writing is swept by the next one, and cannot be used before.
                path = os.path.join(directory, name)
                if "/staging/" not in path and not os.path.islink(path) and EVIL in open(path, "rb").read():
                    failures.append(f"{number} {slot}: unsigned bytes stay in {path}")
    return failures, way, tried.status != 0


def swapped(view, number):
    """What to write where: the whole of the small slot, which is stored as it is, or the middle of a large one."""
    slot = 0 if number // len(WAYS) % 2 == 0 else 1
    offset, size = view.row(slot, "offset"), view.row(slot, "size")
    if slot == 0:
        return "check", {offset: EVIL[:size]}
    return "data", {offset + size // 2: bytes(byte ^ 1 for byte in view.bytes[offset + size // 2 :][:64])}


def forged(view):
    """Another program, and its checksum in the table: all that FlavorPack's launcher looks at."""
    offset, size = view.row(0, "offset"), view.row(0, "size")
    script = SCRIPT.ljust(size, b"x")[:size]
    checksum = fields.short(script).to_bytes(8, "little")
    return {offset: script, view.row_at(0) + ROW["checksum"][0]: checksum}


def swap(package, honest, changes, number, stop):
    """Writes one and the other, each for a random while; the honest one last.

    Nothing is executed that is open for writing, hence the closing.
    """
    chance = random.Random(number)
    before = {offset: honest[offset : offset + len(content)] for offset, content in changes.items()}
    time.sleep(chance.random() * 0.003)
    while not stop.is_set():
        for content in (changes, before):
            if put(package, content):
                time.sleep(chance.random() * 0.002)
    while not put(package, before):
        pass


def put(package, content):
    """Writes bytes at their places. Not while the file is being executed: `False`, after a moment."""
    try:
        handle = os.open(package, os.O_RDWR)
    except OSError:
        time.sleep(0.0005)
        return False
    for offset, piece in content.items():
        os.pwrite(handle, piece, offset)
    os.close(handle)
    return True
