"""Files in the cache that were edited, cut, deleted or swapped between two starts.

The critical set is what a start depends on: the seal, every link of the environment, the files that the command names,
the directories of the slots. It is never run modified and always repaired, in the same start. What lies deeper in a slot
is found by a strict start and by `workenv verify`, and after a reboot in files that had not reached the disk.
"""

import os
import shutil
import subprocess

from place import remove
from subject import noise

SEAL = ".flavor/seal"


def run(workshop, full, outcome):
    package = workshop.small("tamper")
    with workshop.place(package) as place:
        start = place.start(package)
        outcome.expect(start.kind == "right", f"first start: {start}")
        clean = place.listing()
        cases = [(target, kind) for target in critical(place) for kind in CHANGES if applies(kind, place.cache / target)]
        tried = right = 0
        for target, kind in cases[:: workshop.thin]:
            path = place.cache / target
            CHANGES[kind](path)
            tried += 1
            first, second = place.start(package), place.start(package)
            where = f"{target} {kind}"
            good = outcome.expect(first.kind == "right", f"{where}: {first}")
            good &= outcome.expect(second.kind == "right", f"{where}, again: {second}")
            good &= outcome.expect(second.stderr == "", f"{where}: repaired again and again: {second.stderr}")
            good &= outcome.expect(
                place.listing() == clean, lambda: f"{where}: not repaired: {sorted(place.listing() ^ clean)[:3]}"
            )
            right += good
            if not good:
                place.empty()
                place.start(package)
        outcome.expect(tried > 40 // workshop.thin, f"only {tried} changes")
        outcome.figure(f"{right} of {tried} changes to the critical set repaired, none run")
        unsealed(place, package, cases[:: 1 if full else 4 * workshop.thin], outcome)
        deep(workshop, place, package, full, outcome)
    shared(workshop, outcome)


def unsealed(place, package, cases, outcome):
    """The same without the seal that tells what a start depends on."""
    right = 0
    for target, kind in cases:
        place.empty()
        place.start(package)
        (workenv,) = place.workenvs()
        delete(workenv / SEAL)
        path = place.cache / target
        # The one file that is gone already, and what is in it.
        if not os.path.lexists(path):
            continue
        CHANGES[kind](path)
        first, second = place.start(package), place.start(package)
        where = f"{target} {kind}, without a seal"
        good = outcome.expect(first.kind == "right", f"{where}: {first}")
        good &= outcome.expect(second.kind == "right" and second.stderr == "", f"{where}, again: {second}")
        right += good
    outcome.figure(f"{right} without their seal")


def shared(workshop, outcome):
    """A slot that one environment has had extracted again, and that was changed before another one that leads to it started."""
    packages = [workshop.small("shared", version) for version in ("1", "2")]
    right = 0
    for kind in ("cut", "edited", "swapped"):
        with workshop.place(*packages) as place:
            for package in packages:
                place.start(package)
            (program,) = programs(place)
            CHANGES["cut"](program)
            repaired = place.start(packages[1])
            outcome.expect(repaired.kind == "right", f"shared, repaired: {repaired}")
            CHANGES[kind](program)
            start = place.start(packages[0])
            right += outcome.expect(start.kind == "right", f"shared, repaired and {kind}: {start}")
    outcome.figure(f"{right} after another environment had repaired them")


def programs(place):
    trees = [slot / "tree" for slot in place.slots()]
    return [tree for tree in trees if tree.is_file() and tree.stat().st_mode & 0o111]


def applies(kind, path):
    if path.is_symlink():
        return kind not in IN_PLACE | DIRECTORY_CHANGES
    if kind == "not executable" and not path.stat().st_mode & 0o111:
        return False
    return path.is_dir() == (kind in DIRECTORY_CHANGES)


def critical(place):
    """Paths in the cache that a start depends on."""
    found = []
    (workenv,) = place.workenvs()
    for path in sorted(workenv.rglob("*")):
        found.append(path.relative_to(place.cache))
    found.append(workenv.relative_to(place.cache))
    for slot in place.slots():
        tree = slot / "tree"
        found += [slot.relative_to(place.cache), tree.relative_to(place.cache)]
    return found


def in_place(change):
    """Changes a file's content and puts its times back."""

    def changed(path):
        times = path.stat()
        mode = times.st_mode
        path.chmod(0o644)
        change(path)
        path.chmod(mode & 0o7777)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    return changed


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def swap(path):
    """Another file takes the name, of the same length, mode and time."""
    times = path.lstat()
    other = path.with_name(path.name + ".new")
    if path.is_symlink():
        evil = next(parent for parent in path.parents if parent.name == "cache").parent / "evil"
        evil.write_text("#!/bin/sh\necho evil\n")
        evil.chmod(0o755)
        other.symlink_to(evil)
    else:
        other.write_bytes(noise(times.st_size, "swap"))
        other.chmod(times.st_mode & 0o7777)
        os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    os.rename(other, path)
    if path.parent.name == "tree":
        path.parent.touch()


def delete(path):
    if path.is_dir() and not path.is_symlink():
        remove(path)
    else:
        path.unlink()


def replace_by_directory(path):
    delete(path)
    path.mkdir()


def hollow(path):
    """A directory loses what is in it."""
    for entry in path.iterdir():
        delete(entry)


CHANGES = {
    "edited": in_place(flip),
    "cut": in_place(lambda path: os.truncate(path, path.stat().st_size // 2)),
    "emptied": in_place(lambda path: os.truncate(path, 0)),
    "not executable": lambda path: path.chmod(0o444),
    "swapped": swap,
    "deleted": delete,
    "a directory": replace_by_directory,
    "directory deleted": delete,
    "directory hollow": hollow,
}
IN_PLACE = {"edited", "cut", "emptied", "not executable"}
DIRECTORY_CHANGES = {"directory deleted", "directory hollow"}


def deep(workshop, place, package, full, outcome):
    """Everything inside the trees of slots, in every way that fits what it is: found when asked for, and put right."""
    place.empty()
    place.start(package)
    clean = everything(place)
    changes = [
        (path, name)
        for path in sorted(path for slot in place.slots() for path in (slot / "tree").rglob("*"))
        for name in DEEP[kind_of(path)]
        if name not in NEEDS_CONTENT or path.lstat().st_size
    ]
    cases = [(path, name, way) for path, name in changes for way in ("strict", "verify", "reboot")]
    # Coprime to three, so that what is tried goes by all ways.
    step = 1 if full else 5 * workshop.thin
    tried = found = 0
    fresh = True
    for path, name, way in cases[::step]:
        where = f"{path.relative_to(place.cache)} {name}, {way}"
        if way == "reboot" and not fresh:
            # What a start has seen whole after a reboot is settled: it has reached the disk.
            place.empty()
            place.start(package)
        fresh = False
        mode = path.parent.stat().st_mode & 0o7777
        path.parent.chmod(0o755)
        DEEP_CHANGES[name](path)
        path.parent.chmod(mode)
        tried += 1
        good = asked(workshop, place, package, way, where, outcome)
        good &= outcome.expect(
            everything(place) == clean, lambda: f"{where}: not put right: {sorted(everything(place) ^ clean)[:3]}"
        )
        verified = verify(workshop, place)
        good &= outcome.expect(verified.returncode == 0, f"{where}: verify afterwards: {verified.stdout!r}")
        found += good
        if not good:
            place.empty()
            place.start(package)
    outcome.expect(tried > 100 // step, f"only {tried} changes deeper in slots")
    text = "changes deeper in slots found by strict starts, `workenv verify` and after a reboot"
    outcome.figure(f"{found} of {tried} {text}")


def asked(workshop, place, package, way, where, outcome):
    """Whether one of the ways to find a change finds it, and the program runs right."""
    if way == "verify":
        done = verify(workshop, place)
        good = outcome.expect(done.returncode != 0, f"{where}: verify finds nothing: {done.stdout!r}")
        repair = [workshop.flavor, "workenv", "repair"]
        subprocess.run(repair, env=place.environment(), capture_output=True, timeout=60)
        start = place.start(package)
    else:
        loud = {"FLAVOR_LOG_LEVEL": "warn"}
        how = {"env": loud | {"FLAVOR_VALIDATION": "strict"}} if way == "strict" else {"env": loud, "prefix": rebooted(place)}
        start = place.start(package, **how)
        good = outcome.expect("differs from the package" in start.stderr, f"{where}: not found: {start}")
    return outcome.expect(start.kind == "right", f"{where}: {start}") and good


def verify(workshop, place):
    command = [workshop.flavor, "workenv", "verify"]
    return subprocess.run(command, env=place.environment(), capture_output=True, text=True, timeout=60)


def everything(place):
    """Paths, kinds and modes, and where links lead."""
    links = {
        f"{link.relative_to(place.cache)} -> {os.readlink(link)}"
        for slot in place.slots()
        for link in (slot / "tree").rglob("*")
        if link.is_symlink()
    }
    return place.listing() | links


def kind_of(path):
    return "link" if path.is_symlink() else "directory" if path.is_dir() else "file"


def grow(path):
    with open(path, "ab") as file:
        file.write(b"more")


def link_to_the_same(path):
    """What is read there stays what it was."""
    aside = path.with_name(path.name + " aside")
    # A copy, where a lower layer does not let go of it.
    shutil.move(path, aside)
    path.symlink_to(aside.name)


def copy_of_what_it_leads_to(path):
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)


def retarget(path):
    path.unlink()
    path.symlink_to("one")


def added(make):
    """Something new in a directory, whose times are what they were."""

    def change(path):
        times = path.stat()
        make(path / "new")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    return change


# By what is there. A change of the critical set's name is the same one.
DEEP = {
    "file": ["edited", "cut", "emptied", "grown", "swapped", "deleted", "another mode", "set-uid", "a link", "a directory"],
    "link": ["retargeted", "deleted", "a file", "a directory"],
    "directory": ["file added", "directory added", "link added", "another mode", "directory deleted", "directory hollow", "a link"],
}
NEEDS_CONTENT = {"edited", "cut", "emptied", "swapped"}
DEEP_CHANGES = CHANGES | {
    "grown": in_place(grow),
    "another mode": lambda path: path.chmod(0o777),
    "set-uid": lambda path: path.chmod(0o4555),
    "a link": link_to_the_same,
    "a file": copy_of_what_it_leads_to,
    "retargeted": retarget,
    "file added": added(lambda path: path.write_bytes(b"")),
    "directory added": added(lambda path: path.mkdir()),
    "link added": added(lambda path: path.symlink_to("one")),
}


def rebooted(place, number="00000000-1111-2222-3333-444444444444\n"):
    """Words before a command that make it see another boot id."""
    identifier = place.root / "boot-id"
    identifier.write_text(number)
    script = f'mount --bind {identifier} /proc/sys/kernel/random/boot_id && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh"]
