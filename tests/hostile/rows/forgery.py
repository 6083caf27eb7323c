"""Signed anew, by another key or by none: keys that vouch for anything, signatures in a second spelling, downgrades."""

import json
import os

from arena import Arena
from attempt import BAND, REFUSED
from codec import curve, ours, text
from codec.keys import pem
from codec.ours import Slot
from codec.package import Parts, View
from workshop import RIGHT

EVIL = b"evil\n"
ARGV = ["/bin/cat", "{workenv}/check"]
# What a variable might be thought to switch off.
LOOSER = {
    "FLAVOR_VALIDATION": ["none", "minimal", "relaxed", "standard", "0"],
    "FLAVOR_TRUST": ["all"],
    "FLAVOR_INSECURE": ["1"],
    "FLAVOR_NO_VERIFY": ["1"],
    "FLAVOR_SKIP_VERIFY": ["1"],
    "FLAVOR_LOG": ["off"],
    "FLAVOR_LOG_LEVEL": ["off"],
}
MESSAGES = 24


def run(workshop, full, outcome):
    # Made before anything is counted.
    honest, forged = by(workshop, workshop.key, RIGHT), by(workshop, workshop.other, EVIL)
    counts = Counts(outcome)
    with Arena(workshop) as arena:
        weak_keys(arena, outcome, counts, MESSAGES * (8 if full else 1))
        spellings(arena, outcome, counts, honest)
        downgrades(arena, counts)
        for prefix in ("", "run"):
            other_signer(arena, outcome, counts, honest, forged, prefix)
            policies(arena, outcome, counts, honest, forged, prefix)
        trust_add(arena, outcome, counts, honest)
    outcome.expect(counts.tried["forgeries"] >= 300, lambda: f"only {counts.tried['forgeries']} forgeries")
    outcome.figure(f"{counts.fooling} forgeries that a lenient verifier takes for right")
    for kind, tried in counts.tried.items():
        outcome.figure(f"{kind}: {counts.accepted[kind]} of {tried} accepted")


class Counts:
    """What was tried and what was let through, by kind."""

    def __init__(self, outcome):
        self.outcome, self.tried, self.accepted = outcome, {}, {}
        # Forgeries that hold by RFC 8032's equation as it is.
        self.fooling = 0

    def refused(self, kind, label, attempt, codes=(REFUSED, *BAND)):
        holds = attempt.refused(codes)
        self.tried[kind] = self.tried.get(kind, 0) + 1
        self.accepted[kind] = self.accepted.get(kind, 0) + (not holds)
        self.outcome.expect(holds, lambda: f"{label}: {attempt}")


def by(workshop, key, content, edit=None, version="1"):
    """A package of that key whose program prints the content."""
    return ours.package([Slot("check", content)], workshop.launcher, key, ARGV, edit, name="forged", version=version)


def signed_as(workshop, key, signature, content=EVIL, edit=None):
    """The same, with any key and whatever `signature` makes of the text."""
    slots = [Slot("check", content)]
    signed = ours.metadata(slots, workshop.launcher, ARGV, name="forged")
    parts = ours.parts((edit and edit(signed)) or signed, slots, workshop.launcher, workshop.key)
    return Parts(parts.launcher, parts.text, key, signature(parts.text), parts.rows, parts.slots).write()


def tried(arena, counts, label, content):
    """A forgery, by everything that looks at signatures."""
    arena.write(content)
    arena.empty()
    for words in (["verify"], ["run"], ["inspect"], ["trust", "add"], ["trust", "verify"]):
        counts.refused("forgeries", label, arena.flavor(*words, arena.package), (1, REFUSED, *BAND))
    counts.refused("forgeries", label, arena.flavor("extract-all", arena.package, arena.out / "all"))
    counts.refused("forgeries", label, arena.start(), BAND)


