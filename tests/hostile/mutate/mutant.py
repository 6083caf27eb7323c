"""A mutant: everything of it follows from a seed and a number."""

import json
import random
import struct
import zlib

from codec import envelope, fields, ours, streams, tar, text
from codec.fields import INDEX, ROW
from codec.package import Launcher, View

from . import archive
from .values import SCALARS, noise, number
from .values import text as words

CHECK = b"right\n"
ARGV = ["/bin/cat", "{workenv}/check", "{workenv}/data/a", "{workenv}/data/d/f"]
# Stands for a launcher where none is executed, to make files small.
STAND_IN = Launcher(b"\x7fELF, but no more than that.")
# What becomes of fields that lead out of the file.
OUT_OF_FILE = (struct.error, zlib.error, OverflowError)
# Mutants of so many that are started by themselves.
STARTED = 16


class Mutant:
    """`content` is the file. `keyed` says whether it was signed after all changes, `described` whether what the signed text
    says was changed, so that another program may run; `plain` is the archive, None if it was changed in its stored form."""

    def __init__(self, workshop, seed, at):
        self.chance = chance = random.Random(f"{seed}/{at}")
        self.log = []
        self.started = chance.randrange(STARTED) == 0
        self.launcher = workshop.launcher if self.started else STAND_IN
        self.key = workshop.key
        self.operations = chance.choice(["tar", "tar.gz", "tar.xz", "tar.zst", "tar.zst"])
        self.keyed = chance.random() < 0.6
        self.described = False
        pieces = archive.original()
        layers = (
            [self.in_archive, self.in_archive, self.in_stream, self.in_text]
            if self.keyed
            else [self.in_fields, self.in_bytes, self.in_block]
        )
        chosen = [chance.choice(layers) for _ in range(chance.choice([1, 1, 1, 2, 3]))]
        for _ in range(chosen.count(self.in_archive)):
            pieces = archive.mutate(chance, pieces)
            self.log.append("archive")
        self.plain = b"".join(pieces)
        self.slots = self.with_stream(pieces, chosen.count(self.in_stream))
        # A copy: nothing that other mutants share is changed.
        self.signed = copied(ours.metadata(self.slots, self.launcher, ARGV, name="mutant"))
        for _ in range(chosen.count(self.in_text)):
            self.in_text()
        self.parts = ours.parts(self.signed, self.slots, self.launcher, self.key)
        self.content = self.original = self.parts.write()
        for layer in chosen:
            if layer in (self.in_fields, self.in_bytes, self.in_block):
                layer()

    @property
    def is_launched(self):
        """Whether it is started by itself. A launcher that was changed cannot judge anything."""
        launcher = self.launcher.content
        return self.started and self.content[: len(launcher)] == launcher

    def in_archive(self):
        """A marker: archives are changed before they are packed."""

    def in_stream(self):
        """A marker: see with_stream."""

    def with_stream(self, pieces, changes):
        """The slots: stored in the chosen way, cut where entries begin, the stored bytes or their table changed."""
        chance = self.chance
        plain = self.plain
        edges = [at for at in entry_edges(pieces) if 0 < at < len(plain)]
        cuts = sorted(chance.sample(edges, min(len(edges), chance.randrange(3)))) if self.operations == "tar.zst" else []
        stored = streams.zstd(plain, cuts) if self.operations == "tar.zst" else streams.encode(plain, self.operations)
        for _ in range(changes):
            self.log.append("stream")
            stored = self.changed_stream(stored, cuts)
            self.plain = None
        entries, files = tar.count(plain)
        # A lie about what is declared, now and then: else most changes would be refused for what they make of it.
        extra = {}
        if chance.random() < 0.1:
            extra[chance.choice(["entries", "files", "plain_size"])] = abs(number(chance, entries)) % (1 << 64)
            self.log.append(f"declared {extra}")
        slot = ours.Slot("data", plain, self.operations, stored=stored, **({"entries": entries, "files": files} | extra))
        return [ours.Slot("check", CHECK), slot]

    def changed_stream(self, stored, cuts):
        chance = self.chance
        kind = chance.randrange(4)
        if kind == 0:
            return stored + chance.choice([b"\0", b"x", stored, chance.randbytes(20)])
        if kind == 1 and self.operations == "tar.zst":
            # The table: twelve bytes a row, eight at the end.
            length = 12 * (len(cuts) + 1)
            table = bytearray(stored[-8 - length :])
            at = chance.randrange(0, len(table), 4)
            table[at : at + 4] = (number(chance, int.from_bytes(table[at : at + 4], "little")) % (1 << 32)).to_bytes(
                4, "little"
            )
            return stored[: -8 - length] + bytes(table)
        if kind == 2:
            return stored[: chance.randrange(len(stored) + 1)]
        return noise(chance, stored)

    def in_text(self):
        """A value of the signed object: another, none, another type, another key, twice."""
        chance = self.chance
        self.described = True
        if isinstance(self.signed, bytes):
            self.signed = noise(chance, self.signed)
            return
        path, inner = chance.choice(list(containers(self.signed)))
        kind = chance.randrange(6)
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        self.log.append(f"text {path} {kind}")
        if kind == 5 or not keys:
            self.signed = noise(chance, text.write(self.signed)) if kind == 5 else self.signed
            return
        key = chance.choice(keys)
        value = inner[key]
        if kind == 0:
            inner[key] = number(chance, value) if isinstance(value, int) else words(chance)
        elif kind == 1:
            inner[key] = copied(chance.choice(SCALARS))
        elif kind == 2:
            del inner[key]
        elif kind == 3 and isinstance(inner, dict):
            inner[chance.choice([words(chance), str(key).upper()])] = copied(chance.choice([value, *SCALARS]))
        elif kind == 4:
            whole = text.write(self.signed)
            doubled = json.dumps(key).encode() + b":"
            self.signed = whole.replace(doubled, doubled + text.write(chance.choice(SCALARS)) + b"," + doubled, 1)

    def in_fields(self):
        """Index and rows, the checksums mostly repaired."""
        chance = self.chance
        view = View(self.content)
        if len(view.bytes) < fields.TRAILER_LEN or view.trailer < 0:
            return
        self.log.append("fields")
        try:
            self.change_field(chance, view)
            if chance.random() < 0.8:
                view.repair(rows=chance.random() < 0.7)
        except OUT_OF_FILE as error:
            # A field that was changed before leads out of the file: there is nothing left to repair.
            self.log.append(str(error))
        self.content = bytes(view)

    def change_field(self, chance, view):
        if chance.random() < 0.5:
            name = chance.choice(list(INDEX))
            value = view.get(name)
            view.set(
                name,
                noise(chance, value)[: len(value)].ljust(len(value), b"\0")
                if isinstance(value, bytes)
                else number(chance, value) % (1 << 8 * fields.width(INDEX, name)),
            )
        else:
            slot, name = chance.randrange(len(self.slots)), chance.choice(list(ROW))
            view.set_row(slot, name, number(chance, view.row(slot, name)) % (1 << 8 * fields.width(ROW, name)))

    def in_bytes(self):
        self.log.append("bytes")
        content = noise(self.chance, self.content)
        if self.chance.random() < 0.5 and len(content) == len(self.content):
            try:
                content = bytes(View(content).repair())
            except OUT_OF_FILE as error:
                self.log.append(str(error))
        self.content = content

    def in_block(self):
        """The text in another member, or another text in the right one, under the signature as it is."""
        chance = self.chance
        self.log.append("block")
        right = self.parts.text
        self.parts.block = chance.choice(
            [
                lambda: envelope.member(right, level=chance.randrange(10)),
                lambda: envelope.member(right, flags=chance.choice([1, 2, 4, 8, 16]), name=b"x\0"),
                lambda: envelope.seal(noise(chance, right)),
                lambda: noise(chance, envelope.seal(right)),
                lambda: envelope.seal(right) + envelope.seal(b""),
                lambda: envelope.member(right, body=envelope.stored_blocks(right, chance.choice([1, 100, 1000]))),
            ]
        )()
        self.content = self.parts.write()
        self.parts.block = None


def copied(value):
    """A copy of what JSON can hold."""
    if isinstance(value, dict):
        return {key: copied(one) for key, one in value.items()}
    return [copied(one) for one in value] if isinstance(value, list) else value


def entry_edges(pieces):
    at = 0
    for piece in pieces[:-1]:
        at += len(piece)
        yield at


def containers(value, path=()):
    if isinstance(value, (dict, list)):
        yield path, value
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from containers(one, (*path, key))
