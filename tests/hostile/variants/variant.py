"""One package to try, and what is to come of it."""

from dataclasses import dataclass, field
from typing import Callable

from codec import ours, tar
from codec.ours import Slot
from workshop import RIGHT

# Every command that unpacks refuses it.
REFUSED = "refused"
# It cannot be started; what unpacks a single slot may do so, into its directory.
NO_START = "no start"
# It starts as it should; commands that look at every byte refuse it.
STARTS = "starts"
# Every command does what it should.
RIGHT_ = "right"


@dataclass
class Variant:
    label: str
    expect: str
    slots: list
    edit: Callable = None
    # What the tree of the slot `data` holds, path → content, None for a directory, a str for a link. None: not looked at.
    tree: dict = None
    argv: list = field(default_factory=lambda: ["/bin/cat", "{workenv}/check"])
    # What comes out of a right start.
    output: bytes = RIGHT
    # Whether a refusal for what is declared would be one for the wrong reason.
    counted: bool = False

    def package(self, workshop):
        return ours.package(self.slots, workshop.launcher, workshop.key, self.argv, self.edit)


def of_archive(label, expect, archive, operations="tar", tree=None, **slot):
    """A package with a program that needs nothing of the archive, and the archive."""
    counted = not {"entries", "files", "plain_size"} & slot.keys()
    return Variant(
        label, expect, [Slot("check", RIGHT), Slot("data", archive, operations, **slot)], tree=tree, counted=counted
    )


def refused(entries):
    """Archives by label, each with an end."""
    for label, archive in entries.items():
        yield of_archive(label, REFUSED, archive + tar.END)


def right(entries):
    """Archives and their trees by label: odd, and the same to every reader."""
    for label, (archive, tree) in entries.items():
        yield of_archive(label, RIGHT_, archive + tar.END, tree=tree)


def signed(label, expect, edit, slots=None, **more):
    """A package with another signed object."""
    return Variant(label, expect, slots or [Slot("check", RIGHT), Slot("data", b"data\n")], edit, **more)
