"""A warm start of a package with many and large files, against one with next to nothing."""

import os
import subprocess
import time

from place import Place
from row import median

LIMIT = 0.5  # ms


def run(workshop, full, outcome):
    files, size = (50_000, 6_000) if full else (5_000, 6_000)
    large = workshop.many("large", files, size)
    small = workshop.many("little", 100, 10_000)
    pairs = 1000 if full else 300
    with Place() as place:
        environment = place.environment()
        for package in (large, small):
            start = place.start(package)
            outcome.expect(start.kind == "right", f"{package.name}: {start}")
        differences, times = [], []
        for _ in range(pairs):
            a, b = timed(large, environment), timed(small, environment)
            differences.append((a - b) * 1e3)
            times.append(b * 1e3)
    difference = median(differences)
    outcome.expect(difference < LIMIT, f"{difference:.2f} ms more")
    text = f"{files} files, {files * size / 1e6:.0f} MB: {difference:+.3f} ms beside 1 MB ({median(times):.2f} ms)"
    outcome.figure(f"{text}, median of {pairs} pairs")


def timed(package, environment):
    """Seconds of a start whose program does nothing."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
    begin = time.perf_counter()
    pid = os.posix_spawn(package.path, [package.path, "nothing"], environment, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    took = time.perf_counter() - begin
    os.close(null)
    if status != 0:
        raise subprocess.CalledProcessError(status, str(package.path))
    return took
