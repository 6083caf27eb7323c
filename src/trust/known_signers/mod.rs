//! The known signer of each package: trust on first use.
//!
//! A package is recorded by its name and by its path: an attacker who replaces a file also chooses
//! the name inside.

mod files;
mod likeness;
mod presented;

use std::cmp::Ordering;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::version::compare;
use super::{Refusal, TrustStore};
use crate::fs::{self, IoContext, LockedOut, home_config_dir, own_config_dir};
use crate::package::Reader;
use likeness::likeness;

pub use presented::Presented;

/// Subdirectories of records by name, and by path.
const KNOWN: &str = "known";
const PLACES: &str = "places";

/// The record of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub name: String,
    /// Fingerprint of the signer, 64 hexadecimal digits.
    pub fingerprint: String,
    /// The highest version that was started.
    pub version: String,
}

/// The record of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// For human readers of the file; bytes that are not UTF-8 are replaced.
    path: String,
    name: String,
    fingerprint: String,
}

/// How a package that is about to be started compares with the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquaintance {
    /// Started for the first time by this user.
    New,
    /// The same signer, and the same version or a newer one.
    Same,
    /// Another signer, vouched for by the previous one or by the owner of this machine.
    Succeeded,
    /// A rollback: older than this version.
    Older(String),
}

/// The records of one user.
#[derive(Debug)]
pub struct Notes {
    /// The directories they are read from; all of them count.
    directories: Vec<PathBuf>,
    /// The directory they are written to; `None` if there is none.
    own: Option<PathBuf>,
}

/// The result of comparing a package with the records.
#[derive(Debug)]
struct Look {
    acquaintance: Acquaintance,
    /// The records to write.
    known: Known,
    /// Whether there is something to write.
    is_noted: bool,
}

impl Notes {
    /// Beside the user's settings. As with policies, the records in the home of the password file
    /// always count, so that a variable can add records but not hide any.
    pub fn open() -> Self {
        let own = own_config_dir();
        let mut directories: Vec<PathBuf> = home_config_dir().into_iter().collect();
        directories.extend(own.clone().filter(|own| !directories.contains(own)));
        Self { directories, own }
    }

    /// In a given directory, which need not exist yet.
    pub fn at(directory: PathBuf) -> Self {
        Self {
            directories: vec![directory.clone()],
            own: Some(directory),
        }
    }

    /// Records the signer of a package in place of the previous one, by decision of the user.
    pub fn accept(reader: &Reader) -> fs::Result<Known> {
        let (notes, package) = (Self::open(), Presented::of(reader));
        let (name, version) = (package.name.into(), package.version.into());
        let known = Known {
            name,
            fingerprint: package.fingerprint(),
            version,
        };
        let own = notes.own.as_ref();
        let own = own
            .ok_or(ErrorKind::NotFound.into())
            .on("find", Path::new("~/.config/flavor"))?;
        put(own, &known, &package.places)?;
        for other in notes
            .directories
            .iter()
            .filter(|directory| *directory != own)
        {
            let places = package.places.iter().map(|place| place_file(other, place));
            if std::iter::once(known_file(other, package.name))
                .chain(places)
                .any(|note| note.exists())
            {
                put(other, &known, &package.places)?;
            }
        }
        Ok(known)
    }

    /// All readable records by name, sorted.
    pub fn all(&self) -> Vec<Known> {
        let mut known: Vec<Known> = self
            .directories
            .iter()
            .flat_map(|directory| files::all(&directory.join(KNOWN)))
            .collect();
        known.sort_by(|a, b| a.name.cmp(&b.name));
        known.dedup();
        known
    }

    /// Compares a package with the records, and writes new ones. The second value is why they
    /// cannot be written.
    ///
    /// # Errors
    /// Those of [`Self::compare`].
    pub fn meet(
        &self,
        package: &Presented<'_>,
    ) -> Result<(Acquaintance, Option<NotNoted>), Refusal> {
        let Look {
            acquaintance,
            known,
            is_noted,
        } = self.look(package)?;
        if is_noted {
            return Ok((acquaintance, None));
        }
        let Some(own) = &self.own else {
            return Ok((acquaintance, Some(NotNoted::NoPlace)));
        };
        // A home that cannot be written to must not prevent the start.
        let not_noted = put(own, &known, &package.places).err().map(|error| {
            tracing::debug!(%error, "not noted");
            error
                .locked_out()
                .map_or_else(|| NotNoted::Failed(error.to_string()), NotNoted::LockedOut)
        });
        Ok((acquaintance, not_noted))
    }

