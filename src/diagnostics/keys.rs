//! Keys and signatures.

codes! {
    NOT_A_KEY_FILE = 501 {
        title: "a file is not a key",
        cause: "It is not PEM, or holds a key of another kind than Ed25519.",
        remedy: "Generate a key pair with `flavor keygen --out-dir DIR`.",
        example: r"error[FLV0501]: cannot pack `pyproject.toml`
  `key` is not a PEM file with an Ed25519 private key
hint: generate a key pair with `flavor keygen --out-dir DIR`",
    }
    KEYS_DIFFER = 502 {
        title: "the public key does not match the private key",
        cause: "`--public-key` is a check, and it failed.",
        remedy: "Leave `--public-key` out: it is derived from the private key.",
        example: r"error[FLV0502]: cannot pack `pyproject.toml`
  the public key in `two/flavor-public.key` does not match the private key
hint: omit --public-key: it is derived from the private key",
    }
    KEY_EXISTS = 503 {
        title: "there is a key already",
        cause: "A key is never overwritten.",
        remedy: "Choose another directory with `--out-dir`.",
        example: r"error[FLV0503]: cannot generate a key pair
  `k/flavor-public.key` already exists
hint: a key is never overwritten; choose another directory with --out-dir",
    }
    BAD_KEY = 504 {
        title: "a public key is invalid or weak",
        cause: "The 32 bytes are no point of the curve, or one of its few weak ones.",
        remedy: "Do not use the package; get it again from its publisher.",
        example: r"error[FLV0504]: cannot open package `changed.psp`
  the key is a weak Ed25519 key: signatures for it can be forged
hint: do not run it; download the file again from its publisher",
    }
    NO_KEY_PLACE = 505 {
        title: "no directory for signing keys",
        cause: "Neither `FLAVOR_CONFIG_DIR`, `XDG_CONFIG_HOME` nor `HOME` is set.",
        remedy: "Pass `--private-key FILE` or `--key-seed TEXT`.",
        example: r"error[FLV0505]: cannot pack `pyproject.toml`
  cannot store a signing key: neither FLAVOR_CONFIG_DIR, XDG_CONFIG_HOME nor HOME is set
hint: pass --private-key FILE or --key-seed TEXT",
    }
    BAD_ROTATION = 506 {
        title: "a file is not a rotation statement",
        cause: "`--rotation` takes what `flavor trust rotate` writes, signed by the older key.",
        remedy: "Write it anew with `flavor trust rotate`.",
        example: r"error[FLV0506]: `forged.json` is not a key rotation statement
hint: `flavor trust rotate` writes one",
    }
    BAD_SIGNATURE = 507 {
        title: "the signature does not match",
        cause: "What is signed was changed, or the signature was.",
        remedy: "Do not run the package; download it again from its publisher.",
        example: r"error[FLV0507]: cannot open package `changed.psp`
  the signature does not match the metadata
hint: do not run it; download the file again from its publisher",
    }
    OTHER_SIGNER = 508 {
        title: "the package is signed by another key",
        cause: "`verify --key` names the key that must have signed it.",
        remedy: "Ask the publisher which key is theirs.",
        example: r"error[FLV0508]: `dist/probe.psp` is signed by another key: [DIGEST]",
    }
    NO_SUCH_KEY = 509 {
        title: "no trusted key has this prefix",
        cause: "The fingerprint is not among those that this machine trusts.",
        remedy: "`flavor trust list` shows them.",
        example: r"error[FLV0509]: no trusted key begins with `0c61b0a35049`
hint: `flavor trust list` shows them",
    }
    AMBIGUOUS_KEY = 510 {
        title: "more than one trusted key has this prefix",
        cause: "The beginning of the fingerprint is too short.",
        remedy: "Write more of it; `flavor trust list` shows them.",
        example: r"error[FLV0510]: more than one trusted key begins with `7`
hint: `flavor trust list` shows them",
    }
    NO_TRUST_STORE = 511 {
        title: "the trust store cannot be found",
        cause: "No settings directory is known.",
        remedy: "Set `HOME` or `FLAVOR_TRUSTED_KEYS_DIR`.",
        example: r"error[FLV0511]: cannot find the trust store: HOME is not set
hint: set HOME or FLAVOR_TRUSTED_KEYS_DIR",
    }
    NOT_AUTHENTICATED = 512 {
        title: "a part of the package is not covered by the signature",
        cause: "The package was made by a tool that does not sign everything.",
        remedy: "Get the package built by flavor from its publisher.",
        example: r"error[FLV0512]: `_attestation` in `theirs.psp` is not authenticated by the signature
hint: get the package from its publisher, built by flavor",
    }
    NO_ATTESTATION = 513 {
        title: "the package contains no SBOM or provenance",
        cause: "It has no bill of materials or no provenance.",
        remedy: "Pack it again with this version of flavor.",
        example: r"error[FLV0513]: `changed.psp` contains no SBOM or provenance
hint: pack it again with this version of flavor",
    }
    BAD_PROVENANCE = 514 {
        title: "the provenance is not valid",
        cause: "It is not in the form that the standard has, or not signed by the package's key.",
        remedy: "Do not rely on it; get the package again from its publisher.",
        example: r"error[FLV0514]: the provenance of `changed.psp` is not valid
  the provenance is not signed by the package's key",
    }
    SAME_KEY = 515 {
        title: "a key is named as its own successor",
        cause: "Both files are of one pair: such a statement would say nothing.",
        remedy: "Make the successor with `flavor keygen --out-dir DIR`, and give its public half with `--to`.",
        example: r"error[FLV0515]: the key in `k/flavor-public.key` cannot replace itself
hint: make its successor with `flavor keygen --out-dir DIR`",
    }
    STRAY_ROTATION = 516 {
        title: "a rotation statement is for other keys",
        cause: "It says that one key takes the place of another, and neither it nor another one ends at the key that signs.",
        remedy: "Sign with the newer key, or write the statement for it: `flavor trust rotate --from OLD --to NEW`.",
        example: r"error[FLV0516]: the rotation statement ends at [DIGEST]; the package is signed by [DIGEST]
hint: give the statement that was written with `--to` and the public half of the signing key",
    }
}
