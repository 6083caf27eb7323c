//! Keys and signatures.

codes! {
    NOT_A_KEY_FILE = 501 {
        title: "a file is not a key",
        cause: "The file is not in PEM format, or contains a key that is not Ed25519.",
        remedy: "Generate a key pair with `flavor keygen --out-dir DIR`.",
        example: r"error[FLV0501]: cannot pack `pyproject.toml`
  `key` is not a PEM file with an Ed25519 private key
hint: generate a key pair with `flavor keygen --out-dir DIR`",
    }
    KEYS_DIFFER = 502 {
        title: "the public key does not match the private key",
        cause: "`--public-key` checks that the given public key belongs to the private key.",
        remedy: "Omit `--public-key`: it is derived from the private key.",
        example: r"error[FLV0502]: cannot pack `pyproject.toml`
  the public key in `two/flavor-public.key` does not match the private key
hint: omit --public-key: it is derived from the private key",
    }
    KEY_EXISTS = 503 {
        title: "the key file already exists",
        cause: "flavor never overwrites keys.",
        remedy: "Choose another directory with `--out-dir`.",
        example: r"error[FLV0503]: cannot generate a key pair
  `k/flavor-public.key` already exists
hint: a key is never overwritten; choose another directory with --out-dir",
    }
    BAD_KEY = 504 {
        title: "a public key is invalid or weak",
        cause: "The public key is not a point on the curve, or is one of its few weak points.",
        remedy: "Do not use the package; download it again from its publisher.",
        example: r"error[FLV0504]: cannot open package `changed.psp`
  the key is a weak Ed25519 key: signatures for it can be forged
hint: do not run it; download the file again from its publisher",
    }
    NO_KEY_PLACE = 505 {
        title: "no directory to store a signing key",
        cause: "Neither `FLAVOR_CONFIG_DIR`, `XDG_CONFIG_HOME` nor `HOME` is set.",
        remedy: "Pass `--private-key FILE` or `--key-seed TEXT`.",
        example: r"error[FLV0505]: cannot pack `pyproject.toml`
  cannot store a signing key: neither FLAVOR_CONFIG_DIR, XDG_CONFIG_HOME nor HOME is set
hint: pass --private-key FILE or --key-seed TEXT",
    }
    BAD_ROTATION = 506 {
        title: "a file is not a key rotation statement",
        cause: "`--rotation` requires a file written by `flavor trust rotate` and signed with the old key.",
        remedy: "Create it again with `flavor trust rotate`.",
        example: r"error[FLV0506]: `forged.json` is not a key rotation statement
hint: `flavor trust rotate` writes one",
    }
    BAD_SIGNATURE = 507 {
        title: "the signature does not match",
        cause: "The signature or the signed data was changed.",
        remedy: "Do not run the package; download it again from its publisher.",
        example: r"error[FLV0507]: cannot open package `changed.psp`
  the signature does not match the metadata
hint: do not run it; download the file again from its publisher",
    }
    OTHER_SIGNER = 508 {
        title: "the package is signed by another key",
        cause: "The package is not signed with the key passed to `verify --key`.",
        remedy: "Ask the publisher for the fingerprint of their key.",
        example: r"error[FLV0508]: `dist/probe.psp` is signed by another key: [DIGEST]",
    }
    NO_SUCH_KEY = 509 {
        title: "no trusted key has this fingerprint prefix",
        cause: "The trust store has no key whose fingerprint begins with it.",
        remedy: "Run `flavor trust list` to list the trusted keys.",
        example: r"error[FLV0509]: no trusted key begins with `0c61b0a35049`
hint: `flavor trust list` shows them",
    }
    AMBIGUOUS_KEY = 510 {
        title: "more than one trusted key has this fingerprint prefix",
        cause: "The prefix is too short.",
        remedy: "Use a longer prefix. `flavor trust list` lists the trusted keys.",
        example: r"error[FLV0510]: more than one trusted key begins with `7`
hint: `flavor trust list` shows them",
    }
    NO_TRUST_STORE = 511 {
        title: "the trust store cannot be found",
        cause: "No settings directory is configured.",
        remedy: "Set `HOME` or `FLAVOR_TRUSTED_KEYS_DIR`.",
        example: r"error[FLV0511]: cannot find the trust store: HOME is not set
hint: set HOME or FLAVOR_TRUSTED_KEYS_DIR",
    }
    NOT_AUTHENTICATED = 512 {
        title: "a part of the package is not covered by the signature",
        cause: "The package was built by another tool, which does not sign all of it.",
        remedy: "Ask its publisher for a package built by flavor.",
        example: r"error[FLV0512]: `_attestation` in `theirs.psp` is not authenticated by the signature
hint: get the package from its publisher, built by flavor",
    }
    NO_ATTESTATION = 513 {
        title: "the package contains no SBOM or provenance",
        cause: "The package has no attestation slot, or it lacks the SBOM or the provenance.",
        remedy: "Pack it again with this version of flavor.",
        example: r"error[FLV0513]: `changed.psp` contains no SBOM or provenance
hint: pack it again with this version of flavor",
    }
    BAD_PROVENANCE = 514 {
        title: "the provenance is not valid",
        cause: "The provenance does not conform to in-toto and SLSA, or is not signed with the key of the package.",
        remedy: "Do not rely on it; download the package again from its publisher.",
        example: r"error[FLV0514]: the provenance of `changed.psp` is not valid
  the provenance is not signed by the package's key",
    }
    SAME_KEY = 515 {
        title: "a key cannot replace itself",
        cause: "The old and the new key of the rotation are the same.",
        remedy: "Generate a new key with `flavor keygen --out-dir DIR`, and pass its public key with `--to`.",
        example: r"error[FLV0515]: the key in `k/flavor-public.key` cannot replace itself
hint: make its successor with `flavor keygen --out-dir DIR`",
    }
    STRAY_ROTATION = 516 {
        title: "a rotation statement is for other keys",
        cause: "The new key of the last rotation statement is not the key that signs the package.",
        remedy: "Sign with that key, or create a statement for the signing key: `flavor trust rotate --from OLD --to NEW`.",
        example: r"error[FLV0516]: cannot pack `pyproject.toml`
  the rotation statement ends at [DIGEST]; the package is signed by [DIGEST]
hint: give the statement that was written with `--to` and the public half of the signing key",
    }
}
