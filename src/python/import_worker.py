"""Imports modules, each in a process of its own; run by `flavor` with the interpreter of a package.

Standard input: JSON with `roots` (directories to import from, `.pth` files honoured), `modules`, `jobs` and `patience` (seconds).
Standard output: a JSON object; for every module that could not be imported the reason.
"""

import sys

# With `-c` the current directory comes first on the path; nothing may be imported from there.
sys.path = [entry for entry in sys.path if entry]

import json
import os
import select
import signal
import site
import time


def child(name, out):
    """Imports one module, writes an error to `out`, and exits."""
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        # A session of its own, so that processes that the module starts can be killed with it.
        os.setsid()
        __import__(name)
        reason = b""
    except BaseException as error:
        text = "%s: %s" % (type(error).__name__, error)
        reason = (text.strip().splitlines() or [type(error).__name__])[0].encode("utf-8", "backslashreplace")
    os.write(out, reason[:4000] or b"\0")
    os._exit(0)


def main():
    task = json.load(sys.stdin)
    for root in task["roots"]:
        site.addsitedir(root)
    waiting = list(reversed(task["modules"]))
    running, failed = {}, {}
    while waiting or running:
        while waiting and len(running) < task["jobs"]:
            name = waiting.pop()
            reader, writer = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(reader)
                child(name, writer)
            os.close(writer)
            running[reader] = (name, pid, time.monotonic() + task["patience"])
        ready = select.select(list(running), [], [], 0.5)[0]
        late = [reader for reader, (_, _, end) in running.items() if reader not in ready and time.monotonic() > end]
        for reader in ready + late:
            name, pid, _ = running.pop(reader)
            said = os.read(reader, 4096) if reader in ready else b"it took too long"
            os.close(reader)
            try:
                os.killpg(pid, signal.SIGKILL)
            except OSError:
                pass
            _, status = os.waitpid(pid, 0)
            if said != b"\0":
                failed[name] = said.decode("utf-8", "replace") or "it ended with status %d" % status
    json.dump(failed, sys.stdout)


main()
