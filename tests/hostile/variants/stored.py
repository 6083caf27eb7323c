"""Stored bytes that decode to more than one thing, or say of themselves what is not so."""

import lzma

from codec import envelope, streams, tar
from codec.streams import frame_table, skippable, zstd_block, zstd_frame, zstd_runs
from codec.tar import END, file

from .variant import REFUSED, RIGHT_, of_archive

X = b"x"
ONE = file(b"a", X) + END
OTHER = file(b"b", b"hidden") + END
# A file that spans frames, behind one that does not.
BIG = file(b"a", X) + file(b"big", b"c" * 3000) + END
# Where that is cut: behind the first file, twice in the second, in front of the end.
CUTS = [1024, 1024 + 512 + 1000, 1024 + 512 + 2000, len(BIG) - len(END)]
PIECES = [BIG[begin:end] for begin, end in zip([0, *CUTS], [*CUTS, len(BIG)])]
FRAMES = [zstd_frame(piece) for piece in PIECES]
ROWS = [[len(frame), len(piece), int(at in (2, 3))] for at, (frame, piece) in enumerate(zip(FRAMES, PIECES))]


def variants(outside):
    for label, (operations, plain, stored) in wrong().items():
        yield of_archive(f"stored: {label}", REFUSED, plain, operations, stored=stored)
    for label, rows in tables().items():
        yield of_archive(f"frame table: {label}", REFUSED, BIG, "tar.zst", stored=rows)
    for label, (operations, stored) in right().items():
        yield of_archive(f"stored: {label}", RIGHT_, BIG, operations, stored=stored, tree={"a": X, "big": b"c" * 3000})
    for label, expect, pieces in ends():
        frames = [zstd_frame(piece) for piece in pieces]
        stored = b"".join(frames) + frame_table([(len(frame), len(piece), 0) for frame, piece in zip(frames, pieces)])
        yield of_archive(label, expect, b"".join(pieces), "tar.zst", stored=stored, **counts(pieces))
    yield from declared()


def counts(pieces):
    """Entries of all frames, for an archive that another reader takes to end earlier."""
    found = [tar.count(piece) for piece in pieces]
    return {"entries": sum(entries for entries, _ in found), "files": sum(files for _, files in found)}


