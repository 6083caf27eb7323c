"""Stored forms of slots. zstd frames are made by hand of raw and run-length blocks (RFC 8878 § 3.1.1)."""

import lzma
import struct
import zlib

from . import envelope

ZSTD_MAGIC = bytes.fromhex("28b52ffd")
SKIPPABLE = bytes.fromhex("5e2a4d18")
BLOCK_MAX = 128 << 10


def gzip(plain, level=1):
    return envelope.member(plain, level=level)


def xz(plain, preset=0, check=lzma.CHECK_CRC32):
    return lzma.compress(plain, format=lzma.FORMAT_XZ, check=check, preset=preset)


def xz_with_dictionary(plain, log):
    """A stream whose header asks for a dictionary of 2^log bytes, more than the content needs."""
    content = bytearray(lzma.compress(plain, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, preset=0))
    # Block header behind the stream's 12 bytes: size, flags, filter 21 of one property byte, which is the dictionary's.
    size = (content[12] + 1) * 4
    at = 14 + content[14:].index(b"\x21\x01") + 2
    content[at] = 40 if log == 32 else 2 * (log - 12)
    content[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(content[12 : 12 + size - 4]))
    return bytes(content)


def zstd_block(kind, size, content, last):
    """Kinds: 0 raw, 1 run of one byte, 2 compressed, 3 reserved."""
    return struct.pack("<I", last | kind << 1 | size << 3)[:3] + content


def zstd_frame(plain, declared=None):
    """A frame of raw blocks that declares its content size."""
    pieces = [plain[at : at + BLOCK_MAX] for at in range(0, len(plain), BLOCK_MAX)] or [b""]
    blocks = [zstd_block(0, len(one), one, at == len(pieces) - 1) for at, one in enumerate(pieces)]
    size = len(plain) if declared is None else declared
    return ZSTD_MAGIC + b"\xa0" + struct.pack("<I", size) + b"".join(blocks)


def zstd_runs(size, byte=b"\0", window=17):
    """A frame of runs of one byte, four bytes for each 128 KiB, with a window of 2^window and no declared size."""
    out = [ZSTD_MAGIC, b"\x00", bytes([(window - 10) << 3])]
    left = size
    while left > 0:
        run = min(left, BLOCK_MAX)
        left -= run
        out.append(zstd_block(1, run, byte, left == 0))
    return b"".join(out)


def skippable(content, magic=SKIPPABLE):
    return magic + struct.pack("<I", len(content)) + content


def frame_table(rows, count=None, mark=b"FLVT", length=None):
    """Rows are (stored, plain, continues)."""
    body = b"".join(struct.pack("<III", *row) for row in rows)
    body += struct.pack("<I", len(rows) if count is None else count) + mark
    return SKIPPABLE + struct.pack("<I", len(body) if length is None else length) + body


def zstd(plain, cuts=(), continues=()):
    """Frames cut at the given places, and their table. `continues` has the numbers of frames that go on with a file."""
    edges = [0, *cuts, len(plain)]
    pieces = [plain[begin:end] for begin, end in zip(edges, edges[1:])]
    frames = [zstd_frame(piece) for piece in pieces]
    rows = [(len(frame), len(piece), int(at in continues)) for at, (frame, piece) in enumerate(zip(frames, pieces))]
    return b"".join(frames) + frame_table(rows)


CODECS = {"": lambda plain: plain, "gz": gzip, "xz": xz, "zst": zstd}


def encode(plain, operations):
    """Stored bytes of a chain."""
    codec = {"raw": "", "tar": "", "gzip": "gz", "xz": "xz", "zstd": "zst"}.get(operations, operations.partition(".")[2])
    return CODECS[codec](plain)
