"""Stands in for the parts of the standard library that flavor has left out.

A stub of the part's name calls `replace`. So an import of it names the remedy, at no cost to programs that import nothing
of the kind.
"""

import os
import sys


def replace(name, feature, run):
    """Gives way to a module of the same name on the rest of the path, or raises an error that names the remedy."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    here = os.path.dirname(__file__)
    spec = PathFinder.find_spec(name, [path for path in sys.path if path != here])
    if spec is None:
        why = f"No module named {name!r}: this part of the standard library is not in the package"
        message = f'{why}; add it with `include = ["{feature}"]` under [tool.flavor.python]'
        if run:
            sys.exit(f"{sys.executable}: {message}")
        raise ModuleNotFoundError(message, name=name) from None
    module = sys.modules[name] = module_from_spec(spec)
    if spec.loader is not None:
        spec.loader.exec_module(module)
    if run:
        import runpy

        main = name + ".__main__" if spec.submodule_search_locations is not None else name
        runpy.run_module(main, run_name="__main__", alter_sys=True)
