//! Keys and signatures: Ed25519 over the uncompressed metadata.

mod error;
mod pem;
mod public;
mod rotation;
#[cfg(feature = "cli")]
mod secret;

pub use error::SignError;
pub use public::{Fingerprint, PublicKey};
pub use rotation::Rotation;
#[cfg(feature = "cli")]
pub use rotation::stray_rotation;
#[cfg(feature = "cli")]
pub use secret::{PRIVATE_KEY_FILE, PUBLIC_KEY_FILE, SecretKey, write_key_pair};
