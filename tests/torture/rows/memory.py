"""Peak memory of first and warm starts, for every codec at levels up to the highest, and of the launcher's own commands."""

import subprocess

from place import Place
from strace import MANY_PROCESSORS
from subject import noise

LIMIT = 64  # MiB
SIZE = 80_000_000

# Levels whose windows are as long as they get; the rest differ in the packer's work only.
CHAINS = ["tar", "tar|gzip:1", "tar|gzip:9", "tar|zstd:1", "tar|zstd:19", "tar|zstd:22", "tar|xz:0", "tar|xz:6", "tar|xz:9"]
SINGLE = ["raw", "gzip:9", "zstd:22", "xz:9"]


def run(workshop, full, outcome):
    size = SIZE if full else SIZE // 2
    peaks = {}
    chains = CHAINS if full else ["tar|zstd:19", "tar|xz:9"]
    for chain in chains:
        package = workshop.pack(name(chain), {"data": (operations(chain), mixed(size))})
        measure(package, chain, peaks, outcome)
    for chain in SINGLE if full else ["raw", "xz:9"]:
        # One file, which every frame continues.
        # Uncompressed, the package itself is longer than the limit.
        tree = {"one": b"".join(mixed(SIZE if chain == "raw" else size).values())}
        package = workshop.pack(name("one " + chain), {"data": (operations("tar|" + chain), tree)})
        measure(package, f"one file, {chain}", peaks, outcome)
    for effort in range(10) if full else [9]:
        # What `--compress` chooses.
        package = workshop.pack(f"effort-{effort}", {"data": ('["tar", "zstd"]', mixed(size))}, effort=effort)
        measure(package, f"--compress {effort}", peaks, outcome)
    files = 50_000 if full else 10_000
    measure(workshop.many("files", files, 600), f"{files} files", peaks, outcome)
    worst = max(peaks, key=peaks.get)
    outcome.expect(len(peaks) > 8, "hardly anything was measured")
    outcome.figure(f"at most {peaks[worst]:.0f} MiB of {LIMIT} ({worst}), {len(peaks)} starts")
    if full:
        for what, peak in sorted(peaks.items(), key=lambda item: -item[1]):
            print(f"    {peak:5.1f} MiB  {what}", flush=True)


def name(chain):
    return "".join(one if one.isalnum() else "-" for one in chain)


def operations(chain):
    if chain == "tar|raw":
        return '["tar"]'
    return "[" + ", ".join(f'"{word}"' for word in chain.split("|")) + "]"


def mixed(size):
    """Files of a megabyte, half noise and half text, that repeat after 32 MB: a long window pays."""
    part = [noise(500_000, at) + b"all work and no play\n" * 23_809 for at in range(32)]
    return {f"{at:03}": part[at % 32] for at in range(size // 1_000_000)}


def measure(package, what, peaks, outcome):
    with Place() as place:
        ways = [((), "first"), ((), "warm"), (("verify",), "verify"), (("extract", "data"), "extract")]
        ways.append(((), "first, 64 processors"))
        for words, label in ways:
            arguments, environment = list(words), place.environment()
            prefix = ["/usr/bin/time", "-f", "%M %x"]
            if "processors" in label:
                prefix += [*MANY_PROCESSORS, "-o", str(place.root / "trace")]
                place.empty()
            if words:
                environment["FLAVOR_LAUNCHER_CLI"] = "1"
            if label == "extract":
                arguments.append(str(place.root / "out"))
            status, peak = peak_of([*prefix, str(package.path), *arguments], environment)
            outcome.expect(status == 0, f"{what}, {label}: status {status}")
            outcome.expect(peak < LIMIT, f"{what}, {label}: {peak:.1f} MiB")
            peaks[f"{what}, {label}"] = peak


def peak_of(command, environment):
    """Exit status and peak resident memory in MiB of one start, the program's included.

    GNU time starts it, not Python: the kernel counts what the process was before it became the package."""
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=300)
    peak, status = done.stderr.splitlines()[-1].split()
    return int(status), int(peak) / 1024
