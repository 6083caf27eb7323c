"""What the signed text says of slots, places and programs."""

from codec.ours import Slot
from codec.tar import END, directory, file, symlink
from workshop import RIGHT

from .variant import NO_START, REFUSED, RIGHT_, STARTS, Variant, of_archive, signed

X = b"x"


def variants(outside):
    yield from targets(outside)
    yield from colliding()
    yield from ids(outside)
    yield from programs(outside)
    yield from python(outside)
    yield from environments()
    yield from records()


def targets(outside):
    bad = {
        "..": "{workenv}/..",
        "../x": "{workenv}/../x",
        "../../../../outside/x": "{workenv}/../../../../outside/x",
        "a/../../x": "{workenv}/a/../../x",
        "a/../x": "{workenv}/a/../x",
        "absolute": f"{outside}/x",
        "absolute behind workenv": "{workenv}" + f"{outside}/x/../../..",
        "relative ../x": "../x",
        "../ twice over workenv": "{workenv}/../{workenv}/x",
        "NUL": "{workenv}/a\0b",
        "part of 256 bytes": "{workenv}/" + "n" * 256,
        "5000 bytes": "{workenv}/" + "/".join(["n" * 200] * 25),
        ".flavor": "{workenv}/.flavor",
        ".flavor/seal": "{workenv}/.flavor/seal",
        ".flavor/set-up.log": "{workenv}/.flavor/set-up.log",
        "./.flavor": "{workenv}/./.flavor/seal",
        "//.flavor": "{workenv}//.flavor/seal",
        ".": "{workenv}/.",
        "a/./b": "{workenv}/a/./b",
        "a//b": "{workenv}/a//b",
        "a slash behind": "{workenv}/a/",
        "slashes in front": "{workenv}///a",
        "workenv and a letter": "{workenv}a",
        "without workenv": "a",
        "workenv inside": "a/{workenv}/b",
        "empty": "",
        "a slash": "/",
        "another placeholder": "{slot:0}/x",
        "a newline": "{workenv}/a\nb",
        "an escape": "{workenv}/a\x1b[2J",
    }
    for label, target in bad.items():
        for operations, content in (("raw", X), ("tar", file(b"f", X) + END)):
            yield of_archive(f"target {label}, {operations}", NO_START, content, operations, target=target)
    for label, target in {"a file at the top": "{workenv}", "a file at the top, with a slash": "{workenv}/"}.items():
        yield of_archive(f"target {label}", NO_START, X, "raw", target=target)


def colliding():
    """Slots in each other's way. A file is in a tree or over one of its files; nothing else shares a place, and nothing is ever
    written through a link."""
    check = Slot("check", RIGHT)
    linked = symlink(b"l", b"d") + directory(b"d") + file(b"d/f", X) + END
    tree = Slot("tree", linked, "tar")
    yield Variant("two files at one target", REFUSED, [Slot("one", b"evil\n", target="{workenv}/check"), check])
    yield Variant("a file inside another slot's tree", RIGHT_, [check, tree, Slot("in", X, target="{workenv}/tree/d/new")])
    yield Variant("a file over another slot's file", RIGHT_, [check, tree, Slot("in", X, target="{workenv}/tree/d/f")])
    yield Variant("a file through another slot's link", NO_START, [check, tree, Slot("in", X, target="{workenv}/tree/l/f")])
    yield Variant(
        "a tree over a file",
        REFUSED,
        [check, Slot("f", X, target="{workenv}/t"), Slot("t", linked, "tar", target="{workenv}/t")],
    )
    yield Variant(
        "a file over a tree",
        REFUSED,
        [check, Slot("t", linked, "tar", target="{workenv}/t"), Slot("f", X, target="{workenv}/t")],
    )
    yield Variant(
        "a file below a file", NO_START, [check, Slot("f", X, target="{workenv}/t"), Slot("g", X, target="{workenv}/t/x")]
    )
    private = Slot(
        "tree", directory(b".flavor") + file(b".flavor/seal", b'{"seal":3}') + END, "tar", target="{workenv}"
    )
    yield Variant("a tree with .flavor at the top", NO_START, [check, private])
    private = Slot("tree", symlink(b".flavor", b"x") + END, "tar", target="{workenv}")
    yield Variant("a link .flavor at the top", NO_START, [check, private])
    # What comes and goes has its place to itself, but may lie in a tree that is always there.
    for lifecycle in ("lazy", "init"):
        yield Variant(
            f"a {lifecycle} slot below another",
            RIGHT_,
            [check, tree, Slot("in", X, target="{workenv}/tree/x", lifecycle=lifecycle)],
        )
        yield Variant(
            f"a slot below a {lifecycle} one",
            NO_START,
            [check, Slot("tree", linked, "tar", lifecycle=lifecycle), Slot("in", X, target="{workenv}/tree/x")],
        )
        yield Variant(
            f"a {lifecycle} slot at the top",
            NO_START,
            [check, Slot("tree", linked, "tar", target="{workenv}", lifecycle=lifecycle)],
        )


