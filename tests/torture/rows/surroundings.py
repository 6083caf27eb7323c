"""Odd surroundings: a start is right, or refuses with an error that names the remedy. None hangs."""

import os
import pwd
import subprocess
from pathlib import Path

from place import Place
from strace import MANY_PROCESSORS

NOBODY = 65534


class Tmpfs:
    """A small file system of its own."""

    def __init__(self, place, options):
        self.path = place.root / "mount"
        self.path.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.path], check=True, timeout=60)

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.path], check=True, timeout=60)


class Case:
    """Starts of one package in one kind of surroundings."""

    def __init__(self, package, outcome):
        self.package, self.outcome = package, outcome
        self.right = self.refused = 0

    def right_start(self, place, what, **options):
        start = place.start(options.pop("package", self.package), patience=30, **options)
        self.right += self.outcome.expect(start.kind == "right", f"{what}: {start}")
        return start

    def refused_start(self, place, what, remedies, **options):
        """The refusal must have one of the words in it."""
        start = place.start(self.package, patience=30, **options)
        good = start.kind == "refused" and any(word in start.stderr for word in remedies)
        self.refused += self.outcome.expect(good, f"{what}: {start}")
        return start


def run(workshop, full, outcome):
    case = Case(workshop.small("odd"), outcome)
    for function in (full_disk, inodes, homes, umasks, paths, mounts, limits, descriptors, users, processors):
        with Place() as place:
            function(case, place, full)
    outcome.figure(f"{case.right} starts right, {case.refused} refused with a remedy, no hang")


def full_disk(case, place, full):
    """8 MB for a package of 5, with less and less room; then room again."""
    for used in range(0, 8, 1 if full else 3):
        with Tmpfs(place, "size=8m") as mount:
            (mount / "filler").write_bytes(bytes(used << 20))
            cache = {"FLAVOR_CACHE_DIR": mount / "cache"}
            start = place.start(case.package, env=cache)
            what = f"{used} of 8 MB in use"
            if start.kind == "right":
                case.right += 1
            else:
                case.outcome.expect(start.kind == "refused", f"{what}: {start}")
                case.outcome.expect("FLAVOR_CACHE_DIR" in start.stderr, f"{what}, no remedy: {start}")
                case.refused += 1
            (mount / "filler").unlink()
            case.right_start(place, f"{what}, then room", env=cache)
            left = list((mount / "cache/v2/staging").iterdir())
            case.outcome.expect(not left, f"{what}: left {left}")
    # Room is promised and then not there: the disk fills up while a slot is written.
    with Tmpfs(place, "size=5500k") as mount:
        cache = {"FLAVOR_CACHE_DIR": mount / "cache"}
        (mount / "filler").write_bytes(bytes(400 << 10))
        case.refused_start(place, "the disk fills up", ["FLAVOR_CACHE_DIR"], env=cache)


def inodes(case, place, full):
    for count in range(2, 60, 1 if full else 7):
        with Tmpfs(place, f"size=64m,nr_inodes={count}") as mount:
            cache = {"FLAVOR_CACHE_DIR": mount / "cache"}
            start = place.start(case.package, env=cache)
            what = f"{count} inodes"
            if start.kind == "right":
                case.right += 1
            else:
                case.outcome.expect(start.kind == "refused", f"{what}: {start}")
                case.outcome.expect("FLAVOR_CACHE_DIR" in start.stderr, f"{what}, no remedy: {start}")
                case.refused += 1
            subprocess.run(["mount", "-o", "remount,nr_inodes=1000", mount], check=True, timeout=60)
            case.right_start(place, f"{what}, then more", env=cache)


def homes(case, place, full):
    # Without a HOME that serves, the account's own is used: an empty one takes its place.
    account = pwd.getpwuid(os.getuid()).pw_dir
    own = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs "$0" && exec "$@"', account]
    none = {"FLAVOR_CACHE_DIR": None, "HOME": None}
    case.right_start(place, "HOME unset", env=none | {"TMPDIR": place.root}, prefix=own)
    for home in ("/nonexistent/home", "", "home"):
        case.right_start(place, f"HOME is `{home}`", env=none | {"HOME": home}, prefix=own)
    with Tmpfs(place, "size=8m") as mount:
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True, timeout=60)
        case.right_start(place, "HOME read-only", env=none | {"HOME": mount}, prefix=own)
        case.refused_start(
            place, "the named cache is read-only", ["FLAVOR_CACHE_DIR"], env={"FLAVOR_CACHE_DIR": mount / "cache"}
        )
    file = place.root / "file"
    file.write_text("")
    case.refused_start(place, "the named cache is a file", ["FLAVOR_CACHE_DIR"], env={"FLAVOR_CACHE_DIR": file})


def umasks(case, place, full):
    for umask in (0o077, 0o000, 0o777, 0o277, 0o022):
        place.empty()
        prefix = ["sh", "-c", f'umask {umask:03o}; exec "$@"', "sh"]
        case.right_start(place, f"umask {umask:03o}", prefix=prefix)
        case.right_start(place, f"umask {umask:03o}, again", prefix=prefix)
        writable = [name for name in place.listing() if " link " not in name and int(name.split()[-1], 8) & 0o022]
        case.outcome.expect(not writable, f"umask {umask:03o}: others may write {writable[:3]}")


