"""Changed without the key, by somebody who repairs every checksum that takes none."""

import hashlib

from attempt import BAND, REFUSED
from codec import envelope, fields
from codec.fields import INDEX, ROW, ROW_LEN
from codec.package import Parts, View
from crowd import each

AT_LEAST = 80

# Numbers that overflow, wrap, point before and behind.
ODD = [
    0,
    1,
    7,
    8,
    63,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 8200,
    (1 << 64) - 8,
    (1 << 64) - 1,
]


def run(workshop, full, outcome):
    workshop.made()
    answers = each(workshop, judge, lambda _: made(workshop))
    outcome.expect(len(answers) >= AT_LEAST, f"only {len(answers)} variants")
    failures = [failure for found in answers for failure in found]
    for failure in failures:
        outcome.expect(False, failure)
    outcome.figure(
        f"{len(answers)} variants: {len(failures)} accepted by `verify`, `run`, a start, `extract-all` or `inspect`"
    )


def judge(arena, variant):
    label, content = variant
    arena.write(content)
    arena.empty()
    attempts = [arena.flavor(word, arena.package) for word in ("verify", "run", "inspect")]
    attempts.append(arena.flavor("extract-all", arena.package, arena.out / "all"))
    attempts.append(arena.start())
    found = [f"{label}: {one}" for one in attempts if not one.refused([*BAND, REFUSED])]
    return found + [f"{label}: {escape}" for escape in arena.escapes()]


def made(workshop):
    view = View(workshop.packed)
    yield from index_fields(view)
    yield from rows(view)
    yield from contents(view)
    yield from texts(view)
    yield from members(view)
    yield from layouts(workshop, view)


def changed(view, name, value):
    return bytes(view.copy().set(name, value).repair_index())


def index_fields(view):
    """Every field of the index, in turn, with every number that may confuse arithmetic."""
    keyed = {"checksum", "public_key", "signature", "metadata_checksum"}
    for name, (_, form) in INDEX.items():
        if name in keyed:
            continue
        if form.endswith("s"):
            length = fields.width(INDEX, name)
            for value in (b"\x01".ljust(length, b"\0"), bytes(length - 1) + b"\x01", b"\xff" * length, bytes(length)):
                if value != view.get(name):
                    yield f"{name} = {value[:4].hex()}…", changed(view, name, value)
            continue
        limit = 1 << 8 * fields.width(INDEX, name)
        right = view.get(name)
        for value in sorted({*(odd for odd in ODD if odd < limit), right + 1, right - 1, right ^ limit >> 1}):
            if 0 <= value < limit and value != right:
                yield f"{name} = {value:#x}", changed(view, name, value)
    yield "index checksum = 0", bytes(view.copy().set("checksum", 0))
    yield "metadata checksum = 0", changed(view, "metadata_checksum", bytes(32))
    yield "metadata checksum of the text", changed(view, "metadata_checksum", hashlib.sha256(view.text()).digest())


def rows(view):
    """Every field of a row; rows swapped, doubled and emptied."""
    for slot in (0, 1, view.slot_count() - 1):
        for name in ROW:
            limit = 1 << 8 * fields.width(ROW, name)
            right = view.row(slot, name)
            for value in sorted({*(odd for odd in ODD if odd < limit), right + 1, right ^ limit >> 1, 0o7777}):
                if value < limit and value != right:
                    changed_row = view.copy().set_row(slot, name, value)
                    yield f"row {slot}: {name} = {value:#x}", bytes(changed_row.repair(rows=name != "checksum"))
    for chain in fields.CHAINS.values():
        if chain != view.row(1, "operations"):
            yield f"row 1: operations {chain:#x}", bytes(view.copy().set_row(1, "operations", chain).repair())
    for one in range(view.slot_count()):
        for other in range(view.slot_count()):
            a, b = view.row_at(one), view.row_at(other)
            if one < other:
                swapped = view.copy()
                swapped.bytes[a : a + ROW_LEN], swapped.bytes[b : b + ROW_LEN] = (
                    view.bytes[b : b + ROW_LEN],
                    view.bytes[a : a + ROW_LEN],
                )
                yield f"rows {one} and {other} swapped", bytes(swapped.repair())
                numbered = swapped.copy().set_row(one, "id", one).set_row(other, "id", other)
                yield f"rows {one} and {other} swapped, numbers kept", bytes(numbered.repair())
            if one != other:
                overlap = view.copy().set_row(one, "offset", view.row(other, "offset"))
                yield f"slot {one} begins where {other} does", bytes(overlap.repair())
                overlap.set_row(one, "size", view.row(other, "size")).set_row(
                    one, "operations", view.row(other, "operations")
                )
                yield f"slot {one} is {other}", bytes(overlap.repair())


