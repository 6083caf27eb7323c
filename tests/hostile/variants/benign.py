"""Odd but honest packages: all of them work."""

import io
import os
import subprocess
import tarfile
import tempfile

from codec import streams
from codec.ours import Slot
from codec.tar import END, directory, file, hardlink, long_name, pax, symlink
from workshop import RIGHT

from .variant import RIGHT_, Variant, of_archive

X = b"x"
DEEP = "/".join(["d"] * 60)
LONG = "n" * 200
PATH = "/".join(["p" * 120] * 3)


def variants(outside):
    for label, (archive, tree) in handmade().items():
        yield of_archive(f"benign: {label}", RIGHT_, archive + END, tree=tree)
    for label, (archive, tree) in made_by_python().items():
        for operations in ("tar", "tar.gz", "tar.zst", "tar.xz"):
            yield of_archive(f"benign: {label}, {operations}", RIGHT_, archive, operations, tree=tree)
    for label, (archive, tree) in made_by_gnu().items():
        yield of_archive(f"benign: {label}", RIGHT_, archive, tree=tree)
    yield from slots()


def handmade():
    long = {LONG: X}
    climbing = directory(b"a") + directory(b"a/b") + file(b"a/f", X) + file(b"g", X)
    found = {
        "relative links": (
            climbing + symlink(b"a/b/one", b"../f") + symlink(b"a/b/two", b"../../g") + symlink(b"up", b"a/b/../f"),
            {"a": None, "a/b": None, "a/f": X, "g": X, "a/b/one": "../f", "a/b/two": "../../g", "up": "a/b/../f"},
        ),
        ".. in the middle through a link that stays inside": (
            climbing + symlink(b"s", b"a/b") + symlink(b"t", b"s/../f"),
            {"a": None, "a/b": None, "a/f": X, "g": X, "s": "a/b", "t": "s/../f"},
        ),
        "a link to the top from below": (directory(b"a") + symlink(b"a/top", b".."), {"a": None, "a/top": ".."}),
        "a link to .": (symlink(b"here", b"."), {"here": "."}),
        "a link to itself": (symlink(b"loop", b"loop"), {"loop": "loop"}),
        "two links to each other": (symlink(b"a", b"b") + symlink(b"b", b"a"), {"a": "b", "b": "a"}),
        "a link that leads nowhere": (symlink(b"gone", b"nowhere/at/all"), {"gone": "nowhere/at/all"}),
        "a chain of links": (
            file(b"0", X) + b"".join(symlink(b"%d" % at, b"%d" % (at - 1)) for at in range(1, 30)),
            {"0": X} | {str(at): str(at - 1) for at in range(1, 30)},
        ),
        "links of a library": (
            directory(b"lib")
            + file(b"lib/libx.so.1.2", X)
            + symlink(b"lib/libx.so.1", b"libx.so.1.2")
            + symlink(b"lib/libx.so", b"libx.so.1"),
            {"lib": None, "lib/libx.so.1.2": X, "lib/libx.so.1": "libx.so.1.2", "lib/libx.so": "libx.so.1"},
        ),
        "hard links": (
            directory(b"a") + file(b"a/one", X) + hardlink(b"a/two", b"a/one") + hardlink(b"three", b"a/one"),
            {"a": None, "a/one": X, "a/two": X, "three": X},
        ),
        "a hard link in front of its file": (hardlink(b"two", b"one") + file(b"one", X), {"one": X, "two": X}),
        "a pax name": (pax({"path": LONG}) + file(b"n", X), long),
        "a GNU name": (long_name(LONG.encode()) + file(b"n", X), long),
        "a GNU link": (
            pax({"path": LONG}) + file(b"n", X) + long_name(LONG.encode(), b"K") + symlink(b"l", b"n"),
            long | {"l": LONG},
        ),
        "a long link": (pax({"path": LONG}) + file(b"n", X) + symlink(b"l", LONG.encode()), long | {"l": LONG}),
        "a prefix": (file(b"f", X, prefix=b"p" * 150), {"p" * 150: None, "p" * 150 + "/f": X}),
        "a part of 255 bytes": (pax({"path": "n" * 255}) + file(b"n", X), {"n" * 255: X}),
        "deep directories": (pax({"path": DEEP}) + directory(b"d"), {"/".join(["d"] * at): None for at in range(1, 61)}),
        "directories nobody lists": (file(b"a/b/c/f", X), {"a": None, "a/b": None, "a/b/c": None, "a/b/c/f": X}),
        "./ in front of everything": (directory(b"./") + directory(b"./a/") + file(b"./a/f", X), {"a": None, "a/f": X}),
        "UTF-8": (file("ü/日本/😀".encode(), X), {"ü": None, "ü/日本": None, "ü/日本/😀": X}),
        "no UTF-8": (file(b"\xff\xfe", X), {os.fsdecode(b"\xff\xfe"): X}),
        "blanks and quotes": (file(b" a'b\"c\\d$e ", X), {" a'b\"c\\d$e ": X}),
        "a newline": (file(b"a\nb", X), {"a\nb": X}),
        "an escape": (file(b"\x1b[2J", X), {"\x1b[2J": X}),
        "dots": (file(b"...", X) + file(b"..a", X) + file(b"a..", X), {"...": X, "..a": X, "a..": X}),
        "a backslash": (file(b"..\\..\\x", X), {"..\\..\\x": X}),
        "empty files and directories": (directory(b"d") + file(b"d/e") + file(b"e"), {"d": None, "d/e": b"", "e": b""}),
        "many files": (b"".join(file(b"%d" % at, X) for at in range(3000)), {str(at): X for at in range(3000)}),
        "pax times and owners": (
            pax({"mtime": "1.5", "atime": "1", "ctime": "2", "uid": "1", "gid": "2", "uname": "u", "gname": "g"})
            + file(b"a", X),
            {"a": X},
        ),
        "a pax size": (pax({"size": 1}) + file(b"a", X), {"a": X}),
        "base 256 sizes": (file(b"a", X, size=b"\x80" + bytes(10) + b"\x01"), {"a": X}),
        "sizes with blanks": (file(b"a", X, size=b"         1 \0"), {"a": X}),
        "type NUL": (file(b"a", X, type=b"\0"), {"a": X}),
    }
    return found


