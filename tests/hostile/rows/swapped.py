"""Changed while it is read: somebody who may write to the file, and has no key, swaps bytes of it again and again."""

import os
import random
import threading
import time

from attempt import BAND, REFUSED
from codec.package import View
from crowd import each

# What the swapped slots hold and the honest ones do not.
EVIL = b"evil!\n"
WAYS = ("run", "warm", "extract-all", "extract")


def run(workshop, full, outcome):
    workshop.made()
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
    view = View(arena.workshop.packed)
    slot, offset, evil = swapped(view, number)
    honest = bytes(view.bytes[offset : offset + len(evil)])
    arena.write(arena.workshop.packed)
    arena.empty()
    way = WAYS[number % len(WAYS)]
    stop = threading.Event()
    writer = threading.Thread(target=swap, args=(arena.package, offset, honest, evil, number, stop))
    if not arena.workshop.options.sabotage:
        writer.start()
    tried = {
        "run": lambda: arena.flavor("run", arena.package),
        "warm": lambda: arena.flavor("workenv", "warm", arena.package),
        "extract-all": lambda: arena.flavor("extract-all", "--as-tree", arena.package, arena.out / "all"),
        "extract": lambda: arena.flavor("extract", "--stored", arena.package, "check", arena.out / "check"),
    }[way]()
    stop.set()
    if writer.ident:
        writer.join()
    failures = []
    if tried.broken or (tried.status != 0 and not tried.refused([*BAND, REFUSED, 1])):
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
    """Where to write what: the whole of the small slot, which is stored as it is, or the middle of a large one."""
    slot = 0 if number % 8 < 4 else 1
    offset, size = view.row(slot, "offset"), view.row(slot, "size")
    if slot == 0:
        return "check", offset, EVIL[:size]
    return "data", offset + size // 2, bytes(byte ^ 1 for byte in view.bytes[offset + size // 2 :][:64])


def swap(package, offset, honest, evil, number, stop):
    """Writes one and the other, each for a random while."""
    chance = random.Random(number)
    handle = os.open(package, os.O_RDWR)
    time.sleep(chance.random() * 0.003)
    while not stop.is_set():
        for content in (evil, honest):
            os.pwrite(handle, content, offset)
            time.sleep(chance.random() * 0.002)
    os.close(handle)
