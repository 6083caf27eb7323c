"""Gives a program the variables back that were kept from its interpreter.

They say where modules come from, which a package decides by itself; what the program starts gets them as they were. Whoever
started this interpreter put this directory into PYTHONPATH, which is one of them.
"""

import os
import sys


def restore(prefix="FLAVOR_WITHHELD_"):
    here = os.path.dirname(__file__)
    if here in sys.path:
        sys.path.remove(here)
    sys.path_importer_cache.pop(here, None)
    os.environ.pop("PYTHONPATH", None)
    for name in [name for name in os.environ if name.startswith(prefix)]:
        os.environ[name[len(prefix) :]] = os.environ.pop(name)


def isolate(own=sys.flags):
    # `multiprocessing` and its kin start their workers with the flags of this interpreter: they are to be as deaf to
    # these variables as the program that they belong to.
    class flags(tuple):
        __slots__ = ()
        isolated = 1

        def __getattr__(self, name):
            return getattr(own, name)

        def __repr__(self):
            return repr(own)

    sys.flags = flags(own)


def hand_over():
    # The program may have a module of this name.
    this = sys.modules.pop(__name__)
    try:
        import sitecustomize
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault(__name__, this)


restore()
isolate()
hand_over()
