"""SIGKILL at the n-th file-changing system call of a first start, every n, then a second start."""

import os

from row import median
from strace import CHANGING, ONE_PROCESSOR, calls, start_with


def run(workshop, full, outcome):
    package = workshop.small("kill")
    with workshop.place(package) as place:
        points, ratios = kill_at_every_call(place, package, 1 if full else 6 * workshop.thin, ONE_PROCESSOR, outcome)
        outcome.figure(f"{points} kill points on one processor, all right afterwards, nothing left behind")
        outcome.figure(f"second start {median(ratios):.2f} of a first one, at most {max(ratios):.2f}")
        if full:
            points, _ = kill_at_every_call(place, package, 1, [], outcome)
            outcome.figure(f"{points} on all processors")
    repair(workshop, full, outcome)


def kill_at_every_call(place, package, step, prefix, outcome):
    place.empty()
    normal = median([first_start(place, package, prefix) for _ in range(9)])
    clean = place.listing()
    place.empty()
    counts = calls(place, package, prefix)
    points, ratios = 0, []
    for call in sorted(set(counts) & set(CHANGING)):
        for when in range(1, counts[call] + 1, step):
            for attempt in range(4):
                place.empty()
                killed, happened = start_with(place, package, call, "signal=KILL", when, prefix)
                if not happened:
                    break
                where = f"killed at {call} {when}"
                outcome.expect(killed.status in (-9, 137), f"{where}: not killed, {killed}")
                second = place.start(package, prefix=prefix)
                outcome.expect(second.kind == "right", f"{where}: {second}")
                left = place.listing() - clean
                outcome.expect(not left, f"{where}: left behind {sorted(left)[:3]}")
                outcome.expect(not clean - place.listing(), f"{where}: missing {sorted(clean - place.listing())[:3]}")
                ratio = second.took / normal
                if ratio < 2:
                    break
                # Perhaps the machine has become busy: a first start would take longer now as well.
                normal = max(normal, first_start(place, package, prefix))
            else:
                outcome.expect(False, f"{where}: the second start took {ratio:.1f} times a first one")
            if not happened:
                break
            points += 1
            ratios.append(ratio)
    outcome.expect(points > 60 // step, f"only {points} kill points")
    return points, ratios


def first_start(place, package, prefix):
    place.empty()
    start = place.start(package, prefix=prefix)
    if start.kind != "right":
        raise RuntimeError(f"a plain first start: {start}")
    return start.took


def repair(workshop, full, outcome):
    """The same while a damaged environment is repaired: its old files are in the way of the new ones."""
    package = workshop.small("repair")
    step = 1 if full else 8 * workshop.thin
    points = 0
    with workshop.place(package) as place:
        first_start(place, package, ONE_PROCESSOR)
        clean = place.listing()
        counts = damage_and(place, lambda: calls(place, package))
        for call in sorted(set(counts) & set(CHANGING)):
            for when in range(1, counts[call] + 1, step):
                killed, happened = damage_and(
                    place, lambda: start_with(place, package, call, "signal=KILL", when)
                )
                if not happened:
                    break
                second = place.start(package)
                outcome.expect(second.kind == "right", f"repair killed at {call} {when}: {second}")
                change = place.listing() ^ clean
                outcome.expect(not change, f"repair killed at {call} {when}: {sorted(change)[:3]}")
                points += 1
    outcome.figure(f"{points} kill points of a repair, all right afterwards")


def damage_and(place, action):
    """Cuts the program's file short, so that the next start extracts its slot again."""
    for slot in place.slots():
        tree = slot / "tree"
        if tree.is_file() and os.access(tree, os.X_OK) and tree.stat().st_mode & 0o111:
            os.truncate(tree, 100)
    return action()
