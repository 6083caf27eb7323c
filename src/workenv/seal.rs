//! Records what an environment looked like when it was created, so that a start can check it with a
//! few `stat`s.

use std::fmt::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::SlotKey;
use super::durability::Durability;
use crate::fs::{self, IoContext, Marked, path_of_text, path_text};

/// Version of seals.
const VERSION: u64 = 3;
/// Directory in an environment that no slot can write to, and the seal in it.
pub(super) const PRIVATE_DIR: &str = ".flavor";
pub(super) const SEAL_FILE: &str = ".flavor/seal";

/// An environment, which is valid if it has its seal.
pub(super) fn marked(root: &Path) -> Marked<'_> {
    Marked {
        path: root,
        mark: Path::new(SEAL_FILE),
    }
}

/// A JSON string. Seals are written and read by hand, because the code that serde derives for them is
/// many times as large, in every package.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Which attributes of a watched file are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attributes {
    /// Length, mode, inode, mtime and ctime. The ctime is among them because an ordinary user
    /// cannot set it.
    All,
    /// Length and mode: the attributes that survive copying into an image.
    Lasting,
}

/// A file that a start depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Watched {
    path: PathBuf,
    /// See [`facts`].
    facts: String,
}

/// What an environment was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcePackage {
    pub name: String,
    pub version: String,
    /// Fingerprint of the key that signed the package.
    pub signer: String,
    /// Where the package was; it may have moved since.
    pub package: PathBuf,
}

/// Seal of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seal {
    /// Where the environment was created; links and `pyvenv.cfg` are valid only there.
    pub(super) root: PathBuf,
    pub(super) origin: SourcePackage,
    pub(super) written: Durability,
    /// The slots it links to.
    pub(super) slots: Vec<SlotKey>,
    watched: Vec<Watched>,
}

impl Seal {
    /// Seals an environment that is in `staged` and whose final path is `root`.
    ///
    /// `watch` lists the files a start depends on: absolute, or relative to the environment.
    pub(super) fn of(
        root: &Path,
        staged: &Path,
        origin: SourcePackage,
        slots: Vec<SlotKey>,
        watch: &[PathBuf],
        which: Attributes,
        written: Durability,
    ) -> fs::Result<Self> {
        let watched = watch
            .iter()
            .map(|path| {
                let found = facts(staged, path, which).on("examine", staged.join(path))?;
                Ok(Watched {
                    path: path.clone(),
                    facts: found,
                })
            })
            .collect::<fs::Result<_>>()?;
        Ok(Self {
            root: root.into(),
            origin,
            written,
            slots,
            watched,
        })
    }

