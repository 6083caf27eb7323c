//! Which key signs.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::BuildError;
use crate::fs::{Lock, LockKind, config_dir, create_private_dir, own_config_dir};
use crate::sign::{PRIVATE_KEY_FILE, PublicKey, SecretKey, SignError, write_key_pair};

/// Where the signing key comes from.
#[derive(Clone)]
pub enum KeySource {
    /// The user's own key, made on first use.
    Own,
    /// A PEM file, and perhaps the public key that must belong to it.
    File { private: PathBuf, public: Option<PathBuf> },
    /// Derived from a text that whoever knows can sign with.
    Seed(Zeroizing<String>),
}

/// A key, and whether it was made just now.
pub struct SigningKey {
    pub key: SecretKey,
    /// Directory of a pair that has just been made: worth an announcement.
    pub made_in: Option<PathBuf>,
}

/// The seed is as good as the key.
impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("Own"),
            Self::File { private, public } => {
                f.debug_struct("File").field("private", private).field("public", public).finish()
            }
            Self::Seed(_) => f.write_str("Seed(****)"),
        }
    }
}

impl KeySource {
    /// Loads the key, or makes it.
    pub fn load(&self) -> Result<SigningKey, BuildError> {
        let found = |key| SigningKey { key, made_in: None };
        match self {
            Self::Seed(seed) => Ok(found(SecretKey::from_seed(seed))),
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
    // A key that is there is used wherever the settings are, and a new one made in nobody else's home.
    let there = config_dir().map(|directory| directory.join("keys").join(PRIVATE_KEY_FILE));
    if let Some(path) = there.filter(|path| path.exists()) {
        return Ok(SigningKey { key: SecretKey::read(&path)?, made_in: None });
    }
    let directory = own_config_dir().ok_or(BuildError::NoKeyPlace)?.join("keys");
    let path = directory.join(PRIVATE_KEY_FILE);
    if path.exists() {
        return Ok(SigningKey { key: SecretKey::read(&path)?, made_in: None });
    }
    create_private_dir(&directory)?;
    // Two first packs at once must end up with one key.
    let _lock = Lock::acquire(&directory.join(".lock"), LockKind::Exclusive)?;
    if path.exists() {
        return Ok(SigningKey { key: SecretKey::read(&path)?, made_in: None });
    }
    let key = SecretKey::generate()?;
    write_key_pair(&key, &directory)?;
    Ok(SigningKey { key, made_in: Some(directory) })
}
