"""Packages as FlavorPack makes them, from scratch: the same metadata, another launcher's name, no facts of ours."""

import hashlib
import json

from codec import envelope
from codec.ours import Slot, metadata, row
from codec.package import Launcher, Parts

# Another tool's launcher, by what it is called in the metadata. It is executed as it stands.
STAND_IN = Launcher(b"#!/bin/sh\necho right\n")


def package(workshop, stored, operations, plain_size, launcher=STAND_IN, edit=None, key=None):
    """One slot, its digest signed in full."""
    slot = Slot("data", b"", operations, stored=stored, plain_size=plain_size)
    return write(workshop, [slot], launcher, edit, key)


def write(workshop, slots, launcher=STAND_IN, edit=None, key=None):
    key = key or workshop.key
    signed = metadata(slots, launcher, [])
    facts = signed.pop("flavor")["slots"]
    signed["launcher"] |= {"tool": "launcher", "tool_version": "unknown", "checksum": f"sha256:sha256:{launcher.digest}"}
    signed["build"]["tool"] = "flavor-python"
    signed["execution"]["command"] = "/bin/sh {workenv}/bin/run.sh"
    if edit is not None:
        edit(signed)
    content = json.dumps(signed, indent=2, ensure_ascii=False).encode()
    rows = [row(record, fact) for record, fact in zip(signed["slots"], facts)]
    # The digest by which their launchers find the attestation.
    last = slots[-1]
    index = {"attestation_digest": hashlib.sha256(last.stored).hexdigest().encode()} if last.lifecycle == "attestation" else {}
    parts = Parts(launcher.content, content, key.public, key.sign(content), rows, [slot.stored for slot in slots], index=index)
    parts.block = envelope.member(content, level=9, os=3)
    parts.pages = 4096
    return parts.write()
