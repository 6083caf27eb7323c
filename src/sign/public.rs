use std::fmt;
use std::path::Path;

use ed25519_dalek::{Signature, VerifyingKey};

use super::{SignError, pem};
use crate::format::Sha256;

/// A public key that is safe to verify with: a canonically encoded point of large order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// The fingerprint: SHA-256 of the raw 32-byte key in lower-case hex, as FlavorPack shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 16 digits, enough to distinguish keys in a listing.
    pub fn short(&self) -> &str {
        self.0.get(..16).unwrap_or(&self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PublicKey {
    /// Accepts raw bytes.
    ///
    /// # Errors
    /// [`SignError::BadKey`] if the bytes are not a canonical point, [`SignError::WeakKey`] for a
    /// point of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SignError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| SignError::BadKey)?;
        if key.is_weak() {
            return Err(SignError::WeakKey);
        }
        // ZIP-215 decoding accepts non-canonical encodings of some points; each key must have one
        // encoding.
        if key.to_edwards().compress().to_bytes() != *bytes {
            return Err(SignError::BadKey);
        }
        Ok(Self(key))
    }

    /// Parses a `SubjectPublicKeyInfo` PEM file.
    pub fn read(path: &Path) -> Result<Self, SignError> {
        Self::from_bytes(&pem::PUBLIC.read(path, &mut Vec::new())?)
    }

    /// Encodes a `SubjectPublicKeyInfo` PEM file.
    #[cfg(feature = "cli")]
    pub fn to_pem(&self) -> String {
        pem::PUBLIC.encode(&self.to_bytes())
    }

    /// The raw key.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Sha256::of(self.0.as_bytes()).hex())
    }

    /// Verifies a signature strictly: canonical, by this key, over exactly `message`.
    ///
    /// # Errors
    /// [`SignError::BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), SignError> {
        self.0
            .verify_strict(message, &Signature::from_bytes(signature))
            .map_err(|_| SignError::BadSignature)
    }
}

impl From<VerifyingKey> for PublicKey {
    fn from(key: VerifyingKey) -> Self {
        Self(key)
    }
}