def ids(outside):
    bad = {
        "../..": "../..",
        "..": "..",
        ".": ".",
        "empty": "",
        "absolute": f"{outside}/x",
        "a slash": "a/b",
        "NUL": "a\0b",
        "newline": "a\nb",
        "a field of a seal": 'a","written":"settled","x":"',
        "escape": "\x1b]0;evil\x07",
        "C1": "a\x9b2Jb",
        "bidi": "a\u202eb",
        "a blank": "a b",
        "a letter beyond ASCII": "ü",
        "129 bytes": "n" * 129,
        "a backslash": "a\\b",
    }
    for label, name in bad.items():
        yield of_archive(f"id {label}", REFUSED, X, "raw", record={"id": name}, target="{workenv}/data")
    check = Slot("check", RIGHT)
    yield Variant("id twice", REFUSED, [check, Slot("data", X), Slot("data", b"y", target="{workenv}/y")])
    yield Variant("id twice, checks", REFUSED, [check, Slot("check", b"y", target="{workenv}/y")])
    yield Variant(
        "two attestations",
        REFUSED,
        [check, Slot("_attestation", b"{}", lifecycle="attestation"), Slot("_attestation", b"{}", lifecycle="attestation")],
    )


def programs(outside):
    def argv(*words):
        def edit(signed):
            signed["flavor"]["programs"] = [{"name": "hostile", "argv": list(words)}]

        return edit

    yield signed("no programs", NO_START, lambda signed: signed["flavor"].update(programs=[]))
    yield signed("no words", NO_START, argv())
    yield signed("an empty word", NO_START, argv(""))
    yield signed("NUL in a word", NO_START, argv("/bin/cat", "{workenv}/check\0"))
    yield signed("a directory", NO_START, argv("{workenv}"))
    yield signed("a missing program", NO_START, argv("{workenv}/missing"))
    yield signed("a file that is no program", NO_START, argv("{workenv}/check"))
    yield signed("out of the environment, to what is not there", NO_START, argv("{workenv}/../../../../missing"))
    # A package may start what the machine has: the signer is trusted to run programs, and its slots need /bin/sh.
    yield signed("a program of the machine", RIGHT_, argv("/bin/cat", "{workenv}/check"))

    def set_up(*commands):
        def edit(signed):
            signed["flavor"]["set_up"] = [list(command) for command in commands]

        return edit

    yield signed("set-up fails", NO_START, set_up(["/bin/false"]))
    yield signed("set-up of no words", NO_START, set_up([]))
    yield signed("set-up of a missing program", NO_START, set_up(["{workenv}/missing"]))
    yield signed("set-up with NUL", NO_START, set_up(["/bin/true", "a\0b"]))
    yield signed("set-up of text", REFUSED, lambda signed: signed["flavor"].update(set_up="/bin/true"))
    # What ours does not know has no effect.
    yield signed(
        "FlavorPack's set-up in ours",
        RIGHT_,
        lambda signed: signed.update(setup_commands=[{"content": "x", "path": f"{outside}/x", "type": "write_file"}]),
    )
    yield signed(
        "FlavorPack's directories in ours",
        REFUSED,
        lambda signed: signed.update(workenv={"directories": [{"path": f"{outside}/made"}]}),
    )