def contents(view):
    """Stored bytes of slots."""
    for slot in range(view.slot_count()):
        begin, end = view.slot(slot)
        for at in (begin, (begin + end) // 2, end - 1):
            flipped = view.copy()
            flipped.bytes[at] ^= 1
            yield f"slot {slot}: byte {at - begin}", bytes(flipped.repair())
        emptied = view.copy()
        emptied.bytes[begin:end] = bytes(end - begin)
        yield f"slot {slot}: zeros", bytes(emptied.repair())
    begin, end = view.slot(0)
    evil = view.copy()
    evil.bytes[begin:end] = b"evil\n".ljust(end - begin)[: end - begin]
    yield "slot 0: another text", bytes(evil.repair())


def texts(view):
    """Another text under the old signature, and the old text under signatures that are none."""
    text = view.text()
    signature = view.get("signature")
    for label, new in {
        "another version": text.replace(b'"version":"1"', b'"version":"2"', 1),
        "a blank more": text + b" ",
        "a newline in front": b"\n" + text,
        "another command": text.replace(b"/bin/cat", b"/bin/tac"),
        "an empty object": b"{}",
        "no text": b"",
    }.items():
        yield f"text: {label}", rebuilt(view, text=new, signature=signature)
    yield "signature: zeros", changed(view, "signature", bytes(64))
    yield "signature: a bit", changed(view, "signature", bytes([signature[0] ^ 1]) + signature[1:])
    yield "signature: ones", changed(view, "signature", b"\xff" * 64)
    yield "signature: halves swapped", changed(view, "signature", signature[32:] + signature[:32])
    yield "key: zeros", changed(view, "public_key", bytes(32))
    key = view.get("public_key")
    yield "key: a bit", changed(view, "public_key", bytes([key[0] ^ 1]) + key[1:])
    yield "key: the other sign", changed(view, "public_key", key[:31] + bytes([key[31] ^ 0x80]))
    yield (
        "key and signature: zeros",
        bytes(view.copy().set("public_key", bytes(32)).set("signature", bytes(64)).repair_index()),
    )


def members(view):
    """The signed text in other gzip members, which sign nothing."""
    text = view.text()
    right = envelope.seal(text)
    wrong = {
        "compressed": envelope.member(text, level=9),
        "compressed a little": envelope.member(text, level=1),
        "shorter pieces": envelope.member(text, body=envelope.stored_blocks(text, 1000)),
        "an empty piece first": envelope.member(text, body=bytes.fromhex("000000ffff") + envelope.stored_blocks(text)),
        "a time": envelope.member(text, time=1),
        "another system": envelope.member(text, os=255),
        "text flag": envelope.member(text, flags=1),
        "header checksum": envelope.member(text, flags=2),
        "extra field": envelope.member(text, flags=4, extra=b"ab\x04\x00evil"),
        "a large extra field": envelope.member(text, flags=4, extra=b"x" * 65535),
        "a name": envelope.member(text, flags=8, name=b"evil\0"),
        "a comment": envelope.member(text, flags=16, comment=b"evil\0"),
        "reserved flags": envelope.member(text, flags=0xE0),
        "an empty member behind": right + envelope.seal(b""),
        "an empty member in front": envelope.seal(b"") + right,
        "a second member": right + right,
        "two members of half the text": envelope.seal(text[:99]) + envelope.seal(text[99:]),
        "another text behind": right + envelope.seal(b'{"evil":1}'),
        "garbage behind": right + b"garbage",
        "zeros behind": right + bytes(8),
        "no end": right[:-8],
        "wrong CRC": right[:-8] + bytes(4) + right[-4:],
        "wrong length": right[:-4] + bytes(4),
        "raw text": text,
        "zlib": b"\x78\x01" + right[10:-8],
    }
    for label, block in wrong.items():
        yield f"member: {label}", rebuilt(view, block=block)


def taken_apart(view, text=None, block=None, signature=None, slots=None, rows=None, **more):
    """The package again, from its parts, with unkeyed fields as they are implied."""
    begin, _ = view.metadata()
    own = [
        {name: view.row(slot, name) for name in ROW if name not in ("offset", "size", "checksum")}
        for slot in range(view.slot_count())
    ]
    stored = [bytes(view.bytes[slice(*view.slot(slot))]) for slot in range(view.slot_count())]
    return Parts(
        bytes(view.bytes[:begin]),
        view.text() if text is None else text,
        view.get("public_key"),
        view.get("signature") if signature is None else signature,
        own if rows is None else rows,
        stored if slots is None else slots,
        block=block,
        index={"attestation_digest": view.get("attestation_digest")},
        **more,
    )


def rebuilt(view, **more):
    return taken_apart(view, **more).write()


def layouts(workshop, view):
    """Slots added, left out, moved; the file in another order; bytes hidden where nobody looks."""
    if rebuilt(view) != workshop.packed:
        raise AssertionError("the codec does not write the package as it was")
    whole = taken_apart(view)
    for pages in (16, 4096):
        yield f"slots at multiples of {pages}", rebuilt(view, pages=pages)
    yield "a slot more", rebuilt(view, slots=[*whole.slots, b"evil"], rows=[*whole.rows, {"plain_size": 4}])
    for slot in range(len(whole.slots)):
        slots, rest = whole.slots[:slot] + whole.slots[slot + 1 :], whole.rows[:slot] + whole.rows[slot + 1 :]
        yield f"without slot {slot}", rebuilt(view, slots=slots, rows=rest)
        longer = [stored + b"\0" * (at == slot) for at, stored in enumerate(whole.slots)]
        yield f"slot {slot} longer", rebuilt(view, slots=longer)
        shorter = [stored[: len(stored) - (at == slot)] for at, stored in enumerate(whole.slots)]
        yield f"slot {slot} shorter", rebuilt(view, slots=shorter)
    yield "no slots", rebuilt(view, slots=[], rows=[])
    yield "slots in reverse", rebuilt(view, slots=whole.slots[::-1], rows=whole.rows[::-1])
    for label, launcher in {"longer": whole.launcher + bytes(8), "shorter": whole.launcher[:-8]}.items():
        parts = taken_apart(view)
        parts.launcher = launcher
        yield f"launcher {label}", parts.write()
    hidden = view.copy()
    hidden.insert(view.trailer, b"hidden bytes....")
    yield "bytes hidden in front of the trailer", bytes(hidden.set("package_size", len(hidden.bytes)).repair())
    for where in ("metadata_offset", "slot_table_offset"):
        moved = view.copy()
        begin, end = view.metadata() if where == "metadata_offset" else (view.row_at(0), view.row_at(view.slot_count()))
        moved.insert(view.trailer, bytes(view.bytes[begin:end]))
        moved.set("package_size", len(moved.bytes)).set(where, view.trailer)
        yield f"{where}: at the end of the file", bytes(moved.repair_index())
    for length in (1, 8):
        front = View(bytes(length) + workshop.packed)
        for name in ("metadata_offset", "slot_table_offset", "launcher_size", "package_size"):
            front.set(name, front.get(name) + length)
        for slot in range(front.slot_count()):
            front.set_row(slot, "offset", front.row(slot, "offset") + length)
        yield f"{length} bytes in front, every offset repaired", bytes(front.repair())
