"""File systems that lack something: a start, a repair, an eviction and `workenv clean` are right there, or a start refuses
with an error that says what the file system lacks and what to do.

An overlay does not move the directories of its lower layers, ext4 gives a file 65,000 names, sshfs as it is mounted here has no
hard links and cannot exchange two names, bindfs forgets or refuses modes, exFAT and vfat have none of all that and no symbolic
links. exFAT goes by FUSE, and so does vfat where the kernel has none.
"""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from mounts import Layers, bindfs, exfat, ext4, sshfs, sshfs_over, vfat, vfat_of_kernel
from place import Place
from rows.kill import damage_and
from strace import CHANGING, calls, start_with

STRICT = {"FLAVOR_VALIDATION": "strict"}
# More equal files than ext4 gives names to one of them.
EQUAL = 66_000

MOUNTS = {
    "ext4": ext4,
    "sshfs": sshfs,
    "bindfs without chmod": bindfs("--chmod-deny"),
    "bindfs that forgets chmod": bindfs("--chmod-ignore"),
    "bindfs without modes for others": bindfs("--perms=og-rwx"),
}


def run(workshop, full, outcome):
    packages = [workshop.small("plain"), workshop.lifecycles("cycles")]
    lived = Case(workshop, outcome)
    for name, mounted in MOUNTS.items():
        with Place() as place, mounted(place.root, place.cache):
            for package in packages:
                lived.whole_life(place, package, name)
    outcome.figure(f"{lived.right} of {lived.tried} steps right on {', '.join(MOUNTS)}")
    overlays(workshop, packages, full, outcome)
    builds(workshop, outcome)
    remounts(packages, outcome)
    refusals(packages, full, outcome)
    no_more_names(workshop, outcome)
    if full:
        many_names(workshop, outcome)


def remounts(packages, outcome):
    """sshfs numbers its files anew with each mount. They are compared, and not extracted again."""
    right = 0
    for package in packages:
        with Place() as place:
            below = place.root / "below"
            for path in (below, place.cache):
                path.mkdir(mode=0o700)
            numbers, extracted = [], []
            for _ in range(3):
                with sshfs_over(below, place.cache):
                    for _ in range(2):
                        start = place.start(package, env={"FLAVOR_LOG_LEVEL": "info"})
                        right += outcome.expect(start.kind == "right", f"sshfs, mounted again: {start}")
                        extracted.append(start.stderr.count("INFO extract slot="))
                    numbers.append({slot.name: (slot / "tree").stat().st_ino for slot in place.slots()})
            # What is the run's alone is extracted each time.
            first, always = extracted[0], extracted[1]
            outcome.expect(extracted == [first, always] + [always] * 4, f"sshfs, extracted by each start: {extracted}")
            outcome.expect(first > always, f"sshfs: nothing extracted by a first start: {extracted}")
            outcome.figure(f"inode numbers {'the same' if numbers[0] == numbers[1] == numbers[2] else 'others'} after a mount")
    outcome.figure(f"{right} starts right on sshfs mounted again, nothing extracted twice")


