"""Names of entries that lead out, are no names, or are two entries' at once."""

import os

from codec.tar import directory, file, hardlink, long_name, pax, symlink

from .variant import refused

X = b"x"
PART = b"n" * 256
LONG = b"/".join([b"n" * 200] * 21)


def variants(outside):
    there = os.fsencode(outside)
    yield from refused(leading_out(there))
    yield from refused(no_names())
    yield from refused(twice())


def leading_out(there):
    """In each place where a name can stand: the header, the prefix, pax and GNU records."""
    names = {
        "..": b"..",
        "../x": b"../x",
        "../../../../outside/x": b"../../../../outside/x",
        "a/../../x": b"a/../../x",
        "a/..": b"a/..",
        "./../x": b"./../x",
        "/x": b"/x",
        "absolute": there + b"/x",
        "/": b"/",
        "//x": b"//x",
        "///": b"///",
        "/proc/self/cwd/x": b"/proc/self/cwd/x",
    }
    found = {}
    for label, name in names.items():
        found[f"file {label}"] = file(name, X)
        found[f"directory {label}"] = directory(name)
        found[f"symbolic link {label}"] = symlink(name, b"x")
        found[f"hard link {label}"] = file(b"x", X) + hardlink(name, b"x")
        found[f"pax path {label}"] = pax({"path": name}) + file(b"innocent", X)
        found[f"GNU long name {label}"] = long_name(name) + file(b"innocent", X)
    found |= {
        "prefix absolute": file(b"x", X, prefix=there),
        "prefix ..": file(b"x", X, prefix=b".."),
        "prefix a/..": file(b"x", X, prefix=b"a/../.."),
        "prefix and absolute name": file(there + b"/x", X, prefix=b"a"),
        "prefix ending in a slash": file(b"x", X, prefix=b"a/"),
        "prefix and ../x": file(b"../../x", X, prefix=b"a"),
        "prefix /": file(b"x", X, prefix=b"/"),
        "dots behind ./": file(b"././../x", X),
        "backslashes and dots": file(b"..\\x/../../y", X),
    }
    return found


def no_names():
    return {
        "empty": file(b"", X),
        "empty link": symlink(b"", b"x"),
        ".": file(b".", X),
        "a/.": file(b"a/.", X),
        "a/./b": file(b"a/./b", X),
        "a//b": file(b"a//b", X),
        "./ as a file": file(b"./", X),
        "pax path empty": pax({"path": b""}) + file(b"innocent", X),
        "pax path with a zero byte": pax({"path": b"a\0b"}) + file(b"innocent", X),
        "pax path .": pax({"path": b"."}) + file(b"innocent", X),
        "GNU name empty": long_name(b"") + file(b"innocent", X),
        "part of 256 bytes": pax({"path": PART}) + file(b"innocent", X),
        "directory with a part of 256 bytes": pax({"path": b"a/" + PART}) + directory(b"innocent"),
        "4220 bytes": pax({"path": LONG}) + file(b"innocent", X),
        "4220 bytes, GNU": long_name(LONG) + file(b"innocent", X),
        "64 KiB": pax({"path": b"a/" * 32768 + b"b"}) + file(b"innocent", X),
        "link target of 64 KiB": pax({"linkpath": b"a/" * 32768 + b"b"}) + symlink(b"l", b"x"),
        "link target empty": symlink(b"l", b""),
        "link target with a zero byte": pax({"linkpath": b"a\0b"}) + symlink(b"l", b"x"),
        "slash behind a file": file(b"a/", X),
        "slash behind a file in pax": pax({"path": b"a/"}) + file(b"innocent", X),
        "slash behind a symbolic link": symlink(b"a/", b"x"),
        "slash behind a hard link": file(b"x", X) + hardlink(b"a/", b"x"),
        "slashes behind a file": file(b"a///", X),
        "slashes behind a directory": directory(b"a///"),
    }


def twice():
    """Every pair of kinds under one name, in both orders, and under names that lead through each other."""
    entries = {
        "file": file(b"a", X),
        "other file": file(b"a", b"y"),
        "directory": directory(b"a"),
        "symbolic link": symlink(b"a", b"b"),
        "hard link": hardlink(b"a", b"b"),
    }
    first = file(b"b", X)
    found = {}
    for one, content in entries.items():
        for other, later in entries.items():
            found[f"{other} over {one}"] = first + content + later
    spelled = {"./": b"./a", "a slash": b"a/"}
    for label, name in spelled.items():
        found[f"directory twice, once with {label}"] = directory(b"a") + directory(name)
    found["file twice, once with ./"] = file(b"a", X) + file(b"./a", X)
    found["file twice, once by pax"] = file(b"a", X) + pax({"path": b"a"}) + file(b"b", X)
    found["file twice, once by GNU"] = file(b"a", X) + long_name(b"a") + file(b"b", X)
    found["file twice, once by prefix"] = directory(b"d") + file(b"d/a", X) + file(b"a", X, prefix=b"d")
    for label, content in {
        "file": file(b"a", X),
        "symbolic link": symlink(b"a", b"b"),
        "hard link": hardlink(b"a", b"b"),
        "link to a directory": directory(b"d") + symlink(b"a", b"d"),
    }.items():
        for below, later in {
            "file": file(b"a/x", X),
            "directory": directory(b"a/x"),
            "symbolic link": symlink(b"a/x", b"y"),
            "hard link": hardlink(b"a/x", b"b"),
        }.items():
            found[f"{below} below a {label}"] = first + content + later
            found[f"{below} below what becomes a {label}"] = first + later + content
    return found
