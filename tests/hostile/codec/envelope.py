"""The gzip member around the metadata, in the one right form and in wrong ones: docs/format.md § Metadata block."""

import struct
import zlib

HEADER = bytes.fromhex("1f8b08000000000000" + "03")
PIECE = 0xFFFF


def footer(text):
    return struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFFFFFF)


def stored_blocks(text, piece=PIECE):
    """A deflate stream of stored blocks."""
    pieces = [text[at : at + piece] for at in range(0, len(text), piece)] or [b""]
    out = []
    for at, one in enumerate(pieces):
        out.append(struct.pack("<BHH", at == len(pieces) - 1, len(one), len(one) ^ 0xFFFF) + one)
    return b"".join(out)


def seal(text):
    """The only form that is right."""
    return HEADER + stored_blocks(text) + footer(text)


def member(text, *, flags=0, extra=b"", name=b"", comment=b"", time=0, level=None, os=3, body=None):
    """Any other member of the same text; `level` compresses it."""
    head = struct.pack("<HBBIBB", 0x8B1F, 8, flags, time, 0, os)
    if flags & 4:
        head += struct.pack("<H", len(extra)) + extra
    head += name + comment
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    if body is None:
        body = stored_blocks(text) if level is None else deflate(text, level)
    return head + body + footer(text)


def deflate(text, level=9):
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(text) + packer.flush()


def unseal(block):
    """The text of one member; what may follow it is not looked at."""
    return zlib.decompressobj(31).decompress(block)