def wrong():
    gzip, xz, zstd = streams.gzip(ONE), streams.xz(ONE), zstd_frame(ONE)
    table = frame_table([(len(zstd), len(ONE), 0)])
    found = {
        "gzip, garbage behind": ("tar.gz", ONE, gzip + b"garbage"),
        "gzip, zeros behind": ("tar.gz", ONE, gzip + bytes(8)),
        "gzip, second member": ("tar.gz", ONE, gzip + streams.gzip(OTHER)),
        "gzip, empty member behind": ("tar.gz", ONE, gzip + streams.gzip(b"")),
        "gzip, empty member in front": ("tar.gz", ONE, streams.gzip(b"") + gzip),
        "gzip, wrong CRC": ("tar.gz", ONE, gzip[:-8] + bytes(4) + gzip[-4:]),
        "gzip, wrong length": ("tar.gz", ONE, gzip[:-4] + bytes(4)),
        "gzip, no footer": ("tar.gz", ONE, gzip[:-8]),
        "gzip, cut": ("tar.gz", ONE, gzip[: len(gzip) // 2]),
        "gzip, reserved flags": ("tar.gz", ONE, envelope.member(ONE, flags=0xE0)),
        "gzip, other method": ("tar.gz", ONE, gzip[:2] + b"\x07" + gzip[3:]),
        "gzip, bad block type": ("tar.gz", ONE, gzip[:10] + b"\x07" + gzip[11:]),
        "gzip, nothing": ("tar.gz", ONE, b""),
        "gzip, header alone": ("tar.gz", ONE, gzip[:10]),
        "xz, garbage behind": ("tar.xz", ONE, xz + b"garbage"),
        "xz, zeros behind": ("tar.xz", ONE, xz + bytes(3)),
        "xz, second stream with more": ("tar.xz", ONE, xz + streams.xz(OTHER)),
        "xz, cut": ("tar.xz", ONE, xz[:-1]),
        "xz, wrong index": ("tar.xz", ONE, xz[:-20] + bytes([xz[-20] ^ 1]) + xz[-19:]),
        "xz, wrong footer": ("tar.xz", ONE, xz[:-1] + b"X"),
        "xz, lzma alone": ("tar.xz", ONE, lzma.compress(ONE, format=lzma.FORMAT_ALONE)),
        "xz, nothing": ("tar.xz", ONE, b""),
        "xz, dictionary of 2^26": ("tar.xz", ONE, streams.xz(ONE, 9)),
        "zstd, window of 2^26": ("tar.zst", ONE, streams.ZSTD_MAGIC + b"\x00" + bytes([16 << 3]) + zstd[9:]),
        "zstd, garbage behind": ("tar.zst", ONE, zstd + b"garbage"),
        "zstd, garbage between frame and table": ("tar.zst", ONE, zstd + b"garbage" + table),
        "zstd, garbage behind the table": ("tar.zst", ONE, zstd + table + b"garbage"),
        "zstd, second frame": ("tar.zst", ONE, zstd + zstd_frame(OTHER)),
        "zstd, cut": ("tar.zst", ONE, zstd[:-1]),
        "zstd, nothing": ("tar.zst", ONE, b""),
        "zstd, magic alone": ("tar.zst", ONE, zstd[:4]),
        "zstd, declares more": ("tar.zst", ONE, zstd_frame(ONE, len(ONE) + 1)),
        "zstd, declares less": ("tar.zst", ONE, zstd_frame(ONE, len(ONE) - 1)),
        "zstd, reserved block": ("tar.zst", ONE, zstd[:9] + zstd_block(3, 4, b"abcd", True)),
        "zstd, no last block": ("tar.zst", ONE, zstd[:9] + zstd_block(0, len(ONE), ONE, False)),
        "zstd, block of the maximum and more": ("tar.zst", ONE, zstd[:9] + zstd_block(1, (1 << 21) - 1, b"\0", True)),
        "zstd, a dictionary wanted": ("tar.zst", ONE, streams.ZSTD_MAGIC + b"\x21\x07" + bytes([len(ONE) % 256]) + zstd[9:]),
        "zstd, window of 2^31": ("tar.zst", ONE, streams.ZSTD_MAGIC + b"\x00" + bytes([21 << 3]) + zstd[9:]),
        "zstd, window of 2^41": ("tar.zst", ONE, streams.ZSTD_MAGIC + b"\x00" + bytes([31 << 3 | 7]) + zstd[9:]),
        "gzip in zstd's place": ("tar.zst", ONE, gzip),
        "zstd in gzip's place": ("tar.gz", ONE, zstd),
        "xz in gzip's place": ("tar.gz", ONE, xz),
        "raw in gzip's place": ("tar.gz", ONE, ONE),
        "gzip in raw's place": ("tar", ONE, gzip),
        "gzip in gzip": ("tar.gz", ONE, streams.gzip(gzip)),
    }
    return found


def tables():
    """Lies in the table of frames, with the frames themselves right."""
    frames, rows, body = FRAMES, ROWS, b"".join(FRAMES)

    def changed(row, column, value):
        copy = [list(one) for one in rows]
        copy[row][column] = value
        return body + frame_table(copy)

    def order(*which):
        return b"".join(frames[at] for at in which) + frame_table([rows[at] for at in which])

    found = {}
    for row in range(5):
        found[f"row {row} continues or not"] = changed(row, 2, 1 - rows[row][2])
        found[f"row {row} continues by 2"] = changed(row, 2, 2)
        found[f"row {row} continues by 2^31"] = changed(row, 2, 1 << 31)
        for by in (-1, 1, 512):
            found[f"row {row}, stored {by:+}"] = changed(row, 0, rows[row][0] + by)
            found[f"row {row}, plain {by:+}"] = changed(row, 1, rows[row][1] + by)
        for value in (0, 0xFFFFFFFF, 0x80000000):
            found[f"row {row}, stored {value:#x}"] = changed(row, 0, value)
            found[f"row {row}, plain {value:#x}"] = changed(row, 1, value)
    table = frame_table(rows)
    found |= {
        "continued frames in another order": order(0, 1, 3, 2, 4),
        "first continues": order(2, 3, 4),
        "a frame left out": order(0, 1, 3, 4),
        "a frame twice": order(0, 0, 1, 2, 3, 4),
        "a continued frame twice": order(0, 1, 2, 2, 3, 4),
        "the end first": order(4, 0, 1, 2, 3),
        "without the end": order(0, 1, 2, 3),
        "a row left out": body + frame_table(rows[:4]),
        "count one more": body + frame_table(rows, count=6),
        "count one less": body + frame_table(rows, count=4),
        "count 0": body + frame_table(rows, count=0),
        "count 2^32 - 1": body + frame_table(rows, count=0xFFFFFFFF),
        "count of 16 MiB": body + frame_table(rows, count=(16 << 20) // 12 + 1),
        "length one more": body + frame_table(rows, length=len(table) - 7),
        "length 0": body + frame_table(rows, length=0),
        "two tables": body + table + table,
        "a skippable frame in between": frames[0] + skippable(b"hidden") + b"".join(frames[1:]) + table,
        "a skippable frame in front": skippable(b"hidden") + body + table,
        "other skippable magic": body + table.replace(streams.SKIPPABLE, bytes.fromhex("502a4d18")),
    }
    return found


def ends():
    """Archives of two frames. Only the last frame may hold the archive's end."""
    one, two = file(b"a", X), file(b"b", X)
    cases = {
        "end in the first frame and in the last": [one + END, two + END],
        "one block of zeros in each of two frames": [one + END[:512], END[512:]],
        "end, then zeros in another frame": [one + END, END],
        "end, then a file": [one + END, two],
        "nothing in the last frame": [one + END, b""],
        "no end in the last frame": [one, two],
        "half a header in each frame": [(one + two + END)[:1300], (one + two + END)[1300:]],
    }
    for label, pieces in cases.items():
        yield f"frames: {label}", REFUSED, pieces
    yield "frames: the end by itself", RIGHT_, [one, END]
    yield "frames: a file in each", RIGHT_, [one, two + END]


def right():
    body = b"".join(FRAMES)
    return {
        "raw": ("tar", BIG),
        "gzip, level 9": ("tar.gz", streams.gzip(BIG, 9)),
        "gzip, with a name": ("tar.gz", envelope.member(BIG, flags=8, name=b"a.tar\0")),
        "xz, level 8": ("tar.xz", streams.xz(BIG, 8)),
        "xz, two streams": ("tar.xz", streams.xz(BIG[:700]) + streams.xz(BIG[700:])),
        "zstd, a table": ("tar.zst", streams.zstd(BIG)),
        "zstd, five frames, two of which continue": ("tar.zst", body + frame_table(ROWS)),
        "zstd, five frames in one row": ("tar.zst", body + frame_table([[len(body), len(BIG), 0]])),
        "zstd, a row of nothing": ("tar.zst", body + frame_table([*ROWS[:1], [0, 0, 0], *ROWS[1:]])),
        "zstd, no table": ("tar.zst", zstd_frame(BIG)),
        "zstd, two frames and no table": ("tar.zst", zstd_frame(BIG[:700]) + zstd_frame(BIG[700:])),
        "zstd, a skippable frame of others": ("tar.zst", zstd_frame(BIG) + skippable(b"other", bytes.fromhex("502a4d18"))),
        "zstd, window of 2^25": ("tar.zst", streams.ZSTD_MAGIC + b"\x00" + bytes([15 << 3]) + zstd_frame(BIG)[9:]),
    }


def declared():
    """What the signed text says of a slot's content."""
    for operations in ("tar", "tar.gz", "tar.xz", "tar.zst"):
        for label, change in {"one more": 1, "one less": -1, "a block more": 512, "a block less": -512}.items():
            size = len(BIG) + change
            yield of_archive(f"plain_size {label}, {operations}", REFUSED, BIG, operations, plain_size=size)
        yield of_archive(f"plain_size 0, {operations}", REFUSED, BIG, operations, plain_size=0)
        yield of_archive(f"plain_size 2^63, {operations}", REFUSED, BIG, operations, plain_size=1 << 63)
        yield of_archive(f"plain_size 2^64 - 1, {operations}", REFUSED, BIG, operations, plain_size=(1 << 64) - 1)
        yield of_archive(f"entries one less, {operations}", REFUSED, BIG, operations, entries=1)
        yield of_archive(f"entries 0, {operations}", REFUSED, BIG, operations, entries=0)
        yield of_archive(f"entries 500,001, {operations}", REFUSED, BIG, operations, entries=500_001)
        yield of_archive(f"entries 2^64 - 1, {operations}", REFUSED, BIG, operations, entries=(1 << 64) - 1)
    for content in (b"", b"raw"):
        for operations in ("raw", "gzip", "xz", "zstd"):
            yield of_archive(
                f"a file of {len(content)} bytes, {operations}", RIGHT_, content, operations, tree={"": content}
            )
            yield of_archive(
                f"a file, plain_size one more, {operations}", REFUSED, content, operations, plain_size=len(content) + 1
            )
            stored = {"raw": content, "gzip": streams.gzip(content), "xz": streams.xz(content), "zstd": zstd_frame(content)}[
                operations
            ]
            if operations != "raw":
                yield of_archive(
                    f"a file, garbage behind, {operations}", REFUSED, content, operations, stored=stored + b"garbage"
                )
    yield of_archive(
        "a file of runs", RIGHT_, b"z" * 300_000, "zstd", stored=zstd_runs(300_000, b"z"), tree={"": b"z" * 300_000}
    )
    # Nothing is made set-user-id or sticky; a package that asks for it is not taken for one that does not.
    for mode in ("4755", "2755", "1777", "7777", "104755"):
        yield of_archive(f"a file of mode {mode}", REFUSED, b"raw", "raw", permissions=mode)