def python(outside):
    def facts(**more):
        def edit(signed):
            wanted = {
                "slot": "data",
                "executable": "bin/python3.13",
                "implementation": "cpython",
                "version": "3.13.0",
                "venv": True,
            }
            signed["flavor"]["python"] = wanted | more

        return edit

    tree = [Slot("check", RIGHT), Slot("data", directory(b"bin") + file(b"bin/python3.13", X, mode=0o755) + END, "tar")]
    yield signed("python: right", RIGHT_, facts(), tree)
    for label, more in {
        "executable ../": {"executable": "../../../../bin/sh"},
        "executable absolute": {"executable": "/bin/sh"},
        "executable absolute outside": {"executable": f"{outside}/program"},
        "executable empty": {"executable": ""},
        "executable .": {"executable": "."},
        "executable with a newline": {"executable": "bin/python\nhome = /evil"},
        "executable NUL": {"executable": "bin/python\0"},
        "slot missing": {"slot": "missing"},
        "slot ..": {"slot": "../.."},
        "slot empty": {"slot": ""},
        "version ..": {"version": "3.../../../x.0"},
        "version with slashes": {"version": "3.13/../../x"},
        "version with a newline": {"version": "3.13.0\nhome = /evil"},
        "version empty": {"version": ""},
        "implementation with a newline": {"implementation": "cpython\nhome = /evil"},
    }.items():
        yield signed(f"python: {label}", NO_START, facts(**more), tree)
    yield signed("python: unknown key", REFUSED, facts(evil=1), tree)
    yield signed("python: no venv", REFUSED, lambda signed: signed["flavor"].update(python={"slot": "data"}), tree)


def environments():
    """Names of variables that are none."""

    def edit(place, content):
        def change(signed):
            if place == "execution":
                signed["execution"]["env"] = content
            else:
                signed["runtime"] = {"env": {place: content}}

        return change

    for label, name in {"=": "A=B", "NUL": "A\0B", "empty": "", "= in front": "=A"}.items():
        yield signed(f"execution.env: name {label}", NO_START, edit("execution", {name: "x"}))
        yield signed(f"runtime.env.set: name {label}", NO_START, edit("set", {name: "x"}))
        yield signed(f"runtime.env.map: name {label}", NO_START, edit("map", {"PATH": name}))
    yield signed("execution.env: NUL in a value", NO_START, edit("execution", {"A": "x\0y"}))
    yield signed("runtime.env.set: NUL in a value", NO_START, edit("set", {"A": "x\0y"}))
    yield signed("runtime.env.unset: everything", RIGHT_, edit("unset", ["*"]))
    # Patterns that take a matcher exponential time.
    yield signed("runtime.env.unset: many stars", RIGHT_, edit("unset", ["*a" * 40 + "b"]))
    yield signed("runtime.env.map: a circle", RIGHT_, edit("map", {"A": "B", "B": "A"}))
    yield signed("runtime.env.set: LD_PRELOAD", RIGHT_, edit("set", {"A": "{workenv}{workenv}"}))


