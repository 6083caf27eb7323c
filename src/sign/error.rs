use std::path::PathBuf;

use crate::diagnostics::Code;
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

impl SignError {
    /// The error code.
    pub fn code(&self) -> Code {
        match self {
            Self::BadKey | Self::WeakKey => Code::BAD_KEY,
            Self::BadSignature => Code::BAD_SIGNATURE,
            Self::NotPem { .. } | Self::OtherHalf { .. } | Self::BadVariable { .. } => {
                Code::NOT_A_KEY_FILE
            }
            Self::KeysDiffer { .. } => Code::KEYS_DIFFER,
            Self::KeyExists { .. } => Code::KEY_EXISTS,
            Self::Io(error) => error.code(),
        }
    }

    /// The remedy, for the user.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotPem { expected: "public", .. } => Some(
                "such a file begins with `-----BEGIN PUBLIC KEY-----`; `flavor keygen --out-dir DIR` makes a pair"
                    .into(),
            ),
            Self::BadVariable { variable } => {
                Some(format!("set {variable} to the path or the content of a key file made by `flavor keygen`"))
            }
            Self::NotPem { .. } => Some("generate a key pair with `flavor keygen --out-dir DIR`".into()),
            Self::OtherHalf { expected, .. } => Some(format!("give `flavor-{expected}.key` of the same pair")),
            Self::KeyExists { .. } => {
                Some("a key is never overwritten; choose another directory with --out-dir".into())
            }
            Self::KeysDiffer { .. } => Some("omit --public-key: it is derived from the private key".into()),
            _ => None,
        }
    }
}