def weak_keys(arena, outcome, counts, messages):
    """Every key of small order, in every spelling. With R = [s]B and such a key, one message in eight verifies where
    [8] is not multiplied in, and every message where it is; so many messages are tried and the best is kept."""
    workshop = arena.workshop
    keys = curve.small_order_encodings()
    outcome.expect(len(keys) == 14, f"{len(keys)} encodings of small order")
    for encoded, point in keys:
        # Else the row would try nothing but signatures that nobody takes for right.
        fooled = sum(valid_cofactorless(encoded, point, signed_text(workshop, number), number) for number in range(messages))
        counts.fooling += fooled
        outcome.expect(fooled, f"no forgery under {encoded.hex()} would fool anybody")
        for number in range(messages):

            def signature(message, encoded=encoded, point=point, number=number):
                return weak_signature(encoded, point, message, number)

            if number < 3 or valid_cofactorless(encoded, point, signed_text(workshop, number), number):
                content = signed_as(workshop, encoded, signature, edit=numbered(number))
                if number < 3:
                    tried(arena, counts, f"weak key {encoded.hex()[:8]}…, message {number}", content)
                else:
                    arena.write(content)
                    counts.refused(
                        "forgeries",
                        f"weak key {encoded.hex()[:8]}…, message {number}",
                        arena.flavor("verify", arena.package),
                    )
                    counts.refused("forgeries", f"weak key {encoded.hex()[:8]}…, message {number}", arena.start(), BAND)
        # R of small order as well, and S zero: the shortest forgery there is.
        tried(
            arena,
            counts,
            f"weak key {encoded.hex()[:8]}…, R the key, S 0",
            signed_as(workshop, encoded, lambda _, r=encoded: r + bytes(32)),
        )
        tried(
            arena,
            counts,
            f"weak key {encoded.hex()[:8]}…, R the identity, S 0",
            signed_as(workshop, encoded, lambda _: b"\x01" + bytes(63)),
        )


def numbered(number):
    def edit(signed):
        signed["package"]["description"] = str(number)

    return edit


def signed_text(workshop, number):
    signed = ours.metadata([Slot("check", EVIL)], workshop.launcher, ARGV, name="forged")
    numbered(number)(signed)
    return text.write(signed)


def weak_signature(encoded, point, message, number):
    """R = [s]B - [k]A for the k that this R gives, if there is one; else R = [s]B."""
    scalar = 7 + number
    base = curve.multiply(scalar, curve.BASE)
    for guess in range(8):
        r = curve.encode(curve.add(base, curve.multiply((8 - guess) % 8, point)))
        if curve.challenge(r, encoded, message) % 8 == guess:
            return r + scalar.to_bytes(32, "little")
    return curve.encode(base) + scalar.to_bytes(32, "little")


def valid_cofactorless(encoded, point, message, number):
    """Whether [S]B = R + [k]A holds exactly, which every lenient reader accepts."""
    signature = weak_signature(encoded, point, message, number)
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    right = curve.add(curve.decode(r), curve.multiply(curve.challenge(r, encoded, message) % 8, point))
    return curve.multiply(s, curve.BASE) == right


