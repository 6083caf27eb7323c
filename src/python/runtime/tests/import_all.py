import contextlib, importlib, io, json, os, sys, warnings
warnings.simplefilter("ignore")
names = sorted(getattr(sys, "stdlib_module_names", sys.builtin_module_names))
failed = {}
for name in names:
    if name in ("antigravity", "this", "idlelib", "__main__"):
        continue
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            importlib.import_module(name)
    except BaseException as error:
        failed[name] = repr(error)
maps = sorted({line.split()[-1] for line in open("/proc/self/maps") if ".so" in line})
json.dump({"failed": failed, "maps": maps, "prefix": sys.prefix, "path": sys.path}, sys.stdout)
