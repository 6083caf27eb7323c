//! Whom this machine knows as the signer of each package: trust on first use.

use std::cmp::Ordering;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::policy::refuse_writable;
use super::version::compare;
use super::{Refusal, TrustStore};
use crate::format::{Sha256, from_json};
use crate::fs::{self, IoContext, LockedOut, REPLACEMENT, create_private_dir, names_in, own_config_dir, replace_file};
use crate::package::Reader;
use crate::sign::{PublicKey, Rotation};

const DIRECTORY: &str = "known";

/// What was noted of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub name: String,
    /// Of the signer, 64 hexadecimal digits.
    pub fingerprint: String,
    /// The highest that was started.
    pub version: String,
}

/// What the notes say of a package that is about to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquaintance {
    /// Started for the first time by this user.
    New,
    /// As before, or newer.
    Same,
    /// Another signer, vouched for by the one before or by the owner of this machine.
    Succeeded,
    /// Older than this version.
    Older(String),
}

/// The notes of one user.
#[derive(Debug)]
pub struct Notes {
    directory: PathBuf,
}

impl Notes {
    /// Beside the user's settings; `None` when there is no place for them.
    pub fn open() -> Option<Self> {
        Some(Self::at(own_config_dir()?.join(DIRECTORY)))
    }

    /// In a directory of the caller's choice, which need not be there yet.
    pub fn at(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// What is noted of a package.
    ///
    /// # Errors
    /// [`Refusal::Writable`] for a note that others may change; what cannot be understood counts as nothing.
    pub fn get(&self, name: &str) -> Result<Option<Known>, Refusal> {
        let path = self.path(name);
        let bytes = match std::fs::read(&path) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            // Whoever cannot read the notes has none.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(None),
            other => other.on("read", &path)?,
        };
        refuse_writable(&path)?;
        from_json(&bytes).map(Some).map_err(|error| Refusal::BadNote { path, reason: error.to_string() })
    }

    /// Notes a package and its signer, whatever was there.
    pub fn put(&self, known: &Known) -> fs::Result<()> {
        create_private_dir(&self.directory)?;
        self.sweep();
        let text = serde_json::to_vec(known).unwrap_or_default();
        replace_file(&self.path(&known.name), &text)
    }

    /// Notes the signer of a package in place of the one before: its user has decided so.
    pub fn accept(reader: &Reader) -> fs::Result<Known> {
        let package = &reader.metadata().package;
        let fingerprint = reader.signer().fingerprint().as_str().into();
        let known = Known { name: package.name.clone(), fingerprint, version: package.version.clone() };
        match Self::open() {
            Some(notes) => notes.put(&known).map(|()| known),
            None => Err(std::io::Error::from(ErrorKind::NotFound)).on("find", Path::new("~/.config/flavor")),
        }
    }

    /// All notes that can be read, by name.
    pub fn all(&self) -> Vec<Known> {
        let names = names_in(&self.directory).unwrap_or_default();
        let read = |name| from_json(&std::fs::read(self.directory.join(name)).ok()?).ok();
        let mut found: Vec<Known> = names.into_iter().filter_map(read).collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }

    /// Compares a package with what is noted, and notes what is new. The second value is what is in the way of that, if the
    /// user can remove it.
    ///
    /// # Errors
    /// As of [`Self::look`].
    pub fn meet(
        &self,
        name: &str,
        version: &str,
        signer: &PublicKey,
        rotations: &[Rotation],
    ) -> Result<(Acquaintance, Option<LockedOut>), Refusal> {
        let (acquaintance, newest) = self.look(name, version, signer, rotations)?;
        let hindrance = newest.and_then(|version| {
            self.note(&Known { name: name.into(), fingerprint: signer.fingerprint().as_str().into(), version })
        });
        Ok((acquaintance, hindrance))
    }

    /// Compares a package with what is noted. The second value is the version to note, if anything is new.
    ///
    /// # Errors
    /// [`Refusal::ChangedSigner`] when another key signed the package before and nobody vouches for the new one.
    pub fn look(
        &self,
        name: &str,
        version: &str,
        signer: &PublicKey,
        rotations: &[Rotation],
    ) -> Result<(Acquaintance, Option<String>), Refusal> {
        let Some(known) = self.get(name)? else { return Ok((Acquaintance::New, Some(version.into()))) };
        let order = compare(version, &known.version);
        let fingerprint = signer.fingerprint();
        if known.fingerprint == fingerprint.as_str() {
            return Ok(match order {
                Ordering::Less => (Acquaintance::Older(known.version), None),
                Ordering::Equal => (Acquaintance::Same, None),
                Ordering::Greater => (Acquaintance::Same, Some(version.into())),
            });
        }
        if leads_to(&known.fingerprint, signer, rotations) || TrustStore::lasting().contains(signer) {
            let newest = if order == Ordering::Less { known.version } else { version.into() };
            return Ok((Acquaintance::Succeeded, Some(newest)));
        }
        Err(Refusal::ChangedSigner { name: name.into(), known: known.fingerprint, found: fingerprint.as_str().into() })
    }

