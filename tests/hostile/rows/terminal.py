"""Nothing of a package reaches the terminal as it is: no control byte, no change of direction, no line that looks like ours."""

import json

from attempt import raw
from codec import ours
from codec.ours import Slot
from codec.tar import END, file, symlink
from crowd import each
from workshop import RIGHT

# What a terminal obeys. `INJECTED` is where a line would begin if a newline got through.
EVIL = {
    "escape": "\x1b[2J",
    "title": "\x1b]0;evil\x07",
    "C1": "\x9b2J",
    "delete": "\x7f",
    "backspace": "good\b\b\b\bevil",
    "return": "good\revil",
    "next line": "good\x85evil",
    "bidi": "\u202egnp.exe\u2066",
    "mark": "\u200f\u061c",
    "tab": "good\tevil",
}
ALONE = {"newline": "good\nINJECTED", "NUL": "good\0evil"}


def run(workshop, full, outcome):
    workshop.made()
    evil = (EVIL if full else {"everything": "".join(EVIL.values())}) | ALONE
    answers = each(workshop, looked_at, lambda _: made(evil))
    for _, failures in answers:
        for failure in failures:
            outcome.expect(False, failure)
    attempts, length = (sum(column) for column in zip(*(counts for counts, _ in answers)))
    outcome.figure(f"{attempts} outputs, {length >> 10} KiB, {len(outcome.failures)} with a raw control or a false line")


def made(texts):
    """Label, slots, and what is changed of the signed object."""
    for label, evil in texts.items():
        for place, edit in places(evil).items():
            yield f"{label} in {place}", content(), edit
        yield f"{label} in a foreign package", content(), foreign(evil)
        for place, slots in archived(evil).items():
            yield f"{label} in {place}", slots, None


def places(evil):
    """Every text of a package that some command may print."""

    def put(*path):
        def edit(signed):
            inner = signed
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = evil

        return edit

    def key(*path):
        def edit(signed):
            inner = signed
            for step in path:
                inner = inner[step]
            inner[evil] = {"evil": evil}

        return edit

    return {
        "the package's name": put("package", "name"),
        "its version": put("package", "version"),
        "its description": put("package", "description"),
        "format": put("format"),
        "a slot's id": put("slots", 1, "id"),
        "a slot's target": lambda signed: signed["slots"][1].update(target="{workenv}/" + evil),
        "a slot's purpose": put("slots", 1, "purpose"),
        "a slot's operations": put("slots", 1, "operations"),
        "a slot's lifecycle": put("slots", 1, "lifecycle"),
        "a slot's checksum": put("slots", 1, "checksum"),
        "permissions": put("slots", 1, "permissions"),
        "the launcher's tool": put("launcher", "tool"),
        "the launcher's version": put("launcher", "tool_version"),
        "the launcher's checksum": put("launcher", "checksum"),
        "build": put("build", "tool"),
        "a program's name": put("flavor", "programs", 0, "name"),
        "a program": lambda signed: signed["flavor"]["programs"][0].update(argv=["/missing/" + evil]),
        "the target system": put("flavor", "target"),
        "the lowest glibc": put("flavor", "glibc_floor"),
        "an unknown key": key("flavor"),
        "a key outside": key(),
        "metadata": lambda signed: signed["flavor"].update(metadata={evil: evil}),
        "a policy": lambda signed: signed.update(policy={"require_env": [evil], "platforms": [], "refuse_root": False}),
        "a platform": lambda signed: signed.update(policy={"require_env": [], "platforms": [evil], "refuse_root": False}),
        "Python's version": lambda signed: signed["flavor"].update(python=python(version=evil)),
        "Python's slot": lambda signed: signed["flavor"].update(python=python(slot=evil)),
        "the interpreter": lambda signed: signed["flavor"].update(python=python(executable=evil)),
        "a set-up command": lambda signed: signed["flavor"].update(set_up=[["/missing/" + evil]]),
        "a set-up's output": lambda signed: signed["flavor"].update(
            set_up=[["/bin/sh", "-c", 'printf %s "$1" >&2; exit 3', "sh", evil.replace("\0", "")]]
        ),
        "a variable": lambda signed: signed["execution"].update(env={evil: evil}),
    }


