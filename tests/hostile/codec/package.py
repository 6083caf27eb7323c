"""A whole file: taken apart, put together, repaired."""

import hashlib
import struct
from dataclasses import dataclass, field

from . import envelope, fields
from .fields import INDEX, INDEX_LEN, ROW, ROW_LEN, TRAILER_LEN


def align(offset, to=8):
    return -(-offset // to) * to


@dataclass
class Launcher:
    """The program in front. Its digest is taken once: it is the largest part of most packages here."""

    content: bytes
    digest: str = ""

    def __post_init__(self):
        self.digest = self.digest or hashlib.sha256(self.content).hexdigest()


@dataclass
class Parts:
    """What a file is put together from. `pages` is the alignment of table and slots, 8 in our packages."""

    launcher: bytes
    text: bytes
    key: bytes
    signature: bytes
    rows: list = field(default_factory=list)
    slots: list = field(default_factory=list)
    block: bytes = None
    index: dict = field(default_factory=dict)
    pages: int = 8

    def layout(self):
        """Offsets of the metadata, the table and each slot, and the end of the last."""
        block = self.metadata_block()
        table = align(len(self.launcher) + len(block))
        end = table + ROW_LEN * len(self.rows)
        offsets = []
        for stored in self.slots:
            offset = align(end, self.pages)
            offsets.append(offset)
            end = offset + len(stored)
        return len(self.launcher), table, offsets, end

    def metadata_block(self):
        return envelope.seal(self.text) if self.block is None else self.block

    def write(self):
        """The file: offsets and unkeyed checksums are right, unless `index` or a row says otherwise."""
        block = self.metadata_block()
        metadata, table, offsets, end = self.layout()
        out = bytearray(end + TRAILER_LEN)
        out[:metadata] = self.launcher
        out[metadata : metadata + len(block)] = block
        for at, (row, stored, offset) in enumerate(zip(self.rows, self.slots, offsets)):
            out[offset : offset + len(stored)] = stored
            implied = {"id": at, "offset": offset, "size": len(stored), "checksum": fields.short(stored), "priority": 1}
            entry = bytearray(ROW_LEN)
            for name, value in (implied | row).items():
                fields.put(entry, ROW, name, value)
            out[table + at * ROW_LEN : table + (at + 1) * ROW_LEN] = entry
        index = self.implied_index(block, metadata, table, end) | self.index
        out[end:] = trailer(index)
        return bytes(out)

    def implied_index(self, block, metadata, table, end):
        return {
            "format_version": 0x20250001,
            "package_size": end + TRAILER_LEN,
            "launcher_size": len(self.launcher),
            "metadata_offset": metadata,
            "metadata_size": len(block),
            "slot_table_offset": table,
            "slot_table_size": ROW_LEN * len(self.rows),
            "slot_count": len(self.rows),
            "public_key": self.key,
            "metadata_checksum": hashlib.sha256(block).digest(),
            "signature": self.signature,
            "access_mode": 2,
            "cache_strategy": 1,
            "page_size": 4096,
            "max_memory": 134217728,
            "min_memory": 8388608,
            "stream_chunk_size": 65536,
            "capabilities": 0x81,
            "compatibility": 0x20250001,
            "protocol_version": 1,
            "key_fingerprint": hashlib.sha256(self.key).hexdigest().encode(),
        }


def trailer(index):
    """Marks and index; the checksum is computed unless it is given."""
    block = bytearray(INDEX_LEN)
    for name, value in index.items():
        fields.put(block, INDEX, name, value)
    if "checksum" not in index:
        fields.put(block, INDEX, "checksum", fields.index_checksum(block))
    return fields.START_MARK + bytes(block) + fields.END_MARK


class View:
    """A file taken apart in place: fields can be changed and unkeyed checksums repaired without moving anything."""

    def __init__(self, content):
        self.bytes = bytearray(content)
        self.trailer = len(self.bytes) - TRAILER_LEN

    def copy(self):
        return View(self.bytes)

    def insert(self, at, content):
        """Bytes in front of the trailer or of anything before it; no field is changed."""
        self.bytes[at:at] = content
        self.trailer += len(content)
        return self

    @property
    def index_at(self):
        return self.trailer + 4

    def get(self, name):
        at, form = INDEX[name]
        return struct.unpack_from(form, self.bytes, self.index_at + at)[0]

    def set(self, name, value):
        at, form = INDEX[name]
        struct.pack_into(form, self.bytes, self.index_at + at, value)
        return self

    def row_at(self, slot):
        return self.get("slot_table_offset") + slot * ROW_LEN

    def row(self, slot, name):
        at, form = ROW[name]
        return struct.unpack_from(form, self.bytes, self.row_at(slot) + at)[0]

    def set_row(self, slot, name, value):
        at, form = ROW[name]
        struct.pack_into(form, self.bytes, self.row_at(slot) + at, value)
        return self

    def metadata(self):
        """First byte and end of the metadata block."""
        begin = self.get("metadata_offset")
        return begin, begin + self.get("metadata_size")

    def text(self):
        begin, end = self.metadata()
        return envelope.unseal(bytes(self.bytes[begin:end]))

    def slot(self, slot):
        """First byte and end of a slot."""
        begin = self.row(slot, "offset")
        return begin, begin + self.row(slot, "size")

    def slot_count(self):
        return self.get("slot_count")

    def repair(self, rows=True, metadata=True):
        """Makes every unkeyed checksum right again: of the rows, of the metadata block, of the index."""
        if rows:
            for slot in range(min(self.slot_count(), 64)):
                begin, end = self.slot(slot)
                if end <= len(self.bytes):
                    self.set_row(slot, "checksum", fields.short(bytes(self.bytes[begin:end])))
        if metadata:
            begin, end = self.metadata()
            self.set("metadata_checksum", hashlib.sha256(self.bytes[begin:end]).digest())
        return self.repair_index()

    def repair_index(self):
        block = self.bytes[self.index_at : self.index_at + INDEX_LEN]
        return self.set("checksum", fields.index_checksum(block))

    def __bytes__(self):
        return bytes(self.bytes)
