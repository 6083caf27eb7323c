"""An error at the n-th call, every n, for every call of a first start that can fail; then a second start.

A start that met an error is right (the launcher had another way) or refuses with its own exit code and an error message;
it never panics, hangs or runs a program in an environment that is not whole. The start after it is right.
"""

from collections import Counter

from strace import CHANGING, ONE_PROCESSOR, calls, start_with

ERRORS = ["ENOSPC", "EIO", "EROFS", "EMFILE", "EINTR", "EXDEV", "ENOMEM"]

# Beyond those that change files.
READING = """stat newfstatat fstat lstat statx readlink readlinkat getdents64 read pread64 lseek statfs fstatfs access faccessat2
    ioctl getrandom sched_getaffinity""".split()

# What fails when memory or threads run out. The kernel's brk never reports an error, so that none can be injected; limits
# on memory do that (`limits`).
MEMORY = ["mmap", "mremap", "mprotect", "clone", "clone3"]

# Ends that are not the launcher's: the C library's and std's own start of a process or a thread, which gives up when there
# is no memory for a stack, before a line of ours runs in it.
EARLY = ["failed to allocate an alternative stack", "failed to set up alternative stack", "error while loading shared libraries"]


def run(workshop, full, outcome):
    package = workshop.small("faults")
    kinds = Counter()
    with workshop.place(package) as place:
        counts = calls(place, package)
        place.empty()
        # Every error at every call; reads of slots are many and alike.
        errors = ERRORS if full else ["ENOSPC", "EIO", "EMFILE", "EINTR"][:: workshop.thin]
        for number, error in enumerate(errors):
            for call in sorted(set(counts) & set(CHANGING + READING)):
                step = stride(counts[call], full, workshop.thin)
                for when in range(1 + (number if step > 1 else 0) % step, counts[call] + 1, step):
                    fault(place, package, call, error, when, ONE_PROCESSOR, kinds, outcome)
        wrong = kinds["wrong"] + kinds["hang"]
        outcome.figure(f"{sum(kinds.values())} faults: {wrong} wrong, {kinds['panic']} panics, {kinds['refused']} refused")
        if workshop.storage:
            # Memory and threads have nothing to do with the file system.
            return
        memory(place, package, full, outcome)
        if full:
            threads(place, package, outcome)


def stride(count, full, thin=1):
    if full:
        return 1 if count <= 200 else 25
    return max(1, count // 3 * thin)


def fault(place, package, call, error, when, prefix, kinds, outcome):
    place.empty()
    start, happened = start_with(place, package, call, f"error={error}", when, prefix)
    if not happened:
        return
    where = f"{error} at {call} {when}"
    early = any(words in start.stderr for words in EARLY)
    kinds["early" if early else start.kind] += 1
    outcome.expect(early or start.kind in ("right", "refused"), f"{where}: {start}")
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
    text = f"memory and threads: {sum(kinds.values())} faults, {kinds['panic']} panics, {kinds['refused']} refused"
    outcome.figure(f"{text}, {kinds['early']} before the launcher's own code")
    limits(place, package, full, outcome)


def limits(place, package, full, outcome):
    """A limit on the address space, in small steps, from where nothing runs to where all does."""
    kinds = Counter()
    for kilobytes in range(2000, 60000, 200 if full else 3000):
        place.empty()
        start = place.start(package, prefix=["prlimit", f"--as={kilobytes * 1024}"])
        out_of_memory = start.kind == "panic" and "memory allocation of" in start.stderr
        early = start.kind != "right" and any(words in start.stderr for words in [*EARLY, "prlimit", "Cannot allocate"])
        # The kernel kills a program whose segments do not fit.
        early |= start.status in (-9, -11) and start.stderr == ""
        kind = "out of memory" if out_of_memory else "early" if early else start.kind
        kinds[kind] += 1
        where = f"at most {kilobytes} kB of address space"
        outcome.expect(kind in ("right", "refused", "out of memory", "early"), f"{where}: {start}")
        second = place.start(package)
        outcome.expect(second.kind == "right", f"{where}, next start: {second}")
    outcome.expect(kinds["right"], "no start was right within a limit on memory")
    outcome.figure("address space limited: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))


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
