"""Runs rows one after the other and prints a line for each: what `tests/torture/run` and `tests/hostile/run` share."""

import importlib
import os
import shutil
import tempfile
import time
from pathlib import Path

from place import remove
from row import Outcome

# Failures of one row that are printed; the rest is counted.
SHOWN = 20


def arguments(parser, rows, flavor):
    """Adds the options of every run, and reads them all."""
    parser.add_argument("--full", action="store_true", help="every round and every point")
    parser.add_argument("--flavor", default=flavor, help="the program under test")
    parser.add_argument("--verbose", action="store_true", help="print every failure, not only the first of a row")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"only these: {', '.join(rows)}")
    options = parser.parse_args()
    unknown = set(options.rows) - set(rows)
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}")
    return options


def parent_directory(needed):
    """TMPDIR, else shared memory if there is room, else the usual place: containers have little shared memory."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and shutil.disk_usage(shared).free > needed
    return os.environ.get("TMPDIR") or (shared if roomy else tempfile.gettempdir())


def run(rows, options, prefix, needed, make_workshop):
    """Runs the rows that were asked for, each a module `rows.NAME` with a function `run(workshop, full, outcome)`.

    `NAME@MOUNT` is a row on a file system that the workshop knows. Returns the exit status: 1 when one of them does not hold.
    """
    work = Path(tempfile.mkdtemp(prefix=prefix, dir=parent_directory(needed)))
    # Places of the rows lie in the same directory.
    tempfile.tempdir = str(work)
    failed = 0
    try:
        workshop = make_workshop(work)
        for name in options.rows or rows:
            begin = time.monotonic()
            outcome = Outcome()
            row, _, mount = name.partition("@")
            run_row = importlib.import_module(f"rows.{row}").run
            if mount:
                with workshop.on(mount, options.full) as there:
                    run_row(there, False, outcome)
            else:
                run_row(workshop, options.full, outcome)
            failed += bool(outcome.failures)
            report(name, outcome, time.monotonic() - begin, None if options.verbose else SHOWN)
    finally:
        remove(work)
    return 1 if failed else 0


def report(name, outcome, took, shown):
    verdict = "FAILED" if outcome.failures else "ok"
    print(f"{name:18} {verdict:7} {took:5.0f} s   {'; '.join(outcome.figures)}", flush=True)
    for failure in outcome.failures[:shown]:
        print(f"    {failure}", flush=True)
    if more := len(outcome.failures[shown or len(outcome.failures) :]):
        print(f"    … {more} more", flush=True)
