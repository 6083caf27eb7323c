

# Added by flavor: where there is no data at all, the error says how to have some.

_load_tzdata = load_tzdata


def load_tzdata(key):
    try:
        return _load_tzdata(key)
    except ZoneInfoNotFoundError as error:
        import importlib.util
        import os

        from . import _tzpath

        if any(map(os.path.isdir, _tzpath.TZPATH)) or importlib.util.find_spec("tzdata"):
            raise
        why = "this machine has no time zone data, and neither has the package"
        remedy = 'add the dependency `tzdata`, or `include = ["tzdata"]` under [tool.flavor.python]'
        raise ZoneInfoNotFoundError(f"No time zone found with key {key}: {why}; {remedy}") from error
