"""Prints what `flavor` needs to know of the interpreter that runs this, as one line of JSON.

Run with `-I -S -c`: no site, no environment, no current directory on the path. A virtual environment's interpreter
answers for the installation that it was made from.
"""

import json
import os
import sys
import sysconfig
from importlib.util import MAGIC_NUMBER


def base_executable(prefix):
    """The interpreter of the installation itself, not of a virtual environment on top of it."""
    found = getattr(sys, "_base_executable", None) or sys.executable
    if found and os.path.dirname(os.path.dirname(os.path.realpath(found))) == os.path.realpath(prefix):
        return found
    for name in ("python%d.%d" % sys.version_info[:2], "python3", "python"):
        candidate = os.path.join(prefix, "bin", name)
        if os.path.exists(candidate):
            return candidate
    return os.path.realpath(found)


def shared_library():
    """The libpython that is mapped into this very process; a static interpreter has none, whatever sysconfig says."""
    try:
        with open("/proc/self/maps", errors="surrogateescape") as maps:
            for line in maps:
                path = line.rstrip("\n").partition("/")[2]
                if os.path.basename(path).startswith("libpython"):
                    return "/" + path
        return None
    except OSError:
        pass
    if sysconfig.get_config_var("Py_ENABLE_SHARED"):
        directory, name = sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME")
        if directory and name and os.path.exists(os.path.join(directory, name)):
            return os.path.join(directory, name)
    return None


base, exec_base = sys.base_prefix, sys.base_exec_prefix
places = {"base": base, "platbase": exec_base, "installed_base": base, "installed_platbase": exec_base}
stdlib = sysconfig.get_path("stdlib", "posix_prefix", places)
platstdlib = sysconfig.get_path("platstdlib", "posix_prefix", places)
dynload = [entry for entry in sys.path if os.path.basename(entry) == "lib-dynload"]
arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""

version = sys.implementation.version
implementation = "%d.%d.%d" % version[:3]
if version[3] != "final":
    implementation += version[3][0] + str(version[4])
machine = os.uname()
# What markers in requirements are compared with (PEP 508).
markers = {
    "implementation_name": sys.implementation.name,
    "implementation_version": implementation,
    "os_name": os.name,
    "platform_machine": machine.machine,
    "platform_python_implementation": {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, ""),
    "platform_release": machine.release,
    "platform_system": machine.sysname,
    "platform_version": machine.version,
    "python_full_version": sys.version.split()[0].rstrip("+"),
    "python_version": "%d.%d" % sys.version_info[:2],
    "sys_platform": sys.platform,
}

print(
    json.dumps(
        {
            "executable": base_executable(base),
            "implementation": sys.implementation.name,
            "version": list(sys.version_info[:3]),
            "version_text": sys.version.split()[0].rstrip("+"),
            "prerelease": sys.version_info[3] != "final",
            "prefix": sys.prefix,
            "base_prefix": base,
            "base_exec_prefix": exec_base,
            "stdlib": stdlib,
            "platstdlib": platstdlib,
            "dynload": dynload[0] if dynload else os.path.join(platstdlib, "lib-dynload"),
            "library": shared_library(),
            "cache_tag": sys.implementation.cache_tag or "",
            "soabi": sysconfig.get_config_var("SOABI") or "",
            "platform": sysconfig.get_platform(),
            "magic_number": list(MAGIC_NUMBER),
            "standalone": "--prefix=/install" in arguments,
            "markers": markers,
            "builtin_modules": sorted(sys.builtin_module_names),
            "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        }
    )
)
