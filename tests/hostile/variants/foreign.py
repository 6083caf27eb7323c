"""Packages as FlavorPack makes them, from scratch: the same metadata, another launcher's name, no facts of ours."""

import hashlib
import json

from codec import envelope
from codec.ours import Slot, metadata, row
from codec.package import Launcher, Parts, View


def package(workshop, stored, operations, plain_size):
    """One slot, its digest signed in full, behind our own launcher, which does not start such a package."""
    slot = Slot("data", b"", operations, stored=stored, plain_size=plain_size)
    return write(workshop, [slot], workshop.launcher)


def write(workshop, slots, launcher=None, edit=None, key=None):
    """Any slots, behind FlavorPack's own launcher, which prints the first of them."""
    if launcher is None:
        launcher = Launcher(workshop.theirs[: View(workshop.theirs).get("launcher_size")])
    key = key or workshop.key
    signed = metadata(slots, launcher, [])
    facts = signed.pop("flavor")["slots"]
    signed["launcher"] |= {"tool": "launcher", "tool_version": "unknown", "checksum": f"sha256:sha256:{launcher.digest}"}
    signed["build"]["tool"] = "flavor-python"
    signed["execution"]["command"] = "/bin/cat {workenv}/" + slots[0].name
    rows = [row(record, fact) for record, fact in zip(signed["slots"], facts)]
    content = edit(signed) if edit is not None else None
    content = content or json.dumps(signed, indent=2, ensure_ascii=False).encode()
    # The digest by which their launchers find the attestation.
    last = slots[-1]
    index = (
        {"attestation_digest": hashlib.sha256(last.stored).hexdigest().encode()} if last.lifecycle == "attestation" else {}
    )
    parts = Parts(
        launcher.content, content, key.public, key.sign(content), rows, [slot.stored for slot in slots], index=index
    )
    parts.block = envelope.member(content, level=9, os=3)
    parts.pages = 4096
    return parts.write()
