"""Packages of ours from scratch: slots, signed text and table that agree, before something is made to disagree."""

import hashlib
import re
from dataclasses import dataclass, field

import blake3

from . import fields, streams, tar, text
from .package import Parts

# Keys in the order of docs/format.md § Signed text. Others come last.
ORDER = ["format", "format_version", "package", "slots", "execution", "verification", "build", "launcher", "compatibility"]
ORDER += ["runtime", "policy", "setup_commands", "flavor"]
FACTS = [
    "schema",
    "target",
    "slots",
    "programs",
    "python",
    "set_up",
    "rotations",
    "glibc_floor",
    "build_timestamp",
    "metadata",
]
ENVIRONMENT = ["unset", "pass", "map", "set"]
PURPOSES = {"code": 1, "config": 2, "media": 3}


@dataclass
class Slot:
    """One slot. What is None is computed from `plain`."""

    name: str
    plain: bytes
    operations: str = "raw"
    target: str = None
    lifecycle: str = "eager"
    permissions: str = "0644"
    stored: bytes = None
    plain_size: int = None
    entries: int = None
    files: int = None
    record: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)

    def __post_init__(self):
        if self.stored is None:
            self.stored = streams.encode(self.plain, self.operations)
        if self.target is None:
            self.target = "{workenv}/" + self.name
        is_tar = self.operations.startswith("tar")
        entries, files = tar.count(self.plain) if is_tar else (0, 1)
        self.entries = entries if self.entries is None else self.entries
        self.files = files if self.files is None else self.files
        self.plain_size = len(self.plain) if self.plain_size is None else self.plain_size

    def signed_record(self, at):
        record = {
            "slot": at,
            "id": self.name,
            "source": "",
            "target": self.target,
            "size": len(self.stored),
            "checksum": "sha256:" + hashlib.sha256(self.stored).hexdigest(),
            "operations": self.operations,
            "purpose": "data",
            "lifecycle": self.lifecycle,
            "permissions": self.permissions,
        }
        return record | self.record

    def signed_facts(self):
        facts = {
            "blake3": blake3.blake3(self.stored).hexdigest(),
            "plain_size": self.plain_size,
            "files": self.files,
            "entries": self.entries,
        }
        return facts | self.facts


def metadata(slots, launcher, argv, name="hostile", version="1"):
    """The signed object; callers change it before it is written."""
    return {
        "format": "PSPF/2025",
        "format_version": "1.0.0",
        "package": {"name": name, "version": version},
        "slots": [slot.signed_record(at) for at, slot in enumerate(slots)],
        "execution": {"command": "", "env": {}},
        "verification": {
            "integrity_seal": {"required": True, "algorithm": "ed25519"},
            "signed": True,
            "require_verification": True,
        },
        "build": {
            "tool": "flavor",
            "tool_version": "0.1.0",
            "timestamp": "1970-01-01T00:00:00+00:00",
            "deterministic": True,
            "platform": {"arch": "amd64", "os": "linux"},
        },
        "launcher": {
            "tool": "flavor-launcher",
            "tool_version": "0.1.0",
            "size": len(launcher.content),
            "checksum": f"sha256:{launcher.digest}",
            "capabilities": [],
        },
        "compatibility": {"min_format_version": "1.0.0", "features": []},
        "flavor": {
            "schema": 1,
            "target": "linux-x86_64",
            "slots": [slot.signed_facts() for slot in slots],
            "programs": [{"name": name, "argv": argv}],
            "build_timestamp": 0,
        },
    }


def row(record, facts):
    """The table's row of a slot, from the signed records. What a record lacks or has in another form is left zero."""

    def word(key):
        return record[key] if isinstance(record.get(key), str) else ""

    permissions, checksum = word("permissions"), word("checksum")
    implied = {
        "name_hash": fields.short(word("id").encode("utf-8", "surrogateescape")),
        "plain_size": facts.get("plain_size", 0),
        "operations": fields.CHAINS.get(word("operations"), 0),
        "purpose": PURPOSES.get(word("purpose"), 0),
        "lifecycle": fields.LIFECYCLES.get(word("lifecycle"), 0),
        "permissions": int(permissions, 8) if permissions and set(permissions) <= set("01234567") else 0,
        "size": record.get("size", 0),
    }
    # A row that cannot say what was signed says something else; the reader has refused the text before it gets there.
    fitting = {name: value for name, value in implied.items() if isinstance(value, int)}
    fitting = {name: value % (1 << 8 * fields.width(fields.ROW, name)) for name, value in fitting.items()}
    if re.fullmatch("sha256:[0-9a-f]{64}", checksum):
        fitting["checksum"] = int.from_bytes(bytes.fromhex(checksum[7:23]), "little")
    return fitting


def spelled(signed):
    """The object with its keys in their order: what was added to it is where it should."""
    signed = ordered(signed, ORDER)
    if isinstance(signed.get("flavor"), dict):
        signed["flavor"] = ordered(signed["flavor"], FACTS)
    if isinstance(signed.get("runtime"), dict) and isinstance(signed["runtime"].get("env"), dict):
        signed["runtime"] = signed["runtime"] | {"env": ordered(signed["runtime"]["env"], ENVIRONMENT)}
    return signed


def ordered(value, keys):
    """A dict of the same with these keys first; an object with keys twice stays as it is."""
    if type(value) is not dict:
        return value
    return {key: value[key] for key in keys if key in value} | value


def said(signed, path):
    """The object at a path; None where there is none."""
    for step in path:
        try:
            signed = signed[step]
        except (KeyError, IndexError, TypeError):
            return None
    return signed if isinstance(signed, dict) else None


def parts(signed, slots, launcher, key):
    """What to write: `signed` is the object, or its text, for which the rows are those of the slots as they are."""
    whole = isinstance(signed, dict)
    signed_text = text.write(spelled(signed)) if whole else signed
    rows = []
    for at, slot in enumerate(slots):
        record = said(signed, ["slots", at]) if whole else None
        facts = said(signed, ["flavor", "slots", at]) if whole else None
        rows.append(row(record or slot.signed_record(at), facts or slot.signed_facts()))
    index = {}
    attestation = [slot for slot in slots if slot.lifecycle == "attestation"]
    if attestation:
        index["attestation_digest"] = hashlib.sha256(attestation[0].stored).hexdigest().encode()
    return Parts(
        launcher.content, signed_text, key.public, key.sign(signed_text), rows, [slot.stored for slot in slots], index=index
    )


def package(slots, launcher, key, argv, edit=None, **words):
    """The file. `edit` changes the signed object, or returns another object or text in its place."""
    signed = metadata(slots, launcher, argv, **words)
    if edit is not None:
        signed = edit(signed) or signed
    return parts(signed, slots, launcher, key).write()
