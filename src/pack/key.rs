//! The signing key.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::BuildError;
use crate::fs::{Lock, LockKind, config_dir, create_private_dir, make_once, own_config_dir};
use crate::sign::{PRIVATE_KEY_FILE, PublicKey, SecretKey, SignError, write_key_pair};

/// The source of the signing key.
#[derive(Clone)]
pub enum KeySource {
    /// The user's own key, generated on first use.
    Own,
    /// A PEM file, with an optional public key to check it against.
    File {
        private: PathBuf,
        public: Option<PathBuf>,
    },
    /// The PEM text itself, as CI secrets are provided.
    Text(Zeroizing<String>),
    /// Derived from a text; anyone who knows the text can sign.
    Seed(Zeroizing<String>),
}

/// A key, and whether it was just generated.
pub struct SigningKey {
    pub key: SecretKey,
    /// Directory of a newly generated pair, to be announced.
    pub made_in: Option<PathBuf>,
}

/// Not derived: the seed is as secret as the key.
impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("Own"),
            Self::File { private, public } => f
                .debug_struct("File")
                .field("private", private)
                .field("public", public)
                .finish(),
            Self::Text(_) => f.write_str("Text(****)"),
            Self::Seed(_) => f.write_str("Seed(****)"),
        }
    }
}

/// Contains the path of a key file, or the key itself.
pub const PRIVATE_KEY_VARIABLE: &str = "FLAVOR_PRIVATE_KEY";

impl KeySource {
    /// The value of [`PRIVATE_KEY_VARIABLE`], if it is set: the path of a file, or a key as PEM.
    /// Anything that is not the path of a file is treated as a possibly damaged key, and not shown
    /// in messages.
    pub fn from_variable() -> Option<Self> {
        let value = std::env::var_os(PRIVATE_KEY_VARIABLE).filter(|value| !value.is_empty())?;
        let path = PathBuf::from(&value);
        if path.exists() {
            return Some(Self::File {
                private: path,
                public: None,
            });
        }
        // Some systems store a secret in one line.
        let text = Zeroizing::new(value.into_string().unwrap_or_default());
        Some(Self::Text(text.replace("\\n", "\n").into()))
    }

    /// Loads the key, or generates it.
    pub fn load(&self) -> Result<SigningKey, BuildError> {
        let found = |key| SigningKey { key, made_in: None };
        match self {
            Self::Seed(seed) => Ok(found(SecretKey::from_seed(seed))),
            Self::Text(text) => SecretKey::from_pem(text).map(found).ok_or_else(|| {
                SignError::BadVariable {
                    variable: PRIVATE_KEY_VARIABLE,
                }
                .into()
            }),
            Self::File { private, public } => {
                let key = SecretKey::read(private)?;
                if let Some(path) = public
                    && PublicKey::read(path)? != key.public()
                {
                    return Err(SignError::KeysDiffer { path: path.clone() }.into());
                }
                Ok(found(key))
            }
            Self::Own => own_key(),
        }
    }
}

fn own_key() -> Result<SigningKey, BuildError> {
    // An existing key is used from the settings directory; a new one is never written to another
    // user's home.
    let there = config_dir().map(|directory| directory.join("keys").join(PRIVATE_KEY_FILE));
    if let Some(path) = there.filter(|path| path.exists()) {
        return existing(&path);
    }
    let directory = own_config_dir().ok_or(BuildError::NoKeyPlace)?.join("keys");
    let path = directory.join(PRIVATE_KEY_FILE);
    // Two concurrent first packs must end up with the same key.
    let once = make_once(
        |_| path.exists().then(|| existing(&path)).transpose(),
        || {
            create_private_dir(&directory)?;
            Ok(Lock::acquire(
                &directory.join(".lock"),
                LockKind::Exclusive,
            )?)
        },
        |_| {
            let key = SecretKey::generate()?;
            write_key_pair(&key, &directory)?;
            Ok::<_, BuildError>(SigningKey {
                key,
                made_in: Some(directory.clone()),
            })
        },
    )?;
    Ok(once.into_inner())
}

fn existing(path: &Path) -> Result<SigningKey, BuildError> {
    Ok(SigningKey {
        key: SecretKey::read(path)?,
        made_in: None,
    })
}
