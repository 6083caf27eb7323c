"""Packages that are small and want to be large: in time, in memory, on disk."""

import subprocess
import threading
import zlib
from dataclasses import dataclass
from typing import Callable

from codec import envelope, fields, ours, streams, tar, text
from codec.ours import Slot
from codec.package import Parts
from codec.text import Raw
from workshop import RIGHT

from . import foreign
from .foreign import package as theirs

GIB = 1 << 30
ARGV = ["/bin/cat", "{workenv}/check"]
# Bytes of the pieces of which long streams are made.
PIECE = 16 << 20


# What is to come of a bomb, always soon and in little memory. What unpacks refuses it.
REFUSED = "refused"
# It is honest and small enough, so that it has to work.
RIGHT_ = "right"
# It may work or be refused.
BOUNDED = "bounded"


@dataclass
class Bomb:
    label: str
    make: Callable
    expect: str = REFUSED
    # Words of the commands that it is tried with, if not all.
    commands: tuple = None

    @property
    def is_foreign(self):
        return self.label.endswith("foreign")


def variants(workshop, full):
    yield from slots(workshop, full)
    yield from metadata(workshop)
    yield from entries(workshop, full)
    yield from tables(workshop)


def zeros_gzip(size):
    """A gzip member of zeros: a piece packed once, repeated at byte boundaries, with the right CRC."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(PIECE)) + packer.flush(zlib.Z_FULL_FLUSH)
    crc, zeros = 0, bytes(PIECE)
    for _ in range(size // PIECE):
        crc = zlib.crc32(zeros, crc)
    tail = crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")
    return envelope.HEADER + piece * (size // PIECE) + b"\x03\x00" + tail


def in_tar(size):
    """The header of one file of so many bytes, and what is behind the file."""
    big = tar.header(b"big", size=size) if size < 1 << 33 else tar.pax({"size": size}) + tar.header(b"big", size=0)
    return big, tar.END


def tar_of_zeros(size, operations):
    """A tar of one file of zeros in pieces that a codec joins: gzip by blocks of deflate, zstd by frames."""
    head, tail = in_tar(size)
    if operations == "tar.zst":
        frames = [streams.zstd_frame(head), streams.zstd_runs(size), streams.zstd_frame(tail)]
        return b"".join(frames), len(head) + size + len(tail)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = packer.compress(bytes(PIECE)) + packer.flush(zlib.Z_FULL_FLUSH)
    edges = [
        b"\x00" + len(one).to_bytes(2, "little") + (len(one) ^ 0xFFFF).to_bytes(2, "little") + one for one in (head, tail)
    ]
    crc, zeros = zlib.crc32(head), bytes(PIECE)
    for _ in range(size // PIECE):
        crc = zlib.crc32(zeros, crc)
    whole = len(head) + size + len(tail)
    footer = zlib.crc32(tail, crc).to_bytes(4, "little") + (whole & 0xFFFFFFFF).to_bytes(4, "little")
    body = edges[0] + piece * (size // PIECE) + edges[1] + b"\x03\x00"
    return envelope.HEADER + body + footer, whole


def of_slot(workshop, operations, stored, plain_size, **more):
    slots = [Slot("check", RIGHT), Slot("data", b"", operations, stored=stored, plain_size=plain_size, **more)]
    return ours.package(slots, workshop.launcher, workshop.key, ARGV)


def both(workshop, label, operations, make, declared, **more):
    """A package of ours, and one that FlavorPack might have made, of the same stored bytes."""

    def our():
        stored, size = make()
        return of_slot(workshop, operations, stored, size if declared is None else declared, **more)

    def their():
        stored, size = make()
        return theirs(workshop, stored, operations, size if declared is None else declared)

    yield Bomb(f"{label}, ours", our)
    yield Bomb(f"{label}, foreign", their)


def slots(workshop, full):
    size = 8 * GIB
    for operations in ("gzip", "zstd", "tar.gz", "tar.zst"):

        def make(operations=operations):
            if operations == "gzip":
                return zeros_gzip(size), size
            if operations == "zstd":
                return streams.zstd_runs(size), size
            return tar_of_zeros(size, operations)

        yield from both(
            workshop, f"8 GiB of zeros in {operations}, declared as 600 bytes", operations, make, 600, entries=1, files=1
        )
        yield from both(workshop, f"8 GiB of zeros in {operations}, declared", operations, make, None, entries=1, files=1)

    def framed(rows):
        def make():
            frame = streams.zstd_runs(4 * GIB - (128 << 10))
            return frame * rows + streams.frame_table([(len(frame), 4 * GIB - (128 << 10), 0)] * rows), rows * (
                4 * GIB - (128 << 10)
            )

        return make

    yield from both(workshop, "frames of 4 GiB, and a table", "zstd", framed(4), None)

    def crowd():
        """Each slot is small enough."""
        size = 200 << 20
        stored = streams.zstd_runs(size)
        zeros = [Slot(f"data{at}", b"", "zstd", stored=stored, plain_size=size) for at in range(1500)]
        return ours.package([Slot("check", RIGHT), *zeros], workshop.launcher, workshop.key, ARGV)

    yield Bomb("1,500 slots of 200 MiB of zeros, ours", crowd)
    def crowd_of_theirs():
        size = 240 << 20
        stored = zeros_gzip(size)
        zeros = [Slot(f"data{at}", b"", "gzip", stored=stored, plain_size=size) for at in range(60)]
        return foreign.write(workshop, [*zeros], workshop.launcher)

    yield Bomb("60 slots of 240 MiB of zeros, foreign", crowd_of_theirs)
    # What our writer asks of a reader, and what it never does.
    for log, expect in {25: RIGHT_, 26: REFUSED, 27: REFUSED}.items():

        def make(log=log):
            return of_slot(workshop, "zstd", streams.zstd_runs(40 << 20, window=log), 40 << 20)

        yield Bomb(f"40 MiB with a window of 2^{log}, ours", make, expect)
    for log, expect in {25: RIGHT_, 26: REFUSED}.items():

        def make(log=log):
            return of_slot(workshop, "xz", streams.xz_with_dictionary(b"x" * 1000, log), 1000)

        yield Bomb(f"dictionary of 2^{log}, ours", make, expect)
    yield from both(workshop, "window of 2^31", "zstd", lambda: (streams.zstd_runs(1 << 20, window=31), 1 << 20), None)
    yield from both(
        workshop,
        "window of 2^41",
        "zstd",
        lambda: (streams.ZSTD_MAGIC + b"\x00\xff" + streams.zstd_block(1, 1000, b"x", True), 1000),
        None,
    )
    yield from both(workshop, "dictionary of 4 GiB", "xz", lambda: (streams.xz_with_dictionary(b"x" * 1000, 32), 1000), None)
    yield from both(workshop, "dictionary of 1 GiB", "xz", lambda: (streams.xz_with_dictionary(b"x" * 1000, 30), 1000), None)
    # Only one level is unpacked: what is inside stays as it is.
    inner = streams.gzip(tar.file(b"inner", bytes(64 << 20)) + tar.END, 9)
    nested = tar.file(b"inner.tar.gz", inner) + tar.END
    yield Bomb(
        "an archive in an archive",
        lambda: of_slot(workshop, "tar.gz", streams.gzip(nested), len(nested), entries=1, files=1),
        RIGHT_,
    )
    # What `inspect` reads into memory is a file in an archive.
    for label, name in {"METADATA": b"x-1.dist-info/METADATA", "RECORD": b"x-1.dist-info/RECORD"}.items():

        def make(name=name):
            plain = tar.file(name, b"Name: x\n" * (240 << 17)) + tar.END
            return streams.gzip(plain, 1), len(plain)

        yield Bomb(f"240 MiB of {label}", lambda make=make: of_slot(workshop, "tar.gz", *make(), entries=1, files=1), RIGHT_)
    looks = tuple(("inspect", option) for option in ("--sbom", "--provenance", "--licenses", "--json"))
    for label, content in {"64 MiB": b"[" * (64 << 20), "3 MiB of numbers": b"[" + b"0," * (3 << 19) + b"0]"}.items():

        def make(content=content):
            attestation = Slot("_attestation", content, lifecycle="attestation")
            return ours.package([Slot("check", RIGHT), attestation], workshop.launcher, workshop.key, ARGV)

        yield Bomb(f"attestation of {label}", make, BOUNDED, looks)

    def wide():
        frame = streams.skippable(bytes(300 << 20), bytes.fromhex("502a4d18")) + streams.zstd_frame(b"x")
        return frame + streams.frame_table([(len(frame), 1, 0)]), 1

    yield Bomb("a frame of 300 MiB that holds one byte", lambda: of_slot(workshop, "zstd", *wide()), BOUNDED)


def unsigned(workshop, block):
    """The metadata is refused before its signature is looked at: nobody could sign what is not there."""
    return Parts(workshop.launcher.content, b"", workshop.key.public, bytes(64), block=block).write()


def metadata(workshop):
    for label, size in {"2 GiB": 2 * GIB, "1 GiB": GIB, "64 MiB": 64 << 20, "5 MiB": 5 << 20}.items():
        yield Bomb(f"metadata of {label}", lambda size=size: unsigned(workshop, zeros_gzip(size - size % PIECE or PIECE)))
    fillers = {
        "numbers in setup_commands": ("setup_commands", "[" + "0," * 2_000_000 + "0]"),
        "lists in setup_commands": ("setup_commands", "[" + "[]," * 1_300_000 + "0]"),
        "objects in setup_commands": ("setup_commands", "[" + "{}," * 1_300_000 + "0]"),
        "keys in setup_commands": ("setup_commands", "[{" + ",".join(f'"{at:x}":0' for at in range(400_000)) + "}]"),
        "empty slots": ("slots", "[" + "{}," * 1_300_000 + "{}]"),
        "empty texts in capabilities": ("launcher", '{"capabilities":[' + '"",' * 1_300_000 + '""]}'),
        "platforms": ("policy", '{"platforms":[' + '"",' * 1_300_000 + '""]}'),
        "variables": ("execution", '{"env":{' + ",".join(f'"{at:x}":""' for at in range(350_000)) + "}}"),
        "keys nobody knows": ("unknown", "{" + ",".join(f'"{at:x}":0' for at in range(400_000)) + "}"),
        "nested lists": ("unknown", "[" * 2_000_000 + "]" * 2_000_000),
        "nested objects": ("unknown", '{"a":' * 700_000 + "0" + "}" * 700_000),
        "nested lists that do not end": ("setup_commands", "[" * 4_000_000),
        "a text": ("unknown", '"' + "x" * 4_000_000 + '"'),
        "a number": ("unknown", "9" * 4_000_000),
    }
    for label, (key, filler) in fillers.items():

        def make(key=key, filler=filler):
            slots = [Slot("check", RIGHT)]
            signed = ours.metadata(slots, workshop.launcher, ARGV)
            signed.pop("flavor")
            signed[key] = Raw(filler)
            content = text.write(signed)
            parts = ours.parts(content, slots, workshop.launcher, workshop.key)
            # Compressed, so that the stored block is within its limit.
            parts.block = envelope.member(content, level=9)
            return parts.write()

        # Its one slot is an honest one.
        yield Bomb(f"metadata: {label}", make, BOUNDED)
    short = {
        "lists in facts": ('"set_up"', "[" + "[]," * 300_000 + "[]]"),
        "rows in facts": ('"rotations"', "[" + '{"old":"","new":"","signature":""},' * 25_000 + "0]"),
    }
    for label, (key, filler) in short.items():

        def make(key=key, filler=filler):
            def edit(signed):
                signed["flavor"][key.strip('"')] = Raw(filler)

            return ours.package([Slot("check", RIGHT)], workshop.launcher, workshop.key, ARGV, edit)

        yield Bomb(f"metadata: {label}", make, BOUNDED)


def many(count, entry):
    """An archive of so many entries, packed by `zstd` as it is made, and the size that it has unpacked."""
    packer = subprocess.Popen(["zstd", "-1", "-q", "-T1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out = []
    reader = threading.Thread(target=lambda: out.append(packer.stdout.read()))
    reader.start()
    size = 0
    for begin in range(0, count, 5000):
        piece = b"".join(entry(at) for at in range(begin, min(begin + 5000, count)))
        size += len(piece)
        packer.stdin.write(piece)
    packer.stdin.write(tar.END)
    packer.stdin.close()
    reader.join()
    packer.wait()
    return out[0], size + len(tar.END)


def numbered(template, width=7):
    """Entries that differ only in a number at the front of their names: the checksum is counted on, not anew."""
    block = bytearray(template(b"0" * width))
    at = len(block) - tar.BLOCK
    base = int(block[at + 148 : at + 154], 8) - 48 * width

    def entry(number):
        digits = b"%0*d" % (width, number)
        block[at : at + width] = digits
        block[at + 148 : at + 154] = b"%06o" % (base + sum(digits))
        return bytes(block)

    return entry


def entries(workshop, full):
    count = 1_000_000 if full else 600_000
    kinds = {
        "files": numbered(lambda name: tar.file(name)),
        "directories": numbered(lambda name: tar.directory(name)),
        "symbolic links": numbered(lambda name: tar.symlink(name, b"x")),
        "hard links": numbered(lambda name: tar.hardlink(name, b"0000000")),
    }
    for label, entry in kinds.items():
        made = []

        def make(entry=entry, made=made):
            # Used three times in a row.
            if not made:
                made.append(many(count, entry))
            return made[0]

        for declared in (count, 10):
            said = f"{declared:,} declared"
            yield Bomb(
                f"{count:,} {label}, {said}, ours",
                lambda make=make, declared=declared: of_slot(workshop, "tar.zst", *make(), entries=declared, files=0),
            )
        yield Bomb(f"{count:,} {label}, foreign", lambda make=make: theirs(workshop, make()[0], "tar.zst", make()[1]))
    # Each link leads to the one before; each leads many times through the one before.
    chained = 100_000
    ways = {"chained": lambda at: b"%07d" % (at - 1), "tangled": lambda at: b"%07d/" % (at - 1) * 12 + b"x"}
    for label, way in ways.items():

        def make(way=way):
            return many(chained, lambda at: tar.symlink(b"%07d" % at, way(at) if at else b"."))

        yield Bomb(
            f"{chained:,} {label} links, ours",
            lambda make=make: of_slot(workshop, "tar.zst", *make(), entries=chained, files=0),
            BOUNDED,
        )
    # Few enough, but with names as long as names may be.
    long = 60_000

    def named(number, kind):
        name = (b"%07d/" % number) + b"/".join([b"n" * 250] * 16)
        return tar.pax({"path": name, "linkpath": name} if kind != b"5" else {"path": name}) + tar.header(
            b"x", kind, link=b"y"
        )

    for label, kind in {"symbolic links": b"2", "hard links": b"1", "directories": b"5"}.items():

        def make(kind=kind):
            return many(long, lambda number: named(number, kind))

        yield Bomb(
            f"{long:,} {label} with names of 4 KiB",
            lambda make=make, files=long * (kind == b"1"): of_slot(workshop, "tar.zst", *make(), entries=long, files=files),
            BOUNDED,
        )

    # pax headers without an entry, and many records in one header.
    def headers():
        return many(300_000, lambda number: tar.pax({"mtime": number}))

    yield Bomb("300,000 extended headers in a row", lambda: of_slot(workshop, "tar.zst", *headers(), entries=1, files=0))


def tables(workshop):
    """Slots by the hundred thousand."""
    count = 100_000

    def their():
        slots = [Slot("check", RIGHT)]
        signed = ours.metadata(slots, workshop.launcher, ARGV)
        signed.pop("flavor")
        signed["slots"] = signed["slots"] * count
        parts = ours.parts(text.write(signed), slots, workshop.launcher, workshop.key)
        parts.block = envelope.member(parts.text, level=9)
        parts.rows, parts.slots = parts.rows * count, [b""] * count
        return parts.write()

    def counted():
        slots = [Slot("check", RIGHT)]
        parts = ours.parts(ours.metadata(slots, workshop.launcher, ARGV), slots, workshop.launcher, workshop.key)
        parts.index = {"slot_count": count, "slot_table_size": count * fields.ROW_LEN}
        return parts.write()

    def own():
        slots = [Slot(f"s{at}", b"") for at in range(4097)]
        return ours.package([Slot("check", RIGHT), *slots], workshop.launcher, workshop.key, ARGV)

    def most():
        slots = [Slot(f"s{at}", b"") for at in range(1500)]
        return ours.package([Slot("check", RIGHT), *slots], workshop.launcher, workshop.key, ARGV)

    def frames():
        frame = streams.zstd_frame(b"")
        rows = 1_300_000
        return of_slot(workshop, "zstd", frame * rows + streams.frame_table([(len(frame), 0, 0)] * rows), 0)

    yield Bomb("100,000 slots, foreign", their)
    yield Bomb("100,000 slots in the index", counted)
    yield Bomb("4098 slots, ours", own)
    yield Bomb("1501 slots, ours", most, RIGHT_)
    yield Bomb("1,300,000 frames of nothing", frames)