    /// Compares a package with the records.
    ///
    /// # Errors
    /// [`Refusal::ChangedSigner`] if another key signed a package of this name,
    /// [`Refusal::LooksAlike`] if the name resembles that of a package by another key, and
    /// [`Refusal::ChangedPlace`] if another package was started from this path; unless the previous
    /// signer or the owner of this machine vouches for the new one. [`Refusal::Writable`] for a
    /// record that others may change.
    pub fn compare(&self, package: &Presented<'_>) -> Result<Acquaintance, Refusal> {
        self.look(package).map(|look| look.acquaintance)
    }

    fn look(&self, package: &Presented<'_>) -> Result<Look, Refusal> {
        let mut acquaintance = Acquaintance::New;
        let mut newest = package.version.to_owned();
        let (mut own, mut own_places) = (None, Vec::new());
        for directory in &self.directories {
            for place in &package.places {
                if let Some(known) = files::read::<Place>(&place_file(directory, place))? {
                    check_place(package, &known, place)?;
                    let is_right =
                        known.name == package.name && known.fingerprint == package.fingerprint();
                    if is_right && self.own.as_ref() == Some(directory) {
                        own_places.push(place);
                    }
                }
            }
            let Some(known) = files::read::<Known>(&known_file(directory, package.name))? else {
                continue;
            };
            let vouched = check_name(package, &known)?;
            if compare(&known.version, &newest) != Ordering::Less {
                newest.clone_from(&known.version);
            }
            if acquaintance != Acquaintance::Succeeded {
                acquaintance = if vouched {
                    Acquaintance::Succeeded
                } else {
                    Acquaintance::Same
                };
            }
            if self.own.as_ref() == Some(directory) {
                own = Some(known);
            }
        }
        if acquaintance == Acquaintance::Same && compare(package.version, &newest) == Ordering::Less
        {
            acquaintance = Acquaintance::Older(newest.clone());
        }
        let known = Known {
            name: package.name.into(),
            fingerprint: package.fingerprint(),
            version: newest,
        };
        let is_noted = own.as_ref() == Some(&known) && own_places.len() == package.places.len();
        Ok(Look {
            acquaintance,
            known,
            is_noted,
        })
    }
}

/// Why a signer is not recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNoted {
    /// A cause that the user can remove.
    #[error("{0}")]
    LockedOut(LockedOut),
    #[error("there is no home directory")]
    NoPlace,
    /// Another cause, such as a read-only file system.
    #[error("{0}")]
    Failed(String),
}

/// Compares with the record of the same name, or a similar one. Returns whether another signer is
/// vouched for.
fn check_name(package: &Presented<'_>, known: &Known) -> Result<bool, Refusal> {
    let found = package.fingerprint();
    if known.fingerprint == found {
        return Ok(false);
    }
    if package.is_vouched_for(&known.fingerprint) {
        return Ok(true);
    }
    let (name, known_key) = (package.name.to_owned(), known.fingerprint.clone());
    Err(if known.name == package.name {
        Refusal::ChangedSigner {
            name,
            known: known_key,
            found,
        }
    } else {
        Refusal::LooksAlike {
            name,
            other: known.name.clone(),
            known: known_key,
            found,
        }
    })
}

/// Compares with the record of the same path.
fn check_place(package: &Presented<'_>, known: &Place, place: &Path) -> Result<(), Refusal> {
    let found = package.fingerprint();
    let is_accepted = if known.fingerprint == found {
        // A signer trusted by the owner of this machine may take over the path of another package.
        likeness(&known.name) == likeness(package.name)
            || TrustStore::lasting().contains(package.signer)
    } else {
        package.is_vouched_for(&known.fingerprint)
    };
    if is_accepted {
        return Ok(());
    }
    // If the names are equal, the error about the name is clearer.
    if known.name == package.name {
        let name = package.name.to_owned();
        return Err(Refusal::ChangedSigner {
            name,
            known: known.fingerprint.clone(),
            found,
        });
    }
    Err(Refusal::ChangedPlace {
        place: place.into(),
        known: format!("{} by {}", known.name, known.fingerprint),
        found: format!("{} by {found}", package.name),
    })
}

fn known_file(directory: &Path, name: &str) -> PathBuf {
    directory
        .join(KNOWN)
        .join(files::file_name(&likeness(name)))
}

fn place_file(directory: &Path, place: &Path) -> PathBuf {
    directory.join(PLACES).join(files::file_of_path(place))
}

fn put(directory: &Path, known: &Known, places: &[PathBuf]) -> fs::Result<()> {
    files::write(&known_file(directory, &known.name), known)?;
    places
        .iter()
        .try_for_each(|place| files::write(&place_file(directory, place), &Place::of(known, place)))
}

