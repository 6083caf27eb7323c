#!/usr/bin/env python3
"""Times two commands in turn, A B A B …, and prints the medians and the median of the pairwise differences and ratios.

    benches/pairs.py [-n RUNS] [--before 'SHELL COMMAND'] -- A ARGS … -- B ARGS …

Pairs see the same machine at nearly the same moment, so the comparison holds on a busy one. `--before` runs, untimed,
in front of every run of either command.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time


def timed(command, before):
    if before:
        subprocess.run(before, shell=True, check=True)
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    took = time.perf_counter() - begin
    os.close(null)
    if status != 0:
        sys.exit(f"{' '.join(command)}: status {status}")
    return took, usage.ru_maxrss


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=40)
    parser.add_argument("--before")
    arguments = sys.argv[1:]
    first = arguments.index("--")
    second = arguments.index("--", first + 1)
    options = parser.parse_args(arguments[:first])
    commands = [arguments[first + 1 : second], arguments[second + 1 :]]
    commands = [[shutil.which(command[0]) or command[0], *command[1:]] for command in commands]
    for command in commands:
        timed(command, options.before)
    pairs = [[timed(command, options.before) for command in commands] for _ in range(options.n)]
    for label, at in (("A", 0), ("B", 1)):
        times = [pair[at][0] * 1e3 for pair in pairs]
        memory = max(pair[at][1] for pair in pairs)
        print(
            f"{label}  median {statistics.median(times):8.2f} ms   min {min(times):8.2f}   max {max(times):8.2f}"
            f"   peak {memory / 1024:6.1f} MiB   {' '.join(commands[at])[:90]}"
        )
    difference = statistics.median((a[0] - b[0]) * 1e3 for a, b in pairs)
    ratio = statistics.median(a[0] / b[0] for a, b in pairs)
    print(f"A − B  median {difference:+.2f} ms     A / B  median {ratio:.3f}   ({options.n} pairs)")


main()
