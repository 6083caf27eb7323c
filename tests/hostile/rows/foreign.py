"""Packages of FlavorPack, changed without a key and with every checksum repaired: its own tools take them for good ones."""

import hashlib

from attempt import BAND, REFUSED
from codec.ours import Slot
from codec.package import View
from crowd import each
from variants import foreign, texts
from workshop import RIGHT

AT_LEAST = 100
# Places in each slot that are tried.
PLACES = 12


def run(workshop, full, outcome):
    workshop.made()
    original = workshop.theirs
    answers = each(workshop, judge, lambda _: made(workshop, original, PLACES * (4 if full else 1)))
    for _, failures in answers:
        for failure in failures:
            outcome.expect(False, failure)
    refused = sum(expect != "right" for expect, _ in answers)
    outcome.expect(refused >= AT_LEAST, lambda: f"only {refused} variants")
    accepted = sum(bool(failures) for _, failures in answers)
    outcome.figure(
        f"{refused} changed packages, {len(answers) - refused} honest ones; {accepted} not judged as they should be"
    )


def judge(arena, variant):
    label, expect, content = variant
    arena.write(content)
    arena.empty()
    environment = {"FLAVOR_LOG_LEVEL": "error"}
    attempts = [arena.flavor(word, arena.package, **environment) for word in ("verify", "run")]
    if expect == "unproven":
        # `verify` says so, and nothing is executed that is not proven.
        verified, started = attempts
        found = [] if verified.refused([REFUSED]) or verified.status == 0 else [str(verified)]
        found += [] if started.refused([REFUSED, *BAND]) else [str(started)]
    elif expect == "refused":
        attempts.append(arena.flavor("extract-all", "--as-tree", arena.package, arena.out / "all"))
        found = [str(one) for one in attempts if not one.refused([REFUSED, *BAND])]
    else:
        verified, started = attempts
        found = [] if verified.status == 0 else [str(verified)]
        # What their launcher says beside the program's own words is not ours to judge.
        found += [] if (started.status, started.stdout) == (0, RIGHT) else [str(started)]
    return expect, [f"{label}: {one}" for one in [*found, *arena.escapes()]]


def made(workshop, original, places):
    """Label, what is to come of it, content."""
    yield "as built", "right", original
    view = View(original)
    # The attestation is the last; its digest is not signed in full.
    slots = range(view.slot_count() - 1)
    for slot in slots:
        yield from contents(view, slot, places)
        yield from rows(view, slot)
    yield from swaps(view, slots)
    yield from metadata(view)
    yield from launchers(view, places)
    yield from from_scratch(workshop)