    /// Removes what a start left that was killed while it noted something. Notes are made seldom.
    fn sweep(&self) {
        const OLD: Duration = Duration::from_mins(1);
        for name in names_in(&self.directory).unwrap_or_default() {
            let path = self.directory.join(&name);
            let age = || path.symlink_metadata().ok()?.modified().ok()?.elapsed().ok();
            if name.as_bytes().starts_with(REPLACEMENT.as_bytes()) && age().is_some_and(|age| age > OLD) {
                drop(std::fs::remove_file(&path));
            }
        }
    }

    /// A home that cannot be written to is no reason not to start.
    fn note(&self, known: &Known) -> Option<LockedOut> {
        let error = self.put(known).err()?;
        tracing::debug!(%error, "not noted");
        error.locked_out()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(file_name(name))
    }
}

/// A name as a file's name: what could mean something to a file system is written as `%` and two digits, and the end of what
/// would be too long for it as a digest.
fn file_name(name: &str) -> String {
    const LONGEST: usize = 180;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let written: String = name
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") })
        .collect();
    match written.get(..LONGEST) {
        // No name that is short enough has a `%` with a `-` behind it.
        Some(beginning) if written.len() > LONGEST => {
            format!("{beginning}%-{}.json", Sha256::of(name.as_bytes()).hex())
        }
        _ => format!("{written}.json"),
    }
}

/// Whether statements, each signed by the key before, lead from a known key to this one.
fn leads_to(known: &str, signer: &PublicKey, rotations: &[Rotation]) -> bool {
    let mut at = known.to_owned();
    for rotation in rotations {
        if rotation.is_signed() && rotation.old.fingerprint().as_str() == at {
            rotation.new.fingerprint().as_str().clone_into(&mut at);
        }
    }
    at == signer.fingerprint().as_str()
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use crate::sign::SecretKey;

    fn notes(scratch: &Path) -> Notes {
        Notes::at(scratch.join(DIRECTORY))
    }

    #[test]
    fn a_signer_is_known_from_the_first_start() {
        let scratch = tempfile::tempdir().expect("scratch");
        let notes = notes(scratch.path());
        let (one, other) = (SecretKey::from_seed("one").public(), SecretKey::from_seed("other").public());
        assert_eq!(notes.meet("a/b", "2", &one, &[]).expect("new").0, Acquaintance::New);
        assert_eq!(notes.meet("a/b", "2.0", &one, &[]).expect("known").0, Acquaintance::Same);
        assert_eq!(notes.meet("a/b", "1.9", &one, &[]).expect("known").0, Acquaintance::Older("2".into()));
        assert_eq!(notes.meet("a/b", "3", &one, &[]).expect("known").0, Acquaintance::Same);
        assert_eq!(notes.get("a/b").expect("read").expect("noted").version, "3");
        assert!(matches!(notes.meet("a/b", "4", &other, &[]), Err(Refusal::ChangedSigner { .. })));
        assert_eq!(notes.meet("a", "1", &other, &[]).expect("another name").0, Acquaintance::New);
    }

    #[test]
    fn every_name_has_a_file_of_its_own() {
        let long = ["a.".repeat(64), "a.".repeat(64) + "b", "ä".repeat(1000)];
        for name in ["a", "../b", "a/b", "."].into_iter().chain(long.iter().map(String::as_str)) {
            let file = file_name(name);
            assert!(file.len() <= 255 && !file.contains('/') && !file.starts_with('.'), "{file}");
        }
        assert_ne!(file_name(&long[0]), file_name(&long[1]));
    }

    #[test]
    fn statements_lead_from_key_to_key() {
        let scratch = tempfile::tempdir().expect("scratch");
        let notes = notes(scratch.path());
        let keys = ["one", "two", "three"].map(SecretKey::from_seed);
        let chain = [Rotation::sign(&keys[0], keys[1].public()), Rotation::sign(&keys[1], keys[2].public())];
        notes.meet("a", "1", &keys[0].public(), &[]).expect("new");
        assert!(notes.meet("a", "1", &keys[2].public(), &chain[..1]).is_err(), "only half of the way");
        let forged = Rotation { signature: chain[1].signature, ..chain[0].clone() };
        assert!(notes.meet("a", "1", &keys[1].public(), &[forged]).is_err());
        assert_eq!(notes.meet("a", "1", &keys[2].public(), &chain).expect("led").0, Acquaintance::Succeeded);
        assert!(notes.meet("a", "1", &keys[0].public(), &chain).is_err(), "the old key is worth nothing any more");
    }
}
