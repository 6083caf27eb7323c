"""Signed texts that two readers of JSON may read in two ways, or none can."""

import json

from codec import text
from codec.text import Pairs, Raw

from .variant import NO_START, REFUSED, RIGHT_, signed


def variants(outside):
    yield from doubled()
    yield from spelled()
    yield from numbers()
    yield from broken()
    yield from unknown()
    yield from positional()
    yield from depths()


def paths(value, path=()):
    """Every object in the signed one, by its path."""
    if isinstance(value, dict):
        yield path, value
        for key, one in value.items():
            yield from paths(one, (*path, key))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from paths(one, (*path, at))


def replaced(value, path, new):
    """The same with another value at a path."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


SHAPE = {
    (): ["format", "package", "slots", "execution", "launcher", "flavor", "build", "verification", "compatibility"],
    ("package",): ["name", "version"],
    ("slots", 0): ["id", "target", "size", "checksum", "operations", "permissions"],
    ("execution",): ["command", "env"],
    ("verification",): ["signed"],
    ("verification", "integrity_seal"): ["required"],
    ("build",): ["tool"],
    ("build", "platform"): ["os"],
    ("launcher",): ["size", "checksum", "tool"],
    ("compatibility",): ["features"],
    ("flavor",): ["schema", "slots", "programs", "target"],
    ("flavor", "slots", 0): ["blake3", "plain_size"],
    ("flavor", "programs", 0): ["name", "argv"],
}


def doubled():
    """Every known key twice, with the same value and with another, first and last; and unknown ones twice, where they may be."""
    for path, keys in SHAPE.items():
        for key in keys:
            for label, last in {"first": False, "last": True}.items():
                yield signed(
                    f"twice: {'.'.join(map(str, (*path, key)))}, right one {label}",
                    REFUSED,
                    twice(path, key, last, different=True),
                )
            yield signed(
                f"twice: {'.'.join(map(str, (*path, key)))}, the same", REFUSED, twice(path, key, True, different=False)
            )
        yield signed(f"twice: an unknown key in {path}", REFUSED, both(path, "evil", "evil"))
    for place in ("unknown", "metadata", "environment", "nested"):
        yield signed(f"twice: in {place}", REFUSED, deep(place))
    yield signed("twice: escaped", REFUSED, both((), Raw('"\\u0065xecution"'), None))
    yield signed("twice: an empty key", REFUSED, both((), "", ""))
    # Readers that do not look at the case take either.
    for key in (
        "Execution",
        "EXECUTION",
        "Flavor",
        "FLAVOR",
        "Slots",
        "sLots",
        "Package",
        "Launcher",
        "Format",
        "Policy",
        "Setup_Commands",
    ):
        yield signed(f"case: {key}", REFUSED, both((), key, None))
    yield signed("case: two unknown keys", REFUSED, both((), "evil", "Evil"))


def of_others():
    """Label and edit of what is ambiguous in packages that are not ours, too, whose spelling is free."""
    for path, keys in SHAPE.items():
        if "flavor" in (*path, *keys[:1]):
            continue
        for key in keys:
            if key != "flavor":
                for last in (False, True):
                    yield f"{'.'.join(map(str, (*path, key)))} twice, {last}", twice(path, key, last, different=True)
        yield f"an unknown key twice in {path}", both(path, "evil", "evil")
    for key in ("Execution", "SLOTS", "Package", "Launcher", "Format"):
        yield f"{key} and {key.lower()}", both((), key, None)
    for variant in positional():
        if "facts" not in variant.label and "program" not in variant.label:
            yield variant.label, variant.edit


def twice(path, key, last, different):
    def edit(whole):
        inner = whole
        for step in path:
            inner = inner[step]
        other = (
            {"evil": 1}
            if isinstance(inner[key], dict)
            else []
            if isinstance(inner[key], list)
            else 7
            if isinstance(inner[key], (int, bool))
            else "evil"
        )
        extra = (key, other if different else inner[key])
        pairs = list(inner.items())
        return replaced_text(whole, path, Pairs([extra, *pairs] if last else [*pairs, extra]))

    return edit


def both(path, first, second):
    """One or two more keys; None: only the first."""

    def edit(whole):
        inner = whole
        for step in path:
            inner = inner[step]
        more = [(first, 1)] + ([(second, 2)] if second is not None else [])
        return replaced_text(whole, path, Pairs([*inner.items(), *more]))

    return edit


def replaced_text(whole, path, pairs):
    """The text rather than the object: the codec takes rows from the slots as they were."""
    return text.write(replaced(whole, path, pairs))


def deep(place):
    two = Pairs([("a", 1), ("a", 2)])

    def edit(whole):
        if place == "unknown":
            whole["unknown"] = two
        elif place == "metadata":
            whole["flavor"]["metadata"] = {"own": two}
        elif place == "environment":
            whole["execution"]["env"] = Pairs([("A", "1"), ("A", "2")])
        else:
            whole["unknown"] = [[{"x": [two]}]]
        return text.write(whole)

    return edit


def raw(change):
    """A change of the text as it is."""
    return lambda whole: change(text.write(whole))


def spelled():
    """The same object in another spelling, and what is no JSON."""
    yield signed("spelled: indented", REFUSED, lambda whole: json.dumps(whole, indent=2).encode())
    wrong = {
        "escaped": lambda one: one.replace(b"eager", b"\\u0065ager"),
        "a slash escaped": lambda one: one.replace(b"PSPF/2025", b"PSPF\\/2025"),
        "blanks around": lambda one: b" \n\t" + one + b"\r\n ",
        "a blank behind a comma": lambda one: one.replace(b",", b", ", 1),
        "keys in another order": lambda one: one.replace(
            b'"format":"PSPF/2025","format_version":"1.0.0"', b'"format_version":"1.0.0","format":"PSPF/2025"'
        ),
        "byte order mark": lambda one: b"\xef\xbb\xbf" + one,
        "UTF-16": lambda one: one.decode().encode("utf-16"),
        "trailing bytes": lambda one: one + b"x",
        "trailing zero byte": lambda one: one + b"\0",
        "a second object": lambda one: one + one,
        "trailing comma": lambda one: one[:-1] + b",}",
        "comment": lambda one: b"/* */" + one,
        "single quotes": lambda one: one.replace(b'"format"', b"'format'", 1),
        "key without quotes": lambda one: one.replace(b'"format"', b"format", 1),
        "newline in a text": lambda one: one.replace(b"PSPF/2025", b"PSPF\n2025", 1),
        "zero byte in a text": lambda one: one.replace(b"PSPF/2025", b"PSPF\x002025", 1),
        "invalid UTF-8": lambda one: one.replace(b"PSPF/2025", b"PSPF\xff2025", 1),
        "overlong UTF-8": lambda one: one.replace(b"PSPF/2025", b"PSPF\xc0\xaf2025", 1),
        "surrogate in UTF-8": lambda one: one.replace(b"PSPF/2025", b"PSPF\xed\xa0\x802025", 1),
        "lone surrogate": lambda one: one.replace(b"PSPF/2025", b"PSPF\\ud800", 1),
        "bad escape": lambda one: one.replace(b"PSPF/2025", b"PSPF\\x41", 1),
        "cut": lambda one: one[:-1],
        "nothing but a blank": lambda one: b" ",
        "null": lambda one: b"null",
        "a list": lambda one: b"[" + one + b"]",
        "a text": lambda one: json.dumps(one.decode()).encode(),
        "an empty object": lambda one: b"{}",
        "a form feed": lambda one: b"\x0c" + one,
        "a blank of Unicode": lambda one: "\u00a0".encode() + one,
    }
    for label, change in wrong.items():
        yield signed(f"spelled: {label}", REFUSED, raw(change))


def numbers():
    for label, number in {
        "1e400": "1e400",
        "-0": "-0",
        "1.5": "1.5",
        "01": "01",
        "+1": "+1",
        "0x1": "0x1",
        "1e2": "1e2",
        "NaN": "NaN",
        "Infinity": "Infinity",
        "2^64": str(1 << 64),
        "2^1000": str(1 << 1000),
        "a hundred thousand digits": "9" * 100_000,
        "-1": "-1",
        "true": "true",
        "null": "null",
        "a list": "[1]",
    }.items():
        for path in (("flavor", "slots", 0, "plain_size"), ("launcher", "size"), ("slots", 0, "size")):
            yield signed(f"number {label} as {path[-1]}", REFUSED, at(path, Raw(number)))
    for label, number in {"1e400": "1e400", "01": "01", "NaN": "NaN"}.items():
        yield signed(f"number {label} where nobody looks", REFUSED, at(("unknown",), Raw(number)))


def at(path, value):
    def edit(whole):
        inner = whole
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        return text.write(whole)

    return edit


def broken():
    """Types of every known key."""
    for path, keys in SHAPE.items():
        for key in keys:
            for label, value in {"null": None, "number": 7, "text": "x", "list": [], "object": {}, "true": True}.items():

                def edit(whole, path=path, key=key, value=value):
                    inner = whole
                    for step in path:
                        inner = inner[step]
                    if type(inner[key]) is type(value) or (path, key) == (("slots", 0), "permissions") and value is None:
                        # Of the right type, and so another variant's business.
                        inner[key] = 7.5
                    else:
                        inner[key] = value

                # Without facts it is a foreign package, which our launcher never starts.
                wanted = NO_START if (path, key, label) == ((), "flavor", "null") else REFUSED
                yield signed(f"type: {'.'.join(map(str, (*path, key)))} = {label}", wanted, edit)


def unknown():
    for path in (("flavor",), ("flavor", "slots", 0), ("flavor", "programs", 0)):

        def edit(whole, path=path):
            inner = whole
            for step in path:
                inner = inner[step]
            inner["evil"] = 1

        yield signed(f"unknown key in {'.'.join(map(str, path))}", REFUSED, edit)
    for key in ("schema", "target", "slots", "programs", "build_timestamp"):
        yield signed(f"without flavor.{key}", REFUSED, lambda whole, key=key: whole["flavor"].pop(key) and None)


def listed(value, *keys):
    """An object as the list of its values, which some readers take for the object."""
    return [value[key] for key in keys]


def positional():
    """Lists where objects should be, with the values in the order in which a reader might declare them."""

    def at(path, *keys):
        def edit(whole):
            inner = whole
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = listed(inner[path[-1]], *keys)

        return edit

    yield signed("a list as package", REFUSED, at(["package"], "name", "version"))
    yield signed("a list as execution", REFUSED, at(["execution"], "command", "env"))
    yield signed("a list as launcher", REFUSED, at(["launcher"], "tool", "tool_version", "size", "checksum", "capabilities"))
    yield signed(
        "a list as slot",
        REFUSED,
        at(
            ["slots", 0],
            "slot",
            "id",
            "source",
            "target",
            "size",
            "checksum",
            "operations",
            "purpose",
            "lifecycle",
            "permissions",
        ),
    )
    yield signed("a list as program", REFUSED, at(["flavor", "programs", 0], "name", "argv"))
    yield signed(
        "a list as facts of a slot", REFUSED, at(["flavor", "slots", 0], "blake3", "plain_size", "files", "entries")
    )

    def facts(whole):
        own = whole["flavor"]
        whole["flavor"] = [1, own["target"], own["slots"], own["programs"], None, [], [], None, 0, {}]

    yield signed("a list as facts", REFUSED, facts)
    yield signed("a list as policy", REFUSED, lambda whole: whole.update(policy=[None, [], False, []]))

    def everything(whole):
        order = [
            "format",
            "format_version",
            "package",
            "slots",
            "execution",
            "verification",
            "build",
            "launcher",
            "compatibility",
        ]
        return text.write([*(whole[key] for key in order), {"env": {}}, None, [], whole.get("flavor")])

    yield signed("a list as everything", REFUSED, everything)


def nested(depth, kind):
    return Raw({"lists": "[" * depth + "]" * depth, "objects": '{"a":' * depth + "1" + "}" * depth}[kind])


def depths():
    """Keys that nobody knows are refused wherever they are; `flavor.metadata` is the publisher's own."""
    yield signed("unknown key outside", REFUSED, lambda whole: whole.update(unknown={"a": [1, None, "x"]}))
    yield signed("unknown key in a slot", REFUSED, lambda whole: whole["slots"][0].update(resolution="lazy"))
    yield signed("own metadata", RIGHT_, lambda whole: whole["flavor"].update(metadata={"a": {"b": [1.5, "x"]}}))
    for kind in ("lists", "objects"):
        for depth in (200, 100_000):
            yield signed(f"{depth} nested {kind} where nobody looks", REFUSED, at(("unknown",), nested(depth, kind)))
            yield signed(
                f"{depth} nested {kind} in metadata", REFUSED, at(("flavor", "metadata"), {"a": nested(depth, kind)})
            )
        yield signed(
            f"20 nested {kind} in metadata",
            RIGHT_,
            lambda whole, kind=kind: whole["flavor"].update(metadata={"a": nested(20, kind)}),
        )
