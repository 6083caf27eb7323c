"""JSON that a library would not write: keys twice, numbers of any form, text that is no text."""

import json


class Pairs(list):
    """An object as a list of keys and values."""


class Raw(str):
    """Stands in the text as it is."""


def write(value):
    """Compact, as UTF-8, nothing escaped that need not be. Lone surrogates become the bytes they stand for."""
    if is_usual(value):
        # The same, much faster.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape")
    return "".join(pieces(value)).encode("utf-8", "surrogateescape")


def is_usual(value):
    """Whether a library writes the same."""
    kind = type(value)
    if kind is dict:
        return all(type(key) is str and is_usual(one) for key, one in value.items())
    if kind is list:
        return all(map(is_usual, value))
    return kind in (str, int, bool, float, type(None))


def pieces(value):
    if isinstance(value, Raw):
        yield str(value)
    elif isinstance(value, (dict, Pairs)):
        for at, (key, one) in enumerate(value.items() if isinstance(value, dict) else value):
            yield "," if at else "{"
            yield f"{string(key)}:"
            yield from pieces(one)
        yield "}" if value else "{}"
    elif isinstance(value, (list, tuple)):
        yield "["
        for at, one in enumerate(value):
            if at:
                yield ","
            yield from pieces(one)
        yield "]"
    elif isinstance(value, str):
        yield string(value)
    else:
        yield json.dumps(value)


def string(value):
    return value if isinstance(value, Raw) else json.dumps(value, ensure_ascii=False)
