"""Killed as process 1 of a process-number namespace in mid-extraction, and started again as process 1."""

from concurrent.futures import ThreadPoolExecutor

from row import median
from strace import start_with

NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]


def run(workshop, full, outcome):
    package = workshop.small("init")
    points, ratios = 0, []
    with workshop.place(package) as place:
        times = []
        for _ in range(5):
            place.empty()
            start = place.start(package, prefix=NAMESPACE)
            outcome.expect(start.kind == "right", f"as process 1: {start}")
            times.append(start.took)
        clean = place.listing()
        for call in ("mkdir", "openat", "pwrite64", "rename", "flock", "symlink"):
            for when in range(1, 60, 1 if full else 7 * workshop.thin):
                for _ in range(4):
                    place.empty()
                    killed, happened = start_with(
                        place, package, call, "signal=KILL", when, prefix=[], inner=NAMESPACE
                    )
                    if not happened:
                        break
                    outcome.expect(killed.kind != "right", f"{call} {when}: not killed")
                    second = place.start(package, prefix=NAMESPACE)
                    where = f"process 1 killed at {call} {when}"
                    outcome.expect(second.kind == "right", f"{where}: {second}")
                    left = place.listing() ^ clean
                    outcome.expect(not left, f"{where}: {sorted(left)[:3]}")
                    ratio = second.took / median(times)
                    if ratio < 2:
                        break
                    # Perhaps the machine has become busy: a first start would take longer now as well.
                    place.empty()
                    times.append(place.start(package, prefix=NAMESPACE).took)
                    times = times[-1:]
                else:
                    outcome.expect(False, f"{where}: the second start took {ratio:.1f} times a first one")
                if not happened:
                    break
                # Killed before the cache exists, a start leaves nothing to stumble over.
                points += 1
                ratios.append(ratio)
    together(workshop, package, full, outcome)
    outcome.expect(points >= 10 // workshop.thin, f"only {points} kill points")
    text = f"{points} kills of process 1, each started again as process 1 and right"
    outcome.figure(f"{text}; second start {median(ratios):.2f} of a first one, at most {max(ratios):.2f}")


def together(workshop, package, full, outcome):
    """Many processes with the number 1, each in a namespace of its own, on one empty cache."""
    for number in range(10 if full else max(1, 2 // workshop.thin)):
        with workshop.place(package) as place, ThreadPoolExecutor(30) as pool:
            starts = list(pool.map(lambda _: place.start(package, prefix=NAMESPACE), range(30)))
            for start in starts:
                outcome.expect(start.kind == "right", f"one of many processes 1, round {number}: {start}")
