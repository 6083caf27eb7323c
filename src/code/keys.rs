//! Keys and signatures.

codes! {
    NOT_A_KEY_FILE = 501 {
        title: "a file is not a key",
        cause: "It is not PEM, or holds a key of another kind than Ed25519.",
        remedy: "Make a pair with `flavor keygen --out-dir DIR`.",
        example: r"error[FLV0501]: a file is not a key",
    }
    KEYS_DIFFER = 502 {
        title: "the public key does not belong to the private key",
        cause: "`--public-key` is a check, and it failed.",
        remedy: "Leave `--public-key` out: it is derived from the private key.",
        example: r"error[FLV0502]: the public key does not belong to the private key",
    }
    KEY_EXISTS = 503 {
        title: "there is a key already",
        cause: "A key is never overwritten.",
        remedy: "Choose another directory with `--out-dir`.",
        example: r"error[FLV0503]: there is a key already",
    }
    BAD_KEY = 504 {
        title: "a public key is none, or one that anybody can forge for",
        cause: "The 32 bytes are no point of the curve, or one of its few weak ones.",
        remedy: "Do not use the package; get it again from its publisher.",
        example: r"error[FLV0504]: a public key is none, or one that anybody can forge for",
    }
    NO_KEY_PLACE = 505 {
        title: "there is nowhere to keep a signing key",
        cause: "Neither `FLAVOR_CONFIG_DIR`, `XDG_CONFIG_HOME` nor `HOME` is set.",
        remedy: "Pass `--private-key FILE` or `--key-seed TEXT`.",
        example: r"error[FLV0505]: there is nowhere to keep a signing key",
    }
    BAD_ROTATION = 506 {
        title: "a file is not a statement of rotation",
        cause: "`--rotation` takes what `flavor trust rotate` writes, signed by the older key.",
        remedy: "Write it anew with `flavor trust rotate`.",
        example: r"error[FLV0506]: a file is not a statement of rotation",
    }
    BAD_SIGNATURE = 507 {
        title: "the signature does not match",
        cause: "What is signed was changed, or the signature was.",
        remedy: "Do not run the package; get it again from where it was published.",
        example: r"error[FLV0507]: the signature does not match",
    }
    OTHER_SIGNER = 508 {
        title: "the package is signed by another key",
        cause: "`verify --key` names the key that must have signed it.",
        remedy: "Ask the publisher which key is theirs.",
        example: r"error[FLV0508]: the package is signed by another key",
    }
    NO_SUCH_KEY = 509 {
        title: "no trusted key begins so",
        cause: "The fingerprint is not among those that this machine trusts.",
        remedy: "`flavor trust list` shows them.",
        example: r"error[FLV0509]: no trusted key begins so",
    }
    AMBIGUOUS_KEY = 510 {
        title: "more than one trusted key begins so",
        cause: "The beginning of the fingerprint is too short.",
        remedy: "Write more of it; `flavor trust list` shows them.",
        example: r"error[FLV0510]: more than one trusted key begins so",
    }
    NO_TRUST_STORE = 511 {
        title: "there is no place for trusted keys",
        cause: "No settings directory is known.",
        remedy: "Set `HOME` or `FLAVOR_TRUSTED_KEYS_DIR`.",
        example: r"error[FLV0511]: there is no place for trusted keys",
    }
    NOT_AUTHENTICATED = 512 {
        title: "a part of the package is not covered by the signature",
        cause: "The package was made by a tool that does not sign everything.",
        remedy: "Get the package built by flavor from its publisher.",
        example: r"error[FLV0512]: a part of the package is not covered by the signature",
    }
    NO_ATTESTATION = 513 {
        title: "the package says nothing of what it contains",
        cause: "It has no bill of materials or no provenance.",
        remedy: "Pack it again with this version of flavor.",
        example: r"error[FLV0513]: the package says nothing of what it contains",
    }
    BAD_PROVENANCE = 514 {
        title: "the provenance cannot be believed",
        cause: "It is not in the form that the standard has, or not signed by the package's key.",
        remedy: "Do not rely on it; get the package again from its publisher.",
        example: r"error[FLV0514]: the provenance cannot be believed",
    }
}
