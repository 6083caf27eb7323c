"""Changes of an archive, held as a list of pieces: a header with its content, or what is in its place."""

from functools import cache

from codec import tar

from .values import NUMBERS, noise, number, text

KINDS = b"0\x001234567xgLKSVMNDX"


@cache
def original():
    """A tree with one of everything, and a link that another may be led through. Nobody changes the list."""
    return [
        tar.directory(b"d"),
        tar.directory(b"d/e"),
        tar.file(b"a", b"content of a\n"),
        tar.file(b"d/f", b"f\n" * 400, mode=0o755),
        tar.pax({"path": "d/" + "n" * 120}) + tar.file(b"n", b"long\n"),
        tar.file(b"empty"),
        tar.hardlink(b"h", b"a"),
        tar.symlink(b"d/l", b".."),
        tar.symlink(b"l", b"d/e"),
        tar.symlink(b"s", b"d/l/a"),
        tar.END,
    ]


def mutate(chance, pieces):
    pieces = list(pieces)
    at = chance.randrange(len(pieces))
    kind = chance.randrange(10)
    if kind < 4:
        pieces[at] = header(chance, pieces[at])
    elif kind == 4:
        pieces.insert(at, extension(chance))
    elif kind == 5:
        pieces.insert(at, entry(chance))
    elif kind == 6:
        pieces.insert(chance.randrange(len(pieces)), pieces[at])
    elif kind == 7:
        other = chance.randrange(len(pieces))
        pieces[at], pieces[other] = pieces[other], pieces[at]
    elif kind == 8:
        del pieces[at]
    else:
        pieces[at] = noise(chance, pieces[at])
    return pieces


def header(chance, piece):
    """One field of the header, which mostly gets a right checksum again."""
    if len(piece) < tar.BLOCK:
        return piece
    block = bytearray(piece[: tar.BLOCK])
    field = chance.choice([*tar.FIELDS, "name", "link", "size", "type", "mode"])
    at, width = tar.FIELDS[field]
    if field in ("name", "link", "prefix", "uname", "gname"):
        value = text(chance).encode()[:width].ljust(width, b"\0")
    elif field == "type":
        value = bytes([chance.choice(KINDS)])
    elif field == "magic":
        value = chance.choice([tar.USTAR, tar.GNU, bytes(8), b"ustar\0\0\0"])
    else:
        wanted = number(chance, tar.number(bytes(block[at : at + width])))
        value = chance.choice(
            [b"%0*o\0" % (width - 1, abs(wanted)), tar.base256(wanted, width), b"%d" % wanted, b" " * width]
        )
        value = value[:width].ljust(width, b"\0")
    block[at : at + width] = value
    if field != "checksum" and chance.random() < 0.9:
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + piece[tar.BLOCK :]


def extension(chance):
    kind = chance.randrange(4)
    if kind == 0:
        return tar.long_name(text(chance).encode(), chance.choice([b"L", b"K"]))
    records = {
        chance.choice(["path", "linkpath", "size", "mtime", "evil"]): chance.choice(
            [text(chance), number(chance), chance.choice(NUMBERS)]
        )
    }
    content = b"".join(tar.record(key, str(value)) for key, value in records.items())
    if kind == 1:
        content = noise(chance, content)
    elif kind == 2:
        content += content
    return tar.pax(content, chance.choice([b"x", b"x", b"x", b"g", b"X"]))


def entry(chance):
    name, link = text(chance).encode()[:100], text(chance).encode()[:100]
    kind = chance.randrange(4)
    if kind == 0:
        return tar.file(name, chance.randbytes(chance.choice([0, 1, 511, 512, 513])))
    if kind == 1:
        return tar.directory(name)
    return tar.symlink(name, link) if kind == 2 else tar.hardlink(name, link)