def python(**more):
    return {"slot": "data", "executable": "f", "implementation": "cpython", "version": "3.13.0", "venv": True} | more


def commands(arena):
    """Everything that prints something of a package."""
    package = arena.package
    yield lambda: arena.flavor("verify", package)
    yield lambda: arena.flavor("verify", "--json", package)
    yield lambda: arena.flavor("inspect", package)
    yield lambda: arena.flavor("inspect", "--json", package)
    yield lambda: arena.flavor("inspect", "--licenses", package)
    yield lambda: arena.flavor("inspect", "--sbom", package)
    yield lambda: arena.flavor("extract", package, "1", arena.out / "one")
    yield lambda: arena.flavor("extract", package, "missing", arena.out / "missing")
    yield lambda: arena.flavor("extract-all", package, arena.out / "stored")
    yield lambda: arena.flavor("extract-all", "--as-tree", package, arena.out / "trees")
    yield lambda: arena.flavor("run", package)
    yield lambda: arena.start()
    yield lambda: arena.start(FLAVOR_LOG="trace", FLAVOR_LOG_LEVEL="trace")
    yield lambda: arena.flavor("trust", "verify", package)
    yield lambda: arena.flavor("trust", "list")
    yield lambda: arena.flavor("trust", "list", "--json")
    yield lambda: arena.flavor("workenv", "list")
    yield lambda: arena.flavor("workenv", "list", "--json")
    yield lambda: arena.flavor("workenv", "info")
    yield lambda: arena.flavor("workenv", "verify")
    for word in (
        ["info"],
        ["verify"],
        ["metadata"],
        ["path", "1"],
        ["warm"],
        ["accept"],
        ["extract", "1", arena.out / "cli"],
    ):
        yield lambda word=word: arena.start(*word, FLAVOR_LAUNCHER_CLI="1")
    yield lambda: arena.flavor("workenv", "clean", "-y")


def content():
    return [Slot("check", RIGHT), Slot("data", file(b"f", b"x", mode=0o755) + END, "tar")]


def looked_at(arena, item):
    """Attempts and bytes, and what is wrong with them."""
    label, slots, edit = item
    arena.write(ours.package(slots, arena.workshop.launcher, arena.workshop.key, ["/bin/cat", "{workenv}/check"], edit))
    arena.empty()
    attempts, length, failures = 0, 0, []
    for command in commands(arena):
        done = command()
        attempts += 1
        length += len(done.stdout) + len(done.stderr)
        found = done.broken or raw(done.stdout) or injected(done.stdout) or injected(done.stderr)
        failures += [f"{label}: {found}: {done}"] if found else []
    return (attempts, length), failures


def injected(output):
    """A line that begins with what a package says."""
    if any(line.lstrip().startswith(b"INJECTED") for line in output.split(b"\n")):
        return "a false line"
    return None


def foreign(evil):
    """The same in a package that FlavorPack might have made."""

    def edit(signed):
        signed.pop("flavor")
        signed["package"] = {"name": evil, "version": evil}
        signed["launcher"].update(tool=evil, tool_version=evil)
        signed["execution"]["command"] = evil
        signed["slots"][0].update(id=evil, checksum="", target=evil, operations=evil, lifecycle=evil, purpose=evil)
        signed["build"]["tool"] = evil

    return edit


def archived(evil):
    """In names inside archives, of what unpacks and of what is refused, and in the attestation."""
    name = evil.encode().replace(b"\0", b"0")
    core = b"Name: " + name + b"\nVersion: " + name + b"\nLicense: " + name + b"\n\n"
    archives = {
        "a name": file(name, b"x"),
        "a name that leaves": file(b"../" + name, b"x"),
        "a name twice": file(name, b"x") * 2,
        "a link": symlink(b"l", b"../" + name),
        "a distribution": file(name[:60] + b"-1.dist-info/METADATA", core),
    }
    evidence = json.dumps(
        {"sbom": {"name": evil, "components": [{"name": evil}]}, "provenance": {"x": evil}}, ensure_ascii=False
    )
    found = {place: [Slot("check", RIGHT), Slot("data", archive + END, "tar")] for place, archive in archives.items()}
    found["the attestation"] = [
        *content()[:1],
        Slot("data", b"x"),
        Slot("_attestation", evidence.encode(), lifecycle="attestation"),
    ]
    return found
