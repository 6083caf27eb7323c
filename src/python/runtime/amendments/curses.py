

# Added by flavor. Where the machine does not describe the terminal, the descriptions in the package are used: only while
# ncurses reads them, so that the environment of other programs stays as it is.

_TERMINFO = _os.path.join(_os.path.dirname(_os.path.abspath(__file__)), "terminfo")
_setupterm, _initscr = setupterm, initscr


class _OwnTerminfo:
    def __enter__(self):
        self.before = _os.environ.get("TERMINFO_DIRS")
        _os.environ["TERMINFO_DIRS"] = f"{self.before}:{_TERMINFO}" if self.before else _TERMINFO

    def __exit__(self, *_):
        if self.before is None:
            del _os.environ["TERMINFO_DIRS"]
        else:
            _os.environ["TERMINFO_DIRS"] = self.before


def setupterm(*args, **kwargs):
    try:
        return _setupterm(*args, **kwargs)
    except error:
        with _OwnTerminfo():
            return _setupterm(*args, **kwargs)


setupterm.__doc__ = _setupterm.__doc__


def initscr():
    try:
        _setupterm(term=_os.environ.get("TERM", "unknown"), fd=_sys.__stdout__.fileno())
    except error:
        with _OwnTerminfo():
            return _initscr()
    return _initscr()