def records():
    """Single values of slots that are not so."""
    check = [Slot("check", RIGHT), Slot("data", X)]

    def slot(**more):
        def edit(signed):
            signed["slots"][1].update(more)

        return edit

    def facts(**more):
        def edit(signed):
            signed["flavor"]["slots"][1].update(more)

        return edit

    bad = {
        "slot 7": slot(slot=7),
        "slot 2^64 - 1": slot(slot=(1 << 64) - 1),
        "size 0": slot(size=0),
        "size 2": slot(size=2),
        "size -1": slot(size=-1),
        "size 2^63 - 1": slot(size=(1 << 63) - 1),
        "size 2^63": slot(size=1 << 63),
        "size 2^64": slot(size=1 << 64),
        "size -2^63": slot(size=-(1 << 63)),
        "size 1.0": slot(size=1.0),
        "size as text": slot(size="1"),
        "checksum of something else": slot(checksum="sha256:" + "0" * 64),
        "checksum short": slot(checksum="sha256:" + "0" * 16),
        "checksum empty": slot(checksum=""),
        "checksum md5": slot(checksum="md5:" + "0" * 32),
        "checksum in capitals": slot(checksum="SHA256:" + "0" * 64),
        "checksum doubled": slot(checksum="sha256:sha256:" + "0" * 64),
        "operations unknown": slot(operations="rot13"),
        "operations bzip2": slot(operations="bzip2"),
        "operations tar of tar": slot(operations="tar.tar"),
        "operations in capitals": slot(operations="RAW"),
        "operations none": slot(operations="none"),
        "operations as a list": slot(operations=["raw"]),
        "lifecycle unknown": slot(lifecycle="forever"),
        "lifecycle empty": slot(lifecycle=""),
        "permissions no octal": slot(permissions="rwx"),
        "permissions 0o644": slot(permissions="0o644"),
        "permissions negative": slot(permissions="-644"),
        "permissions with a plus": slot(permissions="+0644"),
        "permissions large": slot(permissions="7777777777"),
        "permissions as a number": slot(permissions=420),
        "blake3 of something else": facts(blake3="0" * 64),
        "blake3 short": facts(blake3="0" * 62),
        "blake3 in capitals": lambda signed: signed["flavor"]["slots"][1].update(
            blake3=signed["flavor"]["slots"][1]["blake3"].upper()
        ),
        "plain_size -1": facts(plain_size=-1),
        "plain_size 2^64": facts(plain_size=1 << 64),
        "plain_size 1e0": facts(plain_size=1e0),
        "files -1": facts(files=-1),
        "entries -1": facts(entries=-1),
        "entries as text": facts(entries="0"),
        "an unknown key": facts(evil=1),
        "facts missing": lambda signed: signed["flavor"]["slots"].pop(),
        "facts too many": lambda signed: signed["flavor"]["slots"].append(signed["flavor"]["slots"][0]),
        "records too few": lambda signed: signed["slots"].pop(),
        "records none": lambda signed: signed["slots"].clear(),
        "schema 0": lambda signed: signed["flavor"].update(schema=0),
        "schema 2": lambda signed: signed["flavor"].update(schema=2),
        "schema as text": lambda signed: signed["flavor"].update(schema="1"),
        "launcher size 0": lambda signed: signed["launcher"].update(size=0),
        "launcher size one more": lambda signed: signed["launcher"].update(size=signed["launcher"]["size"] + 1),
        "launcher size 2^64 - 1": lambda signed: signed["launcher"].update(size=(1 << 64) - 1),
        "launcher checksum empty": lambda signed: signed["launcher"].update(checksum=""),
        "launcher checksum of something else": lambda signed: signed["launcher"].update(checksum="sha256:" + "0" * 64),
        "build_timestamp -1": lambda signed: signed["flavor"].update(build_timestamp=-1),
        "policy: an unknown key": lambda signed: signed.update(policy={"evil": 1}),
        "policy: a list": lambda signed: signed.update(policy=[]),
    }
    for label, edit in bad.items():
        # docs/format.md § When a byte may be trusted: a start does not look at these.
        wanted = STARTS if label.endswith("checksum of something else") else REFUSED
        yield signed(f"signed: {label}", wanted, edit, check)
    for target in ("linux-aarch64", "windows-x86_64", "", "LINUX-x86_64"):
        yield signed(
            f"signed: target {target!r}",
            NO_START,
            lambda signed, target=target: signed["flavor"].update(target=target),
            check,
        )
    for label, count in {"one more": 2, "many": 1 << 40, "2^64 - 1": (1 << 64) - 1}.items():
        yield signed(f"signed: files {label}", REFUSED, facts(files=count), check)
