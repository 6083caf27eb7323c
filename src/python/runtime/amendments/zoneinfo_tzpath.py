

# Added by flavor: the time zone data in the package comes after that of the machine.

_cpython_reset_tzpath = reset_tzpath


def reset_tzpath(to=None):
    global TZPATH

    _cpython_reset_tzpath(to)
    if to is None and "PYTHONTZPATH" not in os.environ:
        TZPATH += (os.path.join(os.path.dirname(os.path.abspath(__file__)), "data"),)


reset_tzpath.__doc__ = _cpython_reset_tzpath.__doc__
reset_tzpath()
