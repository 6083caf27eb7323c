"""Links that lead out, at once or through each other, and what is written through them."""

import os

from codec.tar import directory, file, hardlink, long_name, pax, symlink

from .variant import refused, right

X = b"x"


def variants(outside):
    there = os.fsencode(outside)
    yield from refused(symbolic(there))
    yield from refused(chains(there))
    yield from refused(hard(there))
    yield from right(circles())


def symbolic(there):
    targets = {
        "absolute": there,
        "absolute file": there + b"/canary",
        "/": b"/",
        "..": b"..",
        "../x": b"../x",
        "../../../outside": b"../../../outside",
        "a/../..": b"a/../..",
        "./..": b"./..",
        "a/./../../x": b"a/./../../x",
        "//x": b"//x",
        "/proc/self/root": b"/proc/self/root",
        "/dev/stdout": b"/dev/stdout",
    }
    found = {}
    for label, target in targets.items():
        found[f"link to {label}"] = symlink(b"l", target)
        found[f"pax link to {label}"] = pax({"linkpath": target}) + symlink(b"l", b"innocent")
        found[f"GNU link to {label}"] = long_name(target, b"K") + symlink(b"l", b"innocent")
    found["deep link to ../../.."] = directory(b"a") + directory(b"a/b") + symlink(b"a/b/l", b"../../..")
    found["deep link to ../../../x"] = directory(b"a") + directory(b"a/b") + symlink(b"a/b/l", b"../../../x")
    found["link to 120 times ../"] = symlink(b"l", b"../" * 120)
    return found


def chains(there):
    """No target leads out by its text alone; the kernel gets out through another link."""
    deep = directory(b"d") + directory(b"d/e") + directory(b"d/e/f")
    up = directory(b"d") + symlink(b"d/l", b"..")
    found = {
        "up a link and over": up + symlink(b"a", b"d/l/../.."),
        "up a link, one step": up + symlink(b"a", b"d/l/.."),
        "up a link, later in the archive": directory(b"d") + symlink(b"a", b"d/l/..") + symlink(b"d/l", b".."),
        "up a link, then a file through it": up + symlink(b"a", b"d/l/../..") + file(b"a/x", X),
        "up a link, then a link through it": up + symlink(b"a", b"d/l/../..") + symlink(b"a/x", b"y"),
        "up a link, then a directory through it": up + symlink(b"a", b"d/l/../..") + directory(b"a/x"),
        "up a link, then a hard link through it": file(b"f", X) + up + symlink(b"a", b"d/l/../..") + hardlink(b"a/x", b"f"),
        "into a deep directory's link": deep
        + symlink(b"s", b"d/e/f")
        + symlink(b"d/e/f/r", b"../../..")
        + symlink(b"x", b"s/r/.."),
        "two links up": deep + symlink(b"d/e/f/u", b"../..") + symlink(b"d/v", b"..") + symlink(b"x", b"d/e/f/u/v/.."),
        "short for deep": deep
        + symlink(b"s", b"d/e/f")
        + symlink(b"d/e/f/t", b"../../../s")
        + symlink(b"x", b"d/e/f/t/../../../.."),
        "shortening": deep + symlink(b"d/e/f/top", b"../../..") + symlink(b"d/e/x", b"f/top/.."),
        "a chain of ten": deep
        + b"".join(symlink(b"d/%d" % at, b"%d" % (at + 1)) for at in range(10))
        + symlink(b"d/10", b"..")
        + symlink(b"x", b"d/0/.."),
        "through . and ..": directory(b"d") + symlink(b"d/l", b"./..") + symlink(b"a", b"d/l/./.."),
        "link as a directory of the next link's name": directory(b"d") + symlink(b"d/l", b"..") + symlink(b"d/l/m", b".."),
        "out and back in": up + symlink(b"a", b"d/l/../data"),
        "two hundred links up": directory(b"d")
        + symlink(b"d/0", b"..")
        + b"".join(symlink(b"%d" % at, b"d/0/d/0") for at in range(200))
        + symlink(b"x", b"1/d/0/.."),
        "dangling first, then up": directory(b"d") + symlink(b"a", b"later/../..") + symlink(b"later", b"d"),
        "dangling with ..": symlink(b"a", b"missing/../.."),
        "file over link": symlink(b"a", b"d") + directory(b"d") + file(b"a", X),
        "hard link to a symbolic link that leads out": symlink(b"a", there) + hardlink(b"b", b"a"),
    }
    found["a ladder of links, doubled four times, then up"] = ladder(4)
    return found


def ladder(height):
    """Each link goes twice through the one below; the last goes up."""
    steps = b"".join(symlink(b"d/%d" % at, b"%d/d/%d" % (at - 1, at - 1)) for at in range(1, height + 1))
    return directory(b"d") + symlink(b"d/0", b"..") + steps + symlink(b"x", b"d/%d/.." % height)


def circles():
    """The kernel follows forty links and no more: nobody gets out through these, or anywhere."""
    return {
        "a link's own child, twice up": (symlink(b"a", b"a/..") + symlink(b"b", b"a/../.."), None),
        "a ladder of links, doubled eleven times, then up": (ladder(11), None),
    }


def hard(there):
    targets = {
        "outside": there + b"/canary",
        "..": b"..",
        "../../outside/canary": b"../../outside/canary",
        "climbing": b"d/../../x",
        "missing": b"missing",
        "empty": b"",
        ".": b".",
        "absolute": b"/etc/passwd",
        "a directory": b"d",
        "itself": b"h",
        "a symbolic link": b"s",
        "through a symbolic link": b"s/f",
    }
    base = directory(b"d") + file(b"d/f", X) + symlink(b"s", b"d")
    found = {}
    for label, target in targets.items():
        found[f"hard link to {label}"] = base + hardlink(b"h", target)
        found[f"pax hard link to {label}"] = base + pax({"linkpath": target}) + hardlink(b"h", b"d/f")
    found["hard link with content"] = base + hardlink(b"h", b"d/f", size=1) + X.ljust(512, b"\0")
    found["hard link to an upward link"] = directory(b"d") + symlink(b"d/u", b"..") + hardlink(b"h", b"d/u")
    found["hard link to a later link to outside"] = hardlink(b"h", b"s") + symlink(b"s", there)
    return found
