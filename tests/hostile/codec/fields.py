"""Where the fields of the index and of a table's row lie: docs/format.md § Index, § Slot table."""

import hashlib
import struct
import zlib

INDEX = {
    "format_version": (0, "<I"),
    "checksum": (4, "<I"),
    "package_size": (8, "<Q"),
    "launcher_size": (16, "<Q"),
    "metadata_offset": (24, "<Q"),
    "metadata_size": (32, "<Q"),
    "slot_table_offset": (40, "<Q"),
    "slot_table_size": (48, "<Q"),
    "slot_count": (56, "<I"),
    "flags": (60, "<I"),
    "public_key": (64, "32s"),
    "metadata_checksum": (96, "32s"),
    "signature": (128, "64s"),
    "signature_rest": (192, "448s"),
    "access_mode": (640, "<B"),
    "cache_strategy": (641, "<B"),
    "reserved_2": (642, "<H"),
    "page_size": (644, "<I"),
    "max_memory": (648, "<Q"),
    "min_memory": (656, "<Q"),
    "cpu_features": (664, "<Q"),
    "gpu_requirements": (672, "<Q"),
    "numa_hints": (680, "<Q"),
    "stream_chunk_size": (688, "<I"),
    "padding": (692, "12s"),
    "build_timestamp": (704, "<Q"),
    "build_machine": (712, "120s"),
    "capabilities": (832, "<Q"),
    "requirements": (840, "<Q"),
    "extensions": (848, "<Q"),
    "compatibility": (856, "<I"),
    "protocol_version": (860, "<I"),
    "future_crypto": (864, "512s"),
    "key_fingerprint": (1376, "64s"),
    "attestation_digest": (1440, "64s"),
    "policy_hash": (1504, "64s"),
    "reserved": (1568, "6624s"),
}
INDEX_LEN = 8192

ROW = {
    "id": (0, "<Q"),
    "name_hash": (8, "<Q"),
    "offset": (16, "<Q"),
    "size": (24, "<Q"),
    "plain_size": (32, "<Q"),
    "operations": (40, "<Q"),
    "checksum": (48, "<Q"),
    "purpose": (56, "<B"),
    "lifecycle": (57, "<B"),
    "priority": (58, "<B"),
    "platform": (59, "<B"),
    "reserved": (60, "<H"),
    "permissions": (62, "<H"),
}
ROW_LEN = 64

START_MARK = bytes.fromhex("f09f93a6")
END_MARK = bytes.fromhex("f09faa84")
TRAILER_LEN = 8200

CHAINS = {
    "raw": 0,
    "tar": 0x01,
    "gzip": 0x10,
    "bzip2": 0x13,
    "xz": 0x16,
    "zstd": 0x1B,
    "tar.gz": 0x1001,
    "tar.bz2": 0x1301,
    "tar.xz": 0x1601,
    "tar.zst": 0x1B01,
}
LIFECYCLES = {"init": 0, "temporary": 5, "lazy": 6, "eager": 7, "attestation": 11}


def short(content):
    """The 64-bit digest of names and stored bytes."""
    return int.from_bytes(hashlib.sha256(content).digest()[:8], "little")


def get(block, fields, name):
    at, form = fields[name]
    return struct.unpack_from(form, block, at)[0]


def put(block, fields, name, value):
    at, form = fields[name]
    struct.pack_into(form, block, at, value)


def width(fields, name):
    return struct.calcsize(fields[name][1])


def index_checksum(block):
    return zlib.adler32(bytes(block[:4]) + bytes(4) + bytes(block[8:INDEX_LEN]))