    pub(super) fn to_json(&self) -> String {
        let quoted_path = |path: &Path| quoted(&path_text(path));
        let origin = &self.origin;
        let mut json = format!(
            r#"{{"seal":{VERSION},"root":{},"origin":{{"name":{},"version":{},"signer":{},"package":{}}},"written":{},"#,
            quoted_path(&self.root),
            quoted(&origin.name),
            quoted(&origin.version),
            quoted(&origin.signer),
            quoted_path(&origin.package),
            quoted(self.written.word()),
        );
        json.push_str(r#""slots":["#);
        for (at, slot) in self.slots.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            _ = write!(json, r#"{comma}"{slot}""#);
        }
        json.push_str(r#"],"watched":["#);
        for (at, Watched { path, facts }) in self.watched.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let path = quoted_path(path);
            _ = write!(json, r#"{comma}{{"path":{path},"facts":"{facts}"}}"#);
        }
        json.push_str("]}");
        json
    }

    /// Parses a seal; `None` if it is incomplete, malformed or of another version.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        let seal: Value = serde_json::from_slice(json).ok()?;
        let text = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
        let path = |value: &Value, key: &str| path_of_text(value.get(key)?.as_str()?);
        if seal.get("seal")? != VERSION {
            return None;
        }
        let origin = seal.get("origin")?;
        let slots = seal.get("slots")?.as_array()?.iter();
        let watched = seal.get("watched")?.as_array()?.iter();
        Some(Self {
            root: path(&seal, "root")?,
            origin: SourcePackage {
                name: text(origin, "name")?,
                version: text(origin, "version")?,
                signer: text(origin, "signer")?,
                package: path(origin, "package")?,
            },
            written: Durability::parse(seal.get("written")?.as_str()?),
            slots: slots
                .map(|key| SlotKey::parse(key.as_str()?))
                .collect::<Option<_>>()?,
            watched: watched
                .map(|file| {
                    Some(Watched {
                        path: path(file, "path")?,
                        facts: text(file, "facts")?,
                    })
                })
                .collect::<Option<_>>()?,
        })
    }

    /// Reads the seal of the environment at `root`.
    pub(super) fn read(root: &Path) -> Option<Self> {
        Self::parse(&std::fs::read(root.join(SEAL_FILE)).ok()?)
    }

    /// Whether everything watched is unchanged, and here, and certain to have reached the disk.
    pub(super) fn holds(&self, root: &Path) -> bool {
        self.is_unchanged(root) && self.written.is_certain()
    }

    /// Whether everything watched is unchanged.
    pub(super) fn is_unchanged(&self, root: &Path) -> bool {
        self.root == root && self.changed(root).next().is_none()
    }

    /// The watched paths that have changed.
    pub(super) fn changed(&self, root: &Path) -> impl Iterator<Item = PathBuf> {
        let is_changed = move |one: &&Watched| {
            facts(root, &one.path, one.which()).ok().as_ref() != Some(&one.facts)
        };
        self.watched
            .iter()
            .filter(is_changed)
            .map(move |one| root.join(&one.path))
    }

    /// Whether the environment stays valid when the whole cache is copied.
    pub(super) fn is_portable(&self) -> bool {
        self.watched
            .iter()
            .all(|one| one.which() == Attributes::Lasting)
    }
}

impl Watched {
    fn which(&self) -> Attributes {
        if self.facts.matches(':').count() == 1 {
            Attributes::Lasting
        } else {
            Attributes::All
        }
    }
}

/// The attributes of a file in one word.
///
/// A relative path is in the environment, whose links are watched themselves: a changed target
/// counts as a change.
fn facts(root: &Path, path: &Path, which: Attributes) -> std::io::Result<String> {
    let place = root.join(path);
    let one = if path.is_relative() {
        place.symlink_metadata()?
    } else {
        place.metadata()?
    };
    let mut word = format!(
        "{}:{:o}",
        if one.is_dir() { 0 } else { one.len() },
        one.mode()
    );
    if which == Attributes::All {
        _ = write!(
            word,
            ":{}:{}.{}:{}.{}",
            one.ino(),
            one.mtime(),
            one.mtime_nsec(),
            one.ctime(),
            one.ctime_nsec()
        );
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_reads_back_and_a_cut_one_does_not() {
        use std::os::unix::ffi::OsStringExt;
        let odd = std::ffi::OsString::from_vec(b"bin/\xff\"\n".to_vec());
        let seal = Seal {
            root: "/cache/v2/workenv/a b".into(),
            origin: SourcePackage {
                name: "a\nb".into(),
                version: "1 0".into(),
                signer: "0f".into(),
                package: "/some where/ä.psp".into(),
            },
            written: Durability::Settled,
            slots: vec![SlotKey::parse(&"0a".repeat(20)).expect("a key")],
            watched: vec![Watched {
                path: odd.into(),
                facts: "1:2:3".into(),
            }],
        };
        let json = seal.to_json();
        assert_eq!(Seal::parse(json.as_bytes()), Some(seal));
        for cut in 0..json.len() {
            assert_eq!(Seal::parse(&json.as_bytes()[..cut]), None, "cut at {cut}");
        }
        let other = json.replace("\"seal\":3", "\"seal\":4");
        assert_eq!(Seal::parse(other.as_bytes()), None);
    }
}
