"""Headers, records and ends that two readers may read in two ways."""

from codec import tar
from codec.tar import BLOCK, END, base256, directory, file, hardlink, header, long_name, pax, record, symlink

from .variant import REFUSED, RIGHT_, of_archive, refused, right

X = b"x"


def variants(outside):
    yield from refused(types())
    yield from refused(sizes())
    yield from refused(records())
    yield from refused(numbers())
    yield from ends()
    yield from right(passed_over())
    yield from modes()


def types():
    found = {}
    for code in b"34 6 7 g S V M N D E K L x A Z a \xff *".replace(b" ", b""):
        kind = bytes([code])
        found[f"type {kind!r}"] = file(b"a", b"", type=kind)
        found[f"type {kind!r} with content"] = file(b"a", b"c" * 20, type=kind)
    found |= {
        "character device": header(b"null", b"3", mode=0o666, major=1, minor=3),
        "block device": header(b"disk", b"4", mode=0o666, major=8, minor=0),
        "fifo": header(b"pipe", b"6"),
        "socket by its mode": header(b"socket", b"s", mode=0o140755),
        "contiguous file": file(b"a", X, type=b"7"),
        "global pax": pax({"path": "x"}, type=b"g") + file(b"a", X),
        "global pax comment": pax({"comment": "x"}, type=b"g") + file(b"a", X),
        "Solaris pax": pax({"path": "x"}, type=b"X") + file(b"a", X),
        "GNU sparse": file(b"a", X, type=b"S", magic=tar.GNU),
        "GNU multi-volume": file(b"a", X, type=b"M", magic=tar.GNU),
        "GNU directory with a list": file(b"a", b"Yb\0\0", type=b"D", magic=tar.GNU),
        "pax sparse 1.0": pax(
            {"GNU.sparse.major": 1, "GNU.sparse.minor": 0, "GNU.sparse.name": "a", "GNU.sparse.realsize": 1 << 40}
        )
        + file(b"b", b"1\n0\n1\n".ljust(BLOCK, b"\0") + X),
        "pax sparse 0.1": pax({"GNU.sparse.map": "0,1", "GNU.sparse.size": 9, "GNU.sparse.numblocks": 1}) + file(b"b", X),
        "an extended attribute": pax({"SCHILY.xattr.security.capability": "x"}) + file(b"a", X),
        "an access list": pax({"SCHILY.acl.access": "user::rwx"}) + file(b"a", X),
        "a device by pax": pax({"SCHILY.devmajor": 1}) + file(b"a", X),
        "a pax charset": pax({"hdrcharset": "BINARY"}) + file(b"a", X),
        "directory with content": directory(b"a", size=1) + X.ljust(BLOCK, b"\0"),
        "symbolic link with content": header(b"a", b"2", link=b"b", size=1) + X.ljust(BLOCK, b"\0"),
        "directory with a link": file(b"a", b"", type=b"5", link=b"b", size=3),
        "v7 header": file(b"a", X, magic=bytes(8)),
        "other magic": file(b"a", X, magic=b"ustaz\x0000"),
    }
    # `a` alone is no link record's target: an `L` or `K` or `x` with nothing behind it is at the end.
    return found


def sizes():
    body = b"c" * 1024
    hidden = file(b"hidden", X)
    return {
        "pax size smaller": pax({"size": 0}) + header(b"a", size=1024) + body,
        "pax size larger": pax({"size": 1024}) + header(b"a", size=512) + body,
        "pax size hides an entry": pax({"size": len(hidden)}) + header(b"a", size=1) + hidden,
        "ustar size hides an entry": pax({"size": 1}) + header(b"a", size=len(hidden)) + hidden,
        "pax size of a directory": pax({"size": len(hidden)}) + directory(b"a") + hidden,
        "pax size of a link": pax({"size": len(hidden)}) + symlink(b"a", b"b") + hidden,
        "pax size of a hard link": file(b"b", X) + pax({"size": len(hidden)}) + hardlink(b"a", b"b") + hidden,
        "pax size of a pax header": pax({"size": 512}) + pax({"path": "b"}) + file(b"a", X),
        "size past the end": header(b"a", size=1 << 20) + body,
        "size to the last block": header(b"a", size=1024 + 1024) + body,
        "size of 2^33 - 1": header(b"a", size=(1 << 33) - 1),
        "pax size of 2^63": pax({"size": 1 << 63}) + file(b"a", b"", size=0),
        "pax size of 2^64 - 1": pax({"size": (1 << 64) - 1}) + file(b"a", b"", size=0),
        "pax size of 2^64": pax({"size": 1 << 64}) + file(b"a", b"", size=0),
        "pax size of a hundred digits": pax({"size": b"9" * 100}) + file(b"a", b"", size=0),
        "pax size with leading zeros": pax({"size": b"0001"}) + file(b"a", b"xy", size=2),
        "pax size negative": pax({"size": -1}) + file(b"a", X),
        "pax size empty": pax({"size": b""}) + file(b"a", X),
        "pax size with a blank": pax({"size": b" 1"}) + file(b"a", X),
        "pax size with a plus": pax({"size": b"+2"}) + file(b"a", X, size=0),
        "pax size hexadecimal": pax({"size": b"0x1"}) + file(b"a", X),
        "padding filled": header(b"a", size=1) + X + b"hidden".ljust(BLOCK - 1, b"\0"),
    }


