

# Added by flavor. Tcl looks for its scripts where it was built; in the package they lie beside the standard library. The
# variable is set only while an interpreter of Tcl is made: other programs, perhaps with another Tcl, must not get it.

import os as _os

_create = _tkinter.create
_tcl_library = _os.path.join(sys.base_prefix, "lib", "tcl" + _tkinter.TCL_VERSION)


def _create_with_library(*args):
    if "TCL_LIBRARY" in _os.environ or not _os.path.isdir(_tcl_library):
        return _create(*args)
    _os.environ["TCL_LIBRARY"] = _tcl_library
    try:
        return _create(*args)
    finally:
        del _os.environ["TCL_LIBRARY"]


_tkinter.create = _create_with_library
