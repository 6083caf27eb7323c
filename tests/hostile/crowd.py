"""Spreads attempts over the processors: each process has an arena of its own."""

import os
from contextlib import nullcontext
from multiprocessing import get_context

from arena import Arena

# What the processes work on. They inherit it, so it may hold what cannot be sent, such as generators and closures.
_work = None


def processors():
    return len(os.sched_getaffinity(0))


def each(workshop, judge, made, inside=nullcontext):
    """What `judge(arena, item)` says of every item that `made(arena)` gives, in no particular order.

    Every process makes the items anew and takes its share of them, so that none holds them all: what a process has held
    counts as memory of the programs that it starts (getrusage(2)). `inside` is entered with the arena before the first item.
    """
    global _work
    _work = (workshop, judge, made, inside, processors())
    with get_context("fork").Pool(processors()) as pool:
        return [answer for answers in pool.imap_unordered(_share, range(processors()), chunksize=1) for answer in answers]


def _share(mine):
    workshop, judge, made, inside, count = _work
    with Arena(workshop) as arena, inside(arena):
        return [judge(arena, item) for at, item in enumerate(made(arena)) if at % count == mine]