def paths(case, place, full):
    names = [b"with blanks and \ttab", b"n\xf8n-utf8 \xff\xfe", b"line\nbreak", b"quote'\"$x`", b"a" * 200]
    if full:
        names += [b"-dash", b"colon:semi;", b"{workenv}", b"%s", "ünïcode".encode()]
    for name in names:
        directory = os.fsencode(place.root) + b"/" + name
        os.makedirs(directory)
        moved = case.package.moved(Path(os.fsdecode(directory + b"/app.psp")))
        cache = Path(os.fsdecode(directory + b"/cache"))
        case.right_start(place, f"a path with {name!r}", package=moved, env={"FLAVOR_CACHE_DIR": os.fsdecode(cache)})
        case.right_start(
            place, f"again {name!r}", package=moved, env={"FLAVOR_CACHE_DIR": os.fsdecode(cache)}, cwd=directory
        )
    # As long as a path may be, and longer than what is below it allows.
    deep = place.root
    while len(os.fsencode(deep)) < (3800 if full else 2000):
        deep = deep / ("d" * 200)
    deep.mkdir(parents=True)
    start = place.start(case.package, env={"FLAVOR_CACHE_DIR": deep / "cache"})
    case.right += start.kind == "right"
    case.refused += start.kind == "refused"
    case.outcome.expect(start.kind in ("right", "refused"), f"a cache of {len(str(deep))} bytes: {start}")


def mounts(case, place, full):
    with Tmpfs(place, "size=64m,noexec") as mount:
        noexec = {"FLAVOR_CACHE_DIR": mount / "cache"}
        case.refused_start(place, "noexec", ["FLAVOR_CACHE_DIR"], env=noexec)
        case.refused_start(place, "noexec, again", ["FLAVOR_CACHE_DIR"], env=noexec)
    # Warm, then mounted noexec: the start fails when it execs.
    with Tmpfs(place, "size=64m") as mount:
        later = {"FLAVOR_CACHE_DIR": mount / "cache"}
        case.right_start(place, "before noexec", env=later)
        subprocess.run(["mount", "-o", "remount,noexec", mount], check=True, timeout=60)
        case.refused_start(place, "noexec later", ["FLAVOR_CACHE_DIR"], env=later)
        subprocess.run(["mount", "-o", "remount,exec,ro", mount], check=True, timeout=60)
        case.right_start(place, "warm and read-only", env=later)


def limits(case, place, full):
    for words in (["--stack=8388608"], ["--stack=262144"], ["--nofile=64"], ["--nofile=16"], ["--nproc=4096"]):
        place.empty()
        case.right_start(place, " ".join(words), prefix=["prlimit", *words])
        case.right_start(place, " ".join(words) + " again", prefix=["prlimit", *words])
    for count in range(3, 12):
        place.empty()
        start = place.start(case.package, prefix=["prlimit", f"--nofile={count}"])
        # With no descriptor to spare, the C library or the kernel may be the one that gives up.
        good = start.kind in ("right", "refused") or start.status in (1, 126, 127)
        case.outcome.expect(good, f"{count} descriptors: {start}")
    place.empty()
    # A file may not grow past this: SIGXFSZ, or EFBIG where it is ignored.
    start = place.start(case.package, prefix=["prlimit", "--fsize=1000000"])
    case.outcome.expect(start.kind in ("refused", "wrong") and start.status != 0, f"small files only: {start}")
    case.right_start(place, "after small files only")


def descriptors(case, place, full):
    """Standard descriptors that are closed."""
    for closing in ("<&-", "2>&-", "<&- 2>&-"):
        place.empty()
        case.right_start(place, closing, prefix=["sh", "-c", f'exec "$@" {closing}', "sh"])
        case.right_start(place, f"{closing} again", prefix=["sh", "-c", f'exec "$@" {closing}', "sh"])


def users(case, place, full):
    """Another user without a home of its own, and a cache that belongs to somebody else."""
    place.root.chmod(0o755)
    (place.root / "tmp").mkdir()
    (place.root / "tmp").chmod(0o1777)
    work = case.package.path.parent
    mode = work.stat().st_mode
    work.chmod(0o755)
    try:
        nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        none = {"FLAVOR_CACHE_DIR": None, "HOME": "/nonexistent", "TMPDIR": place.root / "tmp"}
        case.right_start(place, "nobody", prefix=nobody, env=none)
        case.right_start(place, "root's cache to be")
        case.refused_start(place, "somebody else's cache", ["FLAVOR_CACHE_DIR"], prefix=nobody)
        os.chown(place.cache, NOBODY, NOBODY)
        case.refused_start(place, "a cache that nobody owns, as root", ["FLAVOR_CACHE_DIR"])
        os.chown(place.cache, 0, 0)
        place.cache.chmod(0o777)
        case.refused_start(place, "a cache that all may write", ["chmod"])
        place.cache.chmod(0o700)
        case.right_start(place, "put right again")
    finally:
        work.chmod(mode & 0o7777)


def processors(case, place, full):
    """Sixty-four processors and sixty-four open files."""
    for files in (1024, 64):
        place.empty()
        words = ["prlimit", f"--nofile={files}", *MANY_PROCESSORS, "-o", place.root / "trace"]
        case.right_start(place, f"64 processors, {files} files", prefix=words)
        threads = (place.root / "trace").read_text().count("clone")
        case.outcome.expect(threads > 0, "64 processors: no thread was started")
