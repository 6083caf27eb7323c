"""Signed by a key that is accepted, and hostile all the same: what a package may not do to those who only look at it."""

import os

from attempt import BAND, REFUSED
from crowd import each
from variants import benign, described, headers, links, names, stored, texts
from variants.variant import NO_START, RIGHT_, STARTS
from variants.variant import REFUSED as ALL_REFUSE

AT_LEAST = 150
HOSTILE = [names, links, headers, stored, described, texts]
TREE = "tree"


def run(workshop, full, outcome):
    workshop.made()
    escapes = 0
    for label, modules in (("hostile", HOSTILE), ("benign", [benign])):
        answers = each(workshop, judge, lambda arena, modules=modules: made(arena, modules))
        for _, found, out in answers:
            for failure in found + out:
                outcome.expect(False, failure)
            escapes += len(out)
        if label == "hostile":
            outcome.expect(len(answers) >= AT_LEAST, f"only {len(answers)} variants")
        refused = sum(expect != RIGHT_ for expect, _, _ in answers)
        wrong = sum(bool(found or out) for _, found, out in answers)
        outcome.figure(f"{label}: {refused} to be refused, {len(answers) - refused} to be right, {wrong} are not")
    outcome.figure(f"{escapes} files, links and modes where none may be")


def made(arena, modules):
    """Some variants name a place outside, which every process has of its own."""
    for module in modules:
        yield from module.variants(arena.outside)


def judge(arena, variant):
    wrong, escapes = tried(arena, variant)
    return variant.expect, *([f"{variant.label}: {failure}" for failure in found] for found in (wrong, escapes))


def tried(arena, variant):
    """Everything that unpacks, each into nothing, and what is wrong with what came of it."""
    arena.write(variant.package(arena.workshop))
    last = str(len(variant.slots) - 1)
    found, escapes = [], []
    for label, attempt in (
        ("start", lambda: arena.start()),
        ("run", lambda: arena.flavor("run", arena.package)),
        ("extract", lambda: arena.flavor("extract", arena.package, last, arena.out / TREE)),
        ("extract-all", lambda: arena.flavor("extract-all", "--as-tree", arena.package, arena.out / "all")),
        ("verify", lambda: arena.flavor("verify", arena.package)),
        ("launcher's verify", lambda: arena.start("verify", FLAVOR_LAUNCHER_CLI="1")),
        ("launcher", lambda: arena.start("extract", last, arena.out / "cli", FLAVOR_LAUNCHER_CLI="1")),
    ):
        arena.empty()
        done = attempt()
        found += judged(variant, label, done)
        escapes += [f"{label}: {escape}" for escape in arena.escapes()]
        if label == "extract" and variant.expect == RIGHT_ and variant.tree is not None and done.status == 0:
            found += differences(variant.tree, arena.out / TREE)
    return found, escapes


def judged(variant, label, done):
    starts = label in ("start", "run")
    if done.broken:
        return [f"{done.broken}: {done}"]
    if variant.expect == RIGHT_ or variant.expect == STARTS and starts:
        right = (done.status, done.stdout, done.stderr) == (0, variant.output, b"") if starts else done.status == 0
        return [] if right else [f"not right: {done}"]
    if starts or variant.expect in (ALL_REFUSE, STARTS):
        if variant.counted and b"declared" in done.stderr:
            return [f"refused for what is declared, not for what is wrong: {done}"]
        return [] if done.refused([REFUSED, *BAND]) else [f"not refused: {done}"]
    if variant.expect == NO_START:
        return [] if done.status == 0 or done.refused([REFUSED, *BAND]) else [f"neither refused nor right: {done}"]
    raise AssertionError(variant.expect)


def differences(wanted, top):
    """Where a tree is not the one that its archive describes."""
    found = {}
    if os.path.isfile(top):
        found[""] = top.read_bytes()
    for directory, directories, files in os.walk(top):
        for name in [*directories, *files]:
            path = os.path.join(directory, name)
            key = os.path.relpath(path, top)
            if os.path.islink(path):
                found[key] = os.readlink(path)
            else:
                found[key] = None if os.path.isdir(path) else open(path, "rb").read()
    return [
        f"tree: {key!r} is {found.get(key, 'missing')!r}, not {wanted.get(key, 'there')!r}"[:300]
        for key in sorted(wanted.keys() | found.keys())
        if found.get(key, 0) != wanted.get(key, 0)
    ]
