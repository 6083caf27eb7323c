use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use ed25519_dalek::{Signer, SigningKey};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use sha2::Digest as _;
use zeroize::Zeroizing;

use super::{PublicKey, SignError, pem};
use crate::fs::{IoContext, staging_name};

/// The file names of a key pair made by `flavor keygen`, the same as FlavorPack's.
pub const PRIVATE_KEY_FILE: &str = "flavor-private.key";
pub const PUBLIC_KEY_FILE: &str = "flavor-public.key";

/// A private key: wiped from memory when dropped, never printed, excluded from core dumps.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// Every private key is made here. From now on this process writes no core file and only root
    /// can read its memory: copies may be in places that nothing wipes.
    fn from_bytes(seed: &[u8; 32]) -> Self {
        if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
            tracing::debug!(%error, "cannot disable core dumps");
        }
        Self(SigningKey::from_bytes(seed))
    }

    /// A fresh key from the system's random numbers.
    ///
    /// # Errors
    /// [`SignError::Io`] if the system provides none.
    pub fn generate() -> Result<Self, SignError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed)
            .map_err(|error| std::io::Error::other(error.to_string()))
            .on("read random numbers from", "/dev/urandom")?;
        Ok(Self::from_bytes(&seed))
    }

    /// The key that every PSPF builder derives from a `--key-seed`: its seed is the SHA-256 of the
    /// text.
    pub fn from_seed(seed: &str) -> Self {
        let digest: Zeroizing<[u8; 32]> =
            Zeroizing::new(sha2::Sha256::digest(seed.as_bytes()).into());
        Self::from_bytes(&digest)
    }

    /// Parses a PKCS#8 PEM file.
    pub fn read(path: &Path) -> Result<Self, SignError> {
        let mut text = Zeroizing::new(Vec::new());
        Ok(Self::from_bytes(&Zeroizing::new(
            pem::PRIVATE.read(path, &mut text)?,
        )))
    }

    /// Parses PKCS#8 PEM; `None` for any other text.
    pub fn from_pem(text: &str) -> Option<Self> {
        pem::PRIVATE
            .decode(text)
            .map(|seed| Self::from_bytes(&Zeroizing::new(seed)))
    }

    pub fn public(&self) -> PublicKey {
        self.0.verifying_key().into()
    }

    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// Writes a pair to `directory` (created with mode 0700): both files 0600, never over an existing
/// one, never through a link.
///
/// # Errors
/// [`SignError::KeyExists`]; nothing was written then.
pub fn write_key_pair(key: &SecretKey, directory: &Path) -> Result<(), SignError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .on("create directory", directory)?;
    let private = directory.join(PRIVATE_KEY_FILE);
    let public = directory.join(PUBLIC_KEY_FILE);
    if public.symlink_metadata().is_ok() {
        return Err(SignError::KeyExists { path: public });
    }
    place(
        &private,
        &Zeroizing::new(pem::PRIVATE.encode(key.0.as_bytes())),
    )?;
    place(&public, &pem::PUBLIC.encode(&key.public().to_bytes()))
}

/// Publishes a new file atomically: another process may be waiting for it.
fn place(path: &Path, text: &str) -> Result<(), SignError> {
    let beside = path.with_file_name(staging_name(".key"));
    // Best effort, here and below: the file is private, and useless.
    write_new(&beside, text).inspect_err(|_| drop(std::fs::remove_file(&beside)))?;
    // Unlike a rename, a hard link never replaces an existing file.
    let placed = std::fs::hard_link(&beside, path);
    drop(std::fs::remove_file(&beside));
    match placed {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(SignError::KeyExists { path: path.into() })
        }
        // The file system has no hard links.
        Err(_) => write_new(path, text).inspect_err(|error| {
            if !matches!(error, SignError::KeyExists { .. }) {
                drop(std::fs::remove_file(path));
            }
        }),
    }
}

fn write_new(path: &Path, text: &str) -> Result<(), SignError> {
    let mut file = create_new(path)?;
    Ok(file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .on("write key", path)?)
}

fn create_new(path: &Path) -> Result<File, SignError> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(SignError::KeyExists { path: path.into() })
        }
        other => Ok(other.on("create key", path)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_key_and_signature_of_every_other_builder() {
        let key = SecretKey::from_seed("test");
        assert_eq!(
            hex::encode(key.public().to_bytes()),
            "67d3b5eaf0c0bf6b5a602d359daecc86a7a74053490ec37ae08e71360587c870"
        );
        assert_eq!(
            key.public().fingerprint().as_str(),
            "c14ff30999c0d33fc2eff45b09ffee7b4c4a35279d727b028ad3acaf9fed3a9f"
        );
        assert_eq!(
            hex::encode(key.sign(b"{}")),
            "8f9a51196406e1c298f2708c4ea175d6616ca1ed0910a8d431df18fa8aa1446e\
             f0673e2ce461f2dc2cdad7f27fdc93341b1dd4301e620e98f2584e3846bd8d01"
        );
    }

    #[test]
    fn a_written_pair_reads_back_and_is_never_overwritten() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let key = SecretKey::from_seed("pair");
        write_key_pair(&key, directory.path()).expect("written");
        let read = SecretKey::read(&directory.path().join(PRIVATE_KEY_FILE)).expect("read");
        assert_eq!(read.public(), key.public());
        assert_eq!(
            PublicKey::read(&directory.path().join(PUBLIC_KEY_FILE)).expect("read"),
            key.public()
        );
        assert!(matches!(
            write_key_pair(&key, directory.path()),
            Err(SignError::KeyExists { .. })
        ));
    }

    #[test]
    fn small_order_keys_are_refused() {
        // The neutral element and a point of order two, RFC 8032 encodings.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert!(matches!(
            PublicKey::from_bytes(&neutral),
            Err(SignError::WeakKey)
        ));
        let mut order_two = [0xff; 32];
        order_two[0] = 0xec;
        order_two[31] = 0x7f;
        assert!(matches!(
            PublicKey::from_bytes(&order_two),
            Err(SignError::WeakKey)
        ));
    }
}
