//! A package that is compared with the records.

use std::path::{Path, PathBuf};

use super::super::{TrustStore, rotations};
use crate::fs::executed_path;
use crate::package::Reader;
use crate::sign::{PublicKey, Rotation};

/// What a package claims to be, and where it is.
#[derive(Clone, Debug)]
pub struct Presented<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub signer: &'a PublicKey,
    pub rotations: Vec<Rotation>,
    /// Absolute: the file, and the link that it was started by.
    pub places: Vec<PathBuf>,
}

impl<'a> Presented<'a> {
    pub fn of(reader: &'a Reader) -> Self {
        let package = &reader.metadata().package;
        let (name, version) = (package.name.as_str(), package.version.as_str());
        Self {
            name,
            version,
            signer: reader.signer(),
            rotations: rotations(reader),
            places: places(reader.path()),
        }
    }

    pub(super) fn fingerprint(&self) -> String {
        self.signer.fingerprint().as_str().into()
    }

    /// Whether the known signer, or the owner of this machine, vouches for this one.
    pub(super) fn is_vouched_for(&self, known: &str) -> bool {
        leads_to(known, self.signer, &self.rotations) || TrustStore::lasting().contains(self.signer)
    }
}

/// The paths of a package: its own, and the one it was started by. A file without a name has none.
fn places(path: &Path) -> Vec<PathBuf> {
    let Ok(real) = path.canonicalize() else {
        return Vec::new();
    };
    let executed = executed_path();
    let is_executed = executed != path && executed.canonicalize().is_ok_and(|own| own == real);
    let mut places = vec![real];
    for path in [Some(path), is_executed.then_some(&executed)]
        .into_iter()
        .flatten()
    {
        let Ok(absolute) = std::path::absolute(path) else {
            continue;
        };
        if !places.contains(&absolute) {
            places.push(absolute);
        }
    }
    places.retain(|place| !place.starts_with("/proc"));
    places
}

/// Whether statements, each signed by the previous key, lead from a known key to this one.
fn leads_to(known: &str, signer: &PublicKey, rotations: &[Rotation]) -> bool {
    let mut at = known.to_owned();
    for rotation in rotations {
        if rotation.is_signed() && rotation.old.fingerprint().as_str() == at {
            rotation.new.fingerprint().as_str().clone_into(&mut at);
        }
    }
    at == signer.fingerprint().as_str()
}
