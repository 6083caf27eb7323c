"""What an archive holds by the word of Python's tarfile, which shares nothing with the readers under test."""

import io
import os
import tarfile


def tree(plain):
    """Path → content, None for a directory, text for a link; or None if the archive is not one to tarfile."""
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:", errorlevel=2) as archive:
            for entry in archive:
                # A negative size sends it back, for ever in older versions.
                if archive.offset <= entry.offset:
                    return None
                name = entry.name.removeprefix("./").rstrip("/")
                if name in ("", "."):
                    continue
                for at, byte in enumerate(name):
                    if byte == "/":
                        found.setdefault(name[:at], None)
                if entry.isdir():
                    found[name] = None
                elif entry.issym():
                    found[name] = entry.linkname
                elif entry.islnk():
                    found[name] = ("same as", entry.linkname.removeprefix("./"))
                elif entry.isreg():
                    found[name] = archive.extractfile(entry).read()
                else:
                    found[name] = ("special", entry.type)
    except (tarfile.TarError, ValueError, OverflowError, EOFError, UnicodeError):
        return None
    for name, value in found.items():
        if isinstance(value, tuple) and value[0] == "same as":
            found[name] = found.get(value[1])
    return found


def on_disk(top):
    """The same of a directory."""
    found = {}
    for directory, directories, files in os.walk(top):
        for name in [*directories, *files]:
            path = os.path.join(directory, name)
            key = os.path.relpath(path, top)
            if os.path.islink(path):
                found[key] = os.readlink(path)
            else:
                found[key] = None if os.path.isdir(path) else open(path, "rb").read()
    return found
