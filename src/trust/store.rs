use std::env;
use std::path::{Path, PathBuf};

use crate::fs::config_dir;
use crate::sign::PublicKey;

/// Machine-wide keys.
const SYSTEM_KEYS: &str = "/etc/flavor/trusted-keys";

/// The public keys that this machine's owner has chosen to trust: `*.pub` files, in FlavorPack's places and format.
#[derive(Debug)]
pub struct TrustStore {
    directories: Vec<PathBuf>,
}

impl TrustStore {
    /// The directories that the environment names.
    pub fn from_env() -> Self {
        let user = env::var_os("FLAVOR_TRUSTED_KEYS_DIR")
            .map(PathBuf::from)
            .or_else(|| config_dir().map(|directory| directory.join("trusted-keys")));
        Self { directories: user.into_iter().chain([SYSTEM_KEYS.into()]).collect() }
    }

    /// Whether a key is among the trusted ones. Files that hold no key are passed over.
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.directories.iter().any(|directory| holds(directory, key))
    }
}

fn holds(directory: &Path, key: &PublicKey) -> bool {
    let Ok(entries) = std::fs::read_dir(directory) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        path.extension().is_some_and(|extension| extension == "pub")
            && PublicKey::read(&path).is_ok_and(|trusted| trusted == *key)
    })
}
