use std::env;
use std::path::{Path, PathBuf};

use super::policy::{SYSTEM_DIR, is_private};
use crate::fs::{config_dir, home_config_dir, names_in, own_config_dir};
use crate::sign::PublicKey;

const DIRECTORY: &str = "trusted-keys";

/// The public keys that this machine trusts: `*.pub` files, in FlavorPack's directories and format.
#[derive(Debug)]
pub struct TrustStore {
    /// The directory for new keys.
    own: Option<PathBuf>,
    directories: Vec<PathBuf>,
}

/// A key in the store.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    pub path: PathBuf,
    pub key: PublicKey,
    /// From a line `# Name: …` in the file.
    pub name: Option<String>,
}

/// A file in the store that is ignored.
#[derive(Clone, Debug)]
pub struct UnusableKey {
    pub path: PathBuf,
    pub reason: String,
}

impl TrustStore {
    /// The directories in the environment: for commands, in which a user asks whether a key is
    /// trusted.
    pub fn from_env() -> Self {
        let user = env::var_os("FLAVOR_TRUSTED_KEYS_DIR")
            .map(PathBuf::from)
            .or_else(|| Some(own_config_dir()?.join(DIRECTORY)));
        Self {
            directories: user.iter().cloned().chain([system()]).collect(),
            own: user,
        }
    }

    /// A single given directory.
    pub fn at(directory: PathBuf) -> Self {
        Self {
            own: Some(directory.clone()),
            directories: vec![directory],
        }
    }

    /// The directories for a policy at `policy`: beside it, and the system's. No variable adds to
    /// them.
    pub(super) fn beside(policy: &Path) -> Self {
        let own = policy.parent().map(|parent| parent.join(DIRECTORY));
        let mut directories: Vec<PathBuf> = own.into_iter().chain([system()]).collect();
        directories.dedup();
        Self {
            own: None,
            directories,
        }
    }

    /// The user's permanent directories and the system's.
    pub(super) fn lasting() -> Self {
        let users = config_dir()
            .into_iter()
            .chain(home_config_dir())
            .map(|directory| directory.join(DIRECTORY));
        let mut directories: Vec<PathBuf> = users.chain([system()]).collect();
        directories.dedup();
        Self {
            own: None,
            directories,
        }
    }

    /// The directory for new keys: the system's only if it is named explicitly.
    pub fn directory(&self) -> Option<&Path> {
        self.own.as_deref()
    }

    /// Whether a key is trusted.
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.files()
            .any(|path| usable(&path).is_ok_and(|trusted| trusted == *key))
    }

    /// All keys, and the ignored files.
    pub fn list(&self) -> (Vec<TrustedKey>, Vec<UnusableKey>) {
        let (mut keys, mut unusable) = (Vec::new(), Vec::new());
        let mut files: Vec<PathBuf> = self.files().collect();
        files.sort();
        for path in files {
            match usable(&path) {
                Ok(key) => keys.push(TrustedKey {
                    name: name_in(&path),
                    path,
                    key,
                }),
                Err(reason) => unusable.push(UnusableKey { path, reason }),
            }
        }
        (keys, unusable)
    }

    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let paths = self.directories.iter().flat_map(|directory| {
            let names = names_in(directory).unwrap_or_default();
            names.into_iter().map(|name| directory.join(name))
        });
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "pub"))
    }
}

fn system() -> PathBuf {
    Path::new(SYSTEM_DIR).join(DIRECTORY)
}

/// A valid key: readable, strong, and in a file that no other user can change.
fn usable(path: &Path) -> Result<PublicKey, String> {
    let key = PublicKey::read(path).map_err(|error| error.to_string())?;
    match is_private(path) {
        Ok(true) => Ok(key),
        Ok(false) => Err("it is writable by other users".into()),
        Err(error) => Err(error.to_string()),
    }
}

fn name_in(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("# Name:"))
        .map(|name| name.trim().to_owned())
}
