"""The power fails after a first start: any subset of the files in the cache is lost, cut, or full of zeros.

What the machine may have lost is everything that was not synchronised. After set-up commands everything is synchronised before the
seal of the environment is written: whatever came before it is lost only together with that seal. Where the boot has no number
everything is synchronised before the seals are: then only they are lost, and what lies in no slot and no environment.
"""

import os
import random
import subprocess
from collections import Counter

from place import Settled, remove
from rows.tamper import rebooted

CASES = 300
# The part of the cases that the reduced form tries.
REDUCED = 8


def run(workshop, full, outcome):
    packages = [workshop.small("power"), workshop.lifecycles("outage")]
    cases = CASES if full else CASES // REDUCED // workshop.thin
    kinds = Counter()
    for at, package in enumerate(packages):
        with workshop.place(package, kind=Settled) as place:
            for number in range(at, cases, len(packages)):
                kinds[case(workshop, place, package, number, outcome)] += 1
    for directory in ("slots", "workenv", "runs", "staging", "locks", ""):
        with workshop.place(packages[0], kind=Settled) as place:
            kinds[without(workshop, place, packages[0], directory, outcome)] += 1
    trees = {"kept": {"a": b"kept"}, "asked": {"one": b"one\n" * 500}}
    package = workshop.pack("lazy", {name: ('["tar"]', tree) for name, tree in trees.items()}, lifecycles={"asked": "lazy"})
    for way in WAYS:
        with workshop.place(package, kind=Settled) as place:
            lazily(place, package, way, outcome)
    text = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    outcome.figure(f"{sum(kinds.values())} power failures: {text}, {kinds['wrong'] + kinds['hang'] + kinds['panic']} wrong")


def case(workshop, place, package, number, outcome):
    chance = random.Random(number)
    # Two of ten have a boot without a number, before the failure or after it.
    before, after = chance.choice([(numbered, numbered)] * 8 + [(numbered, unnumbered), (unnumbered, numbered)])
    place.empty()
    start = place.start(package, prefix=before(place, 1))
    outcome.expect(start.kind == "right", f"case {number}, first start: {start}")
    place.settle()
    lost = fail(place, chance, is_synchronised=before is unnumbered)
    where = f"case {number} of {package.name}, {', '.join(lost[:4])} of {len(lost)} lost"
    later = after(place, 2)
    return judged(workshop, place, package, later, where, outcome)


def judged(workshop, place, package, later, where, outcome):
    """The first start after the failure is right or refused in good order; all others are right."""
    first = place.start(package, prefix=later)
    outcome.expect(first.kind in ("right", "refused"), f"{where}: {first}")
    second = place.start(package, prefix=later)
    outcome.expect(second.kind == "right", f"{where}, again: {second}")
    outcome.expect(second.stderr == "", f"{where}: repaired again and again: {second.stderr}")
    strict = place.start(package, prefix=later, env={"FLAVOR_VALIDATION": "strict"})
    # Nothing is left for it to find.
    outcome.expect(strict.kind == "right" and strict.stderr == "", f"{where}, strict: {strict}")
    command = [*later, workshop.flavor, "workenv", "verify"]
    done = subprocess.run(command, env=place.environment(), capture_output=True, text=True, timeout=60)
    outcome.expect(done.returncode == 0, f"{where}: verify: {done.stdout!r} {done.stderr!r}")
    return first.kind


def without(workshop, place, package, directory, outcome):
    """A whole directory of the layout has not reached the disk."""
    place.empty()
    place.start(package)
    remove(place.cache / "v2" / directory)
    later = numbered(place, 2)
    return judged(workshop, place, package, later, f"without v2/{directory}", outcome)


def lazily(place, package, way, outcome):
    """A slot that the program asked for is extracted into an environment that had reached the disk long before."""
    place.empty()
    place.start(package, prefix=numbered(place, 1))
    settled = place.start(package, prefix=numbered(place, 2))
    before = set(place.slots())
    asked = [*numbered(place, 2), package.path, "path", "asked"]
    done = subprocess.run(asked, env=place.environment(FLAVOR_LAUNCHER_CLI="1"), capture_output=True, text=True, timeout=60)
    outcome.expect(settled.kind == "right" and done.returncode == 0, f"a lazy slot: {settled} {done.stderr!r}")
    place.settle()
    (slot,) = set(place.slots()) - before
    content = (slot / "tree/one").read_bytes()
    lose(slot / "tree/one", way, random.Random(way))
    start = place.start(package, prefix=numbered(place, 3))
    outcome.expect(start.kind == "right", f"a lazy slot, {way}: {start}")
    one = slot / "tree/one"
    found = one.read_bytes() if one.exists() else b""
    outcome.expect(found == content, f"a lazy slot, {way}: {len(found)} bytes of {len(content)}, {found[:8]!r}")


def numbered(place, number):
    return rebooted(place, f"00000000-1111-2222-3333-{number:012}\n")


def unnumbered(place, _):
    return rebooted(place, "")


def fail(place, chance, is_synchronised):
    """Loses a random subset of all files, links among them. Returns their names."""
    files = []
    for directory, directories, names in os.walk(place.cache):
        links = [name for name in directories if os.path.islink(os.path.join(directory, name))]
        files += [os.path.join(directory, name) for name in [*names, *links]]
    files.sort()
    is_set_up = any(path.endswith("/.flavor/set-up.log") for path in files)
    seals = [path for path in files if path.endswith("/.flavor/seal")]
    if is_synchronised:
        kept = {path for path in files if "/v2/slots/" in path or "/v2/workenv/" in path}
        files = [path for path in files if path not in kept or os.path.basename(path) == "seal"]
    lost = chance.sample(files, chance.randint(1, len(files)))
    if is_set_up and any("/v2/slots/" in path or "/v2/workenv/" in path for path in lost):
        lost += [seal for seal in seals if seal not in lost]
    for path in lost:
        lose(path, chance.choice(WAYS), chance)
    return [os.path.relpath(path, place.cache) for path in lost]


WAYS = ["zeroed", "cut", "emptied", "removed"]


def lose(path, way, chance):
    if way == "removed" or os.path.islink(path):
        os.unlink(path)
        return
    size = os.stat(path).st_size
    if way == "zeroed":
        with open(path, "r+b") as file:
            file.write(bytes(size))
    else:
        os.truncate(path, 0 if way == "emptied" else chance.randrange(max(1, size)))
