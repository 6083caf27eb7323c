"""A directory with a home, a cache and things that nobody may touch around them, in which packages are tried."""

import errno
import os
import stat
import tempfile
from pathlib import Path

from attempt import attempt
from place import remove

# Content of the files that are to stay as they are.
CANARY = b"nobody touches this\n"


class Arena:
    """Everything below `root` but the cache, the settings and the output directory is to stay as it is.

    `FLAVOR_CACHE_DIR` is not set: the cache is below the home, where most people have it.
    """

    def __init__(self, workshop):
        self.workshop = workshop
        # What attempts go by, if not each is a program started anew.
        self.starter = None
        self.root = Path(tempfile.mkdtemp(prefix="arena-"))
        self.home = self.root / "home"
        self.cache = self.home / ".cache" / "flavor"
        self.settings = self.home / ".config" / "flavor"
        self.outside = self.root / "outside"
        self.cwd = self.root / "cwd"
        self.out = self.root / "out"
        self.package = self.root / "app.psp"
        for directory in (self.home / ".ssh", self.outside / "deep", self.cwd / "deep", self.out, self.root / "tmp"):
            directory.mkdir(parents=True)
        for place in ("canary", "home/.profile", "home/.ssh/canary", "outside/canary", "outside/deep/canary", "cwd/canary"):
            (self.root / place).write_bytes(CANARY)
        (self.outside / "program").write_bytes(b"#!/bin/sh\necho evil\n")
        (self.outside / "program").chmod(0o755)
        self.allowed = {str(path) for path in (self.package, self.out, self.home / ".cache", self.home / ".config")}
        self.before = self.surroundings()

    def __enter__(self):
        os.chdir(self.cwd)
        return self

    def __exit__(self, *_):
        os.chdir("/")
        remove(self.root)

    def environment(self, **more):
        variables = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "TMPDIR": str(self.root / "tmp")}
        variables |= {name: str(value) for name, value in more.items() if value is not None}
        return {name: value for name, value in variables.items() if more.get(name, "") is not None}

    def write(self, content, path=None):
        """Puts a package in place; with --sabotage an honest one instead."""
        content = self.workshop.packed if self.workshop.options.sabotage else content
        path = path or self.package
        # Anew each time: a program that still runs cannot be written to.
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(handle, view) :]
        finally:
            os.close(handle)
        return path

    def flavor(self, *words, **more):
        by = self.starter.attempt if self.starter else attempt
        return by([self.workshop.flavor, *words], self.environment(**more))

    def start(self, *words, **more):
        """Starts the package itself."""
        return attempt([self.package, *words], self.environment(**more))

    def empty(self, settings=True):
        """Removes what the last attempts were allowed to make."""
        for path in (self.cache, self.out, *([self.settings] if settings else [])):
            clear(path)
        os.mkdir(self.out)

    def surroundings(self):
        """Everything that is to stay as it is, links and times included."""
        found = {}
        pending = [str(self.root)]
        while pending:
            directory = pending.pop()
            found[directory] = facts(os.lstat(directory))
            with os.scandir(directory) as entries:
                for entry in entries:
                    if entry.path in self.allowed:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        found[entry.path] = facts(entry.stat(follow_symlinks=False))
        return found

    def escapes(self):
        """What has changed outside, and what is inside that must not be there."""
        now = self.surroundings()
        found = []
        if now != self.before:
            changed = sorted(now.keys() | self.before.keys())
            found = [f"changed outside: {path}" for path in changed if now.get(path) != self.before.get(path)]
            self.before = now
        for top in (self.out, self.cache, self.settings):
            found += forbidden(str(top))
        return found


def clear(path):
    """Removes a tree quickly. What is in the way of that, such as a directory that may not be read, is left to `remove`."""
    try:
        empty_directory(path)
        os.rmdir(path)
    except FileNotFoundError:
        pass
    except OSError:
        remove(Path(path))


def empty_directory(path):
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                empty_directory(entry.path)
                os.rmdir(entry.path)
            else:
                os.unlink(entry.path)


def facts(status):
    """What would be different of a file that somebody has touched. The arena's own directories change as it is used. The time
    of the last change is the kernel's own: whoever writes to a file, and puts the old content and times back, is seen."""
    if stat.S_ISDIR(status.st_mode):
        return status.st_mode
    return status.st_mode, status.st_nlink, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def forbidden(top):
    """Special files, set-uid and its kin, and links out of extracted trees, below a directory."""
    found = []
    pending = [top] if os.path.isdir(top) else []
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                path = entry.path
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    pending.append(path)
                elif not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
                    found.append(f"special file: {path}")
                if not stat.S_ISLNK(mode):
                    if mode & 0o7000:
                        found.append(f"mode {mode & 0o7777:o}: {path}")
                elif tree := tree_of(path, top):
                    where = destination(path)
                    if where != tree and not where.startswith(tree + os.sep):
                        found.append(f"link out of the tree: {path} -> {os.readlink(path)}")
    return found


def destination(path):
    """Where a link leads: by the kernel's own word, and if nothing is there yet, where something would have to be."""
    try:
        handle = os.open(path, os.O_PATH)
    except OSError as error:
        # Through too many links nobody gets; such a link stays where it is.
        return path if error.errno == errno.ELOOP else os.path.realpath(path)
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


def tree_of(path, top):
    """The extracted tree that a path is in: a slot's in the cache, or a directory below the output directory."""
    parts = Path(path).relative_to(top).parts
    if "v2" in parts:
        at = parts.index("v2")
        inside = parts[at + 1 : at + 2] == ("slots",) and len(parts) > at + 4
        return os.path.realpath(os.path.join(top, *parts[: at + 4])) if inside else None
    return os.path.realpath(os.path.join(top, parts[0])) if len(parts) > 1 else None
