"""An error at the n-th call, every n, for every call of a first start that can fail; then a second start.

A start that met an error is right (the launcher had another way) or refuses with its own exit code and an error message;
it never panics, hangs or runs a program in an environment that is not whole. The start after it is right.
"""

from collections import Counter

from place import Place
from strace import CHANGING, ONE_PROCESSOR, calls, start_with

ERRORS = ["ENOSPC", "EIO", "EROFS", "EMFILE", "EINTR", "EXDEV", "ENOMEM"]

# Beyond those that change files.
READING = """stat newfstatat fstat lstat statx readlink readlinkat getdents64 read pread64 lseek statfs fstatfs access faccessat2
    ioctl getrandom sched_getaffinity""".split()
MEMORY = ["mmap", "brk", "mprotect", "clone", "clone3", "munmap", "madvise", "mremap"]


def run(workshop, full, outcome):
    package = workshop.small("faults")
    kinds = Counter()
    with Place() as place:
        counts = calls(place, package)
        place.empty()
        # Every error at every call; reads of slots are many and alike.
        errors = ERRORS if full else ["ENOSPC", "EIO", "EMFILE", "EINTR"]
        for number, error in enumerate(errors):
            for call in sorted(set(counts) & set(CHANGING + READING)):
                step = stride(counts[call], full)
                for when in range(1 + (number if step > 1 else 0) % step, counts[call] + 1, step):
                    fault(place, package, call, error, when, ONE_PROCESSOR, kinds, outcome)
        wrong = kinds["wrong"] + kinds["hang"]
        outcome.figure(f"{sum(kinds.values())} faults: {wrong} wrong, {kinds['panic']} panics, {kinds['refused']} refused")
        memory(place, package, full, outcome)
        if full:
            threads(place, package, outcome)


def stride(count, full):
    if full:
        return 1 if count <= 200 else 25
    return max(1, count // 3)


def fault(place, package, call, error, when, prefix, kinds, outcome):
    place.empty()
    start, happened = start_with(place, package, call, f"error={error}", when, prefix)
    if not happened:
        return
    where = f"{error} at {call} {when}"
    kinds[start.kind] += 1
    outcome.expect(start.kind in ("right", "refused"), f"{where}: {start}")
    second = place.start(package)
    outcome.expect(second.kind == "right", f"{where}, next start: {second}")


def memory(place, package, full, outcome):
    """No memory and no threads to be had: an end by a signal is allowed only before the launcher's own code runs."""
    kinds = Counter()
    for prefix in (ONE_PROCESSOR, []):
        place.empty()
        counts = calls(place, package, prefix)
        for call in sorted(set(counts) & set(MEMORY)):
            error = "EAGAIN" if call.startswith("clone") else "ENOMEM"
            for when in range(1, counts[call] + 1, 1 if full else 3):
                fault(place, package, call, error, when, prefix, kinds, outcome)
    outcome.figure(f"memory and threads: {sum(kinds.values())} faults, {kinds['panic']} panics, {kinds['refused']} refused")


def threads(place, package, outcome):
    """All processors: every thread meets the error at its own n-th call."""
    kinds = Counter()
    place.empty()
    counts = calls(place, package, [])
    for error in ("ENOSPC", "EIO", "EMFILE", "EINTR"):
        for call in sorted(set(counts) & set(CHANGING)):
            for when in range(1, counts[call] + 1, 1 if counts[call] <= 60 else 7):
                fault(place, package, call, error, when, [], kinds, outcome)
    outcome.figure(f"on all processors {sum(kinds.values())} faults, {kinds['panic']} panics")
