"""Compiles Python sources to bytecode files, deterministically; run by `flavor` once per job.

Standard input: NUL-terminated triples of a source file, the name that goes into its code objects and the bytecode file.
Standard output: pairs of the name of a source that could not be compiled and the reason.

The bytecode files are "unchecked hash" ones (PEP 552): the importer never compares them with their source, so they
stay valid whatever time stamps the files get on another machine.
"""

import sys

# With `-c` the current directory comes first on the path; nothing may be imported from there.
sys.path = [entry for entry in sys.path if entry]

import importlib.util
import marshal
import os
import warnings


def strings(value, held):
    """Collects every string in a code object, however deep.

    `marshal` writes an object down as one that can be referred to only if something else holds it at that moment, and
    interned strings are held by whatever the process happened to compile before. Holding all of them makes the bytes
    depend on the source alone.
    """
    if isinstance(value, str):
        held.append(value)
    elif isinstance(value, (tuple, frozenset)):
        for item in value:
            strings(item, held)
    elif isinstance(value, CODE):
        for part in (value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars, value.co_consts):
            strings(part, held)
        held.append(value.co_name)
        held.append(getattr(value, "co_qualname", None))


def compile_file(source, name, target):
    with open(source, "rb") as file:
        text = file.read()
    code = compile(text, name, "exec", dont_inherit=True, optimize=0)
    held = [name]
    strings(code, held)
    head = importlib.util.MAGIC_NUMBER + b"\x01\0\0\0" + importlib.util.source_hash(text)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = "%s.%d" % (target, os.getpid())
    with open(temporary, "wb") as file:
        file.write(head + marshal.dumps(code))
    os.replace(temporary, target)


def main():
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 3000))
    fields = sys.stdin.buffer.read().split(b"\0")[:-1]
    out = sys.stdout.buffer
    for source, name, target in zip(fields[::3], fields[1::3], fields[2::3]):
        try:
            compile_file(os.fsdecode(source), os.fsdecode(name), os.fsdecode(target))
        except (SyntaxError, ValueError, RecursionError, MemoryError, UnicodeError) as error:
            line = getattr(error, "lineno", None)
            reason = "line %d: %s" % (line, error.msg) if line else "%s: %s" % (type(error).__name__, error)
            out.write(name + b"\0" + reason.encode("utf-8", "backslashreplace").replace(b"\0", b"") + b"\0")


CODE = type(main.__code__)
main()
