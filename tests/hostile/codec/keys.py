"""Keys that sign as they should."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# SubjectPublicKeyInfo of Ed25519 (RFC 8410), in front of the raw key.
SPKI = bytes.fromhex("302a300506032b6570032100")


class Key:
    """A key pair from a text, as `flavor pack --key-seed` derives it."""

    def __init__(self, text):
        self.seed = hashlib.sha256(text.encode()).digest()
        self._secret = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self._secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message):
        return self._secret.sign(message)

    @property
    def fingerprint(self):
        return hashlib.sha256(self.public).hexdigest()


def pem(public):
    """A public key file, whatever the bytes are."""
    return f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(SPKI + public).decode()}\n-----END PUBLIC KEY-----\n"