def spellings(arena, outcome, counts, honest):
    """Second spellings of a right signature, none of which may be as good as the first."""
    view = View(honest)
    signature = view.get("signature")
    r, s = signature[:32], int.from_bytes(signature[32:], "little")

    def with_signature(value):
        return bytes(view.copy().set("signature", value).repair_index())

    for times in range(1, 16):
        if s + times * curve.L < 1 << 256:
            tried(arena, counts, f"S + {times} L", with_signature(r + (s + times * curve.L).to_bytes(32, "little")))
    for bit in (253, 254, 255):
        tried(arena, counts, f"S with bit {bit}", with_signature(r + (s | 1 << bit).to_bytes(32, "little")))
    tried(arena, counts, "R with the other sign", with_signature(r[:31] + bytes([r[31] ^ 0x80]) + signature[32:]))
    for label, value in {
        "zeros": bytes(64),
        "R zero": bytes(32) + signature[32:],
        "S zero": r + bytes(32),
        "S is L": r + curve.L.to_bytes(32, "little"),
    }.items():
        tried(arena, counts, f"signature: {label}", with_signature(value))
    tried(arena, counts, "key: zeros", bytes(view.copy().set("public_key", bytes(32)).repair_index()))
    tried(
        arena,
        counts,
        "key and signature: zeros",
        bytes(view.copy().set("public_key", bytes(32)).set("signature", bytes(64)).repair_index()),
    )
    # A key whose y is not below p, with a right signature of nobody: there is no secret for it, so only form is tried.
    for low in range(19):
        encoded = (curve.P + low).to_bytes(32, "little")
        for sign in (0, 0x80):
            spelled = encoded[:31] + bytes([encoded[31] | sign])
            tried(
                arena,
                counts,
                f"key y = p + {low}, sign {sign >> 7}",
                signed_as(arena.workshop, spelled, lambda message, spelled=spelled: curve.sign_with(0, spelled, message, 9)),
            )
    # R in a second spelling: small order, so that a signer can choose it, and [S]B = R + [k]A still holds.
    secret, _ = curve.secret_scalar(arena.workshop.other.seed)
    public = arena.workshop.other.public
    for encoded, point in curve.small_order_encodings():

        def signature(message, encoded=encoded):
            scalar = curve.challenge(encoded, public, message) * secret % curve.L
            return encoded + scalar.to_bytes(32, "little")

        tried(arena, counts, f"R of small order {encoded.hex()[:8]}…", signed_as(arena.workshop, public, signature))
    # A + T for a T of small order: another key to a strict reader, the same to one that multiplies by the cofactor.
    for point in curve.small_order()[1:]:
        mixed = curve.encode(curve.add(curve.decode(public), point))
        content = signed_as(arena.workshop, mixed, lambda message, mixed=mixed: curve.sign_with(secret, mixed, message, 11))
        view = View(content)
        challenge = curve.challenge(view.get("signature")[:32], mixed, view.text())
        exact = curve.multiply(challenge % 8, point) == curve.IDENTITY
        # With the right challenge this is an ordinary signature of an odd key.
        if not exact:
            tried(arena, counts, "a key with a part of small order", content)
    for at in (0, 1, 64, 447):
        padding = bytearray(448)
        padding[at] = 1
        tried(
            arena,
            counts,
            f"signature padding, byte {at}",
            bytes(View(honest).set("signature_rest", bytes(padding)).repair_index()),
        )
    fingerprint = View(honest).set("key_fingerprint", arena.workshop.other.fingerprint.encode()).repair_index()
    tried(arena, counts, "another key's fingerprint", bytes(fingerprint))
    tried(arena, counts, "another key", bytes(View(honest).set("public_key", public).repair_index()))
    tried(arena, counts, "the signature of something else", with_signature(arena.workshop.key.sign(b"something else")))


def downgrades(arena, counts):
    """Signed by an attacker's own key, and made to look like a package that is held to fewer rules: neither a start nor
    `flavor run` may take it for one of ours, and none of its slots counts as proven that is not."""
    workshop = arena.workshop

    def without_facts(signed):
        signed.pop("flavor")

    def other_schema(signed):
        signed["flavor"]["schema"] = 2

    def null_facts(signed):
        signed["flavor"] = None

    def empty_facts(signed):
        signed["flavor"] = {}

    def list_of_facts(signed):
        signed["flavor"] = []

    def renamed(signed):
        signed["Flavor"] = signed.pop("flavor")

    for edit in (without_facts, other_schema, null_facts, empty_facts, list_of_facts, renamed):
        arena.write(by(workshop, workshop.other, EVIL, edit))
        for label, environment in {"": {}, " with FLAVOR_VALIDATION=none": {"FLAVOR_VALIDATION": "none"}}.items():
            arena.empty()
            counts.refused("downgrades", edit.__name__ + label, arena.start(**environment), BAND)
            counts.refused("downgrades", edit.__name__ + label, arena.flavor("run", arena.package, **environment))

    # The honest publisher's package without its facts, signed by another: as FlavorPack would make it.
    def foreign(signed):
        signed.pop("flavor")
        signed["launcher"]["tool"] = "launcher"
        signed["slots"][0]["checksum"] = signed["slots"][0]["checksum"][7:23]
        signed["execution"]["command"] = "/bin/cat {workenv}/check"

    arena.write(by(workshop, workshop.other, EVIL, foreign))
    arena.empty()
    counts.refused("downgrades", "a foreign package with a short digest", arena.flavor("run", arena.package))
    counts.refused("downgrades", "its slot", arena.flavor("extract", arena.package, "0", arena.out / "slot"))
    counts.refused("downgrades", "our launcher", arena.start(), BAND)


