"""Files in the cache that were edited, cut, deleted or swapped between two starts.

The critical set is what a start depends on: the seal, every link of the environment, the files that the command names,
the directories of the slots. It is never run modified and always repaired, in the same start. What lies deeper in a slot
is found by a strict start and by `workenv verify`, and after a reboot in files that had not reached the disk.
"""

import os
import subprocess

from place import Place, remove
from subject import noise


def run(workshop, full, outcome):
    package = workshop.small("tamper")
    with Place() as place:
        start = place.start(package)
        outcome.expect(start.kind == "right", f"first start: {start}")
        clean = place.listing()
        targets = critical(place)
        tried = right = 0
        for target in targets:
            for kind, change in CHANGES.items():
                path = place.cache / target
                if not applies(kind, path):
                    continue
                change(path)
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
        outcome.expect(tried > 40, f"only {tried} changes")
        outcome.figure(f"{right} of {tried} changes to the critical set repaired, none run")
        deep(workshop, place, package, outcome)


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


def deep(workshop, place, package, outcome):
    """Every file inside the slots of trees: found when asked for."""
    helped = subprocess.run([workshop.flavor, "workenv", "--help"], capture_output=True, text=True, timeout=60)
    if "verify" not in helped.stdout:
        outcome.figure("strict starts and `workenv verify` are not there yet")
        return
    tried = 0
    for kind in ("edited", "cut", "emptied", "swapped", "deleted"):
        for way in ("strict", "verify", "reboot"):
            place.empty()
            place.start(package)
            files = sorted(path for slot in place.slots() for path in (slot / "tree").rglob("*") if path.is_file())
            for path in [path for path in files if not path.is_symlink() and path.stat().st_size]:
                where = f"{path.relative_to(place.cache)} {kind}, {way}"
                if way == "reboot":
                    # What a start has seen whole after a reboot is settled: it has reached the disk.
                    place.empty()
                    place.start(package)
                path.parent.chmod(0o755)
                CHANGES[kind](path)
                path.parent.chmod(0o555)
                tried += 1
                if way == "strict":
                    start = place.start(package, env={"FLAVOR_VALIDATION": "strict"})
                elif way == "reboot":
                    start = place.start(package, prefix=rebooted(place))
                else:
                    command = [workshop.flavor, "workenv", "verify"]
                    done = subprocess.run(command, env=place.environment(), capture_output=True, text=True, timeout=60)
                    outcome.expect(done.returncode != 0, f"{where}: verify finds nothing: {done.stdout!r}")
                    repair = [workshop.flavor, "workenv", "repair"]
                    subprocess.run(repair, env=place.environment(), capture_output=True, timeout=60)
                    start = place.start(package)
                outcome.expect(start.kind == "right", f"{where}: {start}")
                if start.kind != "right":
                    place.empty()
                    place.start(package)
    outcome.figure(f"{tried} changes deeper in slots found by strict starts, `workenv verify` and after a reboot")


def rebooted(place):
    """Words before a command that make it see another boot id."""
    identifier = place.root / "boot-id"
    identifier.write_text("00000000-1111-2222-3333-444444444444\n")
    script = f'mount --bind {identifier} /proc/sys/kernel/random/boot_id && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh"]