def made_by_python():
    """The same tree in each of Python's formats."""
    found = {}
    tree = {"a": None, "a/f": X * 700, "a/l": "f", "b": None, LONG[:90]: X, "e": b""}
    longer = tree | {PATH.split("/")[0]: None, "/".join(PATH.split("/")[:2]): None, PATH: X, "ü": X, "l2": PATH}
    for name, form in {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}.items():
        content = tree if name == "ustar" else longer
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as archive:
            for path, value in content.items():
                entry = tarfile.TarInfo(path)
                entry.mtime = 1.5 if name == "pax" else 1
                if value is None:
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                elif isinstance(value, str):
                    entry.type, entry.linkname = tarfile.SYMTYPE, value
                else:
                    entry.size = len(value)
                archive.addfile(entry, io.BytesIO(value) if isinstance(value, bytes) else None)
        found[f"Python's {name}"] = out.getvalue(), content
    return found


def made_by_gnu():
    found = {}
    with tempfile.TemporaryDirectory() as directory:
        os.makedirs(f"{directory}/a/{PATH}")
        for path in ("a/f", "a/g", f"a/{LONG}", f"a/{PATH}/f"):
            with open(f"{directory}/{path}", "wb") as out:
                out.write(X)
        os.link(f"{directory}/a/g", f"{directory}/a/h")
        os.symlink("f", f"{directory}/a/l")
        parts = PATH.split("/")
        tree = {"f": X, "g": X, "h": X, "l": "f", LONG: X, f"{PATH}/f": X}
        tree |= {"/".join(parts[:at]): None for at in range(1, 4)}
        for form in ("gnu", "oldgnu", "pax", "posix"):
            command = ["tar", f"--format={form}", "-cf", "-", "-C", f"{directory}/a", "."]
            if form in ("pax", "posix"):
                # Else it notes the process in the name of every extended header, which is harmless but not the same twice.
                command[1:1] = ["--pax-option=exthdr.name=%d/%f"]
            found[f"GNU tar, {form}"] = subprocess.run(command, check=True, capture_output=True).stdout, tree
    return found


def slots():
    """Packages of odd but right slots."""
    over_zero = pax({"size": 1}) + file(b"a", X, size=0) + END
    yield of_archive("benign: a pax size over zero", RIGHT_, over_zero, tree={"a": X}, entries=1, files=1)
    check = Slot("check", RIGHT)
    yield Variant("benign: a slot alone", RIGHT_, [check])
    yield Variant("benign: 300 slots", RIGHT_, [check, *(Slot(f"s{at}", b"%d" % at) for at in range(300))])
    yield Variant(
        "benign: empty slots of every codec",
        RIGHT_,
        [check, *(Slot(f"s{code}", b"", code) for code in ("raw", "gzip", "xz", "zstd"))],
    )
    yield Variant(
        "benign: empty archives of every codec",
        RIGHT_,
        [check, *(Slot(f"s{code[4:]}", END, code) for code in ("tar", "tar.gz", "tar.xz", "tar.zst"))],
    )
    name = "a" * 128
    yield Variant("benign: an id of 128 bytes", RIGHT_, [check, Slot(name, b"x", target="{workenv}/x")])
    yield Variant(
        "benign: slots that share a directory",
        RIGHT_,
        [
            check,
            Slot("a", file(b"one", X) + END, "tar", target="{workenv}/d"),
            Slot("b", file(b"two", X) + END, "tar", target="{workenv}/d"),
        ],
    )
    yield Variant(
        "benign: two trees at the top",
        RIGHT_,
        [
            Slot("a", file(b"check", RIGHT) + END, "tar", target="{workenv}"),
            Slot("b", file(b"two", X) + END, "tar", target="{workenv}"),
        ],
    )
    yield Variant("benign: two slots of one content", RIGHT_, [check, Slot("a", b"x"), Slot("b", b"x")])
    yield Variant("benign: an attestation", RIGHT_, [check, Slot("_attestation", b"{}", lifecycle="attestation")])
    yield Variant(
        "benign: a big slot of runs",
        RIGHT_,
        [check, Slot("big", b"", "zstd", stored=streams.zstd_runs(20 << 20), plain_size=20 << 20)],
    )