def start(arena, prefix, **environment):
    return arena.flavor(prefix, arena.package, **environment) if prefix else arena.start(**environment)


def other_signer(arena, outcome, counts, honest, forged, prefix):
    """First where nobody knows the publisher, then where everybody does."""
    fingerprints = arena.workshop.key.fingerprint.encode(), arena.workshop.other.fingerprint.encode()
    arena.empty()
    arena.write(forged)
    first = start(arena, prefix)
    outcome.expect((first.status, first.stdout) == (0, EVIL), lambda: f"never seen before, no policy: {first}")
    arena.empty()
    arena.write(honest)
    first = start(arena, prefix)
    outcome.expect((first.status, first.stdout) == (0, RIGHT), lambda: f"the honest one: {first}")
    arena.write(forged)
    for cold in (False, True):
        for name, values in [(None, [None]), *LOOSER.items()]:
            for value in values:
                if cold:
                    arena.empty(settings=False)
                second = start(arena, prefix, **({name: value} if name else {}))
                label = f"signed by another than before, {name}={value}"
                counts.refused("other signers", label, second, [107])
                outcome.expect(
                    all(one in second.stderr for one in fingerprints), lambda: f"{label}: not both fingerprints: {second}"
                )
    # Neither a newer nor an older version changes that.
    for version in ("0", "1.0.0", "2", "999", "0a1"):
        arena.write(by(arena.workshop, arena.workshop.other, EVIL, version=version))
        counts.refused("other signers", f"version {version!r}", start(arena, prefix), [107])
    # Statements that the key was changed, none of them the old key's.
    for label, record in rotations(arena.workshop).items():

        def edit(signed, record=record):
            signed["flavor"]["rotations"] = record

        arena.write(by(arena.workshop, arena.workshop.other, EVIL, edit))
        counts.refused("other signers", f"rotation: {label}", start(arena, prefix), [107, 102])


def rotations(workshop):
    old, new = workshop.key.public, workshop.other.public
    statement = b"flavor-key-rotation-v1\0" + old + new

    def record(old, new, signature):
        return {"old": old.hex(), "new": new.hex(), "signature": signature.hex()}

    return {
        "signed by the new key": [record(old, new, workshop.other.sign(statement))],
        "zeros": [record(old, new, bytes(64))],
        "of the other direction": [record(new, old, workshop.other.sign(b"flavor-key-rotation-v1\0" + new + old))],
        "a loop": [record(new, new, workshop.other.sign(b"flavor-key-rotation-v1\0" + new + new))],
        "short": [record(old[:31], new, bytes(64))],
        "no hexadecimal": [{"old": "x" * 64, "new": new.hex(), "signature": "y" * 128}],
        "small order": [record(bytes([1]) + bytes(31), new, bytes([1]) + bytes(63))],
        "another purpose": [record(old, new, workshop.key.sign(b"flavor-key-rotation-v2\0" + old + new))],
        "a message without purpose": [record(old, new, workshop.key.sign(old + new))],
    }


