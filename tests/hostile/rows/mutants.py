"""Packages changed at random where it hurts, by the ten thousand: docs/security.md says how they are made and judged."""

import sys
from collections import Counter

from arena import Arena
from attempt import BAND, REFUSED
from crowd import each
from mutate import model
from mutate.mutant import CHECK, Mutant
from starter import inside

# Of a run, so that a change that makes all mutants be refused for one reason is noticed.
ACCEPTED_AT_LEAST = 0.01


# Mutants after which a long run says how far it is.
STEP = 10_000
LONG = 100_000


def run(workshop, full, outcome):
    workshop.made()
    options = workshop.options
    if options.only is not None:
        tell(workshop, options, outcome)
        return
    workshop.load()
    kinds, failures, total = Counter(), [], 0
    last = options.first + options.mutants
    for begin in range(options.first, last, STEP):
        end = min(begin + STEP, last)
        answers = each(
            workshop, lambda arena, at: judge(arena, options, at), lambda _, begin=begin, end=end: range(begin, end), inside
        )
        kinds.update(kind for kind, _ in answers)
        new = [failure for _, found in answers for failure in found]
        failures += new
        total += len(answers)
        if options.mutants >= LONG:
            # What a run has found that is stopped here, and where it can be taken up again.
            counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
            print(f"    {total}: {counts}, {len(failures)} failures; go on with --first {end}", file=sys.stderr, flush=True)
            for failure in new:
                print(f"    {failure}", file=sys.stderr, flush=True)
    for failure in failures:
        outcome.expect(False, failure)
    outcome.expect(
        total < 1000 or kinds["right"] + kinds["program's own"] > total * ACCEPTED_AT_LEAST,
        f"hardly any starts: {dict(kinds)}",
    )
    which = f", from {options.first}" if options.first else ""
    outcome.figure(
        f"{total} mutants with seed {options.seed}{which}: "
        + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    )


def judge(arena, options, at):
    mutant = Mutant(arena.workshop, options.seed, at)
    kind, failures = tried(arena, mutant)
    if failures:
        options.keep.mkdir(parents=True, exist_ok=True)
        kept = options.keep / f"mutant-{options.seed}-{at}.psp"
        kept.write_bytes(mutant.content)
        again = f"tests/hostile/run --seed {options.seed} --only {at} mutants"
        failures = [f"{failure}\n        {mutant.log}, kept as {kept}; again: {again}" for failure in failures]
    return kind, failures


def tried(arena, mutant):
    """How it ended, in a word, and what must not be."""
    arena.write(mutant.content)
    arena.empty()
    attempts = []
    start = arena.start() if mutant.is_launched else arena.flavor("run", arena.package)
    attempts.append(start)
    failures = [f"start: {escape}" for escape in arena.escapes()]
    if mutant.keyed:
        kind, wrong = keyed(arena, mutant, start, attempts)
    else:
        kind, wrong = unkeyed(arena, mutant, start, attempts)
    failures += wrong
    failures += [f"{one.broken}: {one}" for one in attempts if one.broken and not (kind == "program's own" and one is start)]
    return kind, failures


def unkeyed(arena, mutant, start, attempts):
    """Nobody signed this: refused, or the very bytes that somebody signed, or changed where a start does not look."""
    verified = arena.flavor("verify", arena.package)
    attempts.append(verified)
    unchanged = mutant.content == mutant.original
    wrong = []
    if not unchanged and not verified.refused([REFUSED]):
        wrong.append(f"verified without a key: {verified}")
    if start.refused([REFUSED, *BAND]):
        return "refused", wrong
    if (start.status, start.stdout) == (0, right_output(model.tree(mutant.plain) if mutant.plain else None)):
        return "right", wrong
    return "wrong", [*wrong, f"started without a key: {start}"]


def keyed(arena, mutant, start, attempts):
    """Signed: it may be anything that is harmless, but it must mean to us what it means to others."""
    out = arena.out / "all"
    extracted = arena.flavor("extract-all", "--as-tree", arena.package, out)
    attempts.append(extracted)
    wrong = [f"extract-all: {escape}" for escape in arena.escapes()]
    expected = model.tree(mutant.plain) if mutant.plain is not None else None
    if extracted.status == 0 and mutant.plain is not None and not mutant.described:
        found = model.on_disk(out / "slot_1")
        if expected is None or found != expected:
            wrong.append(f"read differently by tarfile: {difference(expected, found)}")
    elif extracted.status != 0 and not extracted.refused([REFUSED, 1]):
        wrong.append(f"neither extracted nor refused: {extracted}")
    if start.refused([REFUSED, *BAND]):
        return "refused", wrong
    if mutant.described or mutant.plain is None:
        # Another program may be what was signed.
        return "program's own", wrong
    if start.status == 0 and start.stdout != right_output(expected):
        wrong.append(f"silent: {start}")
    # `cat` says it when a file is not there.
    return ("right" if start.status == 0 else "program's own"), wrong


def right_output(tree):
    if tree is None:
        return None
    contents = [followed(tree, name) for name in ("a", "d/f")]
    return b"".join([CHECK, *(one for one in contents if isinstance(one, bytes))])


def followed(tree, name):
    """The content of a file by its name, through links at its end."""
    for _ in range(40):
        value = tree.get(name)
        if not isinstance(value, str):
            return value
        parts = name.split("/")[:-1]
        for part in value.split("/"):
            parts = parts[:-1] if part == ".." else parts if part in ("", ".") else [*parts, part]
        name = "/".join(parts)
    return None


def difference(expected, found):
    if expected is None:
        return "no archive to tarfile"
    keys = [key for key in sorted(expected.keys() | found.keys()) if expected.get(key, 0) != found.get(key, 0)]
    return "; ".join(
        f"{key!r}: {str(expected.get(key, 'missing'))[:60]!r}, here {str(found.get(key, 'missing'))[:60]!r}"
        for key in keys[:3]
    )


def tell(workshop, options, outcome):
    """One mutant again, kept whatever comes of it."""
    mutant = Mutant(workshop, options.seed, options.only)
    options.keep.mkdir(parents=True, exist_ok=True)
    kept = options.keep / f"mutant-{options.seed}-{options.only}.psp"
    kept.write_bytes(mutant.content)
    with Arena(workshop) as arena:
        kind, failures = tried(arena, mutant)
    outcome.figure(f"{kind}: {mutant.log}, {'' if mutant.keyed else 'not '}signed, kept as {kept}")
    for failure in failures:
        outcome.expect(False, failure)
