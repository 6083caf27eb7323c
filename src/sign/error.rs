use std::path::PathBuf;

use crate::diagnostics::{Code, Diagnosis, Diagnostic};
use crate::fs;

/// Why a key or a signature is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("the key is not a valid Ed25519 public key")]
    BadKey,
    #[error("the key is a weak Ed25519 key: signatures for it can be forged")]
    WeakKey,
    #[error("the signature does not match the metadata")]
    BadSignature,
    #[error("`{}` is not a PEM file with an Ed25519 {expected} key", path.display())]
    NotPem {
        path: PathBuf,
        expected: &'static str,
    },
    #[error("`{}` holds a {found} key; expected a {expected} key", path.display())]
    OtherHalf {
        path: PathBuf,
        expected: &'static str,
        found: &'static str,
    },
    #[error(
        "`{variable}` is neither the path of a file nor a private key as PEM; its value is not shown"
    )]
    BadVariable { variable: &'static str },
    #[error("the public key in `{}` does not match the private key", path.display())]
    KeysDiffer { path: PathBuf },
    #[error("`{}` already exists", path.display())]
    KeyExists { path: PathBuf },
    #[error(transparent)]
    Io(#[from] fs::Error),
}

impl Diagnostic for SignError {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::BadKey | Self::WeakKey => Code::BAD_KEY.into(),
            Self::BadSignature => Code::BAD_SIGNATURE.into(),
            Self::NotPem { expected: "public", .. } => Code::NOT_A_KEY_FILE.with_hint(
                "such a file begins with `-----BEGIN PUBLIC KEY-----`; `flavor keygen --out-dir DIR` makes a pair",
            ),
            Self::NotPem { .. } => {
                Code::NOT_A_KEY_FILE.with_hint("generate a key pair with `flavor keygen --out-dir DIR`")
            }
            Self::OtherHalf { expected, .. } => {
                Code::NOT_A_KEY_FILE.with_hint(format!("give `flavor-{expected}.key` of the same pair"))
            }
            Self::BadVariable { variable } => Code::NOT_A_KEY_FILE.with_hint(format!(
                "set {variable} to the path or the content of a key file made by `flavor keygen`"
            )),
            Self::KeysDiffer { .. } => {
                Code::KEYS_DIFFER.with_hint("omit --public-key: it is derived from the private key")
            }
            Self::KeyExists { .. } => Code::KEY_EXISTS
                .with_hint("a key is never overwritten; choose another directory with --out-dir"),
            Self::Io(error) => error.code().into(),
        }
    }
}
