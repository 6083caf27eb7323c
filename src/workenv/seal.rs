//! What an environment looked like when it was made, so that a start can tell with a few `stat`s whether it still does.

use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::SlotKey;
use crate::fs::{self, IoContext};

const HEADER: &str = "flavor-seal 1";
/// Directory in an environment that no slot can reach, and the seal in it.
pub(super) const PRIVATE_DIR: &str = ".flavor";
pub(super) const SEAL_FILE: &str = ".flavor/seal";

/// Facts about one file that change when its content does. The change time is among them: unlike the modification time
/// no ordinary user can set it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Watched {
    path: PathBuf,
    facts: String,
}

/// Seal of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seal {
    /// Where the environment was made; links and `pyvenv.cfg` are right only there.
    root: PathBuf,
    /// Slots it leads to, each with the facts of its directory.
    pub(super) slots: Vec<SlotKey>,
    watched: Vec<Watched>,
}

impl Seal {
    /// Seals an environment that lies in `staged` and will be renamed to `root`.
    ///
    /// `watch` are the files a start depends on: absolute, or relative to the environment.
    pub(super) fn of(root: &Path, staged: &Path, slots: Vec<SlotKey>, watch: &[PathBuf]) -> fs::Result<Self> {
        let watched = watch
            .iter()
            .map(|path| Ok(Watched { path: path.clone(), facts: facts(staged, path)? }))
            .collect::<fs::Result<_>>()?;
        Ok(Self { root: root.into(), slots, watched })
    }

    /// One fact a line. Paths are in hexadecimal digits, because they may hold any byte but NUL.
    pub(super) fn to_text(&self) -> String {
        let hex = |path: &Path| hex::encode(path.as_os_str().as_bytes());
        let mut text = format!("{HEADER}\nroot {}\n", hex(&self.root));
        for slot in &self.slots {
            _ = writeln!(text, "slot {slot}");
        }
        for one in &self.watched {
            _ = writeln!(text, "file {} {}", one.facts, hex(&one.path));
        }
        text.push_str("end\n");
        text
    }

    /// Reads a seal; `None` for a text that is not a whole one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(HEADER)?.strip_prefix('\n')?.strip_suffix("end\n")?;
        let path = |text: &str| Some(PathBuf::from(OsString::from_vec(hex::decode(text).ok()?)));
        let mut seal = Self { root: PathBuf::new(), slots: Vec::new(), watched: Vec::new() };
        for line in body.lines() {
            match line.split_once(' ')? {
                ("root", text) => seal.root = path(text)?,
                ("slot", key) => seal.slots.push(SlotKey::parse(key)?),
                ("file", rest) => {
                    let (facts, text) = rest.split_once(' ')?;
                    seal.watched.push(Watched { path: path(text)?, facts: facts.into() });
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

    /// Whether everything watched is as it was.
    pub(super) fn holds(&self, root: &Path) -> bool {
        self.root == root && self.changed(root).next().is_none()
    }

    /// What is watched and not as it was.
    pub(super) fn changed(&self, root: &Path) -> impl Iterator<Item = PathBuf> {
        let is_changed = move |one: &&Watched| facts(root, &one.path).ok().as_ref() != Some(&one.facts);
        self.watched.iter().filter(is_changed).map(move |one| root.join(&one.path))
    }
}

/// Length, mode, inode, modification and change time, in one word.
///
/// A relative path is a part of the environment, whose links are watched themselves: one that leads elsewhere is a change.
fn facts(root: &Path, path: &Path) -> fs::Result<String> {
    let place = root.join(path);
    let one = if path.is_relative() { place.symlink_metadata() } else { place.metadata() };
    let one = one.on("examine", &place)?;
    Ok(format!(
        "{}:{:o}:{}:{}.{}:{}.{}",
        one.len(),
        one.mode(),
        one.ino(),
        one.mtime(),
        one.mtime_nsec(),
        one.ctime(),
        one.ctime_nsec()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_reads_back_and_a_cut_one_does_not() {
        let seal = Seal {
            root: "/cache/v1/workenv/a b".into(),
            slots: vec![SlotKey::parse(&"0a".repeat(20)).expect("a key")],
            watched: vec![Watched { path: "bin/python 3".into(), facts: "1:2:3".into() }],
        };
        let text = seal.to_text();
        assert_eq!(Seal::parse(&text), Some(seal));
        for cut in 0..text.len() {
            assert_eq!(Seal::parse(&text[..cut]), None, "cut at {cut}");
        }
    }
}