class Case:
    """Steps that must be right, counted."""

    def __init__(self, workshop, outcome):
        self.workshop, self.outcome = workshop, outcome
        self.tried = self.right = 0

    def expect(self, holds, failure):
        self.tried += 1
        self.right += bool(self.outcome.expect(holds, failure))

    def start(self, place, package, what, silent=True, **variables):
        start = place.start(package, env=variables)
        self.expect(start.kind == "right" and not (silent and start.stderr), f"{what}: {start}")

    def flavor(self, place, what, *words):
        done = subprocess.run(
            [self.workshop.flavor, "workenv", *words],
            env=place.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.expect(done.returncode == 0, f"{what}: status {done.returncode}, {done.stdout!r} {done.stderr!r}")

    def whole_life(self, place, package, name):
        """From the first start to the last byte removed."""
        self.start(place, package, f"{name}, first start")
        self.rest_of_life(place, package, name)

    def rest_of_life(self, place, package, name):
        self.start(place, package, f"{name}, warm start")
        self.start(place, package, f"{name}, strict start", **STRICT)
        self.flavor(place, f"{name}, verify", "verify")
        self.repair(place, package, name)
        # The daily look removes what runs have left, and what the limits do not allow.
        evict = {"FLAVOR_LAUNCHER_CLI": "1"}
        done = subprocess.run(
            [package.path, "evict", place.cache], env=place.environment(**evict), capture_output=True, text=True, timeout=60
        )
        self.expect(done.returncode == 0, f"{name}, eviction: {done.stderr!r}")
        self.start(place, package, f"{name}, after an eviction")
        self.flavor(place, f"{name}, clean", "clean", "-y")
        self.expect(not place.slots() and not place.workenvs(), f"{name}: left by clean: {place.slots()}")
        self.nothing_in_work(place, name)
        self.start(place, package, f"{name}, first start after clean")
        self.flavor(place, f"{name}, clean again", "clean", "-y")

    def repair(self, place, package, name):
        """What a start looks at, and what only a strict one does."""
        damage_and(place, lambda: self.start(place, package, f"{name}, damaged program", silent=False))
        self.start(place, package, f"{name}, after a repair")
        for slot in place.slots():
            for path in (slot / "tree").rglob("deep"):
                damage(path)
        self.start(place, package, f"{name}, damage deep in a slot", silent=False, **STRICT)
        self.start(place, package, f"{name}, strict again", **STRICT)
        self.flavor(place, f"{name}, verify after repairs", "verify")
        self.nothing_in_work(place, name)

    def nothing_in_work(self, place, name):
        left = sorted(path.name for path in (place.cache / "v2/staging").iterdir())
        self.expect(not left, f"{name}: left in staging: {left}")


def damage(path):
    # Where modes are kept the superuser may write all the same; elsewhere all may.
    path.write_bytes(b"x" * path.stat().st_size)


# --- overlays ---------------------------------------------------------------------------------------------------------


def overlays(workshop, packages, full, outcome):
    case = Case(workshop, outcome)
    points = 0
    for package in packages:
        with Place() as place:
            layers = Layers(place.root)
            layers.fill(place, [package])
            with layers.mounted(place.cache):
                # The files have other change times than before.
                case.start(place, package, "overlay, first start", silent=False)
                case.rest_of_life(place, package, "overlay")
            with layers.mounted(place.cache):
                case.flavor(place, "overlay, clean at once", "clean", "-y")
                case.expect(not place.slots() and not place.workenvs(), f"overlay: left by clean: {place.slots()}")
            with layers.mounted(place.cache):
                case.start(place, package, "overlay, strict first", silent=False, **STRICT)
                case.repair(place, package, "overlay, repair of a lower layer")
            with layers.mounted(place.cache):
                repair_under_a_program(place, package, case)
            cache, place.cache = place.cache, place.root / "elsewhere"
            with layers.mounted(place.cache):
                case.start(place, package, "overlay at another path", silent=False)
                case.rest_of_life(place, package, "overlay at another path")
            place.cache = cache
            points += kills(layers, place, package, 1 if full else 7, outcome)
    outcome.figure(f"{case.right} of {case.tried} right on overlays")
    outcome.figure(f"{points} kills of a repair on an overlay, all right afterwards")


def repair_under_a_program(place, package, case):
    """A program looks at all of its files a second time after a start beside it has repaired what it uses."""
    case.start(place, package, "overlay, before a repair", silent=False)
    child = subprocess.Popen(
        [package.path, "again"],
        env=place.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        first = child.stdout.readline()
        case.expect(first == package.right, f"overlay, a program that runs: {first!r}")
        for slot in place.slots():
            for path in (slot / "tree").rglob("deep"):
                damage(path)
        case.start(place, package, "overlay, a repair beside a program", silent=False, **STRICT)
        said, complaint = child.communicate("", timeout=60)
        case.expect(said == package.right, f"overlay, a program after a repair: {said!r} {complaint!r}")
    finally:
        child.kill()


def kills(layers, place, package, step, outcome):
    """SIGKILL at the n-th call of a repair of what is in the lower layer."""
    with layers.mounted(place.cache):
        counts = damage_and(place, lambda: calls(place, package))
    points = 0
    for call_name in sorted(set(counts) & set(CHANGING)):
        for when in range(1, counts[call_name] + 1, step):
            with layers.mounted(place.cache):
                killed, happened = damage_and(
                    place, lambda: start_with(place, package, call_name, "signal=KILL", when)
                )
                if not happened:
                    break
                where = f"overlay, repair killed at {call_name} {when}"
                second, third = place.start(package), place.start(package, env=STRICT)
                outcome.expect(second.kind == "right", f"{where}: {second}")
                outcome.expect(third.kind == "right" and not third.stderr, f"{where}, strict: {third}")
                points += 1
    return points


# --- the build cache --------------------------------------------------------------------------------------------------


def builds(workshop, outcome):
    """Packs whose build cache is whole, damaged, or emptied before."""
    case = Case(workshop, outcome)
    with Place() as place:
        layers = Layers(place.root)
        place.cache.mkdir(mode=0o700)
        pack(case, place, "before there is an overlay")
        os.rename(place.cache, layers.lower)
        for change in (damage_build, clean_build):
            with layers.mounted(place.cache):
                change(case, place)
                pack(case, place, f"overlay, {change.__name__}")
    with Place() as place, sshfs(place.root, place.cache):
        pack(case, place, "sshfs, first pack")
        for change in (damage_build, clean_build):
            change(case, place)
            pack(case, place, f"sshfs, {change.__name__}")
    outcome.figure(f"{case.right} of {case.tried} right for packs on overlays and sshfs")


PROJECT = """
[project]
name = "hello"
version = "1"
[tool.flavor.execution]
command = ["{workenv}/hello"]
[[tool.flavor.slots]]
id = "hello"
source = "hello"
operations = ["raw"]
target = "hello"
permissions = "0755"
"""


class Hello:
    """What `pack` makes."""

    right = "right\n"

    def __init__(self, place):
        self.project, self.path = place.root / "project", place.root / "hello.psp"
        self.project.mkdir(exist_ok=True)
        (self.project / "hello").write_text("#!/bin/sh\necho right\n")
        (self.project / "pyproject.toml").write_text(PROJECT)


def flavor(case, place, *words):
    command = [case.workshop.flavor, *words]
    return subprocess.run(command, env=place.environment(), capture_output=True, text=True, timeout=60)


def pack(case, place, what):
    hello = Hello(place)
    words = ["--key-seed", "s", "--output", hello.path, "--manifest", hello.project / "pyproject.toml"]
    words += ["--launcher-bin", case.workshop.launcher] if case.workshop.launcher else []
    done = flavor(case, place, "pack", "-q", *words)
    case.expect(done.returncode == 0 and not done.stderr, f"{what}: {done.stderr!r}")
    started = place.start(hello, env={"FLAVOR_CACHE_DIR": place.root / "started"})
    case.expect(started.kind == "right", f"{what}: {started}")
    left = sorted(path.name for path in (place.cache / "build/staging").iterdir())
    # FUSE, as NFS, keeps a removed file under another name until the last process closes it: the next pack sweeps.
    case.expect(len(left) <= ("sshfs" in what), f"{what}: left in staging: {left}")


def damage_build(case, place):
    entries = [path for path in (place.cache / "build/slots").glob("*/tree/*") if path.is_file()]
    case.expect(entries, "nothing in the build cache to damage")
    for path in entries:
        damage(path)


def clean_build(case, place):
    done = flavor(case, place, "cache", "clean")
    case.expect(done.returncode == 0, f"cache clean: {done.stderr!r}")
    left = list((place.cache / "build/slots").glob("*"))
    case.expect(not left, f"left by cache clean: {left}")


# --- the rest ---------------------------------------------------------------------------------------------------------


def refusals(packages, full, outcome):
    """Where there are no symbolic links a start says so, and again, alone or beside others, after a kill and after an error, and
    leaves no work behind."""
    refused, points = 0, 0
    for name, mounted in {"exfat": exfat, "vfat": vfat}.items():
        for package in packages:
            with Place() as place, mounted(place.root, place.cache):

                def expect(start, what):
                    named = "does not support symbolic links" in start.stderr and "set FLAVOR_CACHE_DIR" in start.stderr
                    return outcome.expect(start.kind == "refused" and named, f"{name}, {what}: {start}")

                def nothing_left(what):
                    outcome.expect(not any((place.cache / "v2/staging").iterdir()), f"{name}, {what}: left in staging")
                    outcome.expect(not place.workenvs(), f"{name}, {what}: an environment")

                refused += expect(place.start(package), "first start")
                refused += expect(place.start(package), "second start")
                refused += expect(place.start(package, env=STRICT), "strict start")
                with ThreadPoolExecutor(10) as pool:
                    for start in pool.map(lambda _: place.start(package), range(10)):
                        refused += expect(start, "one of ten")
                nothing_left("starts")
                for call, when in refused_calls(place, package, 1 if full else 2):
                    for fault in ("signal=KILL", "error=ENOSPC"):
                        start, happened = start_with(place, package, call, fault, when)
                        if happened:
                            points += 1
                            what = f"{fault} at {call} {when}"
                            outcome.expect(start.kind in ("refused", "killed") or start.status == 137, f"{name}, {what}: {start}")
                            expect(place.start(package), f"after {what}")
                            nothing_left(f"after {what}")
                cleaned = subprocess.run(
                    [package.path, "evict", place.cache],
                    env=place.environment(FLAVOR_LAUNCHER_CLI="1"),
                    capture_output=True,
                    text=True,
                    timeout=60,
                )
                outcome.expect(cleaned.returncode == 0, f"{name}, eviction: {cleaned.stderr!r}")
    driver = "the kernel's" if vfat_of_kernel() else "fusefat"
    outcome.figure(f"{refused} starts refused on exfat and vfat ({driver}), and all after {points} kills and errors there")


def refused_calls(place, package, step):
    """Calls of a start that is refused, each with its number: what changes files. What is written is the error."""
    counts = calls(place, package, is_right=False)
    for call in sorted(set(counts) & set(CHANGING) - {"close", "write"}):
        for when in range(1, min(counts[call], 40 // step) + 1, counts[call] if step > 1 else 1):
            yield call, when


def no_more_names(workshop, outcome):
    """The n-th hard link is refused as by a file that has enough names, or by a file system that knows no links."""
    tree = {f"{at}/same": b"the same\n" for at in range(12)}
    package = workshop.pack("links", {"data": ('["tar", "zstd:1"]', tree)})
    case = Case(workshop, outcome)
    for error in ("EMLINK", "EPERM", "EOPNOTSUPP", "ENOSYS", "EXDEV"):
        for when in ("1", "4", "3+3", "1+"):
            with Place() as place:
                words = ["strace", "-f", "-b", "execve", "-o", place.root / "trace", "-e", "trace=linkat"]
                start = place.start(package, prefix=[*words, "-e", f"inject=linkat:error={error}:when={when}"])
                case.expect(start.kind == "right", f"{error} at link {when}: {start}")
                case.expect("INJECTED" in (place.root / "trace").read_text(), f"{error} at link {when}: no link")
                case.start(place, package, f"{error} at link {when}, strict", **STRICT)
                case.flavor(place, f"{error} at link {when}", "verify")
    outcome.figure(f"{case.right} of {case.tried} right where links are refused")


def many_names(workshop, outcome):
    tree = {f"{at % 100:02}/{at // 100:05}": b"the same\n" for at in range(EQUAL)}
    package = workshop.pack("names", {"data": ('["tar", "zstd:1"]', tree)})
    case = Case(workshop, outcome)
    with Place() as place, ext4(place.root, place.cache, 200_000, 400 << 20):
        case.whole_life(place, package, f"ext4, {EQUAL} equal files")
    outcome.figure(f"{case.right} of {case.tried} right with {EQUAL} equal files on ext4")
