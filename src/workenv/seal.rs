//! Records what an environment looked like when it was created, so that a start can check it with a
//! few `stat`s.

use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::SlotKey;
use super::durability::Durability;
use crate::fs::{self, IoContext, Marked};

const HEADER: &str = "flavor-seal 2";
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

    /// One attribute per line. Texts with arbitrary bytes are in hexadecimal digits.
    pub(super) fn to_text(&self) -> String {
        let hex = |path: &Path| hex::encode(path.as_os_str().as_bytes());
        let mut text = format!(
            "{HEADER}\nroot {}\nboot {}\n",
            hex(&self.root),
            self.written
        );
        let origin = &self.origin;
        _ = writeln!(
            text,
            "name {}\nversion {}",
            hex::encode(&origin.name),
            hex::encode(&origin.version)
        );
        _ = writeln!(
            text,
            "signer {}\npackage {}",
            origin.signer,
            hex(&origin.package)
        );
        for slot in &self.slots {
            _ = writeln!(text, "slot {slot}");
        }
        for one in &self.watched {
            _ = writeln!(text, "file {} {}", one.facts, hex(&one.path));
        }
        text.push_str("end\n");
        text
    }

    /// Parses a seal; `None` if it is incomplete or malformed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let body = text
            .strip_prefix(HEADER)?
            .strip_prefix('\n')?
            .strip_suffix("end\n")?;
        let bytes = |text: &str| hex::decode(text).ok();
        let path = |text: &str| Some(PathBuf::from(OsString::from_vec(bytes(text)?)));
        let mut seal = Self {
            root: PathBuf::new(),
            origin: SourcePackage::default(),
            written: Durability::parse(""),
            slots: Vec::new(),
            watched: Vec::new(),
        };
        for line in body.lines() {
            match line.split_once(' ')? {
                ("root", text) => seal.root = path(text)?,
                ("boot", word) => seal.written = Durability::parse(word),
                ("name", text) => seal.origin.name = String::from_utf8(bytes(text)?).ok()?,
                ("version", text) => seal.origin.version = String::from_utf8(bytes(text)?).ok()?,
                ("signer", text) => seal.origin.signer = text.into(),
                ("package", text) => seal.origin.package = path(text)?,
                ("slot", key) => seal.slots.push(SlotKey::parse(key)?),
                ("file", rest) => {
                    let (facts, text) = rest.split_once(' ')?;
                    seal.watched.push(Watched {
                        path: path(text)?,
                        facts: facts.into(),
                    });
                }
                _ => return None,
            }
        }
        Some(seal)
    }

    /// Reads the seal of the environment at `root`.
    pub(super) fn read(root: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(root.join(SEAL_FILE)).ok()?)
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
        let seal = Seal {
            root: "/cache/v1/workenv/a b".into(),
            origin: SourcePackage {
                name: "a\nb".into(),
                version: "1 0".into(),
                signer: "0f".into(),
                package: "/some where/a.psp".into(),
            },
            written: Durability::Settled,
            slots: vec![SlotKey::parse(&"0a".repeat(20)).expect("a key")],
            watched: vec![Watched {
                path: "bin/python 3".into(),
                facts: "1:2:3".into(),
            }],
        };
        let text = seal.to_text();
        assert_eq!(Seal::parse(&text), Some(seal));
        for cut in 0..text.len() {
            assert_eq!(Seal::parse(&text[..cut]), None, "cut at {cut}");
        }
    }
}
