"""Calls a build back end's hooks (PEP 517); run by `flavor` in a build environment, in a copy of the project's sources.

Arguments: the back end as `module:object`, a JSON list of directories to import it from (relative to the project), the
directory for the wheel, a file for the answer, a JSON list of the requirements that the environment was given for
`get_requires_for_build_wheel`, and whether to keep the bytecode of what is imported from the environment. The answer is
JSON: the file name of the wheel, or the requirements that it lacks.
"""

import sys

# With `-c` the current directory comes first on the path; a back end is found there only if it asks for it.
sys.path = [entry for entry in sys.path if entry]

import importlib
import importlib.machinery
import json
import os


def keep_bytecode():
    """Lets imports leave their bytecode beside the source, except in the project: there it could get into the wheel."""
    loader = importlib.machinery.SourceFileLoader
    project = os.getcwd() + os.sep
    keep = loader._cache_bytecode

    def keep_elsewhere(self, source, bytecode, data):
        if not os.path.abspath(source).startswith(project):
            keep(self, source, bytecode, data)

    loader._cache_bytecode = keep_elsewhere
    sys.dont_write_bytecode = False


def main():
    name, path, wheels, answer, given, keep = sys.argv[1:]
    if keep == "keep":
        keep_bytecode()
    sys.argv = ["setup.py"]
    sys.path[:0] = [os.path.abspath(entry) for entry in json.loads(path)]
    module, _, attribute = name.partition(":")
    try:
        backend = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module == error.name or module.startswith(error.name + ".")):
            return {"back_end": module}
        raise
    for part in filter(None, attribute.split(".")):
        backend = getattr(backend, part)
    wanted = getattr(backend, "get_requires_for_build_wheel", lambda settings: [])(None) or []
    if not set(wanted) <= set(json.loads(given)):
        return {"requires": sorted(set(wanted))}
    return {"wheel": backend.build_wheel(wheels, None, None)}


answer = sys.argv[4]
result = main()
with open(answer, "w", encoding="utf-8") as file:
    json.dump(result, file)
