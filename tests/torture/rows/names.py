"""Two packages of one file name, started mixed, and one path whose file is replaced while it is started."""

import os
import shutil
import threading

from place import Place
from rows.together import start_together

STARTS = 200


def run(workshop, full, outcome):
    one, two = (workshop.small(name) for name in ("alpha", "beta"))
    rounds = 20 if full else 2
    right = 0
    for number in range(rounds):
        with Place() as place:
            mixed = [one.moved(place.root / "a" / "app.psp"), two.moved(place.root / "b" / "app.psp")]
            starts = start_together(place, mixed * (STARTS // 2))
            wrong = [text for text, good in starts if not good]
            right += STARTS - len(wrong)
            outcome.expect(not wrong, lambda: f"round {number}: {wrong[0]}")
    outcome.figure(f"{right} of {rounds * STARTS} right in {rounds} rounds")
    replaced(one, workshop.small("alpha", "2"), 400 if full else 60, outcome)


def replaced(one, two, starts, outcome):
    """An upgrade in place: whichever file a start has opened, it runs that one's program in that one's environment."""
    with Place() as place:
        path = place.root / "app.psp"
        here = one.moved(path)
        over = threading.Event()

        def replace():
            while not over.is_set():
                for package in (two, one):
                    shutil.copy2(package.path, place.root / "new")
                    os.rename(place.root / "new", path)

        thread = threading.Thread(target=replace)
        thread.start()
        seen = {one.right: 0, two.right: 0}
        try:
            for _ in range(starts):
                start = place.start(here)
                good = start.status == 0 and start.stdout in seen
                if outcome.expect(good, lambda: f"while the file is replaced: {start}"):
                    seen[start.stdout] += 1
        finally:
            over.set()
            thread.join()
        # Both must have been met, or nothing was tried.
        outcome.expect(all(seen.values()), f"not both packages were started: {seen}")
        outcome.figure(f"{sum(seen.values())} of {starts} right while the file is replaced")