def contents(view, slot, places):
    begin, end = view.slot(slot)
    for at in sorted({begin, end - 1, *range(begin, end, max(1, (end - begin) // places))}):
        changed = view.copy()
        changed.bytes[at] ^= 1
        yield f"slot {slot}: byte {at - begin}", "refused", bytes(changed.repair())
    for label, content in {"zeros": bytes(end - begin), "a script": b"#!/bin/sh\necho evil\n"}.items():
        changed = view.copy()
        content = content.ljust(end - begin, b"\n")[: end - begin]
        changed.bytes[begin:end] = content
        yield f"slot {slot}: {label}", "refused", bytes(changed.repair())
    moved = view.copy().insert(view.trailer, b"#!/bin/sh\necho evil\n")
    moved.set_row(slot, "offset", view.trailer).set_row(slot, "size", 20).set("package_size", len(moved.bytes))
    yield f"slot {slot}: led to bytes behind all others", "refused", bytes(moved.repair())


def rows(view, slot):
    """Their launchers believe the row, not the signed metadata."""
    right = {name: view.row(slot, name) for name in ("operations", "permissions", "offset", "size", "lifecycle")}
    wrong = {
        "operations": [0, 0x01, 0x10, 0x1001, 0x0110, 0x1B, 0x2F, 1 << 63],
        "permissions": [0o7777, 0o4755, 0o2755],
        "offset": [0, right["offset"] + 1, right["offset"] - 1, 1 << 63, (1 << 64) - 1],
        "size": [0, right["size"] - 1, right["size"] + 1, 1 << 63, (1 << 64) - 1],
        "lifecycle": [0, 11],
    }
    for name, values in wrong.items():
        for value in values:
            if value != right[name]:
                yield f"row {slot}: {name} {value:#x}", "refused", bytes(view.copy().set_row(slot, name, value).repair())


def swaps(view, slots):
    for one in slots:
        for other in slots:
            a, b = view.row_at(one), view.row_at(other)
            if one < other:
                swapped = view.copy()
                swapped.bytes[a : a + 64], swapped.bytes[b : b + 64] = view.bytes[b : b + 64], view.bytes[a : a + 64]
                yield f"rows {one} and {other} swapped", "refused", bytes(swapped.repair())
            if one != other:
                same = view.copy()
                same.bytes[a : a + 64] = view.bytes[b : b + 64]
                yield f"row {one} is {other}", "refused", bytes(same.repair())
    for count in (0, 1, view.slot_count() - 1, view.slot_count() + 1, (1 << 32) - 1):
        counted = view.copy().set("slot_count", count)
        yield f"{count} slots", "refused", bytes(counted.repair_index())


def metadata(view):
    begin, end = view.metadata()
    for at in range(begin, end, max(1, (end - begin) // 20)):
        changed = view.copy()
        changed.bytes[at] ^= 1
        yield f"metadata: byte {at - begin}", "refused", bytes(changed.repair(rows=False))
    signature = view.get("signature")
    for label, value in {"zeros": bytes(64), "a bit": bytes([signature[0] ^ 1]) + signature[1:]}.items():
        yield f"signature: {label}", "refused", bytes(view.copy().set("signature", value).repair_index())
    yield "another key", "refused", bytes(view.copy().set("public_key", hashlib.sha256(b"x").digest()).repair_index())


def launchers(view, places):
    size = view.get("launcher_size")
    for at in sorted({0, size - 1, *range(0, size, size // places)}):
        changed = view.copy()
        changed.bytes[at] ^= 1
        yield f"launcher: byte {at}", "refused", bytes(changed)
    script = b"#!/bin/sh\necho evil\nexit\n"
    changed = view.copy()
    changed.bytes[: len(script)] = script
    yield "launcher: a script", "refused", bytes(changed)
    shorter = view.copy().set("launcher_size", len(script))
    shorter.bytes[: len(script)] = script
    yield "launcher: a script, and its size", "refused", bytes(shorter.repair_index())
    for value in (0, size - 1, size + 1, 1 << 63, (1 << 64) - 1):
        yield f"launcher size {value:#x}", "refused", bytes(view.copy().set("launcher_size", value).repair_index())


def from_scratch(workshop):
    """Signed by somebody, and wrong in what is signed."""
    slots = [Slot("one", RIGHT), Slot("two", b"two\n")]
    yield "from scratch", "right", foreign.write(workshop, slots)
    attested = [
        *slots,
        Slot("_attestation", b"{}", lifecycle="attestation", record={"checksum": hashlib.sha256(b"{}").hexdigest()[:16]}),
    ]
    yield "from scratch, with an attestation", "right", foreign.write(workshop, attested)
    for label, checksum in {
        "empty": "",
        "short": "sha256:0123456789abcdef",
        "of something else": "sha256:" + "0" * 64,
    }.items():
        wrong = [Slot("one", RIGHT), Slot("two", b"two\n", record={"checksum": checksum})]
        yield f"digest {label}", "unproven" if label != "of something else" else "refused", foreign.write(workshop, wrong)
    # By its name alone it would pass for something that nobody executes.
    sly = [Slot("one", RIGHT), Slot("_attestation", b"two\n", record={"checksum": ""})]
    yield "a slot that is called _attestation", "unproven", foreign.write(workshop, sly)

    for label, edit in texts.of_others():
        yield f"signed: {label}", "refused", foreign.write(workshop, slots, edit=edit)

    def no_launcher(signed):
        signed["launcher"]["checksum"] = ""

    yield "no launcher digest", "unproven", foreign.write(workshop, slots, edit=no_launcher)
