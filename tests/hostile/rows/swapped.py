"""Changed while it is read: somebody who may write to the file, and has no key, swaps bytes of it again and again.

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
from codec.package import View
from crowd import each

# What the swapped slots hold and the honest ones do not.
EVIL = b"evil!\n"
WAYS = ("run", "warm", "extract-all", "extract", "start")


def run(workshop, full, outcome):
    workshop.made()
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
    view = View(arena.workshop.packed)
    slot, offset, evil = swapped(view, number)
    honest = bytes(view.bytes[offset : offset + len(evil)])
    arena.empty()
    way = WAYS[number % len(WAYS)]
    written = arena.root / "below" / "app.psp" if way == "start" else arena.package
    if way != "start":
        arena.write(arena.workshop.packed)
    stop = threading.Event()
    writer = threading.Thread(target=swap, args=(written, offset, honest, evil, number, stop))
    if not arena.workshop.options.sabotage:
        writer.start()
    tried = {
        "run": lambda: arena.flavor("run", arena.package),
        "warm": lambda: arena.flavor("workenv", "warm", arena.package),
        "extract-all": lambda: arena.flavor("extract-all", "--as-tree", arena.package, arena.out / "all"),
        "start": lambda: attempt([arena.root / "over" / "app.psp"], arena.environment()),
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
    return failures, way, tried.status != 0


def swapped(view, number):
    """Where to write what: the whole of the small slot, which is stored as it is, or the middle of a large one."""
    slot = 0 if number % 8 < 4 else 1
    offset, size = view.row(slot, "offset"), view.row(slot, "size")
    if slot == 0:
        return "check", offset, EVIL[:size]
    return "data", offset + size // 2, bytes(byte ^ 1 for byte in view.bytes[offset + size // 2 :][:64])


def swap(package, offset, honest, evil, number, stop):
    """Writes one and the other, each for a random while; the honest one last."""
    chance = random.Random(number)
    handle = os.open(package, os.O_RDWR)
    time.sleep(chance.random() * 0.003)
    while not stop.is_set():
        for content in (evil, honest):
            os.pwrite(handle, content, offset)
            time.sleep(chance.random() * 0.002)
    os.close(handle)