def records():
    one = record("path", "b")
    path = b"path=b\n"
    bad = {
        "length 0": b"0 " + path,
        "length 1": b"1 " + path,
        "length of the key alone": b"6 " + path,
        "length one less": b"8 " + path,
        "length two more": b"11 " + path,
        "length huge": b"99999 " + path,
        "length of 2^64": b"18446744073709551616 " + path,
        "length of 2^63": b"9223372036854775808 " + path,
        "length negative": b"-9 " + path,
        "length with a plus": b"+9 " + path,
        "length with a blank": b" 9 " + path,
        "length of a hundred digits": b"9" * 100 + b" " + path,
        "length of a thousand zeros": b"0" * 1000 + b"9 " + path,
        "leading zero": b"010 path=b\n",
        "no length": path,
        "no blank": b"9path=b\n",
        "tab for a blank": b"9\tpath=b\n",
        "no equals": b"8 pathb\n",
        "no newline": b"9 path=bx",
        "no key": b"5 =b\n",
        "zero bytes behind": one + bytes(3),
        "garbage behind": one + b"x",
        "blank behind": one + b" ",
        "half a record": one + b"9 pa",
        "unknown key": record("evil", "x"),
        "key in capitals": record("PATH", "b"),
        "key with a blank": record("path ", "b"),
        "Arabic digits": "٩ path=b\n".encode(),
    }
    found = {f"pax: {label}": pax(content) + file(b"a", X) for label, content in bad.items()}
    for key, first, second in (
        ("path", "b", "c"),
        ("linkpath", "b", "c"),
        ("size", "1", "1"),
        ("mtime", "1", "2"),
        ("uid", "0", "0"),
    ):
        found[f"pax: {key} twice"] = pax([(key, first), (key, second)]) + file(b"a", X)
        found[f"pax: {key} twice, the same"] = pax([(key, first), (key, first)]) + file(b"a", X)
    found |= {
        "two pax headers": pax({"path": "b"}) + pax({"path": "c"}) + file(b"a", X),
        "two pax headers of two keys": pax({"path": "b"}) + pax({"mtime": "1"}) + file(b"a", X),
        "two GNU names": long_name(b"b") + long_name(b"c") + file(b"a", X),
        "two GNU links": long_name(b"b", b"K") + long_name(b"c", b"K") + symlink(b"a", b"x"),
        "GNU name and pax path": long_name(b"b") + pax({"path": "c"}) + file(b"a", X),
        "pax path and GNU name": pax({"path": "c"}) + long_name(b"b") + file(b"a", X),
        "GNU link and pax linkpath": long_name(b"b", b"K") + pax({"linkpath": "c"}) + symlink(b"a", b"x"),
        "GNU name without its end": file(b"././@LongLink", b"name", type=b"L", magic=tar.GNU) + long_name(b"", b"L"),
        "GNU name with more behind its end": file(b"././@LongLink", b"b\0evil\0", type=b"L", magic=tar.GNU) + file(b"a", X),
        "GNU name of a megabyte": long_name(b"n" * (1 << 20)) + file(b"a", X),
        "pax header of two megabytes": pax({"comment": b"c" * (2 << 20)}) + file(b"a", X),
        "pax header at the end": pax({"path": "b"}),
        "GNU name at the end": long_name(b"b"),
        "pax header cut": pax({"path": "b"})[:BLOCK],
        "empty pax header": pax(b"") + file(b"a", b"", type=b"g"),
    }
    return found


def passed_over():
    """What no reader looks at."""
    return {
        "pax linkpath of a file": (pax({"linkpath": "b"}) + file(b"a", X), {"a": X}),
        "GNU link of a file": (long_name(b"b", b"K") + file(b"a", X), {"a": X}),
    }


