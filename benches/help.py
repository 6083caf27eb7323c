#!/usr/bin/env python3
"""How long `--help` of every command takes, beside a program that does nothing: benches/help.py [FLAVOR] [RUNS].

Prints the medians of RUNS (51) starts each, the slowest five commands first; exits with 1 when one takes 10 ms or more.
"""

import statistics
import subprocess
import sys
import time

LIMIT_MS = 10


def median_ms(command, runs):
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def main():
    flavor = sys.argv[1] if len(sys.argv) > 1 else "target/release/flavor"
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 51
    reference = subprocess.run([flavor, "reference"], capture_output=True, text=True, check=True).stdout
    marker = "### flavor "
    commands = [line[len(marker):] for line in reference.splitlines() if line.startswith(marker)]
    found = [(median_ms([flavor, *command.split(), "--help"], runs), command) for command in ["", *commands]]
    found.sort(reverse=True)
    print(f"nothing at all: {median_ms(['/bin/true'], runs):.2f} ms")
    print(f"{len(found)} commands, the slowest:")
    for took, command in found[:5]:
        print(f"{took:.2f} ms  flavor {command} --help")
    sys.exit(found[0][0] >= LIMIT_MS)


if __name__ == "__main__":
    main()
