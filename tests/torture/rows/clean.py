"""`workenv clean -y` in a loop while programs start; an upgrade while the old version runs."""

import os
import subprocess
import threading



def run(workshop, full, outcome):
    one, two = (workshop.small(name) for name in ("clean-one", "clean-two"))
    rounds = 10 if full else 1
    right = cleaned = 0
    for number in range(rounds):
        with workshop.place(one, two) as place:
            done, count = clean_while_starting(workshop, place, [one, two], 60, outcome)
            right += done
            cleaned += count
            left = sorted(path.name for path in (place.cache / "v2" / "staging").iterdir())
            outcome.expect(not left, f"round {number}: left in staging: {left}")
    outcome.figure(f"{right} of {60 * rounds} starts right while {cleaned} cleans ran")
    outcome.expect(cleaned > rounds, "hardly anything was cleaned")
    upgrade(workshop, outcome)


def clean(workshop, place):
    command = [workshop.flavor, "workenv", "clean", "-y"]
    environment = place.environment()
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def clean_while_starting(workshop, place, packages, starts, outcome):
    over = threading.Event()
    removed = []

    def keep_cleaning():
        while not over.is_set():
            done = clean(workshop, place)
            early = "there is no cache yet" in done.stderr
            outcome.expect(done.returncode == 0 or early, f"clean: {done.stderr}")
            removed.append(done.stdout.count("removed "))

    cleaner = threading.Thread(target=keep_cleaning)
    cleaner.start()
    ended = []
    # Two at a time, so that one starts while the other extracts.
    lanes = [
        threading.Thread(target=lambda: ended.extend(place.start(packages[at % 2]) for at in range(starts // 2)))
        for _ in range(2)
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    over.set()
    cleaner.join()
    for start in ended:
        outcome.expect(start.kind == "right", f"while cleaning: {start}")
    return sum(start.kind == "right" for start in ended), sum(removed)


def upgrade(workshop, outcome):
    """The old version looks at all of its files a second time after the new one has replaced it and all was cleaned."""
    old, new = (workshop.small("upgraded", version) for version in ("1", "2"))
    with workshop.place(old) as place:
        here = old.moved(place.root / "app.psp")
        child = subprocess.Popen(
            [here.path, "again"],
            env=place.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        first = child.stdout.readline()
        outcome.expect(first == old.right, f"the old version: {first!r}")
        os.rename(new.moved(place.root / "new").path, here.path)
        upgraded = place.start(type(new)(here.path, new.name, new.files))
        outcome.expect(upgraded.kind == "right", f"the new version: {upgraded}")
        done = clean(workshop, place)
        outcome.expect("kept upgraded-1" in done.stdout, f"clean does not keep what runs: {done.stdout!r}")
        outcome.expect("removed upgraded-2" in done.stdout, f"clean does not remove the rest: {done.stdout!r}")
        try:
            said, complaint = child.communicate("", timeout=60)
        finally:
            child.kill()
        outcome.expect(said == old.right and child.returncode == 0, f"the old version afterwards: {said!r} {complaint!r}")
        again = place.start(type(new)(here.path, new.name, new.files))
        outcome.expect(again.kind == "right", f"the new version after clean: {again}")
    outcome.figure("an old version keeps its files through an upgrade and a clean")