def numbers():
    """In the size, where they count, and in every other field, where a strict reader wants numbers too."""
    bad = {
        "letters": b"abcdefg\0",
        "digit 8": b"0000008\0",
        "minus": b"-000001\0",
        "plus": b"+000001\0",
        "hexadecimal": b"0x00001\0",
        "blank inside": b"00 0001\0",
        "zero byte inside": b"00\x000001\0",
        "zero byte in front": b"\x00000644\0",
        "negative": base256(-1, 8),
        "base 256 overflow": b"\x80" + b"\xff" * 7,
        "base 256 other mark": b"\xc0" + bytes(7),
        "UTF-8": "００００".encode()[:8],
    }
    found = {}
    for label, content in bad.items():
        long = content[:1] * 4 + content if content[0] & 0x80 else content.rjust(12, b"0")
        if label == "base 256 overflow":
            long = b"\x80" + b"\xff" * 11
        if label == "negative":
            long = base256(-512, 12)
        found[f"size: {label}"] = header(b"a", size=long[:12])
        if label not in ("base 256 overflow",):
            found[f"mode: {label}"] = file(b"a", X, mode=content)
    # A reader that looks at these takes the archive to end where they are none; nobody else may go on.
    for field in ("uid", "gid", "mtime", "major", "minor"):
        for label in ("letters", "digit 8", "minus", "blank inside", "zero byte in front"):
            found[f"{field}: {label}"] = file(b"a", X, **{field: bad[label]})
    # The same of a header that only says more of the next one.
    for field in ("mode", "uid", "gid", "mtime", "major", "minor"):
        found[f"{field} of a pax header: letters"] = pax({"path": "b"}, **{field: bad["letters"]}) + file(b"a", X)
        found[f"{field} of a pax header: digit 8"] = pax({"path": "b"}, **{field: bad["digit 8"]}) + file(b"a", X)
    for label, checksum in {
        "zero": b"000000\0 ",
        "empty": bytes(8),
        "blanks": b" " * 8,
        "one more": None,
        "no octal": b"abcdef\0 ",
        "base 256": base256(1, 8),
    }.items():
        block = bytearray(file(b"a", X))
        right = int(block[148:154], 8)
        block[148:156] = checksum if checksum is not None else b"%06o\0 " % (right + 1)
        found[f"checksum: {label}"] = bytes(block)
    block = bytearray(file(b"a", X))
    block[148:156] = b"\0%06o\0" % int(block[148:154], 8)
    found["checksum: a zero byte in front"] = bytes(block)
    # Old Unix summed signed bytes; with a byte over 127 the two differ.
    block = bytearray(file("ü".encode(), X))
    blank = block[:148] + b" " * 8 + block[156:BLOCK]
    block[148:156] = b"%06o\0 " % sum(byte - 256 if byte > 127 else byte for byte in blank)
    found["checksum: of signed bytes"] = bytes(block)
    for at in (0, 99, 100, 124, 156, 157, 257, 345, 511):
        block = bytearray(file(b"a", X))
        block[at] ^= 1
        found[f"header byte {at} changed"] = bytes(block)
    return found


def ends():
    """Where an archive ends, and what is behind that."""
    one, other = file(b"a", X), file(b"b", b"hidden")
    wrong = {
        "no end": one,
        "one block of zeros": one + bytes(BLOCK),
        "no end, no padding": one[: BLOCK + 1],
        "cut in a header": one + other[:100],
        "cut in a file": header(b"a", size=2000) + b"c" * 1000,
        "nothing at all": b"",
        "one byte": b"x",
        "a byte behind": one + END + b"x",
        "an entry behind": one + END + other + END,
        "an entry behind one block of zeros": one + bytes(BLOCK) + other + END,
        "an archive behind": one + END + other,
        "garbage behind": one + END + b"garbage" * 100,
        "garbage in the second block": one + bytes(BLOCK) + b"x" * BLOCK,
        "half a block of zeros": one + bytes(BLOCK // 2),
    }
    for label, archive in wrong.items():
        for operations in ("tar", "tar.zst", "tar.gz", "tar.xz"):
            yield of_archive(f"end: {label}, {operations}", REFUSED, archive, operations)
    tree = {"a": X}
    yield of_archive("end: two blocks", RIGHT_, one + END, tree=tree)
    yield of_archive("end: zeros that do not fill a block", RIGHT_, one + END + bytes(7), tree=tree)
    # GNU tar and Python fill up to 10 KiB.
    yield of_archive("end: twenty blocks", RIGHT_, (one + END).ljust(10240, b"\0"), tree=tree)
    yield of_archive("end: nothing in the archive", RIGHT_, END, tree={})


def modes():
    """Bits that nobody gets, and bits that everybody gets back."""
    for mode in (0o4755, 0o2755, 0o1755, 0o6777, 0o7777, 0o104755, 0o40755, 0o120777):
        text = b"%o\0" % mode
        yield of_archive(f"mode {mode:o} of a file", RIGHT_, file(b"a", X, mode=text.rjust(8, b"0")) + END, tree={"a": X})
        yield of_archive(
            f"mode {mode:o} of a directory", RIGHT_, directory(b"a", mode=text.rjust(8, b"0")) + END, tree={"a": None}
        )
    yield of_archive("mode 0 of a file", RIGHT_, file(b"a", X, mode=0) + END, tree={"a": X})
    yield of_archive(
        "mode 0 of a directory with a file",
        RIGHT_,
        directory(b"a", mode=0) + file(b"a/x", X) + END,
        tree={"a": None, "a/x": X},
    )
    yield of_archive(
        "mode 0777 of all",
        RIGHT_,
        directory(b"a", mode=0o777) + file(b"a/x", X, mode=0o777) + END,
        tree={"a": None, "a/x": X},
    )
    yield of_archive(
        "owner 0 and names", RIGHT_, file(b"a", X, uid=0, gid=0, uname=b"root", gname=b"root") + END, tree={"a": X}
    )
    yield of_archive("owner 1000", RIGHT_, file(b"a", X, uid=1000, gid=1000, uname=b"evil") + END, tree={"a": X})