impl Place {
    fn of(known: &Known, path: &Path) -> Self {
        let (name, fingerprint) = (known.name.clone(), known.fingerprint.clone());
        Self {
            path: path.to_string_lossy().into_owned(),
            name,
            fingerprint,
        }
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use crate::sign::{Rotation, SecretKey};

    fn meet(
        notes: &Notes,
        name: &str,
        version: &str,
        key: &SecretKey,
        place: &str,
    ) -> Result<Acquaintance, Refusal> {
        led(notes, name, version, key, place, &[])
    }

    fn led(
        notes: &Notes,
        name: &str,
        version: &str,
        key: &SecretKey,
        place: &str,
        rotations: &[Rotation],
    ) -> Result<Acquaintance, Refusal> {
        let (signer, places) = (&key.public(), vec![place.into()]);
        notes
            .meet(&Presented {
                name,
                version,
                signer,
                rotations: rotations.to_vec(),
                places,
            })
            .map(|(acquaintance, _)| acquaintance)
    }

    #[test]
    fn a_signer_is_known_from_the_first_start() {
        let scratch = tempfile::tempdir().expect("scratch");
        let notes = Notes::at(scratch.path().join("flavor"));
        let (key, other) = (SecretKey::from_seed("one"), SecretKey::from_seed("other"));
        assert_eq!(
            meet(&notes, "a/b", "2", &key, "/a").expect("new"),
            Acquaintance::New
        );
        assert_eq!(
            meet(&notes, "a/b", "2.0", &key, "/b").expect("known"),
            Acquaintance::Same
        );
        assert_eq!(
            meet(&notes, "a/b", "1.9", &key, "/a").expect("known"),
            Acquaintance::Older("2".into())
        );
        assert_eq!(
            meet(&notes, "a/b", "3", &key, "/a").expect("known"),
            Acquaintance::Same
        );
        assert_eq!(notes.all()[0].version, "3");
        assert!(matches!(
            meet(&notes, "a/b", "4", &other, "/c"),
            Err(Refusal::ChangedSigner { .. })
        ));
        assert!(matches!(
            meet(&notes, "A/B", "4", &other, "/c"),
            Err(Refusal::LooksAlike { .. })
        ));
        assert_eq!(
            meet(&notes, "a", "1", &other, "/c").expect("another name"),
            Acquaintance::New
        );
    }

    #[test]
    fn a_place_is_known_whatever_the_name_inside() {
        let scratch = tempfile::tempdir().expect("scratch");
        let notes = Notes::at(scratch.path().join("flavor"));
        let (key, other) = (SecretKey::from_seed("one"), SecretKey::from_seed("other"));
        meet(&notes, "tool", "1", &key, "/bin/tool").expect("new");
        assert!(matches!(
            meet(&notes, "new", "1", &other, "/bin/tool"),
            Err(Refusal::ChangedPlace { .. })
        ));
        assert!(matches!(
            meet(&notes, "new", "1", &key, "/bin/tool"),
            Err(Refusal::ChangedPlace { .. })
        ));
        assert_eq!(
            meet(&notes, "new", "1", &other, "/bin/new").expect("another place"),
            Acquaintance::New
        );
        assert_eq!(
            meet(&notes, "tool", "2", &key, "/bin/tool").expect("newer"),
            Acquaintance::Same
        );
    }

    #[test]
    fn statements_lead_from_key_to_key() {
        let scratch = tempfile::tempdir().expect("scratch");
        let notes = Notes::at(scratch.path().join("flavor"));
        let keys = ["one", "two", "three"].map(SecretKey::from_seed);
        let chain = [
            Rotation::sign(&keys[0], keys[1].public()),
            Rotation::sign(&keys[1], keys[2].public()),
        ];
        led(&notes, "a", "1", &keys[0], "/a", &[]).expect("new");
        assert!(
            led(&notes, "a", "1", &keys[2], "/a", &chain[..1]).is_err(),
            "only half of the way"
        );
        let forged = Rotation {
            signature: chain[1].signature,
            ..chain[0].clone()
        };
        assert!(led(&notes, "a", "1", &keys[1], "/a", &[forged]).is_err());
        assert_eq!(
            led(&notes, "a", "1", &keys[2], "/a", &chain).expect("led"),
            Acquaintance::Succeeded
        );
        assert!(
            led(&notes, "a", "1", &keys[0], "/a", &[]).is_err(),
            "the old key is worth nothing any more"
        );
    }
}
