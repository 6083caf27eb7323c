"""Bytes changed, cut, filled, moved and added, nothing repaired: what transport, disks and careless editors do."""

import random

from attempt import BAND, REFUSED
from codec.package import View
from crowd import each
from workshop import RIGHT

# Fewer variants than this would be a mistake in the list of them.
AT_LEAST = 1000


def run(workshop, full, outcome):
    density = 4 if full else 1
    workshop.made()
    original = workshop.packed
    answers = each(workshop, judge, lambda _: made(original, density))
    outcome.expect(len(answers) >= AT_LEAST, f"only {len(answers)} variants")
    for _, failure in answers:
        outcome.expect(failure is None, failure)
    kinds = [what for what, _ in answers]
    total = len(answers)
    outcome.figure(f"verify refuses {total - kinds.count('verified')} of {total}")
    harmless = kinds.count("right")
    outcome.figure(f"starts: {kinds.count('refused')} refused, {harmless} right that use none of the changed bytes")


def judge(arena, variant):
    """What came of one variant, and what is wrong with that."""
    label, make, unused = variant
    original = arena.workshop.packed
    content = make()
    arena.write(content)
    verified = arena.flavor("verify", arena.package)
    if not verified.refused([REFUSED]):
        return "verified", f"{label}: {verified}"
    arena.empty()
    launcher = len(arena.workshop.launcher.content)
    if content[:launcher] == original[:launcher]:
        start = arena.start()
    else:
        # A launcher cannot prove itself, and whatever is in its place need not be a program.
        start = arena.flavor("run", arena.package)
    if start.refused([*BAND, REFUSED]):
        return "refused", None
    if unused and not start.broken and (start.status, start.stdout, start.stderr) == (0, RIGHT, b""):
        return "right", None
    return "wrong", f"{label}: {start}"


def regions(view):
    """Every part of the file: name, first byte, end, and whether a start uses it."""
    begin, end = view.metadata()
    found = [("launcher", 0, begin, False), ("metadata", begin, end, True)]
    table = view.get("slot_table_offset")
    found += [("padding", end, table, False)] if table > end else []
    end = table + 64 * view.slot_count()
    found.append(("table", table, end, True))
    for slot in range(view.slot_count()):
        first, last = view.slot(slot)
        found += [("padding", end, first, False)] if first > end else []
        # The last is the attestation.
        found.append((f"slot {slot}", first, last, slot < view.slot_count() - 1))
        end = last
    return found + [("trailer", view.trailer, len(view.bytes), True)]


def made(original, density):
    """Label, function that makes the content, and whether a start may pass it over."""
    view = View(original)
    chance = random.Random("damage")
    parts = regions(view)
    size = len(original)

    def unused(begin, end):
        return not any(used and begin < last and first < end for _, first, last, used in parts)

    def replaced(label, at, new):
        """The same length; left out when nothing changes."""
        if original[at : at + len(new)] != new:
            yield label, lambda: original[:at] + new + original[at + len(new) :], unused(at, at + len(new))

    for name, begin, end, _ in parts:
        count = min(end - begin, {"launcher": 40, "metadata": 160, "table": 120, "trailer": 240}.get(name, 50) * density)
        places = {begin, end - 1, *(chance.randrange(begin, end) for _ in range(count))}
        for at in sorted(places):
            flipped = bytes([original[at] ^ 1 << chance.randrange(8)])
            yield from replaced(f"{name}: bit flipped at {at}", at, flipped)
    # Every field of the index, which random places would miss.
    for at in [*range(0, 64), *range(640, 712), 832, 840, 848, 856, 860, 864, 1376, 1440, 1504, 1568]:
        yield from replaced(f"index: byte {at}", view.index_at + at, bytes([original[view.index_at + at] ^ 0x10]))
    boundaries = sorted({at for _, begin, end, _ in parts for at in (begin, end)})
    near = sorted({at + by for at in boundaries for by in (-1, 0, 1) if 0 <= at + by <= size})
    for at in [*near, *(chance.randrange(size) for _ in range(40 * density))]:
        if at < size:
            yield f"cut at {at}", lambda at=at: original[:at], False
        if at:
            yield f"cut in front of {at}", lambda at=at: original[at:], False
    for at in near:
        for length in (1, 16, 512):
            yield from replaced(f"{length} zeros at {at}", at, bytes(min(length, size - at)))
        yield from replaced(f"zeros from {at}", at, bytes(size - at))
        yield from replaced(f"ones at {at}", at, b"\xff" * min(16, size - at))
        for what in (b"\0", b"x" * 8, bytes(4096)):
            yield f"{len(what)} bytes inserted at {at}", lambda at=at, what=what: original[:at] + what + original[at:], False
        if at:
            yield f"a byte taken out at {at}", lambda at=at: original[: at - 1] + original[at:], False
    for name, begin, end, used in parts:
        if name == "padding":
            for at in range(begin, end):
                yield from replaced(f"padding filled at {at}", at, b"\x01")
    yield from moved(original, view, parts)
    yield from added(original, view)
    yield from launchers(original, view)


def moved(original, view, parts):
    """Rows and slots in each other's place."""
    for one in range(view.slot_count()):
        for other in range(one):
            rows = view.copy()
            a, b = view.row_at(one), view.row_at(other)
            rows.bytes[a : a + 64], rows.bytes[b : b + 64] = view.bytes[b : b + 64], view.bytes[a : a + 64]
            yield f"rows {other} and {one} swapped", lambda rows=rows: bytes(rows), False
            slots = view.copy()
            (a, end_a), (b, end_b) = view.slot(one), view.slot(other)
            length = min(end_a - a, end_b - b)
            slots.bytes[a : a + length] = view.bytes[b : b + length]
            slots.bytes[b : b + length] = view.bytes[a : a + length]
            yield f"slots {other} and {one} swapped", lambda slots=slots: bytes(slots), False


def added(original, view):
    """Bytes behind, inside and in front, with another trailer among them."""
    trailer = original[view.trailer :]
    other = view.copy().set("slot_count", 0).repair_index()
    for label, what in {
        "a zero": b"\0",
        "a byte": b"x",
        "a newline": b"\n",
        "8 KiB": bytes(8192),
        "the trailer again": trailer,
        "another trailer": bytes(other.bytes[view.trailer :]),
        "the package again": original,
        "a zip's end": b"PK\x05\x06" + bytes(18),
        "the end mark": trailer[-4:],
        "both marks": trailer[:4] + trailer[-4:],
    }.items():
        yield f"{label} appended", lambda what=what: original + what, False
        yield f"{label} in front", lambda what=what: what + original, False
        yield f"{label} in front of the trailer", lambda what=what: original[: view.trailer] + what + trailer, False


def launchers(original, view):
    """Another program in front, of the same length and of another."""
    size = view.get("launcher_size")
    script = b"#!/bin/sh\necho evil\n"
    rest = original[size:]
    for label, what in {"a script": script, "zeros": bytes(64), "true": open("/bin/true", "rb").read()}.items():
        # Behind the launcher nothing moves: by the file's own account it is the same package.
        yield f"launcher replaced by {label}", lambda what=what: what.ljust(size, b"\0")[:size] + rest, True
        yield f"launcher replaced by {label}, shorter", lambda what=what: what[:size] + rest, False
    yield "no launcher", lambda: rest, False
