"""Changed while it is read: somebody who may write to the file, and has no key, swaps bytes of it again and again.

One way in five starts a package of FlavorPack, whose launcher reads the file once more when `flavor run` is done with it."""

import os
import random
import threading
import time

from attempt import BAND, REFUSED
from codec import fields
from codec.fields import ROW
from codec.package import View
from crowd import each
from workshop import RIGHT

# What the swapped slots hold and the honest ones do not.
EVIL = b"evil!\n"
WAYS = ("run", "warm", "extract-all", "extract", "foreign")
SCRIPT = b"#!/bin/sh\necho 'evil!'\n#"


def run(workshop, full, outcome):
    workshop.made()
    # Made here once, before there are processes that would each make it.
    workshop.theirs  # noqa: B018
    rounds = 2000 if full else 160
    answers = each(workshop, judge, lambda _: range(rounds))
    failures = [failure for found, _ in answers for failure in found]
    for failure in failures:
        outcome.expect(False, failure)
    refused = sum(refused for _, refused in answers)
    # If the writer never hit, the row shows nothing.
    outcome.expect(rounds // 10 < refused < rounds, f"{refused} of {rounds} refused")
    outcome.figure(f"{rounds} swaps: {refused} refused, {rounds - refused} right, {len(failures)} with unsigned bytes")


def judge(arena, number):
    way = WAYS[number % len(WAYS)]
    if way == "foreign":
        view = View(arena.workshop.theirs)
        slot, changes = "program", forged(view)
    else:
        view = View(arena.workshop.packed)
        slot, changes = swapped(view, number)
    arena.write(bytes(view.bytes))
    if way == "foreign":
        arena.package.chmod(0o777)
    arena.empty()
    stop = threading.Event()
    writer = threading.Thread(target=swap, args=(arena.package, view.bytes, changes, number, stop))
    if not arena.workshop.options.sabotage:
        writer.start()
    tried = {
        "run": lambda: arena.flavor("run", arena.package),
        "warm": lambda: arena.flavor("workenv", "warm", arena.package),
        "extract-all": lambda: arena.flavor("extract-all", "--as-tree", arena.package, arena.out / "all"),
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
    return failures, tried.status != 0


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
    """Writes one and the other, each for a random while. Nothing is executed that is open for writing, hence the closing."""
    chance = random.Random(number)
    time.sleep(chance.random() * 0.003)
    while not stop.is_set():
        for evil in (True, False):
            try:
                handle = os.open(package, os.O_RDWR)
            except OSError:
                # It is being executed.
                time.sleep(0.0005)
                continue
            for offset, content in changes.items():
                os.pwrite(handle, content if evil else honest[offset : offset + len(content)], offset)
            os.close(handle)
            time.sleep(chance.random() * 0.002)
