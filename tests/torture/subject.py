"""Packages whose program tells whether its environment is whole (probe.c)."""

import random
import shutil
import subprocess
import zlib
from pathlib import Path

import mounts
from place import Place

HERE = Path(__file__).resolve().parent


class Package:
    """A packed project: its file, and the line that its program prints in a whole environment."""

    def __init__(self, path, name, files):
        self.path = path
        self.name = name
        self.files = files

    @property
    def right(self):
        return f"right {self.name} {self.files}\n"

    def moved(self, to):
        """The same package under another path."""
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self.path, to)
        return Package(to, self.name, self.files)


class Workshop:
    """Makes packages with one `flavor` in one directory, and places to start them in."""

    # Where the caches of places lie, unless that is beside their homes.
    storage = None
    # Of the points that the reduced form of a row tries, every n-th is tried.
    thin = 1

    def __init__(self, flavor, directory, launcher=None, suites=None):
        self.launcher, self.suites = launcher, suites
        self.flavor = Path(flavor).resolve()
        self.directory = directory
        self.probe = directory / "probe"
        command = ["cc", "-O2", "-static", "-o", self.probe, HERE / "probe.c"]
        subprocess.run(command, check=True, timeout=60)

    def place(self, *packages, kind=Place):
        """A place to start packages in."""
        return mounts.place_on(self.storage, packages, kind) if self.storage else kind()

    def on(self, mount, full):
        """This workshop on a file system."""
        return mounts.on(self, mount, full)

    def environment(self):
        """What `flavor` sees: a home of its own, nothing of the caller's."""
        home = self.directory / "home"
        home.mkdir(exist_ok=True)
        cache = self.directory / "build-cache"
        return {"PATH": "/usr/bin:/bin", "HOME": str(home), "FLAVOR_CACHE_DIR": str(cache)}

    def pack(self, name, trees, version="1", effort=None, lifecycles=(), hooks="", made=()):
        """Packs a project of the trees, slot name → (operations, {path: bytes, or a str for a symbolic link's target}).

        `lifecycles` has those of the slots that are not eager; the program does not look at `lazy` and `init` ones. `hooks`
        is the body of the table of that name, `made` has the files that they make.
        """
        lifecycles, made = dict(lifecycles), dict(made)
        project = self.directory / f"{name}-{version}"
        project.mkdir()
        shutil.copy2(self.probe, project / "probe")
        lines = [f"name {name}-{version}\n"]
        slots = []
        for slot, (operations, tree) in trees.items():
            for path, content in tree.items():
                place = project / slot / path
                place.parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, str):
                    place.symlink_to(content)
                    content = place.resolve().read_bytes()
                else:
                    place.write_bytes(content)
                if lifecycles.get(slot) not in ("lazy", "init"):
                    lines.append(f"{zlib.crc32(content):x} {len(content)} {slot}/{path}\n")
            lifecycle = lifecycles.get(slot, "eager")
            slots.append(SLOT.format(name=slot, source=slot, operations=operations, lifecycle=lifecycle))
        (project / "list").write_text("".join(lines))
        for path, content in made.items():
            lines.append(f"{zlib.crc32(content):x} {len(content)} {path}\n")
        manifest = PROJECT.format(name=name, version=version, slots="".join(slots), hooks=hooks)
        (project / "list").write_text("".join(lines))
        (project / "pyproject.toml").write_text(manifest)
        output = self.directory / f"{name}-{version}.psp"
        command = [self.flavor, "pack", "-q", "--key-seed", "torture", "--manifest", project / "pyproject.toml"]
        command += ["--output", output]
        command += ["--launcher-bin", self.launcher] if self.launcher else []
        command += ["--compress", str(effort)] if effort is not None else []
        subprocess.run(command, check=True, timeout=600, env=self.environment(), stdout=subprocess.DEVNULL)
        shutil.rmtree(project)
        return Package(output, f"{name}-{version}", len(lines) - 1)

    def small(self, name="small", version="1"):
        """A package with everything that extraction knows, in few files: several frames, a file that spans two, links,
        equal files (hard links), an empty one, nested directories, two codecs."""
        big = noise(5_000_000, name)
        data = {"big": big, "empty": b"", "a/one": b"one\n" * 500, "a/same": b"one\n" * 500}
        data |= {"a/b/c/deep": noise(3000, "deep"), "a/link": "b/c/deep", "z": version.encode()}
        text = {"read me": f"{name}\n".encode() * 2000, "more/text": b"text\n" * 100}
        return self.pack(name, {"data": ('["tar", "zstd:1"]', data), "text": ('["tar", "gzip:1"]', text)}, version)

    def lifecycles(self, name):
        """A package with slots of every lifecycle, and a set-up command that makes a file from what only it sees."""
        tree = {"one": b"one\n" * 500, "a/deep": noise(3000, "deep")}
        operations = '["tar", "zstd:1"]'
        kinds = {"kept": "eager", "asked": "lazy", "early": "init", "short": "temporary"}
        hooks = 'post_extract = "/bin/sh -c \'cp $FLAVOR_WORKENV/early/a/deep made.new; mv made.new made\'"'
        trees = {slot: (operations, tree) for slot in kinds}
        return self.pack(name, trees, lifecycles=kinds, hooks=hooks, made={"made": tree["a/deep"]})

    def many(self, name, files, size, operations='["tar", "zstd:1"]', version="1"):
        """A package with `files` files of `size` bytes each."""
        content = noise(size + files, name)
        tree = {f"{at % 100:02}/{at // 100:05}": content[at : at + size] for at in range(files)}
        return self.pack(name, {"data": (operations, tree)}, version)


PROJECT = """
[project]
name = "{name}"
version = "{version}"
[tool.flavor.execution]
command = ["{{workenv}}/probe", "{{workenv}}/list"]
[[tool.flavor.slots]]
id = "probe"
source = "probe"
operations = ["raw"]
target = "probe"
permissions = "0755"
[[tool.flavor.slots]]
id = "list"
source = "list"
operations = ["raw"]
target = "list"
{slots}
[tool.flavor.hooks]
{hooks}
"""

SLOT = """
[[tool.flavor.slots]]
id = "{name}"
source = "{source}"
operations = {operations}
target = "{name}"
lifecycle = "{lifecycle}"
"""


def noise(size, seed):
    """Bytes that look random and are the same each time."""
    return random.Random(seed).randbytes(size)

