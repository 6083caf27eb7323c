"""Kills and errors at the n-th call of a first start, for a package with slots of every lifecycle and a set-up command."""

from collections import Counter

from place import Settled
from row import median
from rows.faults import READING, fault, stride
from rows.kill import kill_at_every_call
from strace import CHANGING, ONE_PROCESSOR, calls

# strace does not carry out a `close` that is to fail. A kernel always does; otherwise whoever starts a process waits for the
# end of a pipe that it has still open itself.
UNCLOSED = {"close"}


def run(workshop, full, outcome):
    package = workshop.lifecycles("lifecycles")
    with workshop.place(package, kind=Settled) as place:
        points, ratios = kill_at_every_call(place, package, 1 if full else 9 * workshop.thin, ONE_PROCESSOR, outcome)
        outcome.figure(f"{points} kill points, all right afterwards, nothing left behind")
        outcome.figure(f"second start {median(ratios):.2f} of a first one, at most {max(ratios):.2f}")
    kinds = Counter()
    with workshop.place(package, kind=Settled) as place:
        counts = calls(place, package)
        for error in ["ENOSPC", "EIO", "EROFS", "EMFILE", "EINTR", "ENOMEM"] if full else ["ENOSPC", "EMFILE"][:: workshop.thin]:
            for call in sorted(set(counts) & set(CHANGING + READING) - UNCLOSED):
                for when in range(1, counts[call] + 1, stride(counts[call], full, workshop.thin)):
                    fault(place, package, call, error, when, ONE_PROCESSOR, kinds, outcome)
    text = f"{sum(kinds.values())} faults: {kinds['wrong'] + kinds['hang']} wrong, {kinds['panic']} panics"
    outcome.figure(f"{text}, {kinds['refused']} refused")
