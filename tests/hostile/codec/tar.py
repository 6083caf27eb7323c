"""Archives, header by header, right and wrong: docs/format.md § Archive, IEEE Std 1003.1 `pax`, GNU tar's manual."""

BLOCK = 512
END = bytes(2 * BLOCK)
USTAR = b"ustar\x0000"
GNU = b"ustar  \0"

FIELDS = {
    "name": (0, 100),
    "mode": (100, 8),
    "uid": (108, 8),
    "gid": (116, 8),
    "size": (124, 12),
    "mtime": (136, 12),
    "checksum": (148, 8),
    "type": (156, 1),
    "link": (157, 100),
    "magic": (257, 8),
    "uname": (265, 32),
    "gname": (297, 32),
    "major": (329, 8),
    "minor": (337, 8),
    "prefix": (345, 155),
}


def octal(number, width):
    return b"%0*o\0" % (width - 1, number)


def base256(number, width):
    """GNU's form, negative numbers included."""
    return (number & (1 << 8 * width) - 1 | 1 << 8 * width - 1).to_bytes(width, "big")


def padded(content):
    return content + bytes(-len(content) % BLOCK)


def header(name, type=b"0", *, size=0, mode=0o644, link=b"", magic=USTAR, checksum=None, **more):
    """One block. Numbers may be bytes, which are then taken as they stand."""
    values = {"name": name, "type": type, "size": size, "mode": mode, "link": link, "magic": magic}
    values = {"uid": 0, "gid": 0, "mtime": 0} | values | more
    block = bytearray(BLOCK)
    for field, value in values.items():
        at, width = FIELDS[field]
        content = octal(value, width) if isinstance(value, int) else value
        block[at : at + width] = content[:width].ljust(width, b"\0")
    if checksum is None:
        block[148:156] = b" " * 8
        checksum = b"%06o\0 " % sum(block)
    block[148:156] = checksum
    return bytes(block)


def file(name, content=b"", mode=0o644, **more):
    """A regular file; `size` may lie."""
    more.setdefault("size", len(content))
    return header(name, mode=mode, **more) + padded(content)


def directory(name, mode=0o755, **more):
    return header(name, b"5", mode=mode, **more)


def symlink(name, target, **more):
    if len(target) > 100:
        return pax({"linkpath": target}) + header(name, b"2", mode=0o777, link=target[:100], **more)
    return header(name, b"2", mode=0o777, link=target, **more)


def hardlink(name, target, **more):
    return header(name, b"1", link=target, **more)


def record(key, value):
    """One pax record; its length counts its own digits."""
    key = key if isinstance(key, bytes) else key.encode()
    value = value if isinstance(value, bytes) else str(value).encode()
    body = len(key) + len(value) + 3
    length = body + len(str(body))
    length = body + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def pax(records, type=b"x", **more):
    """An extended header, of pairs or of bytes as they stand."""
    if isinstance(records, dict):
        records = records.items()
    content = records if isinstance(records, bytes) else b"".join(record(key, value) for key, value in records)
    return file(b"pax", content, type=type, **more)


def long_name(name, type=b"L"):
    """GNU's long name or, with `K`, long link."""
    return file(b"././@LongLink", name + b"\0", type=type, magic=GNU)


def long_path(name, entry):
    """An entry, a function of its name, whose name does not fit a header."""
    return pax({"path": name}) + entry(name[:100])


def count(archive):
    """Entries, and regular files among them, as a reader of right archives counts."""
    at = entries = files = 0
    while at + BLOCK <= len(archive) and any(archive[at : at + BLOCK]):
        block = archive[at : at + BLOCK]
        kind = block[156:157]
        size = number(block[124:136])
        if kind not in (b"x", b"g", b"L", b"K"):
            entries += 1
            files += kind in (b"0", b"\0", b"1")
        at += BLOCK + -(-size // BLOCK) * BLOCK
    return entries, files


def number(field):
    try:
        if field[0] & 0x80:
            return int.from_bytes(field[1:], "big") if field[0] == 0x80 else 0
        return int(field.strip(b"\0 ") or b"0", 8)
    except ValueError:
        return 0