def policies(arena, outcome, counts, honest, forged, prefix):
    """An operator demands trusted keys: variables add demands and never take any away."""
    evil = arena.root / "tmp" / "evil"
    (evil / "trusted-keys").mkdir(parents=True, exist_ok=True)
    (evil / "trusted-keys" / "evil.pub").write_text(pem(arena.workshop.other.public))
    (evil / "policy.json").write_text(json.dumps({"version": 1, "trust": {"require_trusted_key": False}}))
    arena.empty()
    settings = arena.settings
    settings.mkdir(parents=True)
    (settings / "policy.json").write_text(json.dumps({"version": 1, "trust": {"require_trusted_key": True}}))
    environments = [{}, *({name: value} for name, values in LOOSER.items() for value in values)]
    environments += [{"FLAVOR_TRUSTED_KEYS_DIR": evil / "trusted-keys"}]
    arena.write(forged)
    for environment in environments:
        counts.refused("under a policy", f"{environment}", start(arena, prefix, **environment), [104])
    trusted = settings / "trusted-keys"
    trusted.mkdir()
    (trusted / "publisher.pub").write_text(pem(arena.workshop.key.public))
    for environment in environments:
        counts.refused("under a policy", f"a trusted key, {environment}", start(arena, prefix, **environment), [104])
    arena.write(honest)
    right = start(arena, prefix)
    outcome.expect((right.status, right.stdout) == (0, RIGHT), lambda: f"the trusted publisher's under a policy: {right}")
    # A policy that cannot be understood, or that others can write, lets nothing start.
    for label, content in {
        "no JSON": "{",
        "an unknown key": '{"version":1,"x":1}',
        "no version": "{}",
        "a key twice": '{"version":1,"version":1}',
    }.items():
        (settings / "policy.json").write_text(content)
        counts.refused("under a policy", f"policy: {label}", start(arena, prefix), [104])
    (settings / "policy.json").write_text(json.dumps({"version": 1}))
    os.chmod(settings / "policy.json", 0o666)
    counts.refused("under a policy", "a policy that others can write", start(arena, prefix), [104])


def trust_add(arena, outcome, counts, honest):
    """Keys by themselves: as files to trust, and as what a package must be signed by."""
    arena.empty()
    arena.write(honest)
    keys = {encoded.hex(): encoded for encoded, _ in curve.small_order_encodings()}
    keys |= {f"p + {low}": (curve.P + low).to_bytes(32, "little") for low in range(19)}
    keys |= {"no point": b"\x02" + bytes(31), "ones": b"\xff" * 32}
    path = arena.root / "tmp" / "key.pub"
    for label, encoded in keys.items():
        path.write_text(pem(encoded))
        counts.refused("weak keys", f"trust add {label}", arena.flavor("trust", "add", path), [1, 3])
        counts.refused("weak keys", f"verify --key {label}", arena.flavor("verify", "--key", path, arena.package), [1, 3])
    listed = arena.flavor("trust", "list")
    outcome.expect(
        b"fingerprint" not in listed.stdout and not list(arena.settings.glob("trusted-keys/*")), lambda: f"trusted: {listed}"
    )
    # Put there by hand, they count for nothing either.
    trusted = arena.settings / "trusted-keys"
    trusted.mkdir(parents=True)
    for number, encoded in enumerate(keys.values()):
        (trusted / f"{number}.pub").write_text(pem(encoded))
    (arena.settings / "policy.json").write_text(json.dumps({"version": 1, "trust": {"require_trusted_key": True}}))
    for encoded, point in curve.small_order_encodings():
        arena.write(signed_as(arena.workshop, encoded, lambda message, e=encoded, p=point: weak_signature(e, p, message, 0)))
        counts.refused("weak keys", "trusted by hand", arena.start(), BAND)
    path.write_text(pem(arena.workshop.key.public))
    arena.write(honest)
    right = arena.flavor("verify", "--key", path, arena.package)
    outcome.expect(right.status == 0, lambda: f"verify --key with the right key: {right}")
    path.write_text(pem(arena.workshop.other.public))
    counts.refused("weak keys", "verify --key with another key", arena.flavor("verify", "--key", path, arena.package))
