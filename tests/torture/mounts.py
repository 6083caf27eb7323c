"""File systems that a cache may lie on, mounted for as long as a row needs them.

Each function is a context manager: `scratch` is a directory for what the mount consists of, `at` the mount point, which it makes.
"""

import copy
import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from place import remove

SFTP_SERVER = "/usr/lib/openssh/sftp-server"
# Seconds for a mount to come and go.
PATIENCE = 20


def call(*words, **options):
    subprocess.run([os.fspath(word) for word in words], check=True, timeout=60, stdout=subprocess.DEVNULL, **options)


@contextmanager
def unmounted(path):
    """Takes away what gets mounted at a path."""
    try:
        yield
    finally:
        call("umount", "--lazy", path)


@contextmanager
def loop(scratch, size, *make):
    """A loop device with a new file system."""
    image = scratch / "image"
    with open(image, "wb") as file:
        file.truncate(size)
    call(*make, image, stderr=subprocess.DEVNULL)
    done = subprocess.run(["losetup", "--show", "--find", image], check=True, capture_output=True, text=True, timeout=60)
    device = done.stdout.strip()
    try:
        yield device
    finally:
        call("losetup", "--detach", device)


@contextmanager
def ext4(scratch, at, inodes=20_000, size=256 << 20):
    with loop(scratch, size, "mkfs.ext4", "-q", "-N", str(inodes), "-O", "^has_journal") as device:
        at.mkdir()
        call("mount", device, at)
        at.chmod(0o700)
        with unmounted(at):
            yield


@contextmanager
def exfat(scratch, at):
    """Modes are one for all, as for vfat; nobody else may write."""
    with loop(scratch, 64 << 20, "mkfs.exfat") as device:
        at.mkdir()
        call("mount.exfat-fuse", "-o", "umask=022", device, at, stderr=subprocess.DEVNULL)
        with unmounted(at):
            yield


def vfat_of_kernel():
    return "\tvfat\n" in open("/proc/filesystems").read()


@contextmanager
def vfat(scratch, at):
    """By the kernel where it has vfat, else by FUSE: fusefat, which does not get back all the room of removed files."""
    at.mkdir()
    size = 1 << 30
    if vfat_of_kernel():
        with loop(scratch, size, "mkfs.vfat") as device:
            call("mount", "-t", "vfat", device, at)
            with unmounted(at):
                yield
        return
    image = scratch / "image"
    with open(image, "wb") as file:
        file.truncate(size)
    call("mkfs.vfat", image)
    call("fusefat", "-o", "rw+", image, at, stderr=subprocess.DEVNULL)
    with unmounted(at):
        yield


def bindfs(option):
    @contextmanager
    def mounted(scratch, at):
        below = scratch / "below"
        for path in (below, at):
            path.mkdir(mode=0o700)
        call("bindfs", option, below, at)
        with unmounted(at):
            yield

    return mounted


@contextmanager
def sshfs(scratch, at):
    """Over a pair of sockets instead of a network, without hard links."""
    below = scratch / "below"
    for path in (below, at):
        path.mkdir(mode=0o700)
    with sshfs_over(below, at):
        yield


@contextmanager
def sshfs_over(below, at):
    """The directory `below` by sshfs."""
    near, far = socket.socketpair()
    server = subprocess.Popen([SFTP_SERVER], stdin=far, stdout=far, stderr=subprocess.DEVNULL)
    command = ["sshfs", "-f", "-o", "passive,disable_hardlink", f":{below}", at]
    client = subprocess.Popen(command, stdin=near, stdout=near, stderr=subprocess.DEVNULL)
    near.close()
    far.close()
    try:
        end = time.monotonic() + PATIENCE
        while not os.path.ismount(at):
            if time.monotonic() > end or client.poll() is not None:
                raise RuntimeError("sshfs does not mount")
            time.sleep(0.02)
        with unmounted(at):
            yield
    finally:
        client.wait(PATIENCE)
        server.wait(PATIENCE)


@contextmanager
def overlay(scratch, at):
    """An empty lower layer and an empty upper one."""
    layers = Layers(scratch)
    layers.lower.mkdir(mode=0o700)
    with layers.mounted(at):
        yield


class Layers:
    """The layers of an overlay below a directory."""

    def __init__(self, scratch):
        self.lower, self.upper = scratch / "lower", scratch / "upper"

    def fill(self, place, packages):
        """Makes the lower layer of a cache that starts of packages have filled."""
        place.cache.mkdir(mode=0o700)
        for package in packages:
            start = place.start(package)
            if start.kind != "right":
                raise RuntimeError(f"before there is an overlay: {start}")
        os.rename(place.cache, self.lower)

    def mount(self, at):
        """With an upper layer that has nothing yet."""
        shutil.rmtree(self.upper, ignore_errors=True)
        for part in ("data", "work"):
            (self.upper / part).mkdir(parents=True)
        at.mkdir(mode=0o700, exist_ok=True)
        layers = f"lowerdir={self.lower},upperdir={self.upper}/data,workdir={self.upper}/work"
        call("mount", "-t", "overlay", "-o", layers, "overlay", at)

    @contextmanager
    def mounted(self, at):
        self.mount(at)
        with unmounted(at):
            yield


# --- where places have their caches -----------------------------------------------------------------------------------


class Directory:
    """Each place has its cache in a directory of its own on a mounted file system."""

    is_filled = False

    def __init__(self, top):
        self.top = top

    def enter(self, place, packages):
        place.cache = Path(tempfile.mkdtemp(dir=self.top)) / "cache"

    def empty(self, place):
        remove(place.cache)

    def leave(self, place):
        remove(place.cache.parent)


class LowerLayer:
    """Each place has its cache on an overlay, whose lower layer is what earlier starts have extracted, and what has happened
    to it since: every first start has a slot in the lower layer to extract again."""

    is_filled = True

    def enter(self, place, packages):
        place.layers = Layers(place.root)
        place.layers.fill(place, packages)
        for tree in place.layers.lower.glob("v2/slots/*/tree"):
            if tree.is_file() and tree.stat().st_mode & 0o111:
                os.truncate(tree, 100)
        place.layers.mount(place.cache)

    def empty(self, place):
        """Nothing has happened since the lower layer was filled."""
        self.leave(place)
        place.layers.mount(place.cache)

    def leave(self, place):
        call("umount", "--lazy", place.cache)


def place_on(storage, packages, kind):
    """A place of a kind of places, with its cache in a storage."""

    class On(kind):
        is_filled = storage.is_filled

        def __enter__(self):
            storage.enter(self, packages)
            return super().__enter__()

        def __exit__(self, *why):
            self.settle()
            storage.leave(self)
            super().__exit__(*why)

        def forget(self):
            storage.empty(self)

    return On()


@contextmanager
def on(workshop, name, full):
    """The workshop, with places whose caches lie on a file system. What differs there are calls and errors, not how many
    points are tried: the full form is what the reduced one is in memory."""
    there = copy.copy(workshop)
    there.thin = 1 if full else 4
    if name == "overlay":
        there.storage = LowerLayer()
        yield there
        return
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as scratch:
        top = Path(scratch) / "mounted"
        with WRITABLE[name](Path(scratch), top):
            there.storage = Directory(top)
            yield there


# Where a start is as right as in memory. A row is asked to run there as `ROW@MOUNT`.
WRITABLE = {"ext4": ext4, "overlay": overlay, "sshfs": sshfs}
