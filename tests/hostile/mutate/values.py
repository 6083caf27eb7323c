"""What is put in the place of something right."""

NUMBERS = [0, 1, 2, 7, 8, 63, 64, 255, 511, 512, 513, 4095, 65535, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32]
NUMBERS += [
    (1 << 33) - 1,
    1 << 53,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 512,
    (1 << 64) - 8,
    (1 << 64) - 1,
    1 << 64,
    -1,
    -512,
    -(1 << 63),
]

NAMES = [
    "",
    ".",
    "..",
    "/",
    "a",
    "d",
    "d/f",
    "./a",
    "a/",
    "../x",
    "d/../a",
    "d/../../x",
    "/etc/passwd",
    "d/l/../..",
    "l/../..",
    "x" * 99,
]
NAMES += [
    "x" * 100,
    "x" * 101,
    "x" * 255,
    "x" * 256,
    "d/" * 200 + "f",
    "a\0b",
    "a\nb",
    "\x1b[2J",
    "\u202ea",
    "\\..\\x",
    "{workenv}",
    "{workenv}/../x",
]
NAMES += [
    "d/l",
    "d/l/x",
    "check",
    ".flavor",
    ".flavor/seal",
    "_attestation",
    "a" * 5000,
    "ü",
    "proc/self/root",
    "l",
    "s",
    "...",
]

WORDS = [
    "raw",
    "tar",
    "gzip",
    "xz",
    "zstd",
    "tar.gz",
    "tar.xz",
    "tar.zst",
    "bzip2",
    "tar.bz2",
    "eager",
    "lazy",
    "temporary",
    "init",
    "attestation",
]
WORDS += [
    "0644",
    "0755",
    "7777",
    "08",
    "-1",
    "sha256:" + "0" * 64,
    "0" * 64,
    "flavor-launcher",
    "launcher",
    "linux-x86_64",
    "code",
    "PSPF/2025",
]

SCALARS = [None, True, False, 0, 1, -1, 1.5, 1 << 63, 1 << 64, -(1 << 63), "", "x", [], {}, [[]], [None], {"": ""}]


def number(chance, right=0):
    """Often one near the right one, where mistakes of one are."""
    return chance.choice(NUMBERS) if chance.random() < 0.6 else right + chance.choice([-512, -8, -1, 1, 8, 512])


def text(chance):
    return chance.choice(NAMES if chance.random() < 0.7 else WORDS)


def noise(chance, content):
    """Bytes flipped, put in, taken out, doubled, moved."""
    content = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        at = chance.randrange(len(content) + 1)
        length = chance.choice([1, 1, 4, 8, 64, 512])
        kind = chance.randrange(6)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(content):
            content[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFF])
        elif kind == 2:
            content[at:at] = chance.randbytes(length)
        elif kind == 3:
            del content[at : at + length]
        elif kind == 4:
            content[at:at] = content[at : at + length]
        else:
            other = chance.randrange(len(content) + 1)
            content[at : at + length] = content[other : other + length]
    return bytes(content)
